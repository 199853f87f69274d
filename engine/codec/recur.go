package codec

import (
	"maps"
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// Recurrence says of the values of a class that stands for many how often they
// recur: Values[i] of them were each seen Times[i] times.
type Recurrence struct {
	Times, Values []int32
	// Held is how often the value of a record is that of the record before,
	// where both are of the class.
	Held float64
}

// fitRecurrences learns how often the values of classes that stand for many
// recur, in the sessions and, not counting records that repeat the one before,
// in their records.
func (f *fitter) fitRecurrences() {
	for _, b := range f.c.Meta {
		for _, m := range b.Members {
			if t := newTally(&m); t != nil {
				for _, s := range f.sessions {
					t.last = ""
					t.add(s.Meta[m.Field])
				}
				m.Classes.Recurs = t.recurrences()
			}
		}
	}
	for _, b := range f.c.Series {
		for _, m := range b.Members {
			if t := newTally(&m); t != nil {
				for _, s := range f.sessions {
					t.last = ""
					for _, rec := range s.Series {
						t.add(rec[m.Field+1])
					}
				}
				m.Classes.Recurs = t.recurrences()
			}
		}
	}
}

// tally counts the values of a field's classes that stand for many.
type tally struct {
	of   *Classes
	seen []map[string]int32

	last       string // value before, "" for none
	lastClass  int
	held, next []int // values that are the one before, and all after one of the class
}

func newTally(m *Member) *tally {
	if m.Field < 0 || m.Classes == nil || m.Classes.Others != nil {
		return nil
	}
	n := m.Classes.size() - m.Classes.missing()
	if n <= 0 {
		return nil
	}
	t := &tally{of: m.Classes, held: make([]int, n), next: make([]int, n), lastClass: -1}
	for range n {
		t.seen = append(t.seen, map[string]int32{})
	}
	return t
}

func (t *tally) add(v any) {
	s, ok := text(v)
	class := -1
	if ok {
		class = t.of.class(v) - t.of.missing()
	}
	if class >= 0 && t.last != "" && class == t.lastClass {
		t.next[class]++
		if s == t.last {
			t.held[class]++
			return
		}
	}
	if class >= 0 {
		t.seen[class][s]++
	}
	t.last, t.lastClass = s, class
}

func (t *tally) recurrences() []Recurrence {
	out := make([]Recurrence, len(t.seen))
	for k, seen := range t.seen {
		r := &out[k]
		times := map[int32]int32{}
		for _, n := range seen {
			times[n]++
		}
		r.Times = slices.Sorted(maps.Keys(times))
		for _, n := range r.Times {
			r.Values = append(r.Values, times[n])
		}
		r.Held = float64(t.held[k]) / float64(max(1, t.next[k]))
	}
	return out
}

// Supply gives the values of classes that stand for many, each about as often
// as values of the class recur in the real trace. It is for one generation.
type Supply struct {
	urns map[urn][]any
	seen map[drawn]bool
	rand *rand.Rand
}

type drawn struct {
	of    *Classes
	value string
}

type urn struct {
	of    *Classes
	class int
}

// NewSupply returns a supply whose values are drawn with r.
func NewSupply(r *rand.Rand) *Supply {
	return &Supply{urns: map[urn][]any{}, seen: map[drawn]bool{}, rand: r}
}

// next returns a value of a class that stands for many.
func (s *Supply) next(c *Classes, class int) any {
	u := urn{c, class}
	left := s.urns[u]
	if len(left) == 0 {
		how := c.Recurs[class-c.missing()]
		for i, n := range how.Times {
			for range how.Values[i] {
				left = append(left, slices.Repeat([]any{s.fresh(c, class)}, int(n))...)
			}
		}
		if len(left) == 0 {
			left = []any{c.draw(class, s.rand)}
		}
		s.rand.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
	}
	s.urns[u] = left[:len(left)-1]
	return left[len(left)-1]
}

// fresh draws a value that is not of another class by chance, nor drawn before,
// where there is room.
func (s *Supply) fresh(c *Classes, class int) (v any) {
	for range 20 {
		v = c.draw(class, s.rand)
		as, _ := text(v)
		if k := (drawn{c, as}); !s.seen[k] && c.class(v) == class {
			s.seen[k] = true
			break
		}
	}
	return v
}

// Recur replaces, in a generated session's metadata, each value of a class that
// stands for many by one that recurs as such values do. accept is asked before
// the row is changed; of a row that it refuses a few times nothing changes.
func (c *Codec) Recur(meta trace.Row, s *Supply, accept func(trace.Row) bool) {
	for range 4 {
		again := slices.Clone(meta)
		if !s.replace(c.Meta, again) {
			return
		}
		if accept(again) {
			copy(meta, again)
			return
		}
	}
}

// RecurRecords does so in a session's records, where a value may also stay from
// record to record.
func (c *Codec) RecurRecords(records []trace.Row, s *Supply) {
	for _, b := range c.Series {
		for _, m := range b.Members {
			last := -1
			for i, rec := range records {
				class := m.standsForMany(rec[1:])
				switch {
				case class < 0:
				case class == last && s.rand.Float64() < m.Classes.Recurs[class-m.Classes.missing()].Held:
					rec[m.Field+1] = records[i-1][m.Field+1]
				default:
					rec[m.Field+1] = s.next(m.Classes, class)
				}
				last = class
			}
		}
	}
}

// replace reports whether it replaced any value of a row of fields.
func (s *Supply) replace(blocks []Block, row []any) (any bool) {
	for _, b := range blocks {
		for _, m := range b.Members {
			if class := m.standsForMany(row); class >= 0 {
				row[m.Field] = s.next(m.Classes, class)
				any = true
			}
		}
	}
	return any
}

// standsForMany returns the class of the field's value in a row of fields if it
// is one that stands for many, otherwise -1.
func (m *Member) standsForMany(row []any) int {
	if m.Field < 0 || m.Classes == nil || len(m.Classes.Recurs) == 0 || row[m.Field] == nil {
		return -1
	}
	if class := m.Classes.class(row[m.Field]); class >= m.Classes.missing() {
		return class
	}
	return -1
}
