package workspace

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"netshare/engine"
	"netshare/workspace/store"
)

// Resume goes on with a training run that was cut off: cancelled, interrupted
// when its process ended, or failed. The model is the same, bit for bit, as if
// the run had not been cut off, unless it was bounded by time. The table, its
// recipe and the program's version must be those that the run began with.
func (w *Workspace) Resume(ctx context.Context, run int64, hooks engine.Hooks) (Trained, error) {
	r, err := w.db.Run(ctx, run)
	if err != nil {
		return Trained{}, err
	}
	opts, err := w.resumable(r)
	if err != nil {
		return Trained{}, err
	}
	t, err := w.table(ctx, r.Table, store.Raw)
	if err != nil {
		return Trained{}, fmt.Errorf("run %d: %w", run, err)
	}
	job, err := w.newTraining(ctx, t, opts, hooks)
	if err != nil {
		return Trained{}, fmt.Errorf("run %d: %w", run, err)
	}
	if job.declared.source() != r.RecipeText {
		return Trained{}, fmt.Errorf("run %d: the recipe of %s changed since the run began: declare it as it was, or train again", run, t.Name)
	}
	if t.Changed.After(r.Started) {
		return Trained{}, fmt.Errorf("run %d: %s changed since the run began: train again", run, t.Name)
	}
	from, epochs, err := w.lastCheckpoints(ctx, run)
	if err != nil {
		return Trained{}, err
	}
	if err := w.db.ResumeRun(ctx, run, epochs); err != nil {
		return Trained{}, err
	}
	defer w.busy()()
	err = w.ended(ctx, run, func(id int64) error {
		err := job.run(ctx, id, from)
		if err != nil {
			err = fmt.Errorf("run %d: %s: %w", run, t.Name, err)
		}
		return err
	})
	return job.out, err
}

// resumable returns the options of a run that can be gone on with.
func (w *Workspace) resumable(r store.Run) (o engine.Options, err error) {
	switch {
	case r.Verb != "train":
		return o, fmt.Errorf("run %d is a %s: only a training can be resumed; list them with ws runs", r.ID, r.Verb)
	case r.Status == store.Done:
		return o, fmt.Errorf("run %d is done and its model is kept: generate with it", r.ID)
	case r.Status == store.Running:
		return o, fmt.Errorf("run %d is running", r.ID)
	}
	d := json.NewDecoder(bytes.NewReader(r.Options))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("run %d: its options are not of this version of the program (%w): resume it with netshare %s, or train again", r.ID, err, r.Version)
	}
	if r.Version != w.version {
		return o, fmt.Errorf("run %d was begun by netshare %q, and this is %q, which may come to another model: resume it with that program, or train again", r.ID, r.Version, w.version)
	}
	if o.DP.On() {
		return o, fmt.Errorf("run %d learns under differential privacy, in one go that can't be cut: train again; what was looked at is spent", r.ID)
	}
	return o, nil
}

// lastCheckpoints returns the last that a run saved of each chunk, and the epochs
// that had ended by then, by chunk.
func (w *Workspace) lastCheckpoints(ctx context.Context, run int64) (saved [][]byte, epochs map[int]int, err error) {
	all, err := w.db.Checkpoints(ctx, run)
	epochs = map[int]int{}
	for i, c := range all {
		if i+1 < len(all) && all[i+1].Chunk == c.Chunk {
			continue
		}
		data, err := w.db.Checkpoint(ctx, run, c.Chunk, c.Epoch)
		if err != nil {
			return nil, nil, err
		}
		saved, epochs[c.Chunk] = append(saved, data), c.Epoch-1
	}
	return saved, epochs, err
}
