package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"netshare/scripting"
	"netshare/workspace/packed"
	"netshare/workspace/trace"
)

// formatRecipe is the format of files that a recipe's own function reads.
const formatRecipe = "recipe"

// recipeReader reads a file by a recipe's Read.
type recipeReader struct {
	name    string
	recipe  *trace.Recipe
	schema  trace.Schema
	content io.Reader
	path    string // to read it again, "" of a stream
	in      *trace.Input
}

// newRecipeReader reads a content, decompressed where it is not.
func newRecipeReader(name, path string, content io.Reader, r *trace.Recipe) (*recipeReader, error) {
	if r == nil || r.Read == nil {
		return nil, fmt.Errorf("%s: only the recipe that declared it can read it", name)
	}
	plain, err := packed.NewReader(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	rr := &recipeReader{name: name, path: path, recipe: r, content: plain, schema: trace.Schema{Format: "csv"}}
	if r.Write != nil {
		rr.schema.Format = formatRecipe
	}
	fields := map[string]trace.Field{}
	for _, f := range r.Declared() {
		fields[f.Name] = f
	}
	for _, name := range r.Emitted() {
		c, err := emittedColumn(name, fields[name])
		if err != nil {
			return nil, err
		}
		rr.schema.Columns = append(rr.schema.Columns, c)
	}
	return rr, nil
}

// emittedColumn is the column that a recipe's Read fills for a field.
func emittedColumn(name string, f trace.Field) (trace.Column, error) {
	c := trace.Column{Name: name, Type: trace.TypeText, Kind: f.Kind, Unit: f.Unit}
	if c.Kind == "" {
		c.Kind = trace.KindText
	}
	if f.ParseFunc != nil {
		var err error
		c.Type, _, err = scripting.ParsedType(f)
		return c, err
	}
	switch f.Kind {
	case trace.KindInteger, trace.KindPort:
		c.Type = trace.TypeInt
	case trace.KindReal:
		c.Type = trace.TypeReal
	case trace.KindBoolean:
		c.Type = trace.TypeBool
	case trace.KindTimestamp:
		switch {
		case f.Layout != "": // the field's own way of reading it comes after
		case f.Unit != "":
			c.Type = trace.TypeReal
		default:
			c.Type = trace.TypeTime
		}
	}
	return c, nil
}

func (r *recipeReader) Schema() trace.Schema { return r.schema }
func (r *recipeReader) Close() error         { return nil }

// Line is the number of the line that was read last.
func (r *recipeReader) Line() int64 { return r.in.Number() }

// Read implements trace.Reader.
func (r *recipeReader) Read(ctx context.Context, emit func(trace.Row) error, reject func(trace.Reject)) error {
	r.in = trace.NewInput(r.name, &contextReader{ctx, r.content}, reject)
	if r.path != "" {
		r.in.Again = func() (*trace.Input, error) {
			f, err := os.Open(r.path)
			if err != nil {
				return nil, err
			}
			context.AfterFunc(ctx, func() { f.Close() }) // at the latest: it is for a program that is about to fail
			plain, err := packed.NewReader(f)
			return trace.NewInput(r.name, plain, func(trace.Reject) {}), err
		}
	}
	row := make(trace.Row, len(r.schema.Columns))
	return inFile(r.name, scripting.ReadFile(ctx, r.recipe, r.in, func(values trace.Row) error {
		if len(values) != len(row) {
			return fmt.Errorf("line %d: Read emits %d values: want %d, one for each of %v", r.in.Number(), len(values), len(row), r.schema.Names())
		}
		for i, v := range values {
			var err error
			if row[i], err = emitted(v, r.schema.Columns[i].Type); err != nil {
				r.in.Reject("refused by the recipe", fmt.Sprintf("field %q: %v", r.schema.Columns[i].Name, err))
				return nil
			}
		}
		return emit(row)
	}))
}

// emitted makes a value that Read emitted one of its column's type.
func emitted(v any, t trace.Type) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case int:
		v = int64(x)
	case time.Time:
		if t == trace.TypeTime {
			return x.UTC(), nil
		}
	case string, bool, float64, int64:
	default:
		return nil, fmt.Errorf("want text, int64, float64, bool or a time, got a %T", v)
	}
	switch x := v.(type) {
	case int64:
		if t == trace.TypeInt {
			return x, nil
		}
	case float64:
		if t == trace.TypeReal {
			return x, nil
		}
	case bool:
		if t == trace.TypeBool {
			return x, nil
		}
	}
	s := plainText(v)
	if s == "" && t != trace.TypeText {
		return nil, nil
	}
	return valueOf(s, t)
}

// lineWriter writes records as a recipe's Write has them, a line each.
type lineWriter struct {
	ctx    context.Context
	w      io.Writer
	recipe *trace.Recipe
	names  []string
}

// newLineWriter writes records of a schema.
func newLineWriter(ctx context.Context, w io.Writer, s trace.Schema, r *trace.Recipe) (*lineWriter, error) {
	if r == nil || r.Write == nil {
		return nil, errors.New("the recipe that read the trace has no Write any more: export it as .csv")
	}
	return &lineWriter{ctx, w, r, s.Names()}, nil
}

// Write implements trace.Writer.
func (l *lineWriter) Write(row trace.Row) error {
	line, err := scripting.WriteLine(l.ctx, l.recipe, trace.NewRecord(l.names, row))
	if err != nil {
		return err
	}
	_, err = io.WriteString(l.w, line+"\n")
	return err
}

// Close implements trace.Writer.
func (l *lineWriter) Close() error { return nil }
