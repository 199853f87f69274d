package dgan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"netshare/engine/dgan/kern"
)

// metaNet is the metadata generator: hidden layers of linear, ReLU and normalisation, then a linear layer into
// heads.
type metaNet struct {
	name   string
	rows   int
	dims   []int // widths of noise, hidden layers and output
	heads  *kern.Heads
	norm   Norm
	scale  float32 // 1/temperature of the softmax heads
	gumbel bool
	hard   bool // straight-through output

	w, b, gain, shift []*param
	chain             *chain      // nil where heads don't see one another
	mean, variance    [][]float32 // by hidden layer: statistics of the last pass

	relu, normed, out [][]float32 // by layer, [rows, dims[l+1]]; out of the last layer is the result
	istd              [][]float32
	soft              []float32 // the heads' activations, [rows, A]
	down              [2][]float32
	grads             [][]float32 // by parameter, in the order of params
	in                []float32   // of the last pass
	limit             *limiter    // of the heads; nil for none
}

func newMetaNet(s Shape, c Config, r *rand.Rand) *metaNet {
	n := &metaNet{
		name: "metadata", heads: columns(s.Meta, 1), norm: c.Norm, scale: c.gumbelScale(),
		gumbel: c.Temperature > 0, hard: c.StraightThrough, dims: []int{c.MetaLatent},
	}
	for range c.MetaLayers {
		n.dims = append(n.dims, c.MetaUnits)
	}
	n.dims = append(n.dims, n.heads.Width())
	for l := 1; l < len(n.dims); l++ {
		k, d := n.dims[l-1], n.dims[l]
		n.w = append(n.w, newParam(fmt.Sprintf("metadata.w%d", l), k, d).uniform(r, 1/math.Sqrt(float64(k))))
		n.b = append(n.b, newParam(fmt.Sprintf("metadata.b%d", l), 1, d))
		if l+1 < len(n.dims) && c.Norm != NoNorm {
			n.gain = append(n.gain, newParam(fmt.Sprintf("metadata.gain%d", l), 1, d).fill(1))
			n.shift = append(n.shift, newParam(fmt.Sprintf("metadata.shift%d", l), 1, d))
		}
	}
	if c.Chain && n.heads.Width() <= maxChain {
		n.chain = newChain("metadata.chain", n.heads, n.hard)
	}
	n.allocate(c.rows())
	for _, p := range n.params() {
		n.grads = append(n.grads, make([]float32, len(p.w)))
	}
	return n
}

// twin shares the weights and has buffers of its own for so many rows, and no gradients.
func (n *metaNet) twin(rows int) *metaNet {
	t := *n
	t.grads = nil
	t.allocate(rows)
	return &t
}

// take replaces the weights by the first of ps, which are in the order of params, and returns how many it took.
func (n *metaNet) take(ps []*param) (taken int) {
	for _, q := range []*[]*param{&n.w, &n.b, &n.gain, &n.shift} {
		k := len(*q)
		*q = ps[taken : taken+k]
		taken += k
	}
	if n.chain != nil {
		n.chain = n.chain.with(ps[taken])
		taken++
	}
	return taken
}

func (n *metaNet) allocate(rows int) {
	n.rows = rows
	n.relu, n.normed, n.out, n.istd, n.mean, n.variance = nil, nil, nil, nil, nil, nil
	widest := 0
	for _, d := range n.dims[1:] {
		n.relu = append(n.relu, make([]float32, rows*d))
		if n.norm == NoNorm && len(n.relu) < len(n.w) {
			n.out = append(n.out, n.relu[len(n.relu)-1])
		} else {
			n.out = append(n.out, make([]float32, rows*d))
		}
		n.normed = append(n.normed, make([]float32, rows*d))
		n.istd = append(n.istd, make([]float32, max(rows, d)))
		n.mean, n.variance = append(n.mean, make([]float32, d)), append(n.variance, make([]float32, d))
		widest = max(widest, d)
	}
	n.soft = n.relu[len(n.relu)-1]
	n.down = [2][]float32{make([]float32, rows*widest), make([]float32, rows*widest)}
}

func (n *metaNet) params() []*param {
	ps := append(append([]*param(nil), n.w...), n.b...)
	ps = append(append(ps, n.gain...), n.shift...)
	if n.chain != nil {
		ps = append(ps, n.chain.u)
	}
	return ps
}

// result is the buffer of the output, [rows, A].
func (n *metaNet) result() []float32 { return n.out[len(n.out)-1] }

// op is the network as an operation. Inputs: noise [rows, latent], Gumbel noise [rows, A], the weights.
// Output: metadata [rows, A].
func (n *metaNet) op() *fused {
	a := n.heads.Width()
	o := &fused{name: n.name, in: []dims{{n.rows, n.dims[0]}, {n.rows, a}}, out: dims{n.rows, a}}
	for _, p := range n.params() {
		o.in = append(o.in, p.dims)
	}
	if n.grads != nil {
		o.grads = append(make([][]float32, 2), n.grads...)
	}
	o.run = func(in [][]float32) ([]float32, error) {
		n.forward(in[0], in[1])
		return n.result(), nil
	}
	o.back = n.back
	return o
}

func (n *metaNet) forward(noise, gumbel []float32) {
	n.in = noise
	x, m := noise, n.rows
	for l, w := range n.w {
		k, d := n.dims[l], n.dims[l+1]
		h := n.relu[l]
		kern.Gemm(false, false, m, d, k, 1, x, k, w.w, d, 0, h, d)
		if l+1 == len(n.w) {
			kern.Bias(m, d, h, n.b[l].w)
			break
		}
		kern.BiasReLU(m, d, h, n.b[l].w, 0)
		n.normalise(l)
		x = n.out[l]
	}
	if !n.gumbel {
		gumbel = nil
	}
	if n.chain != nil {
		n.chain.forward(m, n.soft, n.result(), gumbel, n.scale, n.limit)
		return
	}
	width := n.heads.Width()
	for k := range n.heads.Len {
		n.limit.before(k, n.soft, width, int(n.heads.Off[k]), int(n.heads.Len[k]))
	}
	n.heads.Forward(m, n.soft, gumbel, n.scale)
	for k := range n.heads.Len {
		n.limit.after(k, n.soft, width, int(n.heads.Off[k]))
	}
	if n.hard {
		n.heads.Harden(m, n.soft, n.result())
	} else {
		copy(n.result(), n.soft)
	}
}

// folded is a twin for so many rows that normalises by given statistics instead of the batch's: they are part of
// weights of its own.
func (n *metaNet) folded(rows int, mean, variance [][]float32) *metaNet {
	t := *n
	t.grads, t.norm, t.w, t.b = nil, NoNorm, slices.Clone(n.w), slices.Clone(n.b)
	for l := range n.gain {
		w, b := n.w[l+1], n.b[l+1]
		t.w[l+1] = &param{name: w.name, dims: w.dims, w: slices.Clone(w.w)}
		t.b[l+1] = &param{name: b.name, dims: b.dims, w: slices.Clone(b.w)}
		for j, v := range variance[l] {
			by := n.gain[l].w[j] / float32(math.Sqrt(float64(v)+1e-5))
			add := n.shift[l].w[j] - mean[l][j]*by
			for k, x := range w.w[j*w.cols : (j+1)*w.cols] {
				t.b[l+1].w[k] += add * x
				t.w[l+1].w[j*w.cols+k] = by * x
			}
		}
	}
	t.allocate(rows)
	return &t
}

// normalise computes out from relu at a hidden layer.
func (n *metaNet) normalise(l int) {
	m, d, h, y := n.rows, n.dims[l+1], n.relu[l], n.out[l]
	switch n.norm {
	case NoNorm: // out is relu
	case LayerNorm:
		kern.LayerForward(m, d, h, n.gain[l].w, n.shift[l].w, n.istd[l], n.normed[l], y)
	default:
		kern.BatchStats(m, d, h, n.mean[l], n.variance[l])
		for j, v := range n.variance[l] {
			n.istd[l][j] = float32(1 / math.Sqrt(float64(v)+1e-5))
		}
		kern.BatchForward(m, d, h, n.mean[l], n.istd[l], n.gain[l].w, n.shift[l].w, n.normed[l], y)
	}
}

// back computes the gradients by the weights from that by the output, which is taken for the gradient by the
// heads' activations also where the output is one-hot (straight-through).
func (n *metaNet) back(grad []float32) {
	last, m := len(n.w)-1, n.rows
	cur, next := n.down[0], n.down[1]
	copy(cur, grad)
	if n.chain != nil {
		gu := n.grads[len(n.grads)-1]
		clear(gu)
		n.chain.back(m, n.soft, n.result(), cur, gu, n.scale)
	} else {
		n.heads.Back(m, n.soft, cur, n.scale)
	}
	for l := last; l >= 0; l-- {
		k, d := n.dims[l], n.dims[l+1]
		if l < last {
			g := 2*len(n.w) + l // gradient of the gain; that of the shift is len(n.gain) further on
			switch n.norm {
			case BatchNorm:
				kern.BatchBack(m, d, n.normed[l], n.istd[l], n.gain[l].w, cur, n.grads[g], n.grads[g+len(n.gain)])
			case LayerNorm:
				kern.LayerBack(m, d, n.normed[l], n.istd[l], n.gain[l].w, cur, n.grads[g], n.grads[g+len(n.gain)])
			}
			kern.ReLUBack(cur[:m*d], n.relu[l], 0)
		}
		x := n.in
		if l > 0 {
			x = n.out[l-1]
		}
		kern.Gemm(true, false, k, d, m, 1, x, k, cur, d, 0, n.grads[l], d)
		kern.ColSum(m, d, cur, 1, 0, n.grads[len(n.w)+l])
		if l > 0 {
			kern.Gemm(false, true, m, k, d, 1, cur, d, n.w[l].w, d, 0, next, k)
			cur, next = next, cur
		}
	}
}
