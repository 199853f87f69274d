package eval

import (
	"context"
	"fmt"
	"io"
	"math"
)

// Holdout is how the synthetic table does against real records that nothing was
// learnt of, beside how the records that were learnt do against them.
type Holdout struct {
	Table      Side            `json:"table"`
	Score      Overall         `json:"score"`      // of the synthetic table against what was held out
	Training   Overall         `json:"training"`   // of the real table that was learnt against what was held out
	Properties []HoldoutAspect `json:"properties"` // by property
}

// HoldoutAspect is one property's scores.
type HoldoutAspect struct {
	Property    string  `json:"property"`
	Learnt      float64 `json:"learnt"`   // synthetic against what was learnt
	HeldOut     float64 `json:"held_out"` // synthetic against what was held out
	RealHeldOut float64 `json:"real"`     // what was learnt against what was held out
}

// Against adds to a report of Compare's how the synthetic table does against
// records that were held out.
func (r *Report) Against(ctx context.Context, learnt, holdout, synth *Trace, opts Options) error {
	opts.MaxFigures, opts.Tasks = 0, false
	a, err := Compare(ctx, holdout, synth, opts)
	if err != nil {
		return err
	}
	b, err := Compare(ctx, holdout, learnt, opts)
	if err != nil {
		return err
	}
	h := &Holdout{Table: a.Real, Score: a.Overall, Training: b.Overall}
	of := func(r *Report, property string) float64 {
		for _, p := range r.Properties {
			if p.Property == property && p.Counted > 0 {
				return p.Score
			}
		}
		return math.NaN()
	}
	for _, p := range r.Properties {
		x := HoldoutAspect{Property: p.Property, Learnt: of(r, p.Property), HeldOut: of(a, p.Property), RealHeldOut: of(b, p.Property)}
		if !math.IsNaN(x.Learnt + x.HeldOut + x.RealHeldOut) {
			h.Properties = append(h.Properties, x)
		}
	}
	r.Holdout = h
	return nil
}

// Words says what the scores against both parts mean together.
func (h *Holdout) Words(learnt Overall) string {
	gap, own := learnt.Score-h.Score.Score, learnt.Score-h.Training.Score
	noise := max(2, 2*learnt.Spread) // points
	switch {
	case gap <= noise:
		return fmt.Sprintf("the synthetic trace is as close to records that nothing was learnt of (%.1f) as to those that were learnt (%.1f)", h.Score.Score, learnt.Score)
	case h.Score.Score >= h.Training.Score-noise:
		return fmt.Sprintf("the parts differ themselves: the records that were learnt score %.1f against what was held out, the synthetic ones %.1f", h.Training.Score, h.Score.Score)
	case gap > max(10, 3*own+2*noise):
		return fmt.Sprintf("the synthetic trace is much closer to the records that were learnt (%.1f) than to those held out (%.1f): look for records learnt by heart", learnt.Score, h.Score.Score)
	}
	return fmt.Sprintf("the synthetic trace is closer to the records that were learnt (%.1f) than to those held out (%.1f, where the real ones that were learnt score %.1f)",
		learnt.Score, h.Score.Score, h.Training.Score)
}

// text writes the scores against both parts for a terminal.
func (h *Holdout) text(w io.Writer, learnt Overall) {
	fmt.Fprintf(w, "\n%-12s %10s %10s %18s   (%d records held out)\n", "against", "learnt", "held out", "learnt, held out", h.Table.Rows)
	fmt.Fprintf(w, "%-12s %10.1f %10.1f %18.1f\n", "overall", learnt.Score, h.Score.Score, h.Training.Score)
	for _, p := range h.Properties {
		fmt.Fprintf(w, "%-12s %10.1f %10.1f %18.1f\n", p.Property, p.Learnt, p.HeldOut, p.RealHeldOut)
	}
	fmt.Fprintf(w, "%s\n", h.Words(learnt))
}
