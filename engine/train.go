package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"netshare/engine/codec"
	"netshare/engine/dgan"
	"netshare/workspace/trace"
)

// Train learns the recipe's fields from the sessions of src. Types gives the
// type of each column by name. When ctx ends it saves a checkpoint and returns
// the cause, with the model as it was by then.
func Train(ctx context.Context, src Source, recipe *trace.Recipe, types map[string]trace.Type, opts Options, hooks Hooks) (*Model, error) {
	return train(ctx, src, recipe, types, opts, hooks, nil)
}

// train learns from the beginning, or from checkpoints, one of each chunk.
func train(ctx context.Context, src Source, recipe *trace.Recipe, types map[string]trace.Type, opts Options, hooks Hooks, from []checkpoint) (*Model, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	switch {
	case opts.DP.Model == DPGAN:
		return declared(recipe, types)(trainPrivately(ctx, src, recipe, types, opts, hooks))
	case opts.DP.On(): // Validate lets no other model through
		return declared(recipe, types)(trainMarginal(ctx, src, recipe, types, opts))
	}
	m, loops, err := newLoops(ctx, src, recipe, types, opts, hooks)
	defer func() {
		for _, l := range loops {
			l.data.Close()
		}
	}()
	if err != nil {
		return nil, err
	}
	for _, l := range loops {
		for i := range from {
			if from[i].Chunk == l.m.chunk {
				if err := l.restore(&from[i]); err != nil {
					return nil, err
				}
			}
		}
	}
	if m.chunks != nil {
		return m, m.learnChunks(ctx, loops)
	}
	return m, loops[0].run(ctx)
}

// newLoops codes the sessions and makes the networks: those of the trace, or of
// each chunk that has any. The caller closes the loops' data, also after an error.
func newLoops(ctx context.Context, src Source, recipe *trace.Recipe, types map[string]trace.Type, opts Options, hooks Hooks) (m *Model, loops []*loop, err error) {
	g, err := gather(ctx, src, opts.Memory/2, opts.Seed)
	if err != nil {
		return nil, nil, err
	}
	c, err := codec.Fit(recipe, types, g.sample, opts.Codec, opts.Seed)
	if err != nil {
		return nil, nil, err
	}
	m = &Model{Recipe: shell(recipe), Codec: c, Sessions: g.sessions, Records: g.records, Options: opts}
	if opts.Chunks.On() {
		if m.chunks, err = newChunks(opts.Chunks, c, g.sample); err != nil {
			return nil, nil, err
		}
	}
	m.begun, m.at = beginning(recipe, types, opts), position{Epoch: 1}
	m.begun.Sessions = g.print
	if opts.Pretrained != nil {
		data, err := opts.Pretrained.MarshalBinary()
		if err != nil {
			return nil, nil, err
		}
		m.begun.Options += fmt.Sprintf(" %x", sha256.Sum256(data))
	}
	if opts.Pretrained != nil {
		if m.warm, err = m.warmStart(opts.Pretrained); err != nil {
			return nil, nil, fmt.Errorf("pretraining by %s: %w", opts.Pretrain, err)
		}
		m.Taken = m.warm.share(m.labels())
	}
	m.targets = newTargets(c, g.sample, opts.Seed)
	if m.chunks != nil {
		m.chunks.fitLengths(c, g.sample)
		m.chunks.fitStarts(startsOf(c, g.sample))
	}
	m.targets.families = fitFamilies(recipe, g.sample)
	m.targets.rules = fitRules(recipe, types, g.sample)
	m.targets.equalities = fitEqualities(c, recipe, types, g.sample)
	ref := newReference(m, g)
	data, err := m.encode(ctx, src, g, ref)
	for k, d := range data {
		part := m
		if m.chunks != nil {
			if part = m.ofChunk(k); d.Len() == 0 {
				err = errors.Join(err, d.Close())
				continue
			}
		}
		loops = append(loops, &loop{m: part, data: d, hooks: hooks})
	}
	if err != nil {
		return m, loops, err
	}
	for _, l := range loops {
		l.yardstick = ref.yardstick(l.m)
	}
	if m.chunks == nil {
		err = loops[0].start(nil)
	}
	return m, loops, err
}

// start makes the networks, unless they are there: as those of another chunk, or
// of the model that the run begins with.
func (l *loop) start(as *dgan.Model) (err error) {
	if l.m.net != nil {
		return nil
	}
	o := l.m.Options
	if l.m.net, err = dgan.New(l.m.shape(), o.GAN, o.Seed+uint64(l.m.chunk)); err != nil {
		return err
	}
	if as != nil {
		return l.m.net.CopyWeights(as)
	}
	if warm := l.m.warm; warm != nil {
		if err := l.m.net.TakeWeights(warm.net, warm.columns); err != nil {
			return fmt.Errorf("pretraining by %s: %w: set layers, units and latent dims as it has them, or leave it out", o.Pretrain, err)
		}
	}
	return nil
}

// encode codes all sessions of the source, chunk by chunk: those gathered, or
// where these are a sample, the source read once more; but for those that the
// reference takes out. The samples are the caller's to close, also after an error.
func (m *Model) encode(ctx context.Context, src Source, g gathered, ref *reference) (data []*samples, err error) {
	data = make([]*samples, m.slices())
	for k := range data {
		data[k] = newSamples(m.metaHeads(), m.Codec.SeriesHeads(), m.Options.Memory/2/int64(len(data)))
	}
	n := 0
	add := func(s trace.Session) error {
		if n++; ref.takes(n, s) {
			return nil
		}
		for _, t := range m.stretches(s) {
			for _, x := range m.Codec.Encode(t.session) {
				if err := data[t.chunk].add(m.extend(x, t.tags)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	flush := func() (err error) {
		for k, d := range data {
			if m.chunks != nil {
				m.chunks.Samples[k] = d.Len()
			}
			err = errors.Join(err, d.flush())
		}
		return err
	}
	if g.all {
		for i, s := range g.sample {
			if err := add(s); err != nil {
				return data, err
			}
			g.sample[i] = trace.Session{} // the coded form is all that training needs
		}
		return data, flush()
	}
	clear(g.sample)
	var starts []float64
	for s, err := range src.Sessions(ctx) {
		if err != nil {
			return data, err
		}
		if m.Codec.Clock != nil {
			starts = append(starts, m.Codec.Clock.Times(s.Series)[0])
		}
		if err := add(s); err != nil {
			return data, err
		}
	}
	m.targets.arrivals = fitArrivals(starts)
	if m.chunks != nil {
		m.chunks.fitStarts(starts)
	}
	return data, flush()
}

// shell returns the recipe without its functions, which are not the model's.
func shell(r *trace.Recipe) trace.Recipe {
	out := *r
	strip := func(fs []trace.Field) []trace.Field {
		var bare []trace.Field
		for _, f := range fs {
			f.ParseFunc, f.FormatFunc, f.Forward, f.Inverse = nil, nil, nil, nil
			bare = append(bare, f)
		}
		return bare
	}
	out.Metadata, out.Series = strip(r.Metadata), strip(r.Series)
	return out
}

// shape is the layout of the model's samples.
func (m *Model) shape() dgan.Shape {
	heads := m.metaHeads()
	length, at := m.Codec.LengthHead(), 0
	if length > 0 {
		at = widthOf(heads[:length])
	}
	return dgan.Shape{
		Meta: networkHeads(heads), Series: networkHeads(m.Codec.SeriesHeads()),
		Records: m.Codec.Longest(),
		Length: func(meta []float32, r *rand.Rand) int {
			if length < 0 {
				return 1
			}
			return m.Codec.SampleRecords(heads[length].Compact(meta[at:]), r)
		},
	}
}

// loop is the training loop: epochs of iterations until a bound is met. Where it
// stands is the model's position.
type loop struct {
	m     *Model
	data  *samples
	hooks Hooks

	yardstick *yardstick // nil where fidelity is not measured
	examples  *Examples  // of the last measurement, not yet reported

	epochs, perEpoch int // epochs is 0 where time alone bounds the run
	began, saved     time.Time
}

// reportEvery is the time between reports within an epoch.
const reportEvery = 200 * time.Millisecond

// run learns until a bound is met. Of a chunk it saves that it is done.
func (l *loop) run(ctx context.Context) error {
	if l.m.at.Done {
		return nil
	}
	if err := l.iterate(ctx); err != nil || l.m.chunks == nil {
		return err
	}
	l.m.at.Done = true
	return l.checkpoint(true)
}

func (l *loop) iterate(ctx context.Context) error {
	o, at := l.m.Options, &l.m.at
	batch := l.plan()
	l.saved = time.Now()
	l.began = l.saved.Add(-at.Elapsed)
	if err := l.checkpoint(at.Iteration == 0); err != nil { // to know a changed trace by
		return err
	}
	reported := time.Now()
	for l.epochs == 0 || at.Epoch <= l.epochs {
		for at.Step < l.perEpoch {
			if ctx.Err() != nil {
				return l.stop(ctx)
			}
			losses, err := l.m.net.Step(l.data)
			if err != nil {
				err = fmt.Errorf("epoch %d, iteration %d: %w", at.Epoch, at.Iteration+1, err)
				if errors.Is(err, dgan.ErrDiverged) && at.Kept.Networks != nil {
					return l.finish(&ending{err.Error(), true})
				}
				return err
			}
			at.Step++
			at.Iteration++
			at.Records += batch * l.data.records / l.data.Len()
			at.Sum = plus(at.Sum, losses)
			now := time.Now()
			at.Elapsed = now.Sub(l.began)
			over := o.Time > 0 && at.Elapsed >= o.Time
			var early *ending
			if l.due() {
				if early, err = l.measure(ctx); ctx.Err() != nil {
					return l.stop(ctx)
				}
				if err != nil {
					return fmt.Errorf("epoch %d, measuring after iteration %d: %w", at.Epoch, at.Iteration, err)
				}
			}
			over = over || early != nil
			ended := at.Step == l.perEpoch || over
			if ended || now.Sub(reported) >= reportEvery {
				reported = now
				p := l.progress()
				p.EpochEnded = ended
				if ended {
					p.Fidelity, at.Fidelity = at.Fidelity, nil
					p.Examples, l.examples = l.examples, nil
				}
				if err := l.report(p); err != nil {
					return err
				}
			}
			if over {
				return l.finish(early)
			}
			every := o.CheckpointEpochs
			if err := l.checkpoint(ended && every > 0 && at.Epoch%every == 0); err != nil {
				return err
			}
		}
		if at.Epoch == l.epochs {
			return l.finish(nil)
		}
		at.Epoch, at.Step, at.Sum = at.Epoch+1, 0, dgan.Losses{}
	}
	return nil
}

// plan works out the epochs and their iterations, and returns how many samples an
// iteration reads.
func (l *loop) plan() (batch int) {
	o := l.m.Options
	batch = min(o.GAN.Batch*max(1, o.GAN.Packing), l.data.Len())
	l.perEpoch = max(1, (l.data.Len()+batch-1)/batch)
	l.epochs = o.Epochs
	if l.epochs == 0 && o.Time == 0 {
		l.epochs = max(1, (o.Iterations+l.perEpoch-1)/l.perEpoch)
	}
	return batch
}

func (l *loop) progress() Progress {
	o, at := l.m.Options, l.m.at
	p := Progress{
		Epoch: at.Epoch, Epochs: l.epochs, Iteration: at.Iteration, Elapsed: at.Elapsed, Records: at.Records,
		Losses: mean(at.Sum, at.Step), Chunk: l.m.chunk,
	}
	if l.m.chunks != nil {
		p.Chunks = l.m.slices()
	}
	if l.epochs > 0 {
		all := l.epochs * l.perEpoch
		p.Left = time.Duration(float64(p.Elapsed) / float64(at.Iteration) * float64(all-at.Iteration))
	}
	if o.Time > 0 && (l.epochs == 0 || o.Time-p.Elapsed < p.Left) {
		p.Left = max(0, o.Time-p.Elapsed)
	}
	return p
}

func (l *loop) report(p Progress) error {
	if l.hooks.Progress == nil {
		return nil
	}
	return l.hooks.Progress(p)
}

// checkpoint has the run saved if it is time to, or at once.
func (l *loop) checkpoint(now bool) error {
	if l.hooks.Checkpoint == nil || !now && time.Since(l.saved) < l.m.Options.CheckpointEvery {
		return nil
	}
	l.saved = time.Now()
	epoch := l.m.at.Epoch
	if l.m.at.Done {
		epoch++
	} else {
		l.m.Epochs = l.m.at.done(l.perEpoch)
	}
	return l.hooks.Checkpoint(epoch, l.m)
}

// stop saves what was learnt when the context ends.
func (l *loop) stop(ctx context.Context) error {
	l.m.Epochs = l.m.at.done(l.perEpoch)
	if err := l.checkpoint(true); err != nil {
		return err
	}
	return context.Cause(ctx)
}

func plus(a, b dgan.Losses) dgan.Losses {
	return dgan.Losses{
		Critic: a.Critic + b.Critic, AttributeCritic: a.AttributeCritic + b.AttributeCritic,
		Generator: a.Generator + b.Generator, Distance: a.Distance + b.Distance,
		Penalty: a.Penalty + b.Penalty, AttributePenalty: a.AttributePenalty + b.AttributePenalty,
	}
}

func mean(sum dgan.Losses, n int) dgan.Losses {
	f := 1 / float64(n)
	return dgan.Losses{
		Critic: sum.Critic * f, AttributeCritic: sum.AttributeCritic * f,
		Generator: sum.Generator * f, Distance: sum.Distance * f,
		Penalty: sum.Penalty * f, AttributePenalty: sum.AttributePenalty * f,
	}
}
