package dgan

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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
	given                []float32  // metadata rows of the series, [rows, A]
	beside               []*sampler // for other threads
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
		s.meta = s.meta.folded(samplerRows, wide.mean, wide.variance)
	}
	if err := s.build(m); err != nil {
		return nil, err
	}
	m.frozen = s
	return s, nil
}

// build makes the programs of the networks.
func (s *sampler) build(m *Model) error {
	s.noise = newGeneratorNoise(s.meta, s.series, m.cfg)
	a := m.shape.MetaWidth()
	s.given = make([]float32, samplerRows*a)
	s.makeMeta, s.makeSeries = newProgram(), newProgram()
	s.makeMeta.metaNode(s.meta, &s.noise)
	s.makeSeries.seriesNode(s.series, s.makeSeries.matrix("metadata", s.given, dims{samplerRows, a}), &s.noise)
	return errors.Join(s.makeMeta.compile(), s.makeSeries.compile())
}

// each runs f for the batches 0 to n-1, on all threads at once, each with a sampler and random numbers of its
// own, so that what comes out does not depend on the number of threads.
func (m *Model) each(n int, r *rand.Rand, f func(s *sampler, batch int, r *rand.Rand) error) error {
	s, err := m.sampler()
	if err != nil {
		return err
	}
	sources := make([]*rand.Rand, n)
	for i := range sources {
		sources[i] = rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
	}
	threads := min(runtime.GOMAXPROCS(0), n)
	for len(s.beside) < threads-1 {
		t := &sampler{meta: s.meta.twin(samplerRows), series: s.series.twin(samplerRows)}
		if err := t.build(m); err != nil {
			return err
		}
		s.beside = append(s.beside, t)
	}
	var next atomic.Int64
	faults := make([]error, n)
	work := func(s *sampler) {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			if faults[i] = f(s, i, sources[i]); faults[i] != nil {
				next.Store(int64(n))
			}
		}
	}
	var wait sync.WaitGroup
	for i := range threads - 1 {
		wait.Go(func() { work(s.beside[i]) })
	}
	work(s)
	wait.Wait()
	for _, err := range faults { // the first; what the others hit depends on the threads
		if err != nil {
			return err
		}
	}
	return nil
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
	a := m.shape.MetaWidth()
	for n > 0 {
		k := min(n, samplerRows)
		if err := s.metas(r); err != nil {
			return err
		}
		copy(s.given, s.meta.result())
		lengths := make([]int, k)
		for i := range lengths {
			if lengths[i] = m.shape.Records; m.shape.Length != nil {
				lengths[i] = m.shape.Length(s.given[i*a:(i+1)*a], r)
			}
		}
		err := m.emitSeries(s, lengths, r, func(_ int, meta, series []float32, records int) error {
			return emit(meta, series, records)
		})
		if err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// Metas makes n metadata rows, [n*A], softmax heads one-hot.
func (m *Model) Metas(n int, r *rand.Rand) ([]float32, error) {
	a := m.shape.MetaWidth()
	rows := make([]float32, max(n, 0)*a)
	err := m.each((len(rows)/a+samplerRows-1)/samplerRows, r, func(s *sampler, batch int, r *rand.Rand) error {
		if err := s.metas(r); err != nil {
			return err
		}
		copy(rows[batch*samplerRows*a:], s.meta.result())
		return nil
	})
	return rows, err
}

// SampleSeries makes a series for each of the metadata rows metas [n*A], whose softmax heads are taken at their
// largest class, and hands them to emit as Sample does, with the row that each is of: in any order, and several
// at the same time.
func (m *Model) SampleSeries(metas []float32, r *rand.Rand, emit func(row int, meta, series []float32, records int) error) error {
	a := m.shape.MetaWidth()
	if len(metas)%a != 0 {
		return fmt.Errorf("dgan: %d metadata values are no whole number of rows of %d", len(metas), a)
	}
	n := len(metas) / a
	order, lengths := make([]int, n), make([]int, n)
	hard, heads := make([]float32, a), columns(m.shape.Meta, 1)
	for i := range n {
		order[i], lengths[i] = i, m.shape.Records
		if m.shape.Length != nil {
			heads.Harden(1, metas[i*a:(i+1)*a], hard)
			lengths[i] = m.shape.Length(hard, r)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return lengths[j] - lengths[i] }) // alike ones in a batch
	return m.each((n+samplerRows-1)/samplerRows, r, func(s *sampler, batch int, r *rand.Rand) error {
		rows := order[batch*samplerRows : min((batch+1)*samplerRows, n)]
		own := make([]int, len(rows))
		for k, i := range rows {
			copy(s.given[k*a:(k+1)*a], metas[i*a:])
			own[k] = lengths[i]
		}
		return m.emitSeries(s, own, r, func(k int, meta, series []float32, records int) error {
			return emit(rows[k], meta, series, records)
		})
	})
}

// metas makes a batch of metadata rows.
func (s *sampler) metas(r *rand.Rand) error {
	s.noise.drawMeta(r)
	if err := s.makeMeta.run(); err != nil {
		return err
	}
	if !s.meta.hard {
		s.meta.heads.Harden(s.meta.rows, s.meta.result(), s.meta.result())
	}
	return nil
}

// emitSeries makes the series of the first given rows, which have so many records, and emits them.
func (m *Model) emitSeries(s *sampler, lengths []int, r *rand.Rand, emit func(row int, meta, series []float32, records int) error) error {
	longest := m.shape.Records
	if m.shape.Length != nil {
		s.series.length = func(i int, _ []float32) int {
			if i >= len(lengths) { // a row that is left over from before
				return 1
			}
			return lengths[i]
		}
		longest = min(slices.Max(lengths), longest)
	}
	s.noise.drawSteps(r, (longest+s.series.per-1)/s.series.per, s.series)
	s.noise.drawState(r)
	if err := s.makeSeries.run(); err != nil {
		return err
	}
	a, f, w, t := m.shape.MetaWidth(), m.shape.SeriesWidth(), s.series.width, m.shape.Records
	record := columns(m.shape.record(), 1)
	var plain []float32
	if f != w {
		plain = make([]float32, t*f)
	}
	for i := range lengths {
		n, row := s.series.lengths[i], s.series.series[i*t*w:(i+1)*t*w]
		if !s.series.hard {
			record.Harden(n, row, row)
		}
		if plain != nil {
			clear(plain)
			for j := range n {
				copy(plain[j*f:(j+1)*f], row[j*w:])
			}
			row = plain
		}
		if err := emit(i, s.series.disc[i*a:(i+1)*a], row, n); err != nil {
			return err
		}
	}
	return nil
}
