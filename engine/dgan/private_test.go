package dgan

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// spy is noise that adds nothing and keeps what it was given.
type spy struct{ sums [][]float32 }

func (s *spy) Add(x []float32, factor float64) {
	s.sums = append(s.sums, slices.Clone(x))
	for i := range x {
		x[i] = float32(float64(x[i]) * factor)
	}
}

// seeded draws batches, and what examples get for their own, in ways that a test can repeat.
type seeded struct{ batches, own *rand.Rand }

func (s seeded) Below(k uint64) uint64 {
	if k == 1<<53 {
		return s.batches.Uint64N(k)
	}
	return s.own.Uint64N(k)
}

func draws(seed uint64) seeded {
	return seeded{rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))}
}

func privately(noise *spy, rate, nominal float64) Private {
	return Private{Rate: rate, Nominal: nominal, Clip: .7, Noise: noise, Draw: draws(3)}
}

// first is a data set without its last samples.
type first struct {
	Data
	n int
}

func (f first) Len() int { return f.n }

// One sample more moves what noise is added to by its clip at most, batches of several parts included.
func TestOneSampleMovesTheSumByItsClip(t *testing.T) {
	c := tiny()
	c.CriticRounds = 1
	data := random{tinyShape(), 20}
	for _, group := range []int{0, 4} {
		sum := func(n int) []float32 {
			m, err := New(tinyShape(), c, 3)
			if err != nil {
				t.Fatal(err)
			}
			var got spy
			p := privately(&got, 1, 20)
			if group > 0 {
				for g := range n / group {
					p.Groups = append(p.Groups, []int{4 * g, 4*g + 1, 4*g + 2, 4*g + 3})
				}
			}
			if _, err := m.PrivateStep(first{data, n}, p); err != nil {
				t.Fatal(err)
			}
			return got.sums[0]
		}
		drop := max(1, group)
		with, without := sum(20), sum(20-drop)
		length := 0.0
		for i, v := range with {
			length += math.Pow(float64(v-without[i]), 2)
		}
		if length = math.Sqrt(length); length < .3 || length > .7001*float64(drop) {
			t.Errorf("%d samples move the sum by %g, want at most %g", drop, length, .7*float64(drop))
		}
	}
}

func TestPrivateStep(t *testing.T) {
	c := tiny()
	m, err := New(tinyShape(), c, 3)
	if err != nil {
		t.Fatal(err)
	}
	data := random{tinyShape(), 200}
	before := m.CriticWeights()
	var got spy
	p := privately(&got, .1, 20)
	for range 4 {
		l, err := m.PrivateStep(data, p)
		if err != nil {
			t.Fatal(err)
		}
		if l.Critic != 0 || l.Distance != 0 || l.Penalty != 0 || l.Generator == 0 {
			t.Errorf("losses are %+v, want the generator's alone", l)
		}
	}
	if len(got.sums) != 4*c.CriticRounds || len(got.sums[0]) != before {
		t.Errorf("noise was added %d times to %d numbers, want %d to %d", len(got.sums), len(got.sums[0]), 4*c.CriticRounds, before)
	}
	// an empty batch has its noise too
	p.Rate = 1e-12
	if _, err := m.PrivateStep(data, p); err != nil {
		t.Fatal(err)
	}
	if n := len(got.sums); n != 5*c.CriticRounds || slices.Max(got.sums[n-1]) != 0 {
		t.Error("an empty batch is told by its noise")
	}
	if _, err := m.Step(data); err != nil { // the way without privacy works behind the private one
		t.Error(err)
	}
	for _, bad := range []Private{{}, {Rate: 2, Nominal: 1, Clip: 1, Noise: &got, Draw: draws(1)}, {Rate: .5, Nominal: 0, Clip: 1, Noise: &got, Draw: draws(1)}, {Rate: .5, Nominal: 1, Clip: math.Inf(1), Noise: &got, Draw: draws(1)}} {
		if _, err := m.PrivateStep(data, bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	c.Interpolation = One
	if m, err = New(tinyShape(), c, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := m.PrivateStep(data, privately(&got, .1, 20)); err == nil {
		t.Error("a private step with its penalty at generated samples is taken")
	}
}

func TestPoissonBatches(t *testing.T) {
	p := Private{Rate: .25, Draw: draws(5)}
	const n, times = 400, 300
	var sum, squares float64
	for range times {
		k := float64(len(p.batch(n)))
		sum, squares = sum+k, squares+k*k
	}
	mean := sum / times
	sd := math.Sqrt(squares/times - mean*mean)
	if want := math.Sqrt(n * .25 * .75); math.Abs(mean-n*.25) > 5*want/math.Sqrt(times) || math.Abs(sd/want-1) > .25 {
		t.Errorf("batches of %g, give or take %g: want %g, give or take %g", mean, sd, n*.25, want)
	}
}
