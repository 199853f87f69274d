package figure

import (
	"cmp"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Epsilon is how faithful private traces are against what they cost: a curve for
// each kind of model, and levels that have no epsilon, such as the real trace's
// own halves.
type Epsilon struct {
	YLabel string
	Curves []EpsilonCurve // at most three are told apart by colour
	Levels []Level        // at most three are told apart by dashes
}

// EpsilonCurve is the traces of one kind of model, by rising epsilon.
type EpsilonCurve struct {
	Name   string
	Points []Point // epsilon, above 0, and the figure
}

// Level is a figure that no epsilon goes with.
type Level struct {
	Name  string
	Value float64
}

func (f Epsilon) size() (width, height vg.Length) { return figureWidth * 1.25, figureHeight * 1.2 }

func (f Epsilon) paint(c draw.Canvas) error {
	var all []Point
	for _, s := range f.Curves {
		for _, q := range s.Points {
			all = append(all, Point{math.Log10(q.X), q.Y})
		}
	}
	if len(all) == 0 {
		return errEmpty("epsilon")
	}
	p := newPlot("epsilon: less is more private", f.YLabel)
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(epsilonTicks(all)), linearTicks{}
	x0, x1 := math.Inf(1), math.Inf(-1)
	for _, q := range all {
		x0, x1 = min(x0, q.X), max(x1, q.X)
	}
	x0, x1 = min(x0-.15, (x0+x1)/2-.5), max(x1+.15, (x0+x1)/2+.5)
	for _, l := range f.Levels {
		all = append(all, Point{x0, l.Value}, Point{x1, l.Value})
	}
	bounds(p, all)
	p.Y.Min = min(0, p.Y.Min)
	p.X.Min, p.X.Max = x0, x1
	grid(p)
	colors := []color.Color{syntheticColor(), color.RGBA{0x00, 0x9E, 0x73, 0xFF}, color.RGBA{0xCC, 0x79, 0xA7, 0xFF}}
	inks := []color.Color{realColor(), ink(), color.RGBA{0x7A, 0x5C, 0x00, 0xFF}}
	ways := [][]vg.Length{{vg.Points(6), vg.Points(2)}, {vg.Points(1.5), vg.Points(2)}, {vg.Points(6), vg.Points(2), vg.Points(1.5), vg.Points(2)}}
	var above, below []key
	for i, l := range f.Levels {
		k := key{name: l.Name, color: inks[i%len(inks)], dashes: ways[i%len(ways)]}
		if err := line(p, []Point{{x0, l.Value}, {x1, l.Value}}, k.color, k.dashes, vg.Points(1.2)); err != nil {
			return err
		}
		below = append(below, k)
	}
	for i, s := range f.Curves {
		k := key{name: Label(s.Name, 28), color: colors[i%len(colors)]}
		var run []Point
		for _, q := range s.Points {
			q.X = math.Log10(q.X)
			run = append(run, q)
			if err := line(p, []Point{q}, k.color, nil, 0); err != nil {
				return err
			}
		}
		if len(run) > 1 {
			if err := line(p, run, k.color, nil, vg.Points(1.4)); err != nil {
				return err
			}
		}
		above = append(above, k)
	}
	if len(below) > 0 {
		inner := framed(c, below)
		c = draw.Crop(c, 0, 0, 0, inner.Max.Y-c.Max.Y)
	}
	p.Draw(framed(c, above))
	return nil
}

// epsilonTicks marks the epsilons that there are, on a logarithmic axis; where
// they are close, not each of them.
func epsilonTicks(points []Point) (out []plot.Tick) {
	slices.SortFunc(points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
	for _, q := range points {
		if n := len(out); n > 0 && q.X-out[n-1].Value < .1 {
			continue
		}
		out = append(out, plot.Tick{Value: q.X, Label: strconv.FormatFloat(math.Pow(10, q.X), 'g', 2, 64)})
	}
	return out
}
