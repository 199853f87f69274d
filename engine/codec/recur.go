package codec

import (
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// Recurrence says of the values of a class that stands for many how often they
// recur: Values[i] of them were each seen Times[i] times.
type Recurrence struct{ Times, Values []int32 }

// fitRecurrences learns how often the values of each catch-all class recur.
func (c *Classes) fitRecurrences(values []any) {
	catch := c.size() - c.missing()
	if catch <= 0 || c.Others != nil {
		return
	}
	counts := make([]map[string]int32, catch)
	for _, v := range values {
		s, ok := text(v)
		if !ok {
			continue
		}
		if k := c.class(v) - c.missing(); k >= 0 {
			if counts[k] == nil {
				counts[k] = map[string]int32{}
			}
			counts[k][s]++
		}
	}
	c.Recurs = make([]Recurrence, catch)
	for k, seen := range counts {
		times := map[int32]int32{}
		for _, n := range seen {
			times[n]++
		}
		r := &c.Recurs[k]
		for n := range times {
			r.Times = append(r.Times, n)
		}
		slices.Sort(r.Times)
		for _, n := range r.Times {
			r.Values = append(r.Values, times[n])
		}
	}
}

// Supply gives the values of classes that stand for many, each about as often
// as values of the class recur in the real trace. It is for one generation.
type Supply struct {
	urns map[urn][]any
	rand *rand.Rand
}

type urn struct {
	of    *Classes
	class int
}

// NewSupply returns a supply whose values are drawn with r.
func NewSupply(r *rand.Rand) *Supply { return &Supply{urns: map[urn][]any{}, rand: r} }

// next returns a value of a class that stands for many.
func (s *Supply) next(c *Classes, class int) any {
	u := urn{c, class}
	left := s.urns[u]
	if len(left) == 0 {
		how := c.Recurs[class-c.missing()]
		for i, n := range how.Times {
			for range how.Values[i] {
				left = append(left, slices.Repeat([]any{c.draw(class, s.rand)}, int(n))...)
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

// RecurRecords does so in a session's records.
func (c *Codec) RecurRecords(records []trace.Row, s *Supply) {
	for _, rec := range records {
		s.replace(c.Series, rec[1:])
	}
}

// replace reports whether it replaced any value of a row of fields.
func (s *Supply) replace(blocks []Block, row []any) (any bool) {
	for i := range blocks {
		for j := range blocks[i].Members {
			m := &blocks[i].Members[j]
			if m.Classes == nil || m.Field < 0 || len(m.Classes.Recurs) == 0 || row[m.Field] == nil {
				continue
			}
			if class := m.Classes.class(row[m.Field]); class >= m.Classes.missing() {
				row[m.Field] = s.next(m.Classes, class)
				any = true
			}
		}
	}
	return any
}
