package figure

import (
	"bytes"
	"io"
	"math"
	"testing"
)

// charts are one of each kind, for the goldens.
func charts() map[string]Figure {
	wave := func(name string, shift float64) Curve {
		c := Curve{Name: name}
		for i := range 24 {
			x := float64(i) / 4
			c.X, c.Y = append(c.X, x), append(c.Y, math.Round(100*(1+math.Sin(x+shift)))/100)
		}
		return c
	}
	rising := func(name string, f float64) Curve {
		c := Curve{Name: name}
		for i := range 10 {
			c.X, c.Y = append(c.X, math.Round(f*math.Pow(2, float64(i)))), append(c.Y, float64(i+1)/10)
		}
		return c
	}
	return map[string]Figure{
		"chart-line":    Chart{Kind: LineChart, XLabel: "hours", YLabel: "load", Series: []Curve{wave("a", 0), wave("b", 1), wave("c", 2)}},
		"chart-time":    Chart{Kind: LineChart, XLabel: "ts", YLabel: "records", Time: true, Series: []Curve{{X: []float64{1.7e9, 1.7e9 + 3600, 1.7e9 + 7200}, Y: []float64{3, 1, 2}}}},
		"chart-scatter": Chart{Kind: ScatterChart, XLabel: "x", YLabel: "y", Series: []Curve{wave("raw.t", 0), wave("synth.t", 1)}},
		"chart-cdf":     Chart{Kind: CDFChart, XLabel: "bytes", YLabel: "share", Log: true, Series: []Curve{rising("raw.t", 10), rising("synth.t", 12)}},
		"chart-histogram": Chart{Kind: HistogramChart, XLabel: "bytes", YLabel: "records", Series: []Curve{
			{Name: "raw.t", X: []float64{0, 1, 2, 3, 4}, Y: []float64{4, 0, 9, 1}}, {Name: "synth.t", X: []float64{0, 1, 2, 3, 4}, Y: []float64{3, 1, 8, 2}},
		}},
		"chart-bar":  Chart{Kind: BarChart, XLabel: "records, by <&>", Labels: []string{"443", "a label that is much too long for its place"}, Series: []Curve{{Name: "raw.t", Y: []float64{3, 1}}, {Name: "synth.t", Y: []float64{2, -1}}}},
		"chart-heat": Chart{Kind: HeatChart, XLabel: "proto", YLabel: "port", Labels: []string{"TCP", "UDP"}, Series: []Curve{{Name: "53", Y: []float64{0, 10}}, {Name: "443", Y: []float64{7, 2}}}},
	}
}

func TestEmptyCharts(t *testing.T) {
	for _, kind := range []ChartKind{LineChart, ScatterChart, CDFChart, HistogramChart, BarChart, HeatChart} {
		for _, c := range []Chart{{Kind: kind}, {Kind: kind, Series: []Curve{{Name: "a"}}}, {Kind: kind, Labels: []string{"x"}, Series: []Curve{{Y: []float64{0}, X: []float64{0, 0}}}}} {
			var b bytes.Buffer
			if err := SVG(&b, c); err == nil && b.Len() == 0 {
				t.Errorf("%s drew nothing and said nothing", kind)
			}
			if err := PNG(io.Discard, c); err != nil && b.Len() > 0 {
				t.Errorf("%s can be an SVG and no PNG: %v", kind, err)
			}
		}
	}
}

func TestTints(t *testing.T) {
	c := Chart{Series: []Curve{{Name: "synth.a"}, {Name: "raw.a"}, {Name: "raw.b"}, {Name: "synth.b"}}}
	for i, want := range []struct {
		hex    string
		dashed bool
	}{{SyntheticHex, true}, {RealHex, false}, {tints[4], false}, {tints[5], true}} {
		if hex, dashed := c.Tint(i); hex != want.hex || dashed != want.dashed {
			t.Errorf("series %d is %s %v, want %v", i, hex, dashed, want)
		}
	}
	if hex, dashed := (Chart{Series: []Curve{{Name: "x"}, {Name: "y"}}}).Tint(1); hex != tints[1] || dashed {
		t.Errorf("second of plain ones is %s %v", hex, dashed)
	}
}
