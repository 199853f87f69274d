package codec

import (
	"slices"

	"netshare/workspace/trace"
)

// same stands, among the values of a series field, for that of the session's
// metadata field Member.Same: who is in charge of a case and who does what is
// done, a client and the name that it gives. A network has one class to learn
// for it, where it would have to learn each value's by each.
type same struct{}

// sameText is the class of same among Classes.Kept.
const sameText = "\x00same"

const (
	sameLeast = .05 // share of records beyond that of independent columns that makes a class of it
	sameSeen  = 100 // such records
)

// fitSame returns the metadata field whose value a series field most often has,
// more often than by chance, as its position and one; 0 for none.
func (f *fitter) fitSame(recipe *trace.Recipe, i int) int {
	of := recipe.Series[i]
	if !f.likened(of) {
		return 0
	}
	best, field := sameLeast, 0
	for j, other := range recipe.Metadata {
		if other.Kind != of.Kind || f.types[other.Name] != f.types[of.Name] || !f.likened(other) {
			continue
		}
		equal, records := 0., 0.
		own, others := map[any]float64{}, map[any]float64{}
		for _, s := range f.sessions {
			for _, rec := range s.Series {
				records++
				own[rec[i+1]]++
				others[s.Meta[j]]++
				if v := s.Meta[j]; v != nil && rec[i+1] == v {
					equal++
				}
			}
		}
		chance := 0.
		for v, n := range own {
			if v != nil {
				chance += n * others[v] // whole numbers: in any order the same
			}
		}
		if gain := equal/records - chance/records/records; equal >= sameSeen && gain > best {
			best, field = gain, j+1
		}
	}
	return field
}

// likened reports whether a field's values are names of something.
func (f *fitter) likened(field trace.Field) bool {
	switch field.Kind {
	case trace.KindText, trace.KindAddress, trace.KindCategory:
	default:
		return false
	}
	_, list := f.types[field.Name].Elem()
	return !list && slices.Contains([]trace.Encoding{trace.EncodeAuto, trace.EncodeCategory, trace.EncodeVocabulary}, field.Encoding)
}

// is reports whether the field of a record has the value that it is likened to.
func (m *Member) is(meta, rec trace.Row) bool {
	return m.Same > 0 && meta[m.Same-1] != nil && rec[m.Field+1] == meta[m.Same-1]
}

// liken puts same in place of the values of a series column, record by record,
// that are those of the session.
func (f *fitter) liken(m Member, column []any) {
	at := 0
	for _, s := range f.sessions {
		for _, rec := range s.Series {
			if m.is(s.Meta, rec) {
				column[at] = same{}
			}
			at++
		}
	}
}
