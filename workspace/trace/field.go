package trace

import (
	"fmt"
	"slices"
	"strings"
)

// Attributes declares a list of names, such as a packet's protocol layers, of
// which is learnt which are in it: those given, or the frequent ones of the
// trace. A synthetic list has its names in the order given, or in that which
// they mostly have. delimiter parts the names where the file has a list as
// text: "eth:ip:tcp". Names other than those given are left out of what is
// learnt.
func Attributes(name, delimiter string, names ...string) Field {
	return Field{Name: name, Kind: KindText, Encoding: EncodeAttributes, Delimiter: delimiter, Choices: names}
}

// Values declares a list of values, each of which is learnt as the field of
// elements that has its name: with assign, "type=1;ttl=300" has named ones;
// without, elements are told by their place. delimiter parts them where the
// file has a list as text.
func Values(name, delimiter, assign string, elements ...Field) Field {
	return Field{Name: name, Kind: KindText, Encoding: EncodeValues, Delimiter: delimiter, Assign: assign, Elements: elements}
}

// Embedded declares a column of words that are learnt as vectors of the given
// size, as NetShare's word2vec does; 0 is 10 numbers. Words of a record that are
// all learnt so give one another their meaning: ports of one protocol come to
// lie near one another. A word that few sessions have is made up, as in Text.
func Embedded(name string, size int) Field {
	return Field{Name: name, Kind: KindText}.Embed(size)
}

// Embed has a field learnt as vectors of the given size; see Embedded.
func (f Field) Embed(size int) Field { f.Encoding, f.Vector = EncodeEmbedding, size; return f }

// Pretrained takes the vectors of a field's words from a file in word2vec's text
// format, relative to where the program runs. Words that it lacks are learnt
// beside those.
func (f Field) Pretrained(path string) Field { f.VectorFile = path; return f }

// NA names words of the file that stand for a missing value, "-" for instance.
// Where a missing value is kept, a CSV has the first of them for it.
func (f Field) NA(words ...string) Field { f.Absent = words; return f }

// RejectMissing makes records without a value rejects.
func (f Field) RejectMissing() Field { f.Missing = MissingRejected; return f }

// FillMissing puts a value where one is missing.
func (f Field) FillMissing(value any) Field {
	f.Missing, f.Fill = MissingFilled, fmt.Sprint(value)
	return f
}

// Mend puts 0 where a number is negative, missing or none, and "unavailable"
// where anything else is missing or empty; see Field.Abnormal.
func (f Field) Mend() Field { f.Abnormal = true; return f }

// Clamp bounds a number: values outside become the nearer bound, and none
// outside is generated.
func (f Field) Clamp(lo, hi float64) Field {
	f = f.Range(lo, hi)
	f.Clamped = true
	return f
}

// Public declares that a column's values name nobody and may be repeated
// however rare they are: names of services, paths of a published program. Text
// and addresses that are not public are made up where few sessions have them,
// looked for in what is published, and attacked by an audit.
func (f Field) Public() Field { f.IsPublic = true; return f }

// Of reads the field from a column of the file that has another name.
func (f Field) Of(column string) Field { f.Column = column; return f }

// InBits has whole numbers learnt bit by bit, as so many.
func (f Field) InBits(n int) Field { f.Encoding, f.Bits = EncodeBits, n; return f }

// Separated says what parts the values in a column whose cells hold several;
// see Sequence.
func (f Field) Separated(delimiter string) Field { f.Delimiter = delimiter; return f }

// InFile is the name of the field's column in the file.
func (f Field) InFile() string {
	if f.Column != "" {
		return f.Column
	}
	return f.Name
}

// Derive computes the column from others of the record; see Field.DeriveFunc.
// The function is called once for each combination of their values.
func (f Field) Derive(fn any, from ...string) Field {
	f.DeriveFunc, f.From = fn, from
	return f
}

// Numeric reports whether the field's values are numbers to the model.
func (f Field) Numeric() bool {
	return f.Kind == KindInteger || f.Kind == KindReal || f.Kind == KindTimestamp
}

// validate reports what is wrong with one field.
func (f Field) validate() (errs []error) {
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("field %q: "+format, append([]any{f.Name}, args...)...))
	}
	if (f.Forward == nil) != (f.Inverse == nil) {
		fault("a transform needs both its forward and its inverse function")
	}
	if f.Forward != nil && !f.Numeric() {
		fault("a transform needs a number, not a %s", f.Kind)
	}
	if f.Bounded && !(f.Min <= f.Max) {
		fault("range %v to %v is empty", f.Min, f.Max)
	}
	if f.DeriveFunc != nil {
		if len(f.From) == 0 {
			fault("it is computed from nothing: name the columns that Derive looks at")
		}
		if f.ParseFunc != nil {
			fault("it is computed and parsed: what Derive gives needs no Parse")
		}
	}
	if f.Missing != MissingKept && f.Missing != MissingRejected && f.Missing != MissingFilled {
		fault("unknown rule for missing values %q", f.Missing)
	}
	if f.Abnormal && f.Missing != MissingKept {
		fault("Mend and a rule for missing values exclude one another: choose one")
	}
	if f.Bits < 0 || f.Bits > 64 {
		fault("%d bits: want 1 to 64", f.Bits)
	}
	if f.Vector < 0 || f.Vector > mostVector {
		fault("a vector of %d numbers: want 1 to %d", f.Vector, mostVector)
	}
	if f.VectorFile != "" && f.Encoding != EncodeEmbedding {
		fault("it has a file of vectors and is not learnt as vectors: add Embed")
	}
	if s := f.encodingFault(); s != "" {
		fault("%s", s)
	}
	names := map[string]bool{}
	for _, e := range f.Elements {
		if e.Name == "" {
			fault("an element has no name")
		}
		if names[e.Name] {
			fault("element %q is declared twice", e.Name)
		}
		names[e.Name] = true
		if e.ParseFunc != nil || e.FormatFunc != nil || e.Forward != nil || e.DeriveFunc != nil || len(e.Elements) > 0 {
			fault("element %q has functions or elements: elements are of the plain kinds", e.Name)
		}
		if s := e.encodingFault(); s != "" {
			fault("element %q: %s", e.Name, s)
		}
	}
	return errs
}

// mostVector is the largest vector of a word: those of files have 300 numbers.
const mostVector = 512

// encodingFault says why a field can't have its encoding, "" where it can.
func (f Field) encodingFault() string {
	switch f.Encoding {
	case EncodeMinMax, EncodeSymmetric, EncodeLog, EncodeQuantile:
		if !f.Numeric() && f.Kind != KindPort {
			return fmt.Sprintf("encoding %s needs a number, not a %s", f.Encoding, f.Kind)
		}
	case EncodeEmbedding:
		if f.Kind == KindReal || f.Kind == KindTimestamp {
			return fmt.Sprintf("encoding %s is for names, and numbers that are names, not for a %s", f.Encoding, f.Kind)
		}
	case EncodeValues:
		if len(f.Elements) == 0 {
			return "a list of values needs its elements: declare each with its name and kind"
		}
	case EncodeAttributes:
		if len(f.Elements) > 0 {
			return "a list of attributes has names and no elements: use Values"
		}
	}
	if (f.Encoding == EncodeValues || f.Encoding == EncodeAttributes) && f.Kind != KindText {
		return fmt.Sprintf("encoding %s is for lists, which are of kind text, not %s", f.Encoding, f.Kind)
	}
	if slices.Contains(Encodings(), f.Encoding) {
		return ""
	}
	var known []string
	for _, e := range Encodings()[1:] {
		known = append(known, string(e))
	}
	return fmt.Sprintf("unknown encoding %q: choose one of %s", f.Encoding, strings.Join(known, ", "))
}
