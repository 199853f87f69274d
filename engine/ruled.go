package engine

import (
	"math/rand/v2"
	"slices"

	"netshare/engine/codec"
	"netshare/workspace/rule"
	"netshare/workspace/trace"
)

// ruled are sessions whose metadata are asked again and again whether they can
// be with some fields exchanged: what the rules look at is read once, as numbers.
type ruled struct {
	g     *generator
	cands []candidate

	conflicts []codec.Conflict
	codes     []int32 // [sessions, 2 * conflicts]: of each its two numbers
	broken    []bool  // sessions that can't be
	rest      []*rule.Rule

	one, other trace.Row // room for metadata
}

// bound is what is to be asked of two sessions that exchange fields.
type bound struct {
	conflicts []int        // one of whose fields goes, and the other stays
	codes     []int        // that go with the fields
	rest      []*rule.Rule // rules that are no conflicts
}

func newRuled(g *generator, cands []candidate) ruled {
	r := ruled{g: g, cands: cands, broken: make([]bool, len(cands))}
	r.conflicts, r.rest = g.conflicts(g.keeper)
	width := 2 * len(r.conflicts)
	r.codes = make([]int32, len(cands)*width)
	g.keepers.each(len(cands), g.rand, func(from, to int, k *keeper, _ *rand.Rand) {
		conflicts, rest := g.conflicts(k)
		for i := from; i < to; i++ {
			meta, codes := cands[i].Meta, r.codes[i*width:(i+1)*width]
			for k := range conflicts {
				c := &conflicts[k]
				codes[2*k], codes[2*k+1] = c.OfA(meta[c.A]), c.OfB(meta[c.B])
				r.broken[i] = r.broken[i] || c.Apart(codes[2*k], codes[2*k+1])
			}
			r.broken[i] = r.broken[i] || slices.ContainsFunc(rest, func(x *rule.Rule) bool { return !x.Holds(meta) })
		}
	})
	return r
}

// conflicts returns what no session's metadata have together, and the rules of
// them that are no conflicts, for who has the keeper.
func (g *generator) conflicts(k *keeper) (conflicts []codec.Conflict, rest []*rule.Rule) {
	conflicts = slices.Concat(g.m.targets.families.conflicts(), g.m.Codec.Conflicts())
	for _, x := range k.meta {
		if x.Table == nil {
			rest = append(rest, x)
			continue
		}
		a, b := x.Columns[0], x.Columns[1]
		conflicts = append(conflicts, codec.Conflict{
			A: a, B: b, OfA: k.classes[a].Class, OfB: k.classes[b].Class,
			Width: x.Table.B.Size(), Never: x.Table.Never,
		})
	}
	return conflicts, rest
}

// bound returns what binds fields.
func (r *ruled) bound(fields []int) (b bound) {
	for k, c := range r.conflicts {
		with, beside := slices.Contains(fields, c.A), slices.Contains(fields, c.B)
		if with {
			b.codes = append(b.codes, 2*k)
		}
		if beside {
			b.codes = append(b.codes, 2*k+1)
		}
		if with != beside {
			b.conflicts = append(b.conflicts, k)
		}
	}
	for _, x := range r.rest {
		if slices.ContainsFunc(fields, x.Mentions) {
			b.rest = append(b.rest, x)
		}
	}
	return b
}

// refuses reports whether the numbers alone show that one of two sessions can't
// be with a unit exchanged. It may be called on several threads at once.
func (r *ruled) refuses(u *exchanged, a, b int) bool {
	if r.broken[a] || r.broken[b] {
		return false
	}
	width := 2 * len(r.conflicts)
	x, y := r.codes[a*width:(a+1)*width], r.codes[b*width:(b+1)*width]
	for _, k := range u.bound.conflicts {
		if c := &r.conflicts[k]; c.Apart(x[2*k], y[2*k+1]) || c.Apart(y[2*k], x[2*k+1]) {
			return true
		}
	}
	return false
}

// allow reports whether two sessions can be with a unit exchanged.
func (r *ruled) allow(u *exchanged, a, b int) bool {
	switch {
	case r.broken[a] || r.broken[b]:
		x, y := r.with(u, a, b)
		return r.g.valid(x) && r.g.m.Codec.Holds(x) && r.g.valid(y) && r.g.m.Codec.Holds(y)
	case r.refuses(u, a, b):
		return false
	case len(u.bound.rest) == 0:
		return true
	}
	one, other := r.with(u, a, b)
	return !slices.ContainsFunc(u.bound.rest, func(x *rule.Rule) bool { return !x.Holds(one) || !x.Holds(other) })
}

// with returns the metadata of two sessions with a unit exchanged, valid until
// the next call.
func (r *ruled) with(u *exchanged, a, b int) (x, y trace.Row) {
	r.one, r.other = append(r.one[:0], r.cands[a].Meta...), append(r.other[:0], r.cands[b].Meta...)
	swapFields(r.one, r.other, u.fields)
	return r.one, r.other
}

// swap notes that a unit was exchanged between two sessions, which can be.
func (r *ruled) swap(u *exchanged, a, b int) {
	r.broken[a], r.broken[b] = false, false
	width := 2 * len(r.conflicts)
	for _, k := range u.bound.codes {
		i, j := a*width+k, b*width+k
		r.codes[i], r.codes[j] = r.codes[j], r.codes[i]
	}
}

func swapFields(a, b trace.Row, fields []int) {
	for _, i := range fields {
		a[i], b[i] = b[i], a[i]
	}
}
