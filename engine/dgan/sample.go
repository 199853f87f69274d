package dgan

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

const (
	samplerRows     = 256  // samples made at once
	calibrationRows = 2048 // noise rows that the frozen statistics of batch normalisation are taken over
)

// sampler is the generator with its weights and normalisation frozen, so that a sample does not depend on what
// is made beside it.
type sampler struct {
	meta                 *metaNet
	series               *seriesNet
	noise                generatorNoise
	makeMeta, makeSeries *program
	given                []float32 // metadata rows of the series, [rows, A]
}

// sampler returns the frozen generator of the present weights. Statistics of batch normalisation are computed
// over calibrationRows draws, the same for the same weights and seed.
func (m *Model) sampler() (*sampler, error) {
	if m.frozen != nil {
		return m.frozen, nil
	}
	var means []*param // in place of the last weights
	for i, p := range m.generatorParams()[:len(m.average)] {
		means = append(means, &param{name: p.name, dims: p.dims, w: m.average[i]})
	}
	s := &sampler{meta: m.meta.twin(samplerRows), series: m.series.twin(samplerRows)}
	if means != nil {
		s.series.take(means[s.meta.take(means):])
	}
	if m.cfg.Norm == BatchNorm {
		wide := s.meta.twin(calibrationRows)
		noise := make([]float32, calibrationRows*m.cfg.MetaLatent)
		m.cfg.MetaNoise.draw(rand.New(rand.NewPCG(m.seed, calibrationRows)), noise)
		wide.gumbel = false
		wide.forward(noise, nil)
		s.meta.mean, s.meta.variance, s.meta.frozen = wide.mean, wide.variance, true
	}
	s.noise = newGeneratorNoise(s.meta, s.series, m.cfg)
	a := m.shape.MetaWidth()
	s.given = make([]float32, samplerRows*a)
	s.makeMeta, s.makeSeries = newProgram(), newProgram()
	s.makeMeta.metaNode(s.meta, &s.noise)
	s.makeSeries.seriesNode(s.series, s.makeSeries.matrix("metadata", s.given, dims{samplerRows, a}), &s.noise)
	if err := errors.Join(s.makeMeta.compile(), s.makeSeries.compile()); err != nil {
		return nil, err
	}
	m.frozen = s
	return s, nil
}

// Shrink lets go of all that sampling does not need, such as the critics: the model can't be trained nor saved
// any more.
func (m *Model) Shrink() error {
	s, err := m.sampler()
	if err != nil {
		return err
	}
	*m = Model{shape: m.shape, cfg: m.cfg, seed: m.seed, steps: m.steps, frozen: s}
	return nil
}

// Sample makes n samples and hands each to emit: a metadata row [A] and a series [T*F], softmax heads one-hot,
// zero behind its records. The slices are valid during the call only. An error of emit ends the sampling and is
// returned. The same state of r gives the same samples.
func (m *Model) Sample(n int, r *rand.Rand, emit func(meta, series []float32, records int) error) error {
	s, err := m.sampler()
	if err != nil {
		return err
	}
	for n > 0 {
		k := min(n, samplerRows)
		if err := s.metas(r); err != nil {
			return err
		}
		copy(s.given, s.meta.result())
		if err := m.emitSeries(s, k, r, emit); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// Metas makes n metadata rows, [n*A], softmax heads one-hot.
func (m *Model) Metas(n int, r *rand.Rand) ([]float32, error) {
	s, err := m.sampler()
	if err != nil {
		return nil, err
	}
	a := m.shape.MetaWidth()
	rows := make([]float32, 0, max(n, 0)*a)
	for n > 0 {
		k := min(n, samplerRows)
		if err := s.metas(r); err != nil {
			return nil, err
		}
		rows = append(rows, s.meta.result()[:k*a]...)
		n -= k
	}
	return rows, nil
}

// SampleSeries makes a series for each of the metadata rows metas [n*A], whose softmax heads are taken at their
// largest class, and hands them to emit as Sample does.
func (m *Model) SampleSeries(metas []float32, r *rand.Rand, emit func(meta, series []float32, records int) error) error {
	a := m.shape.MetaWidth()
	if len(metas)%a != 0 {
		return fmt.Errorf("dgan: %d metadata values are no whole number of rows of %d", len(metas), a)
	}
	s, err := m.sampler()
	if err != nil {
		return err
	}
	for len(metas) > 0 {
		k := copy(s.given, metas) / a
		metas = metas[k*a:]
		if err := m.emitSeries(s, k, r, emit); err != nil {
			return err
		}
	}
	return nil
}

// metas makes a batch of metadata rows.
func (s *sampler) metas(r *rand.Rand) error {
	s.noise.drawMeta(r)
	if err := s.makeMeta.run(); err != nil {
		return err
	}
	s.meta.heads.Harden(s.meta.rows, s.meta.result(), s.meta.result())
	return nil
}

// emitSeries makes the series of the first k given rows and emits them.
func (m *Model) emitSeries(s *sampler, k int, r *rand.Rand, emit func(meta, series []float32, records int) error) error {
	if m.shape.Length != nil {
		s.series.length = func(i int, row []float32) int {
			if i >= k { // a row that is left over from before
				return 1
			}
			return m.shape.Length(row, r)
		}
	}
	s.noise.drawSeries(r)
	s.noise.drawState(r)
	if err := s.makeSeries.run(); err != nil {
		return err
	}
	a, f, w, t := m.shape.MetaWidth(), m.shape.SeriesWidth(), s.series.width, m.shape.Records
	record := columns(m.shape.record(), 1)
	plain := make([]float32, t*f)
	for i := range k {
		n, row := s.series.lengths[i], s.series.series[i*t*w:(i+1)*t*w]
		record.Harden(n, row, row)
		clear(plain)
		for j := range n {
			copy(plain[j*f:(j+1)*f], row[j*w:])
		}
		if err := emit(s.series.disc[i*a:(i+1)*a], plain, n); err != nil {
			return err
		}
	}
	return nil
}
