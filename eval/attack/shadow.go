package attack

import (
	"context"
	"errors"
	"math"
)

// Shadow is a synthetic table of a model of the same kind, that learnt a random
// half of the hosts of both parts.
type Shadow struct {
	Sample *Sample
	Learnt map[string]bool // by the hosts' names, as Append was given them
}

// leastShadows is how many shadow models tell anything: two that learnt a host
// and two that did not, as a rule.
const leastShadows = 4

// shadows is the likelihood-ratio attack (LiRA, Carlini et al. 2022): how near
// the nearest synthetic session is, under models that learnt a session and under
// ones that did not, each a normal distribution; the score is which of both the
// attacked trace's own distance rather belongs to. With so few models, variances
// are those of all sessions together.
func (a *attacks) shadows(ctx context.Context) (*Block, error) {
	if a.holdout == nil || len(a.in.Shadows) < leastShadows {
		return nil, nil
	}
	if a.taken {
		return nil, errors.New("shadow models learn hosts, and hosts are in both parts: split the table by host, or by session (ws split)")
	}
	b := &Block{Name: "shadow", Title: "Which sessions and hosts were learnt, by shadow models"}
	n, models := a.real.Len(), len(a.in.Shadows)
	name := make(map[int32]string, len(a.real.space.groups))
	for host, g := range a.real.space.groups {
		name[g] = host
	}
	seen := make([][]float64, models+1) // the last of the attacked trace
	for k := range seen {
		x := a.synth
		if k < models {
			x = a.in.Shadows[k].Sample.some(attackers, 1, a.rng)
			x.place()
		}
		seen[k] = make([]float64, n)
		err := Parallel(ctx, n, func(i int) {
			_, d := x.nearest(a.real.at(i), -1)
			seen[k][i] = -math.Log(float64(d) + 1e-3)
		})
		if err != nil {
			return nil, err
		}
	}
	meanIn, meanOut := make([]float64, n), make([]float64, n)
	var square [2]float64
	var count [2]float64
	for i := range n {
		var sum, times [2]float64
		for k := range models {
			side := boolInt(a.in.Shadows[k].Learnt[name[a.real.group[i]]])
			sum[side] += seen[k][i]
			times[side]++
		}
		whole := (sum[0] + sum[1]) / float64(models) // of a side that no model was on
		mean := [2]float64{whole, whole}
		for side := range mean {
			if times[side] > 0 {
				mean[side] = sum[side] / times[side]
			}
		}
		meanOut[i], meanIn[i] = mean[0], mean[1]
		for k := range models {
			side := boolInt(a.in.Shadows[k].Learnt[name[a.real.group[i]]])
			square[side] += (seen[k][i] - mean[side]) * (seen[k][i] - mean[side])
			count[side]++
		}
	}
	spread := func(side int) float64 { return math.Max(1e-6, square[side]/math.Max(1, count[side])) }
	score := make([]float64, n)
	likely := func(x, mean, variance float64) float64 { return -(x-mean)*(x-mean)/2/variance - math.Log(variance)/2 }
	for i := range n {
		x := seen[models][i]
		score[i] = likely(x, meanIn[i], spread(1)) - likely(x, meanOut[i], spread(0))
	}
	a.scored(b, "shadow models", score)
	b.tell()
	return b, nil
}
