package attack

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// copies counts synthetic sessions that are real ones, value by value, and real
// ones with a near copy in the synthetic trace.
func (a *attacks) copies(ctx context.Context) (*Block, error) {
	b := &Block{Name: "copies", Title: "Copies of sessions"}
	whole := a.repeated(b, "the same in every value, addresses and all", a.in.Train.Whole, a.held(func(s *Side) []uint64 { return s.Whole }), a.in.Synthetic.Whole)
	same := a.repeated(b, "the same in every value but names and addresses", a.in.Train.Behaviour, a.held(func(s *Side) []uint64 { return s.Behaviour }), a.in.Synthetic.Behaviour)
	if a.holdout == nil {
		b.Words = fmt.Sprintf("%d of %d synthetic sessions are real ones in every value, %d in every value but names and addresses; how many are so by chance can't be told without a holdout",
			whole.train, len(a.in.Synthetic.Whole), same.train)
		return b, nil
	}
	near := make([]float64, a.real.Len())
	err := Parallel(ctx, len(near), func(i int) {
		_, d := a.synth.nearest(a.real.at(i), -1)
		near[i] = float64(d)
	})
	if err != nil {
		return nil, err
	}
	in := a.train.Len()
	// Near is nearer than all but a hundredth of what was held out.
	limit := quantile(sorted(near[in:]), .01)
	value := make([]float64, len(near))
	for i, d := range near {
		value[i] = float64(boolInt(d < limit || d == 0 && limit == 0))
	}
	t := newTrial(a.train, a.holdout, value[:in], value[in:])
	r := t.test(t.difference(), 3, a.rng)
	b.worse(r.verdict(3, .01))
	b.Figures = append(b.Figures, r.figure("more of what was learnt than of what was held out has a near copy", 0))
	words := fmt.Sprintf("%d of %d synthetic sessions are ones that were learnt, in every value, and %d are ones that were held out", whole.train, len(a.in.Synthetic.Whole), whole.holdout)
	if same.train+same.holdout > 0 {
		words += fmt.Sprintf(" (%d and %d but for names and addresses)", same.train, same.holdout)
	}
	words += "; " + b.Figures[len(b.Figures)-1].interval(100) + " % more of what was learnt than of what was held out has a near copy"
	switch b.Verdict {
	case Fail:
		b.Words = "sessions were copied: " + words
	case Pass:
		b.Words = "no more copies than chance gives: " + words
	default:
		b.Words = "too little was held out to tell: " + words
	}
	return b, nil
}

func (a *attacks) held(of func(*Side) []uint64) []uint64 {
	if a.in.Holdout == nil {
		return nil
	}
	return of(a.in.Holdout)
}

// repeats are synthetic sessions that are real ones of one part alone.
type repeats struct{ train, holdout int }

// repeated counts synthetic sessions by digest that only one part has. Where
// nothing is copied each distinct real session is as likely to be met, whatever
// part it is in; that is tested on distinct ones, since one that is frequent is
// met often.
func (a *attacks) repeated(b *Block, what string, train, holdout, synth []uint64) repeats {
	of := func(xs []uint64) map[uint64]bool {
		m := make(map[uint64]bool, len(xs))
		for _, x := range xs {
			m[x] = true
		}
		return m
	}
	inTrain, inHoldout := of(train), of(holdout)
	var r repeats
	distinct := map[uint64]bool{}
	hits, hitsTrain := 0, 0
	for _, x := range synth {
		t, h := inTrain[x], inHoldout[x]
		if t == h {
			continue
		}
		if t {
			r.train++
		} else {
			r.holdout++
		}
		if !distinct[x] {
			distinct[x] = true
			hits++
			hitsTrain += boolInt(t)
		}
	}
	f := Figure{Name: "synthetic sessions that were learnt, " + what, Value: share(r.train, len(synth)), P: 1}
	if len(synth) > 0 {
		f.Low, f.High = clopperPearson(r.train, len(synth))
	}
	if holdout == nil {
		b.Figures = append(b.Figures, f)
		return r
	}
	onlyTrain, onlyHoldout := 0, 0
	for x := range inTrain {
		onlyTrain += boolInt(!inHoldout[x])
	}
	for x := range inHoldout {
		onlyHoldout += boolInt(!inTrain[x])
	}
	// As chance has it, by what was held out.
	f.Chance = share(r.holdout, len(synth)) * float64(onlyTrain) / math.Max(1, float64(onlyHoldout))
	chance := distuv.Binomial{N: float64(hits), P: share(onlyTrain, onlyTrain+onlyHoldout)}
	v := Pass
	if hitsTrain > 0 {
		f.P = chance.Survival(float64(hitsTrain) - 1)
		switch {
		case f.P < failLevel/3:
			v = Fail
		case chance.Survival(float64(hits)-1) >= failLevel/3 && f.Low > .001:
			v = Undecided // even if all were copies, so few could be chance
		}
	}
	b.worse(v)
	b.Figures = append(b.Figures, f)
	return r
}

func share(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}

// closest is the smoke alarm: synthetic sessions that are nearer to what was
// learnt than what was held out is. It is silent on leaks that other attacks
// find, so that it fails a trace and never passes one.
func (a *attacks) closest(ctx context.Context) (*Block, error) {
	b := &Block{Name: "distance", Title: "Distance to the closest record (a smoke alarm)"}
	synth := a.synth.some(1000, 1, a.rng)
	synth.place()
	distances := func(x *Sample) ([]float64, error) {
		out := make([]float64, x.Len())
		err := Parallel(ctx, len(out), func(i int) {
			_, d := a.train.nearest(x.at(i), -1)
			out[i] = float64(d)
		})
		return sorted(out), err
	}
	s, err := distances(synth)
	if err != nil {
		return nil, err
	}
	low := Figure{Name: "distance of the nearest twentieth of synthetic sessions to what was learnt", Value: quantile(s, .05), P: 1}
	low.Low, low.High = quantile(s, .05-1.96*math.Sqrt(.05*.95/float64(len(s)))+1e-9), quantile(s, .05+1.96*math.Sqrt(.05*.95/float64(len(s))))
	b.Verdict = Undecided
	if a.holdout == nil {
		b.Figures = append(b.Figures, low)
		b.Words = fmt.Sprintf("the nearest twentieth of synthetic sessions is within %.3g of one that was learnt; whether that is near can't be told without a holdout", low.Value)
		return b, nil
	}
	h, err := distances(a.holdout)
	if err != nil {
		return nil, err
	}
	low.Chance = quantile(h, .05)
	b.Figures = append(b.Figures, low)
	b.Words = fmt.Sprintf("no alarm, which passes nothing: the nearest twentieth of synthetic sessions is within %.3g of one that was learnt, that of sessions held out within %.3g", low.Value, low.Chance)
	if low.High < low.Chance/2 {
		b.Words = fmt.Sprintf("alarm: the nearest twentieth of synthetic sessions is within %.3g of one that was learnt, that of sessions held out only within %.3g; see the other attacks", low.Value, low.Chance)
		b.Alarm = true
	}
	return b, nil
}
