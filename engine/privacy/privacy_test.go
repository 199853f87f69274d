package privacy

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/integrate/quad"
)

// vectors are the figures of Opacus' accountant, computed without it.
func vectors(t *testing.T) (orders []float64, vs []vector) {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "vectors", "rdp_accountant.json")
	if dir := os.Getenv("NETSHARE_DATA"); dir != "" {
		path = filepath.Join(dir, "..", "vectors", "rdp_accountant.json")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("no reference figures: %v", err)
	}
	var file struct {
		Orders  []float64
		Vectors []vector
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Orders, file.Vectors
}

type vector struct {
	Rate       float64            `json:"sample_rate"`
	Multiplier float64            `json:"noise_multiplier"`
	Steps      int                `json:"steps"`
	Delta      float64            `json:"delta"`
	Epsilon    float64            `json:"expected_epsilon"`
	Order      float64            `json:"expected_alpha"`
	Divergence map[string]float64 `json:"rdp_per_step"`
}

func TestAccountantAgreesWithOpacus(t *testing.T) {
	orders, vs := vectors(t)
	for _, v := range vs {
		for name, want := range v.Divergence {
			var order float64
			fmt.Sscan(name, &order)
			if got := SubsampledGaussian(v.Rate, v.Multiplier, order); math.Abs(got-want) > 1e-9*want+1e-13 {
				t.Errorf("rate %g, noise %g, order %s: divergence %.15g, want %.15g", v.Rate, v.Multiplier, name, got, want)
			}
		}
		best, at := math.Inf(1), 0.0
		for _, a := range orders {
			if e := epsilonAt(a, float64(v.Steps)*SubsampledGaussian(v.Rate, v.Multiplier, a), v.Delta); e < best {
				best, at = e, a
			}
		}
		if math.Abs(best-v.Epsilon) > 1e-9*v.Epsilon || at != v.Order {
			t.Errorf("rate %g, noise %g, %d steps: epsilon %.12g at order %g, want %.12g at %g", v.Rate, v.Multiplier, v.Steps, best, at, v.Epsilon, v.Order)
		}
		l := Ledger{Mechanisms: []Mechanism{{Kind: Subsampled, Rate: v.Rate, Multiplier: v.Multiplier, Steps: v.Steps}}}
		if got, _ := l.Epsilon(v.Delta); got > best+1e-12 || got < .9*best {
			t.Errorf("the ledger has %g, want %g or a little less by its further orders", got, best)
		}
	}
}

// A divergence is an integral that quadrature finds too.
func TestDivergenceIsItsIntegral(t *testing.T) {
	for _, c := range []struct{ rate, multiplier, order float64 }{
		{.01, 1, 1.5}, {.3, 2, 2.7}, {.05, .7, 8}, {.9, 5, 33}, {.001, .6, 4.3}, {.5, 20, 1.1}, {.2, 30, 128}, {.02, 4, 10.9},
	} {
		s := c.multiplier
		f := func(z float64) float64 {
			return math.Exp(-z*z/(2*s*s)-math.Log(s*math.Sqrt(2*math.Pi))) *
				math.Pow(1-c.rate+c.rate*math.Exp((2*z-1)/(2*s*s)), c.order)
		}
		from, to, moment := -12*s, c.order+12*s, 0.0
		const parts = 400
		for i := range parts {
			a, b := from+(to-from)*float64(i)/parts, from+(to-from)*float64(i+1)/parts
			moment += quad.Fixed(f, a, b, 24, nil, 0)
		}
		want := math.Log(moment) / (c.order - 1)
		if got := SubsampledGaussian(c.rate, s, c.order); math.Abs(got-want) > 1e-7*want+1e-13 {
			t.Errorf("%+v: %.12g, want %.12g", c, got, want)
		}
	}
}

// lossEpsilon is the epsilon at delta of that many steps by composing their
// privacy loss distributions: the losses of fine slices of the outcome are
// rounded to a grid (-1 down and 1 up, so that it is below or above the true
// one, 0 to both neighbours so that the mean stays), and their masses are
// convolved by Fourier transform. Nothing of it is shared with the accountant
// that it checks.
func lossEpsilon(rate, multiplier float64, steps int, delta float64, round int) float64 {
	const grid = 1 << 17
	worst := 0.0
	for _, removed := range []bool{true, false} {
		normal := func(x float64) float64 { return .5 * math.Erfc(-x/math.Sqrt2) }
		loss := func(z float64) float64 { // of the mixture over the Gaussian
			return math.Log1p(rate * math.Expm1((2*z-1)/(2*multiplier*multiplier)))
		}
		low, high := -10*multiplier, 10*multiplier+1
		const slices = 60000
		mean, second := 0.0, 0.0
		type slice struct{ from, to, mass float64 }
		all := make([]slice, slices)
		for i := range all {
			a, b := low+(high-low)*float64(i)/slices, low+(high-low)*float64(i+1)/slices
			p := normal(b/multiplier) - normal(a/multiplier)
			s := slice{loss(a), loss(b), p}
			if removed {
				s.mass = (1-rate)*p + rate*(normal((b-1)/multiplier)-normal((a-1)/multiplier))
			} else {
				s.from, s.to = -s.to, -s.from
			}
			all[i] = s
			m := (s.from + s.to) / 2
			mean += s.mass * m
			second += s.mass * m * m
		}
		n := float64(steps)
		spread := math.Sqrt(max(1e-18, second-mean*mean)*n)*16 + 12
		width := 2 * spread / grid
		masses := make([]float64, grid)
		for _, s := range all {
			put := func(k, mass float64) { masses[((int(k)%grid)+grid)%grid] += mass }
			switch round {
			case -1:
				put(math.Floor(s.from/width), s.mass)
			case 1:
				put(math.Ceil(s.to/width), s.mass)
			default:
				at := (s.from + s.to) / 2 / width
				k := math.Floor(at)
				put(k, s.mass*(k+1-at))
				put(k+1, s.mass*(at-k))
			}
		}
		fft := fourier.NewFFT(grid)
		co := fft.Coefficients(nil, masses)
		for i, c := range co {
			r, phi := math.Hypot(real(c), imag(c)), math.Atan2(imag(c), real(c))
			r = math.Pow(r, n)
			co[i] = complex(r*math.Cos(n*phi), r*math.Sin(n*phi))
		}
		sum := fft.Sequence(nil, co)
		centre := int(math.Round(mean * n / width))
		deltaAt := func(e float64) float64 {
			d := 0.0
			for k := centre - grid/2; k < centre+grid/2; k++ {
				if x := float64(k) * width; x > e {
					d += max(0, sum[((k%grid)+grid)%grid]/grid) * -math.Expm1(e-x)
				}
			}
			return d
		}
		from, to := 0.0, 100.0
		for range 50 {
			if mid := (from + to) / 2; deltaAt(mid) > delta {
				from = mid
			} else {
				to = mid
			}
		}
		worst = max(worst, to)
	}
	return worst
}

// The accountant's figure is an upper bound on what privacy loss distributions
// give, and not far above it.
func TestAccountantAgainstPrivacyLoss(t *testing.T) {
	for _, c := range []struct {
		rate, multiplier float64
		steps            int
		delta            float64
		atMost           float64 // of the accountant's figure over the true one
	}{
		{1, 10, 100, 1e-5, 1.12}, {1, 4, 1, 1e-6, 1.13}, {.25, 12, 600, 1e-5, 1.12}, {.015, 3.28, 10000, 1e-5, 1.13}, {.1, 2, 500, 1e-5, 1.12},
	} {
		l := Ledger{Mechanisms: []Mechanism{{Kind: Subsampled, Rate: c.rate, Multiplier: c.multiplier, Steps: c.steps}}}
		got, _ := l.Epsilon(c.delta)
		low := lossEpsilon(c.rate, c.multiplier, c.steps, c.delta, -1)
		mid := lossEpsilon(c.rate, c.multiplier, c.steps, c.delta, 0)
		high := lossEpsilon(c.rate, c.multiplier, c.steps, c.delta, 1)
		t.Logf("%+v: accountant %.4f, privacy loss %.4f (%.4f to %.4f)", c, got, mid, low, high)
		if low > mid || mid > high || c.steps <= 1000 && high > 1.1*low {
			t.Errorf("%+v: the check itself is loose: %.4f, %.4f to %.4f", c, mid, low, high)
		}
		if got < mid || got > c.atMost*mid {
			t.Errorf("%+v: the accountant has %.4f, the privacy loss is %.4f", c, got, mid)
		}
		if c.rate == 1 { // known in closed form (Balle and Wang 2018)
			mu := math.Sqrt(float64(c.steps)) / c.multiplier
			normal := func(x float64) float64 { return .5 * math.Erfc(-x/math.Sqrt2) }
			at := func(e float64) float64 { return normal(mu/2-e/mu) - math.Exp(e)*normal(-mu/2-e/mu) }
			if at(low-1e-9) < c.delta || at(high+1e-9) > c.delta {
				t.Errorf("%+v: delta is %g at the low and %g at the high end, want %g between", c, at(low), at(high), c.delta)
			}
		}
	}
}

func TestLedgerComposes(t *testing.T) {
	var one, many Ledger
	for range 4 {
		if err := many.Add(Mechanism{Name: "quarter", Kind: Gaussian, Multiplier: 10}); err != nil {
			t.Fatal(err)
		}
	}
	one.Add(Mechanism{Name: "all", Kind: Gaussian, Multiplier: 5})
	a, _ := one.Epsilon(1e-5)
	b, _ := many.Epsilon(1e-5)
	if math.Abs(a-b) > 1e-9 {
		t.Errorf("four Gaussians of noise 10 cost %g, one of noise 5 %g, want the same", b, a)
	}
	many.Add(Mechanism{Name: "choice", Kind: Exponential, Pure: .1, Steps: 5})
	many.Add(Mechanism{Name: "words", Kind: Gaussian, Multiplier: 20, Delta: 4e-6})
	c, _ := many.Epsilon(1e-5)
	if c <= b {
		t.Errorf("more mechanisms cost %g, want more than %g", c, b)
	}
	sum := 0.0
	for _, s := range many.Shares(1e-5) {
		if s <= 0 {
			t.Errorf("a share of %g", s)
		}
		sum += s
	}
	if math.Abs(sum-c) > 1e-9 {
		t.Errorf("shares add up to %g, want %g", sum, c)
	}
	if e, _ := many.Epsilon(4e-6); !math.IsInf(e, 1) {
		t.Errorf("epsilon is %g with no delta left, want infinity", e)
	}
	for _, bad := range []Mechanism{{Kind: Gaussian}, {Kind: "guess", Multiplier: 1}, {Kind: Subsampled, Multiplier: 1, Rate: 2}, {Kind: Exponential, Pure: -1}, {Kind: Gaussian, Multiplier: 1, Delta: 1}} {
		if one.Add(bad) == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestBudget(t *testing.T) {
	for _, e := range []float64{.1, 1, 2, 8} {
		b := Budget{Epsilon: e, Delta: 1e-5}
		l := Ledger{Mechanisms: []Mechanism{{Kind: Gaussian, Multiplier: 1 / math.Sqrt(2*b.Concentrated())}}}
		if got, _ := l.Epsilon(1e-5); got > e+1e-9 || got < .999*e {
			t.Errorf("a Gaussian of all of epsilon %g has %g", e, got)
		}
		spent := &Ledger{Mechanisms: []Mechanism{{Kind: Gaussian, Multiplier: 2 / math.Sqrt(2*b.Concentrated())}}}
		s, err := b.Multiplier(spent, .05, 1000)
		if err != nil {
			t.Fatal(err)
		}
		spent.Add(Mechanism{Name: "training", Kind: Subsampled, Multiplier: s, Rate: .05, Steps: 1000})
		if got, _ := spent.Epsilon(1e-5); got > e+1e-9 || got < .999*e {
			t.Errorf("training beside a quarter of epsilon %g has %g in all", e, got)
		}
	}
	over := &Ledger{Mechanisms: []Mechanism{{Kind: Gaussian, Multiplier: 1}}}
	if _, err := (Budget{Epsilon: 1, Delta: 1e-5}).Multiplier(over, .1, 10); err == nil {
		t.Error("a spent budget gives a multiplier")
	}
	for _, bad := range []Budget{{}, {Epsilon: 1}, {Epsilon: -1, Delta: 1e-5}, {Epsilon: math.NaN(), Delta: 1e-5}, {Epsilon: 1, Delta: 1}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is valid", bad)
		}
	}
	// the table of noise multipliers at epsilon 2
	for _, c := range []struct {
		n, batch float64
		steps    int
		want     float64
	}{{6751, 100, 10000, 3.28}, {1e6, 500, 20000, .657}, {6751, 1000, 500, 7.23}} {
		s, err := Budget{2, 1e-5}.Multiplier(&Ledger{}, c.batch/c.n, c.steps)
		if err != nil || math.Abs(s-c.want) > .006*c.want {
			t.Errorf("%+v: %g, %v", c, s, err)
		}
	}
}
