package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRecordsComeWhenTheRealOnesDo: long sessions begin early in the real trace.
// Sessions that begin at the same times, the long ones at any of them, come to
// the real records' times by exchanging their starts.
func TestRecordsComeWhenTheRealOnesDo(t *testing.T) {
	const n, span = 400, 1000.
	r := rand.New(rand.NewPCG(1, 2))
	x := retiming{times: &times{}, span: span, cands: make([]candidate, n), offsets: make([][]float64, n)}
	var real []float64
	for i := range n {
		start := span / 2 * float64(i) / n
		real = append(real, start)
		if i < n/4 {
			for k := range 5 {
				real = append(real, start+60*float64(k+1))
			}
		}
	}
	slices.Sort(real)
	for k := 1; k < timeBins; k++ {
		at := k * len(real) / timeBins
		x.Edges, x.By = append(x.Edges, real[at]), append(x.By, float64(at+1)/float64(len(real)))
	}
	x.change = make([]float64, len(x.Edges)+1)
	long := r.Perm(n)[:n/4]
	for i := range n {
		x.cands[i].Start = span / 2 * float64(i) / n
		x.cands[i].Records = 1
	}
	for _, i := range long {
		x.cands[i].Records, x.offsets[i] = 6, []float64{60, 120, 180, 240, 300}
	}
	made := func() (all []float64) {
		for i, c := range x.cands {
			all = append(all, c.Start)
			for _, o := range x.offsets[i] {
				all = append(all, c.Start+o)
			}
		}
		slices.Sort(all)
		return all
	}
	off := func() (sum float64) {
		for i, at := range made() {
			sum += math.Abs(at-real[i]) / float64(len(real))
		}
		return sum
	}
	before := off()
	x.settle(long, r)
	if after := off(); after > before/10 {
		t.Errorf("records are %.1f ticks from the real ones' times, %.1f before, want a tenth at most", after, before)
	}
	var starts []float64
	for i, c := range x.cands {
		starts = append(starts, c.Start)
		if c.Records > 1 && c.Start+x.offsets[i][4] > span {
			t.Errorf("a session from %g ends after the trace", c.Start)
		}
	}
	slices.Sort(starts)
	for i, s := range starts {
		if s != span/2*float64(i)/n {
			t.Fatalf("start %d is %g: starts are to stay the same", i, s)
		}
	}
}
