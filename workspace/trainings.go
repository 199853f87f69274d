package workspace

import (
	"context"

	"netshare/workspace/store"
)

// Training is a training run as runs are compared.
type Training = store.Training

// EpochFigures is what was measured in one epoch of a training run.
type EpochFigures = store.Epoch

// Trainings lists all training runs, the latest first.
func (w *Workspace) Trainings(ctx context.Context) ([]Training, error) { return w.db.Trainings(ctx) }

// Epochs returns what was measured in each epoch of a training run so far.
func (w *Workspace) Epochs(ctx context.Context, run int64) ([]EpochFigures, error) {
	return w.db.Epochs(ctx, run)
}
