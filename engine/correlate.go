package engine

import (
	"cmp"
	"math"
	"slices"

	"netshare/engine/codec"
)

// correlation is Pearson's of a number of the series and another number, of the
// series or the session, over the real trace's records.
type correlation struct {
	Of, With int // of pairs.Columns
	R        float64
}

const (
	correlationsAtMost = 200  // of a trace, the strongest
	correlateRows      = 16   // records furthest out in each column, that are exchanged
	correlateSwaps     = 200  // of a column
	correlateNear      = .02  // difference of correlations that is as good as none
	correlateGain      = 1e-4 // of squared differences, that an exchange must bring
)

// numbersAt calls f with each record's number in a column, NaN for none, and
// its code. It reports false for a column that is no number, or stays in its place.
func (p *pairs) numbersAt(i int, c *codec.Codec, coded []whole, f func(row int, x float64, code []float32)) bool {
	col := &p.Columns[i]
	read := c.NumberOf(col.Place, col.Series)
	if read == nil || !col.Place.Moves(col.Series) {
		return false
	}
	col.each(coded, len(c.SeriesHeads()), func(row int, code []float32) {
		x, ok := read(code)
		if !ok {
			x = math.NaN()
		}
		f(row, x, code)
	})
	return true
}

// newCorrelations measures the real trace's, in a sweep for each column that
// holds one column of numbers more.
func (p *pairs) newCorrelations(c *codec.Codec, coded []whole) []correlation {
	var out []correlation
	for of := range p.Columns {
		var x []float64
		if !p.Columns[of].Series || !p.numbersAt(of, c, coded, func(_ int, v float64, _ []float32) { x = append(x, v) }) {
			continue
		}
		for with := range of { // the session's columns come before the series'
			var m moments
			if !p.numbersAt(with, c, coded, func(row int, y float64, _ []float32) { m.add(x[row], y) }) {
				continue
			}
			if r := m.correlation(); !math.IsNaN(r) {
				out = append(out, correlation{of, with, r})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b correlation) int { return cmp.Compare(math.Abs(b.R), math.Abs(a.R)) })
	return out[:min(len(out), correlationsAtMost)]
}

// moments are the sums that a correlation is made of, of numbers less their
// first so that large ones keep their digits.
type moments struct {
	x0, y0                float64
	n, sx, sy, xx, yy, xy float64
}

// add adds a record, unless one of its numbers is missing.
func (m *moments) add(x, y float64) {
	if math.IsNaN(x) || math.IsNaN(y) {
		return
	}
	if m.n == 0 {
		m.x0, m.y0 = x, y
	}
	x, y = x-m.x0, y-m.y0
	m.n++
	m.sx += x
	m.sy += y
	m.xx += x * x
	m.yy += y * y
	m.xy += x * y
}

// correlation is NaN where a column does not vary.
func (m *moments) correlation() float64 {
	vx, vy := m.xx-m.sx*m.sx/m.n, m.yy-m.sy*m.sy/m.n
	if !(vx > 1e-12*m.xx) || !(vy > 1e-12*m.yy) {
		return math.NaN()
	}
	return (m.xy - m.sx*m.sy/m.n) / math.Sqrt(vx*vy)
}

// goal is a correlation that a column's numbers are to have with another's.
type goal struct {
	with []float64
	r    float64
	now  moments
}

// exchanged returns the sums with two rows' numbers of the first column, which
// differ by d, exchanged. They stay where neither row has one of the second,
// and are NaN where only one has.
func (g *goal) exchanged(i, j int, d float64) moments {
	m := g.now
	yi, yj := g.with[i], g.with[j]
	if !math.IsNaN(yi) || !math.IsNaN(yj) {
		m.xy += d * (yj - yi)
	}
	return m
}

// miss is the squared difference from the goal; 0 where the column it is with
// does not vary.
func (g *goal) miss(m moments) float64 {
	if math.IsNaN(m.xy) {
		return math.Inf(1)
	}
	r := m.correlation()
	if math.IsNaN(r) {
		return 0
	}
	d := max(math.Abs(r-g.r)-correlateNear, 0)
	return d * d
}

// correlate brings the correlations of the candidates' numbers to the real
// trace's, by exchanges among the records furthest out, within bins, so that
// pairs of bins stay as they are. One record more or less in the corner of two
// heavy tails is most of their correlation.
func (p *pairs) correlate(c *codec.Codec, cands []candidate) {
	coded := make([]whole, len(cands))
	for i := range cands {
		coded[i] = whole{meta: cands[i].meta, series: cands[i].series, records: cands[i].Records}
	}
	numbers, codes := map[int][]float64{}, map[int][][]float32{}
	for _, r := range p.Correlations {
		for _, i := range []int{r.Of, r.With} {
			if numbers[i] == nil {
				p.numbersAt(i, c, coded, func(_ int, x float64, code []float32) {
					numbers[i], codes[i] = append(numbers[i], x), append(codes[i], code)
				})
			}
		}
	}
	for of := range p.Columns {
		col := &p.Columns[of]
		if numbers[of] == nil || !col.Series || col.Place.Number == nil {
			continue
		}
		rows := furthest(numbers[of])
		var goals []goal
		for _, r := range p.Correlations {
			with := r.With
			if r.With == of {
				with = r.Of
			} else if r.Of != of {
				continue
			}
			g := goal{with: numbers[with], r: r.R}
			for row, x := range numbers[of] {
				g.now.add(x, g.with[row])
			}
			goals = append(goals, g)
			rows = append(rows, furthest(g.with)...)
		}
		slices.Sort(rows)
		rows = slices.DeleteFunc(slices.Compact(rows), func(i int) bool { return !col.Place.Number.Counts(codes[of][i]) })
		exchangeFurthest(col, rows, codes[of], numbers[of], goals)
	}
}

// exchangeFurthest exchanges a column's numbers among rows, the one time after
// the other that brings its correlations closest to the goals.
func exchangeFurthest(col *pairColumn, rows []int, codes [][]float32, numbers []float64, goals []goal) {
	head := col.Place.Number.Head
	bins := make([]uint16, len(rows))
	for k, i := range rows {
		bins[k] = col.bin(codes[i])
	}
	is := 0.
	for k := range goals {
		is += goals[k].miss(goals[k].now)
	}
	for range correlateSwaps {
		least, a, b := is-correlateGain, -1, -1
		for k, i := range rows {
			for l, j := range rows[:k] {
				if bins[k] != bins[l] || numbers[i] == numbers[j] {
					continue
				}
				sum := 0.
				for at := 0; at < len(goals) && sum < least; at++ {
					sum += goals[at].miss(goals[at].exchanged(i, j, numbers[i]-numbers[j]))
				}
				if sum < least {
					least, a, b = sum, i, j
				}
			}
		}
		if a < 0 {
			return
		}
		for k := range goals {
			goals[k].now = goals[k].exchanged(a, b, numbers[a]-numbers[b])
		}
		numbers[a], numbers[b] = numbers[b], numbers[a]
		codes[a][head], codes[b][head] = codes[b][head], codes[a][head]
		is = least
	}
}

// furthest returns the rows whose numbers are furthest from their mean.
func furthest(x []float64) []int {
	mean, n := 0., 0.
	for _, v := range x {
		if !math.IsNaN(v) {
			mean += v
			n++
		}
	}
	mean /= n
	var rows []int // those so far, the furthest first
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		d := math.Abs(v - mean)
		at, _ := slices.BinarySearchFunc(rows, d, func(j int, d float64) int {
			if math.Abs(x[j]-mean) >= d {
				return -1
			}
			return 1
		})
		if at < correlateRows {
			rows = slices.Insert(rows[:min(len(rows), correlateRows-1)], at, i)
		}
	}
	return rows
}
