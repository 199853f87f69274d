package dgan

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// clippedCritic is a critic with random biases and k packed examples.
func clippedCritic(r *rand.Rand, c Config, layers, k int) (n *critic, real, fake, alpha []float32) {
	n = newCritic("critic", []int{13}, layers, 11, c, 10, r)
	for _, b := range n.b {
		copy(b.w, normals(r, len(b.w)))
	}
	real, fake, alpha = normals(r, k*13), normals(r, k*13), make([]float32, k)
	key(r).Uniform(alpha)
	copy(n.act[0], real)
	copy(n.act[0][k*13:], fake)
	return n, real, fake, alpha
}

// explicit returns the gradient of one example, computed as the loss of a batch of one.
func explicit(n *critic, c Config, layers int, real, fake, alpha []float32) []float32 {
	c.Batch = 1
	one := newCritic("one", []int{13}, layers, 11, c, 10, rand.New(rand.NewPCG(1, 1)))
	for i, p := range one.params() {
		copy(p.w, n.params()[i].w)
	}
	copy(one.act[0], real)
	copy(one.act[0][13:], fake)
	one.loss(alpha)
	return slices.Concat(slices.Concat(one.gw...), slices.Concat(one.gb...))
}

func TestClippedGradientIsThatOfEachExample(t *testing.T) {
	for _, slope := range []float64{0, .2} {
		for layers := 1; layers <= 4; layers++ {
			r := rand.New(rand.NewPCG(11, uint64(layers)))
			c := tiny()
			c.LeakySlope, c.Norm = slope, NoNorm
			const k = 5 // of a batch of 7
			n, real, fake, alpha := clippedCritic(r, c, layers, k)
			square, factor := make([]float32, k), make([]float32, k)
			n.perExample(k, alpha, square)
			want := make([]float32, 0)
			for i := range k {
				g := explicit(n, c, layers, real[i*13:(i+1)*13], fake[i*13:(i+1)*13], alpha[i:i+1])
				length := 0.0
				for _, v := range g {
					length += float64(v) * float64(v)
				}
				if s := float64(square[i]); s < length*(1-1e-6) || s > length*(1+1e-3) {
					t.Errorf("%d layers, example %d: squared length %g, want %g", layers, i, s, length)
				}
				factor[i] = float32(min(1, 3/math.Sqrt(float64(square[i]))))
				if want = slices.Grow(want, len(g))[:len(g)]; i == 0 {
					clear(want)
				}
				for j, v := range g {
					want[j] += factor[i] * v
				}
			}
			if slices.Max(factor) == slices.Min(factor) {
				t.Error("no example is clipped differently from another")
			}
			n.addClipped(k, factor, n.gw, n.gb)
			got := slices.Concat(slices.Concat(n.gw...), slices.Concat(n.gb...))
			for j, v := range got {
				if d := math.Abs(float64(v - want[j])); d > 1e-4*(1+math.Abs(float64(want[j]))) {
					t.Fatalf("%d layers, weight %d: clipped sum %g, want %g", layers, j, v, want[j])
				}
			}
		}
	}
}

// An unclipped sum is the gradient of the loss, by finite differences.
func TestClippedGradientByDifferences(t *testing.T) {
	for layers := 1; layers <= 3; layers++ {
		r := rand.New(rand.NewPCG(12, uint64(layers)))
		c := tiny()
		c.LeakySlope = .1
		n, real, fake, alpha := clippedCritic(r, c, layers, c.Batch)
		ones := slices.Repeat([]float32{1}, c.Batch)
		n.perExample(c.Batch, alpha, make([]float32, c.Batch))
		n.addClipped(c.Batch, ones, n.gw, n.gb)
		var in [][]float32
		for _, p := range n.params() {
			in = append(in, p.w)
		}
		grads := append(append([][]float32(nil), n.gw...), n.gb...)
		value := func() float64 { return float64(n.batch) * reference(n, real, fake, alpha) }
		differences(t, r, "clipped", grads, in, value, 1e-4, .01)
	}
}
