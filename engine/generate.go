package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"netshare/engine/calibrate"
	"netshare/engine/codec"
	"netshare/workspace/trace"
)

// GenerateOptions are the settings of a generation run.
type GenerateOptions struct {
	Sessions int    // how many; 0 for as many as the real trace has in such a time
	Records  int    // how many, instead of Sessions: exactly so many; 0 for no such number
	Seed     uint64 // settles everything random

	// From and To bound the time that is generated, and Span is its length; "" and
	// 0 for what the others leave open, and all for the real trace's own span.
	// Times are as the trace has them, or 2006-01-02 15:04:05 in UTC. Before and
	// after the real trace its course repeats.
	From, To string        `json:",omitempty"`
	Span     time.Duration `json:",omitempty"`

	// Raw takes the networks' sessions as they come, without calibration.
	Raw bool
	// Candidates is how many sessions calibration has to choose from for each
	// that it takes. Default 5.
	Candidates int

	// Given says what sessions are to be, one for each of several shares:
	//
	//	FIELD=ITEM,ITEM & FIELD=ITEM : SHARE
	//
	// A field is one that a session has once; an item is a value, a range
	// LOW..HIGH, an address prefix, or nothing for a missing value. A share is a
	// part of the sessions (30%) or so many times as many as there are (10x); what
	// has none holds for all. What the trace has never, or too rarely to be
	// repeated, is an error that names the nearest that there is.
	Given []string `json:",omitempty"`

	// Progress, where set, is told how many sessions are made of how many.
	Progress func(done, of int) `json:"-"`
}

// DefaultGenerateOptions returns the options chosen by measurement.
func DefaultGenerateOptions() GenerateOptions { return GenerateOptions{Seed: 1, Candidates: 5} }

// Validate reports what is wrong with the options.
func (o GenerateOptions) Validate() error {
	if o.Sessions < 0 {
		return fmt.Errorf("sessions is %d: want 0 or more", o.Sessions)
	}
	if o.Records < 0 || o.Records > 0 && o.Sessions > 0 {
		return fmt.Errorf("records is %d, sessions %d: want one of them, 1 or more", o.Records, o.Sessions)
	}
	if o.Span < 0 {
		return fmt.Errorf("span is %v: want 0 or more", o.Span)
	}
	if o.Candidates < 1 && !o.Raw {
		return fmt.Errorf("candidates is %d: want at least 1", o.Candidates)
	}
	return nil
}

// Generated says what a generation run made and how much calibration had to
// correct.
type Generated struct {
	Sessions, Records int
	Calibrated        bool
	// Residual before and after calibration, and the effective share of the
	// candidates; see calibrate.Result. Means over blocks.
	Before, After, Effective float64
	// PairsBefore and PairsAfter say how far pairs of columns were from the real
	// ones; see calibrate.Coupled. Means over blocks.
	PairsBefore, PairsAfter float64
}

// blockSessions is how many sessions are made and calibrated at a time.
const blockSessions = 20000

// Generate makes synthetic sessions and writes them to sink in the order of
// their first records, block by block.
func (m *Model) Generate(ctx context.Context, opts GenerateOptions, sink Sink) (Generated, error) {
	if err := opts.Validate(); err != nil {
		return Generated{}, err
	}
	if m.Marginal != nil {
		if opts.Given != nil || opts.Records != 0 || opts.From+opts.To != "" || opts.Span != 0 {
			return Generated{}, errors.New("a private model makes so many sessions of the real trace's span, and no other: generate without given, records, from, to and span")
		}
		kept := &keepingSink{sink: sink, keeper: newKeeper(&m.targets.rules, m.Codec, rand.New(rand.NewPCG(opts.Seed, 0x72756c65)))}
		out, err := m.generateMarginal(ctx, opts, kept)
		return out, errors.Join(err, kept.flush(ctx))
	}
	if m.chunks != nil {
		if err := m.chunks.load(m.shape()); err != nil {
			return Generated{}, err
		}
	}
	win, windowed, err := m.window(opts)
	if err != nil {
		return Generated{}, err
	}
	want := opts.Sessions
	length := max(m.Codec.Span(), 1)
	switch {
	case opts.Records > 0:
		want = max(1, opts.Records*m.Sessions/max(1, m.Records))
	case want == 0 && windowed && len(m.targets.arrivals.Gaps) > 0:
		want = max(1, int(math.Round(float64(m.Sessions)*m.targets.arrivals.during(win, length))))
	case want == 0 && windowed:
		want = max(1, int(math.Round(float64(m.Sessions)*win.span()/length)))
	case want == 0:
		want = m.Sessions
	}
	g := generator{
		m: m, opts: opts,
		rand: rand.New(rand.NewPCG(opts.Seed, 0x67656e)),
		keys: map[uint64]bool{},
	}
	for i, f := range m.Recipe.Metadata {
		if slices.Contains(m.Recipe.KeyNames(), f.Name) {
			g.key = append(g.key, i)
		}
	}
	var out Generated
	supply := codec.NewSupply(g.rand)
	blocks := (want + blockSessions - 1) / blockSessions
	parts, err := m.parts(opts.Given)
	if err != nil {
		return Generated{}, err
	}
	g.parts = parts
	g.keepers = newKeepers(&m.targets.rules, m.Codec, g.rand, parts != nil)
	g.keeper = g.keepers[0]
	counts, err := m.split(parts, want, g.rand)
	if err != nil {
		return Generated{}, err
	}
	if !opts.Raw && parts == nil && windowed {
		g.starts = m.targets.arrivals.drawIn(win, length, want, g.rand)
	} else if !opts.Raw && parts == nil && m.chunks != nil {
		g.starts = m.chunks.starts(want, g.rand)
	} else if !opts.Raw && parts == nil {
		g.starts = m.targets.arrivals.draw(want, g.rand)
	}
	g.windowed = windowed
	for b := range blocks {
		n := want*(b+1)/blocks - want*b/blocks
		records := opts.Records*(b+1)/blocks - opts.Records*b/blocks
		var made []candidate
		for have := 0; len(made) == 0 || have < records; {
			more := n
			if len(made) > 0 { // of the records some are missing
				more = 1 + (records-have)*len(made)/max(1, have)
			}
			var some []candidate
			if parts == nil {
				some, err = g.block(ctx, more, &out, want)
			} else {
				some, err = g.blockOf(ctx, parts, counts, b, blocks, &out)
			}
			if err != nil {
				return out, err
			}
			for _, c := range some {
				have += c.Records
			}
			if made = append(made, some...); len(some) == 0 {
				break
			}
		}
		if opts.Records > 0 {
			made = recordsOf(made, records, len(m.Codec.SeriesHeads()), g.rand)
		}
		if !opts.Raw {
			g.recur(made, supply)
			g.equate(made)
		}
		if windowed {
			for i := range made {
				c := &made[i]
				c.Start, c.Room, c.Shift = win.move(c.Start, length, g.rand), win.span(), win.from
			}
			sortByStart(made)
		}
		g.place(made, func(i int) int {
			at := i*blocks + b
			if opts.Records > 0 { // there are more or fewer of them than of starts
				at = at * len(g.starts) / (len(made) * blocks)
			}
			return min(at, want-1)
		})
		runs := g.decode(made)
		all := slices.Concat(runs...)
		if !opts.Raw {
			for _, s := range all {
				m.Codec.RecurRecords(s.Meta, s.Series, supply)
				g.equateRecords(s)
			}
		}
		g.keepers.hold(runs)
		if !opts.Raw && parts == nil {
			g.correlate(all)
		}
		for _, s := range all {
			if err := sink.Write(ctx, s); err != nil {
				return out, err
			}
			out.Sessions++
			out.Records += len(s.Series)
		}
		if opts.Progress != nil {
			opts.Progress(out.Sessions, want)
		}
	}
	if out.Calibrated {
		n := float64(blocks)
		out.Before, out.After, out.Effective = out.Before/n, out.After/n, out.Effective/n
	}
	out.PairsBefore, out.PairsAfter = out.PairsBefore/float64(blocks), out.PairsAfter/float64(blocks)
	return out, nil
}

// runRecords is how many records are made to keep the rules together: those
// whose values are at hand for others.
const runRecords = 4096

// decode decodes sessions, in runs of about runRecords records.
func (g *generator) decode(made []candidate) (runs [][]trace.Session) {
	var parts [][]candidate
	from, records := 0, 0
	for i := range made {
		if records += made[i].Records; records >= runRecords || i == len(made)-1 {
			parts = append(parts, made[from:i+1])
			from, records = i+1, 0
		}
	}
	runs = make([][]trace.Session, len(parts))
	seed := g.rand.Uint64()
	atOnce(len(parts), func(i int) {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		runs[i] = make([]trace.Session, len(parts[i]))
		for j := range parts[i] {
			c := &parts[i][j]
			s := g.m.Codec.Decode(c.Candidate, c.series, r)
			g.anchor(c, s.Series)
			runs[i][j] = s
		}
	})
	return runs
}

// valid reports whether a session's metadata can be.
func (g *generator) valid(meta trace.Row) bool { return g.validBy(g.keeper, meta) }

func (g *generator) validBy(k *keeper, meta trace.Row) bool {
	return g.m.targets.families.valid(meta) && k.valid(meta)
}

// place gives sessions in the order of their starts those of g.starts, where
// there are any: the earlier a session begins, the earlier of them it gets. One
// that would outlast the trace begins earlier, as decoding has it.
func (g *generator) place(made []candidate, start func(i int) int) {
	for i := range made {
		c := &made[i]
		if g.starts != nil {
			c.Start = g.starts[start(i)]
		}
		if g.chunked() { // each stretch stays in its chunk
			c.Room = g.m.Codec.Span() + g.m.Codec.Duration(c.series, g.rand)
		} else if c.Records > 1 {
			room := g.m.Codec.Span()
			if c.Room > 0 {
				room = c.Room
			}
			c.Start = max(0, min(c.Start, room-g.m.Codec.Duration(c.series, g.rand)))
		}
	}
	sortByStart(made)
}

// sortByStart sorts candidates by their starts, those of equal ones as they are.
func sortByStart(cands []candidate) {
	order := make([]int, len(cands))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Or(cmp.Compare(cands[i].Start, cands[j].Start), i-j) })
	sorted := make([]candidate, len(cands))
	for k, i := range order {
		sorted[k] = cands[i]
	}
	copy(cands, sorted)
}

type generator struct {
	m    *Model
	opts GenerateOptions
	rand *rand.Rand
	key  []int           // metadata fields that tell sessions apart
	keys map[uint64]bool // of the sessions taken so far

	parts    []*part      // of what is given; nil for sessions like the real trace's
	balances [][4]balance // of the equalities in records
	keepers  keepers
	keeper   *keeper // the first of them

	metas []float32 // room for the networks' input

	starts   []float64 // of all sessions, ascending; nil where they are the networks'
	windowed bool      // another span of time than the real trace's
}

// candidate is a generated session, its metadata decoded and its series coded.
type candidate struct {
	codec.Candidate
	meta   []float32
	series []float32
	part   *part // that it was made for; nil where nothing is given

	stretches []stretch // in chunks; nil where the trace is one
}

// block makes n sessions, ordered by start.
func (g *generator) block(ctx context.Context, n int, out *Generated, want int) ([]candidate, error) {
	pool := n
	if !g.opts.Raw {
		pool = n * g.opts.Candidates
	}
	cands, err := g.candidates(ctx, nil, n, pool, func(share float64) {
		if g.opts.Progress != nil {
			g.opts.Progress(out.Sessions+int(share*float64(n)*.9), want)
		}
	})
	if err != nil {
		return nil, err
	}
	var spare []candidate
	if !g.opts.Raw && len(cands) > n {
		rows := make([]calibrate.Row, len(cands))
		strata := g.m.targets.lengths.strata(len(cands))
		if g.chunked() {
			strata = g.m.chunks.strata(cands, g.m.targets.lengths.Head)
		}
		g.keepers.each(len(cands), g.rand, func(from, to int, _ *keeper, r *rand.Rand) {
			for i := from; i < to; i++ {
				c := &cands[i]
				if !g.chunked() {
					strata.Of[i] = int(c.meta[g.m.targets.lengths.Head])
				}
				w := whole{meta: c.meta, series: c.series, records: c.Records}
				w.duration = min(g.m.Codec.Duration(c.series, r), g.m.Codec.Span())
				rows[i] = g.m.targets.row(w)
			}
		})
		if cands, spare, err = g.choose(ctx, cands, rows, strata, g.m.targets.margins, n, 1, out); err != nil {
			return nil, err
		}
		// of the chosen ones the largest number is the largest, once
		g.m.targets.series.move(len(g.m.Codec.SeriesHeads()), seriesOf(cands)...)
	}
	if !g.opts.Raw {
		for _, i := range g.m.targets.variety.vary(g.m.Codec, cands, g.rand) {
			g.m.Codec.Reread(&cands[i].Candidate, cands[i].meta, g.key, g.rand)
		}
		coupled, err := g.couple(ctx, cands, spare)
		if err != nil {
			return nil, err
		}
		if spare != nil {
			g.m.targets.series.move(len(g.m.Codec.SeriesHeads()), seriesOf(cands)...)
		}
		out.PairsBefore += coupled.Before
		out.PairsAfter += coupled.After
		g.m.targets.pairs.agree(len(g.m.Codec.SeriesHeads()), cands, g.rand)
		g.m.targets.pairs.hold(len(g.m.Codec.SeriesHeads()), cands, g.rand)
	}
	for _, c := range cands {
		g.keys[g.keyOf(c.Meta)] = true
	}
	sortByStart(cands)
	return cands, nil
}

// recur makes the values of metadata that are made up recur as such values do in
// the real trace, as far as sessions keep keys of their own.
func (g *generator) recur(cands []candidate, supply *codec.Supply) {
	metas := make([]trace.Row, len(cands))
	for i := range cands {
		metas[i] = cands[i].Meta
	}
	g.m.Codec.Recur(metas, supply, func(i int, meta trace.Row) bool { return g.rename(&cands[i], g.keyOf(cands[i].Meta), meta) })
}

// rename notes that a session of an old key has the key of other metadata,
// unless it can't be or another session has the key.
func (g *generator) rename(c *candidate, old uint64, meta trace.Row) bool {
	k := g.keyOf(meta)
	if len(g.key) > 0 && k != old && g.keys[k] || !g.valid(meta) || c.part != nil && !c.part.accepts(meta) {
		return false
	}
	delete(g.keys, old)
	g.keys[k] = true
	return true
}

// keyOf is what tells a session of so much metadata from others: a sum of hashes,
// one for each field.
func (g *generator) keyOf(meta trace.Row) (key uint64) {
	for _, field := range g.key {
		key += keyPart(field, meta)
	}
	return key
}

// keyPart is a hash of a metadata field and its value: FNV-1a, and then mixed as
// MurmurHash3 is, since those of like values are alike and would add up to the
// same.
func keyPart(field int, meta trace.Row) uint64 {
	h := uint64(14695981039346656037) ^ uint64(field)*0x9e3779b97f4a7c15
	s, ok := codec.Text(meta[field])
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	if !ok {
		h = ^h
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
