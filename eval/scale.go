package eval

import "math"

// numberScale is the measure of a column's real values: their range, and
// whether a logarithmic scale fits them better.
type numberScale struct {
	lo, hi float64
	heavy  bool    // a few large values make up the range
	small  float64 // the 5 % quantile of the positive values, the logarithm's unit; 0 where heavy is false
}

// measure finds the scale of sorted values.
func measure(x []float64) numberScale {
	if len(x) == 0 {
		return numberScale{}
	}
	s := numberScale{lo: x[0], hi: x[len(x)-1]}
	if s.lo < 0 || s.hi <= 0 {
		return s
	}
	i := 0
	for i < len(x) && x[i] <= 0 {
		i++
	}
	positive := x[i:]
	s.heavy = s.hi > 20*positive[len(positive)*3/4]
	if s.heavy {
		s.small = positive[len(positive)/20]
	}
	return s
}

// log maps a value to the logarithmic scale; values below 0 mirror those above.
func (s numberScale) log(v float64) float64 {
	if v < 0 {
		return -math.Log1p(-v / s.small)
	}
	return math.Log1p(v / s.small)
}

// logs maps sorted values; the order stays.
func (s numberScale) logs(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = s.log(v)
	}
	return out
}

// logarithmic is the scale of the mapped values.
func (s numberScale) logarithmic() numberScale {
	return numberScale{lo: s.log(s.lo), hi: s.log(s.hi)}
}

// normalised is the earth mover's distance over the real range: where that is
// a single value, 0 if all of y is that value and 1 if not.
func (s numberScale) normalised(x, y []float64) float64 {
	if len(x) == 0 || len(y) == 0 {
		return math.NaN()
	}
	r := s.hi - s.lo
	if r == 0 {
		if y[0] == s.lo && y[len(y)-1] == s.lo {
			return 0
		}
		return 1
	}
	return earthMover(x, y) / r
}

// uniformEMD is the normalised earth mover's distance of sorted x to uniform
// noise over the real range.
func uniformEMD(x []float64, s numberScale) float64 {
	r := s.hi - s.lo
	if len(x) == 0 || r <= 0 {
		return math.NaN()
	}
	n := float64(len(x))
	var sum float64
	u0 := 0.0
	for i := range len(x) + 1 { // between x[i-1] and x[i], F = i/n and the noise has u
		u1 := 1.0
		if i < len(x) {
			u1 = (x[i] - s.lo) / r
		}
		f := float64(i) / n
		if f <= u0 || f >= u1 {
			sum += math.Abs((u0+u1)/2-f) * (u1 - u0)
		} else {
			sum += ((f-u0)*(f-u0) + (u1-f)*(u1-f)) / 2
		}
		u0 = u1
	}
	return sum
}

// constantEMD is the normalised earth mover's distance of sorted x to a
// constant at the farther end of the real range; 1 for a range of one value.
func constantEMD(x []float64, s numberScale) float64 {
	r := s.hi - s.lo
	if len(x) == 0 || r <= 0 {
		return 1
	}
	mean := (middle(x) - s.lo) / r
	return max(mean, 1-mean)
}

// uniformKS is the Kolmogorov-Smirnov distance of sorted x to uniform noise
// over the real range.
func uniformKS(x []float64, s numberScale) float64 {
	r := s.hi - s.lo
	if len(x) == 0 || r <= 0 {
		return math.NaN()
	}
	n := float64(len(x))
	var d float64
	for i, v := range x {
		u := (v - s.lo) / r
		d = max(d, math.Abs(float64(i)/n-u), math.Abs(float64(i+1)/n-u))
	}
	return d
}

// uniformJSD is the Jensen-Shannon divergence of counts to equal shares of
// domain values, of which those that occur are some.
func uniformJSD(counts []float64, domain float64) float64 {
	var n, seen float64
	for _, c := range counts {
		n += c
		if c > 0 {
			seen++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	domain = max(domain, seen)
	var s float64
	for _, c := range counts {
		if c > 0 {
			s += jsTerm(c/n, 1/domain)
		}
	}
	return s + (domain-seen)*jsTerm(0, 1/domain)
}

// uniformTV is the total variation of counts to equal shares of domain values,
// of which those that occur are some.
func uniformTV(counts []float64, domain float64) float64 {
	n := total(counts)
	if n == 0 {
		return math.NaN()
	}
	var seen, over float64
	for _, c := range counts {
		if c > 0 {
			seen++
		}
	}
	domain = max(domain, seen)
	for _, c := range counts {
		over += max(0, c/n-1/domain)
	}
	return over
}

// statistics is the mean distance of mean, median and standard deviation of
// sorted samples over the real range, at most 1 each.
func statistics(x, y []float64, s numberScale) float64 {
	if len(x) == 0 || len(y) == 0 {
		return math.NaN()
	}
	if s.heavy {
		x, y = s.logs(x), s.logs(y)
		s = s.logarithmic()
	}
	r := s.hi - s.lo
	if r == 0 {
		return s.normalised(x, y)
	}
	a, b := describe(x), describe(y)
	var sum float64
	for i := range a {
		sum += min(1, math.Abs(a[i]-b[i])/r)
	}
	return sum / 3
}

// describe is the mean, median and standard deviation of sorted values.
func describe(x []float64) [3]float64 {
	mean, sd := meanSpread(x)
	n := len(x)
	return [3]float64{mean, (x[(n-1)/2] + x[n/2]) / 2, sd}
}

// uniformStatistics is statistics of sorted x and uniform noise over the real
// range.
func uniformStatistics(x []float64, s numberScale) float64 {
	if len(x) == 0 || s.hi <= s.lo {
		return math.NaN()
	}
	if s.heavy {
		x, s = s.logs(x), s.logarithmic()
	}
	r := s.hi - s.lo
	a := describe(x)
	return (math.Abs((a[0]-s.lo)/r-.5) + math.Abs((a[1]-s.lo)/r-.5) + math.Abs(a[2]/r-1/math.Sqrt(12))) / 3
}
