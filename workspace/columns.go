package workspace

import (
	"fmt"
	"math"
	"strings"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// union returns the columns of a table that takes the records of all schemas:
// those of the first, then what others have besides, each of a type that holds
// the values of all.
func union(schemas []trace.Schema) trace.Schema {
	u := schemas[0]
	u.Columns = append([]trace.Column(nil), u.Columns...)
	for _, s := range schemas[1:] {
		for _, c := range s.Columns {
			i := u.Index(c.Name)
			if i < 0 {
				u.Columns = append(u.Columns, c)
				continue
			}
			widen(&u.Columns[i], c)
		}
	}
	return u
}

// widen makes a column hold another's values too.
func widen(c *trace.Column, other trace.Column) {
	if c.Type == other.Type {
		return
	}
	number := func(t trace.Type) bool { return t == trace.TypeInt || t == trace.TypeReal }
	_, list := c.Type.Elem()
	_, lists := other.Type.Elem()
	switch {
	case number(c.Type) && number(other.Type):
		c.Type = trace.TypeReal
		if c.Kind == trace.KindInteger {
			c.Kind = other.Kind
		}
	case list && lists:
		c.Type, c.Kind, c.Format = trace.TypeTextList, trace.KindText, ""
	default:
		c.Type, c.Kind, c.Format = trace.TypeText, trace.KindText, ""
	}
}

// partial reports whether records of a format may lack columns that others of
// the same log have.
func partial(format string) bool { return strings.HasPrefix(format, "zeek") || format == "jsonl" }

// fits reports why a file's columns can't be put into a table's, nil where they
// can. What the file lacks becomes missing values where its format leaves out
// fields.
func fits(file string, from trace.Schema, table string, to trace.Schema) error {
	for _, c := range from.Columns {
		have, ok := columnOf(to, c.Name)
		if !ok {
			return fmt.Errorf("%s has the column %q, which %s has not (%s): load it into another table", file, c.Name, table, strings.Join(to.Names(), ", "))
		}
		_, list := c.Type.Elem()
		_, lists := have.Type.Elem()
		if list != lists && have.Type != trace.TypeText {
			return fmt.Errorf("%s: column %q holds %s, and that of %s %s: load it into another table", file, c.Name, c.Type, table, have.Type)
		}
	}
	if partial(from.Format) {
		return nil
	}
	for _, c := range to.Columns {
		if _, ok := columnOf(from, c.Name); !ok {
			return fmt.Errorf("%s has no column %q, which %s has (%s): load it into another table", file, c.Name, table, strings.Join(from.Names(), ", "))
		}
	}
	return nil
}

// columnOf finds a column by its name as the database does, whatever its case.
func columnOf(s trace.Schema, name string) (trace.Column, bool) {
	if c, ok := s.Column(name); ok {
		return c, true
	}
	for _, c := range s.Columns {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return trace.Column{}, false
}

// adapter puts the records of a file into the columns of a table.
type adapter struct {
	from    []int // column of the file behind each of the table's, -1 for none
	convert []func(any) (any, bool)
	columns []trace.Column // of the table
	row     trace.Row
}

// newAdapter returns nil where records go into the table as they are.
func newAdapter(from, to trace.Schema) *adapter {
	a := &adapter{columns: to.Columns, row: make(trace.Row, len(to.Columns))}
	same := len(from.Columns) == len(to.Columns)
	for i, c := range to.Columns {
		at := -1
		for k, f := range from.Columns {
			if f.Name == c.Name || at < 0 && strings.EqualFold(f.Name, c.Name) {
				at = k
			}
		}
		var fn func(any) (any, bool)
		if at >= 0 {
			fn = conversion(from.Columns[at].Type, c.Type)
		}
		same = same && at == i && fn == nil
		a.from, a.convert = append(a.from, at), append(a.convert, fn)
	}
	if same {
		return nil
	}
	return a
}

// adapt returns the record in the table's columns; it is used again. why says
// which value does not fit, "" where all do.
func (a *adapter) adapt(row trace.Row) (_ trace.Row, why string) {
	for i, at := range a.from {
		a.row[i] = nil
		if at < 0 || row[at] == nil {
			continue
		}
		v := row[at]
		if a.convert[i] != nil {
			var ok bool
			if v, ok = a.convert[i](v); !ok {
				return nil, fmt.Sprintf("column %q: want %s, got %q", a.columns[i].Name, a.columns[i].Type, fmt.Sprint(row[at]))
			}
		}
		a.row[i] = v
	}
	return a.row, ""
}

// conversion returns how a value of one type becomes one of another, nil where
// it is one.
func conversion(from, to trace.Type) func(any) (any, bool) {
	switch {
	case from == to:
		return nil
	case from == trace.TypeInt && to == trace.TypeReal:
		return func(v any) (any, bool) { return float64(v.(int64)), true }
	case from == trace.TypeReal && to == trace.TypeInt:
		return func(v any) (any, bool) {
			x := v.(float64)
			return int64(x), x == math.Trunc(x) && math.Abs(x) < 1<<63
		}
	case to == trace.TypeText:
		return func(v any) (any, bool) { return store.FormatValue(v, string(from)), true }
	}
	elemTo, lists := to.Elem()
	elemFrom, list := from.Elem()
	if list && lists {
		each := conversion(elemFrom, elemTo)
		return func(v any) (any, bool) {
			in := v.([]any)
			out := make([]any, len(in))
			for i, e := range in {
				var ok bool
				if out[i], ok = each(e); !ok {
					return nil, false
				}
			}
			return out, true
		}
	}
	return func(any) (any, bool) { return nil, false }
}
