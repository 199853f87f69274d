package workspace

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"netshare/scripting"
	"netshare/workspace/trace"
)

// fieldParser turns a file's records into those that a recipe declares: the
// columns that it names in the file's order, then those that it computes, each
// parsed, mended and checked as its field says.
type fieldParser struct {
	schema trace.Schema // of what is emitted
	cells  []cell       // a column of what is emitted each

	needed  []int        // columns of the file that waiting records keep
	filter  trace.Filter // without Keep where all records are kept
	sifted  []int        // where a waiting record has the filter's columns
	derived []derivation // in the order in which they are computed

	emit   func(trace.Row) error
	reject func(trace.Reject)

	rows     []trace.Row // waiting: of the file, the columns needed
	lines    []int64
	file     string
	filtered int64 // records that the filter left out
}

// cell is a column of what is emitted.
type cell struct {
	field trace.Field
	from  int // where a waiting record has it, -1 where it is computed
	typ   trace.Type
	convert
	fill any // for missing values, where the field says so
}

// derivation is a cell that is computed from others, or from columns of the
// file.
type derivation struct {
	cell int
	from []operand
}

// operand is a cell, or else a place of a waiting record.
type operand struct{ cell, raw int }

// parsedAtOnce is how many records go through the recipe's functions together:
// an interpreted call on a column costs a fraction of one on each value.
const parsedAtOnce = 1 << 15

func newFieldParser(r *trace.Recipe, s trace.Schema, file string) (*fieldParser, error) {
	p := &fieldParser{schema: s, filter: r.Filter}
	p.schema.Columns = nil
	keep := func(column int) int {
		if i := slices.Index(p.needed, column); i >= 0 {
			return i
		}
		p.needed = append(p.needed, column)
		return len(p.needed) - 1
	}
	missing := func(what, name string) error {
		return fmt.Errorf("%s: %s %q is no column: it has %s", file, what, name, strings.Join(s.Names(), ", "))
	}
	for _, name := range r.Drop {
		if s.Index(name) < 0 {
			return nil, missing("dropped column", name)
		}
	}
	computed := map[string]bool{}
	for _, f := range r.Fields() {
		computed[f.Name] = f.DeriveFunc != nil
	}
	for _, f := range r.Derived { // as the file has them, where it does
		computed[f.Name] = s.Index(f.InFile()) < 0
	}
	add := func(f trace.Field, c trace.Column, from int) error {
		x, c, err := newCell(f, c, from >= 0)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		x.from = from
		if s.Format == "csv" {
			c.Format = withAbsent(c.Format, f)
		}
		p.schema.Columns, p.cells = append(p.schema.Columns, c), append(p.cells, x)
		return nil
	}
	declared := map[string][]trace.Field{} // by the file's columns
	for _, f := range r.Declared() {
		if s.Index(f.InFile()) < 0 && !computed[f.Name] {
			return nil, missing("recipe field", f.InFile())
		}
		declared[f.InFile()] = append(declared[f.InFile()], f)
	}
	for i, c := range s.Columns {
		for _, f := range declared[c.Name] {
			from := -1
			if !computed[f.Name] {
				from = keep(i)
			}
			c.Name = f.Name
			if err := add(f, c, from); err != nil {
				return nil, err
			}
		}
	}
	for _, f := range r.Declared() {
		if s.Index(f.InFile()) < 0 {
			if err := add(f, trace.Column{Name: f.Name}, -1); err != nil {
				return nil, err
			}
		}
	}
	if p.filter.Keep != nil {
		for _, name := range p.filter.From {
			i := s.Index(name)
			if i < 0 {
				return nil, missing("the filter's column", name)
			}
			p.sifted = append(p.sifted, keep(i))
		}
	}
	if c, ok := p.schema.Column(r.Time.Name); ok && c.Type == trace.TypeText {
		return nil, fmt.Errorf("%s: field %q: the column has text that is no time that netshare knows: say how it is written, trace.Timestamp(%q, \"2006-01-02 15:04:05\")", file, c.Name, c.Name)
	}
	order, err := r.DeriveOrder()
	if err != nil {
		return nil, err
	}
	for _, f := range order {
		if !computed[f.Name] {
			continue
		}
		d := derivation{cell: p.schema.Index(f.Name)}
		for _, name := range f.From {
			switch c, i := p.schema.Index(name), s.Index(name); {
			case c >= 0 && c != d.cell:
				d.from = append(d.from, operand{cell: c, raw: -1})
			case i >= 0:
				d.from = append(d.from, operand{cell: -1, raw: keep(i)})
			default:
				return nil, missing(fmt.Sprintf("field %q is computed from %q, which", f.Name, name), name)
			}
		}
		p.derived = append(p.derived, d)
	}
	return p, nil
}

// withAbsent adds to how a file writes a column what the field says of missing
// values, unless the file has a way of its own: they are written as the first of
// the field's words for them.
func withAbsent(format string, f trace.Field) string {
	if len(f.Absent) == 0 || f.Absent[0] == "" || strings.Contains(f.Absent[0], ";") || f.Missing != trace.MissingKept || f.Abnormal || strings.Contains(format, "null=") {
		return format
	}
	return strings.TrimPrefix(format+";null="+f.Absent[0], ";")
}

// newCell settles how a column is parsed and what type it has then.
func newCell(f trace.Field, c trace.Column, read bool) (cell, trace.Column, error) {
	x := cell{field: f, from: -1}
	c.Kind = f.Kind
	if f.Unit != "" {
		c.Unit = f.Unit
	}
	switch {
	case !read:
		t, err := scripting.DerivedType(f)
		if err != nil {
			return x, c, err
		}
		if t != c.Type {
			c.Type, c.Format = t, ""
		}
	case f.ParseFunc != nil:
		_, t, err := scripting.ParsedType(f)
		if err != nil {
			return x, c, err
		}
		if t != c.Type {
			c.Type, c.Format = t, ""
		}
	default:
		var err error
		if x.convert, c, err = converterOf(f, c); err != nil {
			return x, c, err
		}
	}
	x.typ = c.Type
	if f.Missing == trace.MissingFilled {
		v, err := valueOf(f.Fill, c.Type)
		if err != nil {
			return x, c, fmt.Errorf("field %q: the value for missing ones: %w", f.Name, err)
		}
		x.fill = v
	}
	return x, c, nil
}

// add takes one record of a file, of which it copies what is needed.
func (p *fieldParser) add(ctx context.Context, file string, line int64, row trace.Row) error {
	if file != p.file || len(p.rows) == parsedAtOnce {
		if err := p.flush(ctx); err != nil {
			return err
		}
		p.file = file
	}
	kept := make(trace.Row, len(p.needed))
	for i, c := range p.needed {
		kept[i] = row[c]
	}
	p.rows, p.lines = append(p.rows, kept), append(p.lines, line)
	return nil
}

// flush parses the waiting records and emits them.
func (p *fieldParser) flush(ctx context.Context) error {
	if err := p.sift(ctx); err != nil {
		return err
	}
	n := len(p.rows)
	bad := make([]string, n)
	columns := make([][]any, len(p.cells))
	for i := range p.cells {
		c := &p.cells[i]
		if c.from < 0 {
			continue
		}
		in := p.column(c.from)
		c.absent(in)
		out, errs := in, []error(nil)
		if c.field.ParseFunc != nil {
			var err error
			if out, errs, err = scripting.Parse(ctx, c.field, in); err != nil {
				return err
			}
		}
		columns[i] = out
		c.settle(out, errs, bad)
	}
	for _, d := range p.derived {
		if err := p.derive(ctx, d, columns, bad); err != nil {
			return err
		}
	}
	for k, row := range p.rows {
		if bad[k] != "" {
			p.reject(trace.Reject{File: p.file, Line: p.lines[k], Offset: -1, Reason: "refused by the recipe", Detail: bad[k]})
			continue
		}
		if cap(row) < len(columns) {
			row = make(trace.Row, len(columns))
		}
		row = row[:len(columns)]
		for i := range columns {
			row[i] = columns[i][k]
		}
		if err := p.emit(row); err != nil {
			return err
		}
	}
	p.rows, p.lines = p.rows[:0], p.lines[:0]
	return nil
}

func (p *fieldParser) column(at int) []any {
	out := make([]any, len(p.rows))
	for k, row := range p.rows {
		out[k] = row[at]
	}
	return out
}

// sift leaves out the waiting records that the filter does not keep.
func (p *fieldParser) sift(ctx context.Context) error {
	if p.filter.Keep == nil || len(p.rows) == 0 {
		return nil
	}
	columns := make([][]any, len(p.sifted))
	for i, at := range p.sifted {
		columns[i] = p.column(at)
	}
	keep, err := scripting.Keep(ctx, p.filter, columns, len(p.rows))
	if err != nil {
		return err
	}
	n := 0
	for k, ok := range keep {
		if ok {
			p.rows[n], p.lines[n] = p.rows[k], p.lines[k]
			n++
		}
	}
	p.filtered += int64(len(p.rows) - n)
	p.rows, p.lines = p.rows[:n], p.lines[:n]
	return nil
}

// derive computes a column of the records that are not bad yet.
func (p *fieldParser) derive(ctx context.Context, d derivation, columns [][]any, bad []string) error {
	c := &p.cells[d.cell]
	var good []int
	for k := range p.rows {
		if bad[k] == "" {
			good = append(good, k)
		}
	}
	in := make([][]any, len(d.from))
	for i, o := range d.from {
		in[i] = make([]any, len(good))
		for n, k := range good {
			if o.cell >= 0 {
				in[i][n] = columns[o.cell][k]
			} else {
				in[i][n] = p.rows[k][o.raw]
			}
		}
	}
	out, errs, err := scripting.Derive(ctx, c.field, c.field.From, in, len(good))
	if err != nil {
		return err
	}
	columns[d.cell] = make([]any, len(p.rows))
	wrong := make([]error, len(p.rows))
	for n, k := range good {
		columns[d.cell][k] = out[n]
		if errs != nil {
			wrong[k] = errs[n]
		}
	}
	c.settle(columns[d.cell], wrong, bad)
	return nil
}

// absent makes missing what the field's words for it say is.
func (c *cell) absent(column []any) {
	if c.field.Absent == nil {
		return
	}
	for k, v := range column {
		if v != nil && slices.Contains(c.field.Absent, plainText(v)) {
			column[k] = nil
		}
	}
}

// settle converts, mends and checks a parsed column. What is wrong with a
// record goes into bad, unless something was already.
func (c *cell) settle(column []any, errs []error, bad []string) {
	f := c.field
	checked := f.Bounded || restricted(f)
	if c.convert == nil && errs == nil && !checked && !f.Abnormal && f.Missing == trace.MissingKept {
		return
	}
	for k, v := range column {
		if bad[k] != "" {
			continue
		}
		if errs != nil && errs[k] != nil {
			bad[k] = fmt.Sprintf("field %q: %v", f.Name, errs[k])
			continue
		}
		if f.Abnormal && f.Kind != trace.KindTimestamp { // before it is no port, for instance
			if x, ok := numberOf(v); ok && x < 0 {
				v = mended(f, v, c.typ)
			}
		}
		if c.convert != nil && v != nil {
			var err error
			if v, err = c.convert(v); err != nil {
				bad[k] = fmt.Sprintf("field %q: %v", f.Name, err)
				continue
			}
		}
		if f.Abnormal {
			v = mended(f, v, c.typ)
		}
		if v == nil {
			switch f.Missing {
			case trace.MissingFilled:
				v = c.fill
			case trace.MissingRejected:
				bad[k] = fmt.Sprintf("field %q: the value is missing", f.Name)
			}
		}
		if f.Clamped {
			v = clamped(f, v)
		}
		column[k] = v
		if checked {
			bad[k] += outside(f, v)
		}
	}
}

// unavailable is NetShare's word for a missing value.
const unavailable = "unavailable"

// mended is NetShare's handling of abnormal values: numbers that are negative
// or none, whatever they stand for, and empty cells. Addresses and ports are
// numbers to it.
func mended(f trace.Field, v any, t trace.Type) any {
	if f.Kind == trace.KindTimestamp {
		return v
	}
	switch x := v.(type) {
	case int64:
		return max(x, 0)
	case float64:
		if math.IsNaN(x) || x < 0 {
			return 0.0
		}
		return v
	case nil:
	case string:
		if x != "" {
			return v
		}
	default:
		return v
	}
	switch {
	case f.Kind == trace.KindAddress && t == trace.TypeText:
		return "0.0.0.0"
	case f.Kind == trace.KindPort && t == trace.TypeText:
		return "0"
	case t == trace.TypeText:
		return unavailable
	case t == trace.TypeReal:
		return 0.0
	case t == trace.TypeInt:
		return int64(0)
	}
	return v
}

// clamped is a number within its field's bounds.
func clamped(f trace.Field, v any) any {
	switch x := v.(type) {
	case int64:
		return int64(min(max(float64(x), math.Ceil(float64(f.Min))), math.Floor(float64(f.Max))))
	case float64:
		return min(max(x, float64(f.Min)), float64(f.Max))
	}
	return v
}

// restricted reports whether a field's values must be among its choices.
func restricted(f trace.Field) bool {
	return f.Choices != nil && f.Encoding != trace.EncodeAttributes && f.Delimiter == ""
}

// outside says why a value is none that its field allows, "" where it is one.
func outside(f trace.Field, v any) string {
	if v == nil {
		return ""
	}
	if f.Bounded {
		x, ok := numberOf(v)
		if !ok {
			return fmt.Sprintf("field %q: want a number, got %q", f.Name, fmt.Sprint(v))
		}
		if !(x >= float64(f.Min) && x <= float64(f.Max)) {
			return fmt.Sprintf("field %q: %v is outside %v to %v", f.Name, v, f.Min, f.Max)
		}
	}
	if restricted(f) {
		if !slices.Contains(f.Choices, plainText(v)) && !(f.Abnormal && v == unavailable) {
			return fmt.Sprintf("field %q: %q is none of %s", f.Name, plainText(v), strings.Join(f.Choices, ", "))
		}
	}
	return ""
}

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
