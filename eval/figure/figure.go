// Package figure draws what a real and a synthetic trace look like beside each
// other: cumulative distributions, bars of the most frequent values,
// rank-frequency, volume over time, heat maps of association, and curves over
// training epochs.
//
// It owns colours, fonts, axes and labels, and the two formats, SVG and PNG.
// It computes nothing: a figure is a data-only struct of what is to be seen.
// The real trace is always Real's colour and a full line, the synthetic one
// always Synthetic's and a dashed line, which colour-blind readers and grey
// printers tell apart (Okabe and Ito 2008).
package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The colours of figures in SVG, as a page that shows them may replace them.
const (
	RealHex      = "#0072B2"
	SyntheticHex = "#D55E00"
	InkHex       = "#1B1F24" // axes and labels
	GridHex      = "#DDE1E6"
)

// Figure is anything this package draws.
type Figure interface {
	size() (width, height vg.Length)
	paint(c draw.Canvas) error
}

// Point is one point of a curve.
type Point struct{ X, Y float64 }

// SVG writes a figure as an SVG document without background, with the
// system's sans-serif font.
func SVG(w io.Writer, f Figure) error {
	width, height := f.size()
	c := vgsvg.New(width, height)
	if err := f.paint(draw.New(c)); err != nil {
		return err
	}
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return err
	}
	// vgsvg names one font only; a reader without it gets the next best.
	_, err := w.Write(bytes.ReplaceAll(buf.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")))
	return err
}

// PNG writes a figure as a PNG image on white at 192 dots an inch.
func PNG(w io.Writer, f Figure) error {
	width, height := f.size()
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(192), vgimg.UseBackgroundColor(color.White))
	if err := f.paint(draw.New(c)); err != nil {
		return err
	}
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

func realColor() color.Color      { return color.RGBA{0x00, 0x72, 0xB2, 0xFF} }
func syntheticColor() color.Color { return color.RGBA{0xD5, 0x5E, 0x00, 0xFF} }
func ink() color.Color            { return color.RGBA{0x1B, 0x1F, 0x24, 0xFF} }
func gridColor() color.Color      { return color.RGBA{0xDD, 0xE1, 0xE6, 0xFF} }

const (
	figureWidth  = vg.Length(330) // points: 440 pixels
	figureHeight = vg.Length(218)
	fontSize     = vg.Length(9)
	legendHeight = vg.Length(16)
	margin       = vg.Length(5)
)

// lettering returns the text style of a size.
func lettering(size vg.Length) text.Style {
	return text.Style{
		Color: ink(), Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		Handler: text.Plain{Fonts: font.NewCache(liberation.Collection())},
	}
}

// newPlot returns an empty plot in the house style.
func newPlot(xlabel, ylabel string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	handler := lettering(fontSize).Handler
	p.TextHandler = handler
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		style := lettering(fontSize)
		label := lettering(fontSize + 0.5)
		label.XAlign, label.YAlign = a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign
		label.Rotation = a.Label.TextStyle.Rotation
		style.XAlign, style.YAlign = a.Tick.Label.XAlign, a.Tick.Label.YAlign
		style.Rotation = a.Tick.Label.Rotation
		a.Label.TextStyle, a.Tick.Label = label, style
		a.Color, a.LineStyle.Color, a.Tick.LineStyle.Color = ink(), ink(), ink()
		a.LineStyle.Width, a.Tick.LineStyle.Width = vg.Points(0.6), vg.Points(0.6)
		a.Tick.Length = vg.Points(3)
		a.Padding = 0
	}
	p.X.Label.Text, p.Y.Label.Text = Label(xlabel, 48), Label(ylabel, 30)
	return p
}

// key is one entry of a legend.
type key struct {
	name   string
	color  color.Color
	dashes []vg.Length
	block  bool
}

func bothKeys(block bool) []key {
	return []key{
		{"real", realColor(), nil, block},
		{"synthetic", syntheticColor(), dashes(), block},
	}
}

func dashes() []vg.Length { return []vg.Length{vg.Points(4), vg.Points(2)} }

// framed draws a legend on top of the canvas and returns what is left below.
func framed(c draw.Canvas, keys []key) draw.Canvas {
	style := lettering(fontSize)
	style.YAlign = text.YCenter
	x := c.Min.X + margin + vg.Points(6)
	y := c.Max.Y - legendHeight/2
	for _, k := range keys {
		line := draw.LineStyle{Color: k.color, Width: vg.Points(1.6), Dashes: k.dashes}
		if k.block {
			c.FillPolygon(k.color, []vg.Point{{X: x, Y: y - 3.5}, {X: x + 12, Y: y - 3.5}, {X: x + 12, Y: y + 3.5}, {X: x, Y: y + 3.5}})
			x += 16
		} else {
			c.StrokeLine2(line, x, y, x+22, y)
			x += 26
		}
		c.FillText(style, vg.Point{X: x, Y: y}, k.name)
		x += style.Width(k.name) + 14
	}
	return draw.Crop(c, margin, -margin-vg.Points(4), margin, -legendHeight)
}

// Label shortens a text to n characters and replaces what can't be shown.
func Label(s string, n int) string {
	out := make([]rune, 0, n)
	for _, r := range s {
		if len(out) == n {
			out[n-1] = '…'
			break
		}
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0xfffd || r == 0xfffe || r == 0xffff ||
			(r >= 0x200b && r <= 0x200f) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			r = '·'
		}
		out = append(out, r)
	}
	return string(out)
}

// errEmpty is what a figure without data returns.
func errEmpty(what string) error { return fmt.Errorf("%s: no data to draw", what) }
