package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Heat is three square maps of association beside each other: real, synthetic,
// and synthetic less real.
type Heat struct {
	Labels          []string
	Real, Synthetic [][]float64 // -1 to 1; NaN where there is none
}

func (f Heat) cell() vg.Length {
	return max(vg.Points(9), min(vg.Points(24), vg.Points(210)/vg.Length(max(1, len(f.Labels)))))
}

func (f Heat) labelWidth() vg.Length {
	style := lettering(fontSize)
	w := vg.Points(20)
	for _, l := range f.Labels {
		w = max(w, style.Width(Label(l, 16)))
	}
	return w + vg.Points(6)
}

func (f Heat) panel() vg.Length { return f.cell() * vg.Length(len(f.Labels)) }

func (f Heat) size() (width, height vg.Length) {
	return f.labelWidth() + 3*(max(f.panel(), vg.Points(92))+vg.Points(12)) + 2*margin, f.panel() + f.labelWidth() + vg.Points(58)
}

func (f Heat) paint(c draw.Canvas) error {
	n := len(f.Labels)
	if n < 2 || len(f.Real) != n || len(f.Synthetic) != n {
		return errEmpty("heat map")
	}
	cell, panel := f.cell(), f.panel()
	step := max(panel, vg.Points(92)) + vg.Points(12)
	style := lettering(min(fontSize, cell*0.95))
	left := c.Min.X + margin + f.labelWidth()
	top := c.Max.Y - vg.Points(20)
	rows := style
	rows.XAlign, rows.YAlign = text.XRight, text.YCenter
	cols := style
	cols.XAlign, cols.YAlign, cols.Rotation = text.XRight, text.YCenter, math.Pi/2
	for i, l := range f.Labels {
		c.FillText(rows, vg.Point{X: left - 4, Y: top - cell*(vg.Length(i)+.5)}, Label(l, 16))
	}
	for k, name := range []string{"real", "synthetic", "synthetic − real"} {
		x0 := left + vg.Length(k)*step
		title := lettering(fontSize + 1)
		title.YAlign = text.YBottom
		c.FillText(title, vg.Point{X: x0, Y: top + 5}, name)
		for i := range n {
			for j := range n {
				v := f.at(k, i, j)
				col := color.Color(gridColor())
				if !math.IsNaN(v) {
					col = diverging(v)
				}
				x, y := x0+cell*vg.Length(j), top-cell*vg.Length(i)
				e := vg.Points(0.4)
				c.FillPolygon(col, []vg.Point{{X: x + e, Y: y - e}, {X: x + cell - e, Y: y - e}, {X: x + cell - e, Y: y - cell + e}, {X: x + e, Y: y - cell + e}})
			}
			c.FillText(cols, vg.Point{X: x0 + cell*(vg.Length(i)+.5), Y: top - panel - 4}, Label(f.Labels[i], 16))
		}
	}
	f.scale(c, left)
	return nil
}

func (f Heat) at(panel, i, j int) float64 {
	switch panel {
	case 0:
		return f.Real[i][j]
	case 1:
		return f.Synthetic[i][j]
	}
	return f.Synthetic[i][j] - f.Real[i][j]
}

// scale draws the colour scale at the foot.
func (f Heat) scale(c draw.Canvas, x vg.Length) {
	y := c.Min.Y + vg.Points(18)
	const steps = 40
	w := vg.Points(4)
	for i := range steps {
		v := 2*(float64(i)+.5)/steps - 1
		at := x + w*vg.Length(i)
		c.FillPolygon(diverging(v), []vg.Point{{X: at, Y: y}, {X: at + w, Y: y}, {X: at + w, Y: y + 7}, {X: at, Y: y + 7}})
	}
	style := lettering(fontSize)
	style.YAlign, style.XAlign = text.YTop, text.XCenter
	for _, v := range []float64{-1, 0, 1} {
		c.FillText(style, vg.Point{X: x + w*steps*vg.Length(v+1)/2, Y: y - 3}, number(v))
	}
	style.XAlign, style.YAlign = text.XLeft, text.YCenter
	style.Color = ink()
	c.FillText(style, vg.Point{X: x + w*steps + 10, Y: y + 3.5}, "association; grey: none")
}

// diverging is blue at -1, white at 0, red-orange at 1, which colour-blind
// readers tell apart (ColorBrewer PuOr's idea with this package's two hues).
func diverging(v float64) color.Color {
	v = max(-1, min(1, v))
	from, to := [3]float64{250, 250, 250}, [3]float64{0xB0, 0x3A, 0x00}
	if v < 0 {
		to, v = [3]float64{0x00, 0x4C, 0x85}, -v
	}
	mix := func(i int) uint8 { return uint8(math.Round(from[i] + (to[i]-from[i])*v)) }
	return color.RGBA{mix(0), mix(1), mix(2), 0xFF}
}
