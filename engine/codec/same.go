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
	if k := slices.Index(f.c.Firsts, i); k >= 0 {
		return len(recipe.Metadata) + k + 1
	}
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

// liken gives a member of the series a class of the session's value, and puts
// same in place of that in its column, record by record.
func (f *fitter) liken(m *Member, column []any) {
	if m.Number != nil {
		m.Number.Odd = append(m.Number.Odd, sameText)
	}
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

const (
	firstLeast = .5  // share of later records that have the first one's value
	firstGain  = .25 // of it beyond that of independent records
)

// fitFirsts finds the series fields that mostly stay what they are in a session's
// first record: what an end of a connection is set to, and where a case is
// handled. The sessions get their first values beside their metadata.
func (f *fitter) fitFirsts(recipe *trace.Recipe) {
	for i, field := range recipe.Series {
		_, list := f.types[field.Name].Elem()
		if list || field.Encoding == trace.EncodeBits || field.Encoding == trace.EncodeEmbedding || f.fitSame(recipe, i) > 0 {
			continue
		}
		equal, later, records := 0., 0., 0.
		counts := map[any]float64{}
		for _, s := range f.sessions {
			first := s.Series[0][i+1]
			for k, rec := range s.Series {
				records++
				counts[rec[i+1]]++
				if k > 0 && first != nil {
					later++
					equal += float64(boolInt(rec[i+1] == first))
				}
			}
		}
		chance := 0.
		for _, n := range counts { // whole numbers: in any order the same
			chance += n * n
		}
		if equal >= sameSeen && equal >= firstLeast*later && equal/later-chance/records/records >= firstGain {
			f.c.Firsts = append(f.c.Firsts, i)
		}
	}
	if len(f.c.Firsts) == 0 {
		return
	}
	f.sessions = slices.Clone(f.sessions)
	for i := range f.sessions {
		s := &f.sessions[i]
		s.Meta = f.c.own(s.Meta, s.Series)
	}
}

// own is a session's metadata with the first values that are coded with it.
func (c *Codec) own(meta trace.Row, records []trace.Row) trace.Row {
	meta = slices.Clip(meta)
	for _, i := range c.Firsts {
		meta = append(meta, records[0][i+1])
	}
	return meta
}

// ownFields are the fields of what own returns.
func (c *Codec) ownFields(r *trace.Recipe) []trace.Field {
	fields := slices.Clip(r.Metadata)
	for _, i := range c.Firsts {
		fields = append(fields, r.Series[i])
	}
	return fields
}
