package dgan

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gorgonia.org/gorgonia"

	"netshare/engine/dgan/kern"
)

// ErrDiverged says that a loss became infinite or no number: the model is spoilt, go back to a saved one.
var ErrDiverged = errors.New("training diverged")

// Losses are those of one iteration, of its last rounds.
type Losses struct {
	// Critic and AttributeCritic are the critics' losses, penalty included; AttributeCritic is 0 where there
	// is none.
	Critic, AttributeCritic float64
	// Generator is the generator's loss, by both critics.
	Generator float64
	// Distance is the critic's estimate of the Wasserstein distance: mean D(real) - mean D(generated).
	Distance float64
	// Penalty and AttributePenalty are the means of (|g|-1)^2, without coefficient.
	Penalty, AttributePenalty float64
}

// Model is generator, critics and the state of their training. It is not safe for concurrent use.
type Model struct {
	shape Shape
	cfg   Config
	seed  uint64
	steps int

	source *rand.PCG
	random *rand.Rand // over source
	order  []int      // the permutation of samples, while at least a batch of them
	next   int        // the place in order

	meta                    *metaNet
	series                  *seriesNet
	critic, attributeCritic *critic // the second may be nil

	makeMeta, makeSeries *program // the generator alone
	judge, judgeMeta     *program // the critics' losses
	generate             *program // the generator's loss

	average [][]float32 // running means of the generator's weights, in the order of generatorParams; nil without

	criticWeights, attributeWeights []gorgonia.ValueGrad
	metaWeights, seriesWeights      []gorgonia.ValueGrad
	metaAdam, seriesAdam            *adam
	criticAdam, attributeAdam       *adam
	criticLoss, attrLoss, genLoss   *gorgonia.Node
	realMeta, realSeries            []float32 // [B, A], [B, T*width]
	plain                           []float32 // [T*F], one series without flags
	noise                           generatorNoise
	frozen                          *sampler  // for sampling; nil after a step
	sum                             *noisySum // of private steps
}

// generatorNoise is what one pass of the generator draws.
type generatorNoise struct {
	meta, metaGumbel     []float32 // [rows, latent], [rows, A]
	series, seriesGumbel []float32 // [steps*rows, latent], [steps*rows, per*width]
	out, cell            []float32 // [layers*rows, hidden]
	gumbel, state        bool      // whether to draw Gumbel noise and the LSTM's state

	metaKind, seriesKind NoiseKind
}

func newGeneratorNoise(m *metaNet, s *seriesNet, c Config) generatorNoise {
	return generatorNoise{
		meta: make([]float32, m.rows*m.dims[0]), metaGumbel: make([]float32, m.rows*m.heads.Width()),
		series: make([]float32, s.steps*s.rows*s.latent), seriesGumbel: make([]float32, s.steps*s.rows*s.heads.Width()),
		out: make([]float32, len(s.layers)*s.rows*s.hidden), cell: make([]float32, len(s.layers)*s.rows*s.hidden),
		gumbel: c.Temperature > 0, state: c.InitialState == RandomState,
		metaKind: c.MetaNoise, seriesKind: c.SeriesNoise,
	}
}

// draw fills x with noise.
func (k NoiseKind) draw(r *rand.Rand, x []float32) {
	switch k {
	case NormalNoise:
		key(r).Normal(x)
	case UniformNoise:
		key(r).Uniform(x)
		for i := range x {
			x[i] = 2*x[i] - 1
		}
	}
}

func (n *generatorNoise) drawMeta(r *rand.Rand) {
	n.metaKind.draw(r, n.meta)
	if n.gumbel {
		key(r).Gumbel(n.metaGumbel)
	}
}

func (n *generatorNoise) drawSeries(r *rand.Rand) {
	n.seriesKind.draw(r, n.series)
	if n.gumbel {
		key(r).Gumbel(n.seriesGumbel)
	}
}

// drawSteps draws the noise of the first steps alone.
func (n *generatorNoise) drawSteps(r *rand.Rand, steps int, s *seriesNet) {
	n.seriesKind.draw(r, n.series[:steps*s.rows*s.latent])
	if n.gumbel {
		key(r).Gumbel(n.seriesGumbel[:steps*s.rows*s.heads.Width()])
	}
}

func (n *generatorNoise) drawState(r *rand.Rand) {
	if n.state {
		key(r).Normal(n.out)
		key(r).Normal(n.cell)
	}
}

func key(r *rand.Rand) kern.Key { return kern.Key{r.Uint64(), r.Uint64()} }

// New makes an untrained model, its weights and all later randomness drawn from seed. The error joins all
// faults of shape and configuration.
func New(shape Shape, cfg Config, seed uint64) (*Model, error) {
	if err := errors.Join(shape.Validate(), cfg.Validate()); err != nil {
		return nil, err
	}
	if cfg.SampleLen == 0 {
		cfg.SampleLen = 4
	}
	cfg.SampleLen = min(cfg.SampleLen, shape.Records)
	m := &Model{shape: shape, cfg: cfg, seed: seed, source: rand.NewPCG(seed, 0x6467616e)}
	m.random = rand.New(m.source)
	m.meta = newMetaNet(shape, cfg, m.random)
	m.series = newSeriesNet(shape, cfg, m.random)
	if shape.Length != nil {
		m.series.length = func(_ int, row []float32) int { return shape.Length(row, m.random) }
	}
	k := cfg.pack() // rows of the generator side by side are one row of a critic
	a, f := k*shape.MetaWidth(), k*shape.Records*m.series.width
	m.critic = newCritic("critic", []int{a, f}, cfg.CriticLayers, cfg.CriticUnits, cfg, cfg.Penalty, m.random)
	if cfg.AttributeCritic {
		m.attributeCritic = newCritic("attribute", []int{a}, cfg.AttributeCriticLayers, cfg.AttributeCriticUnits, cfg, cfg.AttributePenalty, m.random)
		m.attributeAdam = newAdam(cfg, cfg.AttributeCriticRate, cfg.AttributeCriticBeta1, m.attributeCritic.params())
	}
	m.metaAdam = newAdam(cfg, cfg.MetaRate, cfg.Beta1, m.meta.params())
	m.seriesAdam = newAdam(cfg, cfg.SeriesRate, cfg.Beta1, m.series.params())
	m.criticAdam = newAdam(cfg, cfg.CriticRate, cfg.CriticBeta1, m.critic.params())
	m.realMeta, m.realSeries = make([]float32, cfg.Batch*a), make([]float32, cfg.Batch*f)
	m.plain = make([]float32, shape.Records*shape.SeriesWidth())
	m.noise = newGeneratorNoise(m.meta, m.series, cfg)
	if cfg.Average > 0 {
		for _, p := range m.generatorParams() {
			m.average = append(m.average, slices.Clone(p.w))
		}
	}
	if err := m.build(); err != nil {
		return nil, err
	}
	return m, nil
}

// build makes the graphs.
func (m *Model) build() error {
	m.makeMeta, m.makeSeries = newProgram(), newProgram()
	m.makeMeta.metaNode(m.meta, &m.noise)
	given := m.makeSeries.matrix("metadata", m.meta.result(), dims{m.meta.rows, m.meta.heads.Width()})
	m.makeSeries.seriesNode(m.series, given, &m.noise)

	m.judge = newProgram()
	m.criticLoss, m.criticWeights = m.judge.lossNode(m.critic, [][]float32{m.realMeta, m.realSeries, m.meta.result(), m.series.series})
	programs := []*program{m.makeMeta, m.makeSeries, m.judge}
	if m.attributeCritic != nil {
		m.judgeMeta = newProgram()
		m.attrLoss, m.attributeWeights = m.judgeMeta.lossNode(m.attributeCritic, [][]float32{m.realMeta, m.meta.result()})
		programs = append(programs, m.judgeMeta)
	}

	g := newProgram()
	meta, mw := g.metaNode(m.meta, &m.noise)
	series, sw := g.seriesNode(m.series, meta, &m.noise)
	m.genLoss = g.apply(m.critic.scoreOp(1), meta, series)
	if m.attributeCritic != nil && m.cfg.AttributeCriticWeight > 0 {
		m.genLoss = g.add(m.genLoss, g.apply(m.attributeCritic.scoreOp(m.cfg.AttributeCriticWeight), meta))
	}
	ws := g.weights(m.genLoss, append(append(gorgonia.Nodes(nil), mw...), sw...))
	m.generate = g
	for _, p := range append(programs, g) {
		if err := p.compile(); err != nil {
			return err
		}
	}
	m.metaWeights, m.seriesWeights = ws[:len(mw)], ws[len(mw):]
	return nil
}

// metaNode adds the metadata generator; its weights are returned too.
func (p *program) metaNode(n *metaNet, z *generatorNoise) (*gorgonia.Node, gorgonia.Nodes) {
	op, ws := n.op(), p.params(n.params())
	in := gorgonia.Nodes{p.matrix("noise", z.meta, op.in[0]), p.matrix("gumbel", z.metaGumbel, op.in[1])}
	return p.apply(op, append(in, ws...)...), ws
}

// seriesNode adds the series generator behind a node of metadata.
func (p *program) seriesNode(n *seriesNet, meta *gorgonia.Node, z *generatorNoise) (*gorgonia.Node, gorgonia.Nodes) {
	op, ws := n.op(), p.params(n.params())
	in := gorgonia.Nodes{
		meta, p.matrix("series.noise", z.series, op.in[1]), p.matrix("series.out", z.out, op.in[2]),
		p.matrix("series.cell", z.cell, op.in[3]), p.matrix("series.gumbel", z.seriesGumbel, op.in[4]),
	}
	return p.apply(op, append(in, ws...)...), ws
}

// lossNode adds a critic's loss of real and generated parts.
func (p *program) lossNode(n *critic, parts [][]float32) (*gorgonia.Node, []gorgonia.ValueGrad) {
	op, ws := n.lossOp(), p.params(n.params())
	var in gorgonia.Nodes
	for i, x := range append(parts, n.alpha) {
		in = append(in, p.matrix(fmt.Sprintf("%s.in%d", n.name, i), x, op.in[i]))
	}
	loss := p.apply(op, append(in, ws...)...)
	return loss, p.weights(loss, ws)
}

// Config is the configuration, with SampleLen settled.
func (m *Model) Config() Config { return m.cfg }

// Shape is the shape of samples.
func (m *Model) Shape() Shape { return m.shape }

// Steps is the number of iterations so far.
func (m *Model) Steps() int { return m.steps }

// Weights is the number of trained parameters, those of the critics included.
func (m *Model) Weights() (n int) {
	for _, p := range m.params() {
		n += len(p.w)
	}
	return n
}

// generatorParams are the weights of both generators.
func (m *Model) generatorParams() []*param { return append(m.meta.params(), m.series.params()...) }

// params are the weights of all networks, in a fixed order, the generator's first.
func (m *Model) params() []*param {
	ps := append(m.generatorParams(), m.critic.params()...)
	if m.attributeCritic != nil {
		ps = append(ps, m.attributeCritic.params()...)
	}
	return ps
}

// CopyWeights takes the weights of a model of equal shape and networks, and nothing else of its training: a
// warm start from another chunk.
func (m *Model) CopyWeights(from *Model) error {
	to, of := m.params(), from.params()
	if len(to) != len(of) {
		return fmt.Errorf("dgan: the models have %d and %d weight matrices, want equal networks", len(to), len(of))
	}
	for i, p := range to {
		if p.name != of[i].name || p.dims != of[i].dims {
			return fmt.Errorf("dgan: weights %s %v and %s %v differ, want equal networks", p.name, p.dims, of[i].name, of[i].dims)
		}
	}
	for i, p := range to {
		copy(p.w, of[i].w)
	}
	for i, x := range m.average {
		copy(x, to[i].w)
	}
	m.frozen = nil
	return nil
}

// finite says whether a number is neither NaN nor infinite.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
