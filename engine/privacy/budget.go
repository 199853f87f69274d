package privacy

import (
	"errors"
	"fmt"
	"math"
)

// Budget is a guarantee that is asked for.
type Budget struct {
	Epsilon float64 `json:"epsilon"`
	Delta   float64 `json:"delta"`
}

// Validate reports what is wrong with the budget.
func (b Budget) Validate() error {
	var errs []error
	if !(b.Epsilon > 0) || math.IsInf(b.Epsilon, 1) {
		errs = append(errs, fmt.Errorf("epsilon is %g: want a number above 0, 1 to 8 for example", b.Epsilon))
	}
	if !(b.Delta > 0 && b.Delta < 1) {
		errs = append(errs, fmt.Errorf("delta is %g: want more than 0 and less than one in the number of sessions, 1e-5 for example", b.Delta))
	}
	return errors.Join(errs...)
}

// Concentrated returns the rho of zero-concentrated differential privacy that
// the budget allows: mechanisms whose divergence of each order is at most rho
// times the order, all together, meet it. A Gaussian has rho 1/(2 multiplier²),
// an exponential mechanism epsilon²/8.
func (b Budget) Concentrated() float64 {
	return bisect(1e-12, 1e6, func(rho float64) bool {
		best := math.Inf(1)
		for _, a := range Orders() {
			best = min(best, epsilonAt(a, a*rho, b.Delta))
		}
		return best <= b.Epsilon
	})
}

// Multiplier returns the least noise multiplier at which that many steps on
// Poisson samples of the rate stay within the budget beside what the ledger
// holds already. It fails where no noise does.
func (b Budget) Multiplier(spent *Ledger, rate float64, steps int) (float64, error) {
	epsilon := func(s float64) float64 {
		l := Ledger{Mechanisms: append(append([]Mechanism(nil), spent.Mechanisms...),
			Mechanism{Kind: Subsampled, Multiplier: s, Rate: rate, Steps: steps})}
		e, _ := l.Epsilon(b.Delta)
		return e
	}
	const most = 1e6
	if e := epsilon(most); e > b.Epsilon {
		return 0, fmt.Errorf("epsilon %g at delta %g is spent: %.3g already before training: ask for a greater epsilon", b.Epsilon, b.Delta, e)
	}
	return bisect(most, .05, func(s float64) bool { return epsilon(s) <= b.Epsilon }), nil
}

// bisect returns the last number on the way from good, where ok holds, to bad
// at which it still does, to within a millionth. Both are positive.
func bisect(good, bad float64, ok func(float64) bool) float64 {
	if ok(bad) {
		return bad
	}
	for math.Abs(math.Log(bad/good)) > 1e-6 {
		mid := math.Sqrt(good * bad)
		if ok(mid) {
			good = mid
		} else {
			bad = mid
		}
	}
	return good
}
