package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"netshare/workspace/trace"
)

// walks makes sessions whose number goes up and down slowly and whose word
// goes round: hello, ask, answer, bye.
func walks(sessions, length int, seed uint64) []trace.Row {
	rng := rand.New(rand.NewPCG(seed, 1))
	words := []string{"hello", "ask", "answer", "bye"}
	var rows []trace.Row
	for id := range sessions {
		x := rng.NormFloat64()
		for i := range length {
			rows = append(rows, trace.Row{int64(id), int64(i), x, words[i%len(words)], []string{"tcp", "udp"}[id%2]})
			x = .9*x + .4*rng.NormFloat64()
		}
	}
	return rows
}

func walkColumns() []trace.Column {
	return []trace.Column{
		{Name: "id", Type: trace.TypeInt, Kind: trace.KindCategory},
		{Name: "ts", Type: trace.TypeInt, Kind: trace.KindTimestamp, Unit: trace.Second},
		{Name: "x", Type: trace.TypeReal, Kind: trace.KindReal},
		{Name: "word", Type: trace.TypeText, Kind: trace.KindCategory},
		{Name: "proto", Type: trace.TypeText, Kind: trace.KindCategory},
	}
}

func compareWalks(t *testing.T, real, synth []trace.Row) *Report {
	t.Helper()
	o := DefaultOptions()
	o.Key, o.Time = []string{"id"}, "ts"
	r, err := Compare(t.Context(), table(t, "real", walkColumns(), real), table(t, "synthetic", walkColumns(), synth), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSeries shuffles the records within sessions: every column and session
// stays as it is, and only what hangs on the order goes.
func TestSeries(t *testing.T) {
	real := walks(200, 12, 1)
	good := compareWalks(t, real, walks(200, 12, 2))
	if p := property(t, good, Series); p.Score < 90 {
		t.Errorf("two draws of one source score %.1f in series", p.Score)
	}
	shuffled := walks(200, 12, 2)
	rng := rand.New(rand.NewPCG(3, 3))
	for id := range 200 {
		rows := shuffled[id*12 : (id+1)*12]
		rng.Shuffle(len(rows), func(i, j int) {
			rows[i][2], rows[j][2], rows[i][3], rows[j][3] = rows[j][2], rows[i][2], rows[j][3], rows[i][3]
		})
	}
	bad := compareWalks(t, real, shuffled)
	if a, b := property(t, good, Columns).Score, property(t, bad, Columns).Score; math.Abs(a-b) > .1 {
		t.Errorf("columns score %.1f, and %.1f shuffled", a, b)
	}
	if s := find(t, bad, "autocorrelation", "x"); s.Score > 80 {
		t.Errorf("autocorrelation scores %.1f shuffled (%.3f)", s.Score, s.Value)
	}
	for _, name := range []string{"transitions", "first_tv", "last_tv"} {
		if s := find(t, bad, name, "word"); s.Score > 20 {
			t.Errorf("%s scores %.1f shuffled", name, s.Score)
		}
	}
	if s := find(t, bad, "change_ks", "x"); s.Score > 60 {
		t.Errorf("changes score %.1f shuffled", s.Score)
	}
}

// TestVaries finds metadata that does not stay constant.
func TestVaries(t *testing.T) {
	synth := walks(100, 6, 2)
	for i := range synth {
		if i%6 == 4 && i/6%3 == 0 {
			synth[i][4] = "icmp"
		}
	}
	s := find(t, compareWalks(t, walks(100, 6, 1), synth), "varies", "proto")
	if want := 34. / 100; math.Abs(s.Value-want) > 1e-12 {
		t.Errorf("varies is %v, want %v", s.Value, want)
	}
	if s.Score > 80 {
		t.Errorf("scores %.1f", s.Score)
	}
}

// TestAutocorrelation compares a pooled autocorrelation with one by hand; a
// longer session has more pairs, and nothing is padded.
func TestAutocorrelation(t *testing.T) {
	s := &side{rows: 7, numbers: [][]float64{{0, 0, 0, 1, 1, 1, 1}, {1, 2, 4, 3, math.NaN(), 5, 9}}, codes: make([][]int32, 2)}
	s.sess = s.group([]int{0}, -1)
	var got []float64
	s.lagged(s.numbers[1], func(lag, _ int, a, b float64) { got = append(got, float64(lag), a, b) })
	m, n := 7./3, 17./3
	want := []float64{
		0, 1 - m, 2 - m, 1, 1 - m, 4 - m, 0, 2 - m, 4 - m,
		1, 3 - n, 5 - n, 2, 3 - n, 9 - n, 0, 5 - n, 9 - n,
	}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}
