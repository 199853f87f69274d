package eval

import (
	"bytes"
	"strings"
	"testing"

	"netshare/eval/figure"
)

// TestFidelityAgainstEpsilon: private tables are curves by model, in the order of
// epsilon, others levels; one table alone, or none that is private, is no figure.
func TestFidelityAgainstEpsilon(t *testing.T) {
	private := func(table, model string, epsilon, score, value float64) *Report {
		r := &Report{TwoWay: &TwoWay{Value: value, Half: .02, Independent: .3}, Guarantee: &Guarantee{Model: model, Epsilon: epsilon, Unit: "session"}}
		r.Synthetic.Name, r.Overall.Score, r.Overall.Baseline = table, score, 99
		return r
	}
	plain := &Report{TwoWay: &TwoWay{Value: .03, Half: .02, Independent: .3}}
	plain.Overall.Score, plain.Overall.Baseline = 95, 99
	eight, one := private("a", "marginal: noised counts", 8, 90, .05), private("b", "marginal: noised counts", 1, 70, .1)
	networks := private("c", "networks: noised gradients", 2, 60, .2)

	c, err := NewSideBySide([]*Report{eight, plain, networks, one})
	if err != nil {
		t.Fatal(err)
	}
	charts := c.charts()
	if len(charts) != 2 {
		t.Fatalf("%d figures, want of the score and of pairs", len(charts))
	}
	pairs := charts[1].figure.(figure.Epsilon)
	for _, curve := range pairs.Curves {
		if curve.Name == "marginal" && (len(curve.Points) != 2 || curve.Points[0] != (figure.Point{X: 1, Y: .1}) || curve.Points[1] != (figure.Point{X: 8, Y: .05})) {
			t.Errorf("the curve is %v", curve)
		}
	}
	if len(pairs.Curves) != 2 || len(pairs.Levels) != 3 || pairs.Levels[2] != (figure.Level{Name: "without privacy", Value: .03}) {
		t.Errorf("curves %v, levels %v", pairs.Curves, pairs.Levels)
	}
	var page bytes.Buffer
	if err := c.WriteHTML(&page, func(*Report) string { return "" }); err != nil || !strings.Contains(page.String(), "What privacy costs") {
		t.Errorf("the page lacks the figures: %v", err)
	}

	one.AddEpsilons([]Priced{eight.priced(), plain.priced()})
	if len(one.charts) != 2 {
		t.Errorf("a report beside others has %d figures", len(one.charts))
	}
	for _, alone := range [][]Priced{{eight.priced()}, {plain.priced(), plain.priced()}} {
		if got := epsilonCharts(alone, 99); got != nil {
			t.Errorf("%d figures of nothing to compare", len(got))
		}
	}
}
