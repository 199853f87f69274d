package workspace

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// learning is what of a recipe the engine is given: fields of the encodings
// that it has, without functions, and in place of a list the fields of what is
// in it. Its parts turn sessions into the engine's, and back.
type learning struct {
	plain        trace.Recipe
	types        map[string]trace.Type // of its fields
	meta, series []part                // one for each field of the recipe
	sequences    []sequence            // series that are metadata of the recipe
}

// part is a field of the recipe as the engine sees it.
type part struct {
	field trace.Field
	typ   trace.Type    // of the column
	subs  []trace.Field // of a list, what is in it; nil for the field itself
	names []string      // of what is in it, as the list has them
}

func (p part) width() int {
	if p.subs != nil {
		return len(p.subs)
	}
	return 1
}

func (p part) lists() bool {
	return p.field.Encoding == trace.EncodeAttributes || p.field.Encoding == trace.EncodeValues
}

// The names of a list's parts: "layers has tcp", "answers of ttl".
const (
	hasName = " has "
	ofName  = " of "
)

const (
	maxAttributes = 64 // names of a list that are learnt, the most frequent
	leastSeen     = 5  // records that must have a name that the recipe does not give
)

// learn settles what of a recipe the engine is given. Names of lists that the
// recipe leaves open are those of the model, or where that is nil of the table.
func (w *Workspace) learn(ctx context.Context, t Table, r *trace.Recipe, model *trace.Recipe) (*learning, error) {
	l := &learning{plain: trace.Recipe{Name: r.Name, Key: r.Key, Rules: r.Rules}, types: map[string]trace.Type{}}
	if r.HasTime() {
		l.plain.Time = plainField(r.Time)
		c, ok := t.Schema.Column(r.Time.Name)
		if !ok {
			return nil, fmt.Errorf("field %q is no column of %s", r.Time.Name, t.Name)
		}
		l.types[c.Name] = c.Type
	}
	if err := l.addSequences(t, r); err != nil {
		return nil, err
	}
	add := func(f trace.Field, to *[]trace.Field) (part, error) {
		c, ok := t.Schema.Column(f.Name)
		if !ok {
			return part{}, fmt.Errorf("field %q is no column of %s", f.Name, t.Name)
		}
		p := part{field: f, typ: c.Type}
		if f.Encoding == trace.EncodeValues && f.Delimiter == "" && c.Type == trace.TypeText {
			if err := w.between(ctx, t.Name, &p.field); err != nil {
				return p, err
			}
		}
		if p.lists() {
			if p.names = namesOf(f, model); p.names == nil {
				var err error
				if p.names, err = w.frequentNames(ctx, t.Name, f, c.Type); err != nil {
					return p, err
				}
			}
			p.subs = subsOf(f, p.names)
		}
		if p.subs == nil {
			*to = append(*to, plainField(f))
			l.types[f.Name] = c.Type
			if f.Forward != nil {
				l.types[f.Name] = trace.TypeReal
			}
			return p, nil
		}
		for _, s := range p.subs {
			*to = append(*to, plainField(s))
			l.types[s.Name] = elementType(s)
		}
		return p, nil
	}
	for i, f := range r.Metadata {
		if l.inSequence(i) {
			l.meta = append(l.meta, part{field: f})
			continue
		}
		p, err := add(f, &l.plain.Metadata)
		if err != nil {
			return nil, err
		}
		l.meta = append(l.meta, p)
	}
	for _, f := range r.Series {
		p, err := add(f, &l.plain.Series)
		if err != nil {
			return nil, err
		}
		l.series = append(l.series, p)
	}
	l.plain.Key = nil
	for _, f := range l.plain.Metadata { // a list in the key is its parts
		for _, k := range r.KeyNames() {
			if f.Name == k || strings.HasPrefix(f.Name, k+hasName) || strings.HasPrefix(f.Name, k+ofName) {
				l.plain.Key = append(l.plain.Key, f.Name)
			}
		}
	}
	if l.plain.Key == nil && r.Key != nil {
		l.plain.Key = []string{}
	}
	return l, nil
}

// plainField is a field with an encoding that the engine has.
func plainField(f trace.Field) trace.Field {
	f.ParseFunc, f.FormatFunc, f.DeriveFunc, f.Forward, f.Inverse = nil, nil, nil, nil, nil
	switch f.Encoding {
	case trace.EncodeAttributes, trace.EncodeValues: // with nothing in it that is learnt apart
		f.Encoding, f.Choices = trace.EncodeVocabulary, nil
	}
	return f
}

// namesOf returns the names of a list's parts as the recipe gives them, or as
// a model has learnt them, nil where neither does.
func namesOf(f trace.Field, model *trace.Recipe) []string {
	var names []string
	if f.Encoding == trace.EncodeValues {
		for _, e := range f.Elements {
			names = append(names, e.Name)
		}
		return names
	}
	if f.Choices != nil || model == nil {
		return f.Choices
	}
	names = []string{}
	for _, m := range model.Fields() {
		if name, ok := strings.CutPrefix(m.Name, f.Name+hasName); ok {
			names = append(names, name)
		}
	}
	return names
}

// subsOf makes the fields of what is in a list.
func subsOf(f trace.Field, names []string) []trace.Field {
	var subs []trace.Field
	for i, name := range names {
		if f.Encoding == trace.EncodeAttributes {
			subs = append(subs, trace.Boolean(f.Name+hasName+name))
			continue
		}
		e := f.Elements[i]
		e.Name = f.Name + ofName + name
		subs = append(subs, e)
	}
	return subs
}

// elementType is how a part of a list is held.
func elementType(f trace.Field) trace.Type {
	switch f.Kind {
	case trace.KindBoolean:
		return trace.TypeBool
	case trace.KindInteger, trace.KindPort:
		return trace.TypeInt
	case trace.KindReal:
		return trace.TypeReal
	}
	return trace.TypeText
}

// frequentNames finds the names in a column of lists, in the order that they
// mostly have in it.
func (w *Workspace) frequentNames(ctx context.Context, table store.Name, f trace.Field, t trace.Type) ([]string, error) {
	type seen struct {
		name  string
		n     int
		place float64 // sum of places from 0 to 1
	}
	all := map[string]*seen{}
	for row, err := range w.db.Rows(ctx, store.RowsQuery{Table: table, Columns: []string{f.Name}}) {
		if err != nil {
			return nil, err
		}
		list, _ := listOf(f, row[0])
		for i, name := range list {
			s := all[name]
			if s == nil {
				s = &seen{name: name}
				all[name] = s
			}
			s.n++
			s.place += (float64(i) + .5) / float64(len(list))
		}
	}
	var kept []*seen
	for _, s := range all {
		if s.n >= leastSeen {
			kept = append(kept, s)
		}
	}
	slices.SortFunc(kept, func(a, b *seen) int { return cmp.Or(b.n-a.n, strings.Compare(a.name, b.name)) })
	kept = kept[:min(maxAttributes, len(kept))]
	slices.SortStableFunc(kept, func(a, b *seen) int {
		return cmp.Compare(a.place/float64(a.n), b.place/float64(b.n))
	})
	names := make([]string, len(kept))
	for i, s := range kept {
		names[i] = s.name
	}
	return names, nil
}

// between finds what parts the values of a list, and how a name is assigned its
// value, in a column whose recipe does not say.
func (w *Workspace) between(ctx context.Context, table store.Name, f *trace.Field) error {
	names := namesOf(*f, nil)
	candidates := []string{"\n", ";", ",", "|", "&", "\t", " "}
	found := make([]int, len(candidates))
	spaced, plain := 0, 0
	seen := 0
	for row, err := range w.db.Rows(ctx, store.RowsQuery{Table: table, Columns: []string{f.Name}}) {
		if err != nil {
			return err
		}
		text := plainText(row[0])
		if row[0] == nil || !strings.Contains(text, f.Assign) {
			continue
		}
		if seen++; seen > 1000 {
			break
		}
		for i, c := range candidates {
			for part := range strings.SplitSeq(text, c) {
				if name, _, ok := strings.Cut(part, f.Assign); ok && slices.Contains(names, strings.TrimSpace(name)) {
					found[i]++
				}
			}
		}
		spaced += strings.Count(text, " "+f.Assign+" ")
		plain += strings.Count(text, f.Assign)
	}
	best := 0
	for i := range found {
		if found[i] > found[best] {
			best = i
		}
	}
	f.Delimiter = candidates[best]
	if 2*spaced > plain {
		f.Assign = " " + f.Assign + " "
	}
	return nil
}

// parted says how the texts of lists are parted: see keptModel.
func (l *learning) parted() map[string][2]string {
	lists := map[string][2]string{}
	for _, p := range slices.Concat(l.meta, l.series) {
		if p.lists() {
			lists[p.field.Name] = [2]string{p.field.Delimiter, p.field.Assign}
		}
	}
	return lists
}

// parting returns the recipe of a model with how the texts of its lists are
// parted, so that the table need not be asked.
func parting(r *trace.Recipe, m Model) (*trace.Recipe, error) {
	var k keptModel
	if len(m.Meta) > 0 {
		if err := json.Unmarshal(m.Meta, &k); err != nil {
			return nil, err
		}
	}
	if len(k.Lists) == 0 {
		return r, nil
	}
	with := *r
	with.Metadata, with.Series = slices.Clone(r.Metadata), slices.Clone(r.Series)
	for _, fields := range [][]trace.Field{with.Metadata, with.Series} {
		for i := range fields {
			if parts, ok := k.Lists[fields[i].Name]; ok {
				fields[i].Delimiter, fields[i].Assign = parts[0], parts[1]
			}
		}
	}
	return &with, nil
}

// listOf returns the elements of a list, which the file may have as a text, and
// false where it is missing.
func listOf(f trace.Field, v any) ([]string, bool) {
	switch v := v.(type) {
	case nil:
		return nil, false
	case []any:
		list := make([]string, len(v))
		for i, e := range v {
			list[i] = plainText(e)
		}
		return list, true
	}
	s := strings.TrimSpace(plainText(v))
	if s == "" {
		return nil, true
	}
	list := strings.Split(s, f.Delimiter)
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list, true
}

// expand is a value as the engine's: one for each part.
func (p part) expand(to trace.Row, v any) trace.Row {
	if p.subs == nil {
		return append(to, v)
	}
	list, ok := listOf(p.field, v)
	values := make(trace.Row, len(p.subs))
	for i := range p.subs {
		switch {
		case !ok:
		case p.field.Encoding == trace.EncodeAttributes:
			values[i] = slices.Contains(list, p.names[i])
		case p.field.Assign == "":
			if i < len(list) {
				values[i] = element(p.subs[i], list[i])
			}
		default:
			for _, e := range list {
				if name, text, _ := strings.Cut(e, p.field.Assign); strings.TrimSpace(name) == p.names[i] {
					values[i] = element(p.subs[i], strings.TrimSpace(text))
				}
			}
		}
	}
	return append(to, values...)
}

// element is the text of an element as a value of its field, nil where it is
// none.
func element(f trace.Field, s string) any {
	if s == "" {
		return nil
	}
	v, err := valueOf(s, elementType(f))
	if err != nil {
		return nil
	}
	return v
}

// collapse is the way back of expand.
func (p part) collapse(values trace.Row) any {
	if p.subs == nil {
		return values[0]
	}
	var list []string
	missing := true
	for i, v := range values {
		missing = missing && v == nil
		switch {
		case p.field.Encoding == trace.EncodeAttributes:
			if v == true {
				list = append(list, p.names[i])
			}
		case p.field.Assign == "":
			text := ""
			if v != nil {
				text = plainText(v)
			}
			list = append(list, text)
		case v != nil:
			list = append(list, p.names[i]+p.field.Assign+plainText(v))
		}
	}
	switch {
	case missing && p.field.Abnormal && p.typ == trace.TypeText: // as the real trace was mended
		return unavailable
	case missing:
		return nil
	}
	if p.field.Assign == "" && p.field.Encoding == trace.EncodeValues { // no places without a value at the end
		for len(list) > 0 && list[len(list)-1] == "" {
			list = list[:len(list)-1]
		}
	}
	elem, isList := p.typ.Elem()
	if !isList {
		return strings.Join(list, p.field.Delimiter)
	}
	out := make([]any, len(list))
	for i, s := range list {
		if v, err := valueOf(s, elem); err == nil {
			out[i] = v
		}
	}
	return out
}

// lists reports whether any field of the recipe is a list.
func (l *learning) lists() bool {
	is := func(p part) bool { return p.subs != nil }
	return l.sequences != nil || slices.ContainsFunc(l.meta, is) || slices.ContainsFunc(l.series, is)
}

// expand makes a session the engine's.
func (l *learning) expand(s trace.Session) trace.Session {
	if !l.lists() {
		return s
	}
	out := trace.Session{Series: make([]trace.Row, len(s.Series))}
	for i, p := range l.meta {
		if !l.inSequence(i) {
			out.Meta = p.expand(out.Meta, s.Meta[i])
		}
	}
	if l.sequences != nil {
		out.Series = l.unfold(s)
		return out
	}
	for k, rec := range s.Series {
		row := trace.Row{rec[0]}
		for i, p := range l.series {
			row = p.expand(row, rec[i+1])
		}
		out.Series[k] = row
	}
	return out
}

// collapse is the way back of expand.
func (l *learning) collapse(s trace.Session) trace.Session {
	if !l.lists() {
		return s
	}
	back := func(parts []part, to, from trace.Row, held func(int) bool) trace.Row {
		for i, p := range parts {
			if held(i) {
				to = append(to, nil)
				continue
			}
			n := p.width()
			to, from = append(to, p.collapse(from[:n])), from[n:]
		}
		return to
	}
	out := trace.Session{Meta: back(l.meta, nil, s.Meta, l.inSequence)}
	if l.sequences != nil {
		l.fold(out.Meta, s.Series)
		out.Series = []trace.Row{{s.Series[0][0]}}
		return out
	}
	for _, rec := range s.Series {
		out.Series = append(out.Series, back(l.series, trace.Row{rec[0]}, rec[1:], func(int) bool { return false }))
	}
	return out
}
