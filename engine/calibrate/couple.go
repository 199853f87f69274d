package calibrate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// Grid is a trace as bins: a row for each record, the records of a session
// one after the other.
type Grid struct {
	Sessions []int32 // first row of each session, then the number of rows
	Columns  []Column
	Units    []Unit
}

// Column is the bin of one field in each row.
type Column struct {
	Bins []uint16
	Size int // bins are below it
	Unit int // that it is moved with; -1 for a column that stays
}

// Unit is what is exchanged as a whole: the columns that name it, of one record
// or, for what a session has once, of all records of a session.
type Unit struct {
	PerSession bool
	// Group of each record or session: only what is of one group is exchanged.
	// Nil for one group; what is of a negative one stays.
	Group []int32
}

// Pair is how two columns go together in the real trace.
type Pair struct {
	A, B  int
	Next  bool      // B is of the record after, in the same session
	Share []float32 // [size of A * size of B], of all rows that have both
	// Cluster is how many times the sampling variance of the shares is that of
	// as many rows drawn one by one: the records of a session are alike.
	Cluster float32
}

// Coupled says how far the pairs were off before and after: the mean of
// (count - wanted)²/variance over the cells that occur on either side. An
// independent real half scores about 2.
type Coupled struct {
	Before, After float64
	Exchanged     int
}

const (
	offersEach = 60        // tried for each value in the grid
	maxOffers  = 6_000_000 // tried in all
	longestOne = 1000      // records of a session whose own columns are moved
	rowsOffer  = 8         // records of sessions that cost as much to try as one offer
	worthwhile = .02       // of what is left to gain, in a fortieth of the offers
)

// NewPairs counts the pairs of a grid's columns: those that say most of each
// other, atMost of them, and each moved column with itself in the next record.
func NewPairs(g Grid, atMost int) []Pair {
	type found struct {
		p     Pair
		bound float64
	}
	var all []found
	rows := g.rows()
	for a := range g.Columns {
		for b := a + 1; b < len(g.Columns); b++ {
			x, y := &g.Columns[a], &g.Columns[b]
			if x.Unit == y.Unit || x.Size < 2 || y.Size < 2 {
				continue
			}
			share := make([]float32, x.Size*y.Size)
			for r := range rows {
				share[int(x.Bins[r])*y.Size+int(y.Bins[r])]++
			}
			all = append(all, found{Pair{A: a, B: b, Share: share}, dependence(share, y.Size, rows)})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].bound > all[j].bound })
	var out []Pair
	for _, f := range all[:min(len(all), atMost)] {
		scale(f.p.Share, rows)
		f.p.Cluster = g.cluster(&g.Columns[f.p.A], &g.Columns[f.p.B])
		out = append(out, f.p)
	}
	for a, c := range g.Columns {
		if c.Unit < 0 || g.Units[c.Unit].PerSession || c.Size < 2 {
			continue
		}
		p := Pair{A: a, B: a, Next: true, Share: make([]float32, c.Size*c.Size), Cluster: 1}
		n := 0
		for s := range len(g.Sessions) - 1 {
			for r := g.Sessions[s]; r < g.Sessions[s+1]-1; r++ {
				p.Share[int(c.Bins[r])*c.Size+int(c.Bins[r+1])]++
				n++
			}
		}
		if n > 0 {
			scale(p.Share, n)
			out = append(out, p)
		}
	}
	return out
}

func scale(share []float32, n int) {
	for i := range share {
		share[i] /= float32(n)
	}
}

// dependence is the total variation between a table of counts and what its
// margins alone would give.
func dependence(counts []float32, width, rows int) float64 {
	height := len(counts) / width
	x, y := make([]float64, height), make([]float64, width)
	for i, n := range counts {
		x[i/width] += float64(n)
		y[i%width] += float64(n)
	}
	var sum float64
	for i, n := range counts {
		sum += max(0, float64(n)-x[i/width]*y[i%width]/float64(rows))
	}
	return sum / float64(rows)
}

// clusterRows bounds the rows that a cluster is measured on.
const clusterRows = 100_000

// cluster is how many records of a session, itself among them, are in the cell
// that a record of it is in.
func (g *Grid) cluster(a, b *Column) float32 {
	var alike, all int
	var cells []int
	each := 1 + g.rows()/clusterRows
	for s := 0; s < len(g.Sessions)-1; s += each {
		cells = cells[:0]
		for r := g.Sessions[s]; r < g.Sessions[s+1]; r++ {
			cells = append(cells, int(a.Bins[r])*b.Size+int(b.Bins[r]))
		}
		slices.Sort(cells)
		for i := 0; i < len(cells); {
			k := i + 1
			for k < len(cells) && cells[k] == cells[i] {
				k++
			}
			alike += (k - i) * (k - i)
			i = k
		}
		all += len(cells)
	}
	return float32(alike) / float32(max(1, all))
}

func (g *Grid) rows() int { return int(g.Sessions[len(g.Sessions)-1]) }

// Couple exchanges values between the rows of a generated grid until its pairs
// meet those of the real trace, as closely as that trace's own noise makes
// sense. The margins of all columns stay as they are. exchange is told of each
// exchange of a unit between two records or sessions, and may refuse it.
//
// Source: the gradual update of PrivSyn (Zhang and others, USENIX Security
// 2021), with exchanges in place of replacements so that margins stay, and
// begun from a generator's records so that what no pair says is the
// generator's.
func Couple(ctx context.Context, g Grid, pairs []Pair, exchange func(unit, a, b int) bool, r *rand.Rand) (Coupled, error) {
	c := &coupling{g: g, r: r, exchange: exchange}
	if err := c.tabulate(pairs); err != nil {
		return Coupled{}, err
	}
	out := Coupled{Before: c.mean()}
	if len(c.tables) > 0 && c.index() {
		if err := c.run(ctx); err != nil {
			return Coupled{}, err
		}
	}
	out.After, out.Exchanged = c.mean(), c.exchanged
	return out, nil
}

type cell struct{ have, want, weight float32 }

type table struct {
	a, b  int
	next  bool
	width int
	cells []cell
}

// residual is the table's mean squared residual, and excess its part beyond
// noise, over all cells.
func (t *table) residual() (mean, excess float64) {
	n := 0
	var sum float64
	for i := range t.cells {
		c := &t.cells[i]
		if c.have > 0 || c.want > .5 {
			n++
		}
		d := float64(c.have - c.want)
		sum += d * d * float64(c.weight)
	}
	if n == 0 {
		return 0, 0
	}
	return sum / float64(n), max(0, sum-enough*float64(n))
}

type coupling struct {
	g        Grid
	r        *rand.Rand
	exchange func(unit, a, b int) bool

	tables    []table
	of        [][]int32 // tables of each unit
	columns   [][]int   // columns of each unit
	session   []int32   // session of each row
	byBin     [][][]int32
	place     [][]int32 // of each record or session in its list of byBin
	exchanged int
}

func (c *coupling) tabulate(pairs []Pair) error {
	rows := c.g.rows()
	c.session = make([]int32, rows)
	for s := range len(c.g.Sessions) - 1 {
		for r := c.g.Sessions[s]; r < c.g.Sessions[s+1]; r++ {
			c.session[r] = int32(s)
		}
	}
	for _, p := range pairs {
		x, y := &c.g.Columns[p.A], &c.g.Columns[p.B]
		if len(p.Share) != x.Size*y.Size {
			return fmt.Errorf("pair of columns %d and %d has %d cells, want %d x %d", p.A, p.B, len(p.Share), x.Size, y.Size)
		}
		t := table{a: p.A, b: p.B, next: p.Next, width: y.Size, cells: make([]cell, len(p.Share))}
		n := 0
		for r := range rows {
			if i, ok := c.at(&t, int32(r)); ok {
				t.cells[i].have++
				n++
			}
		}
		for i, share := range p.Share {
			want := share * float32(n)
			t.cells[i].want, t.cells[i].weight = want, 1/(p.Cluster*want+1)
		}
		c.tables = append(c.tables, t)
	}
	c.of = make([][]int32, len(c.g.Units))
	c.columns = make([][]int, len(c.g.Units))
	for i, t := range c.tables {
		for _, col := range []int{t.a, t.b} {
			if u := c.g.Columns[col].Unit; u >= 0 && !slices.Contains(c.of[u], int32(i)) {
				c.of[u] = append(c.of[u], int32(i))
			}
		}
	}
	for i, col := range c.g.Columns {
		if col.Unit >= 0 {
			c.columns[col.Unit] = append(c.columns[col.Unit], i)
		}
	}
	return nil
}

// at returns the cell that a row is counted in.
func (c *coupling) at(t *table, row int32) (int, bool) {
	other := row
	if t.next {
		if other++; int(other) == len(c.session) || c.session[other] != c.session[row] {
			return 0, false
		}
	}
	return int(c.g.Columns[t.a].Bins[row])*t.width + int(c.g.Columns[t.b].Bins[other]), true
}

func (c *coupling) mean() float64 {
	var sum float64
	for i := range c.tables {
		m, _ := c.tables[i].residual()
		sum += m
	}
	return sum / float64(max(1, len(c.tables)))
}

// index lists the records or sessions of each bin of each moved column, and
// reports whether there is any.
func (c *coupling) index() bool {
	c.byBin, c.place = make([][][]int32, len(c.g.Columns)), make([][]int32, len(c.g.Columns))
	any := false
	for i := range c.g.Columns {
		col := &c.g.Columns[i]
		if col.Unit < 0 {
			continue
		}
		u := &c.g.Units[col.Unit]
		n := len(col.Bins)
		if u.PerSession {
			n = len(c.g.Sessions) - 1
		}
		c.byBin[i], c.place[i] = make([][]int32, col.Size), make([]int32, n)
		for e := range int32(n) {
			if !c.moves(u, e) {
				continue
			}
			any = true
			bin := col.Bins[c.first(u, e)]
			c.place[i][e] = int32(len(c.byBin[i][bin]))
			c.byBin[i][bin] = append(c.byBin[i][bin], e)
		}
	}
	return any
}

func (c *coupling) moves(u *Unit, e int32) bool {
	n := c.size(u, e)
	return n > 0 && n <= longestOne && (u.Group == nil || u.Group[e] >= 0)
}

// first is the first row of a unit's record or session.
func (c *coupling) first(u *Unit, e int32) int32 {
	if u.PerSession {
		return c.g.Sessions[e]
	}
	return e
}

func (c *coupling) run(ctx context.Context) error {
	values := 0
	for i := range c.g.Columns {
		values += len(c.place[i])
	}
	limit := min(offersEach*values, maxOffers)
	window := max(limit/40, 1)
	var sums []float64
	last := math.Inf(1)
	next := 0
	for n := 0; n < limit; {
		if n >= next {
			next += window
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			sums = sums[:0]
			total := 0.
			for i := range c.tables {
				_, excess := c.tables[i].residual()
				total += excess
				sums = append(sums, total)
			}
			if total == 0 || total > last*(1-worthwhile) {
				return nil
			}
			last = total
		}
		t := sort.SearchFloat64s(sums, c.r.Float64()*sums[len(sums)-1])
		n += 1 + c.offer(&c.tables[min(t, len(c.tables)-1)])/rowsOffer
	}
	return nil
}

// offer looks for a row that a table has too many of, and for another whose
// value in one of the table's columns would make it one that is wanted. It
// returns how many rows it tried.
func (c *coupling) offer(t *table) (tried int) {
	col, other, forward := t.a, t.b, true
	if c.g.Columns[col].Unit < 0 || c.g.Columns[other].Unit >= 0 && c.r.IntN(2) == 0 {
		col, other, forward = other, col, false
	}
	unit := c.g.Columns[col].Unit
	if unit < 0 {
		return 0
	}
	u := &c.g.Units[unit]
	row, y := int32(-1), 0
	for range 8 {
		k := int32(c.r.IntN(len(c.session)))
		i, ok := c.at(t, k)
		if !ok || t.cells[i].have <= t.cells[i].want {
			continue
		}
		row = k
		if forward {
			y = i % t.width
		} else {
			y = i / t.width
			if t.next {
				row++
			}
		}
		break
	}
	if row < 0 {
		return 0
	}
	e := row
	if u.PerSession {
		e = c.session[row]
	}
	if !c.moves(u, e) {
		return 0
	}
	x := c.wanted(t, forward, y)
	if x < 0 {
		return 0
	}
	list := c.byBin[col][x]
	for range min(3, len(list)) {
		f := list[c.r.IntN(len(list))]
		if u.Group != nil && u.Group[e] != u.Group[f] {
			continue
		}
		tried += c.size(u, e) + c.size(u, f)
		if c.try(unit, u, e, f) {
			break
		}
	}
	return tried
}

// wanted draws a bin that, beside bin y of the other column, there should be
// more of; -1 where there is none.
func (c *coupling) wanted(t *table, forward bool, y int) int {
	start, step, n := y, t.width, len(t.cells)/t.width
	if !forward {
		start, step, n = y*t.width, 1, t.width
	}
	var total float32
	for k := range n {
		if d := t.cells[start+k*step]; d.want > d.have {
			total += d.want - d.have
		}
	}
	if total == 0 {
		return -1
	}
	v := c.r.Float32() * total
	best := -1
	for k := range n {
		if d := t.cells[start+k*step]; d.want > d.have {
			best = k
			if v -= d.want - d.have; v < 0 {
				break
			}
		}
	}
	return best
}

// try exchanges a unit between two records or sessions and keeps it where the
// pairs come closer.
func (c *coupling) try(unit int, u *Unit, e, f int32) bool {
	if e == f || !u.PerSession && (e == f+1 || f == e+1) {
		return false
	}
	if c.size(u, e) == 1 && c.size(u, f) == 1 {
		x, y := c.first(u, e), c.first(u, f)
		if c.within(unit, x, y)+c.between(unit, x, y) >= least || !c.exchange(unit, int(e), int(f)) {
			return false
		}
		c.move(unit, u, e, f)
	} else if c.move(unit, u, e, f) >= least || !c.exchange(unit, int(e), int(f)) {
		c.move(unit, u, e, f)
		return false
	}
	c.exchanged++
	c.relist(unit, u, e, f)
	return true
}

// least is the change of the squared residuals below which it is rounding.
const least = -1e-6

// size is how many rows a record or session has.
func (c *coupling) size(u *Unit, e int32) int {
	if u.PerSession {
		return int(c.g.Sessions[e+1] - c.g.Sessions[e])
	}
	return 1
}

// within returns the change of the squared residuals of the pairs within a row
// if the unit's values of two rows were exchanged.
func (c *coupling) within(unit int, e, f int32) (change float32) {
	for _, k := range c.of[unit] {
		t := &c.tables[k]
		if t.next {
			continue
		}
		a, b := c.g.Columns[t.a].Bins, c.g.Columns[t.b].Bins
		if a[e] == a[f] || b[e] == b[f] {
			continue
		}
		x, y := int(a[e])*t.width, int(a[f])*t.width
		change += t.cells[x+int(b[e])].change(-1) + t.cells[y+int(b[f])].change(-1) +
			t.cells[x+int(b[f])].change(1) + t.cells[y+int(b[e])].change(1)
	}
	return change
}

// between returns the change of those between a row and the next.
func (c *coupling) between(unit int, e, f int32) (change float32) {
	for _, k := range c.of[unit] {
		t := &c.tables[k]
		if !t.next {
			continue
		}
		bins := c.g.Columns[t.a].Bins
		if bins[e] == bins[f] {
			continue
		}
		change += c.beside(t, e, -1) + c.beside(t, f, -1)
		bins[e], bins[f] = bins[f], bins[e]
		change += c.beside(t, e, 1) + c.beside(t, f, 1)
		c.beside(t, e, -1)
		c.beside(t, f, -1)
		bins[e], bins[f] = bins[f], bins[e]
		c.beside(t, e, 1)
		c.beside(t, f, 1)
	}
	return change
}

// beside counts a row with the one before and the one after.
func (c *coupling) beside(t *table, row int32, by float32) (change float32) {
	for k := max(row-1, 0); k <= row; k++ {
		if i, ok := c.at(t, k); ok {
			change += t.cells[i].change(by)
			t.cells[i].have += by
		}
	}
	return change
}

// change is what adding by rows would do to the squared residual.
func (x *cell) change(by float32) float32 { return x.weight * by * (2*(x.have-x.want) + by) }

// move exchanges a unit between two records or sessions and returns the change
// of the squared residuals. Done twice it is undone.
func (c *coupling) move(unit int, u *Unit, e, f int32) float32 {
	change := c.count(unit, u, e, -1) + c.count(unit, u, f, -1)
	c.swap(unit, u, e, f)
	return change + c.count(unit, u, e, 1) + c.count(unit, u, f, 1)
}

// count adds the rows of a record or session to the tables of its unit, or
// takes them away, and returns the change of their squared residuals.
func (c *coupling) count(unit int, u *Unit, e int32, by float32) (change float32) {
	lo, hi := e, e+1
	if u.PerSession {
		lo, hi = c.g.Sessions[e], c.g.Sessions[e+1]
	}
	for _, k := range c.of[unit] {
		t := &c.tables[k]
		from := lo
		if t.next && lo > 0 {
			from--
		}
		for row := from; row < hi; row++ {
			i, ok := c.at(t, row)
			if !ok {
				continue
			}
			change += t.cells[i].change(by)
			t.cells[i].have += by
		}
	}
	return change
}

func (c *coupling) swap(unit int, u *Unit, e, f int32) {
	for _, k := range c.columns[unit] {
		bins := c.g.Columns[k].Bins
		if !u.PerSession {
			bins[e], bins[f] = bins[f], bins[e]
			continue
		}
		x, y := bins[c.g.Sessions[e]], bins[c.g.Sessions[f]]
		fill(bins[c.g.Sessions[e]:c.g.Sessions[e+1]], y)
		fill(bins[c.g.Sessions[f]:c.g.Sessions[f+1]], x)
	}
}

func fill(bins []uint16, with uint16) {
	for i := range bins {
		bins[i] = with
	}
}

// relist exchanges two records or sessions in the lists of their unit's
// columns.
func (c *coupling) relist(unit int, u *Unit, e, f int32) {
	for _, k := range c.columns[unit] {
		col := &c.g.Columns[k]
		ofE, ofF := c.byBin[k][col.Bins[c.first(u, f)]], c.byBin[k][col.Bins[c.first(u, e)]] // before
		p, q := c.place[k][e], c.place[k][f]
		ofE[p], ofF[q] = f, e
		c.place[k][e], c.place[k][f] = q, p
	}
}
