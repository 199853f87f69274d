package codec

import (
	"math"
	"slices"

	"netshare/workspace/trace"
)

// same stands, among the values of a series field, for that of Member.Same, which
// is a metadata field (who is in charge of a case, and who does what is done) or
// the field's own first value in the session. A network has one class to learn
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

// is reports whether the field of a record has the value that it is likened to; a
// number is missing where that is.
func (m *Member) is(meta, rec trace.Row) bool {
	return m.Same > 0 && rec[m.Field+1] == meta[m.Same-1] && (m.Number != nil || meta[m.Same-1] != nil)
}

// liken gives a member of the series a class of the session's value, and codes
// its column.
func (f *fitter) liken(m *Member, column []any) {
	if m.Same > f.c.Columns && m.Number != nil {
		m.Change = f.fitChange(m.Field)
	}
	at := 0
	for _, s := range f.sessions {
		for i := range s.Series {
			column[at] = m.coded(s, i)
			at++
		}
	}
	if m.Number != nil { // of what is left to code
		rest := slices.DeleteFunc(slices.Clone(column), func(v any) bool { return v == (same{}) })
		m.Number = fitNumber(m.Number.Type, trace.EncodeQuantile, rest, false, 0, 0)
		m.Number.Odd = append(m.Number.Odd, sameText)
	}
}

// coded is what is coded of the field in a session's record, of the session with
// its own values.
func (m *Member) coded(s trace.Session, i int) any {
	switch rec := s.Series[i]; {
	case m.Change != nil && i > 0 && rec[m.Field+1] != nil:
		return less(rec[m.Field+1], s.Series[i-1][m.Field+1])
	case m.is(s.Meta, rec):
		return same{}
	default:
		return rec[m.Field+1]
	}
}

const (
	firstLeast = .8 // share of later records that have the first one's value
	firstGain  = .3 // of it beyond that of independent records
)

// fitFirsts finds the numbers of the series that mostly stay what they are in a
// session's first record, or count on from there: what an end of a connection is
// set to, sequence numbers. The sessions get their first values beside their
// metadata. Categories are left to the networks, which learn them as well: with
// those of a DNS log among the metadata, pairs of columns lost two points.
func (f *fitter) fitFirsts(recipe *trace.Recipe) {
	for i, field := range recipe.Series {
		switch field.Kind {
		case trace.KindInteger, trace.KindReal, trace.KindTimestamp:
		default:
			continue
		}
		if _, list := f.types[field.Name].Elem(); list || field.Encoding != trace.EncodeAuto && field.Encoding != trace.EncodeQuantile {
			continue // it is to be learnt as the recipe says
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
		if f.fitChange(i) != nil || equal >= sameSeen && equal >= firstLeast*later && equal/later-chance/records/records >= firstGain {
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

// Change is of a number that counts on from record to record: sequence numbers,
// ids, readings of a meter.
type Change struct{ Min, Max float64 } // of the number

const (
	changeSeen   = 10 // changes that tell of counting
	changeOneWay = .6 // least share of changes one way that have none the other way against them
	changeFar    = 20 // times as far as nine of ten changes numbers are from their median on the mean
)

// fitChange returns how a series field counts on, mostly one way and by little of
// what numbers there are; nil for one that does not, or is there in some of a
// session's records only.
func (f *fitter) fitChange(i int) *Change {
	var xs, changes []float64
	later, up := 0, 0
	for _, s := range f.sessions {
		for k, rec := range s.Series {
			x, ok := countable(rec[i+1])
			if ok != (s.Series[0][i+1] != nil) {
				return nil
			}
			if !ok {
				continue
			}
			xs = append(xs, x)
			if k == 0 {
				continue
			}
			later++
			if y, _ := countable(s.Series[k-1][i+1]); x != y {
				changes = append(changes, math.Abs(x-y))
				up += 2*boolInt(x > y) - 1
			}
		}
	}
	if later < sameSeen || len(changes) < changeSeen || math.Abs(float64(up)) < changeOneWay*float64(len(changes)) {
		return nil
	}
	slices.Sort(xs)
	slices.Sort(changes)
	middle, spread := xs[len(xs)/2], 0.
	for _, x := range xs {
		spread += math.Abs(x-middle) / float64(len(xs))
	}
	if spread < changeFar*changes[len(changes)*9/10] {
		return nil
	}
	return &Change{xs[0], xs[len(xs)-1]}
}

// countable returns a number that can be counted on.
func countable(v any) (float64, bool) {
	switch v.(type) {
	case int64, float64:
		return number(v)
	}
	return 0, false
}

// less is the difference of two numbers of one type; nil where there is none.
func less(a, b any) any {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return a - b
		}
	case float64:
		if b, ok := b.(float64); ok {
			return a - b
		}
	}
	return nil
}

// from is the number that follows another by a change, within the real ones; the
// other where there is no change, since such numbers don't come and go.
func (c *Change) from(before, by any) any {
	switch b := before.(type) {
	case int64:
		if by, ok := by.(int64); ok {
			return min(max(b+by, int64(c.Min)), int64(c.Max))
		}
	case float64:
		if by, ok := by.(float64); ok {
			x := min(max(b+by, c.Min), c.Max)
			if d := resolution([]any{b, by}); d < 1 { // the noise of binary fractions
				x = math.Round(x/d) / math.Round(1/d)
			}
			return x
		}
	}
	return before
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

// Own reports whether a metadata head is of a session's first time, or of a first
// value of its records.
func (c *Codec) Own(head int) bool {
	return slices.ContainsFunc(c.MetaPlaces(), func(p Place) bool {
		return p.From <= head && head < p.To && (p.Start(false) || p.Field >= c.Columns)
	})
}
