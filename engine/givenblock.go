package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"netshare/engine/calibrate"
)

// blockOf makes the sessions of one block of several parts, ordered by start.
func (g *generator) blockOf(ctx context.Context, parts []*part, counts []int, block, blocks int, out *Generated) ([]candidate, error) {
	var all []candidate
	total := 0
	for i := range parts {
		total += counts[i]*(block+1)/blocks - counts[i]*block/blocks
	}
	for i, p := range parts {
		n := counts[i]*(block+1)/blocks - counts[i]*block/blocks
		if n == 0 {
			continue
		}
		made, err := g.ofPart(ctx, p, n, float64(n)/float64(total), out)
		if err != nil {
			return nil, err
		}
		for _, c := range made {
			g.keys[g.keyOf(c)] = true
		}
		all = append(all, made...)
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.Start, b.Start) })
	return all, nil
}

// ofPart makes n sessions of a part, which are a share of the block.
func (g *generator) ofPart(ctx context.Context, p *part, n int, share float64, out *Generated) ([]candidate, error) {
	t := p.targets
	pool := n
	if !g.opts.Raw {
		pool *= g.opts.Candidates
	}
	cands, err := g.given(ctx, p, n, pool)
	if err != nil {
		return nil, err
	}
	if err := g.series(ctx, cands); err != nil {
		return nil, err
	}
	if g.opts.Raw {
		return cands, nil
	}
	t.series.move(t.width, seriesOf(cands)...)
	if len(cands) > n && len(t.features) > 0 {
		rows := make([]calibrate.Row, len(cands))
		strata := calibrate.Strata{}
		if t.known {
			strata = t.lengths.strata(len(cands))
		}
		for i, c := range cands {
			if t.known {
				strata.Of[i] = int(c.meta[t.lengths.Head])
			}
			rows[i] = t.row(whole{meta: c.meta, series: c.series, records: c.Records})
		}
		res, err := calibrate.Choose(ctx, rows, strata, t.margins, n, g.rand)
		if err != nil {
			return nil, err
		}
		out.Calibrated = true
		out.Before += res.Before * share
		out.After += res.After * share
		out.Effective += res.Effective * share
		chosen := make([]candidate, len(res.Chosen))
		for i, k := range res.Chosen {
			chosen[i] = cands[k]
		}
		cands = chosen
	}
	cands = cands[:n]
	g.m.targets.pairs.hold(t.width, cands, g.rand)
	return cands, nil
}

// givenTries is how many rows are drawn for each session that is wanted before
// weights are left aside: so much do what is given and the rest of a session not
// go together.
const givenTries = 60

// given draws up to pool sessions of a part, at least n, with keys of their own
// where there are as many.
func (g *generator) given(ctx context.Context, p *part, n, pool int) ([]candidate, error) {
	m := g.m
	heads := m.Codec.MetaHeads()
	seen := map[string]bool{}
	var cands []candidate
	for tried := 0; len(cands) < pool; {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		repeat := tried >= patience*pool
		if repeat && len(cands) >= n {
			break
		}
		if tried >= (patience+givenTries)*(pool+drawn) {
			return nil, fmt.Errorf("given %s: %d of %d sessions could be made, since it hardly goes together with the rest of what a session is: ask for fewer, or give less", p, len(cands), n)
		}
		codes, weights, err := m.metasGiven(p.limits, g.rand)
		if err != nil {
			return nil, err
		}
		tried += drawn
		for i := range weights {
			if !m.Codec.Begins(codes[i]) {
				weights[i] = 0
			}
		}
		var rows [][]float32
		for _, i := range resample(weights, drawn, g.rand) {
			rows = append(rows, slices.Clone(codes[i]))
		}
		if !g.opts.Raw {
			p.targets.meta.move(len(heads), rows...)
			if p.targets.known && len(rows) > 0 {
				p.targets.lengths.move(rows, g.rand)
			}
		}
		for _, code := range rows {
			if len(cands) == pool {
				break
			}
			for _, l := range p.limits { // which the move knows nothing of
				if v := &code[l.Head]; l.Shares == nil && (*v < l.Low || *v > l.High) {
					*v = l.Low + g.rand.Float32()*(l.High-l.Low)
				}
			}
			c := candidate{Candidate: m.Codec.DecodeMeta(code, g.rand), meta: code, part: p}
			if !m.Codec.Settle(c.Meta, p.conditions, g.rand) || !p.accepts(c.Meta) || !m.Codec.Holds(c.Meta) {
				continue
			}
			if !m.targets.families.valid(c.Meta) && !repeat {
				continue
			}
			k := g.keyOf(c)
			if len(g.key) > 0 && (seen[k] || g.keys[k]) && !repeat {
				continue
			}
			seen[k] = true
			cands = append(cands, c)
		}
	}
	return cands, nil
}

// String names what is given of the part.
func (p *part) String() string {
	var ts []string
	for _, c := range p.conditions {
		ts = append(ts, c.Text)
	}
	for _, e := range p.excluded {
		ts = append(ts, "not "+e[0].Text)
	}
	return strings.Join(ts, " & ")
}
