package notebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"

	"netshare/eval/figure"
)

const (
	curvePoints = 400  // of a line or a distribution at most
	dotPoints   = 2000 // of a scatter plot at most
	slices60    = 60   // of time, where records are counted over it
)

// source is a table or a query as a chart reads it.
type source struct {
	name string // of the series
	from string // what stands after FROM
	q    querier
}

// plot draws what a plot cell asks for.
func (r *Runner) plot(ctx context.Context, p plotSpec) (Part, error) {
	r.sql.Lock()
	defer r.sql.Unlock()
	var q querier = r.ws
	if r.console != nil {
		q = r.console
	}
	c, err := chartOf(ctx, q, p)
	if err != nil {
		return Part{}, err
	}
	f, err := draw(p.title(), altText(p, c), c, c)
	if err != nil {
		return Part{}, err
	}
	return Part{Figure: f}, nil
}

// altText says what a chart shows.
func altText(p plotSpec, c *figure.Chart) string {
	kinds := map[figure.ChartKind]string{
		figure.CDFChart: "Cumulative distribution of ", figure.HistogramChart: "Histogram of ", figure.BarChart: "Bars of ",
		figure.LineChart: "Line of ", figure.ScatterChart: "Scatter plot of ", figure.HeatChart: "Heat map of ",
	}
	return kinds[c.Kind] + p.title()
}

// chartOf asks for the numbers of a chart.
func chartOf(ctx context.Context, q querier, p plotSpec) (*figure.Chart, error) {
	var sources []source
	for _, t := range p.tables {
		schema, name, _ := strings.Cut(t, ".")
		sources = append(sources, source{name: t, from: quoteName(schema) + "." + quoteName(name), q: q})
	}
	if p.sql != "" {
		sources = append(sources, source{from: "(" + p.sql + "\n)", q: q})
	}
	b := chartBuilder{ctx: ctx, spec: p, sources: sources, chart: &figure.Chart{Kind: p.kind, Log: p.log}}
	var err error
	switch p.kind {
	case figure.CDFChart:
		err = b.cdf()
	case figure.HistogramChart:
		err = b.histogram()
	case figure.BarChart:
		err = b.bar()
	case figure.LineChart, figure.ScatterChart:
		err = b.curve()
	case figure.HeatChart:
		err = b.heat()
	}
	if err != nil {
		return nil, err
	}
	return b.chart, nil
}

// chartBuilder gathers the numbers of one chart.
type chartBuilder struct {
	ctx     context.Context
	spec    plotSpec
	sources []source
	chart   *figure.Chart
}

// quoteName writes a name as an SQL identifier.
func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// rows asks and gives every row to fn.
func (b *chartBuilder) rows(s source, query string, fn func([]any)) error {
	r, err := s.q.Query(b.ctx, query)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		row, err := r.Next()
		if err == io.EOF {
			return r.Close()
		}
		if err != nil {
			return err
		}
		fn(row)
	}
}

// column finds a column of a source: its quoted name and its type.
func (b *chartBuilder) column(s source, name string) (string, string, error) {
	r, err := s.q.Query(b.ctx, "SELECT * FROM "+s.from+" LIMIT 0")
	if err != nil {
		return "", "", err
	}
	defer r.Close()
	var names []string
	for _, c := range r.Columns {
		if strings.EqualFold(c.Name, name) {
			return quoteName(c.Name), c.Type, nil
		}
		names = append(names, c.Name)
	}
	where := "the query"
	if s.name != "" {
		where = s.name
	}
	return "", "", fmt.Errorf("%s has no column %q: it has %s", where, name, strings.Join(names, ", "))
}

// numeric is a column as a DOUBLE; times become seconds since 1970.
func (b *chartBuilder) numeric(s source, name string) (string, error) {
	col, typ, err := b.column(s, name)
	if err != nil {
		return "", err
	}
	switch {
	case isNumeric(typ):
		return "CAST(" + col + " AS DOUBLE)", nil
	case typ == "BOOLEAN":
		return "CAST(CAST(" + col + " AS INTEGER) AS DOUBLE)", nil
	case strings.HasPrefix(typ, "TIMESTAMP") || typ == "DATE":
		b.chart.Time = true
		return "epoch_ns(CAST(" + col + " AS TIMESTAMP_NS)) / 1e9", nil
	}
	return "", fmt.Errorf("column %s is a %s and no number: draw bar of %s", name, typeName(typ), name)
}

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

// some says what is wrong with a chart without anything in it.
func (b *chartBuilder) some() error {
	if len(b.chart.Series) == 0 {
		return errors.New("there is nothing to draw: no record has a value")
	}
	return nil
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

// counts reports whether the chart counts records rather than show a column.
func (b *chartBuilder) counts(s source) bool {
	if !strings.EqualFold(b.spec.value, "records") {
		return false
	}
	_, _, err := b.column(s, b.spec.value)
	return err != nil
}

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
		b.chart.YLabel = fmt.Sprintf("%s (%s of %s)", b.spec.value, thousands(dotPoints), noun(int64(n), "record"))
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
	if distinct <= float64(b.spec.top) || !isNumeric(typ) {
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
			list = append(list, quoteText(l))
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

// numberOf is a value of a result as a number, 0 of what is none.
func numberOf(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case float32:
		return float64(v)
	case int64:
		return float64(v)
	case int32:
		return float64(v)
	case int16:
		return float64(v)
	case int8:
		return float64(v)
	case uint64:
		return float64(v)
	case uint32:
		return float64(v)
	case uint16:
		return float64(v)
	case uint8:
		return float64(v)
	case int:
		return float64(v)
	case json.Number:
		x, _ := v.Float64()
		return x
	case *big.Int:
		x, _ := new(big.Float).SetInt(v).Float64()
		return x
	}
	return 0
}
