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
	coupled, err := calibrate.Couple(ctx, grid, p.Pairs, exchange, g.rand)
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
	keys  []string // of the sessions
	taken map[string]bool
	ruled ruled

	one, other []byte // room for keys
}

// exchanged is a unit of metadata that is exchanged.
type exchanged struct {
	unitKey
	fields []int // of the metadata
	starts bool  // the start too
	key    bool  // some of the fields tell sessions apart
	bound  bound
}

func newExchanging(g *generator, cands []candidate, units []unitKey) *exchanging {
	x := &exchanging{g: g, cands: cands, units: make([]exchanged, len(units)), taken: map[string]bool{}}
	for i := range cands {
		x.keys = append(x.keys, g.keyOf(cands[i].Meta))
		x.taken[x.keys[i]] = true
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
				e.key = e.key || slices.Contains(g.key, part.Field)
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
	swapFields(p.Meta, q.Meta, u.fields)
	if u.key && !x.rename(a, b) {
		swapFields(p.Meta, q.Meta, u.fields)
		return false
	}
	if u.starts {
		p.Start, q.Start = q.Start, p.Start
	}
	swapCodes(p.meta[u.from:u.to], q.meta[u.from:u.to])
	x.ruled.swap(u, a, b)
	return true
}

// rename notes the keys that two sessions now have, unless others have them.
func (x *exchanging) rename(a, b int) bool {
	x.one, x.other = x.g.appendKey(x.one[:0], x.cands[a].Meta), x.g.appendKey(x.other[:0], x.cands[b].Meta)
	oldA, oldB := x.keys[a], x.keys[b]
	if string(x.one) == oldA && string(x.other) == oldB {
		return true
	}
	for _, k := range [][]byte{x.one, x.other} {
		if string(k) != oldA && string(k) != oldB && (x.taken[string(k)] || x.g.keys[string(k)]) {
			return false
		}
	}
	if string(x.one) == string(x.other) {
		return false
	}
	delete(x.taken, oldA)
	delete(x.taken, oldB)
	x.keys[a], x.keys[b] = string(x.one), string(x.other)
	x.taken[x.keys[a]], x.taken[x.keys[b]] = true, true
	return true
}

// past reports whether a session that began at another time, later than it
// does, would end after the trace.
func (g *generator) past(of *candidate, start float64) bool {
	return of.Records > 1 && start > of.Start && start+g.m.Codec.Duration(of.series, g.rand) > g.m.Codec.Span()
}
