package engine

import (
	"context"
	"slices"

	"netshare/engine/calibrate"
)

// couple brings the pairs of the chosen sessions to the real trace's by
// exchanging values between them and with the candidates that were not chosen.
func (g *generator) couple(ctx context.Context, chosen, spare []candidate) (calibrate.Coupled, error) {
	cands := slices.Concat(chosen, spare)
	c, p := g.m.Codec, &g.m.targets.pairs
	width := len(c.SeriesHeads())
	coded := make([]whole, len(cands))
	type place struct{ session, record int }
	var rows []place
	for i := range cands {
		coded[i] = whole{meta: cands[i].meta, series: cands[i].series, records: cands[i].Records}
		for k := range cands[i].Records {
			rows = append(rows, place{i, k})
		}
	}
	grid, units := p.grid(width, coded)
	grid.Spare = len(spare)
	x := newExchanging(g, cands, units)
	exchange := func(unit, a, b int) bool {
		if u := units[unit]; u.series {
			x, y := cands[rows[a].session].series[rows[a].record*width:], cands[rows[b].session].series[rows[b].record*width:]
			swapCodes(x[u.from:u.to], y[u.from:u.to])
			return true
		}
		return x.exchange(unit, a, b)
	}
	refuses := func(unit, a, b int) bool {
		u := &x.units[unit]
		return !u.starts && x.ruled.refuses(u, a, b) // of starts exchange draws random numbers first
	}
	coupled, err := calibrate.Couple(ctx, grid, p.Pairs, exchange, refuses, g.rand)
	copy(chosen, cands)
	return coupled, err
}

func swapCodes(a, b []float32) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}

// exchanging is that of units of metadata between sessions.
type exchanging struct {
	g     *generator
	cands []candidate
	units []exchanged
	keys  []uint64 // of the sessions
	parts []uint64 // of their keys: of each those of its key fields
	taken map[uint64]bool
	ruled ruled
}

// exchanged is a unit of metadata that is exchanged.
type exchanged struct {
	unitKey
	fields []int // of the metadata
	starts bool  // the start too
	key    []int // of the fields that tell sessions apart, which are of it
	bound  bound
}

func newExchanging(g *generator, cands []candidate, units []unitKey) *exchanging {
	x := &exchanging{g: g, cands: cands, units: make([]exchanged, len(units)), taken: make(map[uint64]bool, len(cands))}
	for i := range cands {
		var key uint64
		for _, field := range g.key {
			part := keyPart(field, cands[i].Meta)
			x.parts = append(x.parts, part)
			key += part
		}
		x.keys = append(x.keys, key)
		x.taken[key] = true
	}
	x.ruled = newRuled(g, cands)
	for i, u := range units {
		e := &x.units[i]
		e.unitKey = u
		for _, part := range g.m.Codec.MetaPlaces() {
			switch {
			case u.series || part.From != u.from:
			case part.Start(false):
				e.starts = true
			default:
				e.fields = append(e.fields, part.Field)
				if k := slices.Index(g.key, part.Field); k >= 0 {
					e.key = append(e.key, k)
				}
			}
		}
		e.bound = x.ruled.bound(e.fields)
	}
	return x
}

// exchange exchanging a unit between two sessions where both then are sessions
// that can be, of keys that no other has.
func (x *exchanging) exchange(unit, a, b int) bool {
	g, u := x.g, &x.units[unit]
	p, q := &x.cands[a], &x.cands[b]
	if u.starts && (g.past(p, q.Start) || g.past(q, p.Start)) {
		return false
	}
	if !x.ruled.allow(u, a, b) || u.starts && (g.strays(p, q.Start) || g.strays(q, p.Start)) {
		return false
	}
	if len(u.key) > 0 && !x.rename(u, a, b) {
		return false
	}
	swapFields(p.Meta, q.Meta, u.fields)
	if u.starts {
		p.Start, q.Start = q.Start, p.Start
	}
	swapCodes(p.meta[u.from:u.to], q.meta[u.from:u.to])
	x.ruled.swap(u, a, b)
	return true
}

// rename notes the keys that two sessions have with a unit exchanged, unless
// others have them.
func (x *exchanging) rename(u *exchanged, a, b int) bool {
	width := len(x.g.key)
	ofA, ofB := x.parts[a*width:(a+1)*width], x.parts[b*width:(b+1)*width]
	oldA, oldB := x.keys[a], x.keys[b]
	newA, newB := oldA, oldB
	for _, k := range u.key {
		newA += ofB[k] - ofA[k]
		newB += ofA[k] - ofB[k]
	}
	if newA == oldA && newB == oldB { // the values are the same, too
		return true
	}
	for _, k := range []uint64{newA, newB} {
		if k != oldA && k != oldB && (x.taken[k] || x.g.keys[k]) {
			return false
		}
	}
	if newA == newB {
		return false
	}
	delete(x.taken, oldA)
	delete(x.taken, oldB)
	x.keys[a], x.keys[b] = newA, newB
	x.taken[newA], x.taken[newB] = true, true
	for _, k := range u.key {
		ofA[k], ofB[k] = ofB[k], ofA[k]
	}
	return true
}

// past reports whether a session that began at another time, later than it
// does, would end after the trace.
func (g *generator) past(of *candidate, start float64) bool {
	return of.Records > 1 && start > of.Start && start+g.m.Codec.Duration(of.series, g.rand) > g.m.Codec.Span()
}
