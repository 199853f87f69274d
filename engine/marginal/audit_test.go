package marginal

import (
	"math"
	"testing"

	"netshare/workspace/trace"
)

// What a model says it spent is found again from its mechanisms, in another way:
// as concentrated privacy with the best order in closed form, and, of its
// Gaussians, by their exact trade-off (Balle and Wang 2018, theorem 8).
func TestWhatIsSpentIsFoundAgain(t *testing.T) {
	for _, unit := range Units() {
		for _, epsilon := range []float64{1, 2, 8} {
			o := DefaultOptions()
			o.Epsilon, o.Unit, o.HostCap = epsilon, unit, 2
			s := fit(t, testHosts(4000, 900, 3), o).Statement
			rho, gaussian, delta := 0.0, 0.0, s.Delta
			for _, m := range s.Mechanisms {
				delta -= m.Delta
				if m.Pure > 0 {
					rho += float64(m.Steps) * m.Pure * m.Pure / 8
					continue
				}
				gaussian += 1 / (m.Multiplier * m.Multiplier)
			}
			rho += gaussian / 2
			best := math.Inf(1)
			for x := -8.; x < 8; x += .001 { // order 1 + e^x
				a := 1 + math.Exp(x)
				best = min(best, rho*a+math.Log1p(-1/a)-math.Log(delta*a)/(a-1))
			}
			if s.Epsilon > epsilon || s.Epsilon < (1-1e-4)*best || s.Epsilon > 1.01*best {
				t.Errorf("unit %s, epsilon %g: the model says %.12f, found is %.12f", unit, epsilon, s.Epsilon, best)
			}
			mu := math.Sqrt(gaussian)
			normal := func(x float64) float64 { return .5 * math.Erfc(-x/math.Sqrt2) }
			lo, hi := 0., 100.
			for range 60 {
				if e := (lo + hi) / 2; normal(mu/2-e/mu)-math.Exp(e)*normal(-mu/2-e/mu) > delta {
					lo = e
				} else {
					hi = e
				}
			}
			if hi > s.Epsilon || hi < .6*s.Epsilon {
				t.Errorf("unit %s, epsilon %g: the model says %.5f, its Gaussians alone are exactly %.5f", unit, epsilon, s.Epsilon, hi)
			}
		}
	}
}

// Whoever knows all sessions but one, which stands out, and sees the model, can
// hardly tell whether that one was learnt: not better than epsilon allows.
func TestOneSessionCanHardlyBeTold(t *testing.T) {
	const fits = 120
	o := DefaultOptions()
	o.Epsilon = 1
	without := testSessions(400, 5)
	odd := trace.Session{Meta: trace.Row{"203.0.113.9", "198.51.100.7", int64(9), "tcp", "odd.example", int64(9)}}
	for k := range 20 {
		odd.Series = append(odd.Series, trace.Row{1.9e9 + float64(k), int64(1 << 40), 1e6, "F", false})
	}
	with := append(append([]trace.Session{}, without...), odd)
	// of its port, its size, and the number of sessions
	look := func(sessions []trace.Session) (x [3]float64) {
		m := fit(t, sessions, o)
		x[2] = m.Sessions
		for _, a := range m.Attributes {
			k, v := 0, cellValue{}
			switch a.Def.Name {
			case "dport":
				v = a.Grid.value(9)
			case "bytes":
				k, v = 1, a.Grid.value(1<<40)
			default:
				continue
			}
			for _, l := range a.Leaves {
				if l.Kind == parts && l.Cell == v.cell && v.sub >= l.Sub && v.sub < l.Sub+l.Subs {
					x[k] += l.Mass
				}
			}
		}
		return x
	}
	var in, out [fits][3]float64
	for i := range fits {
		in[i], out[i] = look(with), look(without)
	}
	most := math.Expm1(o.Epsilon)/(math.Exp(o.Epsilon)+1) + o.Delta
	for k := range 3 {
		best := 0.0
		for _, all := range [][fits][3]float64{in, out} {
			for _, c := range all {
				told := 0.0
				for i := range fits {
					if in[i][k] >= c[k] {
						told++
					}
					if out[i][k] >= c[k] {
						told--
					}
				}
				best = max(best, math.Abs(told)/fits)
			}
		}
		// by chance the greatest difference of two samples is beyond 2.5/sqrt(n/2)
		// once in a hundred thousand times
		if chance := 2.5 * math.Sqrt(2./fits); best > most+chance {
			t.Errorf("statistic %d: told apart with an advantage of %.3f, want at most %.3f", k, best, most+chance)
		} else {
			t.Logf("statistic %d: advantage %.3f of at most %.3f", k, best, most)
		}
	}
}
