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
	given   func(string) bool
}

func (f *dpFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.on, "dp", false, "learn under differential privacy; the models say what that means for the trace, and the report what each look at it costs")
	c.Flags().Float64Var(&f.epsilon, "epsilon", 2, "with --dp: how much one unit may show, less is more private")
	c.Flags().Float64Var(&f.delta, "delta", 1e-5, "with --dp: the chance that it shows more; below one in the number of sessions")
	c.Flags().StringVar(&f.unit, "dp-unit", string(marginal.Session), "with --dp: what is protected: record, session, or host (all sessions of a source host)")
	c.Flags().IntVar(&f.cap, "host-cap", marginal.DefaultOptions().HostCap, "with --dp-unit host: sessions of a host that are looked at; the noise grows with them")
	c.Flags().StringVar(&f.model, "dp-model", "marginal", "with --dp: marginal (noised counts)")
	f.given = c.Flags().Changed
}

// options returns what is asked for, or what is wrong with it.
func (f *dpFlags) options() (engine.DP, error) {
	if f.given == nil {
		return engine.DP{}, nil
	}
	if !f.on {
		for _, name := range []string{"epsilon", "delta", "dp-unit", "host-cap", "dp-model"} {
			if f.given(name) {
				return engine.DP{}, fmt.Errorf("--%s without --dp: add --dp", name)
			}
		}
		return engine.DP{}, nil
	}
	for _, name := range []string{"epochs", "time", "set"} {
		if f.given(name) {
			return engine.DP{}, fmt.Errorf("--%s with --dp: noised counts are learnt at once, without epochs: leave it out", name)
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
