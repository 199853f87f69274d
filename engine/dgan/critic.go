package dgan

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"netshare/engine/dgan/kern"
)

// critic is a Wasserstein critic: hidden layers of (leaky) ReLU and one linear output, over an input that is
// given in parts, side by side.
//
// Its rows are stacked as real, generated, penalty points; with Interpolation One the generated samples are
// the penalty points. The gradient of the penalty is that of Gulrajani et al. (2017), derived by hand:
//
//	z_l = a_{l-1} W_l + b_l, a_l = phi(z_l), D = z_L
//	v_L = 1, v_l = phi'(z_l) v_{l+1} W_{l+1}', g = v_1 W_1'            (pass down)
//	t_0 = 2 lambda (|g| - 1) g / (|g| batch), t_l = phi'(z_l) t_{l-1} W_l  (pass up)
//	dW_l = a_{l-1}' delta_l over real and generated rows, plus t_{l-1}' v_l over penalty rows
type critic struct {
	name    string
	parts   []int // widths of the input's parts
	dims    []int // widths of input, hidden layers and output
	batch   int
	slope   float32 // of phi below zero
	lambda  float64
	atFakes bool
	w, b    []*param
	e       []*param // w as they act: normalised, or w themselves

	spectral *spectral // nil for none

	act, del [][]float32 // [rows, dims[l]]: a_l, delta_l (l >= 1)
	up       [][]float32 // [batch, dims[l]]: t_l

	// While loss runs on real rows that are mostly zero, as one-hot fields and padding are, sparse is set: the first
	// layer multiplies a list of them, and its transpose.
	sparse          bool
	listed, flipped kern.Sparse
	sums            []float32 // [batch]
	alpha           []float32 // [batch, 1]: where penalty points lie, 0 real to 1 generated
	gw, gb          [][]float32
	gin             []float32   // [batch, dims[0]]: gradient of the score by the input
	gpart           [][]float32 // the same by part

	fake, real, penalty float64 // of the last loss: mean of D over both sorts of rows, mean of (|g|-1)^2
}

func newCritic(name string, parts []int, layers, units int, c Config, lambda float64, r *rand.Rand) *critic {
	n := &critic{
		name: name, parts: parts, batch: c.Batch, slope: float32(c.LeakySlope),
		lambda: lambda, atFakes: c.Interpolation == One,
	}
	in := 0
	for _, p := range parts {
		in += p
		n.gpart = append(n.gpart, make([]float32, c.Batch*p))
	}
	n.dims = append(n.dims, in)
	for range layers {
		n.dims = append(n.dims, units)
	}
	n.dims = append(n.dims, 1)
	rows := 3 * c.Batch
	for l, d := range n.dims {
		n.act, n.del = append(n.act, make([]float32, rows*d)), append(n.del, make([]float32, rows*d))
		n.up = append(n.up, make([]float32, c.Batch*d))
		if l == 0 {
			continue
		}
		k := n.dims[l-1]
		n.w = append(n.w, newParam(fmt.Sprintf("%s.w%d", name, l), k, d).glorot(r, k, d))
		n.b = append(n.b, newParam(fmt.Sprintf("%s.b%d", name, l), 1, d))
		n.gw, n.gb = append(n.gw, make([]float32, k*d)), append(n.gb, make([]float32, d))
	}
	if n.e = n.w; c.Spectral {
		n.spectral, n.e = newSpectral(name, n.w, cmp.Or(c.SpectralScale, 1), r)
	}
	n.sums, n.alpha = make([]float32, c.Batch), make([]float32, c.Batch)
	n.gin = make([]float32, c.Batch*in)
	return n
}

// params are all weights: matrices first, then biases, then what spectral normalisation knows.
func (n *critic) params() []*param {
	return append(append(append([]*param(nil), n.w...), n.b...), n.spectral.params()...)
}

// lossOp is the critic's loss, a scalar: mean D(generated) - mean D(real) + lambda mean (|g|-1)^2. Inputs: the
// parts of the real rows, those of the generated rows, alpha [batch, 1], the weights.
func (n *critic) lossOp() *fused {
	o := &fused{name: n.name + ".loss"}
	for range 2 {
		for _, p := range n.parts {
			o.in = append(o.in, dims{n.batch, p})
		}
	}
	o.in = append(o.in, dims{n.batch, 1})
	o.grads = make([][]float32, len(o.in))
	for _, p := range n.params() {
		o.in = append(o.in, p.dims)
	}
	o.grads = append(append(append(o.grads, n.gw...), n.gb...), n.spectral.grads()...)
	k := len(n.parts)
	o.run = func(in [][]float32) ([]float32, error) {
		n.pack(0, in[:k])
		n.pack(n.batch, in[k:2*k])
		n.spectral.iterate(n.w)
		n.spectral.normalise(n.w, n.e)
		return []float32{float32(n.loss(in[2*k]))}, nil
	}
	o.back = func(grad []float32) { // loss has computed the gradients already
		if s := grad[0]; s != 1 {
			for _, g := range o.grads {
				kern.Axpby(0, g, s, g)
			}
		}
	}
	return o
}

// scoreOp is the generator's loss by this critic, held fixed: -weight mean D(x) of the parts of x.
func (n *critic) scoreOp(weight float64) *fused {
	o := &fused{name: n.name + ".score", grads: n.gpart}
	for _, p := range n.parts {
		o.in = append(o.in, dims{n.batch, p})
	}
	o.run = func(in [][]float32) ([]float32, error) {
		n.pack(0, in)
		n.spectral.normalise(n.w, n.e)
		n.forward(n.batch)
		return []float32{float32(-weight * mean(n.act[len(n.act)-1][:n.batch]))}, nil
	}
	o.back = func(grad []float32) {
		n.seed(0, n.batch, -float32(weight)/float32(n.batch)*grad[0])
		n.down(n.batch)
		n.inputGradient(0, n.gin)
		from := 0
		for i, p := range n.parts {
			for r := range n.batch {
				copy(n.gpart[i][r*p:(r+1)*p], n.gin[r*n.dims[0]+from:])
			}
			from += p
		}
	}
	return o
}

// pack writes a batch of rows, given in parts, to the input from row on.
func (n *critic) pack(row int, parts [][]float32) {
	from, d := 0, n.dims[0]
	for i, p := range n.parts {
		for r := range n.batch {
			copy(n.act[0][(row+r)*d+from:], parts[i][r*p:(r+1)*p])
		}
		from += p
	}
}

// forward computes all activations of the first rows.
func (n *critic) forward(rows int) {
	for l, w := range n.e {
		k, d := n.dims[l], n.dims[l+1]
		y, from := n.act[l+1], 0
		if l == 0 && n.sparse {
			from = n.batch
			clear(y[:from*d])
			n.listed.AddProduct(d, w.w, d, y, d)
		}
		kern.Gemm(false, false, rows-from, d, k, 1, n.act[l][from*k:], k, w.w, d, 0, y[from*d:], d)
		if l+1 < len(n.e) {
			kern.BiasReLU(rows, d, y, n.b[l].w, n.slope)
		} else {
			kern.Bias(rows, d, y, n.b[l].w)
		}
	}
}

// seed sets delta of the last hidden layer for rows from..to, before phi', of the output's gradient s.
func (n *critic) seed(from, to int, s float32) {
	last := len(n.e) - 1
	d := n.dims[last]
	for r := from; r < to; r++ {
		kern.Axpby(s, n.e[last].w, 0, n.del[last][r*d:(r+1)*d])
	}
}

// down takes delta from the last hidden layer to the first, for the first rows.
func (n *critic) down(rows int) {
	for l := len(n.e) - 1; ; l-- {
		d := n.dims[l]
		kern.ReLUBack(n.del[l][:rows*d], n.act[l], n.slope)
		if l == 1 {
			return
		}
		k := n.dims[l-1]
		kern.Gemm(false, true, rows, k, d, 1, n.del[l], d, n.e[l-1].w, d, 0, n.del[l-1], k)
	}
}

// inputGradient writes the gradient by the input of one batch of rows.
func (n *critic) inputGradient(row int, g []float32) {
	in, h := n.dims[0], n.dims[1]
	kern.Gemm(false, true, n.batch, in, h, 1, n.del[1][row*h:], h, n.e[0].w, h, 0, g, in)
}

// loss computes the loss of the packed rows and its gradients by all weights.
func (n *critic) loss(alpha []float32) float64 {
	b, rows, points := n.batch, 2*n.batch, n.batch
	inv := 1 / float32(b)
	if !n.atFakes {
		rows, points = 3*b, 2*b
		in := n.dims[0]
		row := func(r int) []float32 { return n.act[0][r*in : (r+1)*in] }
		for i := range b {
			kern.Lerp(row(i), row(b+i), alpha[i], row(2*b+i))
		}
	}
	if n.sparse = n.listed.List(b, n.dims[0], n.act[0], n.dims[0]); n.sparse {
		n.flipped.Transpose(&n.listed)
	}
	n.forward(rows)
	out := n.act[len(n.act)-1]
	n.real, n.fake = mean(out[:b]), mean(out[b:2*b])
	n.seed(0, b, -inv)
	if !n.atFakes {
		n.seed(b, 2*b, inv)
	}
	n.seed(points, points+b, 1)
	n.down(rows)
	n.penaltyDirection(points)
	n.weightGradients(rows, points)
	n.sparse = false
	n.spectral.back(n.e, n.gw)
	return n.fake - n.real + n.lambda*n.penalty
}

// penaltyDirection computes the penalty at the points' rows, and t_0.
func (n *critic) penaltyDirection(points int) {
	g, in := n.up[0], n.dims[0]
	n.inputGradient(points, g)
	kern.SumSquares(n.batch, in, g, n.sums)
	n.penalty = 0
	for i, s := range n.sums {
		norm := math.Sqrt(float64(s) + 1e-8) // as NetShare
		n.penalty += (norm - 1) * (norm - 1) / float64(n.batch)
		row := g[i*in : (i+1)*in]
		kern.Axpby(0, row, float32(2*n.lambda*(norm-1)/norm/float64(n.batch)), row)
	}
}

// weightGradients takes t up the layers, folds it into the activations of the points' rows, so that one
// product a layer sums all terms, and computes the gradients. Activations are spoilt by it.
func (n *critic) weightGradients(rows, points int) {
	b, last := n.batch, len(n.e)-1
	inv := 1 / float32(b)
	own := float32(0) // the share of the points' own activations
	if n.atFakes {
		own = inv // the points are the generated rows, with delta for an output gradient of 1
	}
	for l := 0; l <= last; l++ {
		k, d := n.dims[l], n.dims[l+1]
		at := n.act[l][points*k : (points+b)*k]
		if l > 0 {
			below := n.dims[l-1]
			kern.Gemm(false, false, b, k, below, 1, n.up[l-1], below, n.e[l-1].w, k, 0, n.up[l], k)
			kern.ReLUBack(n.up[l][:b*k], at, n.slope)
		}
		kern.Axpby(1, n.up[l], own, at)
		if l == last {
			break
		}
		del := n.del[l+1]
		from := 0
		if l == 0 && n.sparse {
			from = b
		}
		kern.Gemm(true, false, k, d, rows-from, 1, n.act[l][from*k:], k, del[from*d:], d, 0, n.gw[l], d)
		if from > 0 {
			n.flipped.AddProduct(d, del, d, n.gw[l], d)
		}
		if n.atFakes {
			kern.ColSum(b, d, del, 1, 0, n.gb[l])
			kern.ColSum(b, d, del[b*d:], inv, 1, n.gb[l])
		} else {
			kern.ColSum(2*b, d, del, 1, 0, n.gb[l])
		}
	}
	k, g := n.dims[last], n.gw[last]
	kern.ColSum(b, k, n.act[last], -inv, 0, g)
	if !n.atFakes {
		kern.ColSum(b, k, n.act[last][b*k:], inv, 1, g)
	}
	kern.ColSum(b, k, n.act[last][points*k:], 1, 1, g)
	n.gb[last][0] = 0 // real and generated rows cancel
}

func mean(x []float32) float64 {
	var s float64
	for _, v := range x {
		s += float64(v)
	}
	return s / float64(len(x))
}
