package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// written compares and writes every form but the figures, and checks what
// holds of every report.
func written(t *testing.T, real, synth *Trace, opts Options) *Report {
	t.Helper()
	r, err := Compare(context.Background(), real, synth, opts)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Overall struct{ Score, Spread *float64 } `json:"overall"`
	}
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Overall.Score == nil || back.Overall.Spread == nil {
		t.Errorf("JSON without overall score and spread: %v", err)
	}
	if err := r.WriteHTML(&b); err != nil {
		t.Error(err)
	}
	if err := r.WriteText(&b); err != nil {
		t.Error(err)
	}
	for _, s := range r.Scores {
		for _, v := range []float64{s.Value, s.Raw, s.Baseline, s.BaselineSpread, s.Yardstick, s.Score} {
			if !finite(v) {
				t.Errorf("%s of %s holds %v", s.Metric, s.Target, v)
			}
		}
		if s.Score < 0 || s.Score > 100 || s.Value < 0 {
			t.Errorf("%s of %s: value %g, score %g", s.Metric, s.Target, s.Value, s.Score)
		}
		if (!s.Computed || !s.Counted) && s.Note == "" {
			t.Errorf("%s of %s is left out without a reason", s.Metric, s.Target)
		}
	}
	return r
}

func TestOddTables(t *testing.T) {
	columns := flowColumns()
	good := flows(300, 1)
	change := func(f func(i int, r trace.Row)) []trace.Row {
		rows := flows(300, 2)
		for i, r := range rows {
			f(i, r)
		}
		return rows
	}
	empty := func(i int, r trace.Row) {
		for j := range r {
			r[j] = nil
		}
	}
	cases := []struct {
		name        string
		real, synth []trace.Row
	}{
		{"empty synthetic", good, nil},
		{"one row each", good[:1], good[1:2]},
		{"one real row", good[:1], good},
		{"one synthetic row", good, good[:1]},
		{"two rows", good[:2], good[:2]},
		{"all missing synthetic", good, change(empty)},
		{"all missing real", change(empty), good},
		{"all missing both", change(empty), change(empty)},
		{"constant", change(func(_ int, r trace.Row) { copy(r, good[0]) }), change(func(_ int, r trace.Row) { copy(r, good[0]) })},
		{"constant synthetic", good, change(func(_ int, r trace.Row) { copy(r, good[0]) })},
		{"infinite", good, change(func(i int, r trace.Row) { r[6] = math.Inf(1 - 2*(i%2)) })},
		{"infinite real", change(func(i int, r trace.Row) { r[6] = math.Inf(1 - 2*(i%2)) }), good},
		{"not a number", good, change(func(i int, r trace.Row) { r[6] = math.NaN() })},
		{"huge", good, change(func(i int, r trace.Row) { r[6] = 1e300 * float64(i) })},
		{"negative", good, change(func(i int, r trace.Row) { r[6] = -float64(i) })},
		{"disjoint", good, change(func(i int, r trace.Row) {
			r[0], r[3], r[4], r[9] = "2001:db8::1", int64(60000), "GRE", "other"
		})},
		{"one session", change(func(_ int, r trace.Row) { copy(r[:5], good[0][:5]) }), good},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := written(t, table(t, "real", columns, c.real), table(t, "synthetic", columns, c.synth), flowOptions())
			if c.name == "empty synthetic" && r.Overall.Score > 5 {
				t.Errorf("an empty table scores %.1f", r.Overall.Score)
			}
			if c.name == "disjoint" && r.Overall.Score > 95 {
				t.Errorf("disjoint columns score %.1f", r.Overall.Score)
			}
		})
	}
	t.Run("figures", func(t *testing.T) {
		r := written(t, table(t, "real", columns, good[:60]), table(t, "synthetic", columns, nil), flowOptions())
		if err := r.WriteFigures(t.TempDir()); err != nil {
			t.Error(err)
		}
	})
}

func TestColumnsOfOneSide(t *testing.T) {
	rows := flows(400, 1)
	real := table(t, "real", flowColumns(), rows)
	fewer := make([]trace.Row, len(rows))
	for i, r := range rows {
		fewer[i] = r[:9]
	}
	r := written(t, real, table(t, "synthetic", flowColumns()[:9], fewer), flowOptions())
	if s := find(t, r, "presence", "type"); s.Score != 0 || !s.Counted {
		t.Errorf("a column that is not there: %+v", s)
	}
	if len(r.Worst) == 0 || r.Worst[0].Target != "type" {
		t.Errorf("the missing column is not the worst: %+v", r.Worst)
	}
	r = written(t, table(t, "real", flowColumns()[:9], fewer), real, flowOptions())
	if s := find(t, r, "presence", "type"); s.Computed || s.Note == "" {
		t.Errorf("a column of the synthetic side only: %+v", s)
	}
	changed := flowColumns()
	changed[8] = trace.Column{Name: "byt", Type: trace.TypeText, Kind: trace.KindText}
	r = written(t, real, table(t, "synthetic", changed, rows), flowOptions())
	if s := find(t, r, "presence", "byt"); s.Computed || !strings.Contains(s.Note, "type") {
		t.Errorf("differing types: %+v", s)
	}
}

func TestErrors(t *testing.T) {
	real := table(t, "real", flowColumns(), flows(10, 1))
	none := table(t, "none", flowColumns(), nil)
	other := table(t, "other", []trace.Column{{Name: "x", Type: trace.TypeInt, Kind: trace.KindInteger}}, []trace.Row{{int64(1)}})
	twice := table(t, "twice", []trace.Column{{Name: "x", Type: trace.TypeInt, Kind: trace.KindInteger}, {Name: "x", Type: trace.TypeInt, Kind: trace.KindInteger}}, nil)
	bad := flowOptions()
	bad.Splits, bad.MaxPairs = 0, -1
	for _, c := range []struct {
		real, synth *Trace
		opts        Options
		want        string
	}{
		{none, real, flowOptions(), "no rows"},
		{real, other, flowOptions(), "share no column"},
		{real, nil, flowOptions(), "no table"},
		{twice, twice, flowOptions(), "occurs twice"},
		{real, real, bad, "max pairs: want 0 or more, got -1"},
		{real, real, bad, "splits: want 1 to 32"},
	} {
		if _, err := Compare(context.Background(), c.real, c.synth, c.opts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Compare(ctx, real, real, flowOptions()); err != context.Canceled {
		t.Errorf("cancelled: got %v", err)
	}
	if err := NewTrace("t", flowColumns()).Append(trace.Row{1}); err == nil {
		t.Error("a short row was taken")
	}
	c := NewColumn(trace.Column{Name: "n", Type: trace.TypeInt, Kind: trace.KindInteger})
	if err := c.Append("x"); err == nil || !strings.Contains(err.Error(), `column "n", row 1: want a number, got "x"`) {
		t.Errorf("a text among numbers: %v", err)
	}
}

func TestManyColumns(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var columns []trace.Column
	for i := range 500 {
		columns = append(columns, trace.Column{Name: fmt.Sprint("c", i), Type: trace.TypeReal, Kind: trace.KindReal})
	}
	rows := make([]trace.Row, 200)
	for i := range rows {
		for range columns {
			rows[i] = append(rows[i], rng.NormFloat64())
		}
	}
	start := time.Now()
	r := written(t, table(t, "real", columns, rows[:100]), table(t, "synthetic", columns, rows[100:]), DefaultOptions())
	t.Logf("500 columns took %v", time.Since(start))
	if len(r.charts) > 2*40+1 || len(r.Notes) == 0 { // two of each column, and the heat map
		t.Errorf("%d figures, notes %q", len(r.charts), r.Notes)
	}
}

// TestNanoseconds holds times since 1970 in nanoseconds exact.
func TestNanoseconds(t *testing.T) {
	for _, typ := range []trace.Type{trace.TypeInt, trace.TypeTime} {
		columns := []trace.Column{
			{Name: "k", Type: trace.TypeText, Kind: trace.KindCategory},
			{Name: "ts", Type: typ, Kind: trace.KindTimestamp, Unit: trace.Nanosecond},
		}
		value := func(ns int64) any {
			if typ == trace.TypeTime {
				return time.Unix(0, ns).UTC()
			}
			return ns
		}
		const base = 1458298072364000000
		var a, b []trace.Row
		for i := range int64(100) {
			a = append(a, trace.Row{fmt.Sprint(i / 10), value(base + i*7)})
			b = append(b, trace.Row{fmt.Sprint(i / 10), value(base + 1e18 + i*9)})
		}
		opts := DefaultOptions()
		opts.Key, opts.Time = []string{"k"}, "ts"
		r := written(t, table(t, "a", columns, a), table(t, "b", columns, b), opts)
		want := 2.0
		if typ == trace.TypeTime {
			want = 2e-9
		}
		if s := find(t, r, "interarrival_emd", "interarrival time"); math.Abs(s.Raw-want) > want*1e-6 {
			t.Errorf("%s: interarrival differs by %g, want %g", typ, s.Raw, want)
		}
	}
}

func TestHostileNames(t *testing.T) {
	evil := "<script>alert(1)</script>\x00\x1b[31m\u202e\"'&amp;{{.}}"
	columns := []trace.Column{
		{Name: evil, Type: trace.TypeText, Kind: trace.KindCategory},
		{Name: "b\nc]]>", Type: trace.TypeText, Kind: trace.KindText},
		{Name: "", Type: trace.TypeReal, Kind: trace.KindReal},
		{Name: "../../x", Type: trace.TypeReal, Kind: trace.KindReal},
	}
	var rows, other []trace.Row
	for i := range 60 {
		rows = append(rows, trace.Row{evil + fmt.Sprint(i%3), "</svg><img src=x onerror=alert(1)>\xff\xfe" + fmt.Sprint(i%5), float64(i), float64(i * i)})
		other = append(other, trace.Row{"</style>" + evil, strings.Repeat("long ", 5000) + fmt.Sprint(i), -float64(i), 1.0})
	}
	r := written(t, table(t, evil, columns, rows), table(t, evil, columns, other), DefaultOptions())
	var html, text bytes.Buffer
	if err := r.WriteHTML(&html); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "onerror=alert(1)>", "</style><", "\x00", "\x1b", "\u202e", "{{.}}\x00"} {
		if n := strings.Count(html.String(), bad); n > 0 {
			t.Errorf("%q stands %d times in the page", bad, n)
		}
	}
	if n := strings.Count(html.String(), "</style>"); n != 1 {
		t.Errorf("%d ends of style", n)
	}
	if html.Len() > 300_000 {
		t.Errorf("the page has %d bytes", html.Len())
	}
	if strings.Contains(html.String(), "http://") && !strings.Contains(html.String(), "http://www.w3.org") {
		t.Error("the page reaches out")
	}
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String(), "\x00\x1b\u202e") {
		t.Error("control characters reach the terminal")
	}
	if err := r.WriteFigures(t.TempDir()); err != nil {
		t.Error(err)
	}
}
