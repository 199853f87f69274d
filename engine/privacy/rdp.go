package privacy

import (
	"math"
	"slices"
)

// Orders returns the Rényi orders that guarantees are minimised over,
// ascending: those of Opacus, and greater ones for small epsilons.
func Orders() []float64 {
	var orders []float64
	for k := 1; k < 100; k++ {
		orders = append(orders, 1+float64(k)/10)
	}
	for k := 12; k < 64; k++ {
		orders = append(orders, float64(k))
	}
	return append(orders, 72, 96, 128, 192, 256, 384, 512, 1024)
}

// SubsampledGaussian returns the Rényi divergence of an order, greater than 1,
// of one step of the Gaussian mechanism on a Poisson sample: each unit is in it
// with chance rate, and the noise's standard deviation is multiplier times what
// one unit can change. Source: Mironov, Talwar and Zhang (2019), section 3.3.
func SubsampledGaussian(rate, multiplier, order float64) float64 {
	switch {
	case rate <= 0:
		return 0
	case multiplier <= 0:
		return math.Inf(1)
	case rate >= 1:
		return order / (2 * multiplier * multiplier)
	}
	if order == math.Trunc(order) {
		return logMomentWhole(rate, multiplier, int(order)) / (order - 1)
	}
	return logMoment(rate, multiplier, order) / (order - 1)
}

// logMomentWhole is the logarithm of the moment of a whole order.
func logMomentWhole(q, s float64, order int) float64 {
	terms := make([]float64, order+1)
	a, _ := math.Lgamma(float64(order) + 1)
	for k := range terms {
		x := float64(k)
		b, _ := math.Lgamma(x + 1)
		c, _ := math.Lgamma(float64(order-k) + 1)
		terms[k] = a - b - c + x*math.Log(q) + float64(order-k)*math.Log1p(-q) + (x*x-x)/(2*s*s)
	}
	top := slices.Max(terms)
	sum := 0.0
	for _, t := range terms {
		sum += math.Exp(t - top)
	}
	return top + math.Log(sum)
}

// logMoment is the logarithm of the moment of any order: the mean, over
// z normal of standard deviation s, of (1-q + q exp((2z-1)/2s²)) to that power.
//
// The trapezium rule is exact to the last digits here: the integrand is
// analytic up to a distance of pi s² from the real line and falls off as a
// Gaussian. What is summed is the power less 1 and less its linear part, whose
// mean is nought, so that moments next to 1 keep their digits.
func logMoment(q, s, order float64) float64 {
	h := min(s/4, s*s/2)
	from, to := -12*s, order+12*s
	n := int(math.Ceil((to - from) / h))
	h = (to - from) / float64(n)
	density := h / (s * math.Sqrt(2*math.Pi))
	grown := func(z float64) (u, power float64) {
		u = (2*z - 1) / (2 * s * s)
		if u > 30 {
			return u, order * (u + math.Log(q+(1-q)*math.Exp(-u)))
		}
		return u, order * math.Log1p(q*math.Expm1(u))
	}
	if _, most := grown(to); most > 300 { // far from 1: sum logarithms
		logs := make([]float64, n+1)
		for i := range logs {
			z := from + h*float64(i)
			_, power := grown(z)
			logs[i] = power - z*z/(2*s*s)
		}
		top, sum := slices.Max(logs), 0.0
		for _, l := range logs {
			sum += math.Exp(l - top)
		}
		return top + math.Log(sum*density)
	}
	sum := 0.0
	for i := range n + 1 {
		z := from + h*float64(i)
		u, power := grown(z)
		sum += math.Exp(-z*z/(2*s*s)) * (math.Expm1(power) - order*q*math.Expm1(u))
	}
	return math.Log1p(sum * density)
}

// epsilonAt converts a divergence of an order to epsilon at delta. Source:
// Canonne, Kamath and Steinke (2020), proposition 12, as Opacus uses it.
func epsilonAt(order, divergence, delta float64) float64 {
	return divergence - (math.Log(delta)+math.Log(order))/(order-1) + math.Log((order-1)/order)
}
