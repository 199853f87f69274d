package attack

import "gonum.org/v1/gonum/stat/distuv"

// Reuse is how many identifiers of a synthetic trace are those of its training data, beside those of a holdout that the
// model never saw.
type Reuse struct {
	Synthetic   int     // distinct identifiers in the synthetic trace
	Train       int     // of them, in the training data and not in the holdout
	Holdout     int     // of them, in the holdout and not in the training data
	Share       float64 // Train / (Train + Holdout); 0 where both are 0
	Low, High   float64 // 95 % Clopper-Pearson interval of Share
	ChanceShare float64 // what Share is expected to be where nothing leaks
	P           float64 // the chance of as many of the training data where nothing leaks
	Verdict     Verdict
}

// MeasureReuse compares the reuse of identifiers that only the training data has with that of identifiers that only the
// holdout has. Where nothing leaks, a reused identifier falls on either side in proportion to how many each has, so that
// the count is binomial. Identifiers may repeat in any order. Hits are taken as independent, which addresses of one
// prefix are not: the interval is then too narrow.
func MeasureReuse(train, holdout, synthetic []string) Reuse {
	inTrain, inHoldout := set(train), set(holdout)
	onlyTrain, onlyHoldout := without(inTrain, inHoldout), without(inHoldout, inTrain)
	r := Reuse{High: 1, P: 1}
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
	if len(holdout) == 0 || r.Synthetic == 0 {
		return r
	}
	r.ChanceShare = share(onlyTrain, onlyTrain+onlyHoldout)
	if r.Train == 0 { // nothing that could be a leak
		r.Verdict = Pass
		return r
	}
	if onlyHoldout == 0 {
		return r
	}
	chance := distuv.Binomial{N: float64(hits), P: r.ChanceShare}
	r.P = chance.Survival(float64(r.Train) - 1)
	switch {
	case r.P < failLevel:
		r.Verdict = Fail
	case chance.Survival(float64(hits)-1) >= failLevel:
		// Even if every hit were of the training data, so few could be chance.
		r.Verdict = Undecided
	default:
		r.Verdict = Pass
	}
	return r
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
