package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"netshare/engine/calibrate"
	"netshare/engine/dgan"
)

// choose takes n of the candidates whose rows meet the margins, and tells out of
// it; they are a share of the block.
func (g *generator) choose(ctx context.Context, cands []candidate, rows []calibrate.Row, strata calibrate.Strata, margins calibrate.Targets, n int, share float64, out *Generated) (chosen, others []candidate, err error) {
	res, err := calibrate.Choose(ctx, rows, strata, margins, n, g.rand)
	if err != nil {
		return nil, nil, err
	}
	out.Calibrated = true
	out.Before += res.Before * share
	out.After += res.After * share
	out.Effective += res.Effective * share
	for i, c := range cands {
		if len(chosen) < n && res.Chosen[len(chosen)] == i {
			chosen = append(chosen, c)
		} else {
			others = append(others, c)
		}
	}
	return chosen, others, nil
}

// patience is how many sessions are drawn for each that is wanted before keys
// may repeat: a trace between few hosts has few keys.
const patience = 12

// givenTries is how many more are drawn where something is given before that is
// given up: so much do what is given and the rest of a session not go together.
const givenTries = 60

// candidates makes up to pool sessions with distinct keys, of a part where it is
// not nil, or at least n where the model knows too few keys, the later of which
// then repeat earlier ones.
func (g *generator) candidates(ctx context.Context, p *part, n, pool int, progress func(share float64)) ([]candidate, error) {
	seen := map[uint64]bool{}
	var cands []candidate
	for tried := 0; len(cands) < pool; {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		repeat := tried >= patience*pool
		if repeat && len(cands) >= n {
			break
		}
		if p != nil && tried >= (patience+givenTries)*(pool+drawn) {
			return nil, fmt.Errorf("given %s: %d of %d sessions could be made, since it hardly goes together with the rest of what a session is: ask for fewer, or give less", p, len(cands), n)
		}
		rows, err := g.rows(p, repeat)
		if err != nil {
			return nil, err
		}
		tried += drawn
		first := len(cands)
		for _, m := range g.metadata(rows, p) {
			if len(cands) == pool {
				break
			}
			if m.refused || !m.valid && !repeat || len(g.key) > 0 && (seen[m.key] || g.keys[m.key]) && !repeat {
				continue
			}
			seen[m.key] = true
			g.settle(&m.candidate)
			cands = append(cands, m.candidate)
		}
		if p == nil {
			err = g.series(ctx, cands[first:])
			progress(float64(len(cands)) / float64(pool))
		}
		if err != nil {
			return nil, err
		}
	}
	if p != nil {
		return cands, g.series(ctx, cands)
	}
	return cands, nil
}

// decoded is a row that was decoded, a candidate or none.
type decoded struct {
	candidate
	key            uint64
	valid, refused bool // by rules; by what is given
}

// metadata decodes rows, of a part where it is not nil.
func (g *generator) metadata(rows []row, p *part) []decoded {
	out := make([]decoded, len(rows))
	c := g.m.Codec
	g.keepers.each(len(rows), g.rand, func(from, to int, k *keeper, r *rand.Rand) {
		for i := from; i < to; i++ {
			row, x := &rows[i], &out[i]
			if p != nil {
				p.bound(row.code, r)
			}
			x.candidate = candidate{Candidate: c.DecodeMeta(row.code, r), meta: row.code, part: p, stretches: row.stretches}
			x.refused = p != nil && (!c.Settle(x.Meta, p.conditions, r) || !p.accepts(x.Meta) || !c.Holds(x.Meta))
			x.valid, x.key = g.validBy(k, x.Meta), g.keyOf(x.Meta)
		}
	})
	return out
}

// series makes the candidates' records, piece by piece for long sessions and
// stretch by stretch for those in several chunks.
func (g *generator) series(ctx context.Context, cands []candidate) error {
	c := g.m.Codec
	width := len(c.SeriesHeads())
	if width == 0 || len(cands) == 0 {
		return nil
	}
	for k, net := range g.m.networks() {
		if net == nil {
			continue
		}
		if err := g.seriesBy(ctx, net, k, cands); err != nil {
			return err
		}
	}
	if g.opts.Raw || cands[0].part != nil {
		return nil
	}
	g.m.targets.series.move(width, seriesOf(cands)...)
	return nil
}

// seriesBy has the networks of a chunk make the records of the candidates'
// stretches in it, behind those of the chunks before.
func (g *generator) seriesBy(ctx context.Context, net *dgan.Model, chunk int, cands []candidate) error {
	c := g.m.Codec
	heads, seriesHeads := g.m.metaHeads(), c.SeriesHeads()
	own := len(c.MetaHeads())
	width, longest := widthOf(heads), c.Longest()
	type piece struct{ cand, upTo int } // records that the session then has
	metas := g.metas[:0]
	var owner []piece
	for i := range cands {
		x := &cands[i]
		before, n := 0, x.Records
		code := slices.Clone(x.meta)
		if x.stretches != nil {
			s, from := x.in(chunk)
			if s == nil {
				continue
			}
			before, n = from, s.records
			copy(code[own:], s.extras)
			if len(x.stretches) > 1 {
				c.SetRecords(code, n)
			}
			if from > 0 {
				c.SetStart(code, s.start)
			}
		}
		for p := 0; p*longest < n; p++ {
			c.SetPiece(code, p == 0)
			metas = slices.Grow(metas, width)[:len(metas)+width]
			expand(heads, code, metas[len(metas)-width:])
			owner = append(owner, piece{i, before + n})
		}
	}
	g.metas = metas
	seriesWidth := widthOf(seriesHeads)
	type made struct{ series, extras []float32 } // codes
	coded := make([]made, len(owner))
	err := net.SampleSeries(metas, g.rand, func(row int, meta, series []float32, records int) error {
		x := &coded[row]
		x.series = make([]float32, records*len(seriesHeads))
		for k := range records {
			compact(seriesHeads, series[k*seriesWidth:], x.series[k*len(seriesHeads):])
		}
		if g.m.Options.SelfNorm {
			x.extras = make([]float32, len(heads))
			compact(heads, meta, x.extras)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for at, y := range coded {
		x := &cands[owner[at].cand]
		first := len(x.series)
		x.series = append(x.series, y.series[:min(len(y.series), max(0, owner[at].upTo*len(seriesHeads)-first))]...)
		if g.m.Options.SelfNorm {
			g.m.restore(y.extras[own:], x.series[first:])
		}
		if s, from := x.in(chunk); from > 0 && first == from*len(seriesHeads) {
			c.SetGap(x.series[first:], max(0, s.start-x.Start-c.Duration(x.series[:first], g.rand)))
		}
	}
	return nil
}

func seriesOf(cands []candidate) [][]float32 {
	rows := make([][]float32, len(cands))
	for i := range cands {
		rows[i] = cands[i].series
	}
	return rows
}
