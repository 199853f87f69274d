package calibrate

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestChangeIsWhatMovingChanges: what an exchange is said to change the squared
// residuals by is what it changes them by, whatever was looked for before.
func TestChangeIsWhatMovingChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const size = 6
	grid := func() Grid {
		g := Grid{Sessions: []int32{0}, Units: []Unit{{PerSession: true}, {}, {}}, Columns: make([]Column, 3)}
		for range 200 {
			n := 1 + r.IntN(5)
			first := uint16(r.IntN(size))
			for range n {
				for k := range g.Columns {
					v := uint16(r.IntN(size))
					if k == 0 {
						v = first
					}
					g.Columns[k].Bins = append(g.Columns[k].Bins, v)
					g.Columns[k].Size, g.Columns[k].Unit = size, k
				}
			}
			g.Sessions = append(g.Sessions, g.Sessions[len(g.Sessions)-1]+int32(n))
		}
		return g
	}
	pairs := NewPairs(grid(), 10)
	c := &coupling{g: grid(), r: r}
	if err := c.tabulate(pairs); err != nil {
		t.Fatal(err)
	}
	c.index()
	c.seek([]float64{0})
	s := c.seekers[0]
	squares := func() (sum float64) {
		for i := range c.tables {
			for k, have := range c.tables[i].have {
				d := float64(have - c.tables[i].want[k])
				sum += d * d * float64(c.tables[i].weight[k])
			}
		}
		return sum
	}
	for range 500 {
		unit := r.IntN(3)
		u := &c.g.Units[unit]
		n := c.rows
		if u.PerSession {
			n = int(c.sessions)
		}
		e, f := int32(r.IntN(n)), int32(r.IntN(n))
		if e == f || !u.PerSession && (e == f+1 || f == e+1) {
			continue
		}
		s.better(u, e, unit)
		before, said := squares(), float64(s.change(unit, u, e, f))
		c.move(unit, u, e, f)
		c.relist(unit, u, e, f)
		if is := squares() - before; math.Abs(is-said) > 1e-3*(1+math.Abs(is)) {
			t.Fatalf("unit %d, %d with %d: said to change %g, changes %g", unit, e, f, said, is)
		}
	}
}
