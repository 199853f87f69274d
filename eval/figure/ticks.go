package figure

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// linearTicks marks four to six round values with short labels.
type linearTicks struct {
	want  int
	whole bool // of numbers that count
}

func (t linearTicks) Ticks(lo, hi float64) []plot.Tick {
	want := t.want
	if want == 0 {
		want = 5
	}
	if !(hi > lo) {
		return []plot.Tick{{Value: lo, Label: number(lo)}}
	}
	raw := (hi - lo) / float64(want)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * unit
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*unit >= raw {
			step = m * unit
			break
		}
	}
	if t.whole {
		step = math.Max(1, math.Ceil(step))
	}
	var out []plot.Tick
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+step*1e-9; i++ {
		v := i * step
		if math.Abs(v) < step*1e-9 {
			v = 0
		}
		out = append(out, plot.Tick{Value: v, Label: number(v)})
	}
	return out
}

// number writes a tick's value with a prefix of thousands.
func number(v float64) string {
	a := math.Abs(v)
	for _, p := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if a >= p.size && (a >= 1e4 || p.size > 1e3) {
			if a >= 1e15 {
				break
			}
			return strconv.FormatFloat(v/p.size, 'g', 4, 64) + p.name
		}
	}
	s := strconv.FormatFloat(v, 'g', 4, 64)
	return strings.Replace(s, "e-0", "e-", 1)
}

// logAxis maps numbers to a logarithmic axis that also holds 0: values at or
// below 0 stand half a decade left of the least positive one.
type logAxis struct {
	floor   float64 // log10 of where 0 stands
	hasZero bool
	hi      float64 // log10 of the largest value
}

func newLogAxis(curves ...[]Point) logAxis {
	lo, hi, zero := math.Inf(1), math.Inf(-1), false
	for _, c := range curves {
		for _, p := range c {
			if p.X > 0 {
				lo, hi = min(lo, math.Log10(p.X)), max(hi, math.Log10(p.X))
			} else {
				zero = true
			}
		}
	}
	if hi < lo {
		lo, hi = 0, 1
	}
	a := logAxis{floor: lo, hasZero: zero, hi: hi}
	if zero {
		a.floor = math.Floor(lo*2)/2 - 0.5 - 0.05*(hi-lo)
	}
	return a
}

func (a logAxis) at(x float64) float64 {
	if x <= 0 {
		return a.floor
	}
	return math.Log10(x)
}

// Ticks marks decades, of which at most seven have labels.
func (a logAxis) Ticks(lo, hi float64) []plot.Tick {
	var out []plot.Tick
	start := math.Floor(lo)
	if a.hasZero {
		out = append(out, plot.Tick{Value: a.floor, Label: "0"})
		start = math.Floor(a.floor + 0.45)
	}
	every := math.Max(1, math.Ceil((hi-start)/6))
	decades := 0
	for e := start; e <= hi+1e-9; e++ {
		if e < lo-1e-9 || (a.hasZero && e < a.floor+0.45+0.04*(hi-lo)) {
			continue
		}
		t := plot.Tick{Value: e}
		if math.Mod(e-start, every) == 0 {
			t.Label = number(math.Pow(10, e))
			decades++
		}
		out = append(out, t)
	}
	if decades < 2 { // less than two decades: round values between
		for e := math.Floor(lo); e <= hi; e++ {
			for _, m := range []float64{2, 5} {
				v := e + math.Log10(m)
				if v >= lo && v <= hi && !(a.hasZero && v < a.floor+0.2) {
					out = append(out, plot.Tick{Value: v, Label: number(m * math.Pow(10, e))})
				}
			}
		}
	}
	return out
}
