package engine

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"time"

	"netshare/engine/dgan"
)

// ofChunk is the model as one chunk's networks learn it: with the codec, the
// targets and the options of the whole, and a training of its own.
func (m *Model) ofChunk(k int) *Model {
	part := *m
	part.chunk = k
	return &part
}

// learnChunks learns the chunks: the first alone, where the others begin as its
// networks ended, then the others, as many at a time as there are cores. Each has
// random numbers of its own, so that how many learn at a time shows in nothing.
func (m *Model) learnChunks(ctx context.Context, loops []*loop) error {
	o := m.Options.Chunks
	m.budget(loops)
	takeTurns(loops)
	later := loops
	var as *dgan.Model // that later chunks begin as
	if o.Warm {
		first := loops[0]
		later = loops[1:]
		if err := first.start(nil); err != nil {
			return err
		}
		if o.SkipFirst {
			first.m.at.Done = true
		}
		if err := first.run(ctx); err != nil {
			return failed(ctx, first, err)
		}
		as = first.m.net
		if err := first.keep(); err != nil {
			return err
		}
	}
	if err := inParallel(ctx, later, as); err != nil {
		return err
	}
	m.gatherChunks(loops)
	return nil
}

// keep puts the networks that were learnt into the chunks, and lets go of them.
func (l *loop) keep() (err error) {
	m := l.m
	m.chunks.Networks[m.chunk], err = m.net.MarshalTrained()
	m.net = nil
	return err
}

// budget shares the run's bounds out: later chunks are learnt for a shorter time
// where they begin as the first ended.
func (m *Model) budget(loops []*loop) {
	o := m.Options
	reduce, later := o.Chunks.Reduce, loops[1:]
	rounds := func(n int) float64 { return math.Ceil(float64(n) / float64(runtime.GOMAXPROCS(0))) }
	if !o.Chunks.Warm {
		for _, l := range loops {
			l.m.Options.Time = time.Duration(float64(o.Time) / rounds(len(loops)))
		}
		return
	}
	whole := 1 + rounds(len(later))/reduce
	if o.Chunks.SkipFirst {
		whole--
	}
	loops[0].m.Options.Time = time.Duration(float64(o.Time) / whole)
	for _, l := range later {
		less := func(n int) int {
			if n == 0 {
				return 0
			}
			return max(1, int(math.Round(float64(n)/reduce)))
		}
		l.m.Options.Epochs, l.m.Options.Iterations, l.m.Options.Measures = less(o.Epochs), less(o.Iterations), less(o.Measures)
		l.m.Options.Time = time.Duration(float64(o.Time) / whole / reduce)
	}
}

// takeTurns has the loops call the hooks one at a time, and tell of how far all are.
func takeTurns(loops []*loop) {
	var one sync.Mutex
	began := time.Now()
	all, before, done, records := 0, 0, make([]int, len(loops)), make([]int, len(loops))
	for i, l := range loops {
		l.plan()
		all += l.epochs * l.perEpoch
		done[i] = l.m.at.Iteration
		before += done[i]
	}
	for i, l := range loops {
		tell, save := l.hooks.Progress, l.hooks.Checkpoint
		if tell != nil {
			l.hooks.Progress = func(p Progress) error {
				one.Lock()
				defer one.Unlock()
				done[i], records[i] = p.Iteration, p.Records
				p.Records = total(records)
				now := -before
				for _, n := range done {
					now += n
				}
				p.Elapsed = time.Since(began)
				if all > 0 && now > 0 {
					p.Left = time.Duration(float64(p.Elapsed) / float64(now) * float64(max(0, all-before-now)))
				}
				return tell(p)
			}
		}
		if save != nil {
			l.hooks.Checkpoint = func(epoch int, m *Model) error {
				one.Lock()
				defer one.Unlock()
				return save(epoch, m)
			}
		}
	}
}

// inParallel runs loops on all cores, whose networks begin as others unless those
// are nil. Only those that are learnt are in memory. The first that fails ends the
// others.
func inParallel(ctx context.Context, loops []*loop, as *dgan.Model) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan *loop, len(loops))
	for _, l := range loops {
		next <- l
	}
	close(next)
	var wait sync.WaitGroup
	var one sync.Once
	var making sync.Mutex // gorgonia's graphs are made one at a time
	var first error
	learn := func(l *loop) error {
		making.Lock()
		err := l.start(as)
		making.Unlock()
		if err != nil {
			return err
		}
		if err := l.run(ctx); err != nil {
			return err
		}
		return l.keep()
	}
	for range min(len(loops), runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for l := range next {
				if err := learn(l); err != nil {
					one.Do(func() { first = failed(ctx, l, err) })
					stop(err)
				}
			}
		})
	}
	wait.Wait()
	return first
}

// failed says which chunk failed, unless it is the run that ended.
func failed(ctx context.Context, l *loop, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("chunk %d: %w", l.m.chunk, err)
}

// gatherChunks takes what was learnt of the chunks: epochs and reasons to end of
// each, and the mean of what was measured, by samples.
func (m *Model) gatherChunks(loops []*loop) {
	var ended []string
	var total float64
	m.Epochs, m.Fidelity = loops[0].m.Epochs, nil
	for _, l := range loops {
		part := l.m
		if part.Ended != "" {
			ended = append(ended, fmt.Sprintf("chunk %d: %s", part.chunk, part.Ended))
		}
		if part.Fidelity == nil {
			continue
		}
		w := float64(l.data.Len())
		total += w
		m.Fidelity = m.Fidelity.plus(*part.Fidelity, w)
	}
	if m.Fidelity != nil {
		m.Fidelity = (*Fidelity)(nil).plus(*m.Fidelity, 1/total)
	}
	m.Ended = strings.Join(ended, "; ")
}

// plus adds weighted figures.
func (f *Fidelity) plus(g Fidelity, weight float64) *Fidelity {
	out := Fidelity{Held: g.Held}
	if f != nil {
		out = *f
	}
	out.Overall += weight * g.Overall
	out.Pairs += weight * g.Pairs
	out.Variety += weight * g.Variety
	columns := make([]ColumnFidelity, len(g.Columns))
	for i, c := range g.Columns {
		columns[i] = ColumnFidelity{c.Name, weight * c.Value}
		if i < len(out.Columns) {
			columns[i].Value += out.Columns[i].Value
		}
	}
	out.Columns = columns
	return &out
}
