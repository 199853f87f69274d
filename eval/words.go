package eval

import (
	"fmt"
	"math"
	"strings"

	"netshare/workspace/trace"
)

// percent writes a share.
func percent(x float64) string {
	if !finite(x) {
		return "none"
	}
	x *= 100
	switch {
	case x == 0:
		return "0 %"
	case x < 0.01:
		return "under 0.01 %"
	case x < 1:
		return fmt.Sprintf("%.2g %%", x)
	}
	return fmt.Sprintf("%.3g %%", x)
}

// wordsForCounts names the value whose share of records is most off, and
// returns its real share where no synthetic record has it.
func wordsForCounts(f *field, p, q []float64) (words string, lost float64) {
	np, nq := total(p), total(q)
	if np == 0 || nq == 0 {
		return "", 0
	}
	worst, most := -1, 0.0
	for i := range p {
		if d := jsTerm(p[i]/np, q[i]/nq); d > most {
			worst, most = i, d
		}
	}
	if worst < 0 {
		return "", 0
	}
	a, b := p[worst]/np, q[worst]/nq
	subject := f.bearers(worst)
	switch {
	case b == 0:
		return subject + " do not occur in the synthetic trace (" + percent(a) + " of the real one)" + invented(f, p, q), a
	case a == 0:
		return "synthetic " + subject + " are " + percent(b) + " of all, the real trace has none" + invented(f, p, q), 0
	case b > a:
		return fmt.Sprintf("synthetic %s are %s times too many (%s against %s)", subject, short2(b/a), percent(b), percent(a)), 0
	}
	return fmt.Sprintf("synthetic %s are %s times too few (%s against %s)", subject, short2(a/b), percent(b), percent(a)), 0
}

// bearers names the records of a value.
func (f *field) bearers(value int) string {
	switch {
	case value >= len(f.values):
		return "records whose " + quote(f.Column.Name) + " is missing"
	case f.Column.Kind == trace.KindPort:
		return "records with " + quote(f.Column.Name) + " " + quote(f.values[value])
	}
	return "records whose " + quote(f.Column.Name) + " is " + quote(f.values[value])
}

// wordsForLost names the most frequent value that is lost, and its share of
// real records.
func wordsForLost(f *field, p, q []float64) (string, float64) {
	value, share := lostValue(p, q)
	if value < 0 {
		return "", 0
	}
	how := " do not occur in the synthetic trace ("
	if q[value] > 0 {
		how = " hardly occur in the synthetic trace (" + percent(q[value]/total(q)) + " against "
	}
	return f.bearers(value) + how + percent(share) + " of the real one)" + invented(f, p, q), share
}

// invented says how many synthetic records have values that no real one has.
func invented(f *field, p, q []float64) string {
	var n float64
	for i := range f.values {
		if p[i] == 0 {
			n += q[i]
		}
	}
	if n == 0 {
		return ""
	}
	return "; " + percent(n/total(q)) + " of synthetic records have values that no real record has"
}

func wordsForRanks(f *field, p, q []float64) string {
	a, b := RankFrequency(p), RankFrequency(q)
	np, nq := total(a), total(b)
	if np == 0 || nq == 0 {
		return ""
	}
	return fmt.Sprintf("%s has %d distinct values in %d synthetic records against %d in %d real ones, the most frequent on %s of them against %s",
		quote(f.Column.Name), len(b), int(nq), len(a), int(np), percent(b[0]/nq), percent(a[0]/np))
}

func wordsForCoverage(f *field, p, q []float64) string {
	worst, lost, added := -1, 0, 0
	for i := range f.values {
		switch {
		case p[i] > 0 && q[i] == 0:
			lost++
			if worst < 0 || p[i] > p[worst] {
				worst = i
			}
		case p[i] == 0 && q[i] > 0:
			added++
		}
	}
	var parts []string
	if lost > 0 {
		parts = append(parts, fmt.Sprintf("%d values of %s do not occur in the synthetic trace, the most frequent of them %s (%s of real records)",
			lost, quote(f.Column.Name), quote(f.values[worst]), percent(p[worst]/total(p))))
	}
	if added > 0 {
		parts = append(parts, fmt.Sprintf("%d values of %s occur in the synthetic trace only", added, quote(f.Column.Name)))
	}
	return strings.Join(parts, "; ")
}

func total(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s
}

// wordsForNumbers compares the middle, or where that is alike the mean, of
// sorted samples.
func wordsForNumbers(t numberTarget, x, y []float64) string {
	if len(x) == 0 || len(y) == 0 {
		return ""
	}
	type stat struct {
		name string
		a, b float64
	}
	stats := []stat{
		{"median", at(x, .5), at(y, .5)},
		{"mean", total(x) / float64(len(x)), total(y) / float64(len(y))},
		{"upper decile", at(x, .9), at(y, .9)},
		{"lower decile", at(x, .1), at(y, .1)},
	}
	spread := at(x, .9) - at(x, .1)
	off := func(s stat) float64 {
		d := math.Abs(s.a - s.b)
		if s.a > 0 && s.b > 0 {
			return max(math.Abs(math.Log(s.b/s.a)), min(1, d/max(spread, math.SmallestNonzeroFloat64))/4)
		}
		if d == 0 {
			return 0
		}
		return min(2, d/max(spread, math.Abs(s.a)/2, math.SmallestNonzeroFloat64))
	}
	best := stats[0]
	for _, s := range stats[1:] {
		if off(s) > 1.3*off(best) {
			best = s
		}
	}
	if best.a == best.b {
		return t.noun + " has another distribution with the same median and mean"
	}
	if t.shift {
		how := "earlier"
		if best.b > best.a {
			how = "later"
		}
		return fmt.Sprintf("synthetic records lie %s in the trace by %s (%s %s after the first against %s)",
			how, quote(t.name), best.name, t.amount(best.b), t.amount(best.a))
	}
	figures := fmt.Sprintf(" (%s %s against %s)", best.name, t.amount(best.b), t.amount(best.a))
	switch ratio := best.b / best.a; {
	case !(best.a > 0) || !(best.b > 0) || (ratio > 0.95 && ratio < 1.05):
		if best.b > best.a {
			return "synthetic " + t.noun + " is too large" + figures
		}
		return "synthetic " + t.noun + " is too small" + figures
	case ratio > 1:
		return "synthetic " + t.noun + " is " + short2(ratio) + " times too large" + figures
	default:
		return "synthetic " + t.noun + " is " + short2(1/ratio) + " times too small" + figures
	}
}

// amount writes a number with its unit; a time in a unit that reads well.
func (t numberTarget) amount(x float64) string {
	if t.seconds > 0 && finite(x) {
		factor, unit := readable(math.Abs(x)*t.seconds, false)
		return short(x*t.seconds*factor) + " " + unit
	}
	if t.unit == "" {
		return short(x)
	}
	return short(x) + " " + t.unit
}

func wordsForRange(t numberTarget, x, y []float64) string {
	if len(x) == 0 || len(y) == 0 {
		return ""
	}
	return fmt.Sprintf("synthetic %s lies between %s and %s, real between %s and %s", t.noun,
		short(y[0]), short(y[len(y)-1]), short(x[0]), short(x[len(x)-1]))
}

// at is the q-quantile of sorted x.
func at(x []float64, q float64) float64 { return x[min(len(x)-1, int(q*float64(len(x))))] }

// short2 writes a ratio in two digits.
func short2(x float64) string {
	switch {
	case x >= 1e6:
		return fmt.Sprintf("%.2g", x)
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.3g", x)
	}
	return fmt.Sprintf("%.2f", x)
}

func wordsForPair(name, a, b string, as association) string {
	what := map[string]string{
		"pearson": "correlation", "spearman": "rank correlation", "cramers_v": "Cramér's V", "correlation_ratio": "correlation ratio",
	}[name]
	how := "differently"
	switch {
	case as.real*as.synth < 0 && math.Abs(as.synth) > .05:
		how = "the other way round"
	case math.Abs(as.synth) < math.Abs(as.real):
		how = "less"
	case math.Abs(as.synth) > math.Abs(as.real):
		how = "more"
	}
	return fmt.Sprintf("%s and %s go together %s than in the real trace (%s %.2f against %.2f)", quote(a), quote(b), how, what, as.synth, as.real)
}

func wordsForVolume(name string, p, q []float64) string {
	np, nq := total(p), total(q)
	if np == 0 || nq == 0 {
		return ""
	}
	if beyond := q[timeSlices] / nq; beyond > .05 {
		return percent(beyond) + " of synthetic records come after the real trace's span, by " + quote(name)
	}
	worst := 0
	for i := range p {
		if math.Abs(p[i]/np-q[i]/nq) > math.Abs(p[worst]/np-q[worst]/nq) {
			worst = i
		}
	}
	return fmt.Sprintf("records lie elsewhere in time: after %d %% of %s's span come %s of synthetic records against %s of real ones",
		worst*100/timeSlices, quote(name), percent(q[worst]/nq), percent(p[worst]/np))
}
