package engine

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"netshare/engine/codec"
)

// TestAgreement holds that numbers shuffled within the bins of a column are
// brought back to the real trace's correlation, while each bin keeps its
// values.
func TestAgreement(t *testing.T) {
	const n, width = 4000, 3
	r := rand.New(rand.NewPCG(1, 2))
	// c is of a heavy tail and follows both others
	draw := func() []float32 {
		a, b := math.Exp(r.NormFloat64()), math.Exp(2.5*r.NormFloat64())
		return []float32{float32(a), float32(b), float32(a + b + .1*r.Float64())}
	}
	var real []whole
	p := &pairs{}
	for range n {
		real = append(real, whole{records: 1, series: draw()})
	}
	for head := range width {
		place := codec.Place{Field: head, From: head, To: head + 1, Head: -1, Number: &codec.NumberHead{Head: head, Other: -1}}
		p.Columns = append(p.Columns, newPairColumn(place, true, real, width))
	}
	p.Agreements = p.newAgreements(width, real)
	if len(p.Agreements) == 0 {
		t.Fatal("no column follows another")
	}

	var made []candidate
	column := func(head int) (x []float64) {
		for _, c := range made {
			x = append(x, float64(c.series[head]))
		}
		return x
	}
	for range n {
		c := candidate{series: draw()}
		c.Records = 1
		made = append(made, c)
	}
	wanted := [2]float64{stat.Correlation(column(0), column(2), nil), stat.Correlation(column(1), column(2), nil)}
	for head := range width { // forget who is larger within a bin
		col := &p.Columns[head]
		byBin := map[uint16][]int{}
		for i := range made {
			b := col.bin(made[i].series)
			byBin[b] = append(byBin[b], i)
		}
		for _, b := range slices.Sorted(maps.Keys(byBin)) {
			rows := byBin[b]
			r.Shuffle(len(rows), func(i, j int) {
				x, y := made[rows[i]].series, made[rows[j]].series
				x[head], y[head] = y[head], x[head]
			})
		}
	}
	lost := stat.Correlation(column(1), column(2), nil)
	var before []uint16
	for _, c := range made {
		before = append(before, p.Columns[2].bin(c.series))
	}
	sum := stat.Mean(column(2), nil)
	p.agree(width, made, r)
	got := [2]float64{stat.Correlation(column(0), column(2), nil), stat.Correlation(column(1), column(2), nil)}
	for i := range got {
		if math.Abs(got[i]-wanted[i]) > .05 {
			t.Errorf("correlation of column %d and the last is %.3f, want %.3f", i, got[i], wanted[i])
		}
	}
	if lost > wanted[1]-.1 {
		t.Errorf("shuffling left a correlation of %.3f of %.3f: the test shows nothing", lost, wanted[1])
	}
	for i, c := range made {
		if p.Columns[2].bin(c.series) != before[i] {
			t.Fatalf("record %d left its bin", i)
		}
	}
	if got := stat.Mean(column(2), nil); math.Abs(got-sum) > 1e-9*sum {
		t.Errorf("mean is %v, was %v: values were lost", got, sum)
	}
}
