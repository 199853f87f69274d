package dgan

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"gorgonia.org/gorgonia"

	"netshare/engine/dgan/kern"
)

// Step is one iteration: CriticRounds updates of both critics, then GeneratorRounds updates of the generator.
// It draws its batches itself, without replacement over the epochs, or with it where there are fewer samples
// than a batch. The error is ErrDiverged where a loss is no number, or says what is wrong with the data.
func (m *Model) Step(data Data) (Losses, error) {
	var l Losses
	if data.Len() < 1 {
		return l, errors.New("dgan: no samples to learn from: want at least one")
	}
	m.frozen = nil
	for round := range m.cfg.CriticRounds {
		fresh := round == 0 || m.cfg.FreshRounds
		if err := m.criticRound(data, fresh); err != nil {
			return l, err
		}
	}
	l.Critic = scalar(m.criticLoss)
	l.Distance, l.Penalty = m.critic.real-m.critic.fake, m.critic.penalty
	if m.attributeCritic != nil {
		l.AttributeCritic, l.AttributePenalty = scalar(m.attrLoss), m.attributeCritic.penalty
	}
	if err := m.diverged(l); err != nil {
		return l, err
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

// runAverage moves the running means of the generator's weights; early ones weigh the past less, so that the
// first weights are soon forgotten.
func (m *Model) runAverage() {
	past := float32(min(m.cfg.Average, float64(m.steps)/float64(m.steps+10)))
	for i, p := range m.generatorParams()[:len(m.average)] {
		kern.Axpby(1-past, p.w, past, m.average[i])
	}
}

// diverged wraps ErrDiverged where a loss is no number.
func (m *Model) diverged(l Losses) error {
	if finite(l.Critic) && finite(l.AttributeCritic) && finite(l.Generator) {
		return nil
	}
	return fmt.Errorf("dgan: iteration %d: losses are critic %g, attribute critic %g, generator %g: %w",
		m.steps+1, l.Critic, l.AttributeCritic, l.Generator, ErrDiverged)
}

// criticRound updates both critics, at the same time where there is more than one thread.
func (m *Model) criticRound(data Data, fresh bool) error {
	if fresh {
		if err := m.drawReal(data); err != nil {
			return err
		}
		m.noise.drawMeta(m.random)
		m.noise.drawSeries(m.random)
		if err := m.makeMeta.run(); err != nil {
			return err
		}
	}
	m.noise.drawState(m.random)
	if err := m.makeSeries.run(); err != nil {
		return err
	}
	update := func(p *program, c *critic, ws []gorgonia.ValueGrad, a *adam) error {
		if err := p.run(); err != nil {
			return err
		}
		return a.Step(ws)
	}
	key(m.random).Uniform(m.critic.alpha)
	if m.attributeCritic == nil {
		return update(m.judge, m.critic, m.criticWeights, m.criticAdam)
	}
	key(m.random).Uniform(m.attributeCritic.alpha)
	attribute := func() error {
		return update(m.judgeMeta, m.attributeCritic, m.attributeWeights, m.attributeAdam)
	}
	if runtime.GOMAXPROCS(0) == 1 { // kernels in C would run beside each other all the same
		return errors.Join(update(m.judge, m.critic, m.criticWeights, m.criticAdam), attribute())
	}
	var wait sync.WaitGroup
	var other error
	wait.Go(func() { other = attribute() })
	err := update(m.judge, m.critic, m.criticWeights, m.criticAdam)
	wait.Wait()
	return errors.Join(err, other)
}

// generatorRound updates the generator.
func (m *Model) generatorRound(fresh bool) error {
	if fresh {
		m.noise.drawMeta(m.random)
		m.noise.drawSeries(m.random)
	}
	m.noise.drawState(m.random)
	if err := m.generate.run(); err != nil {
		return err
	}
	if err := m.metaAdam.Step(m.metaWeights); err != nil {
		return err
	}
	if m.cfg.FixSeries {
		return nil
	}
	return m.seriesAdam.Step(m.seriesWeights)
}

// drawReal fills the real batch.
func (m *Model) drawReal(data Data) error {
	n, a, f := data.Len(), m.shape.MetaWidth(), m.shape.Records*m.series.width
	rows := m.cfg.rows()
	if n >= rows && len(m.order) != n { // a new set, or its first batch
		m.order, m.next = m.random.Perm(n), 0
	}
	for row := range rows {
		i := 0
		if n < rows {
			i = m.random.IntN(n)
		} else {
			if m.next == n {
				m.random.Shuffle(n, func(x, y int) { m.order[x], m.order[y] = m.order[y], m.order[x] })
				m.next = 0
			}
			i = m.order[m.next]
			m.next++
		}
		if err := m.fill(data, i, m.realMeta[row*a:(row+1)*a], m.realSeries[row*f:(row+1)*f]); err != nil {
			return err
		}
	}
	return nil
}

// fill encodes sample i into a row of the batch, with flags where the shape has them.
func (m *Model) fill(data Data, i int, meta, series []float32) error {
	f, w := m.shape.SeriesWidth(), m.series.width
	clear(meta)
	clear(series)
	plain := series
	if m.shape.Flag {
		plain = m.plain
		clear(plain)
	}
	n := data.Fill(i, meta, plain)
	if n < 1 || n > m.shape.Records {
		return fmt.Errorf("dgan: sample %d has %d records, want 1 to %d", i, n, m.shape.Records)
	}
	if m.shape.Flag {
		for k := range n {
			copy(series[k*w:], plain[k*f:(k+1)*f])
			series[k*w+f] = 1 // goes on
		}
		series[n*w-2], series[n*w-1] = 0, 1 // ends
	} else {
		clear(plain[n*f:])
	}
	for j, v := range meta {
		if !finite(float64(v)) {
			return fmt.Errorf("dgan: sample %d, metadata column %d is %g, want a finite number", i, j, v)
		}
	}
	for j, v := range series {
		if !finite(float64(v)) {
			return fmt.Errorf("dgan: sample %d, record %d, column %d is %g, want a finite number", i, j/w, j%w, v)
		}
	}
	return nil
}

// scalar is the value of a scalar node.
func scalar(n *gorgonia.Node) float64 { return float64(floats(n.Value())[0]) }
