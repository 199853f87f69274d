package notebook

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"netshare/eval/figure"
)

func (b *chartBuilder) cdf() error {
	b.chart.XLabel, b.chart.YLabel = b.spec.value, "share of records up to x"
	for _, s := range b.sources {
		col, err := b.numeric(s, b.spec.value)
		if err != nil {
			return err
		}
		finite := fmt.Sprintf("(SELECT %s AS v FROM %s) WHERE isfinite(v)", col, s.from)
		var distinct float64
		if err := b.rows(s, "SELECT approx_count_distinct(v) FROM "+finite, func(row []any) { distinct = numberOf(row[0]) }); err != nil {
			return err
		}
		c := figure.Curve{Name: s.name}
		if distinct <= curvePoints {
			total := 0.0
			err = b.rows(s, "SELECT v, count(*) FROM "+finite+" GROUP BY v ORDER BY v", func(row []any) {
				total += numberOf(row[1])
				c.X, c.Y = append(c.X, numberOf(row[0])), append(c.Y, total)
			})
			for i := range c.Y {
				c.Y[i] /= total
			}
		} else {
			var shares []string
			for i := range curvePoints + 1 {
				share := float64(i) / curvePoints
				shares = append(shares, fmt.Sprint(share))
				c.Y = append(c.Y, share)
			}
			err = b.rows(s, "SELECT quantile_disc(v, ["+strings.Join(shares, ", ")+"]) FROM "+finite, func(row []any) {
				list, _ := row[0].([]any)
				for _, v := range list {
					c.X = append(c.X, numberOf(v))
				}
			})
		}
		if err != nil {
			return err
		}
		if len(c.X) > 0 {
			b.chart.Series = append(b.chart.Series, c)
		}
	}
	return b.some()
}

func (b *chartBuilder) histogram() error {
	lo, hi, fraction := math.Inf(1), math.Inf(-1), false
	cols := make([]string, len(b.sources))
	for i, s := range b.sources {
		col, err := b.numeric(s, b.spec.value)
		if err != nil {
			return err
		}
		if b.spec.log {
			col = "CASE WHEN " + col + " > 0 THEN log10(" + col + ") END"
		}
		cols[i] = col
		err = b.rows(s, fmt.Sprintf("SELECT min(v), max(v), bool_or(v <> floor(v)) FROM (SELECT %s AS v FROM %s) WHERE isfinite(v)", col, s.from), func(row []any) {
			if row[0] != nil {
				lo, hi = min(lo, numberOf(row[0])), max(hi, numberOf(row[1]))
				fraction = fraction || row[2] == true
			}
		})
		if err != nil {
			return err
		}
	}
	if lo > hi {
		return b.some()
	}
	bins := b.spec.bins
	if bins == 0 {
		bins = 30
	}
	width := (hi - lo) / float64(bins)
	switch {
	case !fraction && hi-lo < float64(bins): // each whole number has its own
		lo, width = lo-.5, 1
		bins = max(1, int(hi-lo+.5))
	case !fraction: // as many whole numbers in each
		width = math.Ceil((hi - lo + 1) / float64(bins))
		bins = int(math.Ceil((hi - lo + 1) / width))
		lo -= .5
	case width == 0:
		lo, width, bins = lo-.5, 1, 1
	}
	several := len(b.sources) > 1
	b.chart.XLabel, b.chart.YLabel = b.spec.value, "records"
	if several {
		b.chart.YLabel = "share of records, %"
	}
	for i, s := range b.sources {
		c := figure.Curve{Name: s.name, Y: make([]float64, bins)}
		total := 0.0
		err := b.rows(s, fmt.Sprintf("SELECT least(floor((v - %g) / %g), %d) AS b, count(*) FROM (SELECT %s AS v FROM %s) WHERE isfinite(v) GROUP BY b",
			lo, width, bins-1, cols[i], s.from), func(row []any) {
			k := int(max(0, min(float64(bins-1), numberOf(row[0]))))
			c.Y[k] += numberOf(row[1])
			total += numberOf(row[1])
		})
		if err != nil {
			return err
		}
		for k := range bins + 1 {
			x := lo + width*float64(k)
			if b.spec.log {
				x = math.Pow(10, x)
			}
			c.X = append(c.X, x)
		}
		if several && total > 0 {
			for k := range c.Y {
				c.Y[k] *= 100 / total
			}
		}
		b.chart.Series = append(b.chart.Series, c)
	}
	return nil
}

// bar counts the most frequent values of a column, or shows the values that a
// column has beside another's.
func (b *chartBuilder) bar() error {
	if b.spec.by != "" {
		return b.barBy()
	}
	type tally struct {
		counts map[string]float64
		total  float64
	}
	tallies := make([]tally, len(b.sources))
	var labels []string
	for i, s := range b.sources {
		col, _, err := b.column(s, b.spec.value)
		if err != nil {
			return err
		}
		t := &tallies[i]
		t.counts = map[string]float64{}
		text := "coalesce(CAST(" + col + " AS VARCHAR), '(missing)')"
		if err := b.rows(s, "SELECT count(*) FROM "+s.from, func(row []any) { t.total = numberOf(row[0]) }); err != nil {
			return err
		}
		err = b.rows(s, fmt.Sprintf("SELECT %s AS v, count(*) AS n FROM %s GROUP BY v ORDER BY n DESC, v LIMIT %d", text, s.from, 20*b.spec.top), func(row []any) {
			name, _ := row[0].(string)
			if len(t.counts) < b.spec.top && !slices.Contains(labels, name) {
				labels = append(labels, name)
			}
			t.counts[name] = numberOf(row[1])
		})
		if err != nil {
			return err
		}
	}
	share := func(t tally, name string) float64 { return t.counts[name] / max(1, t.total) }
	slices.SortStableFunc(labels, func(x, y string) int {
		var a, c float64
		for _, t := range tallies {
			a, c = max(a, share(t, x)), max(c, share(t, y))
		}
		return compareDown(a, c)
	})
	labels = labels[:min(len(labels), b.spec.top)]
	b.chart.XLabel, b.chart.Labels = "records", labels
	if len(b.sources) > 1 {
		b.chart.XLabel = "share of records, %"
	}
	b.chart.XLabel += ", by " + b.spec.value
	for i, s := range b.sources {
		c := figure.Curve{Name: s.name}
		for _, l := range labels {
			v := tallies[i].counts[l]
			if len(b.sources) > 1 {
				v = share(tallies[i], l) * 100
			}
			c.Y = append(c.Y, v)
		}
		b.chart.Series = append(b.chart.Series, c)
	}
	if len(labels) == 0 {
		b.chart.Series = nil
	}
	return b.some()
}

func compareDown(a, b float64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// barBy shows Y for each value of X: as a query gives them, or summed up over a
// table's records.
func (b *chartBuilder) barBy() error {
	values := make([]map[string]float64, len(b.sources))
	for i, s := range b.sources {
		by, _, err := b.column(s, b.spec.by)
		if err != nil {
			return err
		}
		value := "count(*)"
		if !b.counts(s) {
			col, err := b.numeric(s, b.spec.value)
			if err != nil {
				return err
			}
			b.chart.Time = false
			value = "sum(" + col + ")"
		}
		values[i] = map[string]float64{}
		order := "2 DESC, 1"
		if b.spec.sql != "" {
			order = "min(place)"
		}
		err = b.rows(s, fmt.Sprintf("SELECT coalesce(CAST(%s AS VARCHAR), '(missing)') AS l, %s FROM (SELECT *, row_number() OVER () AS place FROM %s) GROUP BY l ORDER BY %s LIMIT %d",
			by, value, s.from, order, b.spec.top), func(row []any) {
			name, _ := row[0].(string)
			if !slices.Contains(b.chart.Labels, name) && len(b.chart.Labels) < b.spec.top {
				b.chart.Labels = append(b.chart.Labels, name)
			}
			values[i][name] = numberOf(row[1])
		})
		if err != nil {
			return err
		}
	}
	b.chart.XLabel = b.spec.value + " by " + b.spec.by
	for i, s := range b.sources {
		c := figure.Curve{Name: s.name}
		for _, l := range b.chart.Labels {
			c.Y = append(c.Y, values[i][l])
		}
		b.chart.Series = append(b.chart.Series, c)
	}
	if len(b.chart.Labels) == 0 {
		b.chart.Series = nil
	}
	return b.some()
}
