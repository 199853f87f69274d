package trace

import (
	"fmt"
	"slices"
)

// Sequence is a series that stands in one record of the file: in several
// columns, a value of each event in each, or in one column of lists, whose
// elements are the events'. The columns are metadata fields of the recipe, all
// of the kind and encoding of the first, and come out as such. A sequence ends
// with its last value that is not missing. Sequences of a recipe go together:
// their first values make the first event, and so on.
type Sequence struct {
	Name    string
	Columns []string
}

// validateSequences checks what the recipe says of sequences.
func (r *Recipe) validateSequences() (errs []error) {
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(r.Sequences) == 0 {
		return nil
	}
	if r.Key == nil || len(r.Key) > 0 {
		fault("a record that holds a sequence is a session of its own: Key must be empty, []string{}")
	}
	taken := map[string]bool{}
	for _, s := range r.Sequences {
		if len(s.Columns) == 0 {
			fault("sequence %q has no columns", s.Name)
		}
		if len(s.Columns) != len(r.Sequences[0].Columns) {
			fault("sequence %q has %d columns, and %q %d: an event has a value of each", s.Name, len(s.Columns), r.Sequences[0].Name, len(r.Sequences[0].Columns))
		}
		for _, c := range s.Columns {
			if !slices.ContainsFunc(r.Metadata, func(f Field) bool { return f.Name == c }) {
				fault("column %q of sequence %q is no metadata field", c, s.Name)
			}
			if taken[c] {
				fault("column %q is in sequences twice", c)
			}
			taken[c] = true
		}
	}
	return errs
}
