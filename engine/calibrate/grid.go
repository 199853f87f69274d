package calibrate

import (
	"math"
	"slices"
	"sort"
)

// Grid is a trace as bins: a row for each record, the records of a session
// one after the other.
type Grid struct {
	Sessions []int32 // first row of each session, then the number of rows
	Columns  []Column
	Units    []Unit
	// Spare is how many sessions at the end are none of the trace, and have
	// values to exchange only.
	Spare int
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

// choiceWork bounds the rows looked at to choose pairs, over all pairs: in a
// trace of many columns the choice is made on some of its rows.
const choiceWork = 4_000_000_000

// NewPairs counts the pairs of a grid's columns: those that say most of each
// other, atMost of them, and each moved column with itself in the next record.
func NewPairs(g Grid, atMost int) []Pair {
	var out []Pair
	for _, p := range g.choose(atMost) {
		p.Share = g.count(p, 1, nil)
		scale(p.Share, g.rows())
		p.Cluster = g.cluster(&g.Columns[p.A], &g.Columns[p.B])
		out = append(out, p)
	}
	for a, c := range g.Columns {
		if c.Unit < 0 || g.Units[c.Unit].PerSession || c.Size < 2 {
			continue
		}
		p := Pair{A: a, B: a, Next: true, Cluster: 1}
		p.Share = g.cells(p)
		if n := g.rows() - len(g.Sessions) + 1; n > 0 { // all records but the sessions' last
			scale(p.Share, n)
			out = append(out, p)
		}
	}
	return out
}

// Apart is how far the columns of two grids of the same layout are apart, and
// how far pairs of them are: total variation, 0 for the same shares of records
// to 1 for nothing in common.
func Apart(a, b Grid, ps []Pair) (columns, pairs []float64) {
	for i := range a.Columns {
		x, y := &a.Columns[i], &b.Columns[i]
		columns = append(columns, variation(tally(x.Bins, x.Size), tally(y.Bins, y.Size)))
	}
	for _, p := range ps {
		pairs = append(pairs, variation(a.cells(p), b.cells(p)))
	}
	return columns, pairs
}

// tally counts bins.
func tally(bins []uint16, size int) []float32 {
	counts := make([]float32, size)
	for _, k := range bins {
		counts[k]++
	}
	return counts
}

// cells counts a pair.
func (g *Grid) cells(p Pair) []float32 {
	if !p.Next {
		return g.count(p, 1, nil)
	}
	x, y := &g.Columns[p.A], &g.Columns[p.B]
	counts := make([]float32, x.Size*y.Size)
	for s := range len(g.Sessions) - 1 {
		for r := g.Sessions[s]; r < g.Sessions[s+1]-1; r++ {
			counts[int(x.Bins[r])*y.Size+int(y.Bins[r+1])]++
		}
	}
	return counts
}

// variation is the total variation between the shares of two lists of counts;
// 1 where one of them is of nothing, 0 where both are.
func variation(a, b []float32) float64 {
	var m, n, sum float64
	for i := range a {
		m, n = m+float64(a[i]), n+float64(b[i])
	}
	if m == 0 || n == 0 {
		if m == n {
			return 0
		}
		return 1
	}
	for i := range a {
		sum += math.Abs(float64(a[i])/m - float64(b[i])/n)
	}
	return sum / 2
}

// choose returns the pairs of columns of different units that say most of each
// other.
func (g *Grid) choose(atMost int) []Pair {
	type found struct {
		p     Pair
		bound float64
	}
	var all []found
	for a := range g.Columns {
		for b := a + 1; b < len(g.Columns); b++ {
			if x, y := &g.Columns[a], &g.Columns[b]; x.Unit != y.Unit && x.Size > 1 && y.Size > 1 {
				all = append(all, found{p: Pair{A: a, B: b}})
			}
		}
	}
	each := 1 + len(all)*g.rows()/choiceWork
	var counts []float32
	for i := range all {
		counts = g.count(all[i].p, each, counts)
		all[i].bound = dependence(counts, g.Columns[all[i].p.B].Size)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].bound > all[j].bound })
	var out []Pair
	for _, f := range all[:min(len(all), atMost)] {
		out = append(out, f.p)
	}
	return out
}

// count counts every each-th row in the cells of a pair, in the memory of
// counts where it is enough.
func (g *Grid) count(p Pair, each int, counts []float32) []float32 {
	x, y := &g.Columns[p.A], &g.Columns[p.B]
	counts = slices.Grow(counts[:0], x.Size*y.Size)[:x.Size*y.Size]
	clear(counts)
	for r := 0; r < g.rows(); r += each {
		counts[int(x.Bins[r])*y.Size+int(y.Bins[r])]++
	}
	return counts
}

func scale(share []float32, n int) {
	for i := range share {
		share[i] /= float32(n)
	}
}

// dependence is the total variation between a table of counts and what its
// margins alone would give.
func dependence(counts []float32, width int) float64 {
	x, y := make([]float64, len(counts)/width), make([]float64, width)
	var rows float64
	for i, n := range counts {
		x[i/width] += float64(n)
		y[i%width] += float64(n)
		rows += float64(n)
	}
	if rows == 0 {
		return 0
	}
	var sum float64
	for i, n := range counts {
		sum += max(0, float64(n)-x[i/width]*y[i%width]/rows)
	}
	return sum / rows
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
