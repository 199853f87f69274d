package dgan

import (
	"math"

	"netshare/engine/dgan/kern"
)

// The gradient of a critic's loss, example by example, without any example's gradient in memory: each weight
// matrix's is a sum of three outer products of rows that a batch computes anyway,
//
//	dW_l = a_{l-1}(real)' delta_l(real) + a_{l-1}(generated)' delta_l(generated) + t_{l-1}' v_l
//
// with v and t those of the penalty (see critic), so that its squared length is a sum of products of inner
// products of rows (Goodfellow 2015; Li et al. 2022, ghost clipping). The biases have no penalty term. Rows
// of delta and v scaled by what clips their example make one product for each layer sum all of them.

// terms are the outer products of an example's gradient by a weight matrix.
const terms = 3

// rounding is how far the inner products of long rows of float32 may be off, in parts of the rows' lengths:
// lengths of gradients are taken that much too long, so that none is clipped too little.
const rounding = 1e-5

// perExample computes, for the first k examples of the packed rows (real from row 0, generated from row k,
// points between them by alpha from row 2k), all rows that make up their gradients, and adds each one's squared
// length to square [k]. k is at most the batch.
func (n *critic) perExample(k int, alpha, square []float32) {
	in := n.dims[0]
	row := func(r int) []float32 { return n.act[0][r*in : (r+1)*in] }
	for i := range k {
		kern.Lerp(row(i), row(k+i), alpha[i], row(2*k+i))
	}
	n.forward(3 * k)
	last := len(n.e)
	for i := range k {
		n.del[last][i], n.del[last][k+i], n.del[last][2*k+i] = -1, 1, 1
	}
	n.seed(0, k, -1)
	n.seed(k, 3*k, 1)
	n.down(3 * k)

	g, h := n.up[0], n.dims[1]
	kern.Gemm(false, true, k, in, h, 1, n.del[1][2*k*h:], h, n.e[0].w, h, 0, g, in)
	kern.SumSquares(k, in, g, n.sums)
	for i, s := range n.sums[:k] {
		norm := math.Sqrt(float64(s) + 1e-8) // as NetShare
		n.sums[i] = float32(2 * n.lambda * (norm - 1) / norm)
	}
	kern.RowScale(k, in, g, n.sums)
	for l := 1; l < last; l++ {
		below, d := n.dims[l-1], n.dims[l]
		kern.Gemm(false, false, k, d, below, 1, n.up[l-1], below, n.e[l-1].w, d, 0, n.up[l], d)
		kern.ReLUBack(n.up[l][:k*d], n.act[l][2*k*d:], n.slope)
	}
	for l := range last {
		n.addSquares(l, k, square)
	}
}

// addSquares adds the squared lengths of the gradients by the weights and biases of layer l.
func (n *critic) addSquares(l, k int, square []float32) {
	in, out := n.dims[l], n.dims[l+1]
	a := [terms][]float32{n.act[l], n.act[l][k*in:], n.up[l]}
	d := [terms][]float32{n.del[l+1], n.del[l+1][k*out:], n.del[l+1][2*k*out:]}
	var aa, dd [terms][terms][]float32
	for p := range terms {
		for q := range p + 1 {
			aa[p][q], dd[p][q] = make([]float32, k), make([]float32, k)
			kern.RowDot(k, in, a[p], a[q], aa[p][q])
			kern.RowDot(k, out, d[p], d[q], dd[p][q])
		}
	}
	for i := range k {
		sum, most := 0.0, 0.0
		for p := range terms {
			for q := range p + 1 {
				inner := float64(aa[p][q][i])
				if p < 2 { // the biases
					inner++
				}
				twice := 2.0
				if p == q {
					twice = 1
					most += math.Sqrt(math.Abs(inner * float64(dd[p][p][i])))
				}
				sum += twice * inner * float64(dd[p][q][i])
			}
		}
		square[i] += float32(max(0, sum) + rounding*most*most)
	}
}

// addClipped adds to gw and gb, by layer, the gradients of the k examples that perExample looked at, each
// multiplied by its factor. The rows are spoilt by it.
func (n *critic) addClipped(k int, factor []float32, gw, gb [][]float32) {
	for l := range n.w {
		in, out := n.dims[l], n.dims[l+1]
		del := n.del[l+1]
		for p := range terms {
			kern.RowScale(k, out, del[p*k*out:], factor)
		}
		copy(n.act[l][2*k*in:3*k*in], n.up[l][:k*in])
		kern.Gemm(true, false, in, out, 3*k, 1, n.act[l], in, del, out, 1, gw[l], out)
		kern.ColSum(2*k, out, del, 1, 1, gb[l])
	}
}
