package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"netshare/engine/codec"
	"netshare/engine/marginal"
	"netshare/engine/privacy"
	"netshare/workspace/trace"
)

// DP asks for a model under differential privacy; the zero value asks for none.
type DP struct {
	// Epsilon and Delta are the guarantee; Epsilon 0 trains without any.
	privacy.Budget
	// Model is what learns.
	Model DPModel `json:"model,omitempty"`
	// Unit is what is protected. "" means a session.
	Unit marginal.Unit `json:"unit,omitempty"`
	// HostCap is how many sessions of a host are looked at where Unit is Host; 0
	// for 10.
	HostCap int `json:"host_cap,omitempty"`
	// ColumnsOnly learns columns on their own: a baseline.
	ColumnsOnly bool `json:"columns_only,omitempty"`

	// The rest is for DPGAN.

	// NoiseMultiplier is the standard deviation of the gradients' noise over
	// what one unit can change; 0 chooses it for Epsilon. Where it is given,
	// Epsilon is what comes of it and must be 0. Source: NetShare's
	// dp_noise_multiplier.
	NoiseMultiplier float64 `json:"noise_multiplier,omitempty"`
	// Clip is the greatest length of a session's gradient; 0 for 1. Source:
	// NetShare's dp_l2_norm_clip.
	Clip float64 `json:"clip,omitempty"`
	// Force trains where the noise is greater than anything that is learnt.
	Force bool `json:"force,omitempty"`
	// Pretrain names what the networks learn first, without privacy: a public
	// trace or a model of one. Public yields its sessions, in the fields of the
	// recipe; nil for none.
	Pretrain string `json:"pretrain,omitempty"`
	Public   Source `json:"-"`
}

// DPModel is a kind of model that can be learnt under differential privacy.
type DPModel string

// The kinds of models.
const (
	DPMarginal DPModel = ""    // noised counts: package marginal
	DPGAN      DPModel = "gan" // the networks, by noised gradients
)

// On reports whether a guarantee is asked for.
func (d DP) On() bool { return d != (DP{}) }

// Validate reports all faults, joined.
func (d DP) Validate() error {
	if !d.On() {
		return nil
	}
	var errs []error
	switch d.Model {
	case DPMarginal:
		if d.NoiseMultiplier != 0 || d.Clip != 0 || d.Force || d.Pretrain != "" || d.Public != nil {
			errs = append(errs, errors.New("a noise multiplier, a clip, force and pretraining are of the networks: choose model gan, or leave them out"))
		}
	case DPGAN:
		errs = append(errs, d.validateNetworks()...)
	default:
		errs = append(errs, fmt.Errorf("model %q under differential privacy is unknown: choose marginal or gan", d.Model))
	}
	o := d.marginals()
	if d.Model == DPGAN && d.NoiseMultiplier > 0 && d.Epsilon == 0 {
		o.Epsilon = 1 // what comes of the noise takes its place
	}
	return errors.Join(append(errs, o.Validate())...)
}

// marginals are the options of the marginal model.
func (d DP) marginals() marginal.Options {
	o := marginal.DefaultOptions()
	o.Budget, o.ColumnsOnly = d.Budget, d.ColumnsOnly
	if d.Unit != "" {
		o.Unit = d.Unit
	}
	if d.HostCap != 0 {
		o.HostCap = d.HostCap
	}
	return o
}

// trainMarginal learns the noised counts of the sessions of src.
func trainMarginal(ctx context.Context, src Source, recipe *trace.Recipe, types map[string]trace.Type, opts Options) (*Model, error) {
	all, err := gather(ctx, src, math.MaxInt64, opts.Seed)
	if err != nil {
		return nil, err
	}
	sessions := all.sample
	if len(sessions) == 0 {
		return nil, fmt.Errorf("trace %q has no session to learn from", recipe.Name)
	}
	fitted, err := marginal.Fit(ctx, recipe, types, sessions, opts.DP.marginals())
	if err != nil {
		return nil, err
	}
	m := &Model{Recipe: shell(recipe), Codec: &codec.Codec{}, Options: opts, Marginal: fitted, Privacy: &fitted.Statement}
	m.Sessions = max(1, int(fitted.Sessions)) // as counted with noise
	m.Records = m.Sessions
	return m, nil
}

// generateMarginal makes sessions of a private model.
func (m *Model) generateMarginal(ctx context.Context, opts GenerateOptions, sink Sink) (out Generated, err error) {
	want := opts.Sessions
	if want == 0 {
		want = m.Sessions
	}
	r := rand.New(rand.NewPCG(opts.Seed, 0x6d617267))
	if m.net != nil {
		return m.generatePrivately(ctx, opts, want, r, sink)
	}
	err = m.Marginal.Generate(ctx, want, r, func(s trace.Session) error {
		out.Sessions++
		out.Records += len(s.Series)
		if opts.Progress != nil && out.Sessions%1000 == 0 {
			opts.Progress(out.Sessions, want)
		}
		return sink.Write(ctx, s)
	})
	return out, err
}
