package engine

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"

	"netshare/engine/calibrate"
	"netshare/workspace/trace"
)

// classed is a session of a private model, in classes.
type classed struct {
	meta, series []int32
	records      int
}

// generatePrivately makes sessions of networks that were learnt by noised
// gradients, corrected to the columns' noised counts unless raw ones are asked
// for. It looks at nothing but the model.
func (m *Model) generatePrivately(ctx context.Context, opts GenerateOptions, want int, r *rand.Rand, sink Sink) (out Generated, err error) {
	maker := m.Marginal.NewMaker(r)
	type made struct {
		session trace.Session
		start   float64
	}
	all := make([]made, 0, want)
	blocks := (want + blockSessions - 1) / blockSessions
	for b := range blocks {
		n := want*(b+1)/blocks - want*b/blocks
		chosen, err := m.classedBlock(ctx, n, opts, r, &out)
		if err != nil {
			return out, err
		}
		for _, c := range chosen {
			s, start, err := maker.Session(c.meta, c.series, c.records)
			if err != nil {
				return out, err
			}
			all = append(all, made{s, start})
		}
		if opts.Progress != nil {
			opts.Progress(len(all)*9/10, want)
		}
	}
	if out.Calibrated {
		n := float64(blocks)
		out.Before, out.After, out.Effective = out.Before/n, out.After/n, out.Effective/n
	}
	slices.SortStableFunc(all, func(a, b made) int { return cmp.Compare(a.start, b.start) })
	for _, x := range all {
		if err := sink.Write(ctx, x.session); err != nil {
			return out, err
		}
		out.Sessions++
		out.Records += len(x.session.Series)
	}
	return out, nil
}

// classedBlock makes n sessions.
func (m *Model) classedBlock(ctx context.Context, n int, opts GenerateOptions, r *rand.Rand, out *Generated) ([]classed, error) {
	pool := n
	if !opts.Raw {
		pool = n * opts.Candidates
	}
	cands, err := m.classedSessions(ctx, pool, r)
	if err != nil || opts.Raw || pool == n {
		return cands, err
	}
	meta, series := m.Marginal.Shares(false), m.Marginal.Shares(true)
	rows := make([]calibrate.Row, len(cands))
	for i, c := range cands {
		rows[i] = c.row(meta, series)
	}
	res, err := calibrate.Choose(ctx, rows, calibrate.Strata{}, m.noisedTargets(meta, series), n, r)
	if err != nil {
		return nil, err
	}
	out.Calibrated = true
	out.Before += res.Before
	out.After += res.After
	out.Effective += res.Effective
	chosen := make([]classed, len(res.Chosen))
	for i, k := range res.Chosen {
		chosen[i] = cands[k]
	}
	return chosen, nil
}

// row is a session's features: which classes it has, and the share of its
// records that have each.
func (c classed) row(meta, series [][]float64) (row calibrate.Row) {
	at := 0
	for j, p := range meta {
		row = append(row, calibrate.Entry{Feature: int32(at) + c.meta[j], Value: 1})
		at += len(p)
	}
	for j, p := range series {
		counts := make([]float32, len(p))
		for k := range c.records {
			counts[c.series[k*len(series)+j]] += 1 / float32(c.records)
		}
		for class, v := range counts {
			if v > 0 {
				row = append(row, calibrate.Entry{Feature: int32(at + class), Value: v})
			}
		}
		at += len(p)
	}
	return row
}

// noisedTargets are the columns' noised counts, each as sure as its noise lets
// it be.
func (m *Model) noisedTargets(meta, series [][]float64) calibrate.Targets {
	t := calibrate.Targets{Sessions: m.Sessions}
	n := float64(m.Sessions)
	noise := 0.0
	for _, x := range m.Privacy.Mechanisms {
		if x.Rate == 0 {
			noise = max(noise, x.Multiplier)
		}
	}
	for _, p := range slices.Concat(meta, series) {
		for _, share := range p {
			t.Mean = append(t.Mean, share)
			t.Variance = append(t.Variance, (share*(1-share)+1/n)/n+noise*noise/(n*n))
		}
	}
	return t
}

// classedSessions makes n sessions of the networks, long ones piece by piece.
func (m *Model) classedSessions(ctx context.Context, n int, r *rand.Rand) ([]classed, error) {
	heads, columns := headsOf(sharesOf(m.Marginal, false)), headsOf(sharesOf(m.Marginal, true))
	known, width := len(m.Marginal.Shares(false)), len(m.Marginal.Shares(true))
	longest := m.net.Shape().Records
	m.lengths = nil
	cands := make([]classed, 0, n)
	for len(cands) < n {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		metas, err := m.net.Metas(min(drawn, n-len(cands)), r)
		if err != nil {
			return nil, err
		}
		var pieces []float32 // metadata of each piece
		var owner []int
		for a := widthOf(heads); len(metas) > 0; metas = metas[a:] {
			classes := make([]int32, len(heads))
			classesOf(heads, metas[:a], classes)
			c := classed{meta: classes[:known]}
			c.records = m.Marginal.Records(c.meta, r)
			for from := 0; from < c.records; from += longest {
				pieces, owner = append(pieces, metas[:a]...), append(owner, len(cands))
				m.lengths = append(m.lengths, min(longest, c.records-from))
			}
			cands = append(cands, c)
		}
		coded := make([][]int32, len(owner))
		err = m.net.SampleSeries(pieces, r, func(piece int, _, series []float32, records int) error {
			classes := make([]int32, len(columns))
			for k := range records {
				classesOf(columns, series[k*widthOf(columns):], classes)
				coded[piece] = append(coded[piece], classes[:width]...)
			}
			return nil
		})
		for piece, series := range coded {
			c := &cands[owner[piece]]
			c.series = append(c.series, series...)
		}
		if err != nil {
			return nil, err
		}
	}
	return cands, nil
}
