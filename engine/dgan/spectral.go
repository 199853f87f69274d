package dgan

import (
	"fmt"
	"math"
	"math/rand/v2"

	"netshare/engine/dgan/kern"
)

// spectral is spectral normalisation (Miyato et al. 2018) of a critic's matrices W: they act as
// scale W / sigma, with their largest singular value sigma = v W u' for the vectors u and v of length 1 that one
// round of power iteration at each update of the critic comes to. Its methods do nothing where it is nil.
type spectral struct {
	scale float32
	u     []*param    // by layer, [1, cols]: saved with the weights, not learnt
	v     [][]float32 // by layer, [rows]
	sigma []float32
	zero  [][]float32 // gradients of u
}

// newSpectral returns that of matrices, and the matrices that act in their place.
func newSpectral(name string, ws []*param, scale float64, r *rand.Rand) (*spectral, []*param) {
	s := &spectral{scale: float32(scale), sigma: make([]float32, len(ws))}
	var act []*param
	for l, w := range ws {
		u := newParam(fmt.Sprintf("%s.u%d", name, l+1), 1, w.cols).uniform(r, 1)
		unit(u.w)
		s.u, s.v = append(s.u, u), append(s.v, make([]float32, w.rows))
		s.zero = append(s.zero, make([]float32, w.cols))
		act = append(act, newParam(w.name, w.rows, w.cols))
	}
	for range 20 { // from the start
		s.iterate(ws)
	}
	return s, act
}

func (s *spectral) params() []*param {
	if s == nil {
		return nil
	}
	return s.u
}

func (s *spectral) grads() [][]float32 {
	if s == nil {
		return nil
	}
	return s.zero
}

// left is v = W u' of length 1.
func (s *spectral) left(l int, w *param) {
	kern.Gemm(false, true, w.rows, 1, w.cols, 1, w.w, w.cols, s.u[l].w, w.cols, 0, s.v[l], 1)
	unit(s.v[l])
}

// iterate does a round of power iteration.
func (s *spectral) iterate(ws []*param) {
	if s == nil {
		return
	}
	for l, w := range ws {
		s.left(l, w)
		kern.Gemm(false, false, 1, w.cols, w.rows, 1, s.v[l], w.rows, w.w, w.cols, 0, s.u[l].w, w.cols)
		unit(s.u[l].w)
	}
}

// normalise writes the matrices as they act.
func (s *spectral) normalise(ws, act []*param) {
	if s == nil {
		return
	}
	for l, w := range ws {
		s.left(l, w)
		row := make([]float32, w.cols)
		kern.Gemm(false, false, 1, w.cols, w.rows, 1, s.v[l], w.rows, w.w, w.cols, 0, row, w.cols)
		s.sigma[l] = max(dot(row, s.u[l].w), 1e-12)
		kern.Axpby(s.scale/s.sigma[l], w.w, 0, act[l].w)
	}
}

// back turns gradients by the matrices as they act into those by the matrices:
//
//	dW = scale/sigma (G - <G, W/sigma> v'u)
func (s *spectral) back(act []*param, grads [][]float32) {
	if s == nil {
		return
	}
	for l, g := range grads {
		f := s.scale / s.sigma[l]
		along := -dot(g, act[l].w) / s.scale * f
		kern.Axpby(0, g, f, g)
		cols := len(s.u[l].w)
		for i, v := range s.v[l] {
			kern.Axpby(along*v, s.u[l].w, 1, g[i*cols:(i+1)*cols])
		}
	}
}

func dot(a, b []float32) float32 {
	var s float64
	for i, x := range a {
		s += float64(x) * float64(b[i])
	}
	return float32(s)
}

// unit scales x to length 1.
func unit(x []float32) {
	f := float32(1 / (math.Sqrt(float64(dot(x, x))) + 1e-12))
	kern.Axpby(0, x, f, x)
}
