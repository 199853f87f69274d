package engine

import (
	"context"
	"math/rand/v2"
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
			g.keys[g.keyOf(c.Meta)] = true
		}
		all = append(all, made...)
	}
	sortByStart(all)
	return all, nil
}

// ofPart makes n sessions of a part, which are a share of the block.
func (g *generator) ofPart(ctx context.Context, p *part, n int, share float64, out *Generated) ([]candidate, error) {
	t := p.targets
	pool := n
	if !g.opts.Raw {
		pool *= g.opts.Candidates
	}
	cands, err := g.candidates(ctx, p, n, pool, nil)
	if err != nil {
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
		if cands, _, err = g.choose(ctx, cands, rows, strata, t.margins, n, share, out); err != nil {
			return nil, err
		}
	}
	cands = cands[:n]
	g.m.targets.pairs.hold(t.width, cands, g.rand)
	return cands, nil
}

// bound keeps the numbers of a row of codes within the part's limits, which moves
// know nothing of.
func (p *part) bound(code []float32, r *rand.Rand) {
	for _, l := range p.limits {
		if v := &code[l.Head]; l.Shares == nil && (*v < l.Low || *v > l.High) {
			*v = l.Low + r.Float32()*(l.High-l.Low)
		}
	}
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
