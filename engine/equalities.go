package engine

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"

	"netshare/engine/codec"
	"netshare/workspace/trace"
)

// equality says that two columns hold the same value in a share of the real
// records, more often than they would if they knew nothing of each other: who
// logs on and as whom, a name and the host that has it. Networks and pairs of
// frequent values don't tell, since values that stand for many are made up of
// each column for itself. Columns are metadata fields, then series fields.
type equality struct {
	A, B  int
	To    int // A or B: that which takes the other's value; -1 for either
	Share float64
	// Shares are those of the records by whether A's value is one that is not
	// repeated, + 2 if B's is.
	Shares [4]float64
}

const (
	equalRecords = 20  // fewest records with equal values that tell of an equality
	equalLift    = .02 // least share beyond that of independent columns
	equalFields  = 24  // most columns that are looked at

	exchangesAtMost = 64 // sessions that are tried for an exchange
)

// fitEqualities finds the equalities of the sessions, those of metadata first,
// and of these the clearest first.
func fitEqualities(c *codec.Codec, r *trace.Recipe, types map[string]trace.Type, sessions []trace.Session) []equality {
	type found struct {
		equality
		lift float64
	}
	meta := len(r.Metadata)
	var columns []int
	fields := slices.Concat(r.Metadata, r.Series)
	for i, f := range fields {
		list := f.Encoding == trace.EncodeAttributes || f.Encoding == trace.EncodeValues || strings.HasSuffix(string(types[f.Name]), "[]")
		switch f.Kind {
		case trace.KindText, trace.KindAddress, trace.KindPort, trace.KindCategory:
			if !list {
				columns = append(columns, i)
			}
		}
	}
	columns = columns[:min(len(columns), equalFields)]
	counts := make([]map[any]float64, len(fields))
	for _, i := range columns {
		counts[i] = map[any]float64{}
	}
	equal := make([]float64, len(fields)*len(fields))
	records := 0.
	for _, s := range sessions {
		for _, rec := range s.Series {
			records++
			for k, i := range columns {
				v := columnOf(s.Meta, rec, i)
				if v == nil {
					continue
				}
				counts[i][v]++
				for _, j := range columns[k+1:] {
					if fields[i].Kind == fields[j].Kind && columnOf(s.Meta, rec, j) == v {
						equal[i*len(fields)+j]++
					}
				}
			}
		}
	}
	var all []found
	for k, i := range columns {
		for _, j := range columns[k+1:] {
			n := equal[i*len(fields)+j]
			if n < equalRecords {
				continue
			}
			chance := 0.
			for v, x := range counts[i] {
				chance += x * counts[j][v] // whole numbers: in any order the same
			}
			if lift := n/records - chance/records/records; lift >= equalLift {
				all = append(all, found{equality{A: i, B: j, To: -1, Share: n / records}, lift})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b found) int {
		if x, y := a.B < meta, b.B < meta; x != y {
			return cmp.Compare(boolInt(y), boolInt(x))
		}
		return cmp.Compare(b.lift, a.lift)
	})
	var out []equality
	used := map[int]bool{}
	for _, f := range all {
		switch {
		case used[f.B] && (used[f.A] || f.A < meta && f.B >= meta):
			continue // both follow from others
		case used[f.B]:
			f.To = f.A
		case used[f.A] || f.A < meta && f.B >= meta:
			f.To = f.B
		}
		used[f.A], used[f.B] = true, true
		f.fitShares(c, sessions)
		out = append(out, f.equality)
	}
	return out
}

func (e *equality) fitShares(c *codec.Codec, sessions []trace.Session) {
	var made [4]balance
	for _, s := range sessions {
		for _, rec := range s.Series {
			made[e.sort(c, s.Meta, rec)].add(1, e.holds(s.Meta, rec))
		}
	}
	for i, b := range made {
		e.Shares[i] = b.equal / max(1, b.records)
	}
}

// holds reports whether a record has equal values.
func (e *equality) holds(meta, rec trace.Row) bool {
	v := columnOf(meta, rec, e.A)
	return v != nil && v == columnOf(meta, rec, e.B)
}

// sort is which of Shares is a record's.
func (e *equality) sort(c *codec.Codec, meta, rec trace.Row) int {
	return boolInt(madeUp(c, meta, e.A, columnOf(meta, rec, e.A))) + 2*boolInt(madeUp(c, meta, e.B, columnOf(meta, rec, e.B)))
}

func madeUp(c *codec.Codec, meta trace.Row, column int, v any) bool {
	if column < len(meta) {
		return c.MadeUp(false, column, v)
	}
	return c.MadeUp(true, column-len(meta), v)
}

// columnOf is a column's value in a record of a session.
func columnOf(meta, rec trace.Row, column int) any {
	if column < len(meta) {
		return meta[column]
	}
	return rec[column-len(meta)+1]
}

// balance counts records of one sort: all, those that have equal values and
// those that could be given them.
type balance struct{ records, equal, open float64 }

func (b *balance) add(records float64, equal bool) {
	b.records += records
	if equal {
		b.equal += records
	}
}

// chance is how likely an open record has to be made equal for a share to be met.
func (b *balance) chance(share float64) float64 {
	return min(max(0, (share*b.records-b.equal)/max(1, b.open)), 1)
}

// copies returns which column, whose value is made up, takes the other's in a
// record, by preference one that is made up too, which same tells; false where
// none can. A value that is repeated from the real trace is not lost: it goes
// together with others of its record.
func (e *equality) copies(c *codec.Codec, meta, rec trace.Row, r *rand.Rand) (to int, same, ok bool) {
	a, b := columnOf(meta, rec, e.A), columnOf(meta, rec, e.B)
	if a == nil || b == nil {
		return 0, false, false
	}
	columns := []int{e.B, e.A}
	switch {
	case e.To >= 0:
		columns = []int{e.To}
	case r.IntN(2) == 0:
		columns = []int{e.A, e.B}
	}
	for _, column := range columns {
		was, v := b, a
		if column == e.A {
			was, v = a, b
		}
		takes := column < len(meta) && c.Takes(false, column, v) || column >= len(meta) && c.Takes(true, column-len(meta), v)
		stays := madeUp(c, meta, column, v)
		if takes && madeUp(c, meta, column, was) && (!ok || stays && !same) {
			to, same, ok = column, stays, true
		}
	}
	return to, same, ok
}

// equate gives sessions' metadata the real trace's share of records with equal
// values: by exchanging values between sessions, by copying over made-up values
// such as are made up too, and last, of sessions that are to be like the real
// trace's, any that are missing to the share of all.
func (g *generator) equate(made []candidate) {
	for i := range g.m.targets.equalities {
		e := &g.m.targets.equalities[i]
		if e.B >= len(g.m.Recipe.Metadata) {
			continue
		}
		if g.parts == nil {
			g.exchangeEqual(e, made)
		}
		g.copyEqual(e, made, e.Shares[:], func(meta trace.Row, same bool) int {
			if !same {
				return -1
			}
			return e.sort(g.m.Codec, meta, nil)
		})
		if g.parts == nil {
			g.copyEqual(e, made, []float64{e.Share}, func(meta trace.Row, _ bool) int { return 0 })
		}
	}
}

// copyEqual makes sessions' values equal by copying, to a share of each sort.
// Sort tells it of a session that could be made so, or is, below 0 for none.
func (g *generator) copyEqual(e *equality, made []candidate, shares []float64, sort func(meta trace.Row, same bool) int) {
	all := make([]balance, len(shares))
	type change struct{ session, to, sort int }
	var open []change
	for i := range made {
		c := &made[i]
		n := float64(c.Records)
		if e.holds(c.Meta, nil) {
			all[sort(c.Meta, true)].add(n, true)
			continue
		}
		to, same, ok := e.copies(g.m.Codec, c.Meta, nil, g.rand)
		k := sort(c.Meta, same)
		if k < 0 {
			all[sort(c.Meta, true)].add(n, false)
			continue
		}
		if all[k].add(n, false); ok {
			open = append(open, change{i, to, k})
		}
	}
	g.rand.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	for _, o := range open {
		c, b := &made[o.session], &all[o.sort]
		n := float64(c.Records)
		if b.equal+n/2 > shares[o.sort]*b.records {
			continue
		}
		meta := slices.Clone(c.Meta)
		meta[o.to] = meta[e.A+e.B-o.to]
		if g.renamed(c, meta) {
			b.equal += n
		}
	}
}

// exchangeEqual makes values of sessions that are repeated from the real trace
// equal by exchanging one of them with another session's, in which it is not
// equal either: of several with that which is most like it.
func (g *generator) exchangeEqual(e *equality, made []candidate) {
	var all balance
	column, other := e.B, e.A
	if e.To == e.A {
		column, other = e.A, e.B
	}
	having := map[any][]int{} // unequal sessions by their value in the column
	for i := range made {
		m := made[i].Meta
		holds := e.holds(m, nil)
		if e.sort(g.m.Codec, m, nil) == 0 {
			all.add(float64(made[i].Records), holds)
		}
		if !holds {
			having[m[column]] = append(having[m[column]], i)
		}
	}
	for _, i := range g.rand.Perm(len(made)) {
		x := &made[i]
		n := float64(x.Records)
		if all.equal+n/2 > e.Shares[0]*all.records {
			return
		}
		want := x.Meta[other]
		if want == nil || e.holds(x.Meta, nil) || e.sort(g.m.Codec, x.Meta, nil) != 0 {
			continue
		}
		best, like := -1, -1
		for _, j := range having[want][:min(len(having[want]), exchangesAtMost)] {
			y := &made[j]
			if y.Meta[column] != want || y.Meta[other] == want {
				continue
			}
			if k := alike(x, y); k > like {
				best, like = j, k
			}
		}
		if best >= 0 && g.swapped(x, &made[best], column) {
			all.equal += n
			if e.holds(made[best].Meta, nil) {
				all.equal += float64(made[best].Records)
			}
		}
	}
}

// alike counts the codes that two sessions and their first records have in common.
func alike(a, b *candidate) (n int) {
	for i, x := range a.meta {
		n += boolInt(x == b.meta[i])
	}
	for i := range min(len(a.series)/max(1, a.Records), len(b.series)/max(1, b.Records)) {
		n += boolInt(a.series[i] == b.series[i])
	}
	return n
}

// swapped exchanges a field of two sessions' metadata, where both can be.
func (g *generator) swapped(a, b *candidate, field int) bool {
	x, y, was := slices.Clone(a.Meta), slices.Clone(b.Meta), slices.Clone(a.Meta)
	x[field], y[field] = y[field], x[field]
	if !g.renamed(a, x) {
		return false
	}
	if !g.renamed(b, y) {
		g.renamed(a, was)
		return false
	}
	return true
}

// renamed gives a session other metadata, unless it can't be or has the key of
// another.
func (g *generator) renamed(c *candidate, meta trace.Row) bool {
	if !g.m.Codec.Holds(meta) || !g.rename(c, g.keyOf(c.Meta), meta) {
		return false
	}
	copy(c.Meta, meta)
	return true
}

// equateRecords copies values in a session's records, to the share of each sort
// among the records made so far. Values that are repeated are left as they are:
// of a process log, exchanging them between records of like classes met the
// share, and cost 8 points of how records follow one another.
func (g *generator) equateRecords(s trace.Session) {
	if g.balances == nil {
		g.balances = make([][4]balance, len(g.m.targets.equalities))
	}
	for i := range g.m.targets.equalities {
		e := &g.m.targets.equalities[i]
		if e.B < len(s.Meta) {
			continue
		}
		for _, rec := range s.Series {
			sort := e.sort(g.m.Codec, s.Meta, rec)
			b := &g.balances[i][sort]
			holds := e.holds(s.Meta, rec)
			b.add(1, holds)
			to, same, ok := e.copies(g.m.Codec, s.Meta, rec, g.rand)
			if holds || !ok || !same {
				continue
			}
			b.open++
			if g.rand.Float64() >= b.chance(e.Shares[sort]) {
				continue
			}
			again := slices.Clone(rec)
			again[to-len(s.Meta)+1] = columnOf(s.Meta, rec, e.A+e.B-to)
			if g.m.Codec.HoldsRecord(s.Meta, again) {
				copy(rec, again)
			}
		}
	}
}
