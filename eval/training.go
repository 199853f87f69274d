package eval

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"netshare/eval/figure"
)

// AddTraining adds figures of what was measured in the epochs of the run that
// made the synthetic table's model: losses together, gradient penalties
// together, measures of fidelity together, and anything else on its own. Each metric has a value for
// each epoch, NaN where it was not measured. Metrics that never vary, and those
// named iteration and seconds, are left out.
func (r *Report) AddTraining(epochs []float64, values map[string][]float64) {
	type group struct {
		name, title, label string
		series             []figure.Series
	}
	var groups []*group
	add := func(name, title, label, metric string) {
		i := slices.IndexFunc(groups, func(g *group) bool { return g.name == name })
		if i < 0 {
			i, groups = len(groups), append(groups, &group{name: name, title: title, label: label})
		}
		groups[i].series = append(groups[i].series, figure.Series{Name: strings.ReplaceAll(strings.TrimSuffix(metric, "_"+name), "_", " "), Values: values[metric]})
	}
	for _, metric := range slices.Sorted(maps.Keys(values)) {
		known := slices.DeleteFunc(slices.Clone(values[metric]), math.IsNaN)
		if len(known) == 0 || len(epochs) > 1 && slices.Min(known) == slices.Max(known) || metric == "iteration" || metric == "seconds" {
			continue
		}
		switch plain := strings.ReplaceAll(metric, "_", " "); {
		case strings.Contains(metric, "loss"):
			add("loss", "Loss over epochs", "loss", metric)
		case strings.Contains(metric, "penalty"):
			add("penalty", "Gradient penalty over epochs", "penalty", metric)
		case strings.Contains(metric, "fidelity") || strings.Contains(metric, "score"):
			add("fidelity", "Fidelity over epochs", "fidelity", metric)
		default:
			add(metric, strings.ToUpper(plain[:1])+plain[1:]+" over epochs", plain, metric)
		}
	}
	var charts []chart
	for _, g := range groups {
		charts = append(charts, chart{
			name: fmt.Sprintf("epochs-%s", fileName(g.name)), title: Printable(g.title),
			alt: Printable(g.title) + " of the training run", figure: figure.Epochs{YLabel: g.label, Epochs: epochs, Series: g.series},
		})
	}
	at := slices.IndexFunc(r.charts, func(c chart) bool { return c.section != "" })
	if at < 0 {
		at = len(r.charts)
	}
	r.charts = slices.Insert(r.charts, at, charts...)
}
