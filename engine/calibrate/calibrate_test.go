package calibrate_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"netshare/engine/calibrate"
)

// draw makes n sessions with two categories of four classes, of which the
// second follows the first three times in four.
func draw(n int, p [4]float64, r *rand.Rand) []calibrate.Row {
	pick := func() int32 {
		u := r.Float64()
		for i, q := range p {
			if u -= q; u < 0 {
				return int32(i)
			}
		}
		return 3
	}
	rows := make([]calibrate.Row, n)
	for i := range rows {
		a := pick()
		b := a
		if r.Float64() < .25 {
			b = pick()
		}
		rows[i] = calibrate.Row{{Feature: a, Value: 1}, {Feature: 4 + b, Value: 1}}
	}
	return rows
}

func TestChooseMeetsMarginsAndKeepsTheJoint(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	real := draw(2000, [4]float64{.4, .3, .2, .1}, r)
	targets := calibrate.NewTargets(real, 8)
	candidates := draw(8000, [4]float64{.1, .2, .3, .4}, r)
	got, err := calibrate.Choose(context.Background(), candidates, calibrate.Strata{}, targets, 2000, r)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Chosen) != 2000 {
		t.Fatalf("chose %d sessions, want 2000", len(got.Chosen))
	}
	if got.Before < 50 || got.After > 1 {
		t.Errorf("residual %.2f before and %.2f after, want far above 1 and below it", got.Before, got.After)
	}
	share := make([]float64, 8)
	same := 0.0
	for i, c := range got.Chosen {
		if i > 0 && c <= got.Chosen[i-1] {
			t.Fatalf("candidate %d was chosen twice or out of order", c)
		}
		for _, e := range candidates[c] {
			share[e.Feature] += 1. / 2000
		}
		if candidates[c][1].Feature == candidates[c][0].Feature+4 {
			same += 1. / 2000
		}
	}
	for k := range share {
		if d := math.Abs(share[k] - targets.Mean[k]); d > .02 {
			t.Errorf("feature %d: share %.3f, want %.3f", k, share[k], targets.Mean[k])
		}
	}
	if same < .75 { // the association, which no margin speaks of
		t.Errorf("second category follows the first in %.2f of the chosen, want over .75", same)
	}
}

func TestChooseIsDeterministic(t *testing.T) {
	run := func() []int {
		r := rand.New(rand.NewPCG(3, 4))
		rows := draw(500, [4]float64{.25, .25, .25, .25}, r)
		got, err := calibrate.Choose(context.Background(), rows, calibrate.Strata{}, calibrate.NewTargets(rows[:100], 8), 100, r)
		if err != nil {
			t.Fatal(err)
		}
		return got.Chosen
	}
	a, b := run(), run()
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("choice %d is %d and then %d", i, a[i], b[i])
		}
	}
}

func TestChooseBadInput(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	rows := draw(10, [4]float64{1}, r)
	targets := calibrate.NewTargets(rows, 8)
	if _, err := calibrate.Choose(context.Background(), rows, calibrate.Strata{}, targets, 11, r); err == nil {
		t.Error("chose 11 of 10 candidates")
	}
	got, err := calibrate.Choose(context.Background(), rows, calibrate.Strata{}, targets, 10, r)
	if err != nil || len(got.Chosen) != 10 {
		t.Errorf("all candidates wanted: got %d, %v", len(got.Chosen), err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("stop")
	cancel(cause)
	if _, err := calibrate.Choose(ctx, draw(1000, [4]float64{.5, .5}, r), calibrate.Strata{}, targets, 100, r); !errors.Is(err, cause) {
		t.Errorf("cancelled: got %v, want %v", err, cause)
	}
}

func TestStrataKeepTheirShares(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	targets := calibrate.NewTargets(draw(1000, [4]float64{.4, .3, .2, .1}, r), 8)
	candidates := draw(3000, [4]float64{.1, .2, .3, .4}, r)
	strata := calibrate.Strata{Of: make([]int, len(candidates)), Shares: []float64{2, 6, 2, 0}}
	for i := range candidates {
		strata.Of[i] = min(3, i%30) // two of a thirtieth, one of a thirtieth, the rest
	}
	got, err := calibrate.Choose(context.Background(), candidates, strata, targets, 500, r)
	if err != nil {
		t.Fatal(err)
	}
	var n [4]int
	for _, c := range got.Chosen {
		n[strata.Of[c]]++
	}
	// 100, 300, 100 and none are wanted, and there are 100 of each of the first
	// three: what is missing of the second comes from the fourth.
	if n != [4]int{100, 100, 100, 200} {
		t.Errorf("chose %v of the strata, want 100, 100, 100, 200", n)
	}
}
