package dgan

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"

	"netshare/engine/dgan/kern"
)

// param is one weight matrix of a network; vectors have one row.
type param struct {
	name string
	dims
	w []float32
}

func newParam(name string, rows, cols int) *param {
	return &param{name: name, dims: dims{rows, cols}, w: make([]float32, rows*cols)}
}

// uniform draws the weights from [-limit, limit].
func (p *param) uniform(r *rand.Rand, limit float64) *param {
	for i := range p.w {
		p.w[i] = float32((2*r.Float64() - 1) * limit)
	}
	return p
}

// glorot draws the weights as Glorot and Bengio (2010) do for that many inputs and outputs.
func (p *param) glorot(r *rand.Rand, in, out int) *param {
	return p.uniform(r, math.Sqrt(6/float64(in+out)))
}

// fill sets all weights.
func (p *param) fill(v float32) *param {
	for i := range p.w {
		p.w[i] = v
	}
	return p
}

// adam is Adam (Kingma and Ba 2015), or AMSGrad, as a gorgonia.Solver over the C kernel; it always steps the same weights.
type adam struct {
	rate, beta1, beta2, epsilon float64
	steps                       int
	m, v                        [][]float32 // by weight
	top                         [][]float32 // AMSGrad's largest second moments; nil for Adam
}

var _ gorgonia.Solver = (*adam)(nil)

func newAdam(c Config, rate, beta1 float64, ps []*param) *adam {
	a := &adam{rate: rate, beta1: beta1, beta2: c.Beta2, epsilon: c.Epsilon}
	for _, p := range ps {
		a.m, a.v = append(a.m, make([]float32, len(p.w))), append(a.v, make([]float32, len(p.w)))
		if c.AMSGrad {
			a.top = append(a.top, make([]float32, len(p.w)))
		}
	}
	return a
}

// Step implements gorgonia.Solver.
func (a *adam) Step(ws []gorgonia.ValueGrad) error {
	if len(ws) != len(a.m) {
		return fmt.Errorf("dgan: adam was made for %d weights and got %d", len(a.m), len(ws))
	}
	step := a.next()
	for i, w := range ws {
		g, err := w.Grad()
		if err != nil {
			return err
		}
		a.one(step, i, floats(w.Value()), floats(g))
	}
	return nil
}

// one steps weight i along its gradient.
func (a *adam) one(step kern.AdamStep, i int, w, g []float32) {
	if a.top != nil {
		step.AMSGrad(w, g, a.m[i], a.v[i], a.top[i])
	} else {
		step.Adam(w, g, a.m[i], a.v[i])
	}
}

// move steps parameters along gradients.
func (a *adam) move(ps []*param, grads [][]float32) {
	step := a.next()
	for i, p := range ps {
		a.one(step, i, p.w, grads[i])
	}
}

// next counts a step and returns its constants.
func (a *adam) next() kern.AdamStep {
	a.steps++
	t := float64(a.steps)
	return kern.AdamStep{
		Rate: float32(a.rate), Beta1: float32(a.beta1), Beta2: float32(a.beta2), Epsilon: float32(a.epsilon),
		Fix1: float32(1 / (1 - math.Pow(a.beta1, t))), Fix2: float32(1 / math.Sqrt(1-math.Pow(a.beta2, t))),
	}
}
