package dgan

import "netshare/engine/dgan/kern"

// back computes the gradients by the weights from that by the series; records behind a sample's length have
// none. One-hot categories are taken for their softmax (straight-through).
func (n *seriesNet) back(grad []float32) {
	m, h, o, w := n.rows, n.hidden, n.heads.Width(), n.width
	for _, g := range n.grads {
		clear(g)
	}
	clear(n.dhead)
	for i := range m {
		for k := range n.lengths[i] {
			copy(n.record(n.dhead, i, k), grad[(i*n.records+k)*w:])
		}
	}
	for _, x := range n.layers {
		clear(x.dout)
		clear(x.dcell)
	}
	clear(n.dmeta)
	if n.wf == nil {
		n.drawBack(0, n.active)
	}
	first := n.layers[0]
	for s := n.active - 1; s >= 0; s-- {
		if n.wf != nil {
			if s+1 < n.active { // what the next step saw
				kern.Gemm(false, true, m, o, 4*h, 1, first.dgate[(s+1)*m*4*h:], 4*h, n.wf.w, 4*h, 1, n.dhead[s*m*o:], o)
			}
			n.drawBack(s, s+1)
		}
		for l := len(n.layers) - 1; l >= 0; l-- {
			x := n.layers[l]
			dz := x.dgate[s*m*4*h : (s+1)*m*4*h]
			kern.LSTMBack(m, h, x.gates[s*m*4*h:], x.cell[s*m*h:], x.tanhc[s*m*h:], x.dout[(s+1)*m*h:], x.dcell, dz)
			if s > 0 || x.out0 != nil {
				kern.Gemm(false, true, m, h, 4*h, 1, dz, 4*h, x.wh.w, 4*h, 1, x.dout[s*m*h:], h)
			}
			if l > 0 {
				kern.Gemm(false, true, m, h, 4*h, 1, dz, 4*h, x.wx.w, 4*h, 1, n.layers[l-1].dout[(s+1)*m*h:], h)
			}
		}
		kern.Axpby(1, first.dgate[s*m*4*h:], 1, n.dmeta)
	}
	n.weightGradients()
}

// drawBack takes the gradient by the records of steps from..to to the LSTM's output, and adds up that by the
// weights between them.
func (n *seriesNet) drawBack(from, to int) {
	h, o, k := n.hidden, n.heads.Width(), (to-from)*n.rows
	at := from * n.rows
	soft, d := n.soft[at*o:], n.dhead[at*o:]
	if n.chain != nil {
		n.chain.back(k*n.per, soft, n.drawn[at*o:], d, n.grad[n.chain.u], n.scale)
	} else {
		n.heads.Back(k, soft, d, n.scale)
	}
	top := n.layers[len(n.layers)-1]
	w, b, width := n.wo, n.bo, o
	for l := len(n.dense); l >= 0; l-- {
		y, dy, below := top.out[(at+n.rows)*h:], top.dout[(at+n.rows)*h:], h
		keep := float32(1) // what later steps have added
		if l > 0 {
			x := n.dense[l-1]
			below = x.w.cols
			y, dy, keep = x.out[at*below:], x.d[at*below:], 0
		}
		kern.Gemm(true, false, below, width, k, 1, y, below, d, width, 1, n.grad[w], width)
		kern.ColSum(k, width, d, 1, 1, n.grad[b])
		kern.Gemm(false, true, k, below, width, 1, d, width, w.w, width, keep, dy, below)
		if l > 0 {
			kern.ReLUBack(dy[:k*below], y, 0)
			w, b = n.dense[l-1].w, n.dense[l-1].b
		}
		d, width = dy, below
	}
}

// weightGradients computes the gradients by the LSTM's weights from those by its gates.
func (n *seriesNet) weightGradients() {
	m, h, o, a, t := n.rows, n.hidden, n.heads.Width(), n.meta.Width(), n.active
	for l, x := range n.layers {
		kern.Gemm(true, false, h, 4*h, t*m, 1, x.out, h, x.dgate, 4*h, 0, n.grad[x.wh], 4*h)
		kern.ColSum(t*m, 4*h, x.dgate, 1, 0, n.grad[x.b])
		if l > 0 {
			kern.Gemm(true, false, h, 4*h, t*m, 1, n.layers[l-1].out[m*h:], h, x.dgate, 4*h, 0, n.grad[x.wx], 4*h)
		}
		if x.out0 != nil {
			kern.ColSum(m, h, x.dout, 1, 0, n.grad[x.out0])
			kern.ColSum(m, h, x.dcell, 1, 0, n.grad[x.cell0])
		}
	}
	dz := n.layers[0].dgate
	kern.Gemm(true, false, n.latent, 4*h, t*m, 1, n.noise, n.latent, dz, 4*h, 0, n.grad[n.wz], 4*h)
	kern.Gemm(true, false, a, 4*h, m, 1, n.disc, a, n.dmeta, 4*h, 0, n.grad[n.wa], 4*h)
	if n.wf != nil && t > 1 {
		kern.Gemm(true, false, o, 4*h, (t-1)*m, 1, n.drawn, o, dz[m*4*h:], 4*h, 0, n.grad[n.wf], 4*h)
	}
}
