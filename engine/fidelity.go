package engine

import (
	"context"
	"fmt"
	"math/rand/v2"

	"netshare/engine/calibrate"
	"netshare/workspace/trace"
)

// Fidelity says how close the networks' sessions, uncalibrated, come to real
// ones: 1 less the total variation, so 0 is nothing in common and 1 the same
// shares of records. Real sessions against others fall short of 1 too, the more
// the fewer they are.
type Fidelity struct {
	Overall float64 // mean of Pairs and of the mean of Columns
	Columns []ColumnFidelity
	Pairs   float64 // mean over the pairs of columns that say most of each other, and of records that follow
	Variety float64 // different metadata rows, over those in as many real sessions
	Held    bool    // against sessions that were not learnt from
}

// ColumnFidelity is the fidelity of one column, or of a property of sessions.
type ColumnFidelity struct {
	Name  string
	Value float64
}

const (
	measuredSessions = 1000   // made for one measurement, at most
	measuredAgainst  = 3000   // real ones
	measuredRecords  = 320    // of a session
	measuredInAll    = 20_000 // records of all sessions
	leastVariety     = .05    // of a generator that has not collapsed
)

// yardstick measures the networks while they learn.
type yardstick struct {
	m     *Model
	names []string // of the columns, the last for the record's place
	real  calibrate.Grid
	kinds int // different metadata rows in the first sessions
	many  int // of that many sessions
	held  bool
	shown []Example // real ones to look at
}

// newYardstick measures against the real sessions in coded form.
func newYardstick(m *Model, real []whole, held bool) *yardstick {
	y := &yardstick{m: m, held: held, many: min(len(real), measuredSessions)}
	records := 0
	short := make([]whole, 0, len(real))
	for _, w := range real {
		if records >= measuredInAll {
			break
		}
		short = append(short, w.head(len(m.Codec.SeriesHeads())))
		records += short[len(short)-1].records
	}
	y.many = min(y.many, len(short))
	y.real, _ = m.targets.pairs.grid(len(m.Codec.SeriesHeads()), short)
	y.kinds = y.varieties(short)
	for _, col := range m.targets.pairs.Columns {
		y.names = append(y.names, m.columnName(col))
	}
	y.names = append(y.names, "place in session")
	return y
}

// columnName is what users call a column.
func (m *Model) columnName(col pairColumn) string {
	r, at := &m.Recipe, col.Place.Field
	switch {
	case at >= 0 && col.Series:
		return r.Series[at].Name
	case at >= len(r.Metadata):
		return "first " + r.Series[m.Codec.Firsts[at-len(r.Metadata)]].Name
	case at >= 0:
		return r.Metadata[at].Name
	case col.Series:
		return "interarrival time"
	case col.Place.Start(false):
		return r.Time.Name
	}
	return "session length"
}

// head is a session's first records.
func (w whole) head(width int) whole {
	if w.records > measuredRecords {
		w.records, w.series = measuredRecords, w.series[:measuredRecords*width]
	}
	return w
}

// varieties counts the different metadata rows, but for numbers, of the first
// sessions.
func (y *yardstick) varieties(coded []whole) int {
	heads := y.m.Codec.MetaHeads()
	seen := map[string]bool{}
	var key []byte
	for _, w := range coded[:min(len(coded), y.many)] {
		key = key[:0]
		for i, h := range heads {
			if h.Classes > 0 {
				key = fmt.Appendf(key, "%v ", w.meta[i])
			}
		}
		seen[string(key)] = true
	}
	return len(seen)
}

// measure makes sessions with the networks as they are, the same random numbers
// each time, and compares them.
func (y *yardstick) measure(ctx context.Context) (Fidelity, *Examples, error) {
	made, examples, err := y.sessions(ctx)
	if err != nil {
		return Fidelity{}, nil, err
	}
	grid, _ := y.m.targets.pairs.grid(len(y.m.Codec.SeriesHeads()), made)
	columns, pairs := calibrate.Apart(y.real, grid, y.m.targets.pairs.Pairs)
	f := Fidelity{Held: y.held, Pairs: 1 - average(pairs), Variety: float64(y.varieties(made)) / float64(max(1, y.kinds))}
	for i, d := range columns {
		f.Columns = append(f.Columns, ColumnFidelity{y.names[i], 1 - d})
	}
	f.Overall = (f.Pairs + 1 - average(columns)) / 2
	return f, examples, nil
}

// average is the mean of xs; 0 of none.
func average(xs []float64) (sum float64) {
	for _, x := range xs {
		sum += x / float64(len(xs))
	}
	return sum
}

// sessions makes sessions as generation does without calibration, but that keys
// may repeat.
func (y *yardstick) sessions(ctx context.Context) ([]whole, *Examples, error) {
	g := generator{m: y.m, opts: GenerateOptions{Raw: true}, rand: rand.New(rand.NewPCG(y.m.Options.Seed, 0x666964))}
	heads := y.m.metaHeads()
	width := widthOf(heads)
	var made []candidate
	var lengths []int // before they are cut
	records := 0
	for tried := 0; len(made) < measuredSessions && records < measuredInAll && tried < patience*measuredSessions; {
		metas, err := y.m.net.Metas(measuredSessions, g.rand)
		if err != nil {
			return nil, nil, err
		}
		first := len(made)
		for i := 0; i < len(metas); i += width {
			if len(made) == measuredSessions || records >= measuredInAll {
				break
			}
			code := make([]float32, len(heads))
			compact(heads, metas[i:i+width], code)
			if tried >= patience*measuredSessions/2 {
				y.m.Codec.SetPiece(code, true)
			}
			if !y.m.Codec.Begins(code) {
				continue
			}
			c := candidate{Candidate: y.m.Codec.DecodeMeta(code, g.rand), meta: code}
			lengths = append(lengths, c.Records)
			c.Records = min(c.Records, measuredRecords)
			records += c.Records
			made = append(made, c)
		}
		tried += measuredSessions
		if err := g.series(ctx, made[first:]); err != nil {
			return nil, nil, err
		}
	}
	out := make([]whole, len(made))
	for i, c := range made {
		out[i] = whole{meta: c.meta, series: c.series, records: c.Records}
	}
	return out, y.examples(made, lengths), nil
}

// leastHeld is how many sessions must be held out to be measured against.
const leastHeld = 50

// reference are the real sessions that fidelity is measured against; in chunks,
// their stretches.
type reference struct {
	m     *Model
	share float64 // of the sessions that are held out, each drawn on its own
	rand  *rand.Rand
	taken []int // by chunk
	lists [][]whole
	shown []Example // the first, of all chunks
}

// newReference takes sessions of the sample, unless others are to be held out.
func newReference(m *Model, g gathered) *reference {
	o, n := m.Options, m.slices()
	ref := &reference{m: m, rand: rand.New(rand.NewPCG(o.Seed, 0x68656c64)), taken: make([]int, n), lists: make([][]whole, n)}
	if !o.Measured() {
		return ref
	}
	if share := o.held(); share*float64(g.sessions) >= leastHeld {
		ref.share = share
		return ref
	}
	for _, i := range ref.rand.Perm(len(g.sample)) {
		full := true
		for _, t := range m.stretches(g.sample[i]) {
			if list := &ref.lists[t.chunk]; len(*list) < measuredAgainst {
				*list, full = append(*list, wholeOf(m.Codec, t.session, ref.rand)), false
			}
		}
		if full && n == 1 {
			break
		}
		ref.keep(g.sample[i])
	}
	return ref
}

// takes reports whether session n of the trace is held out, and keeps it if so,
// or with a chance that gives each of them the same.
func (ref *reference) takes(n int, s trace.Session) bool {
	if ref.share == 0 || rand.New(rand.NewPCG(ref.m.Options.Seed, uint64(n))).Float64() >= ref.share {
		return false
	}
	ref.keep(s)
	for _, t := range ref.m.stretches(s) {
		list := &ref.lists[t.chunk]
		ref.taken[t.chunk]++
		switch at := ref.rand.IntN(ref.taken[t.chunk]); {
		case len(*list) < measuredAgainst:
			*list = append(*list, wholeOf(ref.m.Codec, t.session, ref.rand))
		case at < measuredAgainst:
			(*list)[at] = wholeOf(ref.m.Codec, t.session, ref.rand)
		}
	}
	return true
}

// yardstick is of the sessions that were taken of a model's chunk; nil where there
// are none.
func (ref *reference) yardstick(m *Model) *yardstick {
	list := ref.lists[m.chunk]
	if len(list) == 0 {
		return nil
	}
	y := newYardstick(m, list, ref.share > 0)
	y.shown = ref.shown
	return y
}
