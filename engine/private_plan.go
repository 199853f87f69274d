package engine

import (
	"errors"
	"fmt"
	"math"

	"netshare/engine/dgan"
	"netshare/engine/privacy"
)

// What the networks of a private model are like. Noise on a sum of gradients
// grows with the root of the critic's weights, so that it is small; what noise
// leaves of a step falls with the number of steps, so that they are few.
const (
	columnsOfBudget = .25 // of rho, for the columns that the networks' code is made of
	codeClasses     = 12  // of a column
	longestSample   = 8   // records of a sample; longer sessions are learnt in windows
	windowHolds     = .95 // sessions no longer than a sample, where that is enough

	batchShare = .25 // of the sessions in a batch
	batchMost  = 8192

	criticLayers = 2
	criticUnits  = 64
	fewestUnits  = 32

	roundsMost  = 4096 // critic rounds
	roundsLeast = 64
	// enoughRounds is how many the larger critic has at least: a smaller one is
	// under less noise, and gets more of them.
	enoughRounds = 2048
	roundsEach   = 2 // of an iteration

	// Noise over gradient in a step. More steps under more noise measured better
	// than fewer under less, up to drownsAim: on CTU flows at epsilon 2, two-way
	// total variation of .24 at .3, .13 at .4, .07 at .6 to .85.
	drownsAim    = .85 // at most, where the steps are chosen; a warning above
	refusesAbove = 1.

	// criticRate is what the critic's learning rate is multiplied by: its steps
	// are few, and Adam's are as long under noise as without. Source: measured.
	criticRate = 3

	manySessions = 100000 // from which the networks are worth their noise

	// floating is what rounding in float32 sums is given of the sensitivity.
	floating = 1.01
)

// plan is what private training does, chosen for a budget; nothing of it
// depends on the data but through noise.
type plan struct {
	Rate       float64 // of Poisson sampling
	Nominal    float64 // sessions in a batch
	Rounds     int     // critic rounds
	Units      int     // of the critic's layers
	Weights    int     // of the critic
	Multiplier float64 // of the noise
	Drowned    float64 // the noise's length over a clipped gradient's, in a step
}

// criticSize is the number of weights of a critic over so many columns.
func criticSize(columns, units int) int {
	return (columns+1)*units + (criticLayers-1)*(units+1)*units + units + 1
}

// drowned is the length of the noise over that of what it is added to, at
// most; cap is how many sessions one unit has.
func (p plan) drowned(limit int) float64 {
	return p.Multiplier * math.Sqrt(float64(p.Weights)) * float64(limit) / p.Nominal
}

// planFor chooses networks for a number of sessions, as it is known with noise,
// and the columns of a sample. Rounds are those given, 0 for the most that
// leave something of each step.
func planFor(d DP, spent *privacy.Ledger, sessions float64, columns, limit, rounds int) (plan, error) {
	p := plan{Rate: min(batchShare, batchMost/sessions)}
	p.Nominal = max(1, p.Rate*sessions)
	try := func(units, rounds int) (q plan, err error) {
		q = p
		q.Units, q.Rounds, q.Weights = units, rounds, criticSize(columns, units)
		if q.Multiplier = d.NoiseMultiplier; q.Multiplier == 0 {
			if q.Multiplier, err = d.Multiplier(spent, q.Rate, rounds); err != nil {
				return q, err
			}
		}
		q.Drowned = q.drowned(limit)
		return q, nil
	}
	if rounds > 0 {
		q, err := try(criticUnits, rounds)
		if err == nil && q.Drowned > drownsAim/2 {
			q, err = try(fewestUnits, rounds)
		}
		return q, err
	}
	for units, rounds := criticUnits, roundsMost; ; rounds /= 2 {
		if rounds < enoughRounds {
			units = fewestUnits
		}
		q, err := try(units, rounds)
		if err != nil || q.Drowned <= drownsAim || rounds <= roundsLeast {
			return q, err
		}
	}
}

// config is the networks' configuration: the generator's as asked for, the
// critic as planned, and one of it.
func (p plan) config(c dgan.Config) dgan.Config {
	c.CriticLayers, c.CriticUnits, c.AttributeCritic = criticLayers, p.Units, false
	c.CriticRounds, c.Interpolation, c.Packing = roundsEach, dgan.Uniform, 1
	c.CriticRate = min(1, criticRate*c.CriticRate)
	return c
}

// lattice returns noise for a sum that one unit moves by sensitivity at most.
func (p plan) lattice(sensitivity float64) (*privacy.Lattice, error) {
	sigma := p.Multiplier * sensitivity * floating
	for range 100 {
		l, err := privacy.NewLattice(sigma)
		if err != nil {
			return nil, err
		}
		want := p.Multiplier * (sensitivity*floating + l.Rounding(p.Weights))
		if want <= sigma {
			return l, nil
		}
		sigma = 1.001 * want
	}
	return nil, fmt.Errorf("noise of %g times the clip on %d weights can't be put on a lattice: ask for less noise", p.Multiplier, p.Weights)
}

// check warns of what noise leaves nothing of, or refuses it.
func (p plan) check(d DP, sessions float64) (warnings []string, err error) {
	much := fmt.Sprintf("noise is %.2g times what a step learns of about %.0f sessions (%d critic weights, batch %.0f, %d steps)", p.Drowned, sessions, p.Weights, p.Nominal, p.Rounds)
	switch {
	case p.Drowned > refusesAbove && !d.Force:
		return nil, errors.New(much + ": take the marginal model, a longer trace or a greater epsilon, or force it")
	case p.Drowned > drownsAim:
		warnings = append(warnings, much+": expect little of the networks beyond columns on their own")
	}
	if sessions < manySessions {
		warnings = append(warnings, fmt.Sprintf("about %.0f sessions: below some %d the marginal model was as close or closer at each epsilon that was measured", sessions, manySessions))
	}
	return warnings, nil
}
