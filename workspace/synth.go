package workspace

import (
	"context"
	"errors"
	"fmt"

	"netshare/engine"
)

// Synth says what Synth does: the standard steps from files to a measured
// synthetic trace.
type Synth struct {
	Load Load
	// Holdout is the share of the hosts, sessions or values that is held out,
	// as HoldoutBy says (see Split): the rest is learnt, and the report measures
	// against both. 0 learns all.
	Holdout   float64
	HoldoutBy string
	Train     engine.Options
	// Try are other options to learn with, one after another. The one of the
	// greatest fidelity to a tenth of the sessions, which none of them learns, is
	// learnt once more, of all; with engine.ChooseTrained the model of the greatest
	// fidelity to the sessions that it learnt is kept.
	Try      []engine.Options
	Generate Generate
	Output   string // file of the synthetic trace; "" for none
	Report   string // folder of the report; "" for none

	// Addresses is what becomes of addresses in Output; "" for as generated.
	Addresses AddressPolicy

	Hooks SynthHooks
}

// SynthHooks are called as Synth goes on. Any may be nil.
type SynthHooks struct {
	Loaded    func(Loaded)
	Split     func(Parts)
	Train     engine.Hooks
	Trained   func(Trained)
	Generated func(Made)
	Exported  func(Exported)
	Measuring func()
	// Tried is told how each of several options did, counted from 1, and Chosen
	// which is the best, and whether it is learnt once more.
	Tried  func(n, of int, t Trained)
	Chosen func(n int, again bool)
}

// Synthesised is what Synth did.
type Synthesised struct {
	Loaded   Loaded
	Parts    Parts // where some was held out
	Trained  Trained
	Made     Made
	Exported Exported
	Report   Reported
}

// Synth loads files, learns them or what is left when some is held out,
// generates as many sessions as were learnt, writes those in the files' own format, and measures them.
func (w *Workspace) Synth(ctx context.Context, s Synth) (out Synthesised, err error) {
	tell := s.Hooks
	if err := errors.Join(s.settled(), s.Addresses.Validate()); err != nil {
		return out, err
	}
	if out.Loaded, err = w.Load(ctx, s.Load); err != nil {
		return out, err
	}
	table := out.Loaded.Table.Name
	if tell.Loaded != nil {
		tell.Loaded(out.Loaded)
	}
	if s.Holdout != 0 {
		by := Split{Table: table.String(), By: s.HoldoutBy, Share: s.Holdout, Seed: s.Train.Seed, Replace: s.Load.Replace}
		if out.Parts, err = w.Split(ctx, by); err != nil {
			return out, err
		}
		if tell.Split != nil {
			tell.Split(out.Parts)
		}
		if s.Generate.Table == "" {
			s.Generate.Table = table.Table
		}
		table = out.Parts.Train.Name
	}
	if out.Trained, err = w.best(ctx, s, table.String()); err != nil {
		return out, err
	}
	if out.Made, err = w.Generate(ctx, out.Trained.ID, s.Generate); err != nil {
		return out, err
	}
	if tell.Generated != nil {
		tell.Generated(out.Made)
	}
	synthetic := out.Made.Table.Name.String()
	if s.Output != "" {
		if out.Exported, err = w.ExportWith(ctx, synthetic, s.Output, ExportOptions{Addresses: s.Addresses}); err != nil {
			return out, err
		}
		if tell.Exported != nil {
			tell.Exported(out.Exported)
		}
	}
	if tell.Measuring != nil {
		tell.Measuring()
	}
	if out.Report, err = w.Report(ctx, table.String(), synthetic); err != nil {
		return out, err
	}
	if s.Report != "" {
		err = out.Report.Write(s.Report)
	}
	return out, err
}

// settled says why the best of several settings can't be kept: where nothing is
// measured, and under differential privacy, where each would spend the budget anew
// and the fidelity that chooses looks at the real trace without noise.
func (s Synth) settled() error {
	for _, o := range append([]engine.Options{s.Train}, s.Try...) {
		switch {
		case len(s.Try) == 0:
		case o.DP.On():
			return fmt.Errorf("%d settings to choose from can't be learnt under differential privacy, since scores choose and are not private: leave one", len(s.Try)+1)
		case !o.Measured():
			return fmt.Errorf("%d settings can't be chosen from where fidelity is not measured: want measures, or extra_checkpoint_freq, above 0", len(s.Try)+1)
		}
	}
	return nil
}

// best learns with each of the options, and returns the model of the greatest
// fidelity to sessions that none of them learnt; what was chosen is then learnt
// once more, of all sessions. Options that hold sessions out themselves, or choose
// by those that are learnt, are learnt once, and so are those of a trace too short
// to hold any out.
func (w *Workspace) best(ctx context.Context, s Synth, table string) (best Trained, err error) {
	all := append([]engine.Options{s.Train}, s.Try...)
	learn := func(o engine.Options) (Trained, error) {
		t, err := w.Train(ctx, table, o, s.Hooks.Train)
		if err == nil && s.Hooks.Trained != nil {
			s.Hooks.Trained(t)
		}
		return t, err
	}
	if len(all) == 1 {
		return learn(s.Train)
	}
	chosen := 0
	for i, o := range all {
		if o.Choose == engine.ChooseLast && o.Validation == 0 {
			o.Validation = engine.HeldOut
		}
		t, err := learn(o)
		if err != nil {
			return t, err
		}
		if s.Hooks.Tried != nil {
			s.Hooks.Tried(i+1, len(all), t)
		}
		if i == 0 || t.Fidelity > best.Fidelity {
			best, chosen = t, i
		}
	}
	o := all[chosen]
	again := best.Held && o.Choose == engine.ChooseLast && o.Validation == 0
	if s.Hooks.Chosen != nil {
		s.Hooks.Chosen(chosen+1, again)
	}
	if again {
		return learn(o)
	}
	return best, nil
}
