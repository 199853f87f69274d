package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func curve(n int, f func(x float64) float64) []Point {
	out := make([]Point, n)
	for i := range out {
		x := float64(i+1) / float64(n)
		out[i] = Point{f(x), x}
	}
	return out
}

func samples() map[string]Figure {
	square := func(v float64) [][]float64 {
		return [][]float64{{1, v, -.2}, {v, 1, math.NaN()}, {-.2, math.NaN(), 1}}
	}
	return map[string]Figure{
		"cdf":     CDF{XLabel: "duration, s", Real: curve(12, func(x float64) float64 { return x * 4 }), Synthetic: curve(8, func(x float64) float64 { return x * 5 })},
		"cdf-log": CDF{XLabel: "interarrival time, s", Of: "gaps", Log: true, Real: append([]Point{{0, .1}}, curve(9, func(x float64) float64 { return math.Pow(10, 6*x-4) })...), Synthetic: curve(9, func(x float64) float64 { return math.Pow(10, 5*x-4) })},
		"bars": Bars{
			XLabel: "share of records, %", Labels: []string{"443", "a label that is much too long for its place", "<&>\x01"},
			Real: []float64{.5, .3, .2}, Synthetic: []float64{.6, 0, .4},
		},
		"ranks":         Ranks{XLabel: "rank of srcip", Real: []Point{{1, .5}, {2, .2}, {10, .01}}, Synthetic: []Point{{1, .4}, {3, .1}, {8, .02}}},
		"histogram":     Histogram{XLabel: "duration, s", Edges: []float64{0, 1, 2, 3}, Real: []float64{.5, .3, .2}, Synthetic: []float64{.1, .6, .3}},
		"histogram-log": Histogram{XLabel: "bytes", Log: true, Edges: []float64{0, 10, 100, 1000}, Real: []float64{.5, .3, .2}},
		"tail":          Tail{XLabel: "session length, records", Of: "sessions", Real: []Point{{1, 1}, {10, .1}, {100, .01}}, Synthetic: []Point{{1, 1}, {5, .05}}},
		"map": Map{
			XLabel: "srcport", YLabel: "dstport", XEdges: []string{"0", "", "", "1024", "", "", "65535"}, YEdges: []string{"0", "", "1024", "", "65535"},
			Real: [][]float64{{.1, 0, 0, 0, 0, .3}, {0, 0, 0, .2, 0, 0}, {0, .001, 0, 0, 0, 0}, {0, 0, .4, 0, 0, 0}}, Synthetic: [][]float64{{0, 0, 0, 0, 0, .3}, {0, 0, 0, .2, 0, 0}, {0, .1, 0, 0, 0, 0}, {.4, 0, 0, 0, 0, 0}},
		},
		"lines": Lines{XLabel: "ts since the first record, s", YLabel: "records", Real: []Point{{0, 10}, {1, 30}, {2, 5}}, Synthetic: []Point{{0, 12}, {1, 20}}},
		"heat":  Heat{Labels: []string{"pkt", "byt", "a column of a long name"}, Real: square(.9), Synthetic: square(.1)},
		"epsilon": Epsilon{
			YLabel: "two-way total variation", Curves: []EpsilonCurve{{"marginal", []Point{{.999, .12}, {2, .08}, {8, .045}}}, {"networks", []Point{{2, .3}}}},
			Levels: []Level{{"real halves", .02}, {"independent columns", .32}},
		},
		"epochs": Epochs{YLabel: "loss", Epochs: []float64{1, 2, 3, 4}, Series: []Series{{"generator", []float64{3, 2, math.NaN(), 1}}, {"critic", []float64{-1, -.5, -.2, -.1}}}},
	}
}

// TestGolden compares each figure's SVG with the one kept; NETSHARE_UPDATE=1
// writes them anew.
func TestGolden(t *testing.T) {
	all := samples()
	maps.Copy(all, charts())
	for name, f := range all {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := SVG(&b, f); err != nil {
				t.Fatal(err)
			}
			d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("not well-formed: %v", err)
				}
			}
			path := filepath.Join("testdata", name+".svg")
			if os.Getenv("NETSHARE_UPDATE") == "1" {
				if err := os.MkdirAll("testdata", 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("%s differs from what is drawn now: look at both, then rewrite it with NETSHARE_UPDATE=1", path)
			}
		})
	}
}

func TestPNG(t *testing.T) {
	for name, f := range samples() {
		var b bytes.Buffer
		if err := PNG(&b, f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := map[[3]uint32]bool{}
		for y := 0; y < img.Bounds().Dy(); y += 2 {
			for x := 0; x < img.Bounds().Dx(); x += 2 {
				r, g, b, _ := img.At(x, y).RGBA()
				seen[[3]uint32{r >> 8, g >> 8, b >> 8}] = true
			}
		}
		if !seen[[3]uint32{255, 255, 255}] {
			t.Errorf("%s: no white ground", name)
		}
		if name != "heat" && name != "histogram-log" && name != "epochs" && !(seen[[3]uint32{0, 0x72, 0xB2}] && seen[[3]uint32{0xD5, 0x5E, 0}]) {
			t.Errorf("%s: the two colours are not to be seen", name)
		}
		if dir := os.Getenv("NETSHARE_LOOK"); dir != "" {
			var again bytes.Buffer
			if err := PNG(&again, f); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "sample-"+name+".png"), again.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestOddFigures(t *testing.T) {
	one := []Point{{5, 1}}
	for name, f := range map[string]Figure{
		"one value":        CDF{Real: one, Synthetic: one},
		"one value, log":   CDF{Log: true, Real: one, Synthetic: []Point{{0, 1}}},
		"only zeros, log":  CDF{Log: true, Real: []Point{{0, 1}}},
		"tiny, log":        CDF{Log: true, Real: []Point{{1e-300, .5}, {1e300, 1}}},
		"huge":             CDF{Real: []Point{{-1e300, .5}, {1e300, 1}}},
		"one side":         CDF{Real: curve(5, func(x float64) float64 { return x })},
		"one rank":         Ranks{Real: []Point{{1, 1}}, Synthetic: []Point{{1, 1}}},
		"flat":             Lines{Real: []Point{{0, 0}, {1, 0}}},
		"no share":         Bars{Labels: []string{""}, Real: []float64{0}, Synthetic: []float64{0}},
		"one part":         Histogram{Edges: []float64{0, 1}, Real: []float64{1}},
		"one value's tail": Tail{Real: one, Synthetic: one},
		"one epoch":        Epochs{Epochs: []float64{1}, Series: []Series{{"g", []float64{2}}}},
	} {
		for form, draw := range map[string]func(io.Writer, Figure) error{"svg": SVG, "png": PNG} {
			if err := draw(io.Discard, f); err != nil {
				t.Errorf("%s as %s: %v", name, form, err)
			}
		}
	}
	for name, f := range map[string]Figure{"cdf": CDF{}, "bars": Bars{}, "ranks": Ranks{}, "lines": Lines{}, "heat": Heat{}, "histogram": Histogram{}, "tail": Tail{}, "map": Map{}, "epochs": Epochs{Epochs: []float64{1}, Series: []Series{{"g", []float64{math.NaN()}}}}} {
		if err := SVG(io.Discard, f); err == nil || !strings.Contains(err.Error(), "no data") {
			t.Errorf("%s without data: %v", name, err)
		}
	}
}

func TestTicks(t *testing.T) {
	labels := func(ticks []string) string { return strings.Join(ticks, " ") }
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{{0, 1, "0 0.2 0.4 0.6 0.8 1"}, {0, 1e6, "0 200k 400k 600k 800k 1M"}, {-3, 3, "-2 0 2"}, {0, 0.00003, "0 1e-5 2e-5 3e-5"}} {
		var got []string
		for _, k := range (linearTicks{}).Ticks(c.lo, c.hi) {
			got = append(got, k.Label)
		}
		if labels(got) != c.want {
			t.Errorf("%g to %g: %s, want %s", c.lo, c.hi, labels(got), c.want)
		}
	}
}

func TestLabel(t *testing.T) {
	for in, want := range map[string]string{"short": "short", "exactly ten": "exactly t…", "a\x00b\u202ec": "a·b·c", "": ""} {
		if got := Label(in, 10); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
