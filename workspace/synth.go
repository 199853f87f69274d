package workspace

import (
	"context"

	"netshare/engine"
)

// Synth says what Synth does: the standard steps from files to a measured
// synthetic trace.
type Synth struct {
	Load     Load
	Train    engine.Options
	Generate Generate
	Output   string // file of the synthetic trace; "" for none
	Report   string // folder of the report; "" for none

	Hooks SynthHooks
}

// SynthHooks are called as Synth goes on. Any may be nil.
type SynthHooks struct {
	Loaded    func(Loaded)
	Train     engine.Hooks
	Trained   func(Trained)
	Generated func(Made)
	Exported  func(Exported)
	Measuring func()
}

// Synthesised is what Synth did.
type Synthesised struct {
	Loaded   Loaded
	Trained  Trained
	Made     Made
	Exported Exported
	Report   Reported
}

// Synth loads files, learns them, generates as many sessions as they have,
// writes those in the files' own format, and measures them.
func (w *Workspace) Synth(ctx context.Context, s Synth) (out Synthesised, err error) {
	tell := s.Hooks
	if out.Loaded, err = w.Load(ctx, s.Load); err != nil {
		return out, err
	}
	table := out.Loaded.Table.Name
	if tell.Loaded != nil {
		tell.Loaded(out.Loaded)
	}
	if out.Trained, err = w.Train(ctx, table.String(), s.Train, tell.Train); err != nil {
		return out, err
	}
	if tell.Trained != nil {
		tell.Trained(out.Trained)
	}
	if out.Made, err = w.Generate(ctx, out.Trained.ID, s.Generate); err != nil {
		return out, err
	}
	if tell.Generated != nil {
		tell.Generated(out.Made)
	}
	synthetic := out.Made.Table.Name.String()
	if s.Output != "" {
		if out.Exported, err = w.Export(ctx, synthetic, s.Output); err != nil {
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
