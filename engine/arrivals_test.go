package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func gapsOf(starts []float64) []float64 {
	var gaps []float64
	for i := 1; i < len(starts); i++ {
		gaps = append(gaps, starts[i]-starts[i-1])
	}
	return gaps
}

// together is the correlation of neighbouring gaps' ranks, which bursts make.
func together(gaps []float64) float64 {
	sorted := slices.Sorted(slices.Values(gaps))
	rank := func(g float64) float64 {
		i, _ := slices.BinarySearch(sorted, g)
		return float64(i)/float64(len(sorted)) - .5
	}
	var xy, xx float64
	for i := 1; i < len(gaps); i++ {
		xy += rank(gaps[i-1]) * rank(gaps[i])
		xx += rank(gaps[i]) * rank(gaps[i])
	}
	return xy / xx
}

func TestArrivalsKeepGapsBurstsAndRate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var starts []float64
	at, burst := 0., false
	for i := range 8000 {
		if r.IntN(20) == 0 {
			burst = !burst
		}
		gap := r.ExpFloat64() * 1000
		if burst {
			gap = r.ExpFloat64() * 2
		}
		if i > 4000 { // the second half is ten times as busy
			gap /= 10
		}
		at += gap
		starts = append(starts, at)
	}
	real := slices.Clone(starts)
	a := fitArrivals(starts)
	made := a.draw(len(real), r)
	if len(made) != len(real) || !slices.IsSorted(made) {
		t.Fatalf("%d starts, want %d in order", len(made), len(real))
	}
	if made[0] < real[0] || made[len(made)-1] > real[len(real)-1] {
		t.Errorf("from %g to %g, want within %g to %g", made[0], made[len(made)-1], real[0], real[len(real)-1])
	}
	rg, mg := gapsOf(real), gapsOf(made)
	rs, ms := slices.Sorted(slices.Values(rg)), slices.Sorted(slices.Values(mg))
	for _, q := range []float64{.1, .25, .5, .75, .9} {
		x, y := rs[int(q*float64(len(rs)))], ms[int(q*float64(len(ms)))]
		if math.Abs(math.Log(x/y)) > math.Log(1.5) {
			t.Errorf("quantile %g of the gaps is %g, want about %g", q, y, x)
		}
	}
	if x, y := together(rg), together(mg); math.Abs(x-y) > .25 {
		t.Errorf("neighbouring gaps correlate by %.2f, want about %.2f", y, x)
	}
	half := func(xs []float64) float64 {
		i, _ := slices.BinarySearch(xs, real[4000])
		return float64(i) / float64(len(xs))
	}
	if x, y := half(real), half(made); math.Abs(x-y) > .02 {
		t.Errorf("%.3f of the sessions come before the rate changes, want %.3f", y, x)
	}
}

func TestArrivalsOfAShortTrace(t *testing.T) {
	a := fitArrivals([]float64{1, 2, 3})
	if got := a.draw(5, rand.New(rand.NewPCG(1, 1))); got != nil {
		t.Errorf("got %v of a trace too short to learn gaps of", got)
	}
	same := fitArrivals(make([]float64, 500))
	for _, v := range same.draw(500, rand.New(rand.NewPCG(1, 1))) {
		if v != 0 {
			t.Fatalf("start %g where all sessions began at once", v)
		}
	}
}

// TestArrivalsOfACoarseClock: where many sessions begin at one tick, each tick
// has as many as in the real trace.
func TestArrivalsOfACoarseClock(t *testing.T) {
	counts := []int{3, 40, 0, 17, 80, 1, 0, 9}
	var starts []float64
	for tick, n := range counts {
		starts = append(starts, slices.Repeat([]float64{float64(tick)}, n)...)
	}
	a := fitArrivals(starts)
	made := a.draw(2*len(starts), rand.New(rand.NewPCG(1, 2)))
	got := make([]int, len(counts))
	for _, s := range made {
		got[int(s)]++
	}
	for tick, n := range counts {
		if d := got[tick] - 2*n; d < -1 || d > 1 {
			t.Errorf("%d sessions begin at tick %d, want about %d", got[tick], tick, 2*n)
		}
	}
	if len(made) != 2*len(starts) || !slices.IsSorted(made) {
		t.Errorf("%d starts, want %d in order", len(made), 2*len(starts))
	}
}
