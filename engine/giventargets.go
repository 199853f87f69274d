package engine

import (
	"slices"

	"netshare/engine/calibrate"
	"netshare/engine/codec"
)

// givenTargets are what sessions of which something is given are like in the
// real trace: the distributions of the other columns, read off the table of each
// with the column that is given.
type givenTargets struct {
	meta, series ranks // of the columns of which it is known
	lengths      lengths
	known        bool // lengths are those of what is given

	features []givenFeature
	margins  calibrate.Targets
	width    int // heads of a record
}

// givenFeature counts the bins of a column over a session's records, or the
// classes of a head that is given once for the session.
type givenFeature struct {
	column *pairColumn
	head   int
	first  int32
	bins   []int32 // of a head's classes, by class; -1 for none
}

// given works out the targets of a part. The column that is given is, of
// several, that which fewest records have: no table tells of two at once.
func (t *targets) given(c *codec.Codec, p *part, fields []codec.FieldLimit) *givenTargets {
	g := &givenTargets{lengths: t.lengths, width: len(c.SeriesHeads())}
	column, shares := t.givenColumn(p, fields)
	factors := t.factors(column, shares)
	pick := func(series bool, all ranks) (out ranks) {
		for i, h := range all.Heads {
			for k := range t.pairs.Columns {
				col := &t.pairs.Columns[k]
				if f := factors[k]; f != nil && col.Series == series && col.Place.Number != nil && col.Place.Number.Head == h.Head {
					if q := reweigh(all.Quantiles[i], col, f); q != nil {
						out.Heads, out.Quantiles = append(out.Heads, h), append(out.Quantiles, q)
					}
				}
			}
		}
		return out
	}
	g.meta, g.series = pick(false, t.meta), pick(true, t.series)
	for k := range t.pairs.Columns {
		col := &t.pairs.Columns[k]
		if f := factors[k]; f != nil && !col.Series && col.Place.Head == t.lengths.Head && col.Place.Number == nil {
			g.known = true
			g.lengths.Counts = slices.Clone(t.lengths.Counts)
			for class := range g.lengths.Counts {
				// Counts become weights, in thousandths of a session.
				g.lengths.Counts[class] = int(1000 * float64(g.lengths.Counts[class]) * f.times[f.bin(col, class)])
			}
		}
	}
	g.add(c, t, p, factors)
	return g
}

// factor is how many times as frequent the bins of a column are where something
// is given, and how frequent they then are.
type factor struct{ times, share []float64 }

func (f *factor) bin(col *pairColumn, class int) int {
	if class < len(col.Place.Of) {
		if k := col.Place.Of[class]; k >= 0 && int(k) < len(col.Bins) {
			return int(col.Bins[k])
		}
	}
	return int(col.Rest)
}

// givenColumn returns the column that is given and how much of each bin; -1 where
// the bins don't tell.
func (t *targets) givenColumn(p *part, fields []codec.FieldLimit) (column int, shares []float64) {
	column = -1
	least := 2.
	consider := func(field int, shareOf func(*pairColumn) []float64) {
		for k := range t.pairs.Columns {
			col := &t.pairs.Columns[k]
			if col.Series || col.Place.Field != field {
				continue
			}
			s := shareOf(col)
			if mass := t.mass(k, s); mass > 0 && mass < least {
				column, shares, least = k, s, mass
			}
		}
	}
	for _, f := range fields {
		consider(f.Field, func(col *pairColumn) []float64 { return binShares(col, f) })
	}
	if len(p.conditions) > 0 || len(p.excluded) == 0 {
		return column, shares
	}
	for _, e := range p.without {
		if len(e) != 1 || e[0].Field != p.without[0][0].Field { // no table tells: as the whole trace
			consider(e[0].Field, func(col *pairColumn) []float64 { return slices.Repeat([]float64{1}, col.Size) })
			return column, shares
		}
	}
	consider(p.without[0][0].Field, func(col *pairColumn) []float64 {
		left := slices.Repeat([]float64{1}, col.Size)
		for _, e := range p.without {
			for i, s := range binShares(col, e[0]) {
				left[i] = max(0, left[i]-s)
			}
		}
		return left
	})
	return column, shares
}

// binShares is how much of each bin of a column a limit leaves.
func binShares(col *pairColumn, f codec.FieldLimit) []float64 {
	s := make([]float64, col.Size)
	for class, share := range f.Shares {
		if class < len(col.Bins) && col.Bins[class] != col.Rest {
			s[col.Bins[class]] = share
		}
	}
	if col.Place.Number == nil {
		return s
	}
	lo := float32(0)
	for i := 0; i <= len(col.Edges); i++ {
		hi := float32(1)
		if i < len(col.Edges) {
			hi = col.Edges[i]
		}
		if both := min(hi, f.High) - max(lo, f.Low); both > 0 && hi > lo {
			s[int(col.First)+i] = float64(both / (hi - lo))
		}
		lo = hi
	}
	return s
}

// mass is the share of records in the bins of a column.
func (t *targets) mass(column int, shares []float64) float64 {
	for _, p := range t.pairs.Pairs {
		if p.Next || p.A != column && p.B != column {
			continue
		}
		var sum float64
		width := len(p.Share) / t.size(p.A)
		for i, s := range p.Share {
			bin := i / width
			if p.B == column {
				bin = i % width
			}
			sum += float64(s) * shares[bin]
		}
		return sum
	}
	return 0
}

// size is that of a column of the pairs, the last of which is the place.
func (t *targets) size(column int) int {
	if column < len(t.pairs.Columns) {
		return t.pairs.Columns[column].Size
	}
	return placeSize
}

// factors returns the factor of each column that has a table with the given one,
// nil for the others.
func (t *targets) factors(column int, shares []float64) []*factor {
	out := make([]*factor, len(t.pairs.Columns)+1)
	if column < 0 {
		return out
	}
	for _, p := range t.pairs.Pairs {
		if p.Next || p.A != column && p.B != column {
			continue
		}
		other := p.A + p.B - column
		plain, given := make([]float64, t.size(other)), make([]float64, t.size(other))
		var all float64
		width := t.size(p.B)
		for i, s := range p.Share {
			bin, of := i/width, i%width
			if p.B == column {
				bin, of = of, bin
			}
			plain[of] += float64(s)
			given[of] += float64(s) * shares[bin]
			all += float64(s) * shares[bin]
		}
		f := &factor{times: make([]float64, len(plain)), share: given}
		for i := range given {
			given[i] /= all
			if plain[i] > 0 {
				f.times[i] = given[i] / plain[i]
			}
		}
		out[other] = f
	}
	return out
}

// reweigh draws quantiles again, as often as their bins are where something is
// given; nil where none is.
func reweigh(quantiles []float32, col *pairColumn, f *factor) []float32 {
	var sum float64
	weights := make([]float64, len(quantiles))
	for i, q := range quantiles {
		bin, found := slices.BinarySearch(col.Edges, q)
		if found {
			bin++
		}
		weights[i] = f.times[int(col.First)+bin]
		sum += weights[i]
	}
	if sum == 0 {
		return nil
	}
	out := make([]float32, 0, maxQuantiles)
	u, below := .5, 0.
	for i, w := range weights {
		for below += w / sum * maxQuantiles; u < below && len(out) < maxQuantiles; u++ {
			out = append(out, quantiles[i])
		}
	}
	return out
}

// add makes the features of the columns that have a factor, and of the heads
// that are given, whose classes the real sessions are counted by.
func (g *givenTargets) add(c *codec.Codec, t *targets, p *part, factors []*factor) {
	mean, square, weight := 0., 0., 0.
	for class, n := range g.lengths.Counts {
		length := c.LengthOf(class)
		mean += float64(n) * length
		square += float64(n) * length * length
		weight += float64(n)
	}
	if weight == 0 {
		return
	}
	mean, square = mean/weight, square/weight
	sessions := float64(t.variety.Rows)
	var next int32
	target := func(m, variance float64) {
		g.margins.Mean = append(g.margins.Mean, m)
		g.margins.Variance = append(g.margins.Variance, max(variance/sessions+1/(sessions*sessions), leastError*leastError*max(m*m, leastMean*leastMean)))
		next++
	}
	for k := range t.pairs.Columns {
		f := factors[k]
		if f == nil {
			continue
		}
		g.features = append(g.features, givenFeature{column: &t.pairs.Columns[k], first: next})
		for _, share := range f.share {
			target(share*mean, share*square)
		}
	}
	for _, l := range p.limits {
		if l.Shares == nil {
			continue
		}
		counts := t.variety.Meta[l.Head]
		var all float64
		for class, share := range l.Shares {
			all += share * float64(counts[class])
		}
		if all == 0 {
			continue
		}
		f := givenFeature{head: l.Head, bins: make([]int32, len(l.Shares))}
		for class, share := range l.Shares {
			f.bins[class] = -1
			if w := share * float64(counts[class]); w > 0 {
				f.bins[class] = next
				target(w/all, w/all)
			}
		}
		g.features = append(g.features, f)
	}
	g.margins.Sessions = t.variety.Rows
}

// row returns a session's features.
func (g *givenTargets) row(w whole) calibrate.Row {
	var row calibrate.Row
	add := func(k int32, v float32) {
		for i := range row {
			if row[i].Feature == k {
				row[i].Value += v
				return
			}
		}
		row = append(row, calibrate.Entry{Feature: k, Value: v})
	}
	for _, f := range g.features {
		switch {
		case f.bins != nil:
			if k := f.bins[int(w.meta[f.head])]; k >= 0 {
				add(k, 1)
			}
		case f.column.Series:
			for at := 0; at < len(w.series); at += g.width {
				add(f.first+int32(f.column.bin(w.series[at:at+g.width])), 1)
			}
		default:
			add(f.first+int32(f.column.bin(w.meta)), float32(w.records))
		}
	}
	return row
}
