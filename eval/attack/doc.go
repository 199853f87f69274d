// Package attack measures what a synthetic trace gives away of the real one it
// was learnt from, by attacking it. It works on values that the caller has read
// from tables; it reads no table.
//
// # Chance
//
// Every attack is made on sessions that were learnt and, in the same way, on
// sessions that were held out. What works equally well on both says something
// of traces of that kind and nothing of the sessions that were learnt. A block
// fails where it works better on what was learnt than chance explains, and by
// more than is without meaning. Chance is settled by exchanging the hosts of
// the two parts at random (a permutation test), since sessions of one host are
// alike: where hosts were split at random, this is exact whatever hosts do.
// Without a holdout nothing can be told apart from chance, so that nothing
// passes.
package attack

// Verdict is what an attack says of a trace.
type Verdict int

const (
	// Undecided means that there was no holdout, or too little of it to tell a leak from chance. It is not a pass.
	Undecided Verdict = iota
	// Pass means that the attack found no more than chance gives.
	Pass
	// Fail means that the attack found more of the training data than chance gives.
	Fail
)

// String returns pass, fail or undecided.
func (v Verdict) String() string { return [...]string{"undecided", "pass", "fail"}[v] }

// MarshalText implements encoding.TextMarshaler.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Verdict) UnmarshalText(text []byte) error {
	*v = Undecided
	for _, x := range []Verdict{Pass, Fail} {
		if x.String() == string(text) {
			*v = x
		}
	}
	return nil
}

const (
	// level is the chance of either end of an interval: intervals are of 95 %.
	level = 0.025
	// failLevel is how improbable a finding must be to fail a trace: 0.025 for
	// all five blocks together.
	failLevel = 0.005
)
