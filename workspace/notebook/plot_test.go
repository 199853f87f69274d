package notebook

import (
	"math"
	"slices"
	"strings"
	"testing"

	"netshare/eval/figure"
)

func TestParsePlot(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"cdf of bytes in flows, synth.flows log", ""},
		{"# a comment\n\nhistogram of bytes in flows bins 12", ""},
		{"bar of proto in flows top 3", ""},
		{"heat map of proto and dstport in flows", ""},
		{"heat of bytes by proto and dstport in flows", ""},
		{`scatter of "a column" by x in flows`, ""},
		{"line of n by minute from\nselect minute, n from t order by n", ""},
		{"line of n by minute from select minute, n from t", ""},
		{"", "the plot cell is empty"},
		{"pie of x in t", `"pie" is no kind of plot`},
		{"cdf bytes in t", "cdf of which column?"},
		{"cdf of in t", "cdf of which column?"},
		{"cdf of bytes", "of which table?"},
		{"cdf of bytes in", "in which table?"},
		{"cdf of bytes in t,", "in which table?"},
		{"cdf of a by b in t", "leave out by b"},
		{"line of a in t", "line of a by which column?"},
		{"heat of a in t", "heat takes two columns"},
		{"heat of a and b in t, u", "a heat map shows one table"},
		{"bar of a in t log", "log is no option of bar"},
		{"bar of a in t tpo 3", `"tpo" is no option of plot: did you mean top?`},
		{"bar of a in t top 1000", "more than can be seen"},
		{"bar of a from", "no query after from"},
		{"bar of a from\ndrop table t", "after from stands one SELECT"},
		{"bar of a in t from\nselect 1", "can't both be"},
		{"bar of a in t\nbar of b in t", "a plot is one line"},
		{`bar of "a in t`, "a quote is not closed"},
	} {
		_, err := parsePlot(tt.text)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q gave %v, want %q", tt.text, err, tt.want)
		}
	}
}

// TestCharts holds the numbers of charts against a table whose numbers are
// known.
func TestCharts(t *testing.T) {
	l := newTestLab(t, cell("sql", `create table raw.t as select i as n, i % 4 as k, 'v' || (i % 3) as s, i / 10 as x,
		make_timestamp(1700000000000000 + i * 1000000) as at from range(100) r(i);
		create table synth.t as select * from raw.t where n < 50;`))
	l.run(0)
	chart := func(text string) *figure.Chart {
		t.Helper()
		p, err := parsePlot(text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := chartOf(t.Context(), l.ws, p)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, s := range c.Series {
			for _, v := range append(slices.Clone(s.X), s.Y...) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s holds %v", text, v)
				}
			}
		}
		return c
	}
	if c := chart("cdf of k in t"); !slices.Equal(c.Series[0].X, []float64{0, 1, 2, 3}) || !slices.Equal(c.Series[0].Y, []float64{.25, .5, .75, 1}) {
		t.Errorf("cdf: %+v", c.Series)
	}
	if c := chart("histogram of k in t"); !slices.Equal(c.Series[0].X, []float64{-.5, .5, 1.5, 2.5, 3.5}) || !slices.Equal(c.Series[0].Y, []float64{25, 25, 25, 25}) {
		t.Errorf("histogram: %+v", c.Series)
	}
	if c := chart("histogram of n in t, synth.t bins 2"); !slices.Equal(c.Series[0].Y, []float64{50, 50}) || !slices.Equal(c.Series[1].Y, []float64{100, 0}) {
		t.Errorf("histograms of two, in shares: %+v", c.Series)
	}
	if c := chart("bar of s in t top 2"); !slices.Equal(c.Labels, []string{"v0", "v1"}) || !slices.Equal(c.Series[0].Y, []float64{34, 33}) {
		t.Errorf("bar: %v %+v", c.Labels, c.Series)
	}
	if c := chart("bar of n by s in t"); !slices.Equal(c.Labels, []string{"v0", "v2", "v1"}) || c.Series[0].Y[0] != 1683 {
		t.Errorf("bar by: %v %+v", c.Labels, c.Series)
	}
	if c := chart("bar of total by s from select s, sum(n) as total from raw.t group by s order by s desc"); !slices.Equal(c.Labels, []string{"v2", "v1", "v0"}) {
		t.Errorf("bars of a query keep its order: %v", c.Labels)
	}
	if c := chart("line of n by x in t"); len(c.Series[0].X) != 100 || c.Series[0].Y[99] != 99 {
		t.Errorf("line: %+v", c.Series)
	}
	if c := chart("line of records by at in t, synth.t"); !c.Time || len(c.Series) != 2 || sum(c.Series[0].Y) != 100 || sum(c.Series[1].Y) != 50 {
		t.Errorf("records over time: %+v", c)
	}
	if c := chart("scatter of n by k in t"); len(c.Series[0].X) != 100 {
		t.Errorf("scatter: %+v", c.Series)
	}
	if c := chart("heat of s and k in t"); len(c.Labels) != 3 || len(c.Series) != 4 || sum(c.Series[0].Y) != 25 {
		t.Errorf("heat: %v %+v", c.Labels, c.Series)
	}
	for text, want := range map[string]string{
		"cdf of s in t":          "column s is a varchar and no number: draw bar of s",
		"cdf of nosuch in t":     `raw.t has no column "nosuch": it has n, k, s, x, at`,
		"cdf of n in nosuch":     "nosuch",
		"cdf of a from select 1": `the query has no column "a"`,
	} {
		p, err := parsePlot(text)
		if err == nil {
			_, err = chartOf(t.Context(), l.ws, p)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v, want %q", text, err, want)
		}
	}
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}
