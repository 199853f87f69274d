package notebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"netshare/eval/figure"
	"netshare/workspace/notebook/render"
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
		sources = append(sources, source{name: t, from: QuoteName(schema) + "." + QuoteName(name), q: q})
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
			return QuoteName(c.Name), c.Type, nil
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
	case render.IsNumeric(typ):
		return "CAST(" + col + " AS DOUBLE)", nil
	case typ == "BOOLEAN":
		return "CAST(CAST(" + col + " AS INTEGER) AS DOUBLE)", nil
	case strings.HasPrefix(typ, "TIMESTAMP") || typ == "DATE":
		b.chart.Time = true
		return "epoch_ns(CAST(" + col + " AS TIMESTAMP_NS)) / 1e9", nil
	}
	return "", fmt.Errorf("column %s is a %s and no number: draw bar of %s", name, render.TypeName(typ), name)
}

// some says what is wrong with a chart without anything in it.
func (b *chartBuilder) some() error {
	if len(b.chart.Series) == 0 {
		return errors.New("there is nothing to draw: no record has a value")
	}
	return nil
}

// counts reports whether the chart counts records rather than show a column.
func (b *chartBuilder) counts(s source) bool {
	if !strings.EqualFold(b.spec.value, "records") {
		return false
	}
	_, _, err := b.column(s, b.spec.value)
	return err != nil
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
