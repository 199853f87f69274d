package notebook

import (
	"bytes"
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

// learning is what a cell shows of a training, gathered while it runs.
type learning struct {
	tell             func(Progress)
	losses, fidelity figure.Epochs
	measured         *engine.Fidelity // last
}

func newLearning(tell func(Progress)) *learning {
	return &learning{
		tell:     tell,
		losses:   figure.Epochs{YLabel: "loss", Series: []figure.Series{{Name: "critic"}, {Name: "generator"}, {Name: "distance"}}},
		fidelity: figure.Epochs{YLabel: "fidelity", Series: []figure.Series{{Name: "fidelity"}}},
	}
}

// hooks gather what is told of each epoch, and tell it on.
func (l *learning) hooks() engine.Hooks {
	return engine.Hooks{Progress: func(p engine.Progress) error { l.take(p); return nil }}
}

// take gathers what is told, and tells it on.
func (l *learning) take(p engine.Progress) {
	if p.EpochEnded {
		l.losses.Epochs = append(l.losses.Epochs, float64(p.Epoch))
		for i, v := range []float64{p.Losses.Critic, p.Losses.Generator, p.Losses.Distance} {
			l.losses.Series[i].Values = append(l.losses.Series[i].Values, v)
		}
	}
	if p.Fidelity != nil {
		l.measured = p.Fidelity
		l.fidelity.Epochs = append(l.fidelity.Epochs, float64(p.Epoch))
		l.fidelity.Series[0].Values = append(l.fidelity.Series[0].Values, l.measured.Overall)
	}
	p.Examples = nil // they are in the workspace
	told := p
	told.Fidelity = l.measured
	now := learningProgress(told)
	now.Training = &p
	l.tell(now)
}

// past are the epochs of a run before it was cut off.
func past(run int64, epochs []workspace.EpochFigures) []engine.Progress {
	out := make([]engine.Progress, len(epochs))
	for i, e := range epochs {
		p := engine.Progress{Epoch: e.Epoch, EpochEnded: true, Run: run, Iteration: int(e.Values["iteration"])}
		p.Losses.Critic, p.Losses.Generator, p.Losses.Distance = e.Values["critic_loss"], e.Values["generator_loss"], e.Values["distance"]
		if f, ok := e.Values["fidelity"]; ok {
			p.Fidelity = &engine.Fidelity{Overall: f}
			for _, name := range slices.Sorted(maps.Keys(e.Columns)) {
				p.Fidelity.Columns = append(p.Fidelity.Columns, engine.ColumnFidelity{Name: name, Value: e.Columns[name]})
			}
		}
		out[i] = p
	}
	return out
}

// parts are what a training that ended shows.
func (l *learning) parts(t workspace.Trained) ([]Part, error) {
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

// StoppedTraining is the end of a training that was stopped before its time.
type StoppedTraining struct {
	Run       int64
	Table     string
	Epochs    int
	Resumable bool  // a checkpoint of it is kept
	Err       error // what stopped it
}

func (s *StoppedTraining) Error() string {
	text := fmt.Sprintf("the training of %s was stopped after %s", s.Table, render.Noun(s.Epochs, "epoch"))
	if s.Resumable {
		return fmt.Sprintf("%s, which are kept: netshare ws train W --resume %d goes on", text, s.Run)
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
	all, failed := r.ws.Trainings(context.WithoutCancel(ctx))
	if failed != nil {
		return err
	}
	for _, run := range all {
		if run.ID == t.Run {
			return &StoppedTraining{Run: run.ID, Table: run.Table, Epochs: run.Epochs, Resumable: run.Checkpoints > 0, Err: context.Cause(ctx)}
		}
	}
	return err
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
	give, err := r.jobs.Take(ctx, tell)
	if err != nil {
		return nil, err
	}
	defer give()
	l := newLearning(tell)
	begun := false
	t, err := r.ws.Resume(ctx, run, engine.Hooks{Progress: func(p engine.Progress) error {
		if !begun { // by now the workspace has forgotten the epochs that come again
			begun = true
			before, err := r.ws.Epochs(ctx, run)
			if err != nil {
				return err
			}
			for _, e := range past(run, before) {
				l.take(e)
			}
		}
		l.take(p)
		return nil
	}})
	if err != nil {
		return nil, r.stopped(ctx, t, err)
	}
	return l.parts(t)
}

// Stopped finds, by cell, the trainings that were cut off before their time, by
// a person or with the program, and can be gone on with: the last of a cell's
// table with the cell's options, where nothing came of the cell since.
func (r *Runner) Stopped(ctx context.Context, d *Document) (map[string]*StoppedTraining, error) {
	out := map[string]*StoppedTraining{}
	if !slices.ContainsFunc(d.Cells, func(c *Cell) bool { return c.Kind == KindTrain }) {
		return out, nil
	}
	all, err := r.ws.Trainings(ctx)
	if err != nil || len(all) == 0 {
		return out, err
	}
	kept, err := r.ws.Cells(ctx, r.key)
	if err != nil {
		return nil, err
	}
	ended := map[string]time.Time{}
	for _, c := range kept {
		ended[c.ID] = c.Finished
	}
	for _, c := range d.Cells {
		steps, err := parseSteps(c.Kind, c.Text)
		if c.Kind != KindTrain || err != nil || len(steps) != 1 {
			continue
		}
		options, err := json.Marshal(steps[0].train)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(t workspace.Training) bool {
			return strings.EqualFold(t.Table, steps[0].table) && bytes.Equal(t.Options, options)
		})
		if i < 0 {
			continue
		}
		if t := all[i]; t.Resumable() && t.Started.After(ended[c.ID]) {
			out[c.ID] = &StoppedTraining{Run: t.ID, Table: t.Table, Epochs: t.Epochs, Resumable: true}
		}
	}
	return out, nil
}
