package engine

import (
	"math/rand/v2"
	"slices"

	"netshare/engine/calibrate"
	"netshare/engine/codec"
	"netshare/workspace/trace"
)

// targets are the margins of the real trace that generation is calibrated to:
// the mean features of its sessions.
type targets struct {
	features []feature
	margins  calibrate.Targets

	meta, series ranks
	lengths      lengths
	families     families
	variety      variety
	pairs        pairs
	arrivals     arrivals
	rules        rules
	equalities   []equality
}

// A margin is never asked to be met more closely than by leastError of itself,
// or of leastMean where it is smaller: one that is the same in every real
// session would outweigh all others.
const (
	leastError = .005
	leastMean  = .02
)

// feature maps the codes of one head, or a property of the session, to
// feature numbers.
type feature struct {
	Of    int       // which of the session's properties, below
	Head  int       // of the metadata or the series
	Bins  []int32   // classes: feature of each
	Edges []float64 // numbers: ascending upper edges of the bins but the last
	First int32     // numbers: feature of the first bin

	// Number says which codes of a number count; nil for a property of the
	// session, which always does.
	Number *codec.NumberHead
}

// What a feature counts.
const (
	ofMeta     = iota // a metadata head, for each record of the session
	ofSeries          // a series head, for each record
	ofDuration        // the time from first to last record
	ofSession         // a metadata head that no field of the metadata has, once
)

// Bins of the margins, and how often a class must occur in the real trace to
// be one. Source: measured, 16 bins with 5 and more were best on the other
// half of the trace.
const (
	numberBins  = 16
	atomLeast   = 10
	atomsAtMost = 60
)

// newTargets learns the margins of the real sessions.
func newTargets(c *codec.Codec, sessions []trace.Session, seed uint64) targets {
	r := rand.New(rand.NewPCG(seed, 0x6d617267696e))
	coded := make([]whole, len(sessions))
	for i, s := range sessions {
		coded[i] = wholeOf(c, s, r)
	}
	b := &binner{c: c, coded: coded}
	b.heads(c.MetaHeads(), c.MetaNumbers(), ofMeta)
	b.heads(c.MetaHeads(), c.MetaNumbers(), ofSession)
	b.heads(c.SeriesHeads(), c.SeriesNumbers(), ofSeries)
	if c.Clock != nil {
		b.numbers(ofDuration, 0, nil, func(w whole, f func(float64)) { f(w.duration) })
	}
	t := targets{features: b.features}
	rows := make([]calibrate.Row, len(coded))
	for i, w := range coded {
		rows[i] = t.row(w)
	}
	t.margins = calibrate.NewTargets(rows, int(b.next))
	for k, m := range t.margins.Mean {
		t.margins.Variance[k] = max(t.margins.Variance[k], leastError*leastError*max(m*m, leastMean*leastMean))
	}
	var meta, series [][]float32
	for _, w := range coded {
		meta, series = append(meta, w.meta), append(series, w.series)
	}
	t.meta = fitRanks(c.MetaNumbers(), len(c.MetaHeads()), meta...)
	t.variety = fitVariety(c, coded)
	t.pairs = newPairs(c, coded)
	t.arrivals = fitArrivals(startsOf(c, sessions))
	head := c.LengthHead()
	t.lengths = fitLengths(head, c.MetaHeads()[head].Classes, meta...)
	t.series = fitRanks(c.SeriesNumbers(), len(c.SeriesHeads()), series...)
	return t
}

// startsOf are the sessions' first times, in ticks; none without a clock.
func startsOf(c *codec.Codec, sessions []trace.Session) (starts []float64) {
	if c.Clock != nil {
		for _, s := range sessions {
			starts = append(starts, c.Clock.Times(s.Series)[0])
		}
	}
	return starts
}

// whole is a coded session, its pieces put together.
type whole struct {
	meta     []float32
	series   []float32 // [records * heads]
	records  int
	duration float64
}

// wholeOf codes a session without repeating the records in which the pieces
// overlap.
func wholeOf(c *codec.Codec, s trace.Session, r *rand.Rand) whole {
	width := len(c.SeriesHeads())
	w := whole{records: len(s.Series)}
	for i, piece := range c.Encode(s) {
		if i == 0 {
			w.meta = piece.Meta
		}
		have := 0
		if width > 0 {
			have = len(w.series) / width
		}
		again := max(0, have+piece.Records-len(s.Series))
		w.series = append(w.series, piece.Series[again*width:]...)
	}
	w.duration = c.Duration(w.series, r)
	return w
}

type binner struct {
	c        *codec.Codec
	coded    []whole
	features []feature
	next     int32
}

// heads adds the margins of the metadata or series heads.
func (b *binner) heads(heads []codec.Head, numbers []codec.NumberHead, of int) {
	for h, head := range heads {
		var number *codec.NumberHead
		for i := range numbers {
			if numbers[i].Head == h {
				number = &numbers[i]
			}
		}
		if of == ofSession && !b.c.Own(h) {
			continue
		}
		each := func(w whole, f func(float64)) {
			if of != ofSeries {
				times := 1
				if of == ofMeta {
					times = w.records
				}
				if number == nil || number.Counts(w.meta) {
					for range times {
						f(float64(w.meta[h]))
					}
				}
				return
			}
			for at := 0; at < len(w.series); at += len(heads) {
				if number == nil || number.Counts(w.series[at:]) {
					f(float64(w.series[at+h]))
				}
			}
		}
		if head.Classes > 0 {
			b.classes(of, h, head.Classes, each)
		} else {
			b.numbers(of, h, number, each)
		}
	}
}

// classes adds a feature for each class that occurs often enough, and one for
// the others together.
func (b *binner) classes(of, head, classes int, each func(whole, func(float64))) {
	counts := make([]int, classes)
	for _, w := range b.coded {
		each(w, func(v float64) { counts[int(v)]++ })
	}
	order := byCount(counts)
	f := feature{Of: of, Head: head, Bins: make([]int32, classes)}
	rest := int32(-1) // the rare classes have one feature for all of them
	for i, class := range order {
		switch {
		case i < atomsAtMost && counts[class] >= atomLeast:
			f.Bins[class] = b.next
			b.next++
		case rest < 0:
			rest = b.next
			b.next++
			fallthrough
		default:
			f.Bins[class] = rest
		}
	}
	b.features = append(b.features, f)
}

// byCount returns the classes, the most frequent first.
func byCount(counts []int) []int {
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return counts[y] - counts[x] })
	return order
}

// numbers adds a feature for each of numberBins quantile bins. A value that more
// have than a bin has is a bin of its own, and those that are left share the rest.
func (b *binner) numbers(of, head int, number *codec.NumberHead, each func(whole, func(float64))) {
	var xs []float64
	for _, w := range b.coded {
		each(w, func(v float64) { xs = append(xs, v) })
	}
	slices.Sort(xs)
	f := feature{Of: of, Head: head, First: b.next, Number: number}
	for from, bins := 0, numberBins; bins > 1 && from < len(xs); bins-- {
		to := from + max((len(xs)-from)/bins, 1)
		for to < len(xs) && xs[to] == xs[to-1] {
			to++
		}
		if to < len(xs) {
			f.Edges = append(f.Edges, xs[to])
		}
		from = to
	}
	b.next += int32(len(f.Edges) + 1)
	b.features = append(b.features, f)
}

// row returns a session's features.
func (t *targets) row(w whole) calibrate.Row {
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
	heads := 0
	if w.records > 0 {
		heads = len(w.series) / w.records
	}
	for i := range t.features {
		f := &t.features[i]
		switch f.Of {
		case ofMeta:
			if f.Number == nil || f.Number.Counts(w.meta) {
				add(f.bin(float64(w.meta[f.Head])), float32(w.records))
			}
		case ofSeries:
			for at := 0; at < len(w.series); at += heads {
				if f.Number == nil || f.Number.Counts(w.series[at:]) {
					add(f.bin(float64(w.series[at+f.Head])), 1)
				}
			}
		case ofDuration:
			add(f.bin(w.duration), 1)
		case ofSession:
			if f.Number == nil || f.Number.Counts(w.meta) {
				add(f.bin(float64(w.meta[f.Head])), 1)
			}
		}
	}
	return row
}

func (f *feature) bin(v float64) int32 {
	if f.Bins != nil {
		return f.Bins[int(v)]
	}
	i, _ := slices.BinarySearchFunc(f.Edges, v, func(edge, v float64) int {
		if edge <= v {
			return -1
		}
		return 1
	})
	return f.First + int32(i)
}
