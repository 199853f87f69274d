package eval

import (
	"math"
	"testing"

	"netshare/workspace/trace"
)

func TestRankError(t *testing.T) {
	if d := rankError([]float64{6, 3, 1}, []float64{1, 6, 3}); d != 0 {
		t.Errorf("the same shares under other names are %v apart", d)
	}
	// shares .6 .3 .1 against .5 .5: .1+.2+.1
	if d := rankError([]float64{6, 3, 1}, []float64{5, 5, 0}); math.Abs(d-.4) > 1e-12 {
		t.Errorf("got %v, want .4", d)
	}
	if d := rankError([]float64{1}, nil); !math.IsNaN(d) {
		t.Errorf("against nothing: %v", d)
	}
}

func TestNetwork(t *testing.T) {
	real := flows(4000, 1)
	same := compared(t, real, flows(4000, 1))
	if p := property(t, same, Network); p.Score < 99.9 {
		t.Errorf("a trace against itself scores %.1f", p.Score)
	}
	for _, f := range []struct {
		name, metric, target string
		plant                func(i int, r trace.Row)
	}{
		{"one source sends fifty times as much", "heavy_hitters", "srcip by byt", func(_ int, r trace.Row) {
			if r[0] == real[0][0] {
				r[8] = r[8].(int64)*50 + 1e6
			}
		}},
		{"everybody talks to one", "fan_out_ks", "dstip per srcip", func(_ int, r trace.Row) { r[1] = "192.0.2.1" }},
		{"other heavy destinations", "heavy_overlap", "dstip by records", func(i int, r trace.Row) { r[1] = real[(i*7)%40][1] }},
		{"all bytes at once", "volume", "byt over time", func(i int, r trace.Row) {
			if i < 3600 {
				r[8] = int64(0)
			}
		}},
		{"in bursts", "burstiness", "records in windows", func(_ int, r trace.Row) { r[5] = r[5].(int64) / 20e6 * 20e6 }},
	} {
		t.Run(f.name, func(t *testing.T) {
			r := compared(t, real, each(f.plant)(flows(4000, 1)))
			if s := find(t, r, f.metric, f.target); s.Score > 75 || s.Words == "" {
				t.Errorf("scores %.1f (%v against %v): %q", s.Score, s.Value, s.Baseline, s.Words)
			} else {
				t.Log(s.Words)
			}
		})
	}
}

// TestDispersion checks the windows: one record each tick has no dispersion.
func TestDispersion(t *testing.T) {
	if d := dispersion([]float64{4, 4, 4}); d != 0 {
		t.Errorf("constant counts: %v", d)
	}
	if d := dispersion([]float64{0, 8}); math.Abs(d-8) > 1e-12 {
		t.Errorf("got %v, want 32/4", d)
	}
}
