package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// logins are records of a source and a destination user, the same one in a share
// of them, and nothing else between them.
func logins(n int, same float64, seed uint64) []trace.Row {
	rng := rand.New(rand.NewPCG(seed, 5))
	user := func() string { return fmt.Sprint("U", int(rng.ExpFloat64()*300)) }
	var rows []trace.Row
	for i := range n {
		a, b := user(), user()
		if rng.Float64() < same {
			b = a
		}
		rows = append(rows, trace.Row{fmt.Sprint("s", i/4), a, b, int64(rng.IntN(100))})
	}
	return rows
}

// TestEqualColumns: users that are the same twice are told from users drawn
// apart, though no user is frequent.
func TestEqualColumns(t *testing.T) {
	columns := []trace.Column{
		{Name: "session", Type: trace.TypeText, Kind: trace.KindText},
		{Name: "src_user", Type: trace.TypeText, Kind: trace.KindText},
		{Name: "dst_user", Type: trace.TypeText, Kind: trace.KindText},
		{Name: "n", Type: trace.TypeInt, Kind: trace.KindInteger},
	}
	opts := DefaultOptions()
	opts.Key = []string{"session"}
	real := table(t, "real", columns, logins(4000, .55, 1))
	r := written(t, real, table(t, "synthetic", columns, logins(4000, .20, 2)), opts)
	s := find(t, r, "equal", "src_user, dst_user")
	if !s.Counted || s.Score > 60 || math.Abs(s.Value-.35) > .03 || s.YardstickKind != "independent" {
		t.Errorf("%+v", s)
	}
	if len(r.Worst) == 0 || !strings.HasPrefix(r.Worst[0].Words, "src_user equals dst_user in ") {
		t.Errorf("the summary begins with %+v", r.Worst)
	}
	r = written(t, real, table(t, "synthetic", columns, logins(4000, .55, 3)), opts)
	if s := find(t, r, "equal", "src_user, dst_user"); s.Score < 95 {
		t.Errorf("another draw: %+v", s)
	}
}

// TestValidity names values that can't be.
func TestValidity(t *testing.T) {
	columns := []trace.Column{
		{Name: "srcip", Type: trace.TypeText, Kind: trace.KindAddress},
		{Name: "dstport", Type: trace.TypeInt, Kind: trace.KindPort},
		{Name: "proto", Type: trace.TypeText, Kind: trace.KindProtocol},
		{Name: "tcp_flags", Type: trace.TypeInt, Kind: trace.KindCategory},
	}
	rows := func(odd bool) []trace.Row {
		var out []trace.Row
		for i := range 400 {
			r := trace.Row{fmt.Sprint("10.0.0.", i%250), int64(i % 1000), []string{"TCP", "6", "UDP"}[i%3], []any{int64(2), int64(18), int64(16), nil}[i%4]}
			if odd && i%10 == 0 {
				r = trace.Row{"10.0.0.256", int64(70000), "300", int64(3)}
			}
			out = append(out, r)
		}
		return out
	}
	good := table(t, "real", columns, rows(false))
	r := written(t, good, table(t, "synthetic", columns, rows(true)), DefaultOptions())
	for _, c := range columns {
		if s := find(t, r, "validity", c.Name); math.Abs(s.Value-.1) > 1e-9 || !s.Counted || !strings.Contains(s.Words, "10 % of synthetic records have a "+c.Name+" that can't be") {
			t.Errorf("%+v", s)
		}
	}
	r = written(t, good, table(t, "synthetic", columns, rows(false)), DefaultOptions())
	if s := find(t, r, "validity", "srcip"); s.Counted || s.Value != 0 {
		t.Errorf("good ones: %+v", s)
	}
	r = written(t, table(t, "real", columns, rows(true)), good, DefaultOptions())
	if s := find(t, r, "validity", "dstport"); s.Computed || !strings.Contains(s.Note, "70000") {
		t.Errorf("real ones that can't be: %+v", s)
	}
}

func TestTCPFlags(t *testing.T) {
	for text, want := range map[string]int{".AP.SF": 27, "0x12": 18, "18": 18, "S": 2, "......": 0, "CEUAPRSF": 255} {
		if got, ok := TCPFlags(text); !ok || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "FSPA_FSPA x", "-5", "99999", "CON"} {
		if got, ok := TCPFlags(text); ok {
			t.Errorf("%q is read as %d", text, got)
		}
	}
	for bits, want := range map[int]bool{2: true, 18: true, 16: true, 17: true, 4: true, 20: true, 0: false, 3: false, 6: false, 1: false, 21: false, 8: false} {
		if PossibleFlags(bits) != want {
			t.Errorf("%d: want %v", bits, want)
		}
	}
}

func TestGivenDistance(t *testing.T) {
	// Half the records bear the first value and agree; a quarter each the second,
	// which is turned round, and the third, which is lost.
	real := []float64{10, 10, 10, 0, 10, 0}
	synth := []float64{5, 5, 0, 7, 0, 0}
	if got := GivenDistance(real, synth, 3, 2); math.Abs(got-.5) > 1e-12 {
		t.Errorf("got %g, want .5", got)
	}
	if got := GivenDistance(real, real, 3, 2); got != 0 {
		t.Errorf("to itself: %g", got)
	}
}

// TestStatistics compares mean, median and deviation by hand.
func TestStatistics(t *testing.T) {
	x, y := []float64{0, 2, 4, 10}, []float64{1, 3, 5, 11}
	if got, want := statistics(x, y, measure(x)), (.1+.1)/3; math.Abs(got-want) > 1e-12 {
		t.Errorf("got %g, want %g", got, want)
	}
	var flat []float64
	for i := range 10001 {
		flat = append(flat, float64(i)/10000)
	}
	if got := uniformStatistics(flat, measure(flat)); got > 1e-3 {
		t.Errorf("of noise itself: %g", got)
	}
}

// TestSlicedSeesWhatGoesTogether and not the columns themselves.
func TestSlicedSeesWhatGoesTogether(t *testing.T) {
	columns := []trace.Column{
		{Name: "a", Type: trace.TypeReal, Kind: trace.KindReal}, {Name: "b", Type: trace.TypeReal, Kind: trace.KindReal}, {Name: "c", Type: trace.TypeReal, Kind: trace.KindReal},
	}
	draw := func(seed uint64, together, scale float64) *Trace {
		rng := rand.New(rand.NewPCG(seed, 7))
		var rows []trace.Row
		for range 3000 {
			z := rng.NormFloat64()
			row := trace.Row{}
			for range 3 {
				row = append(row, scale*(together*z+rng.NormFloat64()))
			}
			rows = append(rows, row)
		}
		return table(t, "t", columns, rows)
	}
	real := draw(1, 2, 1)
	for _, c := range []struct {
		synth  *Trace
		lo, hi float64
	}{{draw(2, 2, 1), 90, 100}, {draw(3, 2, 50), 90, 100}, {draw(4, 0, 1), 0, 15}} {
		if s := find(t, written(t, real, c.synth, DefaultOptions()), "sliced_emd", "all numbers"); s.Score < c.lo || s.Score > c.hi {
			t.Errorf("want %g to %g: %+v", c.lo, c.hi, s)
		}
	}
}
