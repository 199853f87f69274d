package privacy

import (
	"math"
	"slices"
	"testing"
)

func TestDiscreteGaussianHasItsChances(t *testing.T) {
	n := NewNoise()
	for _, sigma := range []float64{.5, 1.75, 40} {
		g, err := NewDiscreteGaussian(n, sigma)
		if err != nil {
			t.Fatal(err)
		}
		const draws = 60000
		counts := map[int64]float64{}
		for range draws {
			counts[g.Draw()]++
		}
		total := 0.0
		for k := -int64(20*sigma) - 20; k <= int64(20*sigma)+20; k++ {
			total += math.Exp(-float64(k*k) / (2 * g.Sigma() * g.Sigma()))
		}
		chi, cells := 0.0, 0
		for k := -int64(6*sigma) - 2; k <= int64(6*sigma)+2; k++ {
			if want := draws * math.Exp(-float64(k*k)/(2*g.Sigma()*g.Sigma())) / total; want > 8 {
				chi += (counts[k] - want) * (counts[k] - want) / want
				cells++
			}
		}
		if f := float64(cells); chi > f+7*math.Sqrt(2*f)+7 {
			t.Errorf("sigma %g: chi-squared %g of %d cells", sigma, chi, cells)
		}
	}
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := NewDiscreteGaussian(n, bad); err == nil {
			t.Errorf("sigma %g is taken", bad)
		}
	}
}

func TestChooseHasItsChances(t *testing.T) {
	n := NewNoise()
	scores := []int64{1000, 3000, 2500, -4000}
	var want [4]float64
	total := 0.0
	for i, s := range scores {
		want[i] = math.Exp(float64(s) / 1000)
		total += want[i]
	}
	const draws = 40000
	var counts [4]float64
	for range draws {
		counts[n.Choose(scores, 1, 1000)]++
	}
	for i := range counts {
		p := want[i] / total
		if d := counts[i] - draws*p; d*d > 36*draws*p*(1-p)+36 {
			t.Errorf("choice %d: %g of %d, want %g", i, counts[i], draws, draws*p)
		}
	}
}

func TestLattice(t *testing.T) {
	for _, sigma := range []float64{1e-3, 1, 37.5} {
		l, err := NewLattice(sigma)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, 200001)
		for i := range x {
			x[i] = 3
		}
		l.Add(x, 1)
		sum, squares, within := 0.0, 0.0, 0.0
		for _, v := range x {
			if k := float64(v) / l.step; k != math.Trunc(k) {
				t.Fatalf("%g is no whole number of steps of %g", v, l.step)
			}
			d := float64(v) - 3
			sum += d
			squares += d * d
			if math.Abs(d) < sigma {
				within++
			}
		}
		n := float64(len(x))
		if m := sum / n; math.Abs(m) > 6*sigma/math.Sqrt(n)+2*l.step {
			t.Errorf("sigma %g: mean %g", sigma, m)
		}
		if s := math.Sqrt(squares / n); math.Abs(s-sigma) > .012*sigma {
			t.Errorf("sigma %g: standard deviation %g", sigma, s)
		}
		if p := within / n; math.Abs(p-.682689) > .008 {
			t.Errorf("sigma %g: %g within one, want .683", sigma, p)
		}
		y := make([]float32, len(x))
		for i := range y {
			y[i] = 3
		}
		l.Add(y, 1)
		if slices.Equal(x, y) {
			t.Error("the noise repeats")
		}
	}
	if _, err := NewLattice(0); err == nil {
		t.Error("noise of no size is taken")
	}
}

func BenchmarkDiscreteGaussian(b *testing.B) {
	g, err := NewDiscreteGaussian(NewNoise(), 90000)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		g.Draw()
	}
}

func BenchmarkLattice(b *testing.B) {
	l, err := NewLattice(1)
	if err != nil {
		b.Fatal(err)
	}
	x := make([]float32, 1<<17)
	b.SetBytes(int64(4 * len(x)))
	for b.Loop() {
		clear(x)
		l.Add(x, 1)
	}
}
