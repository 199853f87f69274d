package trace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Encoding is how a field is turned into what the model learns. The empty
// encoding is chosen from the field's kind and data.
type Encoding string

// The encodings. Bit, categorical, log1p and min-max are NetShare's; package
// engine/codec says what the others do.
const (
	EncodeAuto       Encoding = ""
	EncodeBits       Encoding = "bit"         // one two-way category per bit
	EncodeCategory   Encoding = "categorical" // one-hot over the values seen
	EncodeMinMax     Encoding = "minmax"      // a number scaled to [0, 1]
	EncodeLog        Encoding = "log1p"       // log(1+x), then min-max
	EncodeQuantile   Encoding = "quantile"    // rank in the training data, frequent values as categories
	EncodeVocabulary Encoding = "vocabulary"  // frequent values as categories, the others by a template
)

// Field is one declared column of a recipe. Make it with IP, Port, Category
// and their like, then refine it with its methods; each returns the refined
// copy, so that a declaration reads as one expression.
type Field struct {
	Name     string   // the column
	Kind     Kind     // what it means
	Encoding Encoding // how it is learnt
	Unit     Unit     // of a numeric time
	Layout   string   // of a textual time, as package time writes layouts; "" where the reader recognises it
	Choices  []string // the only values allowed, in order; nil for whatever is seen

	// Min and Max bound a number, where Bounded.
	Bounded  bool
	Min, Max Bound

	// ParseFunc turns a value of the file (string, or the column's own type)
	// into the value that is loaded. It is a func(In) (Out, error) or a
	// func(In) Out with In one of string, int64, float64, bool and Out one of
	// string, int64, float64, bool. An error makes the record a reject.
	ParseFunc any `json:"-"`
	// FormatFunc is ParseFunc's way back, applied on export: func(Out) In.
	FormatFunc any `json:"-"`
	// Forward and Inverse transform numbers before they are encoded and after
	// they are decoded. Each is called on slices of a column, of any length, and
	// returns as many numbers.
	Forward, Inverse func([]float64) []float64 `json:"-"`
}

// Bound is a bound of a number, which may be infinite; as JSON it is a text.
type Bound float64

// MarshalText implements encoding.TextMarshaler.
func (b Bound) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(b), 'g', -1, 64), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bound) UnmarshalText(text []byte) error {
	x, err := strconv.ParseFloat(string(text), 64)
	*b = Bound(x)
	return err
}

// IP declares a column of IPv4 or IPv6 addresses.
func IP(name string) Field { return Field{Name: name, Kind: KindAddress} }

// Port declares a column of transport ports.
func Port(name string) Field { return Field{Name: name, Kind: KindPort} }

// Protocol declares a column of IP protocols, by name or number.
func Protocol(name string) Field { return Field{Name: name, Kind: KindProtocol} }

// Category declares a column of few values, the only ones allowed if choices
// are given.
func Category(name string, choices ...string) Field {
	return Field{Name: name, Kind: KindCategory, Choices: choices}
}

// Integer declares a column of whole numbers.
func Integer(name string) Field { return Field{Name: name, Kind: KindInteger} }

// Real declares a column of numbers.
func Real(name string) Field { return Field{Name: name, Kind: KindReal} }

// Boolean declares a column of true and false.
func Boolean(name string) Field { return Field{Name: name, Kind: KindBoolean} }

// Text declares a column of free text.
func Text(name string) Field { return Field{Name: name, Kind: KindText} }

// Epoch declares a time held as a number of units.
func Epoch(name string, unit Unit) Field {
	return Field{Name: name, Kind: KindTimestamp, Unit: unit}
}

// Timestamp declares a time held as text in the given layout of package time,
// or as the format's own timestamps where layout is empty.
func Timestamp(name, layout string) Field {
	return Field{Name: name, Kind: KindTimestamp, Layout: layout}
}

// Parse sets the function that turns a value of the file into the value that
// is loaded; see Field.ParseFunc.
func (f Field) Parse(fn any) Field { f.ParseFunc = fn; return f }

// Format sets the function that turns a loaded value back into the file's.
func (f Field) Format(fn any) Field { f.FormatFunc = fn; return f }

// Transform sets the functions applied to the whole numeric column before it
// is encoded and after it is decoded; inverse must undo forward.
func (f Field) Transform(forward, inverse func([]float64) []float64) Field {
	f.Forward, f.Inverse = forward, inverse
	return f
}

// Range bounds a number: values outside are rejected at load and never
// generated.
func (f Field) Range(lo, hi float64) Field {
	f.Bounded, f.Min, f.Max = true, Bound(lo), Bound(hi)
	return f
}

// Encode sets how the field is learnt.
func (f Field) Encode(e Encoding) Field { f.Encoding = e; return f }

// Recipe declares what of a trace is learnt, and how. The zero value learns
// nothing; Validate says what is missing.
type Recipe struct {
	Name     string  // of the trace; a table's name where none is given
	Time     Field   // orders the records; the zero Field where the trace has no time
	Metadata []Field // constant within a session
	Series   []Field // varies from record to record

	// Key names the metadata fields that tell sessions apart; nil for all of
	// them. With an empty key that is not nil, each record is a session of its
	// own, and all fields are metadata.
	Key []string
}

// KeyNames returns the names of the fields that tell sessions apart.
func (r *Recipe) KeyNames() []string {
	if r.Key != nil {
		return r.Key
	}
	names := make([]string, len(r.Metadata))
	for i, f := range r.Metadata {
		names[i] = f.Name
	}
	return names
}

// HasTime reports whether the trace has a time column.
func (r *Recipe) HasTime() bool { return r.Time.Name != "" }

// Fields returns all fields: time, if any, then metadata, then series.
func (r *Recipe) Fields() []Field {
	var fs []Field
	if r.HasTime() {
		fs = append(fs, r.Time)
	}
	return append(append(fs, r.Metadata...), r.Series...)
}

// Validate reports all that is wrong with the declaration, joined.
func (r *Recipe) Validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(r.Metadata)+len(r.Series) == 0 {
		fault("recipe %q declares no metadata and no series field: name at least one column", r.Name)
	}
	if r.HasTime() && r.Time.Kind != KindTimestamp {
		fault("field %q: the time field is of kind %s: declare it with Epoch or Timestamp", r.Time.Name, r.Time.Kind)
	}
	seen := map[string]bool{}
	for _, f := range r.Fields() {
		switch {
		case strings.TrimSpace(f.Name) == "":
			fault("a field of kind %s has no name", f.Kind)
		case seen[f.Name]:
			fault("field %q is declared twice", f.Name)
		}
		seen[f.Name] = true
		if (f.Forward == nil) != (f.Inverse == nil) {
			fault("field %q: a transform needs both its forward and its inverse function", f.Name)
		}
		if f.Bounded && f.Min > f.Max {
			fault("field %q: range %v to %v is empty", f.Name, f.Min, f.Max)
		}
		numeric := f.Kind == KindInteger || f.Kind == KindReal || f.Kind == KindTimestamp
		if f.Forward != nil && !numeric {
			fault("field %q: a transform needs a number, not a %s", f.Name, f.Kind)
		}
	}
	if r.Key != nil && len(r.Key) == 0 && len(r.Series) > 0 {
		fault("recipe %q has an empty key and series fields: without a key all fields are metadata", r.Name)
	}
	meta := map[string]bool{}
	for _, f := range r.Metadata {
		meta[f.Name] = true
	}
	for _, k := range r.Key {
		if !meta[k] {
			fault("session key %q is not a metadata field", k)
		}
	}
	return errors.Join(errs...)
}
