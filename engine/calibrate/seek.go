package calibrate

import (
	"math/rand/v2"
	"runtime"
	"sort"
	"sync"
)

// offer is an exchange of a unit of a record or session, with one of some
// partners, that would bring the pairs closer.
type offer struct {
	unit     int
	e        int32
	partners [partners]int32
	refused  [partners]bool // as things are
	n        int            // partners
	tried    int            // rows looked at
}

// seeker looks for offers; several do at the same time while nothing is
// exchanged.
type seeker struct {
	*coupling
	r      *rand.Rand
	source *rand.PCG
	score  []float32
	beside [][]float32 // room for rows of tables
}

// seek fills c.offers, tables drawn by the running sums of how far they are off.
// Each has random numbers of its own, so that threads don't matter.
func (c *coupling) seek(sums []float64) {
	for _, e := range c.changes {
		c.changed[e] = false
	}
	c.changes = c.changes[:0]
	var seeds [offersAtOnce][2]uint64
	for i := range seeds {
		seeds[i] = [2]uint64{c.r.Uint64(), c.r.Uint64()}
	}
	threads := max(1, min(runtime.GOMAXPROCS(0), offersAtOnce/16))
	for len(c.seekers) < threads {
		source := rand.NewPCG(0, 0)
		c.seekers = append(c.seekers, &seeker{coupling: c, source: source, r: rand.New(source), score: make([]float32, c.widest)})
	}
	part := func(k int) {
		s := c.seekers[k]
		for i := k; i < offersAtOnce; i += threads {
			s.source.Seed(seeds[i][0], seeds[i][1])
			t := sort.SearchFloat64s(sums, s.r.Float64()*sums[len(sums)-1])
			c.offers[i] = s.offer(&c.tables[min(t, c.pairs-1)])
		}
	}
	var wait sync.WaitGroup
	for k := 1; k < threads; k++ {
		wait.Go(func() { part(k) })
	}
	part(0)
	wait.Wait()
}

// offer looks for a row that a table has too many of, for a bin that its value
// in one of the table's columns would better be, by all pairs, and for other
// records or sessions that have that bin.
func (c *seeker) offer(t *table) (o offer) {
	col, other := t.a, t.b
	second := false
	if c.g.Columns[col].Unit < 0 || c.g.Columns[other].Unit >= 0 && c.r.IntN(2) == 0 {
		col, second = other, true
	}
	if o.unit = c.g.Columns[col].Unit; o.unit < 0 {
		return o
	}
	u := &c.g.Units[o.unit]
	row := int32(-1)
	for range 8 {
		k := int32(c.r.IntN(c.rows))
		if i, ok := c.at(t, k); ok && t.have[i] > t.want[i] {
			row = k
			break
		}
	}
	if row < 0 {
		return o
	}
	if second && t.next {
		row++
	}
	o.e = row
	if u.PerSession {
		o.e = c.session[row]
	}
	if !c.moves(u, o.e) {
		return o
	}
	x := c.better(u, o.e, col)
	if x < 0 {
		return o
	}
	list := c.byBin[col][x]
	for range min(partners, len(list)) {
		f := list[c.r.IntN(len(list))]
		for _, k := range []int32{o.e, f} {
			lo, hi := c.span(u, k)
			o.tried += int(hi - lo)
		}
		if c.closer(o.unit, u, o.e, f) {
			o.partners[o.n] = f
			o.refused[o.n] = u.PerSession && c.refuses != nil && c.refuses(o.unit, int(o.e), int(f))
			if o.n++; !u.PerSession {
				break // sessions may refuse
			}
		}
	}
	return o
}

// closer reports whether exchanging a unit between two records or sessions would
// bring the pairs closer.
func (c *seeker) closer(unit int, u *Unit, e, f int32) bool {
	return e != f && (u.PerSession || e != f+1 && f != e+1) && c.change(unit, u, e, f) < least
}

// take makes an offer's exchange with the first partner that it still brings
// the pairs closer with.
func (c *coupling) take(o *offer) {
	if o.n == 0 {
		return
	}
	u := &c.g.Units[o.unit]
	for i, f := range o.partners[:o.n] {
		if o.refused[i] && !c.changed[o.e] && !c.changed[f] {
			continue
		}
		if c.seekers[0].closer(o.unit, u, o.e, f) && c.exchange(o.unit, int(o.e), int(f)) {
			if u.PerSession {
				c.changed[o.e], c.changed[f] = true, true
				c.changes = append(c.changes, o.e, f)
			}
			c.move(o.unit, u, o.e, f)
			c.exchanged++
			c.relist(o.unit, u, o.e, f)
			return
		}
	}
}
