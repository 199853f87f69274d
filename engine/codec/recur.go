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
	urns  map[urn][]any
	decks map[*Classes]map[int]*deck
	seen  map[drawn]bool
	rand  *rand.Rand
}

// deck has the rare values of a neighbourhood, those that have a class each and
// those of the class that stands for many, as often as in the real trace.
type deck struct {
	left map[int]int32 // of each class
	sum  int32
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
	return &Supply{urns: map[urn][]any{}, decks: map[*Classes]map[int]*deck{}, seen: map[drawn]bool{}, rand: r}
}

// level returns the class of a rare value: its own while the real trace has
// more of it, then another of its neighbourhood. Networks are slow to learn how
// often each of them occurs.
func (s *Supply) level(c *Classes, class int) int {
	if len(c.Times) == 0 || len(c.Recurs) == 0 {
		return class
	}
	of := c.neighbourhood(class)
	d := s.decks[c][of]
	if d == nil || d.sum == 0 {
		if d = c.deck(of); d.sum == 0 {
			return class
		}
		if s.decks[c] == nil {
			s.decks[c] = map[int]*deck{}
		}
		s.decks[c][of] = d
	}
	if d.left[class] == 0 {
		u := s.rand.Int32N(d.sum)
		for _, k := range slices.Sorted(maps.Keys(d.left)) {
			if u -= d.left[k]; u < 0 {
				class = k
				break
			}
		}
	}
	d.left[class]--
	d.sum--
	return class
}

// neighbourhood is the class that stands for many that a rare value's class is
// near, or itself; -1 for none.
func (c *Classes) neighbourhood(class int) int {
	if class >= c.missing() {
		return class
	}
	if i := within(c.Prefixes, c.Alias[class-len(c.Kept)]); i >= 0 {
		return c.missing() + i
	}
	if rest := c.size() - 1; rest >= c.missing() {
		return rest
	}
	return -1
}

func (c *Classes) deck(of int) *deck {
	d := &deck{left: map[int]int32{}}
	for i, n := range c.Times {
		if class := len(c.Kept) + i; c.neighbourhood(class) == of {
			d.left[class] = n
			d.sum += n
		}
	}
	if of >= c.missing() {
		r := &c.Recurs[of-c.missing()]
		for i, n := range r.Times {
			d.left[of] += n * r.Values[i]
		}
		d.sum += d.left[of]
	}
	return d
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
			is := m.rare(row)
			if is < 0 {
				continue
			}
			switch class := s.level(m.Classes, is); {
			case class >= m.Classes.missing():
				row[m.Field] = s.next(m.Classes, class)
				any = true
			case class != is:
				row[m.Field] = m.Classes.draw(class, s.rand)
				any = true
			}
		}
	}
	return any
}

// rare returns the class of the field's value in a row of fields if it is one
// that is not repeated from the real trace, otherwise -1.
func (m *Member) rare(row []any) int {
	if class := m.standsForMany(row); class >= 0 {
		return class
	}
	if m.Field < 0 || m.Classes == nil || len(m.Classes.Recurs) == 0 || row[m.Field] == nil {
		return -1
	}
	if class := m.Classes.class(row[m.Field]) - len(m.Classes.Kept); class >= 0 && class < len(m.Classes.Alias) {
		return class + len(m.Classes.Kept)
	}
	return -1
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
