package task

import (
	"math"
	"math/rand/v2"
	"testing"
)

// blobs are records of three classes: class 0 and 1 differ by a product that no
// line tells apart, class 2 by a heavy tail.
func blobs(n int, seed uint64) Records {
	rng := rand.New(rand.NewPCG(seed, 1))
	r := Records{Features: []Feature{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "proto", Category: true}}}
	for range n {
		k := rng.IntN(3)
		a, b := rng.NormFloat64(), rng.NormFloat64()
		if (a*b > 0) != (k == 1) {
			a = -a
		}
		size := math.Exp(rng.NormFloat64())
		if k == 2 {
			size *= 1000
		}
		for i, v := range []float64{a, b, size, float64(k / 2)} {
			r.Features[i].Values = append(r.Features[i].Values, v)
		}
		r.Class = append(r.Class, k)
	}
	r.Features[0].Values[0] = math.NaN()
	return r
}

// noise keeps the features and draws classes at random.
func noise(r Records, seed uint64) Records {
	rng := rand.New(rand.NewPCG(seed, 2))
	out := Records{Features: r.Features, Class: make([]int, len(r.Class))}
	for i := range out.Class {
		out.Class[i] = rng.IntN(3)
	}
	return out
}

func TestClassify(t *testing.T) {
	real, test := blobs(900, 1), blobs(500, 2)
	c, err := Classify(t.Context(), real, blobs(900, 3), test, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range c.Models {
		least := .9
		if m.Model == "logistic regression" {
			least = .6 // a line tells class 2 only
		}
		if m.Real < least || math.Abs(m.Real-m.Synthetic) > .06 {
			t.Errorf("%s: %.3f by real records, %.3f by others of the same kind", m.Model, m.Real, m.Synthetic)
		}
	}
	if c.Rank == nil || *c.Rank < 0 || c.Trained != 900 || c.Tested != 500 || c.Majority > .4 {
		t.Errorf("%+v", c)
	}
	c, err = Classify(t.Context(), real, noise(real, 4), test, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range c.Models {
		if m.Synthetic > .5 {
			t.Errorf("%s learns %.3f of noise", m.Model, m.Synthetic)
		}
	}
}

func TestSameSeedSamePrediction(t *testing.T) {
	a, _ := Classify(t.Context(), blobs(200, 1), blobs(200, 3), blobs(100, 2), 3, 7)
	b, _ := Classify(t.Context(), blobs(200, 1), blobs(200, 3), blobs(100, 2), 3, 7)
	for i := range a.Models {
		if a.Models[i] != b.Models[i] {
			t.Errorf("%+v and %+v", a.Models[i], b.Models[i])
		}
	}
}

func TestDetect(t *testing.T) {
	odd := blobs(600, 3)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 300 {
		for f := range odd.Features[:2] {
			odd.Features[f].Values[i] = 8 * (1 + rng.Float64())
		}
		odd.Features[2].Values[i], odd.Features[3].Values[i] = 1e6, 0
	}
	a, err := Detect(t.Context(), blobs(1000, 1), blobs(600, 2), odd, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range a.Detectors {
		if d.Real > .12 || d.Synthetic < .4 {
			t.Errorf("%s: %.3f of real records, %.3f where half of them are odd", d.Detector, d.Real, d.Synthetic)
		}
	}
}

// TestSketches: estimates are right where there is room, Count-Min never falls
// short, and all are off where keys crowd.
func TestSketches(t *testing.T) {
	few := []float64{100, 50, 25, 10, 5}
	for _, s := range sketches() {
		k := s.make(1<<14, rand.New(rand.NewPCG(1, 2)))
		for key, w := range few {
			k.add(uint64(key), w)
		}
		for key, w := range few {
			if got := k.estimate(uint64(key)); math.Abs(got-w) > 1e-9 {
				t.Errorf("%s: key %d has %g, want %g", s.name, key, got, w)
			}
		}
	}
	many := make([]float64, 5000)
	for i := range many {
		many[i] = math.Ceil(20000 / float64(i+1))
	}
	k := newRows(400, false, rand.New(rand.NewPCG(1, 3)))
	for key, w := range many {
		k.add(uint64(key), w)
	}
	for key, w := range many {
		if got := k.estimate(uint64(key)); got < w {
			t.Errorf("Count-Min: key %d has %g, under its %g", key, got, w)
		}
	}
	s := Sketch(many, many, .001, 1)
	for _, e := range s.Sketches {
		if e.Real != e.Synthetic || e.Real <= 0 {
			t.Errorf("%+v", e)
		}
	}
	if s.Counters != 2500 || s.Hitters[0] != 100 {
		t.Errorf("%+v", s)
	}
	flat := make([]float64, 5000)
	for i := range flat {
		flat[i] = 10
	}
	flat[0] = 1000
	if s := Sketch(many, flat, .001, 1); s.Hitters[1] != 1 || s.Sketches[0].Real == s.Sketches[0].Synthetic {
		t.Errorf("%+v", s)
	}
}

func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{1, 2, 3}, []float64{10, 20, 30}, 1},
		{[]float64{1, 2, 3}, []float64{3, 2, 1}, -1},
		{[]float64{1, 1, 2, 3}, []float64{1, 2, 3, 4}, .9486832980505138}, // scipy.stats.spearmanr
		{[]float64{1, 1}, []float64{1, 2}, math.NaN()},
	} {
		if got := Spearman(c.x, c.y); !(math.Abs(got-c.want) < 1e-12) && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v, %v: got %g, want %g", c.x, c.y, got, c.want)
		}
	}
}
