package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"netshare/engine"
	"netshare/engine/marginal"
	"netshare/engine/privacy"
)

// dpFlags are the options of differential privacy.
type dpFlags struct {
	on      bool
	epsilon float64
	delta   float64
	unit    string
	model   string
	cap     int

	noise, clip float64
	force       bool
	pretrain    string

	given func(string) bool
}

func (f *dpFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.on, "dp", false, "learn under differential privacy; the models say what that means for the trace, and the report what each look at it costs")
	c.Flags().Float64Var(&f.epsilon, "epsilon", 2, "with --dp: how much one unit may show, less is more private")
	c.Flags().Float64Var(&f.delta, "delta", 1e-5, "with --dp: the chance that it shows more; below one in the number of sessions")
	c.Flags().StringVar(&f.unit, "dp-unit", string(marginal.Session), "with --dp: what is protected: record, session, or host (all sessions of a source host)")
	c.Flags().IntVar(&f.cap, "host-cap", marginal.DefaultOptions().HostCap, "with --dp-unit host: sessions of a host that are looked at; the noise grows with them")
	c.Flags().StringVar(&f.model, "dp-model", "marginal", "with --dp: marginal (noised counts), or gan (the networks, by noised gradients: worth their noise from some 100,000 sessions on)")
	c.Flags().Float64Var(&f.noise, "noise-multiplier", 0, "with --dp-model gan, in place of --epsilon: the noise's standard deviation over what one unit can change (dp_noise_multiplier)")
	c.Flags().Float64Var(&f.clip, "clip", 1, "with --dp-model gan: the greatest length of a session's gradient (dp_l2_norm_clip)")
	c.Flags().BoolVar(&f.force, "dp-force", false, "with --dp-model gan: train where noise is greater than anything that is learnt")
	c.Flags().StringVar(&f.pretrain, "pretrain", "", "begin with the networks of a training run, by its number, of W.duckdb:RUN of another workspace, or of a file that ws export --model wrote; with --dp-model gan: learn a public trace first, without privacy: a run or a table of the workspace, or W.duckdb:TABLE, W.duckdb:RUN of another")
	f.given = c.Flags().Changed
}

// options returns what is asked for, or what is wrong with it.
func (f *dpFlags) options() (engine.DP, error) {
	if f.given == nil {
		return engine.DP{}, nil
	}
	networks := []string{"noise-multiplier", "clip", "dp-force", "pretrain"}
	if !f.on {
		for _, name := range append([]string{"epsilon", "delta", "dp-unit", "host-cap", "dp-model"}, networks[:3]...) {
			if f.given(name) {
				return engine.DP{}, fmt.Errorf("--%s without --dp: add --dp", name)
			}
		}
		return engine.DP{}, nil
	}
	gan := f.model == string(engine.DPGAN)
	if f.given("time") {
		return engine.DP{}, errors.New("--time with --dp: how much is learnt is settled by the budget, not the clock: leave it out")
	}
	for _, name := range []string{"epochs", "set"} {
		if f.given(name) && !gan {
			return engine.DP{}, fmt.Errorf("--%s with --dp: noised counts are learnt at once, without epochs: leave it out", name)
		}
	}
	for _, name := range networks {
		if f.given(name) && !gan {
			return engine.DP{}, fmt.Errorf("--%s without --dp-model gan: add it", name)
		}
	}
	if f.given("host-cap") && f.unit != string(marginal.Host) {
		return engine.DP{}, errors.New("--host-cap without --dp-unit host: add it")
	}
	if f.unit == "" {
		return engine.DP{}, errors.New("--dp-unit is empty: choose record, session or host")
	}
	d := engine.DP{Budget: privacy.Budget{Epsilon: f.epsilon, Delta: f.delta}, Unit: marginal.Unit(f.unit), HostCap: f.cap}
	if d.HostCap == 0 {
		d.HostCap = -1 // not for the default
	}
	if f.model != "marginal" {
		d.Model = engine.DPModel(f.model)
	}
	if gan {
		d.NoiseMultiplier, d.Clip, d.Force, d.Pretrain = f.noise, f.clip, f.force, f.pretrain
		switch {
		case f.given("noise-multiplier") && f.noise == 0:
			return d, errors.New("--noise-multiplier is 0: want more than 0, 1 to 20 for example")
		case f.given("clip") && f.clip == 0:
			return d, errors.New("--clip is 0: want more than 0")
		case f.given("noise-multiplier") && !f.given("epsilon"):
			d.Epsilon = 0 // comes of it
		}
	}
	return d, d.Validate()
}

// guarantee tells what a model guarantees.
func (p *printer) guarantee(s *privacy.Statement) {
	if s == nil {
		return
	}
	p.event("privacy", s)
	p.note("private  epsilon %.4g at delta %.3g (%s), for %s", s.Epsilon, s.Delta, s.Model, s.Means)
	for _, m := range s.Mechanisms {
		p.note("         %7.4f  %s", m.Epsilon, printable(m.Name))
	}
	p.note("         outside the guarantee:")
	for _, o := range s.Outside {
		p.note("           %s", o)
	}
	for _, w := range s.Warnings {
		p.note("  note: %s", w)
	}
}
