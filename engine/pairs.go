package engine

import (
	"math/rand/v2"
	"slices"

	"netshare/engine/calibrate"
	"netshare/engine/codec"
)

// pairs are how the real trace's columns go together, two by two, which
// generated records are brought to.
type pairs struct {
	Columns    []pairColumn
	Pairs      []calibrate.Pair
	Agreements []agreement // within bins, in the order in which they are met
	// Correlations are those of the numbers themselves, which the largest few
	// decide.
	Correlations []correlation
}

// pairColumn makes bins of one field of a record or its session: one for each
// frequent class, one for the others, and quantile bins for its number.
type pairColumn struct {
	Series bool
	Place  codec.Place
	Bins   []uint16 // of each class of the field
	Rest   uint16   // of the others
	Edges  []float32
	First  uint16 // of the number
	Size   int
	// Held is how often the number of a record is that of the record before,
	// where both are in one bin.
	Held float64
}

const (
	pairsAtMost = 400
	pairLeast   = 4  // records of a class that is a bin of its own
	tailLeast   = 10 // records in the bins of a tail
	placeSize   = 3  // bins of a record's place in its session
)

// newPairs learns the pairs of the real sessions.
func newPairs(c *codec.Codec, coded []whole) pairs {
	var p pairs
	for _, series := range []bool{false, true} {
		parts := c.MetaPlaces()
		if series {
			parts = c.SeriesPlaces()
		}
		for _, part := range parts {
			if col := newPairColumn(part, series, coded, len(c.SeriesHeads())); col.Size > 1 {
				p.Columns = append(p.Columns, col)
			}
		}
	}
	g, _ := p.grid(len(c.SeriesHeads()), coded)
	p.Pairs = calibrate.NewPairs(g, pairsAtMost)
	p.Agreements = p.newAgreements(len(c.SeriesHeads()), coded)
	p.Correlations = p.newCorrelations(c, coded)
	return p
}

func newPairColumn(part codec.Place, series bool, coded []whole, width int) pairColumn {
	col := pairColumn{Series: series, Place: part}
	classes := 0
	for _, k := range part.Of {
		classes = max(classes, int(k)+1)
	}
	counts := make([]int, classes)
	var numbers []float32
	rest := false
	col.each(coded, width, func(_ int, code []float32) {
		if part.Number != nil && part.Number.Counts(code) {
			numbers = append(numbers, code[part.Number.Head])
		} else if k := col.class(code); k >= 0 {
			counts[k]++
		} else {
			rest = true
		}
	})
	order := byCount(counts)
	col.Bins = make([]uint16, classes)
	for i, k := range order {
		if i < atomsAtMost && counts[k] >= pairLeast {
			col.Bins[k] = uint16(col.Size)
			col.Size++
		}
	}
	for i, k := range order {
		if i >= atomsAtMost || counts[k] < pairLeast {
			col.Bins[k] = uint16(col.Size)
			rest = rest || counts[k] > 0
		}
	}
	col.Rest = uint16(col.Size)
	col.Size++ // classes that only the generator makes are among the others
	if !rest && part.Number == nil && classes > 0 && col.Size == 2 {
		col.Size = 1 // constant
	}
	if part.Number != nil {
		col.First = uint16(col.Size)
		col.Edges = edges(numbers)
		col.Size += len(col.Edges) + 1
		if series {
			col.Held = col.held(coded, width)
		}
	}
	return col
}

// held measures Held.
func (col *pairColumn) held(coded []whole, width int) float64 {
	var same, all float64
	for _, w := range coded {
		col.successive(w.series, width, func(before, now []float32) {
			all++
			if before[col.Place.Number.Head] == now[col.Place.Number.Head] {
				same++
			}
		})
	}
	if all == 0 {
		return 0
	}
	return same / all
}

// successive calls f with each record of a session, and the one before, whose
// numbers are in one bin.
func (col *pairColumn) successive(series []float32, width int, f func(before, now []float32)) {
	for at := width; at < len(series); at += width {
		before, now := series[at-width:at], series[at:at+width]
		if b := col.bin(now); b >= col.First && b == col.bin(before) {
			f(before, now)
		}
	}
}

// hold makes numbers that stay from record to record stay as often as in the
// real trace.
func (p *pairs) hold(width int, cands []candidate, r *rand.Rand) {
	for i := range p.Columns {
		col := &p.Columns[i]
		if col.Held == 0 {
			continue
		}
		head := col.Place.Number.Head
		for _, c := range cands {
			col.successive(c.series, width, func(before, now []float32) {
				if r.Float64() < col.Held {
					now[head] = before[head]
				}
			})
		}
	}
}

// edges are those of numberBins quantile bins, the last of which is halved
// again and again: what is in a long tail is most of the sums.
func edges(xs []float32) []float32 {
	var out []float32
	slices.Sort(xs)
	add := func(i int) {
		if e := xs[i]; e > xs[0] && (len(out) == 0 || e > out[len(out)-1]) {
			out = append(out, e)
		}
	}
	for i := 1; i < numberBins && len(xs) > 0; i++ {
		add(i * len(xs) / numberBins)
	}
	for n := len(xs) / numberBins / 2; n >= tailLeast; n /= 2 {
		add(len(xs) - n)
	}
	return out
}

// each calls f with the codes that hold the column, of each record.
func (col *pairColumn) each(coded []whole, width int, f func(row int, code []float32)) {
	row := 0
	for i := range coded {
		for k := range coded[i].records {
			if col.Series {
				f(row, coded[i].series[k*width:(k+1)*width])
			} else {
				f(row, coded[i].meta)
			}
			row++
		}
	}
}

// class is the field's class in a row of codes, -1 where it may be any.
func (col *pairColumn) class(code []float32) int32 {
	if col.Place.Head < 0 {
		return -1
	}
	return col.Place.Of[int(code[col.Place.Head])]
}

func (col *pairColumn) bin(code []float32) uint16 {
	if n := col.Place.Number; n != nil && n.Counts(code) {
		return col.binOf(code[n.Head])
	}
	k := col.class(code)
	if k < 0 || int(k) >= len(col.Bins) {
		return col.Rest
	}
	return col.Bins[k]
}

// binOf is the bin of a number.
func (col *pairColumn) binOf(rank float32) uint16 {
	i, found := slices.BinarySearch(col.Edges, rank)
	if found {
		i++
	}
	return col.First + uint16(i)
}

// unitKey names what is exchanged together: a block of the metadata or the
// series.
type unitKey struct {
	series   bool
	from, to int
}

// grid makes bins of coded sessions, and says which heads each unit holds. The
// last column is the record's place: first, last, between.
func (p *pairs) grid(width int, coded []whole) (calibrate.Grid, []unitKey) {
	g := calibrate.Grid{Sessions: []int32{0}}
	rows := 0
	for _, w := range coded {
		rows += w.records
		g.Sessions = append(g.Sessions, int32(rows))
	}
	var units []unitKey
	for i := range p.Columns {
		col := &p.Columns[i]
		unit := -1
		if col.Place.Moves(col.Series) {
			key := unitKey{col.Series, col.Place.From, col.Place.To}
			if unit = slices.Index(units, key); unit < 0 {
				unit = len(units)
				units = append(units, key)
				g.Units = append(g.Units, calibrate.Unit{PerSession: !col.Series})
			}
		}
		bins := make([]uint16, rows)
		col.each(coded, width, func(row int, code []float32) { bins[row] = col.bin(code) })
		g.Columns = append(g.Columns, calibrate.Column{Bins: bins, Size: col.Size, Unit: unit})
	}
	place := make([]uint16, 0, rows)
	for _, w := range coded {
		for k := range w.records {
			switch k {
			case 0:
				place = append(place, 0)
			case w.records - 1:
				place = append(place, 2)
			default:
				place = append(place, 1)
			}
		}
	}
	g.Columns = append(g.Columns, calibrate.Column{Bins: place, Size: placeSize, Unit: -1})
	return g, units
}
