package engine

import (
	"context"
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
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if opts.DP.On() { // Validate lets no other model through
		return trainMarginal(ctx, src, recipe, types, opts)
	}
	sessions, records, err := collect(ctx, src)
	if err != nil {
		return nil, err
	}
	c, err := codec.Fit(recipe, types, sessions, opts.Codec, opts.Seed)
	if err != nil {
		return nil, err
	}
	data := &samples{meta: c.MetaHeads(), series: c.SeriesHeads()}
	m := &Model{Recipe: shell(recipe), Codec: c, Sessions: len(sessions), Records: records, Options: opts}
	m.targets = newTargets(c, sessions, opts.Seed)
	m.targets.families = fitFamilies(recipe, sessions)
	for i, s := range sessions {
		data.list = append(data.list, c.Encode(s)...)
		sessions[i] = trace.Session{} // the coded form is all that training needs
	}
	if m.net, err = dgan.New(m.shape(), opts.GAN, opts.Seed); err != nil {
		return nil, err
	}
	l := loop{m: m, data: data, hooks: hooks}
	return m, l.run(ctx)
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
	heads := m.Codec.MetaHeads()
	return dgan.Shape{
		Meta: networkHeads(heads), Series: networkHeads(m.Codec.SeriesHeads()),
		Records: m.Codec.Longest(),
		Length: func(meta []float32, r *rand.Rand) int {
			code := make([]float32, len(heads))
			compact(heads, meta, code)
			return m.Codec.SampleRecords(code, r)
		},
	}
}

// loop is the training loop: epochs of iterations until a bound is met.
type loop struct {
	m     *Model
	data  *samples
	hooks Hooks

	began     time.Time
	saved     time.Time
	iteration int
	records   int
}

// reportEvery is the time between reports within an epoch.
const reportEvery = 200 * time.Millisecond

func (l *loop) run(ctx context.Context) error {
	o := l.m.Options
	batch := min(o.GAN.Batch, l.data.Len())
	perEpoch := max(1, (l.data.Len()+batch-1)/batch)
	epochs := o.Epochs
	if epochs == 0 && o.Time == 0 {
		epochs = max(1, (o.Iterations+perEpoch-1)/perEpoch)
	}
	perSample := 0
	for _, s := range l.data.list {
		perSample += s.Records
	}
	l.began, l.saved = time.Now(), time.Now()
	reported := l.began
	for epoch := 1; epochs == 0 || epoch <= epochs; epoch++ {
		var sum dgan.Losses
		for k := range perEpoch {
			if ctx.Err() != nil {
				return l.stop(ctx, epoch)
			}
			losses, err := l.m.net.Step(l.data)
			if err != nil {
				return fmt.Errorf("epoch %d, iteration %d: %w", epoch, l.iteration+1, err)
			}
			l.iteration++
			l.records += batch * perSample / l.data.Len()
			sum = plus(sum, losses)
			now := time.Now()
			over := o.Time > 0 && now.Sub(l.began) >= o.Time
			ended := k == perEpoch-1 || over
			if ended || now.Sub(reported) >= reportEvery {
				reported = now
				p := l.progress(now, epoch, epochs, perEpoch, k+1)
				p.EpochEnded, p.Losses = ended, mean(sum, k+1)
				if err := l.report(p); err != nil {
					return err
				}
			}
			if over {
				l.m.Epochs = epoch
				return nil
			}
		}
		l.m.Epochs = epoch
		if err := l.checkpoint(epoch, false); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) progress(now time.Time, epoch, epochs, perEpoch, k int) Progress {
	o := l.m.Options
	p := Progress{Epoch: epoch, Epochs: epochs, Iteration: l.iteration, Elapsed: now.Sub(l.began), Records: l.records}
	if epochs > 0 {
		done := (epoch-1)*perEpoch + k
		p.Left = time.Duration(float64(p.Elapsed) / float64(done) * float64(epochs*perEpoch-done))
	}
	if o.Time > 0 && (epochs == 0 || o.Time-p.Elapsed < p.Left) {
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

func (l *loop) checkpoint(epoch int, force bool) error {
	if l.hooks.Checkpoint == nil || !force && time.Since(l.saved) < l.m.Options.CheckpointEvery {
		return nil
	}
	l.saved = time.Now()
	return l.hooks.Checkpoint(epoch, l.m)
}

// stop saves what was learnt when the context ends.
func (l *loop) stop(ctx context.Context, epoch int) error {
	l.m.Epochs = epoch - 1
	if err := l.checkpoint(epoch, true); err != nil {
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
