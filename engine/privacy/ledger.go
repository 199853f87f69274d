package privacy

import (
	"fmt"
	"math"
)

// Kind is what sort of mechanism looked at the data.
type Kind string

// The kinds of mechanisms.
const (
	Gaussian    Kind = "gaussian"            // Gaussian noise on sums over all units
	Subsampled  Kind = "subsampled gaussian" // the same on sums over a Poisson sample, step by step
	Exponential Kind = "exponential"         // a choice, the better ones exponentially more likely
)

// Mechanism is one look at the data through noise.
type Mechanism struct {
	Name string `json:"name"` // what was learnt by it
	Kind Kind   `json:"kind"`
	// Multiplier is the noise's standard deviation over the sensitivity, the
	// most that one unit changes the sums in Euclidean length. Of an
	// Exponential it is unused.
	Multiplier float64 `json:"noise_multiplier,omitempty"`
	Rate       float64 `json:"sampling_rate,omitempty"` // of a Subsampled
	Steps      int     `json:"steps,omitempty"`         // how often it was applied; 0 for once
	Pure       float64 `json:"pure_epsilon,omitempty"`  // of an Exponential, of each step
	// Delta is the chance that the mechanism fails its divergence: of naming a
	// value that only one unit has. It counts once.
	Delta float64 `json:"delta,omitempty"`
}

// Divergence returns the Rényi divergence of an order of all steps.
func (m Mechanism) Divergence(order float64) float64 {
	steps := float64(max(1, m.Steps))
	switch m.Kind {
	case Subsampled:
		return steps * SubsampledGaussian(m.Rate, m.Multiplier, order)
	case Exponential: // Cesar and Rogers (2021): of bounded range, so concentrated by an eighth of its square
		return steps * min(order*m.Pure*m.Pure/8, m.Pure)
	}
	return steps * SubsampledGaussian(1, m.Multiplier, order)
}

// Validate says what is wrong with a mechanism.
func (m Mechanism) Validate() error {
	switch {
	case m.Kind == Exponential && !(m.Pure >= 0):
		return fmt.Errorf("mechanism %q: epsilon is %g: want 0 or more", m.Name, m.Pure)
	case m.Kind != Exponential && !(m.Multiplier > 0):
		return fmt.Errorf("mechanism %q: the noise multiplier is %g: want more than 0", m.Name, m.Multiplier)
	case m.Kind == Subsampled && !(m.Rate >= 0 && m.Rate <= 1):
		return fmt.Errorf("mechanism %q: the sampling rate is %g: want 0 to 1", m.Name, m.Rate)
	case m.Kind != Exponential && m.Kind != Gaussian && m.Kind != Subsampled:
		return fmt.Errorf("mechanism %q: unknown kind %q", m.Name, m.Kind)
	case m.Steps < 0 || !(m.Delta >= 0 && m.Delta < 1):
		return fmt.Errorf("mechanism %q: %d steps, delta %g: want 0 or more, and less than 1", m.Name, m.Steps, m.Delta)
	}
	return nil
}

// Ledger is every mechanism that looked at one trace; the zero value is that of
// none. Mechanisms may have been chosen in the light of what earlier ones gave.
type Ledger struct{ Mechanisms []Mechanism }

// Add enters a mechanism.
func (l *Ledger) Add(m Mechanism) error {
	if err := m.Validate(); err != nil {
		return err
	}
	l.Mechanisms = append(l.Mechanisms, m)
	return nil
}

// Epsilon returns the guarantee at delta and the Rényi order that gives it;
// +Inf where no delta is left after what the mechanisms take of it.
func (l *Ledger) Epsilon(delta float64) (epsilon, order float64) {
	for _, m := range l.Mechanisms {
		delta -= m.Delta
	}
	if len(l.Mechanisms) == 0 {
		return 0, 0
	}
	if !(delta > 0) {
		return math.Inf(1), 0
	}
	epsilon = math.Inf(1)
	for _, a := range Orders() {
		sum := 0.0
		for _, m := range l.Mechanisms {
			sum += m.Divergence(a)
		}
		if e := epsilonAt(a, sum, delta); e < epsilon {
			epsilon, order = e, a
		}
	}
	return max(0, epsilon), order
}

// Shares returns what each mechanism costs of the epsilon at delta: its share
// of the divergence at the order that gives the guarantee. They add up to it.
func (l *Ledger) Shares(delta float64) []float64 {
	epsilon, order := l.Epsilon(delta)
	shares := make([]float64, len(l.Mechanisms))
	sum := 0.0
	for i, m := range l.Mechanisms {
		if order > 0 {
			shares[i] = m.Divergence(order)
		}
		sum += shares[i]
	}
	for i := range shares {
		if sum > 0 {
			shares[i] *= epsilon / sum
		}
	}
	return shares
}
