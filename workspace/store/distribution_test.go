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

// TestDistributionsLarge: in a table of more than a million rows every row is
// counted, and quartiles are about right.
func TestDistributionsLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("more than a million rows")
	}
	db := openTest(t, Options{})
	n := writeSQL(t, db, "SELECT i, if(i % 4 = 0, NULL, i % 1000 / 8) AS r, if(i % 3 = 0, 'nan'::DOUBLE, 5.0) AS one FROM range(1200000) x(i)")
	got, err := db.Distributions(t.Context(), n, []string{"i", "r", "one"}, 10)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []struct {
		rows      int64
		quartiles [3]float64
		within    float64
	}{
		{1200000, [3]float64{300000, 600000, 900000}, 20000},
		{900000, [3]float64{31, 62, 94}, 4},
		{800000, [3]float64{5, 5, 5}, 0},
	} {
		sum := int64(0)
		for _, c := range got[k].Counts {
			sum += c
		}
		if sum != want.rows {
			t.Errorf("column %d: %d rows are counted, want %d", k, sum, want.rows)
		}
		for i, q := range got[k].Quartiles {
			if math.Abs(q-want.quartiles[i]) > want.within {
				t.Errorf("column %d: quartiles %v, want about %v", k, got[k].Quartiles, want.quartiles)
				break
			}
		}
	}
	for _, c := range got[0].Counts {
		if c != 120000 {
			t.Errorf("parts of %v, want 120000 each", got[0].Counts)
			break
		}
	}
}
