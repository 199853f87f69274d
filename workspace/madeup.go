package workspace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"netshare/workspace/rename"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// TextPolicy says what becomes of names and other free text of a synthetic
// table: when it is generated, and when it is handed out.
type TextPolicy string

// The policies.
const (
	// TextMadeUp replaces them word by word, one for one: hosts of one domain
	// stay hosts of one domain, and no value is a real one.
	TextMadeUp TextPolicy = "made-up"
	// TextAsGenerated leaves them as they are: as in the real trace where five
	// sessions or more have them.
	TextAsGenerated TextPolicy = "as-generated"
)

// Validate says what is wrong with a policy; "" is right, and means TextMadeUp.
func (p TextPolicy) Validate() error {
	switch p {
	case "", TextMadeUp, TextAsGenerated:
		return nil
	}
	return fmt.Errorf("text policy %q is unknown: choose %s or %s", string(p), TextMadeUp, TextAsGenerated)
}

// changer changes one value of a column, nil where it leaves all as they are.
type changer func(v any) any

// changerOf returns what renames the values of a field's column.
func changerOf(f trace.Field, address, text func(string) string) changer {
	switch {
	case !names(f):
		return nil
	case f.Kind == trace.KindAddress:
		return func(v any) any {
			return changed(v, func(s string) string {
				if _, err := netip.ParseAddr(s); err == nil || !strings.ContainsAny(s, ":-") {
					return address(s)
				}
				return text(s) // a hardware address
			})
		}
	case len(f.Elements) > 0:
		return elementsChanger(f, address, text)
	}
	return func(v any) any { return changed(v, text) }
}

// elementsChanger renames the elements of lists that are names, and not what
// the elements are called.
func elementsChanger(f trace.Field, address, text func(string) string) changer {
	elements := make([]changer, len(f.Elements))
	at := map[string]int{}
	for i, e := range f.Elements {
		elements[i], at[e.Name] = changerOf(e, address, text), i
	}
	one := func(i int, v any) any {
		if i >= len(elements) || elements[i] == nil {
			return v
		}
		return elements[i](v)
	}
	element := func(i int, s string) string {
		if f.Assign != "" {
			name, value, ok := strings.Cut(s, f.Assign)
			if k, known := at[name]; ok && known {
				return name + f.Assign + one(k, value).(string)
			}
			return s
		}
		return one(i, s).(string)
	}
	return func(v any) any {
		switch v := v.(type) {
		case string:
			if f.Delimiter == "" {
				return element(0, v)
			}
			parts := strings.Split(v, f.Delimiter)
			for i, s := range parts {
				parts[i] = element(i, s)
			}
			return strings.Join(parts, f.Delimiter)
		case []any:
			out := make([]any, len(v))
			for i, e := range v {
				if s, ok := e.(string); ok {
					e = element(i, s)
				}
				out[i] = e
			}
			return out
		}
		return v
	}
}

// nameMaker makes up the names and other free text of a table that is generated.
type nameMaker struct {
	columns   []changer // by column; nil for those that stay
	changed   []string  // names of the columns that are made up
	real      map[string]bool
	standsFor map[string]string // of real values alone
}

// nameMaker returns what makes up a synthetic table's names, nil where it has
// none. private says that the model is under differential privacy: real values
// are then not looked at to choose others.
func (w *Workspace) nameMaker(ctx context.Context, r *trace.Recipe, real Table, s trace.Schema, seed uint64, private bool) (*nameMaker, error) {
	m := &nameMaker{columns: make([]changer, len(s.Columns)), real: map[string]bool{}, standsFor: map[string]string{}}
	isReal := func(v string) bool { return m.real[v] }
	if private {
		isReal = func(string) bool { return false }
	}
	same := func(v string) string { return v }
	// Draws depend on how many letters a word has and not on which, so that who
	// knows the seed knows no name.
	text := rename.NewText(isReal, same, rand.New(rand.NewPCG(seed, 0x6e616d6573)))
	kept := map[string]string{}
	renamed := func(v string) string {
		to, ok := kept[v]
		if !ok {
			to = text.Rename(v)
			kept[v] = to
			if m.real[v] && to != v {
				m.standsFor[to] = v
			}
		}
		return to
	}
	_, err := w.db.Resolve(ctx, real.Name.Table, store.Raw)
	there := err == nil // else the model is of another workspace
	for _, f := range r.Declared() {
		i := s.Index(f.Name)
		// What is computed is computed of made-up values; what is declared to be
		// learnt as categories, NetShare's categorical, is repeated as such.
		if i < 0 || f.DeriveFunc != nil || f.Encoding == trace.EncodeCategory {
			continue
		}
		if m.columns[i] = changerOf(f, same, renamed); m.columns[i] == nil {
			continue
		}
		if f.Kind != trace.KindAddress {
			m.changed = append(m.changed, f.Name)
		}
		if there {
			if err := m.look(ctx, w.db, real.Name, f, s.Columns[i].Type); err != nil {
				return nil, err
			}
		}
	}
	if !slices.ContainsFunc(m.columns, func(c changer) bool { return c != nil }) {
		return nil, nil
	}
	return m, nil
}

// look gathers the real values of a column that are names.
func (m *nameMaker) look(ctx context.Context, db *store.DB, table store.Name, f trace.Field, t trace.Type) error {
	elem, list := t.Elem()
	if t != trace.TypeText && elem != trace.TypeText {
		return nil
	}
	note := func(s string) string {
		m.real[s] = true
		return s
	}
	each := changerOf(f, func(s string) string { return s }, note)
	for s, err := range db.DistinctTexts(ctx, table, f.Name) {
		switch {
		case err != nil:
			return err
		case list && len(f.Elements) > 0 && f.Assign == "":
			note(s) // which of the elements it is nobody knows
		default:
			each(s)
		}
	}
	return nil
}

// row makes up the names of a record.
func (m *nameMaker) row(row trace.Row) {
	if m == nil {
		return
	}
	for i, change := range m.columns {
		if change != nil && row[i] != nil {
			row[i] = change(row[i])
		}
	}
}

// standing returns what puts back, in rows of the columns named, the real names
// that made-up ones of a synthetic table stand for; nil where none does.
// Measures of which value is where are then as if names had not been made up.
func (w *Workspace) standing(ctx context.Context, t Table, r *trace.Recipe, columns []string) (func(trace.Row), error) {
	standsFor, err := w.db.Names(ctx, t.Name)
	if err != nil || standsFor == nil {
		return nil, err
	}
	same := func(s string) string { return s }
	back := func(s string) string {
		if to, ok := standsFor[s]; ok {
			return to
		}
		return s
	}
	m := nameMaker{columns: make([]changer, len(columns))}
	for _, f := range r.Declared() {
		if i := slices.Index(columns, f.Name); i >= 0 && f.DeriveFunc == nil {
			m.columns[i] = changerOf(f, same, back)
		}
	}
	return m.row, nil
}
