package notebook

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"netshare/engine"
	"netshare/eval/figure"
	"netshare/workspace"
	"netshare/workspace/notebook/render"
)

// curves is what a cell shows of a training, gathered while it runs.
type curves struct {
	earlier          func(run int64) ([]workspace.EpochFigures, error)
	tell             func(Progress)
	begun            bool
	epochs           int // that have ended, of all chunks
	losses, fidelity figure.Epochs
	measured         *engine.Fidelity // last
}

// newCurves returns the curves of a training that is to run. Of one that is
// resumed they begin where the run did, and tell is told of its earlier epochs
// first.
func newCurves(ctx context.Context, ws *workspace.Workspace, tell func(Progress)) *curves {
	return &curves{
		earlier:  func(run int64) ([]workspace.EpochFigures, error) { return ws.Epochs(ctx, run) },
		tell:     tell,
		losses:   figure.Epochs{YLabel: "loss", Series: []figure.Series{{Name: "critic"}, {Name: "generator"}, {Name: "distance"}}},
		fidelity: figure.Epochs{YLabel: "fidelity", Series: []figure.Series{{Name: "fidelity"}}},
	}
}

// hooks gather what is told of each epoch, and tell it on.
func (l *curves) hooks() engine.Hooks {
	return engine.Hooks{Progress: func(p engine.Progress) error {
		if !l.begun {
			l.begun = true
			all, err := l.earlier(p.Run)
			if err != nil {
				return err
			}
			for _, e := range all {
				l.add(epochProgress(e))
			}
		}
		l.add(p)
		return nil
	}}
}

// add draws what is told on, and tells it on.
func (l *curves) add(p engine.Progress) {
	if p.EpochEnded {
		l.epochs++
		l.losses.Epochs = append(l.losses.Epochs, float64(l.epochs))
		for i, v := range []float64{p.Losses.Critic, p.Losses.Generator, p.Losses.Distance} {
			l.losses.Series[i].Values = append(l.losses.Series[i].Values, v)
		}
	}
	if p.Fidelity != nil {
		l.measured = p.Fidelity
		l.fidelity.Epochs = append(l.fidelity.Epochs, float64(l.epochs))
		l.fidelity.Series[0].Values = append(l.fidelity.Series[0].Values, l.measured.Overall)
	}
	p.Examples = nil // they are in the workspace
	told := p
	told.Fidelity = l.measured
	now := learningProgress(told)
	now.Training = &p
	l.tell(now)
}

// epochProgress is what the workspace keeps of an epoch, as it was told.
func epochProgress(e workspace.EpochFigures) engine.Progress {
	p := engine.Progress{Chunk: e.Chunk, Epoch: e.Epoch, Iteration: int(e.Values["iteration"]), EpochEnded: true}
	p.Elapsed = time.Duration(e.Values["seconds"] * float64(time.Second))
	p.Losses.Critic, p.Losses.Generator, p.Losses.Distance = e.Values["critic_loss"], e.Values["generator_loss"], e.Values["distance"]
	if overall, ok := e.Values["fidelity"]; ok {
		p.Fidelity = &engine.Fidelity{Overall: overall, Pairs: e.Values["pairs_fidelity"], Variety: e.Values["variety"]}
		for _, name := range slices.Sorted(maps.Keys(e.Columns)) {
			p.Fidelity.Columns = append(p.Fidelity.Columns, engine.ColumnFidelity{Name: name, Value: e.Columns[name]})
		}
	}
	return p
}

// parts are what a training that ended shows.
func (l *curves) parts(t workspace.Trained) ([]Part, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "learnt %s: %s, %s, of %s in %s\n", t.Table, render.Noun(t.Epochs, "epoch"), render.Noun(t.Iterations, "iteration"),
		render.Noun(t.Records, "record"), render.Noun(t.Sessions, "session"))
	if p := t.Privacy; p != nil {
		fmt.Fprintf(&b, "private: epsilon %.4g at delta %.3g (%s), for %s\n", p.Epsilon, p.Delta, p.Model, p.Means)
		for _, w := range p.Warnings {
			fmt.Fprintf(&b, "note: %s\n", w)
		}
	}
	if t.Fidelity > 0 {
		fmt.Fprintf(&b, "fidelity %.3f, 0 to 1, of the networks before their sessions meet the real margins\n", t.Fidelity)
	}
	parts := []Part{textPart("%s", b.String())}
	parts[0].Run = t.Run
	for _, c := range []struct {
		title, alt string
		figure     figure.Epochs
	}{
		{"Losses of " + t.Table, "Losses of the critic and the generator, and their distance, by epoch", l.losses},
		{"Fidelity of " + t.Table, "Fidelity of the networks' sessions, by epoch", l.fidelity},
	} {
		if len(c.figure.Epochs) < 2 {
			continue
		}
		f, err := draw(c.title, c.alt, c.figure, nil)
		if err != nil {
			return parts, err
		}
		parts = append(parts, Part{Figure: f})
	}
	return parts, nil
}

// StoppedTraining is the end of a training that was stopped before its time. It
// is kept with its cell.
type StoppedTraining struct {
	Run       int64  `json:"run"`
	Table     string `json:"table"`
	Epochs    int    `json:"epochs"`
	Resumable bool   `json:"resumable"` // a checkpoint of it is kept
	Err       error  `json:"-"`         // what stopped it
}

func (s *StoppedTraining) Error() string {
	text := fmt.Sprintf("the training of %s was stopped after %s", s.Table, render.Noun(s.Epochs, "epoch"))
	if s.Resumable {
		return fmt.Sprintf("%s, which are kept: train resume %d goes on (netshare ws train W --resume %d)", text, s.Run, s.Run)
	}
	return text + ", of which nothing is kept: train again"
}

// Unwrap returns what stopped it.
func (s *StoppedTraining) Unwrap() error { return s.Err }

// stopped says what came of a training where ctx ended it; other errors it
// returns as they are.
func (r *Runner) stopped(ctx context.Context, t workspace.Trained, err error) error {
	if ctx.Err() == nil || t.Run == 0 {
		return err
	}
	found := r.stoppedRun(context.WithoutCancel(ctx), func(run workspace.Training) bool { return run.ID == t.Run })
	if found == nil {
		return err
	}
	found.Err = context.Cause(ctx)
	return found
}

// stoppedRun is the latest training run that is so and was cut off, nil for
// none.
func (r *Runner) stoppedRun(ctx context.Context, is func(workspace.Training) bool) *StoppedTraining {
	all, err := r.ws.Trainings(ctx)
	if err != nil {
		return nil
	}
	for _, run := range all {
		if is(run) && run.Model == 0 {
			var o engine.Options
			private := json.Unmarshal(run.Options, &o) == nil && o.DP.On() // what was looked at is spent
			return &StoppedTraining{Run: run.ID, Table: run.Table, Epochs: run.Epochs, Resumable: run.Checkpoints > 0 && !private}
		}
	}
	return nil
}

// Resume goes on, as a job, with a training run that was cut off.
func (r *Runner) Resume(ctx context.Context, run int64) (*Job, error) {
	return r.jobs.Start(ctx, fmt.Sprintf("resume run %d", run), func(ctx context.Context, tell func(Progress)) (out Output, err error) {
		out.Parts, err = r.resume(ctx, run, tell)
		return out, err
	})
}

// ResumeCell is Resume of a run that a cell began, which keeps what comes of it
// as Run does. The cell must train one table only.
func (r *Runner) ResumeCell(ctx context.Context, c Cell, run int64) (*Job, error) {
	steps, err := parseSteps(c.Kind, c.Text)
	if err != nil {
		return nil, r.place(c, err)
	}
	if c.Kind != KindTrain || len(steps) != 1 {
		return nil, fmt.Errorf("the cell does more than run %d: go on with it in the list of training runs", run)
	}
	return r.jobs.Start(ctx, fmt.Sprintf("resume run %d", run), func(ctx context.Context, tell func(Progress)) (Output, error) {
		return r.keep(ctx, c, func() ([]Part, error) { return r.resume(ctx, run, tell) })
	})
}

// resume goes on with a training run when it is its turn.
func (r *Runner) resume(ctx context.Context, run int64, tell func(Progress)) ([]Part, error) {
	return r.do(ctx, step{kind: KindTrain, run: run}, tell)
}
