package eval

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// field is one column that both traces have, made comparable.
type field struct {
	Column  trace.Column
	numeric bool
	time    bool
	unit    string   // of numbers
	seconds float64  // length of the unit of a time
	values  []string // shared dictionary of a text column
}

// slot returns a missing value's code in tables of counts.
func (f *field) slot() int { return len(f.values) }

// side is one trace over the shared fields.
type side struct {
	rows    int
	numbers [][]float64 // by field, nil for text; NaN where missing
	codes   [][]int32   // by field, nil for numbers; slot() where missing
	origins []int64     // by field, what numbers count from
	sess    *sessions
}

// match finds the fields of both traces and reports those of one side only, or
// held differently, as scores.
func match(real, synth *Trace) (fields []field, r, s *side, odd []Score) {
	r, s = &side{rows: real.Rows}, &side{rows: synth.Rows}
	for i := range real.Columns {
		a := &real.Columns[i]
		b := synth.Column(a.Name)
		row := Score{Property: Columns, Metric: "presence", Target: a.Name, Columns: []string{a.Name}}
		switch {
		case b == nil:
			row.Computed, row.Counted, row.Value, row.Yardstick, row.YardstickKind = true, true, 1, 1, "worst"
			row.Words = "column " + quote(a.Name) + " is not in the synthetic table"
			odd = append(odd, row)
			continue
		case a.Numeric() != b.Numeric():
			row.Note = "numbers on one side and texts on the other: give the column one type"
			odd = append(odd, row)
			continue
		}
		f := field{Column: a.Column, numeric: a.Numeric(), time: a.Temporal(), unit: a.unitName(), seconds: a.unitSeconds()}
		var ra, sa []float64
		var rc, sc []int32
		if f.numeric {
			ra, sa = a.numbers, b.numbers
			if f.time {
				sa = alignTime(a, b)
			}
		} else {
			f.values, rc, sc = shareDictionary(a, b)
		}
		fields = append(fields, f)
		r.numbers, s.numbers = append(r.numbers, ra), append(s.numbers, sa)
		r.codes, s.codes = append(r.codes, rc), append(s.codes, sc)
		r.origins, s.origins = append(r.origins, a.origin), append(s.origins, b.origin)
	}
	for i := range synth.Columns {
		if name := synth.Columns[i].Name; real.Column(name) == nil {
			odd = append(odd, Score{
				Property: Columns, Metric: "presence", Target: name, Columns: []string{name},
				Note: "the real table has no such column",
			})
		}
	}
	return fields, r, s, odd
}

// alignTime returns b's numbers in a's unit. Each side keeps its own origin,
// for every metric of time counts from the side's earliest, and a common one
// would cost nanoseconds their last digits.
func alignTime(a, b *Column) []float64 {
	scale := b.unitSeconds() / a.unitSeconds()
	if scale == 1 {
		return b.numbers
	}
	return scaled(b.numbers, scale)
}

// shareDictionary returns the values of both columns, the real one's first,
// and both columns' codes into them; the code len(values) is a missing value.
func shareDictionary(a, b *Column) (values []string, ra, rb []int32) {
	values = slices.Clip(a.dict)
	index := a.byText
	renamed := make([]int32, len(b.dict))
	for i, s := range b.dict {
		if code, ok := index[s]; ok {
			renamed[i] = code
			continue
		}
		renamed[i] = int32(len(values))
		values = append(values, s)
	}
	missing := int32(len(values))
	ra, rb = make([]int32, len(a.codes)), make([]int32, len(b.codes))
	for i, c := range a.codes {
		if c < 0 {
			c = missing
		}
		ra[i] = c
	}
	for i, c := range b.codes {
		if c < 0 {
			rb[i] = missing
		} else {
			rb[i] = renamed[c]
		}
	}
	return values, ra, rb
}

// independent returns a trace of as many rows whose columns are drawn with
// replacement from s, each on its own: right columns, and nothing between them.
func (s *side) independent(rng *rand.Rand) *side {
	out := &side{rows: s.rows, numbers: make([][]float64, len(s.numbers)), codes: make([][]int32, len(s.codes))}
	for f := range s.numbers {
		if s.codes[f] != nil {
			c := make([]int32, s.rows)
			for i := range c {
				c[i] = s.codes[f][rng.IntN(s.rows)]
			}
			out.codes[f] = c
			continue
		}
		x := make([]float64, s.rows)
		for i := range x {
			x[i] = s.numbers[f][rng.IntN(s.rows)]
		}
		out.numbers[f] = x
	}
	return out
}

// sessions are a trace's records grouped by session key, in time order.
type sessions struct {
	of       []int32   // row -> session
	count    int       // sessions
	order    []int32   // rows by session, then time
	start    []int32   // session -> its first place in order; count+1 long
	length   []float64 // session -> records
	duration []float64 // session -> last less first time, NaN without a time
	gaps     []float64 // interarrival times within sessions, in order
	gapOf    []int32   // gap -> session
}

// group finds the sessions of a side. key and clock are fields; clock is -1
// where there is no time, and every row is a session where key is empty. A
// missing value is a value of the key like any other.
func (s *side) group(key []int, clock int) *sessions {
	g := &sessions{of: make([]int32, s.rows)}
	if len(key) == 0 {
		for i := range g.of {
			g.of[i] = int32(i)
		}
		g.count = s.rows
	}
	for _, f := range key {
		codes := s.codes[f]
		if codes == nil {
			codes = ranksOf(s.numbers[f])
		}
		next := make(map[uint64]int32, g.count)
		for i, c := range codes {
			k := uint64(g.of[i])<<32 | uint64(uint32(c))
			id, ok := next[k]
			if !ok {
				id = int32(len(next))
				next[k] = id
			}
			g.of[i] = id
		}
		g.count = len(next)
	}
	g.start = make([]int32, g.count+1)
	for _, id := range g.of {
		g.start[id+1]++
	}
	g.length = make([]float64, g.count)
	for i := range g.count {
		g.length[i] = float64(g.start[i+1])
		g.start[i+1] += g.start[i]
	}
	g.order = make([]int32, s.rows)
	at := slices.Clone(g.start)
	for i, id := range g.of {
		g.order[at[id]] = int32(i)
		at[id]++
	}
	g.duration = make([]float64, g.count)
	var t []float64
	if clock >= 0 {
		t = s.numbers[clock]
	}
	for id := range g.count {
		rows := g.order[g.start[id]:g.start[id+1]]
		g.duration[id] = math.NaN()
		if t == nil {
			continue
		}
		if len(rows) > 1 {
			slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(t[a], t[b]) })
		}
		first, last := math.NaN(), math.NaN()
		for _, r := range rows {
			if !finite(t[r]) {
				continue
			}
			if math.IsNaN(first) {
				first = t[r]
			} else {
				g.gaps = append(g.gaps, t[r]-last)
				g.gapOf = append(g.gapOf, int32(id))
			}
			last = t[r]
		}
		g.duration[id] = last - first
	}
	return g
}

// ranksOf numbers the distinct values of x in order of appearance.
func ranksOf(x []float64) []int32 {
	ids := map[uint64]int32{}
	out := make([]int32, len(x))
	for i, v := range x {
		bits := math.Float64bits(v)
		if v != v {
			bits = math.MaxUint64
		}
		id, ok := ids[bits]
		if !ok {
			id = int32(len(ids))
			ids[bits] = id
		}
		out[i] = id
	}
	return out
}

// halves are random halvings of the real trace by session: bit k of a row's
// mask says in which half of halving k it is.
type halves struct {
	splits int
	row    []uint32
	sess   []uint32
	byRow  bool // one session only: rows were halved instead
}

func halve(s *side, splits int, rng *rand.Rand) *halves {
	h := &halves{row: make([]uint32, s.rows), sess: make([]uint32, s.sess.count)}
	units := h.sess
	if s.sess.count < 2 {
		units, h.byRow = h.row, true
	}
	if len(units) < 2 {
		return h
	}
	h.splits = splits
	perm := make([]int32, len(units))
	for i := range perm {
		perm[i] = int32(i)
	}
	for k := range splits {
		rng.Shuffle(len(perm), func(i, j int) { perm[i], perm[j] = perm[j], perm[i] })
		for _, u := range perm[len(perm)/2:] {
			units[u] |= 1 << k
		}
	}
	if !h.byRow {
		for i, id := range s.sess.of {
			h.row[i] = h.sess[id]
		}
	}
	return h
}

// sample is a list of numbers in rising order, each with the mask of its
// halves; masks is nil where there is no baseline to be had from it.
type sample struct {
	values []float64
	masks  []uint32
}

// sampled sorts the finite values of x with their masks.
func sampled(x []float64, mask func(i int) uint32) sample {
	var out sample
	if mask == nil {
		out.values = make([]float64, 0, len(x))
		for _, v := range x {
			if finite(v) {
				out.values = append(out.values, v)
			}
		}
		slices.Sort(out.values)
		return out
	}
	type entry struct {
		v float64
		m uint32
	}
	es := make([]entry, 0, len(x))
	for i, v := range x {
		if finite(v) {
			es = append(es, entry{v, mask(i)})
		}
	}
	slices.SortFunc(es, func(a, b entry) int { return cmp.Compare(a.v, b.v) })
	out.values, out.masks = make([]float64, len(es)), make([]uint32, len(es))
	for i, e := range es {
		out.values[i], out.masks[i] = e.v, e.m
	}
	return out
}

// half returns the two sorted halves of halving k.
func (s sample) half(k int) (a, b []float64) {
	for i, v := range s.values {
		if s.masks[i]>>k&1 == 0 {
			a = append(a, v)
		} else {
			b = append(b, v)
		}
	}
	return a, b
}
