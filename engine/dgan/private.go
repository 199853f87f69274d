package dgan

import (
	"errors"
	"fmt"
	"math"
	"sync"
)

// Private says how PrivateStep looks at the data: DP-SGD (Abadi et al. 2016) on both critics. The generator
// sees only the critics, and is as private as they are.
type Private struct {
	// Rate is the chance of each group of samples to be in the batch of one critic round, independent of all
	// others (Poisson sampling).
	Rate float64
	// Groups are the samples of each unit of privacy; nil where each sample is one.
	Groups [][]int
	// Nominal is what sums are divided by, whatever the batch's size: Rate times the samples, as the public
	// knows their number.
	Nominal float64
	// Clip is the greatest length of a sample's gradient by the weights of both critics together.
	Clip float64
	// Noise adds noise to a sum of clipped gradients, then multiplies it by factor. No seed may repeat it.
	Noise interface {
		Add(x []float32, factor float64)
	}
	// Draw draws the batches, a number below k each time. No seed may repeat it.
	Draw interface{ Below(k uint64) uint64 }
}

// Validate names all faults.
func (p Private) Validate() error {
	var faults []error
	if !(p.Rate > 0 && p.Rate <= 1) {
		faults = append(faults, fmt.Errorf("private: rate %g, want more than 0 and at most 1", p.Rate))
	}
	if !(p.Nominal >= 1) {
		faults = append(faults, fmt.Errorf("private: nominal batch %g, want at least 1", p.Nominal))
	}
	if !(p.Clip > 0) || math.IsInf(p.Clip, 1) {
		faults = append(faults, fmt.Errorf("private: clip %g, want more than 0", p.Clip))
	}
	if p.Noise == nil || p.Draw == nil {
		faults = append(faults, errors.New("private: no source of noise, or of batches"))
	}
	return errors.Join(faults...)
}

// CriticWeights is the number of weights of both critics: those that noise is added to.
func (m *Model) CriticWeights() (n int) {
	for _, c := range m.critics() {
		for _, p := range c.params() {
			n += len(p.w)
		}
	}
	return n
}

func (m *Model) critics() []*critic {
	if m.attributeCritic == nil {
		return []*critic{m.critic}
	}
	return []*critic{m.critic, m.attributeCritic}
}

// noisySum is the sum of clipped gradients by all weights of the critics, in one vector, and where in it
// each critic's are.
type noisySum struct {
	all    []float32
	gw, gb [][][]float32 // by critic and layer
}

func (m *Model) newNoisySum() *noisySum {
	s := &noisySum{all: make([]float32, m.CriticWeights())}
	at := 0
	views := func(ps []*param) (gs [][]float32) {
		for _, p := range ps {
			gs = append(gs, s.all[at:at+len(p.w)])
			at += len(p.w)
		}
		return gs
	}
	for _, c := range m.critics() {
		s.gw, s.gb = append(s.gw, views(c.w)), append(s.gb, views(c.b))
	}
	return s
}

// PrivateStep is one iteration as Step is, except that each critic round takes a Poisson sample of the data,
// in which each example has a generated sample and an interpolation of its own, drawn for it; clips the gradient
// of each; and adds noise to their sum. An empty batch gets its noise too. Of the losses only the generator's is
// given: the critics' are looks at the data. Config must have Interpolation Uniform and no Packing.
func (m *Model) PrivateStep(data Data, p Private) (Losses, error) {
	var l Losses
	if err := p.Validate(); err != nil {
		return l, err
	}
	if m.cfg.Interpolation != Uniform || m.cfg.pack() > 1 {
		return l, errors.New("dgan: a private step judges each sample alone, with the penalty between it and a generated one: set interpolation 0 (uniform) and packing 1")
	}
	m.frozen = nil
	if m.sum == nil {
		m.sum = m.newNoisySum()
	}
	for range m.cfg.CriticRounds {
		if err := m.privateRound(data, p); err != nil {
			return l, err
		}
	}
	for round := range m.cfg.GeneratorRounds {
		if err := m.generatorRound(round > 0 || m.cfg.FreshRounds); err != nil {
			return l, err
		}
	}
	l.Generator = scalar(m.genLoss)
	if err := m.diverged(l); err != nil {
		return l, err
	}
	m.steps++
	m.runAverage()
	return l, nil
}

// privateRound updates both critics.
func (m *Model) privateRound(data Data, p Private) error {
	m.noise.drawMeta(m.random)
	m.noise.drawSeries(m.random)
	m.noise.drawState(m.random)
	if err := errors.Join(m.makeMeta.run(), m.makeSeries.run()); err != nil {
		return err
	}
	clear(m.sum.all)
	batch := p.batch(data.Len())
	for len(batch) > 0 {
		k := min(len(batch), m.cfg.Batch)
		if err := m.addExamples(data, batch[:k], p); err != nil {
			return err
		}
		batch = batch[k:]
	}
	p.Noise.Add(m.sum.all, 1/p.Nominal)
	m.criticAdam.move(m.critic.params(), append(append([][]float32(nil), m.sum.gw[0]...), m.sum.gb[0]...))
	if m.attributeCritic != nil {
		m.attributeAdam.move(m.attributeCritic.params(), append(append([][]float32(nil), m.sum.gw[1]...), m.sum.gb[1]...))
	}
	return nil
}

// batch draws a Poisson sample of n samples.
func (p Private) batch(n int) (picked []int) {
	const whole = 1 << 53
	at := uint64(p.Rate * whole)
	groups := n
	if p.Groups != nil {
		groups = len(p.Groups)
	}
	for g := range groups {
		if p.Draw.Below(whole) >= at {
			continue
		}
		if p.Groups == nil {
			picked = append(picked, g)
		} else {
			picked = append(picked, p.Groups[g]...)
		}
	}
	return picked
}

// addExamples adds the clipped gradients of at most a batch of examples to the sum.
func (m *Model) addExamples(data Data, batch []int, p Private) error {
	k, a, f := len(batch), m.shape.MetaWidth(), m.shape.Records*m.series.width
	meta, series := m.meta.result(), m.series.series
	alpha := make([]float32, k)
	for row, i := range batch {
		if err := m.fill(data, i, m.realMeta[row*a:(row+1)*a], m.realSeries[row*f:(row+1)*f]); err != nil {
			return err
		}
		fake := int(p.Draw.Below(uint64(m.cfg.Batch))) // its own, whatever else is in the batch
		alpha[row] = float32(p.Draw.Below(1<<24)) / (1 << 24)
		for c, n := range m.critics() {
			for place, at := range []int{row, k + row} {
				x, from, s := n.act[0][at*n.dims[0]:(at+1)*n.dims[0]], row, [2][]float32{m.realMeta, m.realSeries}
				if place == 1 {
					from, s = fake, [2][]float32{meta, series}
				}
				copy(x, s[0][from*a:(from+1)*a])
				if c == 0 {
					copy(x[a:], s[1][from*f:(from+1)*f])
				}
			}
		}
	}
	squares := make([][]float32, len(m.critics()))
	m.eachCritic(func(c int, n *critic) {
		squares[c] = make([]float32, k)
		n.perExample(k, alpha, squares[c])
	})
	factor := make([]float32, k)
	for i := range factor {
		length := 0.0
		for _, s := range squares {
			length += float64(s[i])
		}
		factor[i] = float32(min(1, p.Clip/math.Sqrt(length)))
		if !finite(float64(factor[i])) || !finite(length) {
			return fmt.Errorf("dgan: iteration %d: a critic's gradient is no number: %w", m.steps+1, ErrDiverged)
		}
	}
	m.eachCritic(func(c int, n *critic) { n.addClipped(k, factor, m.sum.gw[c], m.sum.gb[c]) })
	return nil
}

// eachCritic calls f for both critics at the same time.
func (m *Model) eachCritic(f func(c int, n *critic)) {
	var wait sync.WaitGroup
	for c, n := range m.critics()[1:] {
		wait.Go(func() { f(c+1, n) })
	}
	f(0, m.critic)
	wait.Wait()
}
