package dgan

import (
	"math/rand/v2"
	"testing"
)

// TestChainShowsHeadsWhatWasDrawn: with weights that say so, the second head
// repeats the class that the first one drew, and the third is 1 for class 2.
func TestChainShowsHeadsWhatWasDrawn(t *testing.T) {
	heads := columns([]Head{{Softmax, 3}, {Softmax, 3}, {Sigmoid, 1}}, 1)
	c := newChain("chain", heads, true)
	n := heads.Width()
	for k := range 3 {
		c.u.w[k*n+3+k] = 50
	}
	c.u.w[2*n+6] = 100
	const m = 40
	r := rand.New(rand.NewPCG(1, 2))
	x, y := normals(r, m*n), make([]float32, m*n)
	for i := range m {
		x[i*n+6] = -50
	}
	c.forward(m, x, y, normals(r, m*n), 1, nil)
	seen := map[int]bool{}
	for i := range m {
		row := y[i*n : (i+1)*n]
		class := -1
		for k := range 3 {
			if row[k] == 1 {
				class = k
			}
			if row[3+k] != row[k] {
				t.Fatalf("row %d: the second head does not repeat the first: %v", i, row)
			}
		}
		seen[class] = true
		if (row[6] > .5) != (class == 2) {
			t.Errorf("row %d of class %d: the third head is %v", i, class, row[6])
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d classes in %d rows, want 3", len(seen), m)
	}
}

// TestChainGradient compares the gradients of a soft chain with differences.
func TestChainGradient(t *testing.T) {
	heads := columns([]Head{{Softmax, 3}, {Tanh, 1}, {Softmax, 2}, {Sigmoid, 2}}, 1)
	r := rand.New(rand.NewPCG(3, 4))
	c := newChain("chain", heads, false)
	copy(c.u.w, normals(r, len(c.u.w)))
	const m = 6
	n := heads.Width()
	logits, noise, weights := normals(r, m*n), normals(r, m*n), normals(r, m*n)
	x, y := make([]float32, m*n), make([]float32, m*n)
	value := func() float64 {
		copy(x, logits)
		c.forward(m, x, y, noise, .8, nil)
		return project(y, weights)
	}
	value()
	d, gu := append([]float32(nil), weights...), make([]float32, n*n)
	c.back(m, x, y, d, gu, .8)
	differences(t, r, "chain", [][]float32{d, gu}, [][]float32{logits, c.u.w}, value, 1e-3, .01)
}
