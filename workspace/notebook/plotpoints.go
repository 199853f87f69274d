package notebook

import (
	"fmt"
	"strings"

	"netshare/eval/figure"
	"netshare/workspace/notebook/render"
)

// curve is a line or a cloud of points.
func (b *chartBuilder) curve() error {
	b.chart.XLabel, b.chart.YLabel = b.spec.by, b.spec.value
	for _, s := range b.sources {
		x, err := b.numeric(s, b.spec.by)
		if err != nil {
			return err
		}
		time := b.chart.Time
		var query string
		if b.counts(s) {
			query, err = b.recordsQuery(s, x)
		} else {
			var y string
			if y, err = b.numeric(s, b.spec.value); err == nil {
				query, err = b.pointsQuery(s, x, y)
			}
		}
		if err != nil {
			return err
		}
		b.chart.Time = time
		c := figure.Curve{Name: s.name}
		err = b.rows(s, query, func(row []any) {
			c.X, c.Y = append(c.X, numberOf(row[0])), append(c.Y, numberOf(row[1]))
		})
		if err != nil {
			return err
		}
		if len(c.X) > 0 {
			b.chart.Series = append(b.chart.Series, c)
		}
	}
	return b.some()
}

// recordsQuery counts records in slices of X.
func (b *chartBuilder) recordsQuery(s source, x string) (string, error) {
	lo, hi := 0.0, 0.0
	points := fmt.Sprintf("(SELECT %s AS x FROM %s) WHERE isfinite(x)", x, s.from)
	err := b.rows(s, "SELECT min(x), max(x) FROM "+points, func(row []any) { lo, hi = numberOf(row[0]), numberOf(row[1]) })
	width := max((hi-lo)/slices60, 1e-9)
	b.chart.YLabel = fmt.Sprintf("records in each 1/%d", slices60)
	return fmt.Sprintf(`SELECT %[1]g + %[2]g * (i + 0.5), coalesce(n, 0) FROM range(%[3]d) r(i)
		LEFT JOIN (SELECT least(floor((x - %[1]g) / %[2]g), %[3]d - 1) AS k, count(*) AS n FROM %[4]s GROUP BY k) ON k = i ORDER BY i`,
		lo, width, slices60, points), err
}

// pointsQuery gives the points of a curve: where there are too many, a line is
// the mean of Y in slices of X, and a cloud is a fixed choice of them.
func (b *chartBuilder) pointsQuery(s source, x, y string) (string, error) {
	points := fmt.Sprintf("(SELECT %s AS x, %s AS y FROM %s) WHERE isfinite(x) AND isfinite(y)", x, y, s.from)
	n, lo, hi := 0.0, 0.0, 0.0
	err := b.rows(s, "SELECT count(*), min(x), max(x) FROM "+points, func(row []any) { n, lo, hi = numberOf(row[0]), numberOf(row[1]), numberOf(row[2]) })
	switch {
	case b.spec.kind == figure.ScatterChart && n > dotPoints:
		b.chart.YLabel = fmt.Sprintf("%s (%s of %s)", b.spec.value, render.Thousands(dotPoints), render.Noun(int64(n), "record"))
		return fmt.Sprintf("SELECT x, y FROM (SELECT x, y FROM %s ORDER BY hash(x, y), x, y LIMIT %d) ORDER BY x, y", points, dotPoints), err
	case b.spec.kind == figure.LineChart && n > 5*curvePoints:
		b.chart.YLabel = "mean of " + b.spec.value
		width := max((hi-lo)/curvePoints, 1e-9)
		return fmt.Sprintf("SELECT %[1]g + %[2]g * (k + 0.5), m FROM (SELECT least(floor((x - %[1]g) / %[2]g), %[3]d - 1) AS k, avg(y) AS m FROM %[4]s GROUP BY k) ORDER BY k",
			lo, width, curvePoints, points), err
	}
	return "SELECT x, y FROM " + points + " ORDER BY x, y", err
}

// heat counts pairs of values, or sums up a column by them.
func (b *chartBuilder) heat() error {
	s := b.sources[0]
	across, err := b.buckets(s, b.spec.by)
	if err != nil {
		return err
	}
	down, err := b.buckets(s, b.spec.and)
	if err != nil {
		return err
	}
	value := "count(*)"
	if b.spec.value != "" {
		col, err := b.numeric(s, b.spec.value)
		if err != nil {
			return err
		}
		value = "sum(" + col + ")"
	}
	b.chart.Time = false
	b.chart.XLabel, b.chart.YLabel = b.spec.by, b.spec.and
	b.chart.Labels = across.labels
	for _, l := range down.labels {
		b.chart.Series = append(b.chart.Series, figure.Curve{Name: l, Y: make([]float64, len(across.labels))})
	}
	err = b.rows(s, fmt.Sprintf("SELECT %s AS a, %s AS d, %s FROM %s GROUP BY a, d", across.expr, down.expr, value, s.from), func(row []any) {
		i, j := int(numberOf(row[0])), int(numberOf(row[1]))
		if row[0] != nil && row[1] != nil && i >= 0 && j >= 0 && i < len(across.labels) && j < len(down.labels) {
			b.chart.Series[j].Y[i] += numberOf(row[2])
		}
	})
	if err != nil {
		return err
	}
	return b.some()
}

// bucketed is a column in a few parts: an SQL expression that numbers them
// from 0, and what they are called.
type bucketed struct {
	expr   string
	labels []string
}

func (b *chartBuilder) buckets(s source, name string) (bucketed, error) {
	col, typ, err := b.column(s, name)
	if err != nil {
		return bucketed{}, err
	}
	text := "CAST(" + col + " AS VARCHAR)"
	var distinct float64
	if err := b.rows(s, fmt.Sprintf("SELECT count(DISTINCT %s) FROM %s", col, s.from), func(row []any) { distinct = numberOf(row[0]) }); err != nil {
		return bucketed{}, err
	}
	var out bucketed
	if distinct <= float64(b.spec.top) || !render.IsNumeric(typ) {
		order := "n DESC, v"
		if distinct <= float64(b.spec.top) {
			order = "least_one"
		}
		err := b.rows(s, fmt.Sprintf("SELECT v FROM (SELECT %s AS v, min(%s) AS least_one, count(*) AS n FROM %s GROUP BY v) WHERE v IS NOT NULL ORDER BY %s LIMIT %d",
			text, col, s.from, order, b.spec.top), func(row []any) {
			name, _ := row[0].(string)
			out.labels = append(out.labels, name)
		})
		var list []string
		for _, l := range out.labels {
			list = append(list, QuoteText(l))
		}
		out.expr = fmt.Sprintf("list_position([%s]::VARCHAR[], %s) - 1", strings.Join(list, ", "), text)
		return out, err
	}
	lo, hi := 0.0, 0.0
	number := "CAST(" + col + " AS DOUBLE)"
	err = b.rows(s, fmt.Sprintf("SELECT min(v), max(v) FROM (SELECT %s AS v FROM %s) WHERE isfinite(v)", number, s.from), func(row []any) {
		lo, hi = numberOf(row[0]), numberOf(row[1])
	})
	width := (hi - lo) / float64(b.spec.top)
	for i := range b.spec.top {
		out.labels = append(out.labels, fmt.Sprintf("%.4g–%.4g", lo+width*float64(i), lo+width*float64(i+1)))
	}
	out.expr = fmt.Sprintf("CASE WHEN isfinite(%[1]s) THEN least(floor((%[1]s - %[2]g) / %[3]g), %[4]d - 1) END", number, lo, width, b.spec.top)
	return out, err
}
