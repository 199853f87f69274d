package engine

import (
	"cmp"
	"math"
	"slices"

	"netshare/engine/codec"
	"netshare/workspace/rule"
	"netshare/workspace/trace"
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
// its code. It reports false for a column that is no number, or stays in its
// place or mostly in its session.
func (p *pairs) numbersAt(i int, c *codec.Codec, coded []whole, f func(row int, x float64, code []float32)) bool {
	col := &p.Columns[i]
	read := c.NumberOf(col.Place, col.Series)
	if read == nil || !col.Place.Moves(col.Series) || col.Place.Follows || !col.Series && col.Place.Field >= c.Columns {
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

// correlate brings the correlations of the sessions' numbers to the real
// trace's, by exchanges among the records furthest out, within bins, so that
// pairs of bins stay as they are. One record more or less in the corner of two
// heavy tails is most of their correlation. Records keep the rules that they keep.
func (g *generator) correlate(sessions []trace.Session) {
	p, c := &g.m.targets.pairs, g.m.Codec
	var at []checked
	for i, s := range sessions {
		for k := range s.Series {
			at = append(at, checked{session: i, record: k})
		}
	}
	numbers := map[int][]float64{}
	for _, r := range p.Correlations {
		for _, i := range []int{r.Of, r.With} {
			if numbers[i] != nil {
				continue
			}
			xs := make([]float64, len(at))
			for row, x := range at {
				s := sessions[x.session]
				var ok bool
				if xs[row], ok = rule.Number(*p.Columns[i].in(s.Meta, s.Series[x.record], s.Series[0])); !ok {
					xs[row] = math.NaN()
				}
			}
			numbers[i] = xs
		}
	}
	for of := range p.Columns {
		col := &p.Columns[of]
		if numbers[of] == nil || !col.Series || col.Place.Number == nil || g.keeper.rises(g.keeper.of.Meta+col.Place.Field) {
			continue
		}
		e := furthestFirst{numbers: numbers[of], rows: furthest(numbers[of])}
		for _, r := range p.Correlations {
			with := r.With
			if r.With == of {
				with = r.Of
			} else if r.Of != of {
				continue
			}
			o := goal{with: numbers[with], r: r.R}
			for row, x := range e.numbers {
				o.now.add(x, o.with[row])
			}
			e.goals = append(e.goals, o)
			e.rows = append(e.rows, furthest(o.with)...)
		}
		value := func(row int) *any {
			s := sessions[at[row].session]
			return col.in(s.Meta, s.Series[at[row].record], nil)
		}
		rank := c.RankOf(col.Place, true)
		slices.Sort(e.rows)
		rows := slices.Compact(e.rows)
		e.rows = nil
		for _, row := range rows {
			if u, ok := rank(*value(row)); ok {
				e.rows, e.bins = append(e.rows, row), append(e.bins, col.binOf(u))
			}
		}
		e.may = func(a, b int) bool {
			x, y := *value(a), *value(b)
			return g.keeps(sessions[at[a].session], at[a].record, col, y) && g.keeps(sessions[at[b].session], at[b].record, col, x)
		}
		e.exchange(func(a, b int) {
			x, y := value(a), value(b)
			*x, *y = *y, *x
		})
	}
}

// in is where a column's value stands in a record, of a session's metadata and
// its first record.
func (col *pairColumn) in(meta, rec, first trace.Row) *any {
	switch {
	case col.Series:
		return &rec[col.Place.Field+1]
	case col.Place.Start(false):
		return &first[0]
	}
	return &meta[col.Place.Field]
}

// keeps reports whether a record keeps all rules with another value of a column
// of the series.
func (g *generator) keeps(s trace.Session, record int, col *pairColumn, v any) bool {
	rec := slices.Clone(s.Series[record])
	rec[col.Place.Field+1] = v
	x := checked{row: g.keeper.of.join(s.Meta, rec), codes: make([]int32, len(g.keeper.of.Types))}
	g.keeper.code(&x, 0)
	return g.keeper.broken(&x) == nil && g.m.Codec.HoldsRecord(s.Meta, rec)
}

// furthestFirst are exchanges of a column's numbers among rows.
type furthestFirst struct {
	numbers []float64 // of all rows
	rows    []int     // that are exchanged
	bins    []uint16  // of these
	goals   []goal
	may     func(a, b int) bool // whether two rows' numbers may be exchanged
}

// exchange exchanges numbers within bins, the one time after the other that
// brings the correlations closest to the goals, and calls f with each two rows.
func (e *furthestFirst) exchange(f func(a, b int)) {
	n := len(e.rows)
	refused := make([]bool, n*n)
	is := 0.
	for k := range e.goals {
		is += e.goals[k].miss(e.goals[k].now)
	}
	for range correlateSwaps {
		least, k, l := is-correlateGain, -1, -1
		for a, i := range e.rows {
			for b, j := range e.rows[:a] {
				if e.bins[a] != e.bins[b] || refused[a*n+b] || e.numbers[i] == e.numbers[j] {
					continue
				}
				sum := 0.
				for at := 0; at < len(e.goals) && sum < least; at++ {
					sum += e.goals[at].miss(e.goals[at].exchanged(i, j, e.numbers[i]-e.numbers[j]))
				}
				if sum >= least {
					continue
				}
				if refused[a*n+b] = !e.may(i, j); !refused[a*n+b] {
					least, k, l = sum, a, b
				}
			}
		}
		if k < 0 {
			return
		}
		i, j := e.rows[k], e.rows[l]
		for at := range e.goals {
			e.goals[at].now = e.goals[at].exchanged(i, j, e.numbers[i]-e.numbers[j])
		}
		e.numbers[i], e.numbers[j] = e.numbers[j], e.numbers[i]
		f(i, j)
		is = least
		for other := range n { // with other numbers the rules may allow what they did not
			for _, at := range []int{k, l} {
				refused[at*n+other], refused[other*n+at] = false, false
			}
		}
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
