package engine

import (
	"math/rand/v2"
	"slices"

	"netshare/engine/codec"
	"netshare/engine/dgan"
	"netshare/workspace/trace"
)

// row is a row of metadata codes of a session that begins.
type row struct {
	code      []float32 // as Model.metaHeads has them
	stretches []stretch // where the trace is in chunks: at least one
}

// stretch is what one chunk has of a generated session.
type stretch struct {
	chunk, records int
	start          float64   // ticks; of the first, the session's own counts
	extras         []float32 // codes behind the codec's
}

// drawn is how many candidates are drawn from the networks at a time.
const drawn = 2000

// drawing is rows of metadata codes as the networks made them.
type drawing struct {
	rows    [][]float32
	chunk   []int     // of each row
	weights []float64 // of each, where limits were kept
}

// draw makes rows of metadata codes that keep limits, which are in codes too.
// Chunks have as many of them as of the real samples. Of a head of vectors no
// column is of a class: its rows weigh as much as is wanted of the class that they
// came to.
func (m *Model) draw(limits []dgan.Limit, r *rand.Rand) (out drawing, err error) {
	heads := m.metaHeads()
	var columns, vectors []dgan.Limit
	for _, l := range limits {
		switch h := heads[l.Head]; {
		case h.Vectors != nil:
			vectors = append(vectors, l)
			continue
		case h.Symmetric:
			l.Low, l.High = 2*l.Low-1, 2*l.High-1
		}
		columns = append(columns, l)
	}
	nets, share := m.networks(), []int{drawn}
	if len(nets) > 1 {
		share = apportion(drawn, m.chunks.Samples)
	}
	width := widthOf(heads)
	for k, net := range nets {
		if net == nil {
			continue
		}
		var metas []float32
		var weights []float64
		if limits == nil {
			metas, err = net.Metas(share[k], r)
		} else {
			metas, weights, err = net.MetasGiven(share[k], columns, r)
		}
		if err != nil {
			return out, err
		}
		codes := make([][]float32, len(metas)/width)
		atOnce((len(codes)+keeperRun-1)/keeperRun, func(run int) {
			for i := run * keeperRun; i < min((run+1)*keeperRun, len(codes)); i++ {
				codes[i] = make([]float32, len(heads))
				compact(heads, metas[i*width:(i+1)*width], codes[i])
			}
		})
		for i, code := range codes {
			if limits != nil {
				w := weights[i]
				for _, l := range vectors {
					w *= l.Shares[int(code[l.Head])]
				}
				out.weights = append(out.weights, w)
			}
			out.rows, out.chunk = append(out.rows, code), append(out.chunk, k)
		}
	}
	return out, nil
}

// rows draws rows of sessions: of a part, where it is not nil, the others of the
// real trace's kind; all of them made to begin one, where need be; with the real
// trace's distributions of numbers and lengths unless the raw ones are asked for.
func (g *generator) rows(p *part, all bool) ([]row, error) {
	m, c := g.m, g.m.Codec
	var limits []dgan.Limit
	if p != nil {
		limits = append([]dgan.Limit{}, p.limits...)
	}
	made, err := m.draw(limits, g.rand)
	if err != nil {
		return nil, err
	}
	in := len(m.networks()) > 1
	var begun []int
	pools := make([]pool, len(m.networks()))
	for i, code := range made.rows {
		if all && p == nil {
			c.SetPiece(code, true)
		}
		switch {
		case c.Begins(code):
			begun = append(begun, i)
		case p != nil:
			made.weights[i] = 0
		}
	}
	if in {
		begun = g.begun(&made, begun, pools, p == nil)
	}
	if p != nil {
		begun = resample(made.weights, drawn, g.rand)
	}
	if in { // whoever takes some of them has some of each chunk
		g.rand.Shuffle(len(begun), func(i, j int) { begun[i], begun[j] = begun[j], begun[i] })
	}
	rows := make([]row, len(begun))
	moved := make([][]float32, len(begun))
	for k, i := range begun {
		rows[k].code = made.rows[i]
		if p != nil { // one may be there more than once
			rows[k].code = slices.Clone(made.rows[i])
		}
		if in {
			m.join(&rows[k], made.chunk[i], pools, g.rand)
		}
		moved[k] = rows[k].code
	}
	switch width := len(m.metaHeads()); {
	case g.opts.Raw || len(rows) == 0:
	case p == nil:
		m.targets.meta.move(width, moved...)
		if !in {
			m.targets.lengths.move(moved, g.rand)
			break
		}
		by := make([][][]float32, len(pools))
		for _, x := range rows {
			k := x.stretches[0].chunk
			by[k] = append(by[k], x.code)
		}
		for k, codes := range by {
			own := lengths{m.targets.lengths.Head, m.chunks.Lengths[k]}
			own.move(codes, g.rand)
		}
	default:
		p.targets.meta.move(width, moved...)
		if p.targets.known {
			p.targets.lengths.move(moved, g.rand)
		}
	}
	return rows, nil
}

// begun parts the first pieces of stretches, of which some begin their session
// and the others go to the pools of their chunks. Where sessions are like the real
// trace's, as many begin in each chunk as there: those that the tags say first.
func (g *generator) begun(made *drawing, first []int, pools []pool, like bool) (begun []int) {
	x := g.m.chunks
	by := make([][]int, len(pools))
	begins := func(i int) bool { return g.m.tags(made.rows[i])[0] == 1 }
	for _, i := range first {
		by[made.chunk[i]] = append(by[made.chunk[i]], i)
	}
	like = like && !g.opts.Raw
	most := drawn * len(pools)
	real := x.begun()
	for k, n := range real {
		if n > 0 && like {
			most = min(most, len(by[k])*total(real)/n)
		}
	}
	quotas := apportion(most, real)
	for k, rows := range by {
		slices.SortStableFunc(rows, func(a, b int) int { return boolInt(begins(b)) - boolInt(begins(a)) })
		for place, i := range rows {
			switch {
			case like && place < min(quotas[k], len(rows)) || !like && begins(i):
				begun = append(begun, i)
			case made.weights == nil:
				pools[k].rows = append(pools[k].rows, made.rows[i])
			case made.weights[i] > 0:
				pools[k].rows = append(pools[k].rows, made.rows[i])
				made.weights[i] = 0
			}
		}
	}
	return begun
}

// pool is a chunk's rows of stretches that do not begin their session.
type pool struct {
	rows  [][]float32
	order []int // of those that are left
}

// compared is how many rows of a pool are looked at for the one that is most like
// the session that is to go on.
const compared = 32

// take takes the row that is most like another, among some.
func (p *pool) take(like []float32, heads []codec.Head, r *rand.Rand) []float32 {
	if len(p.rows) == 0 {
		return nil
	}
	if len(p.order) == 0 { // again, rather than to end sessions early
		p.order = r.Perm(len(p.rows))
	}
	best, most := 0, -1
	for i := range min(compared, len(p.order)) {
		same := 0
		for h, x := range heads {
			if x.Classes > 0 {
				same += boolInt(p.rows[p.order[i]][h] == like[h])
			}
		}
		if same > most {
			best, most = i, same
		}
	}
	code := p.rows[p.order[best]]
	last := len(p.order) - 1
	p.order[best] = p.order[last]
	p.order = p.order[:last]
	return code
}

// join makes of a row of a chunk one of its session, which goes on in the chunks
// that the tags name. When, how long and how it does is what those chunks'
// networks made of the session most like it; the session's row has the length of
// all its stretches.
func (m *Model) join(x *row, chunk int, pools []pool, r *rand.Rand) {
	c := m.Codec
	heads := c.MetaHeads()
	add := func(k int, code []float32) int {
		lo, hi := m.chunks.bounds(k, c.Span())
		x.stretches = append(x.stretches, stretch{
			chunk: k, records: c.RecordsOf(code, r), start: min(max(c.StartOf(code, r), lo), hi),
			extras: slices.Clone(code[len(heads):]),
		})
		return x.stretches[len(x.stretches)-1].records
	}
	total := add(chunk, x.code)
	c.SetStart(x.code, x.stretches[0].start)
	tags := m.tags(x.code)
	for k := chunk + 1; k < len(pools); k++ {
		if tags[1+k] == 1 {
			if code := pools[k].take(x.code, heads, r); code != nil {
				total += add(k, code)
			}
		}
	}
	if len(x.stretches) > 1 {
		c.SetRecords(x.code, total)
	}
}

// in returns what a chunk has of a session, nil for nothing, and how many records
// are before it.
func (x *candidate) in(chunk int) (s *stretch, before int) {
	for i := range x.stretches {
		if s = &x.stretches[i]; s.chunk == chunk {
			return s, before
		}
		before += s.records
	}
	return nil, 0
}

// settle brings the stretches of a candidate to its number of records, in
// proportion, each with one at least: the last ones go where there are too few.
func (g *generator) settle(x *candidate) {
	s := x.stretches
	if s == nil {
		return
	}
	x.stretches = s[:min(len(s), x.Records)]
	have, before, given := 0, 0, 0
	for _, t := range x.stretches {
		have += t.records
	}
	for i := range x.stretches {
		t := &x.stretches[i]
		before += t.records
		left := len(x.stretches) - 1 - i
		upTo := min(max(before*x.Records/have, given+1), x.Records-left)
		t.records, given = upTo-given, upTo
	}
	if g.opts.Raw { // otherwise starts are those of the real trace
		lo, hi := g.m.chunks.bounds(s[0].chunk, g.m.Codec.Span())
		x.Start = min(max(x.Start, lo), hi)
	}
}

// chunked reports whether sessions are generated chunk by chunk, in the time of
// the real trace.
func (g *generator) chunked() bool { return g.m.net == nil && g.m.chunks != nil && !g.windowed }

// strays reports whether a candidate that began at another time would begin in
// another chunk.
func (g *generator) strays(x *candidate, start float64) bool {
	return g.chunked() && g.m.chunks.of(x.Start) != g.m.chunks.of(start)
}

// anchor moves the records of each stretch of a session into their chunk. A
// session begins where its start is.
func (g *generator) anchor(x *candidate, records []trace.Row) {
	c := g.m.Codec
	if len(x.stretches) == 0 || !g.chunked() {
		return
	}
	ticks := c.Clock.Times(records)
	chunk, at := -1, 0
	for i, t := range x.stretches {
		end := min(at+t.records, len(ticks))
		if at == end {
			break
		}
		if i == 0 {
			chunk = g.m.chunks.of(ticks[0])
		} else {
			chunk = max(chunk, t.chunk)
		}
		lo, hi := g.m.chunks.bounds(chunk, c.Span())
		if at > 0 {
			lo = max(lo, ticks[at-1])
			hi = max(lo, hi)
		}
		from, span := ticks[at], ticks[end-1]-ticks[at]
		scale := 1.
		if span > hi-lo {
			scale = (hi - lo) / span
		}
		to := min(max(from, lo), hi-span*scale)
		for k := at; k < end; k++ {
			ticks[k] = to + (ticks[k]-from)*scale
		}
		at = end
	}
	c.SetTimes(records, ticks)
}
