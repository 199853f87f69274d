package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Histogram is the shares of both sides in the same parts of an axis, as two
// outlines over each other.
type Histogram struct {
	XLabel          string // quantity and unit
	Of              string // what is counted: "records" where empty
	Log             bool   // logarithmic x axis
	Edges           []float64
	Real, Synthetic []float64 // shares, 0 to 1, one fewer than Edges; nil for a side without values
}

func (f Histogram) size() (width, height vg.Length) { return figureWidth, figureHeight }

func (f Histogram) paint(c draw.Canvas) error {
	n := len(f.Edges) - 1
	if n < 1 || len(f.Real)+len(f.Synthetic) == 0 {
		return errEmpty("histogram")
	}
	of := f.Of
	if of == "" {
		of = "records"
	}
	p := newPlot(f.XLabel, "share of "+of+", %")
	p.X.Tick.Marker, p.Y.Tick.Marker = linearTicks{}, linearTicks{}
	at := func(x float64) float64 { return x }
	if f.Log {
		ends := make([]Point, len(f.Edges))
		for i, e := range f.Edges {
			ends[i].X = e
		}
		a := newLogAxis(ends)
		at, p.X.Tick.Marker = a.at, a
	}
	outline := func(shares []float64) []Point {
		var out []Point
		for i, v := range shares {
			x0, x1 := at(f.Edges[i]), at(f.Edges[i+1])
			if i == 0 {
				out = append(out, Point{x0, 0})
			}
			out = append(out, Point{x0, v * 100}, Point{x1, v * 100})
			if i == len(shares)-1 {
				out = append(out, Point{x1, 0})
			}
		}
		return out
	}
	a, b := outline(f.Real), outline(f.Synthetic)
	bounds(p, a, b)
	p.Y.Min = 0
	grid(p)
	if err := both(p, a, b); err != nil {
		return err
	}
	p.Draw(framed(c, bothKeys(false)))
	return nil
}

// Tail is the share of values that reach x, on logarithmic axes: the large
// ones, which cumulative distributions squeeze into their last corner.
type Tail struct {
	XLabel          string // quantity and unit
	Of              string // what is counted
	Real, Synthetic []Point
}

func (f Tail) size() (width, height vg.Length) { return figureWidth, figureHeight }

func (f Tail) paint(c draw.Canvas) error {
	if len(f.Real)+len(f.Synthetic) == 0 {
		return errEmpty("tail")
	}
	p := newPlot(f.XLabel, "share of "+f.Of+" from x on, %")
	axis := newLogAxis(f.Real, f.Synthetic)
	logs := func(pts []Point) []Point {
		out := make([]Point, 0, len(pts))
		for _, q := range pts {
			if q.Y > 0 {
				out = append(out, Point{axis.at(q.X), math.Log10(q.Y * 100)})
			}
		}
		return out
	}
	a, b := logs(f.Real), logs(f.Synthetic)
	p.X.Tick.Marker, p.Y.Tick.Marker = axis, logAxis{}
	bounds(p, a, b)
	grid(p)
	if err := both(p, a, b); err != nil {
		return err
	}
	p.Draw(framed(c, bothKeys(false)))
	return nil
}

// Map is two maps of shares beside each other, real and synthetic: the darker a
// cell, the more records, on a logarithmic scale common to both.
type Map struct {
	XLabel, YLabel  string
	XEdges, YEdges  []string    // labels of the edges of cells, "" for none
	Real, Synthetic [][]float64 // shares by row from below and column
}

const mapCell = 6 // points

func (f Map) size() (width, height vg.Length) {
	w, h := f.panel()
	return 2*w + vg.Points(46) + vg.Points(16) + 2*margin + vg.Points(8), h + vg.Points(96)
}

func (f Map) panel() (w, h vg.Length) {
	return vg.Points(mapCell * float64(len(f.XEdges)-1)), vg.Points(mapCell * float64(len(f.YEdges)-1))
}

func (f Map) paint(c draw.Canvas) error {
	if len(f.XEdges) < 2 || len(f.YEdges) < 2 || len(f.Real) != len(f.YEdges)-1 || len(f.Synthetic) != len(f.Real) {
		return errEmpty("map")
	}
	w, h := f.panel()
	most, least := 0.0, math.Inf(1)
	for _, side := range [][][]float64{f.Real, f.Synthetic} {
		for _, row := range side {
			for _, v := range row {
				if v > 0 {
					most, least = max(most, v), min(least, v)
				}
			}
		}
	}
	if most == 0 {
		return errEmpty("map")
	}
	least = max(least, most*1e-4)
	small := lettering(fontSize - 1)
	top := c.Max.Y - vg.Points(22)
	for k, side := range [][][]float64{f.Real, f.Synthetic} {
		x0 := c.Min.X + margin + vg.Points(46) + vg.Length(k)*(w+vg.Points(16))
		hue := [][3]float64{{0x00, 0x72, 0xB2}, {0xD5, 0x5E, 0x00}}[k]
		title := lettering(fontSize + 1)
		title.YAlign = text.YBottom
		c.FillText(title, vg.Point{X: x0, Y: top + 5}, []string{"real", "synthetic"}[k])
		frame := draw.LineStyle{Color: gridColor(), Width: vg.Points(0.7)}
		c.StrokeLines(frame, []vg.Point{{X: x0, Y: top}, {X: x0 + w, Y: top}, {X: x0 + w, Y: top - h}, {X: x0, Y: top - h}, {X: x0, Y: top}})
		for i, row := range side {
			for j, v := range row {
				if v <= 0 {
					continue
				}
				x, y := x0+vg.Points(mapCell*float64(j)), top-h+vg.Points(mapCell*float64(i))
				c.FillPolygon(shade(hue, v, least, most), []vg.Point{{X: x, Y: y}, {X: x + mapCell, Y: y}, {X: x + mapCell, Y: y + mapCell}, {X: x, Y: y + mapCell}})
			}
		}
		bottom := small
		bottom.XAlign, bottom.YAlign, bottom.Rotation = text.XRight, text.YCenter, math.Pi/2
		for j, l := range f.XEdges {
			if l != "" {
				c.FillText(bottom, vg.Point{X: x0 + vg.Points(mapCell*float64(j)), Y: top - h - 4}, l)
			}
		}
		if k == 0 {
			left := small
			left.XAlign, left.YAlign = text.XRight, text.YCenter
			for i, l := range f.YEdges {
				if l != "" {
					c.FillText(left, vg.Point{X: x0 - 4, Y: top - h + vg.Points(mapCell*float64(i))}, l)
				}
			}
			side := lettering(fontSize + .5)
			side.XAlign, side.YAlign, side.Rotation = text.XCenter, text.YTop, math.Pi/2
			c.FillText(side, vg.Point{X: c.Min.X + margin, Y: top - h/2}, Label(f.YLabel, 24))
		}
		under := lettering(fontSize + .5)
		under.XAlign, under.YAlign = text.XCenter, text.YTop
		c.FillText(under, vg.Point{X: x0 + w/2, Y: top - h - vg.Points(32)}, Label(f.XLabel, 24))
	}
	// The scale: shares from the least to the most.
	y := c.Min.Y + vg.Points(10)
	x := c.Min.X + margin + vg.Points(46)
	const steps = 24
	for k, hue := range [][3]float64{{0x00, 0x72, 0xB2}, {0xD5, 0x5E, 0x00}} {
		for i := range steps {
			v := least * math.Pow(most/least, (float64(i)+.5)/steps)
			a, b := x+vg.Length(i)*3, y+vg.Length(1-k)*5
			c.FillPolygon(shade(hue, v, least, most), []vg.Point{{X: a, Y: b}, {X: a + 3, Y: b}, {X: a + 3, Y: b + 5}, {X: a, Y: b + 5}})
		}
	}
	small.YAlign = text.YCenter
	c.FillText(small, vg.Point{X: x + steps*3 + 6, Y: y + 5}, number(least*100)+" to "+number(most*100)+" % of records in a cell; empty: none")
	return nil
}

// shade mixes a hue with a pale ground, from the least share to the most, by
// their logarithms.
func shade(hue [3]float64, v, least, most float64) color.Color {
	t := 1.0
	if most > least {
		t = math.Log(max(v, least)/least) / math.Log(most/least)
	}
	t = .18 + .82*t
	mix := func(i int) uint8 { return uint8(math.Round(245 + (hue[i]-245)*t)) }
	return color.RGBA{mix(0), mix(1), mix(2), 0xFF}
}
