package engine

import (
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// Examples are a few sessions to look at, as they were when fidelity was
// measured: real ones, the same each time, and ones that the networks make,
// uncalibrated, of the same random numbers each time.
type Examples struct{ Real, Made []Example }

// Example is a session to look at, in the fields of the recipe.
type Example struct {
	trace.Session     // its first records, at most 12
	Records       int // all of it
}

const (
	exampleSessions = 4
	exampleRecords  = 12 // of a session
)

// exampleOf copies a session's first records, so that the others can be let go.
func exampleOf(s trace.Session, records int) Example {
	return Example{trace.Session{Meta: s.Meta, Series: slices.Clone(s.Series[:min(len(s.Series), exampleRecords)])}, records}
}

// keep adds a real session to those that are shown.
func (ref *reference) keep(s trace.Session) {
	if len(ref.shown) < exampleSessions {
		ref.shown = append(ref.shown, exampleOf(s, len(s.Series)))
	}
}

// examples decodes the first of the sessions that were made for a measurement.
// Random numbers of its own leave those of the measurement as they are.
func (y *yardstick) examples(made []candidate, records []int) *Examples {
	r := rand.New(rand.NewPCG(y.m.Options.Seed, 0x657861))
	e := &Examples{Real: y.shown}
	for i, c := range made[:min(len(made), exampleSessions)] {
		s := y.m.Codec.Decode(c.Candidate, c.series, r)
		k := newKeeper(&y.m.targets.rules, y.m.Codec, r)
		k.hold([]trace.Session{s})
		k.distinguish([]trace.Session{s})
		e.Made = append(e.Made, exampleOf(s, records[i]))
	}
	return e
}
