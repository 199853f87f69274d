package dgan

import (
	"fmt"
	"math/rand/v2"

	"netshare/engine/dgan/kern"
)

// seriesNet is the series generator: an LSTM whose input is the discretised metadata row and noise, and one
// linear layer that turns its output at each step into the heads of several records.
type seriesNet struct {
	rows, steps, per int // batch; LSTM steps; records per step
	records          int // T; steps*per may exceed it
	meta             *kern.Heads
	latent, hidden   int
	width            int // columns of one record, flag included
	flag             bool
	heads            *kern.Heads // of one step, [per * width]
	scale            float32
	gumbel, hard     bool
	// length gives the number of records of sample i with that discretised metadata row, unless flag is set.
	length func(i int, meta []float32) int

	wa, wz, wh, b, wo, bo *param
	chain                 *chain // of the heads of a record; nil where they don't see one another

	lengths                   []int     // of the last pass
	disc                      []float32 // discretised metadata [rows, A]
	fromMeta                  []float32 // its share of the gates, [rows, 4 hidden]
	gates, tanhc              []float32 // [steps, rows, 4 hidden] and [steps, rows, hidden]
	cell, out                 []float32 // [steps+1, rows, hidden]
	soft, drawn               []float32 // [steps, rows, per*width]: activations, and discretised where hard
	series                    []float32 // [rows, T*width], the result
	dhead, dout, dcell, dgate []float32
	dmeta                     []float32
	grads                     [][]float32 // by parameter, in the order of params
	noise                     []float32   // of the last pass
}

func newSeriesNet(s Shape, c Config, r *rand.Rand) *seriesNet {
	rec := s.record()
	n := &seriesNet{
		per: c.SampleLen, records: s.Records, meta: columns(s.Meta, 1), latent: c.SeriesLatent, hidden: c.LSTMUnits,
		width: width(rec), flag: s.Flag, heads: columns(rec, c.SampleLen), scale: c.gumbelScale(),
		gumbel: c.Temperature > 0, hard: c.StraightThrough,
	}
	n.steps = (n.records + n.per - 1) / n.per
	a, z, h, o := n.meta.Width(), n.latent, n.hidden, n.heads.Width()
	n.wa = newParam("series.wa", a, 4*h).glorot(r, a+z, 4*h)
	n.wz = newParam("series.wz", z, 4*h).glorot(r, a+z, 4*h)
	n.wh = newParam("series.wh", h, 4*h).glorot(r, h, 4*h)
	n.b = newParam("series.b", 1, 4*h)
	for j := h; j < 2*h; j++ {
		n.b.w[j] = 1 // the forget gate starts open (Jozefowicz et al. 2015)
	}
	n.wo, n.bo = newParam("series.wo", h, o).uniform(r, .1), newParam("series.bo", 1, o)
	if c.Chain && width(rec) <= maxChain {
		n.chain = newChain("series.chain", columns(rec, 1), n.hard)
	}
	n.allocate(c.rows())
	for _, p := range n.params() {
		n.grads = append(n.grads, make([]float32, len(p.w)))
	}
	n.dhead, n.dout = make([]float32, n.steps*n.rows*o), make([]float32, n.steps*n.rows*h)
	n.dcell, n.dgate = make([]float32, n.rows*h), make([]float32, n.steps*n.rows*4*h)
	n.dmeta = make([]float32, n.rows*4*h)
	return n
}

// twin shares the weights and has buffers of its own for so many rows, and no gradients.
func (n *seriesNet) twin(rows int) *seriesNet {
	t := *n
	t.grads = nil
	t.allocate(rows)
	return &t
}

// take replaces the weights by ps, which are in the order of params.
func (n *seriesNet) take(ps []*param) {
	for i, q := range []**param{&n.wa, &n.wz, &n.wh, &n.b, &n.wo, &n.bo} {
		*q = ps[i]
	}
	if n.chain != nil {
		n.chain = n.chain.with(ps[6])
	}
}

func (n *seriesNet) allocate(rows int) {
	n.rows = rows
	h, o, t := n.hidden, n.heads.Width(), n.steps
	n.lengths, n.disc = make([]int, rows), make([]float32, rows*n.meta.Width())
	n.fromMeta, n.gates = make([]float32, rows*4*h), make([]float32, t*rows*4*h)
	n.tanhc, n.cell, n.out = make([]float32, t*rows*h), make([]float32, (t+1)*rows*h), make([]float32, (t+1)*rows*h)
	n.soft, n.drawn = make([]float32, t*rows*o), make([]float32, t*rows*o)
	n.series = make([]float32, rows*n.records*n.width)
}

func (n *seriesNet) params() []*param {
	ps := []*param{n.wa, n.wz, n.wh, n.b, n.wo, n.bo}
	if n.chain != nil {
		ps = append(ps, n.chain.u)
	}
	return ps
}

// op is the network as an operation. Inputs: metadata [rows, A], noise [steps*rows, latent], the LSTM's initial
// output and cell [rows, hidden], Gumbel noise [steps*rows, per*width], the weights. Output: series
// [rows, T*width]. It has no gradient by the metadata, as NetShare's: they reach the LSTM discretised.
func (n *seriesNet) op() *fused {
	h := n.hidden
	o := &fused{name: "series", out: dims{n.rows, n.records * n.width}, in: []dims{
		{n.rows, n.meta.Width()}, {n.steps * n.rows, n.latent}, {n.rows, h}, {n.rows, h}, {n.steps * n.rows, n.heads.Width()},
	}}
	for _, p := range n.params() {
		o.in = append(o.in, p.dims)
	}
	if n.grads != nil {
		o.grads = append(make([][]float32, 5), n.grads...)
	}
	o.run = func(in [][]float32) ([]float32, error) {
		n.unroll(in[0], in[1], in[2], in[3], in[4])
		return n.series, n.mask()
	}
	o.back = n.back
	return o
}

// unroll runs the LSTM and the heads of all steps.
func (n *seriesNet) unroll(meta, noise, out0, cell0, gumbel []float32) {
	m, h, t, o, a := n.rows, n.hidden, n.steps, n.heads.Width(), n.meta.Width()
	n.noise = noise
	n.meta.Harden(m, meta, n.disc)
	kern.Gemm(false, false, m, 4*h, a, 1, n.disc, a, n.wa.w, 4*h, 0, n.fromMeta, 4*h)
	kern.Bias(m, 4*h, n.fromMeta, n.b.w)
	copy(n.out, out0)
	copy(n.cell, cell0)
	for s := range t {
		z := n.gates[s*m*4*h : (s+1)*m*4*h]
		copy(z, n.fromMeta)
		kern.Gemm(false, false, m, 4*h, n.latent, 1, noise[s*m*n.latent:], n.latent, n.wz.w, 4*h, 1, z, 4*h)
		kern.Gemm(false, false, m, 4*h, h, 1, n.out[s*m*h:], h, n.wh.w, 4*h, 1, z, 4*h)
		kern.LSTMForward(m, h, z, n.cell[s*m*h:], n.cell[(s+1)*m*h:], n.out[(s+1)*m*h:], n.tanhc[s*m*h:])
	}
	kern.Gemm(false, false, t*m, o, h, 1, n.out[m*h:], h, n.wo.w, o, 0, n.soft, o)
	kern.Bias(t*m, o, n.soft, n.bo.w)
	if !n.gumbel {
		gumbel = nil
	}
	if n.chain != nil {
		n.chain.forward(t*m*n.per, n.soft, n.drawn, gumbel, n.scale)
		return
	}
	n.heads.Forward(t*m, n.soft, gumbel, n.scale)
	if n.hard {
		n.heads.Harden(t*m, n.soft, n.drawn)
	} else {
		copy(n.drawn, n.soft)
	}
}

// record is record k of sample i in a buffer laid out as soft is.
func (n *seriesNet) record(x []float32, i, k int) []float32 {
	at := (k/n.per*n.rows+i)*n.per*n.width + k%n.per*n.width
	return x[at : at+n.width]
}

// mask settles the lengths and writes the series, zero behind them.
func (n *seriesNet) mask() error {
	a, w := n.meta.Width(), n.width
	for i := range n.rows {
		n.lengths[i] = n.records
		if !n.flag && n.length != nil {
			n.lengths[i] = n.length(i, n.disc[i*a:(i+1)*a])
		}
		if l := n.lengths[i]; l < 1 || l > n.records {
			return fmt.Errorf("dgan: Shape.Length gave %d records for a metadata row, want 1 to %d", l, n.records)
		}
		row := n.series[i*n.records*w : (i+1)*n.records*w]
		k := 0
		for k < n.lengths[i] {
			copy(row[k*w:], n.record(n.drawn, i, k))
			k++
			if n.flag && !(row[k*w-2] >= row[k*w-1]) { // the last two columns: goes on, ends
				n.lengths[i] = k
			}
		}
		clear(row[k*w:])
	}
	return nil
}

// back computes the gradients by the weights from that by the series; records behind a sample's length have
// none. One-hot categories are taken for their softmax (straight-through).
func (n *seriesNet) back(grad []float32) {
	m, h, t, o, a, w := n.rows, n.hidden, n.steps, n.heads.Width(), n.meta.Width(), n.width
	clear(n.dhead)
	for i := range m {
		for k := range n.lengths[i] {
			copy(n.record(n.dhead, i, k), grad[(i*n.records+k)*w:])
		}
	}
	if n.chain != nil {
		n.chain.back(t*m*n.per, n.soft, n.drawn, n.dhead, n.grads[6], n.scale)
	} else {
		n.heads.Back(t*m, n.soft, n.dhead, n.scale)
	}
	gwa, gwz, gwh, gb, gwo, gbo := n.grads[0], n.grads[1], n.grads[2], n.grads[3], n.grads[4], n.grads[5]
	kern.Gemm(true, false, h, o, t*m, 1, n.out[m*h:], h, n.dhead, o, 0, gwo, o)
	kern.ColSum(t*m, o, n.dhead, 1, 0, gbo)
	kern.Gemm(false, true, t*m, h, o, 1, n.dhead, o, n.wo.w, o, 0, n.dout, h)
	clear(n.dcell)
	for s := t - 1; s >= 0; s-- {
		dz := n.dgate[s*m*4*h : (s+1)*m*4*h]
		kern.LSTMBack(m, h, n.gates[s*m*4*h:], n.cell[s*m*h:], n.tanhc[s*m*h:], n.dout[s*m*h:], n.dcell, dz)
		if s > 0 {
			kern.Gemm(false, true, m, h, 4*h, 1, dz, 4*h, n.wh.w, 4*h, 1, n.dout[(s-1)*m*h:], h)
		}
		later := float32(0)
		if s < t-1 {
			later = 1
		}
		kern.Axpby(1, dz, later, n.dmeta)
	}
	kern.Gemm(true, false, h, 4*h, t*m, 1, n.out, h, n.dgate, 4*h, 0, gwh, 4*h)
	kern.Gemm(true, false, n.latent, 4*h, t*m, 1, n.noise, n.latent, n.dgate, 4*h, 0, gwz, 4*h)
	kern.ColSum(t*m, 4*h, n.dgate, 1, 0, gb)
	kern.Gemm(true, false, a, 4*h, m, 1, n.disc, a, n.dmeta, 4*h, 0, gwa, 4*h)
}
