package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// CDF is two cumulative distributions over each other.
type CDF struct {
	XLabel          string // quantity and unit
	Of              string // what is counted: "records" where empty
	Log             bool   // logarithmic x axis; values at or below 0 stand at its left end as 0
	Real, Synthetic []Point
}

func (f CDF) size() (width, height vg.Length) { return figureWidth, figureHeight }

func (f CDF) paint(c draw.Canvas) error {
	if len(f.Real)+len(f.Synthetic) == 0 {
		return errEmpty("distribution")
	}
	of := f.Of
	if of == "" {
		of = "records"
	}
	p := newPlot(f.XLabel, "share of "+of+" up to x")
	p.Y.Min, p.Y.Max = 0, 1.0
	p.Y.Tick.Marker = linearTicks{}
	at := func(x float64) float64 { return x }
	p.X.Tick.Marker = linearTicks{}
	if f.Log {
		a := newLogAxis(f.Real, f.Synthetic)
		at, p.X.Tick.Marker = a.at, a
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, pts := range [][]Point{f.Real, f.Synthetic} {
		for _, q := range pts {
			lo, hi = min(lo, at(q.X)), max(hi, at(q.X))
		}
	}
	if lo == hi {
		lo, hi = lo-1, hi+1
	}
	pad := (hi - lo) * 0.03
	p.X.Min, p.X.Max = lo-pad, hi+pad
	grid(p)
	stairs := func(pts []Point) []Point {
		if len(pts) == 0 {
			return nil
		}
		out := []Point{{p.X.Min, 0}, {at(pts[0].X), 0}}
		last := 0.0
		for _, q := range pts {
			out = append(out, Point{at(q.X), last}, Point{at(q.X), q.Y})
			last = q.Y
		}
		return append(out, Point{p.X.Max, last})
	}
	if err := both(p, stairs(f.Real), stairs(f.Synthetic)); err != nil {
		return err
	}
	p.Draw(framed(c, bothKeys(false)))
	return nil
}

// Ranks is two rank-frequency curves on logarithmic axes: the share of
// records of the most frequent value, the next, and so on.
type Ranks struct {
	XLabel          string
	Real, Synthetic []Point // rank from 1, share of records
}

func (f Ranks) size() (width, height vg.Length) { return figureWidth, figureHeight }

func (f Ranks) paint(c draw.Canvas) error {
	if len(f.Real)+len(f.Synthetic) == 0 {
		return errEmpty("ranks")
	}
	p := newPlot(f.XLabel, "share of records, %")
	logs := func(pts []Point) []Point {
		out := make([]Point, len(pts))
		for i, q := range pts {
			out[i] = Point{math.Log10(q.X), math.Log10(q.Y * 100)}
		}
		return out
	}
	a, b := logs(f.Real), logs(f.Synthetic)
	p.X.Tick.Marker, p.Y.Tick.Marker = logAxis{}, logAxis{}
	bounds(p, a, b)
	grid(p)
	if err := both(p, a, b); err != nil {
		return err
	}
	p.Draw(framed(c, bothKeys(false)))
	return nil
}

// Lines is two curves over a common axis, such as volume over time.
type Lines struct {
	XLabel, YLabel  string
	Real, Synthetic []Point
}

func (f Lines) size() (width, height vg.Length) { return figureWidth, figureHeight }

func (f Lines) paint(c draw.Canvas) error {
	if len(f.Real)+len(f.Synthetic) == 0 {
		return errEmpty("curve")
	}
	p := newPlot(f.XLabel, f.YLabel)
	p.X.Tick.Marker, p.Y.Tick.Marker = linearTicks{}, linearTicks{}
	bounds(p, f.Real, f.Synthetic)
	p.Y.Min = min(0, p.Y.Min)
	grid(p)
	if err := both(p, f.Real, f.Synthetic); err != nil {
		return err
	}
	p.Draw(framed(c, bothKeys(false)))
	return nil
}

// Series is one named curve of an Epochs figure.
type Series struct {
	Name   string
	Values []float64 // one for each epoch; NaN leaves a gap
}

// Epochs is curves over training epochs: losses, or fidelity.
type Epochs struct {
	YLabel string
	Epochs []float64
	Series []Series // at most four are told apart by colour, none of them real's or synthetic's
}

func (f Epochs) size() (width, height vg.Length) { return figureWidth, figureHeight }

func (f Epochs) paint(c draw.Canvas) error {
	if len(f.Epochs) == 0 || len(f.Series) == 0 {
		return errEmpty("epochs")
	}
	p := newPlot("epoch", f.YLabel)
	p.X.Tick.Marker, p.Y.Tick.Marker = linearTicks{whole: true}, linearTicks{}
	colors := []color.Color{
		color.RGBA{0x00, 0x9E, 0x73, 0xFF},
		color.RGBA{0xCC, 0x79, 0xA7, 0xFF},
		color.RGBA{0xE6, 0x9F, 0x00, 0xFF},
		color.RGBA{0x56, 0xB4, 0xE9, 0xFF},
	}
	var keys []key
	var all []Point
	lines := make([][][]Point, len(f.Series))
	for i, s := range f.Series {
		var run []Point
		for j, v := range s.Values {
			if j >= len(f.Epochs) {
				break
			}
			if math.IsNaN(v) || math.IsInf(v, 0) {
				if run != nil {
					lines[i] = append(lines[i], run)
				}
				run = nil
				continue
			}
			run = append(run, Point{f.Epochs[j], v})
			all = append(all, Point{f.Epochs[j], v})
		}
		if run != nil {
			lines[i] = append(lines[i], run)
		}
	}
	if len(all) == 0 {
		return errEmpty("epochs")
	}
	bounds(p, all)
	grid(p)
	for i, runs := range lines {
		col := colors[i%len(colors)]
		for _, run := range runs {
			if err := line(p, run, col, nil, vg.Points(1.4)); err != nil {
				return err
			}
		}
		keys = append(keys, key{name: Label(f.Series[i].Name, 24), color: col})
	}
	p.Draw(framed(c, keys))
	return nil
}

// bounds sets both axes to hold all points with a little room.
func bounds(p *plot.Plot, curves ...[]Point) {
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, q := range c {
			x0, x1, y0, y1 = min(x0, q.X), max(x1, q.X), min(y0, q.Y), max(y1, q.Y)
		}
	}
	if x0 == x1 {
		x0, x1 = x0-1, x1+1
	}
	if y0 == y1 {
		y0, y1 = y0-1, y1+1
	}
	p.X.Min, p.X.Max = x0-(x1-x0)*0.02, x1+(x1-x0)*0.02
	p.Y.Min, p.Y.Max = y0-(y1-y0)*0.04, y1+(y1-y0)*0.04
}

// grid adds faint lines at the ticks.
func grid(p *plot.Plot) {
	g := plotter.NewGrid()
	g.Vertical.Color, g.Horizontal.Color = gridColor(), gridColor()
	g.Vertical.Width, g.Horizontal.Width = vg.Points(0.5), vg.Points(0.5)
	p.Add(g)
}

// both adds the real curve and, over it, the synthetic one.
func both(p *plot.Plot, real, synth []Point) error {
	if err := line(p, real, realColor(), nil, vg.Points(2)); err != nil {
		return err
	}
	return line(p, synth, syntheticColor(), dashes(), vg.Points(1.6))
}

func line(p *plot.Plot, pts []Point, col color.Color, dash []vg.Length, width vg.Length) error {
	if len(pts) == 0 {
		return nil
	}
	xys := make(plotter.XYs, len(pts))
	for i, q := range pts {
		xys[i].X, xys[i].Y = q.X, q.Y
	}
	if len(xys) == 1 {
		s, err := plotter.NewScatter(xys)
		if err != nil {
			return err
		}
		s.Color, s.Shape, s.Radius = col, draw.CircleGlyph{}, vg.Points(3)
		p.Add(s)
		return nil
	}
	l, err := plotter.NewLine(xys)
	if err != nil {
		return err
	}
	l.Color, l.Width, l.Dashes = col, width, dash
	p.Add(l)
	return nil
}
