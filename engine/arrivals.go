package engine

import (
	"math"
	"math/rand/v2"
	"slices"
)

// arrivals are how the sessions of the real trace follow each other: bursts and
// pauses, which sessions made one by one know nothing of.
//
// The trace is cut into stretches of as many sessions each. A stretch has its
// distribution of gaps, and the ranks of neighbouring gaps in theirs follow a
// Markov chain that all stretches share. Of several that are drawn so, that is
// taken whose course comes closest to the real stretch's.
type arrivals struct {
	Edges []float64   // start of each stretch, then the last start; ticks
	Gaps  [][]float64 // quantiles of each stretch, ascending; ticks
	Next  [][]float64 // [gapClasses][gapClasses] cumulative chances of the next class
	// Course is how far into each stretch's time it is after each course-th of
	// its sessions, shares; [course-1] each.
	Course [][]float64
	// Ticks are the starts, and Counts how many sessions begin at each, where
	// the clock is so coarse that many do; nil otherwise.
	Ticks  []float64
	Counts []int
}

const (
	gapClasses   = 8
	stretchLeast = 40  // sessions in a stretch
	stretches    = 250 // at most
	gapQuantiles = 33
	course       = 8
)

// fitArrivals learns the gaps between the starts of sessions, in ticks. There
// are none to learn in a trace of few sessions.
func fitArrivals(starts []float64) arrivals {
	slices.Sort(starts)
	n := len(starts)
	k := min(n/stretchLeast, stretches)
	if k == 0 {
		return arrivals{}
	}
	var a arrivals
	counts := make([][]float64, gapClasses)
	for i := range counts {
		counts[i] = slices.Repeat([]float64{1. / gapClasses}, gapClasses)
	}
	for s := range k {
		from, to := s*(n-1)/k, (s+1)*(n-1)/k
		a.Edges = append(a.Edges, starts[from])
		gaps := make([]float64, to-from)
		for i := range gaps {
			gaps[i] = starts[from+i+1] - starts[from+i]
		}
		sorted := slices.Sorted(slices.Values(gaps))
		q := make([]float64, min(gapQuantiles, len(sorted)))
		for i := range q {
			q[i] = sorted[i*(len(sorted)-1)/max(1, len(q)-1)]
		}
		a.Gaps = append(a.Gaps, q)
		a.Course = append(a.Course, courseOf(gaps))
		class := func(g float64) int {
			// Equal gaps, such as zero, share the classes that they span.
			lo, _ := slices.BinarySearch(sorted, g)
			hi, _ := slices.BinarySearch(sorted, math.Nextafter(g, math.Inf(1)))
			return min((lo+hi)*gapClasses/(2*len(sorted)), gapClasses-1)
		}
		for i := 1; i < len(gaps); i++ {
			counts[class(gaps[i-1])][class(gaps[i])]++
		}
	}
	a.Edges = append(a.Edges, starts[n-1])
	a.fitTicks(starts)
	for _, row := range counts {
		var sum, total float64
		for _, c := range row {
			total += c
		}
		for i, c := range row {
			sum += c
			row[i] = sum / total
		}
	}
	a.Next = counts
	return a
}

// perTick is how many sessions must begin at a tick, on the average, for starts
// to be drawn tick by tick.
const perTick = 5

// fitTicks counts the ticks of a coarse clock, given the starts in order.
func (a *arrivals) fitTicks(starts []float64) {
	for i, t := range starts {
		if i == 0 || t != starts[i-1] {
			a.Ticks, a.Counts = append(a.Ticks, t), append(a.Counts, 0)
		}
		a.Counts[len(a.Counts)-1]++
	}
	if len(a.Ticks)*perTick > len(starts) {
		a.Ticks, a.Counts = nil, nil
	}
}

// byTick draws n starts of a coarse clock, ascending.
func (a *arrivals) byTick(n int, r *rand.Rand) []float64 {
	total := 0
	for _, c := range a.Counts {
		total += c
	}
	out := make([]float64, 0, n)
	upTo := r.Float64()
	for i, c := range a.Counts {
		for upTo += float64(c) * float64(n) / float64(total); upTo >= 1 && len(out) < n; upTo-- {
			out = append(out, a.Ticks[i])
		}
	}
	for len(out) < n { // what rounding left
		out = append(out, a.Ticks[len(a.Ticks)-1])
	}
	return out
}

// courseOf is the course of gaps that follow each other; all zero where they are.
func courseOf(gaps []float64) []float64 {
	out := make([]float64, course-1)
	var sum float64
	for i, k := 0, 1; k < course; k++ {
		for ; i < len(gaps)*k/course; i++ {
			sum += gaps[i]
		}
		out[k-1] = sum
	}
	for _, g := range gaps[len(gaps)*(course-1)/course:] {
		sum += g
	}
	for k := range out {
		out[k] /= max(sum, math.SmallestNonzeroFloat64)
	}
	return out
}

// draws is how many sequences are drawn for a stretch.
const draws = 32

// draw returns n starts, ascending, in ticks; nil where nothing was learnt.
func (a *arrivals) draw(n int, r *rand.Rand) []float64 {
	if len(a.Gaps) == 0 {
		return nil
	}
	if len(a.Ticks) > 0 {
		return a.byTick(n, r)
	}
	k := len(a.Gaps)
	out := make([]float64, 0, n)
	class := r.IntN(gapClasses)
	for s := range k {
		count := n*(s+1)/k - n*s/k
		span := a.Edges[s+1] - a.Edges[s]
		var best []float64
		off, end := math.Inf(1), class
		for range draws {
			gaps := make([]float64, count)
			c, sum := class, 0.
			for i := range gaps {
				gaps[i] = a.quantile(s, (float64(c)+r.Float64())/gapClasses)
				sum += gaps[i]
				c, _ = slices.BinarySearch(a.Next[c], r.Float64())
				c = min(c, gapClasses-1)
			}
			d := math.Abs(math.Log((sum + 1) / (span + 1)))
			if s < len(a.Course) {
				for k, at := range courseOf(gaps) {
					d += math.Abs(at - a.Course[s][k])
				}
			}
			if d < off {
				best, off, end = gaps, d, c
			}
		}
		class = end
		var sum float64
		for _, g := range best {
			sum += g
		}
		scale := 1.
		if sum > 0 {
			scale = span / sum
		}
		t := a.Edges[s]
		for _, g := range best {
			out = append(out, t)
			t = min(t+g*scale, a.Edges[s+1])
		}
	}
	return out
}

// quantile of a stretch's gaps.
func (a *arrivals) quantile(stretch int, u float64) float64 {
	q := a.Gaps[stretch]
	at := u * float64(len(q)-1)
	i := min(int(at), len(q)-1)
	lo, hi := q[i], q[min(i+1, len(q)-1)]
	if lo > 0 && hi > 0 { // gaps are of many sizes
		return lo * math.Pow(hi/lo, at-float64(i))
	}
	if lo == 0 && hi > 0 && at-float64(i) < .5 {
		return 0
	}
	return hi
}
