package dgan

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
)

// given is a weight with a gradient.
type given struct{ w, g []float32 }

func (x given) Value() gorgonia.Value { return value(x.w, dims{1, len(x.w)}) }

func (x given) Grad() (gorgonia.Value, error) { return value(x.g, dims{1, len(x.g)}), nil }

// TestSolverSteps compares Adam and AMSGrad with their definitions (Kingma and Ba 2015, algorithm 1; Reddi, Kale
// and Kumar 2018, algorithm 2, with Adam's corrections of bias) in float64, for gradients that fall.
func TestSolverSteps(t *testing.T) {
	const n = 37
	for _, largest := range []bool{false, true} {
		r := rand.New(rand.NewPCG(1, 2))
		c := DefaultConfig()
		c.AMSGrad, c.Beta2 = largest, .9
		p := &param{dims: dims{1, n}, w: normals(r, n)}
		a := newAdam(c, .01, .3, []*param{p})
		w, m, v, top := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range w {
			w[i] = float64(p.w[i])
		}
		for step := 1; step <= 6; step++ {
			g := normals(r, n)
			for i := range g {
				g[i] /= float32(step * step)
				x := float64(g[i])
				m[i], v[i] = .3*m[i]+.7*x, .9*v[i]+.1*x*x
				top[i] = max(top[i], v[i])
				second := v[i]
				if largest {
					second = top[i]
				}
				w[i] -= .01 * m[i] / (1 - math.Pow(.3, float64(step))) / (math.Sqrt(second/(1-math.Pow(.9, float64(step)))) + c.Epsilon)
			}
			if err := a.Step([]gorgonia.ValueGrad{given{p.w, g}}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range w {
			if d := math.Abs(w[i] - float64(p.w[i])); d > 1e-5 {
				t.Fatalf("largest %v: weight %d is %g, want %g", largest, i, p.w[i], w[i])
			}
		}
	}
}

// TestFixedSeries: the series generator keeps its weights, the metadata generator does not.
func TestFixedSeries(t *testing.T) {
	m := variant(t, variants()["fixed"], 3)
	meta, series := m.meta.w[0].w[0], append([]float32(nil), m.series.wz.w...)
	steps(t, m, newToy(50, 3), 3)
	if m.meta.w[0].w[0] == meta {
		t.Error("the metadata generator did not move")
	}
	for i, v := range series {
		if m.series.wz.w[i] != v {
			t.Fatal("the series generator moved")
		}
	}
}
