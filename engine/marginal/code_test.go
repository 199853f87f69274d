package marginal

import (
	"context"
	"math/rand/v2"
	"testing"
)

// What columns code comes back as values of the same classes; at times
// to another class, since reals are rounded and ranges have values of their own within.
func TestCodesComeBack(t *testing.T) {
	o := DefaultOptions()
	o.Epsilon = 8
	sessions := testSessions(3000, 1)
	c, err := FitColumns(context.Background(), &testRecipe, testTypes, sessions, o, .5, 12)
	if err != nil {
		t.Fatal(err)
	}
	if spent, _ := c.Ledger.Epsilon(o.Delta); spent > .8*o.Epsilon {
		t.Errorf("half of the budget took epsilon %g of %g", spent, o.Epsilon)
	}
	m := c.Model
	for _, series := range []bool{false, true} {
		for i, p := range m.Shares(series) {
			if len(p) < 2 || len(p) > 12 {
				t.Errorf("column %d has %d classes", i, len(p))
			}
		}
	}
	k := m.NewMaker(rand.New(rand.NewPCG(1, 2)))
	width := len(m.Shares(true))
	all, differ := 0.0, 0.0
	count := func(a attribute, same bool) {
		if a.Role == ofField && a.Grid != nil {
			all++
			differ += float64(boolInt(!same))
		}
	}
	for _, s := range sessions[:200] {
		meta, series := m.Encode(s)
		made, _, err := k.Session(meta, series, len(s.Series))
		if err != nil {
			t.Fatal(err)
		}
		again, records := m.Encode(made)
		if len(made.Series) != len(s.Series) || len(series) != width*len(s.Series) {
			t.Fatalf("%d records became %d", len(s.Series), len(made.Series))
		}
		for j, class := range meta {
			count(m.Attributes[m.coded(false)[j]], class == again[j])
		}
		for j, class := range series {
			count(m.Attributes[m.coded(true)[j%width]], class == records[j])
		}
	}
	if differ > .03*all {
		t.Errorf("%.0f of %.0f numbers came back as another class", differ, all)
	}
	if _, _, err := k.Session(nil, nil, 1); err == nil {
		t.Error("no classes are taken")
	}
	if n := m.Within(1); n < 5 || m.Within(.01) > n {
		t.Errorf("sessions have %d records at most", n)
	}
}
