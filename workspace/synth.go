package workspace

import (
	"context"
	"errors"
	"fmt"
	"math"

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
	// Try are other options to learn with, one after another: the model whose
	// trace the report scores best is kept.
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
	// Tried is told how each of several options did, counted from 1.
	Tried func(n, of int, r Reported)
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
	if tell.Trained != nil && len(s.Try) == 0 {
		tell.Trained(out.Trained)
	}
	s.Generate.Replace = s.Generate.Replace || len(s.Try) > 0 // what was tried
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

// settled says why the best of several settings can't be kept: under
// differential privacy each would spend the budget anew, and the scores that
// choose look at the real trace without noise.
func (s Synth) settled() error {
	for _, o := range append([]engine.Options{s.Train}, s.Try...) {
		if o.DP.On() && len(s.Try) > 0 {
			return fmt.Errorf("%d settings to choose from can't be learnt under differential privacy, since scores choose and are not private: leave one", len(s.Try)+1)
		}
	}
	return nil
}

// best learns with each of the options, and returns the model whose trace
// scores best.
func (w *Workspace) best(ctx context.Context, s Synth, table string) (best Trained, err error) {
	all := append([]engine.Options{s.Train}, s.Try...)
	score := math.Inf(-1)
	for i, o := range all {
		t, err := w.Train(ctx, table, o, s.Hooks.Train)
		if err != nil || len(all) == 1 {
			return t, err
		}
		if s.Hooks.Trained != nil {
			s.Hooks.Trained(t)
		}
		try := s.Generate
		try.Replace = try.Replace || i > 0
		made, err := w.Generate(ctx, t.ID, try)
		if err != nil {
			return best, err
		}
		r, err := w.Report(ctx, table, made.Table.Name.String())
		if err != nil {
			return best, err
		}
		if s.Hooks.Tried != nil {
			s.Hooks.Tried(i+1, len(all), r)
		}
		if r.Overall.Score > score || best.ID == 0 {
			best, score = t, r.Overall.Score
		}
	}
	return best, nil
}
