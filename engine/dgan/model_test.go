package dgan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
)

type weightPair struct{ w, g []float32 }

// pairs copies weights and gradients out of a graph.
func pairs(t *testing.T, vs []gorgonia.ValueGrad) (ps []weightPair) {
	t.Helper()
	for _, v := range vs {
		g, err := v.Grad()
		if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, weightPair{floats(v.Value()), append([]float32(nil), floats(g)...)})
	}
	return ps
}

// toy is a distribution with everything that a model should learn: a category of shares .6, .3, .1, a number
// that depends on it, one to four records whose number falls with the category, and a number in each record
// that follows the metadata's.
type toy struct {
	meta, series [][]float32
	records      []int
}

var toyShares = [3]float64{.6, .3, .1}

func toyShape() Shape {
	return Shape{
		Meta: []Head{{Softmax, 3}, {Sigmoid, 1}, {Softmax, 4}}, Series: []Head{{Sigmoid, 1}, {Softmax, 2}}, Records: 4,
		Length: func(meta []float32, _ *rand.Rand) int {
			for k, v := range meta[4:8] {
				if v == 1 {
					return k + 1
				}
			}
			return 0
		},
	}
}

func newToy(n int, seed uint64) *toy {
	r := rand.New(rand.NewPCG(seed, 1))
	d := new(toy)
	for range n {
		meta, series := make([]float32, 8), make([]float32, 4*3)
		u, k := r.Float64(), 0
		for u > toyShares[k] && k < 2 {
			u -= toyShares[k]
			k++
		}
		meta[k] = 1
		x := .2 + .3*float64(k) + .05*r.NormFloat64()
		meta[3] = float32(x)
		length := 1 + (2-k+r.IntN(2))%4
		meta[4+length-1] = 1
		for j := range length {
			series[j*3] = float32(x*.8 + .05*r.NormFloat64())
			series[j*3+1+j%2] = 1
		}
		d.meta, d.series, d.records = append(d.meta, meta), append(d.series, series), append(d.records, length)
	}
	return d
}

func (d *toy) Len() int { return len(d.meta) }

func (d *toy) Fill(i int, meta, series []float32) int {
	copy(meta, d.meta[i])
	copy(series, d.series[i])
	return d.records[i]
}

// summary is what tests compare of a set of toy samples.
type summary struct {
	share, x, sd, length [3]float64 // by category: share, mean and deviation of the number, mean length
	follow               float64    // mean of |series number - .8 metadata number|
	parity               float64    // share of records whose category is that of their place
}

func summarise(each func(add func(meta, series []float32, records int) error)) (s summary) {
	var n, recs float64
	var count [3]float64
	each(func(meta, series []float32, records int) error {
		n++
		k := 0
		for meta[k] != 1 {
			k++
		}
		x := float64(meta[3])
		count[k]++
		s.x[k] += x
		s.sd[k] += x * x
		s.length[k] += float64(records)
		for j := range records {
			recs++
			s.follow += math.Abs(float64(series[j*3]) - .8*x)
			s.parity += float64(series[j*3+1+j%2])
		}
		return nil
	})
	for k, c := range count {
		s.share[k] = c / n
		s.x[k] /= c
		s.sd[k] = math.Sqrt(max(0, s.sd[k]/c-s.x[k]*s.x[k]))
		s.length[k] /= c
	}
	s.follow /= recs
	s.parity /= recs
	return s
}

// TestLearns trains on the toy for a few seconds and compares samples with it, lengths being told by the
// metadata or by generation flags.
func TestLearns(t *testing.T) {
	for _, flag := range []bool{false, true} {
		t.Run(fmt.Sprintf("flag=%v", flag), func(t *testing.T) { learns(t, flag) })
	}
}

func learns(t *testing.T, flag bool) {
	data, shape := newToy(2000, 1), toyShape()
	if flag {
		shape.Flag, shape.Length = true, nil
	}
	c := DefaultConfig()
	c.MetaUnits, c.CriticUnits, c.AttributeCriticUnits, c.LSTMUnits = 64, 64, 64, 32
	steps := 1200
	if testing.Short() {
		steps = 20
	}
	m, err := New(shape, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	var l Losses
	for range steps {
		if l, err = m.Step(data); err != nil {
			t.Fatal(err)
		}
	}
	real := summarise(func(add func([]float32, []float32, int) error) {
		for i := range data.meta {
			_ = add(data.meta[i], data.series[i], data.records[i])
		}
	})
	made := summarise(func(add func([]float32, []float32, int) error) {
		if err := m.Sample(4000, rand.New(rand.NewPCG(2, 2)), add); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("real %.3f\nmade %.3f\n%+.3f", real, made, l)
	if testing.Short() {
		t.Skip("too few steps to compare")
	}
	for k := range 3 {
		if d := math.Abs(made.share[k] - real.share[k]); !(d < .08) {
			t.Errorf("share of category %d is %.3f, want %.3f within .08", k, made.share[k], real.share[k])
		}
		if d := math.Abs(made.x[k] - real.x[k]); !(d < .06) {
			t.Errorf("mean number of category %d is %.3f, want %.3f within .06", k, made.x[k], real.x[k])
		}
		if d := math.Abs(made.length[k] - real.length[k]); !(d < .3) {
			t.Errorf("mean length of category %d is %.2f, want %.2f within .3", k, made.length[k], real.length[k])
		}
	}
	if !(made.follow < .1) {
		t.Errorf("series numbers are %.3f from the metadata's, want less than .1 (real %.3f)", made.follow, real.follow)
	}
	if !(made.parity > .9) {
		t.Errorf("%.3f of the records have their place's category, want over .9", made.parity)
	}
}
