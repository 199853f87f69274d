package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"netshare/engine"
	"netshare/engine/privacy"
	"netshare/eval"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// keptModel is what the workspace says of a model. It has the shape of the table
// too, so that it generates where the real table is not.
type keptModel struct {
	Trained
	Schema *trace.Schema   `json:"schema,omitempty"`
	Recipe json.RawMessage `json:"recipe,omitempty"`
	// Lists says of fields that are lists how their text is parted, and a name
	// assigned its value, as the table showed it.
	Lists map[string][2]string `json:"lists,omitempty"`
}

func modelMeta(out Trained, t Table, l *learning) json.RawMessage {
	return optionsJSON(keptModel{Trained: out, Schema: &t.Schema, Recipe: t.Recipe, Lists: l.parted()})
}

// imitated returns the real table of a model as the model knows its shape: it
// may be gone, or another by now.
func (w *Workspace) imitated(ctx context.Context, m Model) (Table, error) {
	var k keptModel
	if len(m.Meta) > 0 {
		if err := json.Unmarshal(m.Meta, &k); err != nil {
			return Table{}, fmt.Errorf("what is kept of it is damaged: %w", err)
		}
	}
	if k.Schema == nil {
		return w.table(ctx, m.Table, store.Raw)
	}
	return Table{Name: store.Parse(m.Table, store.Raw), Schema: *k.Schema, Recipe: k.Recipe}, nil
}

// namesKnown keeps the table from being asked for the names in its lists where
// privacy is asked for: a recipe gives them, or lists are learnt whole.
func namesKnown(o engine.Options) *trace.Recipe {
	if o.DP.On() {
		return &trace.Recipe{}
	}
	return nil
}

// StatementOf returns what the model of a run, or of a table as ModelOf finds
// it, guarantees; nil for nothing.
func (w *Workspace) StatementOf(ctx context.Context, run int64, table string) (*privacy.Statement, error) {
	m, err := w.ModelOf(ctx, run, table)
	if err != nil {
		return nil, err
	}
	return statement(m)
}

func statement(m Model) (*privacy.Statement, error) {
	var k keptModel
	if len(m.Meta) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(m.Meta, &k); err != nil {
		return nil, fmt.Errorf("model %d: what is kept of it is damaged: %w", m.ID, err)
	}
	return k.Privacy, nil
}

// guaranteeOf returns what a synthetic table's model guarantees, for its report.
func (w *Workspace) guaranteeOf(ctx context.Context, t Table) (*eval.Guarantee, error) {
	if t.Model == 0 {
		return nil, nil
	}
	m, err := w.db.Model(ctx, t.Model)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := statement(m)
	if s == nil || err != nil {
		return nil, err
	}
	g := &eval.Guarantee{Model: s.Model, Epsilon: s.Epsilon, Delta: s.Delta, Unit: s.Unit, Means: s.Means, Outside: s.Outside, Warnings: s.Warnings}
	for _, x := range s.Mechanisms {
		g.Parts = append(g.Parts, eval.GuaranteePart{Name: x.Name, Kind: string(x.Kind), Noise: noiseWords(x.Mechanism), Epsilon: x.Epsilon})
	}
	return g, nil
}

func noiseWords(m privacy.Mechanism) string {
	switch m.Kind {
	case privacy.Exponential:
		return fmt.Sprintf("epsilon %.3g each of %d", m.Pure, max(1, m.Steps))
	case privacy.Subsampled:
		return fmt.Sprintf("%.3g times, %d steps at rate %.3g", m.Multiplier, m.Steps, m.Rate)
	}
	return fmt.Sprintf("%.3g times", m.Multiplier)
}
