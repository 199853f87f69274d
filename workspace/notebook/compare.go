package notebook

import (
	"context"
	"math"
	"slices"
	"strings"

	"netshare/eval/figure"
	"netshare/workspace"
)

// Compared is a column of two tables over each other.
type Compared struct {
	Column string

	// Chart has two series: a histogram of amounts, bars of other columns.
	Chart *figure.Chart

	// Apart is, of amounts, the greatest distance between the distributions of
	// the bins, of others half the sum of differences in share: 0 is alike, 1
	// nothing in common.
	Apart float64
}

// Compare compares two tables column by column; columns that only one of them
// has are left out.
func (r *Runner) Compare(ctx context.Context, real, synthetic string) ([]Compared, error) {
	infos, err := r.ws.Describe(ctx, real)
	if err != nil {
		return nil, err
	}
	var all []Compared
	for _, info := range infos {
		c, err := r.compareColumn(ctx, info, real, synthetic)
		if err != nil {
			return nil, err
		}
		if c != nil {
			all = append(all, *c)
		}
	}
	return all, nil
}

// CompareColumns draws columns of two tables over each other, as a plot cell
// would.
func (r *Runner) CompareColumns(ctx context.Context, real, synthetic string, columns []string) ([]Figure, error) {
	infos, err := r.ws.Describe(ctx, real)
	if err != nil {
		return nil, err
	}
	var all []Figure
	for _, name := range columns {
		spec := plotSpec{kind: figure.BarChart, value: name, tables: []string{real, synthetic}, top: 10}
		if i := slices.IndexFunc(infos, func(c workspace.ColumnInfo) bool { return strings.EqualFold(c.Name, name) }); i >= 0 && isAmount(infos[i]) {
			spec.kind = figure.CDFChart
		}
		c, err := chartOf(ctx, r.ws, spec)
		if err != nil {
			return all, err
		}
		all = append(all, Figure{Title: spec.title(), Alt: altText(spec, c), Chart: c})
	}
	return all, nil
}

// isAmount reports whether a column's values are amounts and not names.
func isAmount(c workspace.ColumnInfo) bool {
	switch c.Kind {
	case "integer", "real", "timestamp":
		return true
	}
	return false
}

// compareColumn compares a column, nil where the tables don't both have it.
func (r *Runner) compareColumn(ctx context.Context, info workspace.ColumnInfo, real, synthetic string) (*Compared, error) {
	spec := plotSpec{kind: figure.HistogramChart, value: info.Name, tables: []string{real, synthetic}, bins: 20, top: 12}
	if !isAmount(info) {
		spec.kind = figure.BarChart
	}
	c, err := chartOf(ctx, r.ws, spec)
	if err != nil {
		if ctx.Err() != nil || strings.Contains(err.Error(), "does not exist") {
			return nil, err
		}
		return nil, nil
	}
	if len(c.Series) != 2 {
		return nil, nil
	}
	a, b := c.Series[0].Y, c.Series[1].Y
	apart, sumA, sumB := 0.0, 0.0, 0.0
	if spec.kind == figure.HistogramChart {
		for i := range a {
			sumA, sumB = sumA+a[i], sumB+b[i]
			apart = max(apart, math.Abs(sumA-sumB))
		}
		return &Compared{info.Name, c, apart / 100}, nil
	}
	for i := range a {
		sumA, sumB = sumA+a[i], sumB+b[i]
		apart += math.Abs(a[i] - b[i])
	}
	apart += math.Abs((100 - sumA) - (100 - sumB)) // all others
	return &Compared{info.Name, c, apart / 200}, nil
}
