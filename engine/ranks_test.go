package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"netshare/engine/codec"
)

// TestRanksTail holds that numbers moved to a real distribution of many values
// have its tail, and not a straight line to its largest value.
func TestRanksTail(t *testing.T) {
	const n = 20_000
	r := rand.New(rand.NewPCG(1, 2))
	var real, made []float32
	var rows [][]float32
	for range n {
		real = append(real, float32(math.Exp(3*r.NormFloat64())))
		rows = append(rows, []float32{float32(r.Float64())})
	}
	moved := fitRanks([]codec.NumberHead{{Head: 0, Other: -1}}, 1, real)
	if len(moved.Quantiles[0]) != maxQuantiles {
		t.Fatalf("%d quantiles of %d values, want %d", len(moved.Quantiles[0]), n, maxQuantiles)
	}
	moved.move(1, rows...)
	for _, row := range rows {
		made = append(made, row[0])
	}
	slices.Sort(real)
	slices.Sort(made)
	for i := range 20 {
		if got, want := made[n-1-i], real[n-1-i]; math.Abs(float64(got-want)) > 1e-3*float64(want) {
			t.Errorf("number %d from the top is %v, want %v", i, got, want)
		}
	}
	var sumReal, sumMade float64
	for i := range real {
		sumReal += float64(real[i])
		sumMade += float64(made[i])
	}
	if math.Abs(sumMade/sumReal-1) > .01 {
		t.Errorf("sum is %.4f of the real one", sumMade/sumReal)
	}
}
