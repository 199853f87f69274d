package attack

import "gonum.org/v1/gonum/stat/distuv"

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

// level is the one-sided significance at which an attack fails a trace, and that of each end of an interval.
const level = 0.025

// Reuse is how many identifiers of a synthetic trace are those of its training data, beside those of a holdout that the
// model never saw.
type Reuse struct {
	Synthetic   int     // distinct identifiers in the synthetic trace
	Train       int     // of them, in the training data and not in the holdout
	Holdout     int     // of them, in the holdout and not in the training data
	Share       float64 // Train / (Train + Holdout); 0 where both are 0
	Low, High   float64 // 95 % Clopper-Pearson interval of Share
	ChanceShare float64 // what Share is expected to be where nothing leaks
	Verdict     Verdict
}

// MeasureReuse compares the reuse of identifiers that only the training data has with that of identifiers that only the
// holdout has. Where nothing leaks, a reused identifier falls on either side in proportion to how many each has, so that
// the count is binomial. Identifiers may repeat in any order. Hits are taken as independent, which addresses of one
// prefix are not: the interval is then too narrow.
func MeasureReuse(train, holdout, synthetic []string) Reuse {
	inTrain, inHoldout := set(train), set(holdout)
	onlyTrain, onlyHoldout := without(inTrain, inHoldout), without(inHoldout, inTrain)
	r := Reuse{High: 1}
	for id := range set(synthetic) {
		r.Synthetic++
		switch t, h := inTrain[id], inHoldout[id]; {
		case t && !h:
			r.Train++
		case h && !t:
			r.Holdout++
		}
	}
	hits := r.Train + r.Holdout
	if hits > 0 {
		r.Share = float64(r.Train) / float64(hits)
		r.Low, r.High = clopperPearson(r.Train, hits)
	}
	if onlyTrain == 0 || onlyHoldout == 0 || r.Synthetic == 0 {
		return r
	}
	r.ChanceShare = float64(onlyTrain) / float64(onlyTrain+onlyHoldout)
	chance := distuv.Binomial{N: float64(hits), P: r.ChanceShare}
	switch {
	case r.Train == 0:
		r.Verdict = Pass
	case chance.Survival(float64(r.Train)-1) < level:
		r.Verdict = Fail
	case chance.Survival(float64(hits)-1) >= level:
		// Even if every hit were of the training data, so few could be chance.
		r.Verdict = Undecided
	default:
		r.Verdict = Pass
	}
	return r
}

// clopperPearson is the exact 95 % interval of a share of k in n, n > 0.
func clopperPearson(k, n int) (low, high float64) {
	low, high = 0, 1
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(level)
	}
	if k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(1 - level)
	}
	return low, high
}

// set is the distinct values of a list.
func set(values []string) map[string]bool {
	s := make(map[string]bool, len(values))
	for _, v := range values {
		s[v] = true
	}
	return s
}

// without counts the members of a that b lacks.
func without(a, b map[string]bool) int {
	n := 0
	for v := range a {
		if !b[v] {
			n++
		}
	}
	return n
}
