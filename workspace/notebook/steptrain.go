package notebook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"netshare/engine"
	"netshare/engine/marginal"
	"netshare/engine/privacy"
)

// dpWords are the options of a private training; those that are for the
// networks alone say so.
var dpWords = map[string]struct{ networks bool }{
	"epsilon": {}, "delta": {}, "dp-unit": {}, "host-cap": {}, "dp-model": {},
	"noise-multiplier": {true}, "clip": {true}, "dp-force": {true},
}

func (s *step) parseTrain(words []string) error {
	if first := optionName(words[0]); first == "resume" && len(words) > 1 {
		if err := whole(&s.run, 1).value(words[1]); err != nil {
			return fmt.Errorf("resume of a run: %w", err)
		}
		if len(words) > 2 {
			return fmt.Errorf("resume goes on with the run's own options: leave out %s", strings.Join(words[2:], " "))
		}
		return nil
	}
	s.table = FullName(words[0], "raw")
	s.train = engine.DefaultOptions()
	dp := engine.DP{Budget: privacy.Budget{Epsilon: 2, Delta: 1e-5}, Unit: marginal.Session, HostCap: marginal.DefaultOptions().HostCap, Clip: 1}
	on, model := false, "marginal"
	takes := map[string]option{
		"epochs":           whole(&s.train.Epochs, 1),
		"iterations":       whole(&s.train.Iterations, 1),
		"time":             duration(&s.train.Time),
		"seed":             seed(&s.train.Seed),
		"memory":           size(&s.train.Memory),
		"set":              {again: true, value: s.train.Set},
		"recipe":           text(&s.recipe),
		"min-seen":         whole(&s.train.Codec.MinSeen, 1),
		"dp":               {alone: func() { on = true }},
		"epsilon":          number(&dp.Epsilon),
		"delta":            number(&dp.Delta),
		"dp-unit":          {value: func(v string) error { dp.Unit = marginal.Unit(v); return nil }},
		"host-cap":         whole(&dp.HostCap, 1),
		"dp-model":         {value: func(v string) error { model = v; return nil }},
		"noise-multiplier": positive(&dp.NoiseMultiplier),
		"clip":             positive(&dp.Clip),
		"dp-force":         {alone: func() { dp.Force = true }},
		"pretrain":         text(&dp.Pretrain),
		"resume": {value: func(string) error {
			return errors.New("it goes on with the run's own options, and stands alone: train resume RUN")
		}},
	}
	given, err := optionsGiven(KindTrain, words[1:], takes)
	if err != nil {
		return err
	}
	gan := model == string(engine.DPGAN)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch w, private := dpWords[name]; {
		case private && !on:
			return fmt.Errorf("%s without dp: add dp", name)
		case on && name == "time":
			return errors.New("time with dp: how much is learnt is settled by the budget, not the clock: leave it out")
		case on && !gan && (name == "epochs" || name == "iterations" || name == "set" || name == "pretrain"):
			return fmt.Errorf("%s with dp: noised counts are learnt at once, without networks: leave it out, or add dp-model gan", name)
		case w.networks && !gan:
			return fmt.Errorf("%s without dp-model gan: add it", name)
		}
	}
	if given["host-cap"] && dp.Unit != marginal.Host {
		return errors.New("host-cap without dp-unit host: add it")
	}
	if !on {
		s.train.Pretrain = dp.Pretrain
		return s.train.Validate()
	}
	if model != "marginal" {
		dp.Model = engine.DPModel(model)
	}
	if !gan {
		dp.Clip = 0
	}
	if given["noise-multiplier"] && !given["epsilon"] {
		dp.Epsilon = 0 // comes of it
	}
	s.train.DP = dp
	return s.train.Validate()
}
