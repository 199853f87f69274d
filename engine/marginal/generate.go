package marginal

import (
	"context"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"netshare/engine/codec"
	"netshare/workspace/trace"
)

// Generate makes n sessions, in the order of their starts, and gives each to
// emit. The same model and r make the same sessions. It looks at nothing but the
// model.
func (m *Model) Generate(ctx context.Context, n int, r *rand.Rand, emit func(trace.Session) error) error {
	g := newGenerator(m, r)
	type made struct {
		start   float64
		session trace.Session
	}
	all := make([]made, n)
	keys := map[string]bool{}
	for i := range all {
		if i%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for range patience {
			all[i].session, all[i].start = g.session()
			if !g.valid(all[i].session.Meta) {
				continue
			}
			if len(m.Key) == 0 {
				break
			}
			k := g.key(all[i].session.Meta)
			if taken := keys[k]; !taken {
				keys[k] = true
				break
			}
		}
	}
	slices.SortStableFunc(all, func(a, b made) int {
		switch {
		case a.start < b.start:
			return -1
		case a.start > b.start:
			return 1
		}
		return 0
	})
	for _, x := range all {
		if err := emit(x.session); err != nil {
			return err
		}
	}
	return nil
}

// patience is how many sessions are drawn before one whose key is taken, or
// whose addresses are of two versions, is accepted.
const patience = 30

type generator struct {
	m    *Model
	rand *rand.Rand

	order  []int         // attributes, each after the one it depends on
	after  []int         // of each attribute the edge that it is the child of, -1 without
	given  [][][]float64 // of each edge [class of parent][class of child] chances
	alone  [][]float64   // of each attribute, chances of its classes
	chains [][][]float64 // of each attribute, [class before][class after] chances; nil without
	gap    int           // the attribute, -1 without
	none   int32         // its class for the first record

	made []map[int32][]string // made-up texts by attribute and leaf
}

func newGenerator(m *Model, r *rand.Rand) *generator {
	n := len(m.Attributes)
	g := &generator{m: m, rand: r, after: make([]int, n), gap: -1, chains: make([][][]float64, n), made: make([]map[int32][]string, n)}
	for i := range m.Attributes {
		a := &m.Attributes[i]
		a.index()
		g.after[i] = -1
		g.alone = append(g.alone, shares(a.classMasses()))
		g.made[i] = map[int32][]string{}
		if a.Role == ofGap {
			g.gap, g.none = i, -1
			if l := a.kindLeaf(missing); l >= 0 {
				g.none = a.Class[l]
			}
		}
	}
	for k, e := range m.Edges {
		g.after[e.Child] = k
		g.given = append(g.given, rowsOf(e.Mass, m.Attributes[e.Child].Count, g.alone[e.Child]))
	}
	for i := range m.Attributes {
		if g.after[i] < 0 {
			g.order = append(g.order, i)
		}
	}
	for _, e := range m.Edges {
		g.order = append(g.order, e.Child)
	}
	for _, c := range m.Chains {
		g.chains[c.Attribute] = rowsOf(c.Mass, m.Attributes[c.Attribute].Count, g.alone[c.Attribute])
	}
	return g
}

// shares makes masses chances.
func shares(x []float64) []float64 {
	out := slices.Clone(x)
	if s := sumOf(x); s > 0 {
		for i := range out {
			out[i] /= s
		}
	} else {
		for i := range out {
			out[i] = 1 / float64(len(x))
		}
	}
	return out
}

// rowsOf makes the rows of a table chances; a row of nothing is as alone.
func rowsOf(m []float64, cols int, alone []float64) [][]float64 {
	var rows [][]float64
	for i := 0; i < len(m); i += cols {
		if row := m[i : i+cols]; sumOf(row) > 0 {
			rows = append(rows, shares(row))
		} else {
			rows = append(rows, alone)
		}
	}
	return rows
}

// pick draws an index by its chances, which add up to about 1.
func (g *generator) pick(p []float64) int32 {
	u := g.rand.Float64() * sumOf(p)
	last := 0
	for i, x := range p {
		if x > 0 {
			last = i
			if u -= x; u < 0 {
				break
			}
		}
	}
	return int32(last)
}

// session makes one session.
func (g *generator) session() (trace.Session, float64) {
	class := make([]int32, len(g.m.Attributes))
	for _, i := range g.order {
		class[i] = g.pick(g.chances(i, class))
	}
	start, length := g.span(class)
	return g.build(class, start, length, func(k int) { g.next(class, k) }), start
}

// span draws when a session of such classes begins, and its records.
func (g *generator) span(class []int32) (start float64, length int) {
	length = 1
	for i := range g.m.Attributes {
		a := &g.m.Attributes[i]
		l := g.leaf(i, class[i])
		switch {
		case a.Role == ofStart:
			start = a.Leaves[l].Lo + g.rand.Float64()*(a.Leaves[l].Hi-a.Leaves[l].Lo)
		case a.Role == ofLength:
			if a.Leaves[l].Kind == parts {
				length = max(1, int(g.number(a, l)))
			}
		}
	}
	return start, length
}

// build makes a session of classes; next sets those of each record after the
// first.
func (g *generator) build(class []int32, start float64, length int, next func(record int)) trace.Session {
	m := g.m
	if g.gap >= 0 && g.none >= 0 {
		class[g.gap] = g.none
	}
	s := trace.Session{Meta: make(trace.Row, m.Metadata)}
	for i := range m.Attributes {
		if a := &m.Attributes[i]; a.Role == ofField && !a.Series {
			s.Meta[a.Field] = g.decode(i, g.leaf(i, class[i]), start)
		}
	}
	now := start
	for k := range length {
		if k > 0 {
			next(k)
			if g.gap >= 0 {
				a := &m.Attributes[g.gap]
				if l := g.leaf(g.gap, class[g.gap]); a.Leaves[l].Kind == parts {
					now += g.number(a, l)
				}
			}
		}
		row := make(trace.Row, 1+m.Series)
		if m.Time.Name != "" {
			row[0] = m.time(m.Time, m.TimeType, now)
		}
		for i := range m.Attributes {
			if a := &m.Attributes[i]; a.Role == ofField && a.Series {
				row[a.Field+1] = g.decode(i, g.leaf(i, class[i]), now)
			}
		}
		s.Series = append(s.Series, row)
	}
	return s
}

// chances are those of an attribute's classes given those of the others.
func (g *generator) chances(i int, class []int32) []float64 {
	k := g.after[i]
	if k < 0 {
		return g.alone[i]
	}
	return g.given[k][class[g.m.Edges[k].Parent]]
}

// next moves the records' attributes on to a record: by what they depend on and
// by what they were before.
func (g *generator) next(class []int32, record int) {
	for _, i := range g.order {
		if !g.m.Attributes[i].Series {
			continue
		}
		p := slices.Clone(g.chances(i, class))
		if c := g.chains[i]; c != nil && !(i == g.gap && record == 1) {
			// both are about the same classes: what they say beyond them counts
			both, sum := make([]float64, len(p)), 0.0
			for k := range p {
				if g.alone[i][k] > 0 {
					both[k] = p[k] * c[class[i]][k] / g.alone[i][k]
					sum += both[k]
				}
			}
			if sum > 0 {
				p = both
			}
		}
		if i == g.gap && g.none >= 0 && len(p) > 1 {
			p[g.none] = 0
			if sumOf(p) == 0 {
				p = slices.Clone(g.alone[i])
				p[g.none] = 0
			}
		}
		class[i] = g.pick(p)
	}
}

// leaf draws one of a class's leaves.
func (g *generator) leaf(i int, class int32) int32 {
	a := &g.m.Attributes[i]
	masses := a.within[class]
	u := g.rand.Float64() * masses[len(masses)-1]
	k, _ := slices.BinarySearch(masses, u)
	return a.of[class][min(k, len(masses)-1)]
}

// number draws a number of a leaf of the grid.
func (g *generator) number(a *attribute, l int32) float64 {
	x := a.Leaves[l]
	return a.Grid.draw(x.Cell, x.Sub, x.Subs, g.rand.Float64())
}

// key is the text of a session's key.
func (g *generator) key(meta trace.Row) string {
	var b strings.Builder
	for _, i := range g.m.Key {
		t, _ := codec.Text(meta[i])
		b.WriteString(t)
		b.WriteByte(0)
	}
	return b.String()
}

// valid reports whether a session's addresses are of one version.
func (g *generator) valid(meta trace.Row) bool {
	version := 0
	for i := range g.m.Attributes {
		a := &g.m.Attributes[i]
		if a.Role != ofField || a.Series || a.Def.Kind != trace.KindAddress {
			continue
		}
		s, ok := meta[a.Field].(string)
		if !ok {
			continue
		}
		if addr, err := netip.ParseAddr(s); err == nil {
			v := 6
			if addr.Is4() {
				v = 4
			}
			if version != 0 && v != version {
				return false
			}
			version = v
		}
	}
	return true
}

// microsecond is the resolution of the reals that are made.
const microsecond = 1e6

func rounded(x float64) float64 { return math.Round(x*microsecond) / microsecond }
