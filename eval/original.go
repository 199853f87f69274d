package eval

import "math"

// PaddedAutocorrelation is the distance that NetShare's fork of SDMetrics
// gives the autocorrelation of one column, fault and all: every session is
// padded with zeros to the longest of both traces, which makes it nearly blind
// to how long sessions are and what is in them. It is the strict counterpart
// of metric "autocorrelation", which pads nothing. It is NaN where the longest
// session has two records, and may be negative. Source: sdmetrics/timeseries/
// fidelity/perfeature_autocorrelation.py.
func PaddedAutocorrelation(real, synth [][]float64) float64 {
	longest := 0
	for _, side := range [][][]float64{real, synth} {
		for _, s := range side {
			longest = max(longest, len(s))
		}
	}
	var off, sum float32 // as the reference stores them
	for lag := 1; lag < longest-1; lag++ {
		r := float32(paddedLag(real, longest, lag))
		off += float32(math.Abs(float64(float32(paddedLag(synth, longest, lag)) - r)))
		sum += r
	}
	return float64(off / sum)
}

// paddedLag is the mean over sessions of Pearson's r of a padded session and
// itself a lag later; 0/0 is 1 and what rounding puts beyond 1 is 0.
func paddedLag(sessions [][]float64, longest, lag int) float64 {
	const epsilon = 1e-8
	x := make([]float64, longest)
	var mean float64
	for _, s := range sessions {
		clear(x[copy(x, s):])
		a, b := x[:longest-lag], x[lag:]
		n := float64(len(a))
		ma, mb := total(a)/n, total(b)/n
		var xy, xx, yy float64
		for i := range a {
			xy += (a[i] - ma) * (b[i] - mb)
			xx += (a[i] - ma) * (a[i] - ma)
			yy += (b[i] - mb) * (b[i] - mb)
		}
		den := math.Sqrt(xx * yy)
		if xy == 0 {
			xy = epsilon
		}
		if den == 0 {
			den = epsilon
		}
		if r := xy / den; math.Abs(r) <= 1 {
			mean += r / float64(len(sessions))
		}
	}
	return mean
}

// GivenValue is the distance of a column within the records that bear one
// value of another, as NetShare's fork of SDMetrics counts it: the earth
// mover's distance of numbers. ok is false where no synthetic record bears the
// value; the reference raises an error there. Source:
// sdmetrics/timeseries/fidelity/single_attr_single_feature_correlation.py.
func GivenValue(value string, realBy []string, real []float64, synthBy []string, synth []float64) (distance float64, ok bool) {
	pick := func(by []string, x []float64) []float64 {
		var out []float64
		for i, v := range by {
			if v == value && finite(x[i]) {
				out = append(out, x[i])
			}
		}
		return out
	}
	a, b := pick(realBy, real), pick(synthBy, synth)
	if len(a) == 0 || len(b) == 0 {
		return 0, false
	}
	return EarthMover(a, b), true
}
