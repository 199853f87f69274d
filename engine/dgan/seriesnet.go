package dgan

import (
	"fmt"
	"math/rand/v2"

	"netshare/engine/dgan/kern"
)

// seriesNet is the series generator: layers of LSTM cells whose input is the discretised metadata row and noise,
// and where asked for the records of the step before; then hidden layers where there are, and one linear layer
// that turns the output of each step into the heads of several records.
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

	wa, wz *param // metadata and noise into the first layer
	wf     *param // the records of the step before into it; nil where it does not see them
	layers []*lstm
	dense  []*dense // between the LSTM and the heads
	wo, bo *param
	chain  *chain // of the heads of a record; nil where they don't see one another

	lengths      []int     // of the last pass
	active       int       // steps of the last pass: those behind its longest sample are not made
	disc         []float32 // discretised metadata [rows, A]
	fromMeta     []float32 // its share of the first layer's gates, [rows, 4 hidden]
	soft, drawn  []float32 // [steps, rows, per*width]: activations, and discretised where hard
	series       []float32 // [rows, T*width], the result
	dhead, dmeta []float32
	grads        [][]float32 // by parameter, in the order of params
	grad         map[*param][]float32
	noise        []float32 // of the last pass
}

// lstm is a layer of LSTM cells.
type lstm struct {
	wx, wh, b   *param // wx is from the layer below, nil in the first
	out0, cell0 *param // the learnt initial state, [1, hidden]; nil where it is drawn or zero

	gates, tanhc       []float32 // [steps, rows, 4 hidden] and [steps, rows, hidden]
	cell, out          []float32 // [steps+1, rows, hidden]
	dout, dcell, dgate []float32 // dout is [steps+1, rows, hidden], of out
}

// dense is a linear layer with ReLU.
type dense struct {
	w, b   *param
	out, d []float32 // [steps*rows, units]
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
	n.layers = []*lstm{newLSTM("series", h, r)}
	for l := 2; l <= c.lstmLayers(); l++ {
		x := newLSTM(fmt.Sprintf("series.lstm%d", l), h, r)
		x.wx = newParam(fmt.Sprintf("series.lstm%d.wx", l), h, 4*h).glorot(r, h, 4*h)
		n.layers = append(n.layers, x)
	}
	top := h
	for l := range c.SeriesLayers {
		name := fmt.Sprintf("series.dense%d", l+1)
		n.dense = append(n.dense, &dense{w: newParam(name+".w", top, c.MetaUnits).glorot(r, top, c.MetaUnits), b: newParam(name+".b", 1, c.MetaUnits)})
		top = c.MetaUnits
	}
	n.wo, n.bo = newParam("series.wo", top, o).uniform(r, .1), newParam("series.bo", 1, o)
	if c.Feedback {
		n.wf = newParam("series.wf", o, 4*h).glorot(r, a+z+o, 4*h)
	}
	if c.InitialState == LearntState {
		for l, x := range n.layers {
			x.out0 = newParam(fmt.Sprintf("series.out0.%d", l+1), 1, h).uniform(r, .02)
			x.cell0 = newParam(fmt.Sprintf("series.cell0.%d", l+1), 1, h).uniform(r, .02)
		}
	}
	if c.Chain && width(rec) <= maxChain {
		n.chain = newChain("series.chain", columns(rec, 1), n.hard)
	}
	n.allocate(c.rows())
	n.grad = map[*param][]float32{}
	for _, p := range n.params() {
		n.grads = append(n.grads, make([]float32, len(p.w)))
		n.grad[p] = n.grads[len(n.grads)-1]
	}
	n.dhead, n.dmeta = make([]float32, n.steps*n.rows*o), make([]float32, n.rows*4*h)
	for _, x := range n.layers {
		x.dout, x.dcell = make([]float32, (n.steps+1)*n.rows*h), make([]float32, n.rows*h)
		x.dgate = make([]float32, n.steps*n.rows*4*h)
	}
	for _, x := range n.dense {
		x.d = make([]float32, n.steps*n.rows*x.w.cols)
	}
	return n
}

func newLSTM(name string, h int, r *rand.Rand) *lstm {
	x := &lstm{wh: newParam(name+".wh", h, 4*h).glorot(r, h, 4*h), b: newParam(name+".b", 1, 4*h)}
	for j := h; j < 2*h; j++ {
		x.b.w[j] = 1 // the forget gate starts open (Jozefowicz et al. 2015)
	}
	return x
}

// twin shares the weights and has buffers of its own for so many rows, and no gradients.
func (n *seriesNet) twin(rows int) *seriesNet {
	t := *n
	t.grads, t.grad, t.layers, t.dense = nil, nil, nil, nil
	for _, x := range n.layers {
		t.layers = append(t.layers, &lstm{wx: x.wx, wh: x.wh, b: x.b, out0: x.out0, cell0: x.cell0})
	}
	for _, x := range n.dense {
		t.dense = append(t.dense, &dense{w: x.w, b: x.b})
	}
	if n.chain != nil {
		t.chain = n.chain.with(n.chain.u)
	}
	t.allocate(rows)
	return &t
}

func (n *seriesNet) allocate(rows int) {
	n.rows = rows
	h, o, t := n.hidden, n.heads.Width(), n.steps
	n.lengths, n.disc = make([]int, rows), make([]float32, rows*n.meta.Width())
	n.fromMeta = make([]float32, rows*4*h)
	for _, x := range n.layers {
		x.gates, x.tanhc = make([]float32, t*rows*4*h), make([]float32, t*rows*h)
		x.cell, x.out = make([]float32, (t+1)*rows*h), make([]float32, (t+1)*rows*h)
	}
	for _, x := range n.dense {
		x.out = make([]float32, t*rows*x.w.cols)
	}
	n.soft, n.drawn = make([]float32, t*rows*o), make([]float32, t*rows*o)
	n.series = make([]float32, rows*n.records*n.width)
}

// slots are the places of all weights, in the order in which they are saved.
func (n *seriesNet) slots() []**param {
	ps := []**param{&n.wa, &n.wz, &n.layers[0].wh, &n.layers[0].b, &n.wo, &n.bo}
	if n.chain != nil {
		ps = append(ps, &n.chain.u)
	}
	if n.wf != nil {
		ps = append(ps, &n.wf)
	}
	for l, x := range n.layers {
		if l > 0 {
			ps = append(ps, &x.wx, &x.wh, &x.b)
		}
		if x.out0 != nil {
			ps = append(ps, &x.out0, &x.cell0)
		}
	}
	for _, x := range n.dense {
		ps = append(ps, &x.w, &x.b)
	}
	return ps
}

func (n *seriesNet) params() (ps []*param) {
	for _, p := range n.slots() {
		ps = append(ps, *p)
	}
	return ps
}

// take replaces the weights of a twin by ps, which are in the order of params.
func (n *seriesNet) take(ps []*param) {
	for i, p := range n.slots() {
		*p = ps[i]
	}
}

// op is the network as an operation. Inputs: metadata [rows, A], noise [steps*rows, latent], the initial output
// and cell of each layer [layers*rows, hidden], Gumbel noise [steps*rows, per*width], the weights. Output: series
// [rows, T*width]. It has no gradient by the metadata, as NetShare's: they reach the LSTM discretised.
func (n *seriesNet) op() *fused {
	h, l := n.hidden, len(n.layers)
	o := &fused{name: "series", out: dims{n.rows, n.records * n.width}, in: []dims{
		{n.rows, n.meta.Width()}, {n.steps * n.rows, n.latent}, {l * n.rows, h}, {l * n.rows, h}, {n.steps * n.rows, n.heads.Width()},
	}}
	for _, p := range n.params() {
		o.in = append(o.in, p.dims)
	}
	if n.grads != nil {
		o.grads = append(make([][]float32, 5), n.grads...)
	}
	o.run = func(in [][]float32) ([]float32, error) {
		n.meta.Harden(n.rows, in[0], n.disc)
		if err := n.settle(); err != nil {
			return nil, err
		}
		n.unroll(in[1], in[2], in[3], in[4])
		n.mask()
		return n.series, nil
	}
	o.back = n.back
	return o
}

// settle draws the lengths that the metadata have, and how many steps they take.
func (n *seriesNet) settle() error {
	a, longest := n.meta.Width(), 0
	for i := range n.rows {
		n.lengths[i] = n.records
		if !n.flag && n.length != nil {
			n.lengths[i] = n.length(i, n.disc[i*a:(i+1)*a])
		}
		if l := n.lengths[i]; l < 1 || l > n.records {
			return fmt.Errorf("dgan: Shape.Length gave %d records for a metadata row, want 1 to %d", l, n.records)
		}
		longest = max(longest, n.lengths[i])
	}
	n.active = (longest + n.per - 1) / n.per
	return nil
}

// unroll runs the LSTM and the heads of all active steps.
func (n *seriesNet) unroll(noise, out0, cell0, gumbel []float32) {
	m, h, o, a := n.rows, n.hidden, n.heads.Width(), n.meta.Width()
	n.noise = noise
	if !n.gumbel {
		gumbel = nil
	}
	clear(n.fromMeta)
	kern.Bias(m, 4*h, n.fromMeta, n.layers[0].b.w)
	handOn(true, m, 4*h, a, n.disc, a, n.wa.w, 4*h, n.fromMeta, 4*h)
	for l, x := range n.layers {
		x.start(m, out0[l*m*h:], cell0[l*m*h:])
	}
	for s := range n.active {
		z := n.layers[0].gates[s*m*4*h : (s+1)*m*4*h]
		copy(z, n.fromMeta)
		kern.Gemm(false, false, m, 4*h, n.latent, 1, noise[s*m*n.latent:], n.latent, n.wz.w, 4*h, 1, z, 4*h)
		if n.wf != nil && s > 0 {
			handOn(n.hard, m, 4*h, o, n.drawn[(s-1)*m*o:], o, n.wf.w, 4*h, z, 4*h)
		}
		for l, x := range n.layers {
			z := x.gates[s*m*4*h : (s+1)*m*4*h]
			if l > 0 {
				kern.Gemm(false, false, m, 4*h, h, 1, n.layers[l-1].out[(s+1)*m*h:], h, x.wx.w, 4*h, 0, z, 4*h)
				kern.Bias(m, 4*h, z, x.b.w)
			}
			kern.Gemm(false, false, m, 4*h, h, 1, x.out[s*m*h:], h, x.wh.w, 4*h, 1, z, 4*h)
			kern.LSTMForward(m, h, z, x.cell[s*m*h:], x.cell[(s+1)*m*h:], x.out[(s+1)*m*h:], x.tanhc[s*m*h:])
		}
		if n.wf != nil {
			n.draw(s, s+1, gumbel)
		}
	}
	if n.wf == nil {
		n.draw(0, n.active, gumbel)
	}
}

// start sets the state before the first step.
func (x *lstm) start(rows int, out0, cell0 []float32) {
	h := x.wh.rows
	if x.out0 == nil {
		copy(x.out[:rows*h], out0)
		copy(x.cell[:rows*h], cell0)
		return
	}
	for i := range rows {
		copy(x.out[i*h:(i+1)*h], x.out0.w)
		copy(x.cell[i*h:(i+1)*h], x.cell0.w)
	}
}

// draw turns the LSTM's output at steps from..to into records.
func (n *seriesNet) draw(from, to int, gumbel []float32) {
	h, o, k := n.hidden, n.heads.Width(), (to-from)*n.rows
	y, width := n.layers[len(n.layers)-1].out[(from+1)*n.rows*h:], h
	for _, x := range n.dense {
		u := x.w.cols
		out := x.out[from*n.rows*u:]
		kern.Gemm(false, false, k, u, width, 1, y, width, x.w.w, u, 0, out, u)
		kern.BiasReLU(k, u, out, x.b.w, 0)
		y, width = out, u
	}
	soft, drawn := n.soft[from*n.rows*o:], n.drawn[from*n.rows*o:]
	kern.Gemm(false, false, k, o, width, 1, y, width, n.wo.w, o, 0, soft, o)
	kern.Bias(k, o, soft, n.bo.w)
	if gumbel != nil {
		gumbel = gumbel[from*n.rows*o:]
	}
	if n.chain != nil {
		n.chain.forward(k*n.per, soft, drawn, gumbel, n.scale, nil)
		return
	}
	n.heads.Forward(k, soft, gumbel, n.scale)
	if n.hard {
		n.heads.Harden(k, soft, drawn)
	} else {
		copy(drawn[:k*o], soft)
	}
}

// record is record k of sample i in a buffer laid out as soft is.
func (n *seriesNet) record(x []float32, i, k int) []float32 {
	at := (k/n.per*n.rows+i)*n.per*n.width + k%n.per*n.width
	return x[at : at+n.width]
}

// mask writes the series, zero behind the lengths, which flags settle where there are.
func (n *seriesNet) mask() {
	w := n.width
	for i := range n.rows {
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
}
