package dgan

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestGivenRowsAreTheGeneratorsOwn: weighted rows of a narrowed head are distributed as those among many plain rows
// that happen to be so, and their mean weight is how many those are.
func TestGivenRowsAreTheGeneratorsOwn(t *testing.T) {
	for name, chain := range map[string]bool{"chain": true, "apart": false} {
		m := variant(t, func(c *Config, _ *Shape) { c.Temperature, c.StraightThrough, c.Chain = 1, true, chain }, 7)
		steps(t, m, newToy(50, 3), 30)
		const n = 40000
		r := rand.New(rand.NewPCG(1, 2))
		plain, err := m.Metas(n, r)
		if err != nil {
			t.Fatal(err)
		}
		// The last head is to be its third class, or half as often its second.
		limit := Limit{Head: 2, Shares: []float64{0, .5, 1, 0}}
		var want [3]float64
		var all float64
		for i := 0; i < len(plain); i += 8 {
			share := .5*float64(plain[i+5]) + float64(plain[i+6])
			all += share
			for k := range want {
				want[k] += share * float64(plain[i+k])
			}
		}
		rows, weights, err := m.MetasGiven(n, []Limit{limit}, r)
		if err != nil {
			t.Fatal(err)
		}
		var got [3]float64
		var sum float64
		for i, w := range weights {
			row := rows[8*i : 8*i+8]
			if row[4] != 0 || row[7] != 0 || row[5]+row[6] != 1 {
				t.Fatalf("%s: row %v has another class than was given", name, row)
			}
			sum += w
			for k := range got {
				got[k] += w * float64(row[k])
			}
		}
		if share, want := sum/n, all/n; math.Abs(share-want) > .02 {
			t.Errorf("%s: the mean weight is %.3f, want %.3f", name, share, want)
		}
		for k := range got {
			if a, b := got[k]/sum, want[k]/all; math.Abs(a-b) > .03 {
				t.Errorf("%s: class %d has share %.3f, want %.3f", name, k, a, b)
			}
		}
		// A number within bounds.
		rows, _, err = m.MetasGiven(500, []Limit{{Head: 1, Low: .3, High: .4}}, r)
		if err != nil {
			t.Fatal(err)
		}
		for i := 3; i < len(rows); i += 8 {
			if rows[i] < .3 || rows[i] > .4 {
				t.Fatalf("%s: number %v is not from .3 to .4", name, rows[i])
			}
		}
		again, err := m.Metas(500, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range again {
			if v != plain[i] {
				t.Fatalf("%s: limits show in rows that are made without", name)
			}
		}
	}
	m := variant(t, variants()["default"], 7)
	for _, l := range []Limit{{Head: 9}, {Head: -1}, {Head: 0, Shares: []float64{1}}, {Head: 1, Shares: []float64{1}, Low: 0}} {
		if _, _, err := m.MetasGiven(1, []Limit{l}, rand.New(rand.NewPCG(1, 2))); err == nil && l.Head != 1 {
			t.Errorf("limit %+v is taken", l)
		}
	}
}
