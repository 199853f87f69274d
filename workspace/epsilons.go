package workspace

import (
	"context"
	"math"
	"slices"

	"netshare/eval"
	"netshare/workspace/store"
)

// othersOf returns what reports said last of the other synthetic tables of a
// real one, where that still holds, with what their models guarantee.
func (w *Workspace) othersOf(ctx context.Context, real, but Table) ([]eval.Priced, error) {
	scores, err := w.db.LatestScores(ctx, real.Name.String(), "overall", "score")
	if err != nil {
		return nil, err
	}
	pairs, err := w.db.LatestScores(ctx, real.Name.String(), "joint", twoWayMetric)
	if err != nil {
		return nil, err
	}
	tables, err := w.db.Tables(ctx)
	if err != nil {
		return nil, err
	}
	var out []eval.Priced
	for _, s := range scores {
		name := store.Parse(s.Synthetic, store.Synth)
		if name == but.Name || !slices.Contains(tables, name) {
			continue
		}
		t, err := w.table(ctx, s.Synthetic, store.Synth)
		if err != nil {
			return nil, err
		}
		if s.Run < t.Run || s.Run < real.Run { // of a table that was replaced since
			continue
		}
		p := eval.Priced{Table: s.Synthetic, Score: s.Score.Score}
		if p.Guarantee, err = w.guaranteeOf(ctx, t); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(pairs, func(x store.TableScore) bool { return x.Synthetic == s.Synthetic && x.Run == s.Run }); i >= 0 {
			p.TwoWay = &eval.TwoWay{Value: pairs[i].Value, Half: pairs[i].Baseline, Independent: math.NaN()}
		}
		out = append(out, p)
	}
	return out, nil
}

// twoWayMetric is what two-way total variation is called among the scores.
const twoWayMetric = "two_way"
