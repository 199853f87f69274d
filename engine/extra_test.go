package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"netshare/engine/codec"
	"netshare/workspace/trace"
)

// TestSelfNormComesBack: numbers that are normalised in their sample fill its
// range, and come back as they were; what does not count is left alone.
func TestSelfNormComesBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var sessions []trace.Session
	for i := range 60 {
		s := trace.Session{Meta: trace.Row{int64(i)}}
		for range 1 + r.IntN(8) {
			var x any
			if r.IntN(4) > 0 {
				x = math.Exp(3 * r.NormFloat64())
			}
			s.Series = append(s.Series, trace.Row{nil, x, 100 + 50*r.Float64()})
		}
		sessions = append(sessions, s)
	}
	recipe := trace.Recipe{
		Name: "norms", Metadata: []trace.Field{trace.Integer("n")},
		Series: []trace.Field{trace.Real("some"), trace.Real("all").Encode(trace.EncodeSymmetric)},
	}
	types := map[string]trace.Type{"n": trace.TypeInt, "some": trace.TypeReal, "all": trace.TypeReal}
	c, err := codec.Fit(&recipe, types, sessions, codec.DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	m := &Model{Recipe: recipe, Codec: c, Options: DefaultOptions()}
	m.Options.SelfNorm = true
	own, width := len(c.MetaHeads()), len(c.SeriesHeads())
	if n := len(m.metaHeads()); n != own+4 {
		t.Fatalf("%d heads of metadata, want two for each of two numbers besides %d", n, own)
	}
	if !m.metaHeads()[own+2].Symmetric || m.metaHeads()[own+3].Symmetric {
		t.Error("the middle of a number in [-1, 1] is one too, and half its range is not")
	}
	for _, s := range sessions {
		for _, x := range c.Encode(s) {
			before := slices.Clone(x.Series)
			y := m.extend(x, nil)
			if !slices.Equal(x.Series, before) {
				t.Fatal("the sample's own numbers were changed")
			}
			for _, h := range c.SeriesNumbers() {
				lo, hi, n := float32(1), float32(0), 0
				for at := 0; at < len(y.Series); at += width {
					if h.Counts(y.Series[at:]) {
						lo, hi, n = min(lo, y.Series[at+h.Head]), max(hi, y.Series[at+h.Head]), n+1
					}
				}
				if n > 0 && (lo < 0 || hi > 1) || n > 1 && hi-lo < .9 && y.Meta[own+1] > .01 && y.Meta[own+3] > .01 {
					t.Errorf("%d numbers from %g to %g", n, lo, hi)
				}
			}
			m.restore(y.Meta[own:], y.Series)
			for _, h := range c.SeriesNumbers() {
				for at := 0; at < len(before); at += width {
					if a, b := before[at+h.Head], y.Series[at+h.Head]; h.Counts(before[at:]) && math.Abs(float64(a-b)) > 1e-6 {
						t.Fatalf("%g came back as %g", a, b)
					}
				}
			}
		}
	}
}
