package calibrate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

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

// Couple exchanges values between the rows of a generated grid until its pairs
// meet those of the real trace, as closely as that trace's own noise makes
// sense. What is of a record keeps its distribution over the records, and what
// a session has once keeps its own over the sessions. exchange is told of each
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
	return n > 0 && n <= longestOne
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
