package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars is the shares of values, real next to synthetic, the first on top.
type Bars struct {
	XLabel          string
	Labels          []string
	Real, Synthetic []float64 // shares, 0 to 1
}

func (f Bars) size() (width, height vg.Length) {
	return figureWidth, max(figureHeight/2, legendHeight+vg.Points(44)+vg.Length(len(f.Labels))*vg.Points(20))
}

func (f Bars) paint(c draw.Canvas) error {
	n := len(f.Labels)
	if n == 0 || len(f.Real) != n || len(f.Synthetic) != n {
		return errEmpty("bars")
	}
	p := newPlot(f.XLabel, "")
	real, synth := make(plotter.Values, n), make(plotter.Values, n)
	ticks := make(plot.ConstantTicks, n)
	hi := 0.0
	for i := range f.Labels {
		at := n - 1 - i // the first on top
		real[at], synth[at] = f.Real[i]*100, f.Synthetic[i]*100
		ticks[at] = plot.Tick{Value: float64(at), Label: Label(f.Labels[i], 20)}
		hi = max(hi, real[at], synth[at])
	}
	if hi == 0 {
		hi = 1
	}
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, hi*1.04, linearTicks{}
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = -0.6, float64(n)-0.4, ticks
	p.Y.Tick.Length = 0
	g := plotter.NewGrid()
	g.Vertical.Color, g.Vertical.Width = gridColor(), vg.Points(0.5)
	g.Horizontal.Color = nil
	p.Add(g)
	wide := vg.Points(6.5)
	a, err := plotter.NewBarChart(real, wide)
	if err != nil {
		return err
	}
	b, err := plotter.NewBarChart(synth, wide)
	if err != nil {
		return err
	}
	a.Color, b.Color = realColor(), syntheticColor()
	a.LineStyle.Width, b.LineStyle.Width = 0, 0
	a.Horizontal, b.Horizontal = true, true
	a.Offset, b.Offset = wide/2+0.3, -wide/2-0.3
	p.Add(a, b)
	p.X.Min, p.X.Max = 0, hi*1.04
	p.Y.Min, p.Y.Max = -0.6, float64(n)-0.4
	p.Draw(framed(c, bothKeys(true)))
	return nil
}
