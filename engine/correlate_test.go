package engine

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"netshare/engine/codec"
)

// TestCorrelate holds that the correlation of two heavy tails, which the one
// record furthest out decides, is brought to the goal within bins.
func TestCorrelate(t *testing.T) {
	const n = 1000
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		codes := make([][]float32, n)
		var of, with []float64
		var real []whole
		for i := range codes {
			z := r.NormFloat64()
			codes[i] = []float32{float32(math.Exp(2.5*z + .3*r.NormFloat64()))}
			of, with = append(of, float64(codes[i][0])), append(with, math.Exp(2.5*z+.3*r.NormFloat64()))
			real = append(real, whole{records: 1, series: codes[i]})
		}
		wanted := stat.Correlation(of, with, nil)
		col := newPairColumn(codec.Place{From: 0, To: 1, Head: -1, Number: &codec.NumberHead{Other: -1}}, true, real, 1)
		byBin := map[uint16][]int{}
		for i := range codes {
			byBin[col.bin(codes[i])] = append(byBin[col.bin(codes[i])], i)
		}
		for _, bin := range slices.Sorted(maps.Keys(byBin)) {
			rows := byBin[bin]
			r.Shuffle(len(rows), func(i, j int) {
				i, j = rows[i], rows[j]
				codes[i][0], codes[j][0] = codes[j][0], codes[i][0]
				of[i], of[j] = of[j], of[i]
			})
		}
		lost := stat.Correlation(of, with, nil)
		before := make([]uint16, n)
		g := goal{with: with, r: wanted}
		var bins []uint16
		for i, x := range of {
			before[i] = col.bin(codes[i])
			g.now.add(x, with[i])
		}
		if got := g.now.correlation(); math.Abs(got-lost) > 1e-9 {
			t.Fatalf("correlation from sums %v, want %v", got, lost)
		}
		rows := append(furthest(of), furthest(with)...)
		slices.Sort(rows)
		rows = slices.Compact(rows)
		for _, row := range rows {
			bins = append(bins, col.bin(codes[row]))
		}
		// by some rule, one that does not decide
		stays := slices.MinFunc(rows, func(a, b int) int { return cmp.Compare(of[a]*with[a], of[b]*with[b]) })
		was := of[stays]
		e := furthestFirst{numbers: of, rows: rows, bins: bins, goals: []goal{g}, may: func(a, b int) bool { return a != stays && b != stays }}
		e.exchange(func(a, b int) { codes[a][0], codes[b][0] = codes[b][0], codes[a][0] })
		if of[stays] != was {
			t.Errorf("seed %d: a number was exchanged that may not be", seed)
		}
		for i := range codes {
			if col.bin(codes[i]) != before[i] || of[i] != float64(codes[i][0]) {
				t.Fatalf("record %d: number %v, code %v in bin %d, was in bin %d", i, of[i], codes[i][0], col.bin(codes[i]), before[i])
			}
		}
		if got := stat.Correlation(of, with, nil); math.Abs(got-wanted) > math.Max(.03, math.Abs(lost-wanted)/4) {
			t.Errorf("seed %d: correlation %.3f, want %.3f; shuffled within bins %.3f", seed, got, wanted, lost)
		} else {
			t.Logf("seed %d: %.3f to %.3f, want %.3f", seed, lost, got, wanted)
		}
	}
}
