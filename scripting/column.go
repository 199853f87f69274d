package scripting

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"netshare/workspace/trace"
)

// Parse calls a field's parse function on a column and returns its results,
// each of the Go type that ParsedType's out names. A nil value stays nil
// without a call. The function is called once per distinct value, from several
// goroutines where that is worth it.
//
// Where the function refuses values, errs has an error for each such row and
// nil for the others; errs is nil where no row was refused. Values that can't
// be made the function's argument count as refused. err is a fault of the
// recipe (*Error, for interpreted functions), or the end of the context; then
// there are no results. The end of the context is answered at once; a function
// that is running then is left behind and stopped at the end of its own time,
// or, if it is compiled, never.
func Parse(ctx context.Context, f trace.Field, in []any) (out []any, errs []error, err error) {
	s, fn, err := shapeOf(f.ParseFunc)
	if err != nil {
		return nil, nil, fmt.Errorf("field %q: parse function %w", f.Name, err)
	}
	return mapColumn(ctx, fmt.Sprintf("field %q: parse function", f.Name), s, fn, in)
}

// ParsedType returns the types of a field's parse function: of the value of
// the file that it takes, and of the value that is loaded.
func ParsedType(f trace.Field) (in, out trace.Type, err error) {
	s, _, err := shapeOf(f.ParseFunc)
	if err != nil {
		return "", "", fmt.Errorf("field %q: parse function %w", f.Name, err)
	}
	return s.in, s.out, nil
}

// Format calls a field's format function on a column, as Parse does the parse
// function. The first value that can't be made the function's argument is an
// error.
func Format(ctx context.Context, f trace.Field, in []any) ([]any, error) {
	if err := checkFormat(f); err != nil {
		return nil, err
	}
	s, fn, _ := shapeOf(f.FormatFunc)
	out, errs, err := mapColumn(ctx, fmt.Sprintf("field %q: format function", f.Name), s, fn, in)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(errs, func(e error) bool { return e != nil }); i >= 0 {
		return nil, fmt.Errorf("field %q: format of row %d: %w", f.Name, i+1, errs[i])
	}
	return out, nil
}

// Derive computes a field from columns of the same length, the values of names,
// which are those of the field's From. The function is called once for each
// combination of values; results and errors are those of Parse.
func Derive(ctx context.Context, f trace.Field, names []string, columns [][]any, rows int) (out []any, errs []error, err error) {
	s, fn, err := deriveShapeOf(f.DeriveFunc)
	if err != nil {
		return nil, nil, fmt.Errorf("field %q: derive function %w", f.Name, err)
	}
	d := distinctRecords(names, columns, rows)
	if err := d.mapped(ctx, fmt.Sprintf("field %q: derive function", f.Name), s, fn); err != nil {
		return nil, nil, err
	}
	out, errs = d.spread()
	return out, errs, nil
}

// DerivedType returns the type of what a field's derive function gives.
func DerivedType(f trace.Field) (trace.Type, error) {
	s, _, err := deriveShapeOf(f.DeriveFunc)
	if err != nil {
		return "", fmt.Errorf("field %q: derive function %w", f.Name, err)
	}
	return s.out, nil
}

// Keep calls a filter on records given as columns, the values of the filter's
// From, and returns which are kept.
func Keep(ctx context.Context, f trace.Filter, columns [][]any, rows int) ([]bool, error) {
	d := distinctRecords(f.From, columns, rows)
	kept := make([]bool, len(d.values))
	err := run(ctx, "filter", func() error {
		for i, v := range d.values {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			kept[i] = f.Keep(v.(trace.Record))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]bool, rows)
	for i, n := range d.rows {
		out[i] = kept[n]
	}
	return out, nil
}

// ReadFile has a recipe read a file. Faults of the recipe are *Error values for
// interpreted ones; what emit returns comes back as it is.
func ReadFile(ctx context.Context, r *trace.Recipe, in *trace.Input, emit func(trace.Row) error) error {
	return run(ctx, "Read", func() error {
		err := r.Read(in, func(row trace.Row) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return emit(row)
		})
		return errors.Join(err, in.Err())
	})
}

// WriteLine has a recipe write a record as a line of its format.
func WriteLine(ctx context.Context, r *trace.Recipe, rec trace.Record) (line string, err error) {
	err = run(ctx, "Write", func() error { line = r.Write(rec); return nil })
	return line, err
}

// Forward applies a field's forward transform to a column, which it leaves
// unchanged. A field without transforms gives a copy. As many values as went in
// must come out, and no finite value may become NaN or infinite.
func Forward(ctx context.Context, f trace.Field, column []float64) ([]float64, error) {
	if f.Forward == nil {
		return slices.Clone(column), nil
	}
	out, err := runTransform(ctx, f, "forward", f.Forward, column)
	if err != nil {
		return nil, err
	}
	if s := madeInfinite(column, out); s != "" {
		return nil, fmt.Errorf("field %q: forward transform %s", f.Name, s)
	}
	return out, nil
}

// madeInfinite says which finite value a transform made NaN or infinite, ""
// where it made none.
func madeInfinite(column, out []float64) string {
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	for i, y := range out {
		if i < len(column) && finite(column[i]) && !finite(y) {
			return fmt.Sprintf("makes %v of %v (value %d of %d): give the field a Range that leaves such values out", y, column[i], i+1, len(column))
		}
	}
	return ""
}

// Inverse applies a field's inverse transform, with Forward's rules except
// that values may become anything: generated ones may lie outside the range
// that the transform was made for.
func Inverse(ctx context.Context, f trace.Field, column []float64) ([]float64, error) {
	if f.Inverse == nil {
		return slices.Clone(column), nil
	}
	return runTransform(ctx, f, "inverse", f.Inverse, column)
}

// runTransform calls a transform on a copy of a column and checks the length.
func runTransform(ctx context.Context, f trace.Field, name string, fn transform, column []float64) ([]float64, error) {
	in := slices.Clone(column)
	var out []float64
	if err := run(ctx, fmt.Sprintf("field %q: %s transform", f.Name, name), func() error { out = fn(in); return nil }); err != nil {
		return nil, err
	}
	if len(out) != len(column) {
		return nil, fmt.Errorf("field %q: %s transform gives %d values for %d: want one for each", f.Name, name, len(out), len(column))
	}
	return out, nil
}

// run calls fn in a goroutine of its own, recovers its panics and returns when
// it does or when the context ends, whatever comes first.
func run(ctx context.Context, what string, fn func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				var fault *Error
				if err, ok := v.(error); ok && errors.As(err, &fault) {
					done <- fault
					return
				}
				done <- fmt.Errorf("%s panics: %v", what, v)
			}
		}()
		done <- fn()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// distinct is a column as its distinct values.
type distinct struct {
	values []any // in the order of their first rows
	rows   []int32
	out    []any
	errs   []error
}

const missing = -1 // in distinct.rows

func distinctOf(in []any) *distinct {
	d := &distinct{rows: make([]int32, len(in))}
	seen := map[any]int32{}
	for i, v := range in {
		if v == nil {
			d.rows[i] = missing
			continue
		}
		switch v.(type) {
		case string, int64, float64, bool, time.Time:
		default: // lists can't be keys
			v = textOf(v)
		}
		n, ok := seen[v]
		if !ok {
			n = int32(len(d.values))
			seen[v] = n
			d.values = append(d.values, v)
		}
		d.rows[i] = n
	}
	d.out, d.errs = make([]any, len(d.values)), make([]error, len(d.values))
	return d
}

// distinctRecords is a table's rows as the distinct records among them.
func distinctRecords(names []string, columns [][]any, rows int) *distinct {
	d := &distinct{rows: make([]int32, rows)}
	seen := map[string]int32{}
	var key []byte
	for i := range rows {
		key = key[:0]
		for _, c := range columns {
			key = appendKey(key, c[i])
		}
		n, ok := seen[string(key)]
		if !ok {
			n = int32(len(d.values))
			seen[string(key)] = n
			values := make(trace.Row, len(columns))
			for k, c := range columns {
				values[k] = c[i]
			}
			d.values = append(d.values, trace.NewRecord(names, values))
		}
		d.rows[i] = n
	}
	d.out, d.errs = make([]any, len(d.values)), make([]error, len(d.values))
	return d
}

// appendKey appends a value's type and text so that no two values meet.
func appendKey(key []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(key, 'n')
	case string:
		key = append(key, 's')
		key = binary.AppendUvarint(key, uint64(len(v)))
		return append(key, v...)
	case int64:
		return binary.LittleEndian.AppendUint64(append(key, 'i'), uint64(v))
	case float64:
		return binary.LittleEndian.AppendUint64(append(key, 'f'), math.Float64bits(v))
	case time.Time:
		return binary.LittleEndian.AppendUint64(append(key, 't'), uint64(v.UnixNano()))
	default:
		return appendKey(append(key, 'x'), fmt.Sprintf("%T %v", v, v))
	}
}

// Calls are timed on the first probe values; where the others are likely to
// take longer than worthwhile, they are spread over goroutines, a batch at a
// time.
const (
	probe      = 256
	batch      = 256
	worthwhile = 5 * time.Millisecond
)

func mapColumn(ctx context.Context, what string, s shape, fn any, in []any) ([]any, []error, error) {
	d := distinctOf(in)
	if err := d.mapped(ctx, what, s, fn); err != nil {
		return nil, nil, err
	}
	out, errs := d.spread()
	return out, errs, nil
}

// mapped calls a function on the distinct values.
func (d *distinct) mapped(ctx context.Context, what string, s shape, fn any) error {
	var stop atomic.Bool
	defer stop.Store(true) // for calls left behind
	span := func(from, to int) error {
		return s.batch(fn, d.values[from:to], d.out[from:to], d.errs[from:to], stop.Load)
	}
	first := min(probe, len(d.values))
	begin := time.Now()
	if err := run(ctx, what, func() error { return span(0, first) }); err != nil {
		return err
	}
	rest := len(d.values) - first
	ways := 1
	if first > 0 && time.Since(begin)/time.Duration(first)*time.Duration(rest) > worthwhile {
		ways = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	next.Store(int64(first))
	faults := make([]error, ways)
	var wg sync.WaitGroup
	for w := range ways {
		wg.Go(func() {
			faults[w] = run(ctx, what, func() error {
				for {
					to := int(next.Add(batch))
					from := to - batch
					if from >= len(d.values) || stop.Load() {
						return nil
					}
					if err := span(from, min(to, len(d.values))); err != nil {
						return err
					}
				}
			})
			if faults[w] != nil {
				stop.Store(true)
			}
		})
	}
	wg.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// spread gives each row the result of its value.
func (d *distinct) spread() (out []any, errs []error) {
	out = make([]any, len(d.rows))
	for i, n := range d.rows {
		if n == missing {
			continue
		}
		out[i] = d.out[n]
		if d.errs[n] != nil {
			if errs == nil {
				errs = make([]error, len(d.rows))
			}
			errs[i] = d.errs[n]
		}
	}
	return out, errs
}
