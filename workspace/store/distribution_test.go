package store

import (
	"math"
	"slices"
	"testing"
)

func TestDistributions(t *testing.T) {
	db := openTest(t, Options{})
	n := writeSQL(t, db, `SELECT i, if(i < 990, 1.0 + i % 3, 1e6 * (i - 980)) AS heavy, if(i % 2 = 0, 'inf'::DOUBLE, 'nan') AS none, 'x' AS s,
		NULL::DOUBLE AS missing, 7 AS same, i % 4 = 0 AS b, make_timestamp_ns(i * 1000000000) AS t, if(i % 2 = 0, -1.7e308, 1.7e308) AS far,
		if(i % 10 = 0, NULL, i)::DOUBLE AS holes FROM range(1000) x(i)`)
	names := []string{"i", "heavy", "none", "s", "missing", "same", "b", "t", "far", "holes"}
	got, err := db.Distributions(t.Context(), n, names, 10)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string][]int64{
		"i": {100, 100, 100, 100, 100, 100, 100, 100, 100, 100}, "same": {1000, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "b": {750, 0, 0, 0, 0, 0, 0, 0, 0, 250},
		"far": {500, 0, 0, 0, 0, 0, 0, 0, 0, 500}, "holes": {90, 90, 90, 90, 90, 90, 90, 90, 90, 90}, "none": nil, "s": nil, "missing": nil,
	}
	for i, name := range names {
		d := got[i]
		if want, ok := counts[name]; ok && !slices.Equal(d.Counts, want) {
			t.Errorf("%s: counts %v, want %v", name, d.Counts, want)
		}
		if (d.Counts == nil) != (d.Edges == nil) || d.Log != (name == "heavy") {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if d := got[0]; d.Quartiles != [3]float64{249.75, 499.5, 749.25} || d.Edges[0] != 0 || d.Edges[10] != 999 {
		t.Errorf("i: %+v", d)
	}
	// A few large values take the upper parts, the many small ones are told apart from them.
	var sum int64
	for k, n := range got[1].Counts {
		sum += n
		if k == 4 && sum != 990 {
			t.Errorf("heavy: %v by %v", got[1].Counts, got[1].Edges)
		}
	}
	if math.Abs(got[1].Edges[10]/1.9e7-1) > 1e-9 || got[7].Edges[10] != 999 {
		t.Errorf("ends %v and %v", got[1].Edges, got[7].Edges)
	}
	if _, err := db.Distributions(t.Context(), n, []string{"nope"}, 10); err == nil {
		t.Error("a column that is not there has a distribution")
	}
}
