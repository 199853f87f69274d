package eval

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	sliceDirections = 32
	sliceBins       = 256
	// sliceWorst is about the largest distance: projections have equal means, so
	// none is farther apart than a uniform and a constant one.
	sliceWorst = .25
)

// sliced compares all numbers together by their ranks, projected on random
// directions.
func (c *comparison) sliced(ctx context.Context, p *prepared, rng *rand.Rand) ([]Score, error) {
	s := Score{Property: Joint, Metric: "sliced_emd", Target: "all numbers", Counted: true}
	var fields []int
	for f := range c.fields {
		if c.fields[f].numeric && !c.fields[f].time && slices.ContainsFunc(c.real.numbers[f], func(v float64) bool { return v != c.real.numbers[f][0] }) {
			fields = append(fields, f)
			s.Columns = append(s.Columns, c.fields[f].Column.Name)
		}
	}
	if len(fields) < 2 {
		s.Note = "fewer than two columns of numbers that vary"
		return []Score{s}, nil
	}
	directions := make([][]float64, sliceDirections)
	for k := range directions {
		w := make([]float64, len(fields))
		var norm float64
		for i := range w {
			w[i] = rng.NormFloat64()
			norm += math.Abs(w[i])
		}
		for i := range w {
			w[i] /= norm // so that projections span 1
		}
		directions[k] = w
	}
	type found struct {
		value, indep float64
		bases        []float64
	}
	each := make([]found, len(directions))
	err := parallel(ctx, len(directions), func(k int) {
		x, halves := c.projected(p.ranks[0], fields, directions[k], c.halves.splits)
		y, _ := c.projected(p.ranks[1], fields, directions[k], 0)
		z, _ := c.projected(p.ranks[2], fields, directions[k], 0)
		each[k] = found{value: binnedEMD(x, y), indep: binnedEMD(x, z)}
		for _, h := range halves {
			each[k].bases = append(each[k].bases, binnedEMD(h[0], h[1]))
		}
	})
	if err != nil {
		return nil, err
	}
	got := measured{uniform: math.NaN(), worst: sliceWorst, bases: make([]float64, c.halves.splits)}
	for _, e := range each {
		got.value += e.value / sliceDirections
		got.independent += e.indep / sliceDirections
		for i, b := range e.bases {
			got.bases[i] += b / sliceDirections
		}
	}
	if c.synth.rows == 0 {
		got.value = sliceWorst
	}
	s.Words = "the numbers (" + quote(s.Columns[0]) + ", " + quote(s.Columns[1]) + " ...) are not combined as in the real trace"
	if len(fields) == 2 {
		s.Words = quote(s.Columns[0]) + " and " + quote(s.Columns[1]) + " are not combined as in the real trace"
	}
	s.settle(got)
	if s.Computed && s.Counted && s.YardstickKind != "independent" {
		s.Counted = false
		s.note("the numbers of the real trace hardly hang together, so the score says nothing")
	}
	return []Score{s}, nil
}

// projected counts the projections of the ranks on a direction in bins, all of
// them and those of each half of so many halvings.
func (c *comparison) projected(ranks [][]float64, fields []int, w []float64, splits int) (all []float64, halves [][2][]float64) {
	low := 0.0
	for _, v := range w {
		low += min(0, v)
	}
	all = make([]float64, sliceBins)
	for range splits {
		halves = append(halves, [2][]float64{make([]float64, sliceBins), make([]float64, sliceBins)})
	}
	for i := range ranks[fields[0]] {
		x := -low
		for k, f := range fields {
			r := ranks[f][i]
			if r != r {
				r = .5
			}
			x += w[k] * r
		}
		bin := max(0, min(sliceBins-1, int(x*sliceBins)))
		all[bin]++
		for k := range halves {
			halves[k][c.halves.row[i]>>k&1][bin]++
		}
	}
	return all, halves
}

// binnedEMD is the earth mover's distance of two histograms over the same bins,
// over their range.
func binnedEMD(p, q []float64) float64 {
	np, nq := total(p), total(q)
	if np == 0 || nq == 0 {
		return math.NaN()
	}
	var f, g, sum float64
	for i := range p {
		f += p[i] / np
		g += q[i] / nq
		sum += math.Abs(f - g)
	}
	return sum / float64(len(p))
}
