package eval

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// TestSDMetrics compares with the numbers of SDMetrics itself; the file names
// the version.
func TestSDMetrics(t *testing.T) {
	data, err := os.ReadFile("testdata/sdmetrics.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Real, Synthetic []trace.Row
		Reports         map[string]float64
		Scores          [][4]any
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	columns := []trace.Column{
		{Name: "id", Type: trace.TypeText, Kind: trace.KindText},
		{Name: "ts", Type: trace.TypeInt, Kind: trace.KindTimestamp, Unit: trace.Second},
		{Name: "kind", Type: trace.TypeText, Kind: trace.KindCategory},
		{Name: "port", Type: trace.TypeInt, Kind: trace.KindPort},
		{Name: "n", Type: trace.TypeInt, Kind: trace.KindInteger},
		{Name: "x", Type: trace.TypeReal, Kind: trace.KindReal},
		{Name: "ok", Type: trace.TypeBool, Kind: trace.KindBoolean},
	}
	typed := func(rows []trace.Row) []trace.Row {
		for _, r := range rows {
			for _, c := range []int{1, 3, 4} {
				r[c] = int64(r[c].(float64))
			}
		}
		return rows
	}
	o := DefaultOptions()
	o.Key, o.Time, o.Strict = []string{"id"}, "ts", true
	real, synth := table(t, "real", columns, typed(want.Real)), table(t, "synthetic", columns, typed(want.Synthetic))
	got, err := SDMetricsOf(t.Context(), real, synth, o)
	if err != nil {
		t.Fatal(err)
	}
	key := func(property, metric string, columns []string) string {
		return property + " " + metric + " " + strings.Join(columns, ",")
	}
	scores := map[string]any{}
	for _, s := range got.Scores {
		scores[key(s.Property, s.Metric, s.Columns)] = nil
		if !s.Computed {
			continue
		}
		scores[key(s.Property, s.Metric, s.Columns)] = s.Score
	}
	for _, w := range want.Scores {
		var names []string
		for _, n := range w[2].([]any) {
			names = append(names, n.(string))
		}
		k := key(w[0].(string), w[1].(string), names)
		have, ok := scores[k]
		a, finite := have.(float64)
		b, wanted := w[3].(float64)
		if !ok || finite != wanted || math.Abs(a-b) > 1e-9 {
			t.Errorf("%s: %v (%v), want %v", k, have, ok, w[3])
		}
	}
	for name, have := range map[string]float64{
		"quality": got.Quality, "column_shapes": got.ColumnShapes, "column_pair_trends": got.ColumnPairTrends,
		"diagnostic": got.Diagnostic, "data_validity": got.DataValidity, "data_structure": got.DataStructure,
	} {
		if math.Abs(have-want.Reports[name]) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, have, want.Reports[name])
		}
	}
}

// TestSDMetricsOfItself scores a table against itself 1 all over, which
// SDMetrics does too.
func TestSDMetricsOfItself(t *testing.T) {
	rows := flows(500, 1)
	a, b := table(t, "a", flowColumns(), rows), table(t, "b", flowColumns(), rows)
	got, err := SDMetricsOf(t.Context(), a, b, flowOptions())
	if err != nil {
		t.Fatal(err)
	}
	if got.Quality != 1 || got.Diagnostic != 1 {
		t.Errorf("quality %v, diagnostic %v", got.Quality, got.Diagnostic)
	}
}

// TestSDMetricsRanges shows the fault: the same values in tables of different
// ranges are told apart by SDMetrics' own parts, and not by ours.
func TestSDMetricsRanges(t *testing.T) {
	columns := []trace.Column{
		{Name: "kind", Type: trace.TypeText, Kind: trace.KindCategory},
		{Name: "x", Type: trace.TypeReal, Kind: trace.KindReal},
	}
	var real, synth []trace.Row
	for i := range 100 {
		row := trace.Row{[]string{"a", "b"}[i%10/5], float64(i % 10)}
		real, synth = append(real, row), append(synth, row)
	}
	synth[0] = trace.Row{"a", 1000.}
	for strict, want := range map[bool]float64{false: .99, true: .11} {
		o := DefaultOptions()
		o.Strict = strict
		got, err := SDMetricsOf(t.Context(), table(t, "real", columns, real), table(t, "synthetic", columns, synth), o)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.ColumnPairTrends-want) > .1 {
			t.Errorf("strict %v: %v, want about %v", strict, got.ColumnPairTrends, want)
		}
	}
}
