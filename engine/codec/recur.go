package codec

import (
	"maps"
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
				f.fitCompany(&m)
			}
		}
	}
	for _, b := range f.c.Series {
		for _, m := range b.Members {
			if t := newTally(&m); t != nil {
				for _, s := range f.sessions {
					t.last = ""
					for _, rec := range s.Series {
						if m.is(s.Meta, rec) {
							t.last = ""
							continue
						}
						t.add(rec[m.Field+1])
					}
				}
				m.Classes.Recurs = t.recurrences()
			}
		}
	}
}

// fitCompany learns which other metadata field is most often the same in
// sessions of the same rare value, and how often more than by chance.
func (f *fitter) fitCompany(m *Member) {
	last := map[string]trace.Row{}
	same := make([]float64, f.c.Columns)
	shares := make([]map[string]float64, f.c.Columns)
	for g := range shares {
		shares[g] = map[string]float64{}
	}
	var pairs, all float64
	for _, s := range f.sessions {
		v, ok := text(s.Meta[m.Field])
		if !ok || m.Classes.class(s.Meta[m.Field]) < len(m.Classes.Kept) {
			continue
		}
		before := last[v]
		last[v] = s.Meta
		all++
		if before != nil {
			pairs++
		}
		for g := range same {
			w, _ := text(s.Meta[g])
			shares[g][w]++
			if before != nil {
				if x, _ := text(before[g]); x == w {
					same[g]++
				}
			}
		}
	}
	if pairs < fewestPairs {
		return
	}
	most := 0.
	for g := range same {
		if g == m.Field {
			continue
		}
		chance := 0.
		for _, n := range shares[g] {
			chance += n / all * n / all
		}
		share := same[g] / pairs
		if gain := share - chance; gain > most && chance < 1 {
			most = gain
			m.Classes.Beside, m.Classes.Together = g, gain/(1-chance)
		}
	}
}

// fewestPairs of sessions of the same rare value say what else they share.
const fewestPairs = 20

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
