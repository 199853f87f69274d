package eval

import (
	"math"

	"gonum.org/v1/gonum/optimize"
)

const (
	logisticL2    = 1.0
	logisticSteps = 60
)

// regress fits a logistic regression with a coefficient for each bin of each
// feature to the training rows and writes the log odds of label 1 of every row
// to score; gain sums how much each feature tells, by its coefficients' spread.
// Source: Cox 1958; fitted by L-BFGS.
func regress(bins [][]uint8, label []float64, train []int32, score, gain []float64) {
	n := 1 + len(bins)*treeBins
	odds := func(w []float64, i int32) float64 {
		x := w[0]
		for f, b := range bins {
			x += w[1+f*treeBins+int(b[i])]
		}
		return x
	}
	problem := optimize.Problem{
		Func: func(w []float64) float64 {
			var loss float64
			for _, i := range train {
				x := odds(w, i)
				loss += math.Max(x, 0) - x*label[i] + math.Log1p(math.Exp(-math.Abs(x)))
			}
			for _, v := range w[1:] {
				loss += logisticL2 / 2 * v * v
			}
			return loss
		},
		Grad: func(grad, w []float64) {
			clear(grad)
			for _, i := range train {
				d := 1/(1+math.Exp(-odds(w, i))) - label[i]
				grad[0] += d
				for f, b := range bins {
					grad[1+f*treeBins+int(b[i])] += d
				}
			}
			for k, v := range w[1:] {
				grad[1+k] += logisticL2 * v
			}
		},
	}
	// What ends early, at its number of steps or for rounding, is near enough.
	result, _ := optimize.Minimize(problem, make([]float64, n), &optimize.Settings{MajorIterations: logisticSteps, GradientThreshold: 1e-3}, &optimize.LBFGS{})
	w := make([]float64, n)
	if result != nil {
		w = result.X
	}
	for i := range score {
		score[i] = odds(w, int32(i))
	}
	for f, b := range bins {
		var m moments
		for _, i := range train {
			m.add(w[1+f*treeBins+int(b[i])], 0)
		}
		if m.n > 0 {
			gain[f] += m.sxx
		}
	}
}
