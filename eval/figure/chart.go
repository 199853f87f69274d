package figure

import (
	"image/color"
	"math"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ChartKind is how a chart shows its series.
type ChartKind string

// The kinds of charts.
const (
	LineChart      ChartKind = "line"
	ScatterChart   ChartKind = "scatter"
	CDFChart       ChartKind = "cdf"       // Y is the share up to X, both rising
	HistogramChart ChartKind = "histogram" // X are the edges, one more than Y
	BarChart       ChartKind = "bar"       // Y for each of Labels
	HeatChart      ChartKind = "heat"      // a series for each row, Y for each of Labels
)

// Chart is any number of series on common axes, as a user asks for one. All
// numbers are finite.
type Chart struct {
	Kind   ChartKind `json:"kind"`
	XLabel string    `json:"x_label,omitempty"`
	YLabel string    `json:"y_label,omitempty"`
	Log    bool      `json:"log,omitempty"`    // logarithmic X axis; values at or below 0 stand at its left end
	Time   bool      `json:"time,omitempty"`   // X is seconds since 1970, shown in UTC
	Labels []string  `json:"labels,omitempty"` // of bars, or of a heat map's columns
	Series []Curve   `json:"series"`
}

// Curve is one series of a Chart.
type Curve struct {
	Name string    `json:"name"`
	X    []float64 `json:"x,omitempty"`
	Y    []float64 `json:"y"`
}

// Tint is the colour of a series: of a table of raw the real one, of synth the
// synthetic one, any other by its place. Dashed ones are synthetic.
func (f Chart) Tint(i int) (hex string, dashed bool) {
	name := f.Series[i].Name
	switch {
	case strings.HasPrefix(name, "synth.") && f.first("synth.") == i:
		return SyntheticHex, true
	case strings.HasPrefix(name, "raw.") && f.first("raw.") == i:
		return RealHex, false
	case f.first("synth.") < 0 && f.first("raw.") < 0:
		return tints[i%len(tints)], false
	}
	return tints[2+i%(len(tints)-2)], strings.HasPrefix(name, "synth.")
}

// tints are Okabe and Ito's, those of the real and the synthetic trace first.
var tints = []string{RealHex, SyntheticHex, "#009E73", "#CC79A7", "#E69F00", "#56B4E9"}

func (f Chart) first(prefix string) int {
	for i, s := range f.Series {
		if strings.HasPrefix(s.Name, prefix) {
			return i
		}
	}
	return -1
}

// rgb reads #RRGGBB.
func rgb(hex string) color.Color {
	var v [3]uint8
	for i := range v {
		for _, c := range hex[1+2*i : 3+2*i] {
			d := uint8(c - '0')
			if c >= 'A' {
				d = uint8(c-'A') + 10
			}
			v[i] = v[i]*16 + d
		}
	}
	return color.RGBA{v[0], v[1], v[2], 0xFF}
}

const chartWidth = vg.Length(440)

func (f Chart) size() (width, height vg.Length) {
	switch f.Kind {
	case BarChart:
		return chartWidth, legendHeight + vg.Points(44) + f.barBand()*vg.Length(max(2, len(f.Labels)))
	case HeatChart:
		return chartWidth, vg.Points(24)*vg.Length(max(2, len(f.Series))) + vg.Points(130)
	}
	return chartWidth, figureHeight * 1.1
}

func (f Chart) barBand() vg.Length { return vg.Points(7) * vg.Length(1+max(1, len(f.Series))) }

func (f Chart) paint(c draw.Canvas) error {
	if len(f.Series) == 0 || (f.Kind == BarChart || f.Kind == HeatChart) && len(f.Labels) == 0 {
		return errEmpty(string(f.Kind))
	}
	switch f.Kind {
	case BarChart:
		return f.paintBars(c)
	case HeatChart:
		return f.paintHeat(c)
	}
	return f.paintCurves(c)
}

// keys is the legend, none for a single series without a name.
func (f Chart) keys(block bool) []key {
	if len(f.Series) == 1 && f.Series[0].Name == "" {
		return nil
	}
	var keys []key
	for i, s := range f.Series {
		hex, dashed := f.Tint(i)
		k := key{name: Label(s.Name, 30), color: rgb(hex), block: block}
		if dashed && !block {
			k.dashes = dashes()
		}
		keys = append(keys, k)
	}
	return keys
}

func (f Chart) paintCurves(c draw.Canvas) error {
	p := newPlot(f.XLabel, f.YLabel)
	at := func(x float64) float64 { return x }
	var curves [][]Point
	for _, s := range f.Series {
		var pts []Point
		for i, x := range s.X {
			pts = append(pts, Point{X: x, Y: s.Y[min(i, len(s.Y)-1)]})
		}
		curves = append(curves, pts)
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = linearTicks{}, linearTicks{}
	switch {
	case f.Log:
		a := newLogAxis(curves...)
		at, p.X.Tick.Marker = a.at, a
	case f.Time:
		p.X.Tick.Marker = timeTicks{}
	}
	for i := range curves {
		for k := range curves[i] {
			curves[i][k].X = at(curves[i][k].X)
		}
		switch f.Kind {
		case HistogramChart:
			curves[i] = outline(curves[i])
		case CDFChart:
			curves[i] = risers(curves[i])
		}
	}
	bounds(p, curves...)
	switch f.Kind {
	case CDFChart:
		p.Y.Min, p.Y.Max = 0, 1
	case LineChart, HistogramChart:
		p.Y.Min = min(0, p.Y.Min)
	}
	if p.Y.Min == 0 && f.Kind != CDFChart && p.Y.Max < 0 {
		p.Y.Max = 0
	}
	grid(p)
	for i, pts := range curves {
		hex, dashed := f.Tint(i)
		if f.Kind == ScatterChart {
			xys := make(plotter.XYs, len(pts))
			for k, q := range pts {
				xys[k].X, xys[k].Y = q.X, q.Y
			}
			s, err := plotter.NewScatter(xys)
			if err != nil {
				return err
			}
			s.Color, s.Shape, s.Radius = rgb(hex), draw.CircleGlyph{}, vg.Points(1.6)
			if dashed {
				s.Shape = draw.CrossGlyph{}
			}
			p.Add(s)
			continue
		}
		var dash []vg.Length
		if dashed {
			dash = dashes()
		}
		if err := line(p, pts, rgb(hex), dash, vg.Points(1.6)); err != nil {
			return err
		}
	}
	p.Draw(framed(c, f.keys(false)))
	return nil
}

// outline is a histogram's upper edge, from and to the axis.
func outline(pts []Point) []Point {
	if len(pts) == 0 {
		return nil
	}
	out := []Point{{pts[0].X, 0}}
	for i := range len(pts) - 1 {
		out = append(out, Point{pts[i].X, pts[i].Y}, Point{pts[i+1].X, pts[i].Y})
	}
	return append(out, Point{pts[len(pts)-1].X, 0})
}

// risers are the steps of a cumulative distribution.
func risers(pts []Point) []Point {
	if len(pts) == 0 {
		return nil
	}
	out := []Point{{pts[0].X, 0}}
	last := 0.0
	for _, q := range pts {
		out = append(out, Point{q.X, last}, q)
		last = q.Y
	}
	return out
}

func (f Chart) paintBars(c draw.Canvas) error {
	n, m := len(f.Labels), len(f.Series)
	p := newPlot(f.XLabel, "")
	ticks := make(plot.ConstantTicks, n)
	for i := range f.Labels {
		ticks[n-1-i] = plot.Tick{Value: float64(n - 1 - i), Label: Label(f.Labels[i], 28)}
	}
	lo, hi := 0.0, 0.0
	g := plotter.NewGrid()
	g.Vertical.Color, g.Vertical.Width, g.Horizontal.Color = gridColor(), vg.Points(0.5), nil
	p.Add(g)
	wide := vg.Points(6.5)
	for k, s := range f.Series {
		values := make(plotter.Values, n)
		for i := range min(n, len(s.Y)) {
			values[n-1-i] = s.Y[i]
			lo, hi = min(lo, s.Y[i]), max(hi, s.Y[i])
		}
		b, err := plotter.NewBarChart(values, wide)
		if err != nil {
			return err
		}
		hex, _ := f.Tint(k)
		b.Color, b.LineStyle.Width, b.Horizontal = rgb(hex), 0, true
		b.Offset = (wide + vg.Points(0.6)) * (vg.Length(m-1)/2 - vg.Length(k))
		p.Add(b)
	}
	if lo == hi {
		hi = lo + 1
	}
	p.X.Tick.Marker, p.Y.Tick.Marker, p.Y.Tick.Length = linearTicks{}, ticks, 0
	p.X.Min, p.X.Max = lo*1.04, hi*1.04
	p.Y.Min, p.Y.Max = -0.6, float64(n)-0.4
	p.Draw(framed(c, f.keys(true)))
	return nil
}

func (f Chart) paintHeat(c draw.Canvas) error {
	style := lettering(fontSize)
	rows := style
	rows.XAlign, rows.YAlign = text.XRight, text.YCenter
	cols := style
	cols.XAlign, cols.YAlign, cols.Rotation = text.XRight, text.YCenter, math.Pi/2
	indent := vg.Points(20)
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, s := range f.Series {
		indent = max(indent, style.Width(Label(s.Name, 20)))
		for _, v := range s.Y {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	lo = min(0, lo)
	if lo == hi {
		hi = lo + 1
	}
	left, top := c.Min.X+margin+indent+vg.Points(8), c.Max.Y-vg.Points(18)
	head := style
	head.YAlign = text.YBottom
	c.FillText(head, vg.Point{X: c.Min.X + margin, Y: top + 4}, Label(f.YLabel, 40)+" by "+Label(f.XLabel, 40))
	high := vg.Points(24)
	wide := min(vg.Points(60), (c.Max.X-left-margin)/vg.Length(len(f.Labels)))
	for i, s := range f.Series {
		y := top - high*vg.Length(i)
		c.FillText(rows, vg.Point{X: left - 5, Y: y - high/2}, Label(s.Name, 20))
		for j, v := range s.Y[:min(len(s.Y), len(f.Labels))] {
			x, e := left+wide*vg.Length(j), vg.Points(0.5)
			c.FillPolygon(diverging((v-lo)/(hi-lo)), []vg.Point{{X: x + e, Y: y - e}, {X: x + wide - e, Y: y - e}, {X: x + wide - e, Y: y - high + e}, {X: x + e, Y: y - high + e}})
		}
	}
	foot := top - high*vg.Length(len(f.Series))
	for j, l := range f.Labels {
		c.FillText(cols, vg.Point{X: left + wide*(vg.Length(j)+.5), Y: foot - 4}, Label(l, 18))
	}
	const steps = 40
	y := c.Min.Y + vg.Points(12)
	for i := range steps {
		x := left + vg.Points(3)*vg.Length(i)
		c.FillPolygon(diverging((float64(i)+.5)/steps), []vg.Point{{X: x, Y: y}, {X: x + 3, Y: y}, {X: x + 3, Y: y + 7}, {X: x, Y: y + 7}})
	}
	end := style
	end.YAlign = text.YCenter
	c.FillText(end, vg.Point{X: left + vg.Points(3)*steps + 6, Y: y + 3.5}, number(lo)+" to "+number(hi))
	return nil
}

// timeTicks marks round times of an axis in seconds since 1970.
type timeTicks struct{}

func (timeTicks) Ticks(lo, hi float64) []plot.Tick {
	steps := []float64{1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 7 * 86400, 30 * 86400, 365 * 86400}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if (hi-lo)/s <= 5 {
			step = s
			break
		}
	}
	if hi-lo < 2 { // less than seconds: since the beginning
		ticks := linearTicks{want: 3}.Ticks(0, hi-lo)
		for i := range ticks {
			ticks[i].Label = "+" + ticks[i].Label + " s"
			ticks[i].Value += lo
		}
		return ticks
	}
	layout := "15:04:05"
	switch {
	case step >= 86400:
		layout = time.DateOnly
	case step >= 60:
		layout = "02 Jan 15:04"
	}
	var out []plot.Tick
	for v := math.Ceil(lo/step) * step; v <= hi; v += step {
		out = append(out, plot.Tick{Value: v, Label: time.Unix(int64(v), 0).UTC().Format(layout)})
	}
	return out
}
