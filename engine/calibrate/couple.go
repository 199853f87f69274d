package calibrate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Coupled says how far the pairs were off before and after: the mean of
// (count - wanted)²/variance over the cells that occur on either side. An
// independent real half scores about 2.
type Coupled struct {
	Before, After float64
	Exchanged     int
}

const (
	mostRounds = 100  // of an offer for every second value
	longestOne = 1000 // records of a session whose own columns are moved
	rowsOffer  = 8    // records of sessions that cost as much to try as one offer
	worthwhile = .03  // of what is left to gain, in a round
	noise      = .1   // of the mean squared residual of a pair, below which it is left alone
	settled    = .05  // what is left to gain of each cell, in variances
	stays      = .02  // variance of a column's counts with spare sessions, of what it would be by chance
	partners   = 3    // records or sessions that one is tried with

	// offersAtOnce are sought on all threads before any is taken: few beside all
	// records, so that hardly any is out of date by then, whatever the threads.
	offersAtOnce = 256
)

// Couple exchanges values between the rows of a generated grid until its pairs
// meet those of the real trace, as closely as that trace's own noise makes
// sense. What is of a record keeps its distribution over the records, and what
// a session has once keeps its own over the sessions. With spare sessions the
// former does so but for a small part of its noise, and the latter comes to the
// real trace's distribution over the records. exchange is told of each exchange
// of a unit between two records or sessions, and may refuse it. refuses, unless it
// is nil, says beforehand of two sessions that exchange surely would; it is called
// on several threads at once.
//
// Source: the gradual update of PrivSyn (Zhang and others, USENIX Security
// 2021), with exchanges in place of replacements so that margins stay, and
// begun from a generator's records so that what no pair says is the
// generator's.
func Couple(ctx context.Context, g Grid, pairs []Pair, exchange, refuses func(unit, a, b int) bool, r *rand.Rand) (Coupled, error) {
	c := &coupling{g: g, r: r, exchange: exchange, refuses: refuses, changed: make([]bool, len(g.Sessions))}
	if err := c.tabulate(pairs); err != nil {
		return Coupled{}, err
	}
	out := Coupled{Before: c.mean()}
	if len(c.tables) > 0 && c.index() {
		if err := c.run(ctx); err != nil {
			return Coupled{}, err
		}
	}
	for i := range g.Columns {
		for row := range g.Columns[i].Bins {
			g.Columns[i].Bins[row] = c.bins[row*c.stride+i]
		}
	}
	out.After, out.Exchanged = c.mean(), c.exchanged
	return out, nil
}

// coupling is the state of Couple.
type coupling struct {
	g        Grid
	r        *rand.Rand
	exchange func(unit, a, b int) bool
	refuses  func(unit, a, b int) bool // nil where it is not known beforehand
	changed  []bool                    // sessions that exchanged something since offers were sought
	changes  []int32                   // which these are

	bins     []uint16 // of the grid, row by row, and a constant
	stride   int      // columns of a row
	sessions int32    // that are counted
	rows     int      // of them

	tables    []table // of the pairs, then of the moved columns
	pairs     int
	sides     [][]side // of each column
	columns   [][]int  // of each unit
	session   []int32  // of each row
	byBin     [][][]int32
	place     [][]int32 // of each record or session in its list of byBin
	widest    int       // bins of a column
	seekers   []*seeker // one for each thread
	offers    [offersAtOnce]offer
	exchanged int
}

// tabulate counts the pairs, and the columns that are moved.
func (c *coupling) tabulate(pairs []Pair) error {
	all := c.g.rows()
	c.sessions = int32(len(c.g.Sessions) - 1 - c.g.Spare)
	c.rows = int(c.g.Sessions[c.sessions])
	c.session = make([]int32, all)
	for s := range len(c.g.Sessions) - 1 {
		for r := c.g.Sessions[s]; r < c.g.Sessions[s+1]; r++ {
			c.session[r] = int32(s)
		}
	}
	c.stride, c.pairs = len(c.g.Columns)+1, len(pairs)
	c.bins = make([]uint16, all*c.stride)
	c.columns = make([][]int, len(c.g.Units))
	c.sides = make([][]side, len(c.g.Columns))
	for i, col := range c.g.Columns {
		for row, bin := range col.Bins {
			c.bins[row*c.stride+i] = bin
		}
		if col.Unit >= 0 {
			c.columns[col.Unit] = append(c.columns[col.Unit], i)
		}
		c.widest = max(c.widest, col.Size)
	}
	for _, p := range pairs {
		x, y := &c.g.Columns[p.A], &c.g.Columns[p.B]
		if len(p.Share) != x.Size*y.Size {
			return fmt.Errorf("pair of columns %d and %d has %d cells, want %d x %d", p.A, p.B, len(p.Share), x.Size, y.Size)
		}
		c.count(p, x.Size, y.Size)
	}
	if c.g.Spare > 0 {
		c.g.Columns = append(slices.Clip(c.g.Columns), Column{Size: 1, Unit: -1})
		for i, col := range c.g.Columns {
			if col.Unit < 0 {
				continue
			}
			share := margin(pairs, i, col.Size)
			if share == nil || !c.whole(i) {
				share = tally(col.Bins[:c.rows], col.Size)
				scale(share, c.rows)
			}
			c.count(Pair{A: i, B: c.stride - 1, Share: share, Cluster: stays}, col.Size, 1)
		}
	}
	for i := range c.tables {
		c.see(&c.tables[i])
	}
	return nil
}

// margin is a column's own shares by a pair that it is in; nil where it is in
// none.
func margin(pairs []Pair, column, size int) []float32 {
	for _, p := range pairs {
		if p.Next || p.A != column && p.B != column {
			continue
		}
		share := make([]float32, size)
		for i, v := range p.Share {
			if p.A == column {
				share[i/(len(p.Share)/size)] += v
			} else {
				share[i%size] += v
			}
		}
		return share
	}
	return nil
}

// whole says whether a column is the same in all records of a session.
func (c *coupling) whole(column int) bool {
	u := c.g.Columns[column].Unit
	return column == c.stride-1 || u >= 0 && c.g.Units[u].PerSession
}

// at returns the cell that a row is counted in.
func (c *coupling) at(t *table, row int32) (int, bool) {
	other := row
	if t.next {
		if other++; int(other) == len(c.session) || c.session[other] != c.session[row] {
			return 0, false
		}
	}
	return int(c.bins[int(row)*c.stride+t.a])*t.width + int(c.bins[int(other)*c.stride+t.b]), true
}

// mean is the mean residual of the tables.
func (c *coupling) mean() float64 {
	var sum float64
	for i := range c.tables[:c.pairs] {
		m, _, _ := c.tables[i].residual()
		sum += m
	}
	return sum / float64(max(1, c.pairs))
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
			bin := c.bin(u, e, i)
			c.place[i][e] = int32(len(c.byBin[i][bin]))
			c.byBin[i][bin] = append(c.byBin[i][bin], e)
		}
	}
	return any
}

func (c *coupling) moves(u *Unit, e int32) bool {
	lo, hi := c.span(u, e)
	return hi > lo && hi-lo <= longestOne
}

// span is the rows of a unit's record or session.
func (c *coupling) span(u *Unit, e int32) (lo, hi int32) {
	if u.PerSession {
		return c.g.Sessions[e], c.g.Sessions[e+1]
	}
	return e, e + 1
}

// row is the bins of a row.
func (c *coupling) row(r int32) []uint16 { return c.bins[int(r)*c.stride:][:c.stride] }

// bin is a unit's bin in one of its columns.
func (c *coupling) bin(u *Unit, e int32, column int) uint16 {
	lo, _ := c.span(u, e)
	return c.bins[int(lo)*c.stride+column]
}

// run makes offers while they are worth it.
func (c *coupling) run(ctx context.Context) error {
	values := 0
	for _, col := range c.g.Columns {
		if col.Unit >= 0 && c.g.Units[col.Unit].PerSession {
			values += int(c.sessions)
		} else if col.Unit >= 0 {
			values += c.rows
		}
	}
	last := math.Inf(1)
	for range mostRounds {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var sums []float64
		total, cells := 0., 0
		for i := range c.tables[:c.pairs] {
			_, excess, n := c.tables[i].residual()
			total += excess
			cells += n
			sums = append(sums, total)
		}
		if total <= settled*float64(cells) || total > last*(1-worthwhile) {
			break
		}
		last = total
		for n := 0; n < (values+1)/2; {
			c.seek(sums)
			for i := range c.offers {
				n += 1 + c.offers[i].tried/rowsOffer
				c.take(&c.offers[i])
			}
		}
	}
	return nil
}
