package eval

import (
	"math"
	"slices"
)

// JensenShannon returns the Jensen-Shannon divergence in nats, 0 to ln 2,
// between two distributions given as counts or shares; the shorter is padded
// with zeros and both are normalised. It is NaN where either has no mass.
// Source: NetShare's dist_metrics.py (squared scipy.spatial.distance.jensenshannon).
func JensenShannon(p, q []float64) float64 {
	var np, nq float64
	for _, v := range p {
		np += v
	}
	for _, v := range q {
		nq += v
	}
	if !(np > 0) || !(nq > 0) {
		return math.NaN()
	}
	var s float64
	for i := range max(len(p), len(q)) {
		var a, b float64
		if i < len(p) {
			a = p[i] / np
		}
		if i < len(q) {
			b = q[i] / nq
		}
		s += jsTerm(a, b)
	}
	return max(0, s)
}

// jsTerm is one value's part of the Jensen-Shannon divergence.
func jsTerm(a, b float64) float64 {
	if a == b {
		return 0
	}
	m := (a + b) / 2
	var s float64
	if a > 0 {
		s += a * math.Log(a/m) / 2
	}
	if b > 0 {
		s += b * math.Log(b/m) / 2
	}
	return s
}

// RankFrequency returns the counts in falling order without zeros: the shape
// of a distribution whatever its values are called.
func RankFrequency(counts []float64) []float64 {
	r := make([]float64, 0, len(counts))
	for _, c := range counts {
		if c > 0 {
			r = append(r, c)
		}
	}
	slices.SortFunc(r, func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	return r
}

// TotalVariation returns half the sum of absolute differences between two
// distributions given as counts, 0 to 1, NaN where either has no mass.
func TotalVariation(p, q []float64) float64 {
	var np, nq, s float64
	for _, v := range p {
		np += v
	}
	for _, v := range q {
		nq += v
	}
	if !(np > 0) || !(nq > 0) {
		return math.NaN()
	}
	for i := range max(len(p), len(q)) {
		var a, b float64
		if i < len(p) {
			a = p[i] / np
		}
		if i < len(q) {
			b = q[i] / nq
		}
		s += math.Abs(a - b)
	}
	return min(1, s/2)
}

// EarthMover returns the first Wasserstein distance between two samples, in
// their unit: the integral of |F - G|. It is NaN where either is empty. The
// samples are not changed. Source: scipy.stats.wasserstein_distance.
func EarthMover(x, y []float64) float64 { return earthMover(sorted(x), sorted(y)) }

// KolmogorovSmirnov returns the largest difference between the cumulative
// distributions of two samples, 0 to 1, NaN where either is empty.
func KolmogorovSmirnov(x, y []float64) float64 { return kolmogorovSmirnov(sorted(x), sorted(y)) }

func sorted(x []float64) []float64 {
	s := slices.Clone(x)
	slices.Sort(s)
	return s
}

// earthMover is EarthMover of sorted samples.
func earthMover(x, y []float64) float64 {
	var sum, prev float64
	walk(x, y, func(v, before, _ float64) {
		if before > 0 {
			sum += before * (v - prev)
		}
		prev = v
	})
	if len(x) == 0 || len(y) == 0 {
		return math.NaN()
	}
	return sum
}

// kolmogorovSmirnov is KolmogorovSmirnov of sorted samples.
func kolmogorovSmirnov(x, y []float64) float64 {
	var d float64
	walk(x, y, func(_, _, after float64) { d = max(d, after) })
	if len(x) == 0 || len(y) == 0 {
		return math.NaN()
	}
	return d
}

// walk visits the distinct values of two sorted samples in order with |F - G|
// just before and at each.
func walk(x, y []float64, visit func(v, before, after float64)) {
	if len(x) == 0 || len(y) == 0 {
		return
	}
	n, m := float64(len(x)), float64(len(y))
	var i, j int
	var before float64
	for i < len(x) || j < len(y) {
		var v float64
		switch {
		case i == len(x):
			v = y[j]
		case j == len(y):
			v = x[i]
		default:
			v = min(x[i], y[j])
		}
		for i < len(x) && x[i] <= v {
			i++
		}
		for j < len(y) && y[j] <= v {
			j++
		}
		after := math.Abs(float64(i)/n - float64(j)/m)
		visit(v, before, after)
		before = after
	}
}

// moments gathers what Pearson's correlation needs, in one pass and without
// the loss of digits of plain sums (Welford).
type moments struct{ n, mx, my, sxx, syy, sxy float64 }

func (m *moments) add(x, y float64) {
	m.n++
	dx, dy := x-m.mx, y-m.my
	m.mx += dx / m.n
	m.my += dy / m.n
	m.sxx += dx * (x - m.mx)
	m.syy += dy * (y - m.my)
	m.sxy += dx * (y - m.my)
}

// correlation is Pearson's r, NaN for fewer than two rows or a constant side.
func (m *moments) correlation() float64 {
	if m.n < 2 || !(m.sxx > 0) || !(m.syy > 0) {
		return math.NaN()
	}
	return max(-1, min(1, m.sxy/math.Sqrt(m.sxx)/math.Sqrt(m.syy)))
}

// Pearson returns the correlation of two columns over the rows where both are
// finite, -1 to 1, NaN where either is constant.
func Pearson(x, y []float64) float64 {
	var m moments
	for i := range min(len(x), len(y)) {
		if finite(x[i]) && finite(y[i]) {
			m.add(x[i], y[i])
		}
	}
	return m.correlation()
}

// CramersV returns the association of a contingency table of r rows and c
// columns given row by row, 0 to 1, NaN where a side has fewer than two values
// that occur. Source: Cramér 1946, without bias correction.
func CramersV(table []float64, r, c int) float64 {
	rows, cols := make([]float64, r), make([]float64, c)
	var n float64
	for i := range r {
		for j := range c {
			v := table[i*c+j]
			rows[i] += v
			cols[j] += v
			n += v
		}
	}
	var nr, nc int
	for _, v := range rows {
		if v > 0 {
			nr++
		}
	}
	for _, v := range cols {
		if v > 0 {
			nc++
		}
	}
	k := min(nr, nc) - 1
	if k < 1 {
		return math.NaN()
	}
	var phi2 float64
	for i := range r {
		for j := range c {
			if rows[i] > 0 && cols[j] > 0 {
				v := table[i*c+j]
				phi2 += v * v / (rows[i] * cols[j])
			}
		}
	}
	return math.Sqrt(max(0, min(1, (phi2-1)/float64(k))))
}

// spreads gathers a number's mean and variance by group.
type spreads struct {
	n, sum []float64
	all    moments
}

func newSpreads(groups int) *spreads {
	return &spreads{n: make([]float64, groups), sum: make([]float64, groups)}
}

func (s *spreads) add(group int, x float64) {
	s.n[group]++
	s.sum[group] += x
	s.all.add(x, 0)
}

// ratio is the correlation ratio.
func (s *spreads) ratio() float64 {
	if s.all.n < 2 || !(s.all.sxx > 0) {
		return math.NaN()
	}
	var between float64
	groups := 0
	for g, n := range s.n {
		if n > 0 {
			groups++
			d := s.sum[g]/n - s.all.mx
			between += n * d * d
		}
	}
	if groups < 2 {
		return math.NaN()
	}
	return math.Sqrt(max(0, min(1, between/s.all.sxx)))
}

// CorrelationRatio returns how far a category fixes a number, 0 to 1: the
// square root of the variance between groups over all variance. NaN where
// either is constant. groups holds each row's group from 0. Source: Fisher 1925.
func CorrelationRatio(groups []int, x []float64) float64 {
	n := 0
	for _, g := range groups {
		n = max(n, g+1)
	}
	s := newSpreads(n)
	for i, g := range groups {
		if finite(x[i]) {
			s.add(g, x[i])
		}
	}
	return s.ratio()
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
