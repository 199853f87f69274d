package eval

import (
	"cmp"
	"slices"
	"strings"

	"netshare/eval/figure"
)

// Priced is one synthetic table's fidelity, with what its model guarantees.
type Priced struct {
	Table     string
	Guarantee *Guarantee // nil for none
	Score     float64    // overall, 0 to 100
	TwoWay    *TwoWay    // nil where it was not measured
}

// priced is a report as a point of those figures.
func (r *Report) priced() Priced {
	return Priced{r.Synthetic.Name, r.Guarantee, r.Overall.Score, r.TwoWay}
}

// curve is the name of the curve that a table is on.
func (g *Guarantee) curve() string {
	name, _, _ := strings.Cut(g.Model, ":")
	if g.Unit != "session" {
		name += ", unit " + g.Unit
	}
	return name
}

// epsilonCharts draws fidelity against epsilon, the score and how far pairs of
// columns are off, nothing where fewer than two tables can be compared so. baseline is the score
// of one real half against the other.
func epsilonCharts(tables []Priced, baseline float64) []chart {
	score := figure.Epsilon{YLabel: "score", Levels: []figure.Level{{Name: "a real half", Value: baseline}}}
	pairs := figure.Epsilon{YLabel: "two-way total variation"}
	private := 0
	tables = slices.Clone(tables)
	slices.SortStableFunc(tables, func(a, b Priced) int {
		if a.Guarantee == nil || b.Guarantee == nil {
			return 0
		}
		return cmp.Compare(a.Guarantee.Epsilon, b.Guarantee.Epsilon)
	})
	var best *Priced // without privacy
	for i, t := range tables {
		if t.TwoWay != nil && pairs.Levels == nil && finite(t.TwoWay.Independent) {
			pairs.Levels = []figure.Level{{Name: "real halves", Value: t.TwoWay.Half}, {Name: "independent columns", Value: t.TwoWay.Independent}}
		}
		if t.Guarantee == nil {
			if best == nil || t.Score > best.Score {
				best = &tables[i]
			}
			continue
		}
		private++
		put(&score, t, t.Score)
		if t.TwoWay != nil {
			put(&pairs, t, t.TwoWay.Value)
		}
	}
	if private == 0 || len(tables) < 2 {
		return nil
	}
	if best != nil {
		score.Levels = append(score.Levels, figure.Level{Name: "without privacy", Value: best.Score})
		if best.TwoWay != nil {
			pairs.Levels = append(pairs.Levels, figure.Level{Name: "without privacy", Value: best.TwoWay.Value})
		}
	}
	out := []chart{{name: "epsilon-score", title: "Score against epsilon", alt: "overall score of private traces against their epsilon", figure: score}}
	if len(pairs.Curves) > 0 {
		out = append(out, chart{
			name: "epsilon-pairs", title: "Pairs of columns against epsilon, 0 is the best",
			alt: "two-way total variation of private traces against their epsilon", figure: pairs,
		})
	}
	return out
}

func put(f *figure.Epsilon, t Priced, y float64) {
	name := t.Guarantee.curve()
	i := slices.IndexFunc(f.Curves, func(c figure.EpsilonCurve) bool { return c.Name == name })
	if i < 0 {
		i, f.Curves = len(f.Curves), append(f.Curves, figure.EpsilonCurve{Name: name})
	}
	f.Curves[i].Points = append(f.Curves[i].Points, figure.Point{X: t.Guarantee.Epsilon, Y: y})
}

// AddEpsilons adds figures of fidelity against epsilon: this table beside others
// of the same real trace. They are left out where none of them is private, or
// there is no other.
func (r *Report) AddEpsilons(others []Priced) {
	all := append(slices.Clone(others), r.priced())
	at := slices.IndexFunc(r.charts, func(c chart) bool { return c.section != "" })
	if at < 0 {
		at = len(r.charts)
	}
	r.charts = slices.Insert(r.charts, at, epsilonCharts(all, r.Overall.Baseline)...)
}

// charts are the figures of a comparison.
func (c *SideBySide) charts() []chart {
	var all []Priced
	for _, r := range c.Tables {
		all = append(all, r.priced())
	}
	return epsilonCharts(all, c.Tables[0].Overall.Baseline)
}

// Drawn are the same for the page.
func (c *SideBySide) Drawn() (out []drawn, err error) {
	for _, x := range c.charts() {
		svg, err := inlineSVG(x)
		if err != nil {
			return nil, err
		}
		out = append(out, drawn{Title: x.title, SVG: svg})
	}
	return out, nil
}

// WriteFigures writes the comparison's figures, if there are any, as SVG and PNG
// into dir, which is made where it is not there.
func (c *SideBySide) WriteFigures(dir string) error {
	charts := c.charts()
	if len(charts) == 0 {
		return nil
	}
	return writeFigures(dir, charts)
}
