package scripting

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"netshare/workspace/trace"
)

// value is what parse, format and derive functions give, and the first two
// take.
type value interface {
	string | int64 | float64 | bool | time.Time
}

// argument is what a function of one argument takes.
type argument interface{ value | trace.Record }

// transform is a field's Forward or Inverse function.
type transform = func([]float64) []float64

// shape is one of the signatures that parse, format and derive functions may
// have.
type shape struct {
	fn      reflect.Type
	in, out trace.Type
	fails   bool // has an error result

	// call calls a function of type fn with a value that is made fit first.
	call func(fn, in any) (any, error)
}

// shapes are the signatures allowed of parse and format functions: each type
// in, each type out, with an error and without.
var shapes = slices.Concat(shapesOf[string](), shapesOf[int64](), shapesOf[float64](), shapesOf[bool](), shapesOf[time.Time]())

// deriveShapes are those of functions that look at several columns.
var deriveShapes = shapesOf[trace.Record]()

func shapesOf[In argument]() []shape {
	return []shape{
		failing[In, string](), failing[In, int64](), failing[In, float64](), failing[In, bool](), failing[In, time.Time](),
		plain[In, string](), plain[In, int64](), plain[In, float64](), plain[In, bool](), plain[In, time.Time](),
	}
}

// failing is the shape of func(In) (Out, error).
func failing[In argument, Out value]() shape {
	type function = func(In) (Out, error)
	return shape{
		fn: reflect.TypeFor[function](), in: typeOf[In](), out: typeOf[Out](), fails: true,
		call: func(fn, in any) (any, error) {
			v, err := coerce[In](in)
			if err != nil {
				return nil, err
			}
			out, err := fn.(function)(v)
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// plain is the shape of func(In) Out.
func plain[In argument, Out value]() shape {
	type function = func(In) Out
	return shape{
		fn: reflect.TypeFor[function](), in: typeOf[In](), out: typeOf[Out](),
		call: func(fn, in any) (any, error) {
			v, err := coerce[In](in)
			if err != nil {
				return nil, err
			}
			return fn.(function)(v), nil
		},
	}
}

// bound is a function of a recipe that runs in a pool's interpreters.
type bound struct {
	shape shape
	pool  *pool
	what  string // in messages
	at    place
	pick  func(*worker) any // the function, in a worker
}

// batch calls a function of the shape, or a bound one, on values, until stop
// says so. What the function refuses is in errs; the error is a fault of the
// recipe.
func (s shape) batch(fn any, values, out []any, errs []error, stop func() bool) error {
	each := func(fn any, beat func()) {
		for i, v := range values {
			if stop() {
				return
			}
			out[i], errs[i] = s.call(fn, v)
			beat()
		}
	}
	b, ok := fn.(*bound)
	if !ok {
		each(fn, func() {})
		return nil
	}
	return b.pool.call(b.pool.limits.call, b.what, b.at, func(w *worker) { each(b.pick(w), w.watch.beat) })
}

// guardTransform makes a transform that runs in the pool's interpreters, and
// panics with a fault.
func (p *pool) guardTransform(field, role string, pick func(*worker) transform) transform {
	at := p.prog.functionPlace(field, role)
	name := map[string]string{roleForward: "forward", roleInverse: "inverse"}[role]
	what := fmt.Sprintf("field %q: %s transform", field, name)
	return func(in []float64) (out []float64) {
		before := slices.Clone(in) // which the transform may change
		limit := p.limits.call + time.Duration(len(in))*p.limits.value
		if fault := p.call(limit, what, at, func(w *worker) { out = pick(w)(in) }); fault != nil {
			panic(fault)
		}
		if s := madeInfinite(before, out); s != "" && role == roleForward && !p.trying {
			panic(at.errorf("%s %s", what, s))
		}
		return out
	}
}

// shapeOf finds the signature of a function, and the function without a type
// name of its own.
func shapeOf(fn any) (shape, any, error) {
	return shapeAmong(shapes, fn, "want func(In) Out or func(In) (Out, error), with In and Out one of string, int64, float64, bool, time.Time")
}

// deriveShapeOf is shapeOf for a derive function.
func deriveShapeOf(fn any) (shape, any, error) {
	return shapeAmong(deriveShapes, fn, "want func(trace.Record) Out or func(trace.Record) (Out, error), with Out one of string, int64, float64, bool, time.Time")
}

func shapeAmong(shapes []shape, fn any, want string) (shape, any, error) {
	if b, ok := fn.(*bound); ok {
		return b.shape, b, nil
	}
	v := reflect.ValueOf(fn)
	if !v.IsValid() {
		return shape{}, nil, errors.New("is missing")
	}
	if v.Kind() != reflect.Func {
		return shape{}, nil, fmt.Errorf("is no function but of type %s: %s", v.Type(), want)
	}
	if v.IsNil() {
		return shape{}, nil, errors.New("is nil: name a function")
	}
	for _, s := range shapes {
		if v.Type() == s.fn {
			return s, fn, nil
		}
	}
	for _, s := range shapes {
		if v.CanConvert(s.fn) {
			return s, v.Convert(s.fn).Interface(), nil
		}
	}
	return shape{}, nil, fmt.Errorf("is of type %s: %s", v.Type(), want)
}

// typeOf names the column type that holds T.
func typeOf[T argument]() trace.Type {
	switch any(*new(T)).(type) {
	case int64:
		return trace.TypeInt
	case float64:
		return trace.TypeReal
	case bool:
		return trace.TypeBool
	case time.Time:
		return trace.TypeTime
	}
	return trace.TypeText
}

// coerce makes a value fit a function: text and numbers are turned into each
// other where nothing is lost.
func coerce[T argument](v any) (T, error) {
	if t, ok := v.(T); ok {
		return t, nil
	}
	var out T
	switch to := any(&out).(type) {
	case *string:
		*to = textOf(v)
		return out, nil
	case *int64:
		switch v := v.(type) {
		case float64:
			if v == math.Trunc(v) && math.Abs(v) < 1<<63 {
				*to = int64(v)
				return out, nil
			}
		case string:
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				*to = n
				return out, nil
			}
		}
		return out, fmt.Errorf("want an integer, got %q", textOf(v))
	case *float64:
		switch v := v.(type) {
		case int64:
			*to = float64(v)
			return out, nil
		case string:
			if x, err := strconv.ParseFloat(v, 64); err == nil {
				*to = x
				return out, nil
			}
		}
		return out, fmt.Errorf("want a number, got %q", textOf(v))
	case *bool:
		if s, ok := v.(string); ok {
			if b, err := strconv.ParseBool(s); err == nil {
				*to = b
				return out, nil
			}
		}
		return out, fmt.Errorf("want true or false, got %q", textOf(v))
	case *time.Time:
		if s, ok := v.(string); ok {
			if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
				*to = t
				return out, nil
			}
		}
		return out, fmt.Errorf("want a time, got %q", textOf(v))
	}
	return out, fmt.Errorf("can't use %q", textOf(v))
}

// textOf is a value's text, the shortest that reads back as the same.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// checkKind refuses a parse or derive function whose result can't be the
// field's value.
func checkKind(f trace.Field, what string, s shape) error {
	fits := map[trace.Kind][]trace.Type{
		trace.KindInteger: {trace.TypeInt},
		trace.KindReal:    {trace.TypeReal, trace.TypeInt},
		trace.KindBoolean: {trace.TypeBool},
		trace.KindAddress: {trace.TypeText},
		trace.KindText:    {trace.TypeText},
		trace.KindPort:    {trace.TypeInt, trace.TypeText},

		trace.KindTimestamp: {trace.TypeTime, trace.TypeInt, trace.TypeReal},
	}[f.Kind]
	for _, t := range fits {
		if t == s.out {
			return nil
		}
	}
	if fits == nil {
		return nil
	}
	return fmt.Errorf("field %q: %s function gives %s, which no %s is: want %s", f.Name, what, goType(s.out), f.Kind, goType(fits[0]))
}

// checkFormat refuses a format function that isn't its parse function's way
// back.
func checkFormat(f trace.Field) error {
	s, _, err := shapeOf(f.FormatFunc)
	if err != nil {
		return fmt.Errorf("field %q: format function %w", f.Name, err)
	}
	if s.fails {
		return fmt.Errorf("field %q: format function is of type %s: it can't refuse a value: want func(%s) %s", f.Name, s.fn, goType(s.in), goType(s.out))
	}
	if f.ParseFunc == nil {
		return nil
	}
	p, _, err := shapeOf(f.ParseFunc)
	if err != nil {
		return nil // told elsewhere
	}
	if s.in != p.out || s.out != p.in {
		return fmt.Errorf("field %q: format function is of type %s, but its parse function turns %s into %s: want func(%s) %s",
			f.Name, s.fn, goType(p.in), goType(p.out), goType(p.out), goType(p.in))
	}
	return nil
}

func goType(t trace.Type) string {
	return map[trace.Type]string{
		trace.TypeText: "string", trace.TypeInt: "int64", trace.TypeReal: "float64", trace.TypeBool: "bool",
		trace.TypeTime: "time.Time",
	}[t]
}
