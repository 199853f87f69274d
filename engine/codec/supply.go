package codec

import (
	"maps"
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// Supply gives rare values, each about as often as such values recur in the
// real trace. It is for one generation.
type Supply struct {
	decks  map[urn][]card // of each neighbourhood, what was not dealt yet
	urns   map[urn][]any
	levels map[urn]*level // of records
	seen   map[drawn]bool
	rand   *rand.Rand
}

// card is a rare value: that of a class, or a new one of a class that stands
// for many.
type card struct {
	class int
	value any
}

type drawn struct {
	of    *Classes
	value string
}

// urn is a class that stands for many, or the neighbourhood of one.
type urn struct {
	of    *Classes
	class int
}

// NewSupply returns a supply whose values are drawn with r.
func NewSupply(r *rand.Rand) *Supply {
	return &Supply{decks: map[urn][]card{}, urns: map[urn][]any{}, levels: map[urn]*level{}, seen: map[drawn]bool{}, rand: r}
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

// deal returns n rare values of a neighbourhood: of those that have a class
// each and of new ones, as many that occur once, twice and so on as there are
// in the real trace. What occurs more than once is dealt whole where there is
// room.
func (s *Supply) deal(c *Classes, of, n int) []card {
	u := urn{c, of}
	for len(s.decks[u]) < n {
		more := s.deck(c, of)
		if len(more) == 0 {
			return nil
		}
		s.decks[u] = append(s.decks[u], more...)
	}
	out := s.decks[u][:n:n]
	s.decks[u] = s.decks[u][n:]
	return out
}

// deck has the rare values of a neighbourhood as often as they are in the real
// trace, those of one value in a row.
func (s *Supply) deck(c *Classes, of int) (out []card) {
	var hands [][]card
	for i, n := range c.Times {
		if class := len(c.Kept) + i; c.neighbourhood(class) == of {
			hands = append(hands, slices.Repeat([]card{{class, c.draw(class, s.rand)}}, int(n)))
		}
	}
	if of >= c.missing() {
		how := c.Recurs[of-c.missing()]
		for i, n := range how.Times {
			for range how.Values[i] {
				hands = append(hands, slices.Repeat([]card{{of, s.fresh(c, of)}}, int(n)))
			}
		}
	}
	s.rand.Shuffle(len(hands), func(i, j int) { hands[i], hands[j] = hands[j], hands[i] })
	for _, h := range hands {
		out = append(out, h...)
	}
	return out
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

// refusals is how many values a session is offered in place of its own.
const refusals = 8

// Recur replaces, in generated sessions' metadata, the values that are not
// repeated from the real trace by such as recur as often as those do there.
// Networks are slow to learn how often each occurs. accept is asked before a
// row changes: one that refuses some values keeps its own.
func (c *Codec) Recur(metas []trace.Row, s *Supply, accept func(i int, meta trace.Row) bool) {
	for _, b := range c.Meta {
		for k := range b.Members {
			m := &b.Members[k]
			near := map[int][]int{} // rows of each neighbourhood
			for i, row := range metas {
				if class := m.rare(row); class >= 0 {
					of := m.Classes.neighbourhood(class)
					near[of] = append(near[of], i)
				}
			}
			for _, of := range slices.Sorted(maps.Keys(near)) {
				rows := near[of]
				s.rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
				s.give(m, metas, rows, s.deal(m.Classes, of, len(rows)), accept)
			}
		}
	}
}

// give gives each of some rows one of as many cards: the value of its class
// where there is one left, otherwise any that it accepts. Rows that get the same
// value have another field in common as often as in the real trace.
func (s *Supply) give(m *Member, metas []trace.Row, of []int, cards []card, accept func(int, trace.Row) bool) {
	if len(cards) < len(of) {
		return
	}
	left := map[int]int{} // cards of classes of one value each
	for _, k := range cards {
		left[k.class]++
	}
	kept, holder := map[int]int{}, map[int]int{} // by class: cards that rows had, and one of these
	rest := remaining{field: m.Classes.Beside, metas: metas, by: map[string][]int{}, gone: map[int]bool{}}
	for _, i := range of {
		if class := m.rare(metas[i]); class < m.Classes.missing() && left[class] > 0 {
			left[class]--
			kept[class]++
			holder[class] = i
		} else {
			rest.add(i)
		}
	}
	before := card{class: -1}
	last := -1 // row that got the card before
	for _, k := range cards {
		if kept[k.class]--; kept[k.class] >= 0 {
			continue
		}
		if i, ok := holder[k.class]; ok {
			last = i
		} else if k != before {
			last = -1
		}
		if s.rand.Float64() >= m.Classes.Together {
			last = -1
		}
		i := rest.next(last, func(i int) bool {
			again := slices.Clone(metas[i])
			again[m.Field] = k.value
			return accept(i, again)
		})
		if i >= 0 {
			metas[i][m.Field] = k.value
		}
		before, last = k, i
	}
}

// remaining is what is left of some rows.
type remaining struct {
	metas []trace.Row
	all   []int
	field int              // metadata field
	by    map[string][]int // rows by its value
	gone  map[int]bool
}

func (r *remaining) add(i int) {
	r.all = append(r.all, i)
	v, _ := text(r.metas[i][r.field])
	r.by[v] = append(r.by[v], i)
}

// next takes a row that f accepts, one that has the field's value of another row
// if that is not negative and there is one; -1 for none.
func (r *remaining) next(like int, f func(i int) bool) int {
	if like >= 0 {
		v, _ := text(r.metas[like][r.field])
		var i int
		if r.by[v], i = r.of(r.by[v], f); i >= 0 {
			return i
		}
	}
	var i int
	r.all, i = r.of(r.all, f)
	return i
}

// of takes one of a list's rows, and returns what is left of the list.
func (r *remaining) of(list []int, f func(i int) bool) ([]int, int) {
	for try := 0; try < refusals && len(list) > 0; {
		i := list[0]
		list = list[1:]
		switch {
		case r.gone[i]:
		case f(i):
			r.gone[i] = true
			return list, i
		default:
			list = append(list, i)
			try++
		}
	}
	return list, -1
}

// RecurRecords does so in a session's records, where a value may also stay from
// record to record, and is left where it is the session's own.
func (c *Codec) RecurRecords(meta trace.Row, records []trace.Row, s *Supply) {
	meta = c.own(meta, records)
	for _, b := range c.Series {
		for _, m := range b.Members {
			last := -1
			for i, rec := range records {
				is := m.rare(rec[1:])
				if m.is(meta, rec) {
					is = -1
				}
				many := is >= 0 && is >= m.Classes.missing()
				switch {
				case is < 0:
				case many && is == last && s.rand.Float64() < m.Classes.Recurs[is-m.Classes.missing()].Held:
					rec[m.Field+1] = records[i-1][m.Field+1]
				default:
					if class := s.level(m.Classes, is); class >= m.Classes.missing() {
						rec[m.Field+1] = s.next(m.Classes, class)
					} else if class != is {
						rec[m.Field+1] = m.Classes.draw(class, s.rand)
					}
				}
				last = is
			}
		}
	}
}

// level returns the class of a rare value: its own while the real trace has
// more of it, then another of its neighbourhood.
func (s *Supply) level(c *Classes, class int) int {
	if len(c.Times) == 0 {
		return class
	}
	u := urn{c, c.neighbourhood(class)}
	d := s.levels[u]
	if d == nil || d.sum == 0 {
		d = &level{left: map[int]int{}}
		for _, k := range s.deck(c, u.class) {
			d.left[k.class]++
			d.sum++
		}
		if d.sum == 0 {
			return class
		}
		s.levels[u] = d
	}
	if d.left[class] == 0 {
		n := s.rand.IntN(d.sum)
		for _, k := range slices.Sorted(maps.Keys(d.left)) {
			if n -= d.left[k]; n < 0 {
				class = k
				break
			}
		}
	}
	d.left[class]--
	d.sum--
	return class
}

// level is how many records are left of each class of a neighbourhood.
type level struct {
	left map[int]int
	sum  int
}

// rare returns the class of the field's value in a row of fields if it is one
// that is not repeated from the real trace, otherwise -1.
func (m *Member) rare(row []any) int {
	if m.Field < 0 || m.Classes == nil || len(m.Classes.Recurs) == 0 || row[m.Field] == nil {
		return -1
	}
	class, kept := m.Classes.class(row[m.Field]), len(m.Classes.Kept)
	if class >= m.Classes.missing() || class >= kept && class < kept+len(m.Classes.Alias) {
		return class
	}
	return -1
}
