package engine

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"netshare/engine/codec"
	"netshare/workspace/trace"
)

// times are when the records of the real trace are: which part of them has come
// by each of some times.
type times struct {
	Edges []float64 // ascending, ticks
	By    []float64 // shares of the records that are not after each
}

const (
	timeBins   = 128
	timeRounds = 4  // in which each session of several records is offered other starts
	timeOffers = 12 // of other sessions, in a round

	longestRetimed = 1000 // records of a session that is
)

// fitTimes learns when the records of sessions are; nothing without a clock.
func fitTimes(c *codec.Codec, sessions []trace.Session) (t times) {
	if c.Clock == nil {
		return t
	}
	var all []float64
	for _, s := range sessions {
		all = append(all, c.Clock.Times(s.Series)...)
	}
	slices.Sort(all)
	for k := 1; k < timeBins && len(all) > 0; k++ {
		at := all[k*len(all)/timeBins]
		if n := len(t.Edges); n == 0 || at > t.Edges[n-1] {
			upTo, _ := slices.BinarySearchFunc(all, at, func(x, at float64) int {
				if x <= at {
					return -1
				}
				return 1
			})
			t.Edges, t.By = append(t.Edges, at), append(t.By, float64(upTo)/float64(len(all)))
		}
	}
	return t
}

// retime exchanges the starts of sessions, of which one at least has several
// records, where records then come more as they do in the real trace. Starts
// alone say little of that where sessions are long.
func (t *times) retime(c *codec.Codec, cands []candidate, r *rand.Rand) {
	if len(t.Edges) == 0 {
		return
	}
	x := retiming{times: t, span: c.Span(), cands: cands, offsets: make([][]float64, len(cands)), change: make([]float64, len(t.Edges)+1)}
	var several []int
	for i := range cands {
		if n := cands[i].Records; n > 1 && n <= longestRetimed {
			x.offsets[i] = within(c.Offsets(cands[i].series, r), x.span)
			several = append(several, i)
		}
	}
	x.settle(several, r)
	slices.SortStableFunc(cands, func(a, b candidate) int { return cmp.Compare(a.Start, b.Start) })
}

// settle exchanges the starts of sessions, given those of several records.
func (x *retiming) settle(several []int, r *rand.Rand) {
	records := 0
	for i := range x.cands {
		records += 1 + len(x.offsets[i])
		x.count(i, x.cands[i].Start, 1)
	}
	over := 0.
	for k, by := range x.By {
		over += x.change[k]
		x.over = append(x.over, over-by*float64(records))
	}
	clear(x.change)
	for range timeRounds {
		r.Shuffle(len(several), func(i, j int) { several[i], several[j] = several[j], several[i] })
		for _, i := range several {
			for range timeOffers {
				if x.exchange(i, r.IntN(len(x.cands))) {
					break
				}
			}
		}
	}
}

// within compresses a session to a span, as it is where it is longer.
func within(offsets []float64, span float64) []float64 {
	if len(offsets) == 0 {
		return nil
	}
	if last := offsets[len(offsets)-1]; last > span {
		for i := range offsets {
			offsets[i] *= span / last
		}
	}
	return offsets
}

// retiming is the state of retime.
type retiming struct {
	*times
	span    float64
	cands   []candidate
	offsets [][]float64 // of the records of each session after its first
	over    []float64   // records not after each edge, more than should be
	change  []float64   // between an edge and the next, of what is being tried
}

// exchange exchanges the starts of two sessions if records then come more as
// they should.
func (x *retiming) exchange(i, j int) bool {
	a, b := &x.cands[i].Start, &x.cands[j].Start
	if *a == *b || x.past(i, *b) || x.past(j, *a) {
		return false
	}
	x.count(i, *a, -1)
	x.count(i, *b, 1)
	x.count(j, *b, -1)
	x.count(j, *a, 1)
	gain, sum := 0., 0.
	for k, over := range x.over {
		sum += x.change[k]
		width := x.Edges[min(k+1, len(x.Edges)-1)] - x.Edges[max(k-1, 0)]
		gain -= width * sum * (2*over + sum)
	}
	if gain > 0 {
		sum = 0
		for k := range x.over {
			sum += x.change[k]
			x.over[k] += sum
		}
		*a, *b = *b, *a
	}
	clear(x.change)
	return gain > 0
}

// past reports whether a session that begins at a time ends after the trace.
func (x *retiming) past(i int, start float64) bool {
	n := len(x.offsets[i])
	return n > 0 && start+x.offsets[i][n-1] > x.span
}

// count adds n for each record of a session that begins at a time.
func (x *retiming) count(i int, start, n float64) {
	add := func(at float64) {
		k, _ := slices.BinarySearch(x.Edges, at)
		x.change[k] += n
	}
	add(start)
	for _, o := range x.offsets[i] {
		add(start + o)
	}
}
