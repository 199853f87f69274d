package marginal

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"netshare/engine/codec"
	"netshare/engine/privacy"
	"netshare/workspace/trace"
)

// Columns are a trace's columns, each learnt on its own within a share of a
// budget, as a code for networks that learn the rest: a session is a row of
// classes, and one more row for each of its records.
type Columns struct {
	Model    *Model
	Ledger   *privacy.Ledger // what was spent
	Noise    *privacy.Noise
	Sessions []trace.Session // those that are looked at
	Hosts    [][]int         // of the unit Host, the sessions of each host
}

// FitColumns learns columns with a share of the budget, at most the given number
// of classes each. It fails as Fit does.
func FitColumns(ctx context.Context, recipe *trace.Recipe, types map[string]trace.Type, sessions []trace.Session, opts Options, share float64, classes int) (*Columns, error) {
	opts.ColumnsOnly = true
	f, sessions, err := begin(recipe, types, sessions, opts)
	if err != nil {
		return nil, err
	}
	f.share = share
	if err := f.fit(ctx, sessions); err != nil {
		return nil, err
	}
	m := f.model
	for i := range m.Attributes {
		a := &m.Attributes[i]
		a.group(classes, f.sessions*classLeast)
		a.index()
	}
	c := &Columns{Model: m, Ledger: f.look.ledger, Noise: f.look.noise, Sessions: sessions}
	if opts.Unit == Host {
		source := HostField(recipe)
		at := map[string]int{}
		for i, s := range sessions {
			host, _ := codec.Text(s.Meta[source])
			k, known := at[host]
			if !known {
				k = len(c.Hosts)
				at[host] = k
				c.Hosts = append(c.Hosts, nil)
			}
			c.Hosts[k] = append(c.Hosts[k], i)
		}
	}
	return c, nil
}

// classLeast is the share of sessions that a class of one value holds.
const classLeast = .005

// coded returns the attributes of sessions, or of records, that have several
// classes: those that networks learn.
func (m *Model) coded(series bool) (of []int) {
	for i := range m.Attributes {
		if a := &m.Attributes[i]; a.Series == series && a.Count > 1 {
			of = append(of, i)
		}
	}
	return of
}

// Shares returns the classes' shares of the sessions, or of the records of a
// session, for each attribute of a coded row: counts through noise.
func (m *Model) Shares(series bool) (all [][]float64) {
	for _, i := range m.coded(series) {
		all = append(all, shares(m.Attributes[i].classMasses()))
	}
	return all
}

// Records draws the number of records of a session of such metadata classes.
func (m *Model) Records(meta []int32, r *rand.Rand) int {
	g := generator{m: m, rand: r}
	class := make(map[int]int32)
	for j, i := range m.coded(false) {
		class[i] = meta[j]
	}
	for i := range m.Attributes {
		if a := &m.Attributes[i]; a.Role == ofLength {
			if l := g.leaf(i, class[i]); a.Leaves[l].Kind == parts {
				return max(1, int(g.number(a, l)))
			}
		}
	}
	return 1
}

// Within returns the least number of records that a share of the sessions have
// no more than, as counted with noise.
func (m *Model) Within(share float64) int {
	longest, held := 1, 0.0
	for i := range m.Attributes {
		a := &m.Attributes[i]
		if a.Role != ofLength {
			continue
		}
		leaves := slices.Clone(a.Leaves)
		slices.SortStableFunc(leaves, func(x, y leaf) int {
			return cmp.Compare(a.Grid.order(x.Cell, x.Sub), a.Grid.order(y.Cell, y.Sub))
		})
		for _, l := range leaves {
			if l.Kind == parts && held < share*m.Sessions {
				_, hi := a.Grid.bounds(l.Cell, l.Sub, l.Subs)
				longest, held = max(1, int(math.Ceil(hi))-1), held+l.Mass
			}
		}
	}
	return longest
}

// Index prepares a model that was loaded for coding.
func (m *Model) Index() {
	for i := range m.Attributes {
		m.Attributes[i].index()
	}
}

// Encode returns a session's classes, and those of its records, row by row.
func (m *Model) Encode(s trace.Session) (meta, series []int32) {
	row := func(out []int32, of []int, k int) []int32 {
		for _, i := range of {
			a := &m.Attributes[i]
			out = append(out, a.Class[a.leafOf(m.value(a, s, k))])
		}
		return out
	}
	meta = row(nil, m.coded(false), 0)
	of := m.coded(true)
	for k := range s.Series {
		series = row(series, of, k)
	}
	return meta, series
}

// Maker makes sessions of the classes that networks give. It is not safe for
// concurrent use.
type Maker struct {
	g            *generator
	meta, series []int
	class        []int32
	keys         map[string]bool
}

// NewMaker returns a maker that draws with r what classes leave open.
func (m *Model) NewMaker(r *rand.Rand) *Maker {
	return &Maker{
		g: newGenerator(m, r), meta: m.coded(false), series: m.coded(true),
		class: make([]int32, len(m.Attributes)), keys: map[string]bool{},
	}
}

func (k *Maker) set(of []int, classes []int32) {
	for j, i := range of {
		k.class[i] = classes[j]
	}
}

// Session makes a session of its classes and those of its records, row by row,
// and says when it begins, in seconds. Where a key that no session had can be
// drawn it has such a one.
func (k *Maker) Session(meta, series []int32, records int) (s trace.Session, start float64, err error) {
	if len(meta) != len(k.meta) || len(series) != len(k.series)*records {
		return s, 0, fmt.Errorf("%d classes and %d of %d records: want %d, and %d of each", len(meta), len(series), records, len(k.meta), len(k.series))
	}
	for range patience {
		k.set(k.meta, meta)
		start, _ = k.g.span(k.class)
		k.set(k.series, series[:len(k.series)])
		s = k.g.build(k.class, start, records, func(record int) {
			k.set(k.series, series[record*len(k.series):(record+1)*len(k.series)])
			if g := k.g; g.gap >= 0 && k.class[g.gap] == g.none { // a record after the first has a gap
				p := slices.Clone(g.alone[g.gap])
				p[g.none] = 0
				k.class[g.gap] = g.pick(p)
			}
		})
		if !k.g.valid(s.Meta) {
			continue
		}
		if len(k.g.m.Key) == 0 {
			break
		}
		if key := k.g.key(s.Meta); !k.keys[key] {
			k.keys[key] = true
			break
		}
	}
	return s, start, nil
}
