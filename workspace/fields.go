package workspace

import (
	"context"
	"fmt"
	"strings"

	"netshare/scripting"
	"netshare/workspace/trace"
)

// fieldParser turns a file's records into those that a recipe declares: its
// fields, in the file's order, each through its parse function.
type fieldParser struct {
	schema trace.Schema // of what is emitted
	fields []trace.Field
	from   []int // column of the file behind each field

	emit   func(trace.Row) error
	reject func(trace.Reject)

	rows  []trace.Row // waiting, whole records of the file
	lines []int64
	file  string
}

// parsedAtOnce is how many records go through the recipe's functions together:
// an interpreted call on a column costs a fortieth of one on each value.
const parsedAtOnce = 1 << 15

func newFieldParser(r *trace.Recipe, s trace.Schema, file string) (*fieldParser, error) {
	declared := map[string]trace.Field{}
	for _, f := range r.Fields() {
		if s.Index(f.Name) < 0 {
			return nil, fmt.Errorf("%s: recipe field %q is no column: it has %s", file, f.Name, strings.Join(s.Names(), ", "))
		}
		declared[f.Name] = f
	}
	p := &fieldParser{schema: s}
	p.schema.Columns = nil
	for i, c := range s.Columns {
		f, ok := declared[c.Name]
		if !ok {
			continue
		}
		c.Kind = f.Kind
		if f.Unit != "" {
			c.Unit = f.Unit
		}
		if f.ParseFunc != nil {
			_, t, err := scripting.ParsedType(f)
			if err != nil {
				return nil, err
			}
			if t != c.Type {
				c.Type, c.Format = t, ""
			}
		}
		p.schema.Columns = append(p.schema.Columns, c)
		p.fields = append(p.fields, f)
		p.from = append(p.from, i)
	}
	return p, nil
}

// add takes one record of a file, which it copies.
func (p *fieldParser) add(ctx context.Context, file string, line int64, row trace.Row) error {
	if file != p.file || len(p.rows) == parsedAtOnce {
		if err := p.flush(ctx); err != nil {
			return err
		}
		p.file = file
	}
	kept := make(trace.Row, len(p.from))
	for i, c := range p.from {
		kept[i] = row[c]
	}
	p.rows, p.lines = append(p.rows, kept), append(p.lines, line)
	return nil
}

// flush parses the waiting records and emits them.
func (p *fieldParser) flush(ctx context.Context) error {
	bad := make([]string, len(p.rows))
	for i, f := range p.fields {
		if f.ParseFunc == nil && !f.Bounded && f.Choices == nil {
			continue
		}
		in := make([]any, len(p.rows))
		for k, row := range p.rows {
			in[k] = row[i]
		}
		out, errs := in, []error(nil)
		if f.ParseFunc != nil {
			var err error
			if out, errs, err = scripting.Parse(ctx, f, in); err != nil {
				return err
			}
		}
		for k, row := range p.rows {
			row[i] = out[k]
			if errs != nil && errs[k] != nil && bad[k] == "" {
				bad[k] = fmt.Sprintf("field %q: %v", f.Name, errs[k])
			} else if why := outside(f, out[k]); why != "" && bad[k] == "" {
				bad[k] = why
			}
		}
	}
	for k, row := range p.rows {
		if bad[k] != "" {
			p.reject(trace.Reject{File: p.file, Line: p.lines[k], Offset: -1, Reason: "refused by the recipe", Detail: bad[k]})
			continue
		}
		if err := p.emit(row); err != nil {
			return err
		}
	}
	p.rows, p.lines = p.rows[:0], p.lines[:0]
	return nil
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
		if x < float64(f.Min) || x > float64(f.Max) {
			return fmt.Sprintf("field %q: %v is outside %v to %v", f.Name, v, f.Min, f.Max)
		}
	}
	if f.Choices != nil {
		for _, c := range f.Choices {
			if fmt.Sprint(v) == c {
				return ""
			}
		}
		return fmt.Sprintf("field %q: %q is none of %s", f.Name, fmt.Sprint(v), strings.Join(f.Choices, ", "))
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
