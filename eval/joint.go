package eval

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// jointParts is how many parts a column has in the joint distribution of
// three: numbers are cut at real quantiles, texts by their most frequent values.
const jointParts = 6

// coarse holds each field of each side by few codes, and of the real side for
// each halving as prepared.split does.
func (c *comparison) coarse(ctx context.Context) (codes [3][][]uint8, split [][][]uint8, size []int, err error) {
	sides := []*side{c.real, c.synth, c.indep}
	size, split = make([]int, len(c.fields)), make([][][]uint8, len(c.fields))
	for i := range codes {
		codes[i] = make([][]uint8, len(c.fields))
	}
	err = parallel(ctx, len(c.fields), func(f int) {
		if !c.fields[f].numeric {
			sm := newSmall(tally(c.real.codes[f], len(c.fields[f].values)), jointParts)
			size[f] = sm.codes
			for i, s := range sides {
				codes[i][f] = sm.of(s.codes[f])
			}
			var wide int
			split[f], wide = c.smallSplit(f, jointParts)
			size[f] = max(size[f], wide)
			return
		}
		parts, n := c.parts(f)
		size[f] = n
		for i := range sides {
			codes[i][f] = parts[i]
		}
		for range c.halves.splits {
			split[f] = append(split[f], codes[0][f])
		}
	})
	return codes, split, size, err
}

// parts holds a number by few codes on each side: parts of equal real count,
// and one for what is missing.
func (c *comparison) parts(f int) (codes [3][]uint8, size int) {
	of := func(s *side) []float64 {
		if c.fields[f].time { // each side from its own earliest
			return fromLeast(s.numbers[f])
		}
		return s.numbers[f]
	}
	edges := quantileEdges(sampled(of(c.real), nil).values, jointParts)
	for i, s := range []*side{c.real, c.synth, c.indep} {
		codes[i] = cut(of(s), edges)
	}
	return codes, len(edges) + 2
}

// quantileEdges returns rising, distinct values that cut sorted x into at most
// parts parts: part i holds edges[i-1] <= v < edges[i].
func quantileEdges(x []float64, parts int) []float64 {
	var edges []float64
	for k := 1; k < parts && len(x) > 0; k++ {
		v := x[min(len(x)-1, k*len(x)/parts)]
		if v > x[0] && (len(edges) == 0 || v > edges[len(edges)-1]) {
			edges = append(edges, v)
		}
	}
	return edges
}

// cut returns the part of each value; values that are missing or not finite
// have a part of their own, the last.
func cut(x, edges []float64) []uint8 {
	out := make([]uint8, len(x))
	for i, v := range x {
		if !finite(v) {
			out[i] = uint8(len(edges) + 1)
			continue
		}
		out[i] = uint8(sort.Search(len(edges), func(k int) bool { return v < edges[k] }))
	}
	return out
}

// triples scores the joint distribution of triples of columns.
func (c *comparison) triples(ctx context.Context, rng *rand.Rand) ([]Score, error) {
	codes, split, size, err := c.coarse(ctx)
	if err != nil {
		return nil, err
	}
	var varied []int // constant columns can't tell anything
	for f := range c.fields {
		if slices.ContainsFunc(codes[0][f], func(v uint8) bool { return v != codes[0][f][0] }) {
			varied = append(varied, f)
		}
	}
	chosen := chooseTriples(varied, c.opts.MaxTriples, rng)
	out := make([]Score, len(chosen))
	err = parallel(ctx, len(chosen), func(i int) {
		t := chosen[i]
		table := func(a, b, d []uint8, pick func(i int) bool) []float64 {
			n := make([]float64, size[t[0]]*size[t[1]]*size[t[2]])
			for i := range a {
				if pick == nil || pick(i) {
					n[(int(a[i])*size[t[1]]+int(b[i]))*size[t[2]]+int(d[i])]++
				}
			}
			return n
		}
		whole := func(side int) []float64 {
			return table(codes[side][t[0]], codes[side][t[1]], codes[side][t[2]], nil)
		}
		real := whole(0)
		got := measured{value: TotalVariation(real, whole(1)), independent: TotalVariation(real, whole(2)), uniform: math.NaN(), worst: 1}
		if c.synth.rows == 0 {
			got.value = 1
		}
		for k := range c.halves.splits {
			half := func(h uint32) []float64 {
				return table(split[t[0]][k], split[t[1]][k], split[t[2]][k], func(i int) bool { return c.halves.row[i]>>k&1 == h })
			}
			got.bases = append(got.bases, TotalVariation(half(0), half(1)))
		}
		var names []string
		for _, f := range t {
			names = append(names, c.fields[f].Column.Name)
		}
		s := Score{Property: Joint, Metric: "triples", Target: names[0] + ", " + names[1] + ", " + names[2], Columns: names, Counted: true}
		s.Words = "the combinations of " + quote(names[0]) + ", " + quote(names[1]) + " and " + quote(names[2]) +
			" differ: " + percent(got.value) + " of the records would have to move"
		s.settle(got)
		out[i] = s
	})
	if err != nil {
		return nil, err
	}
	var idle []Score
	for i := range out {
		if out[i].idle() {
			idle = append(idle, out[i])
		}
	}
	if len(idle) > 0 {
		out = append(out, spurious(idle, c.halves.splits, Joint, "triples"))
	}
	return out, nil
}

// chooseTriples returns all triples of the fields, or n different ones drawn
// at random.
func chooseTriples(fields []int, n int, rng *rand.Rand) [][3]int {
	var all [][3]int
	m := len(fields)
	if m*(m-1)*(m-2)/6 <= n {
		for i := range m {
			for j := i + 1; j < m; j++ {
				for k := j + 1; k < m; k++ {
					all = append(all, [3]int{fields[i], fields[j], fields[k]})
				}
			}
		}
		return all
	}
	seen := map[[3]int]bool{}
	for len(all) < n {
		p := rng.Perm(m)[:3]
		slices.Sort(p)
		t := [3]int{fields[p[0]], fields[p[1]], fields[p[2]]}
		if !seen[t] {
			seen[t] = true
			all = append(all, t)
		}
	}
	return all
}
