package eval

import (
	"math"
	"slices"
	"strconv"

	"netshare/eval/figure"
	"netshare/workspace/trace"
)

const (
	histogramBins = 40
	mapHalf       = 16 // parts of the ports below 1024, and of those above
)

// histogram shows the shares of a number in equal parts of its axis, from the
// least to the largest value of both sides.
func (c *comparison) histogram(add adder, cv curve) {
	a, b := sampled(cv.real, nil).values, sampled(cv.synth, nil).values
	if len(a) == 0 && len(b) == 0 {
		return
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, x := range [][]float64{a, b} {
		if len(x) > 0 {
			lo, hi = min(lo, x[0]), max(hi, x[len(x)-1])
		}
	}
	if !(hi > lo) || math.IsInf(hi-lo, 0) {
		return // a constant needs no picture
	}
	log := lo >= 0 && measure(a).heavy
	least := lo // of what is above 0
	if log {
		for _, x := range [][]float64{a, b} {
			if i, _ := slices.BinarySearch(x, math.SmallestNonzeroFloat64); i < len(x) && (least <= 0 || x[i] < least) {
				least = x[i]
			}
		}
		least = max(least, hi*1e-9)
	}
	edges := make([]float64, 0, histogramBins+2)
	if log && lo < least {
		edges = append(edges, 0) // a part of its own for zeros
	}
	for i := range histogramBins + 1 {
		share := float64(i) / histogramBins
		e := lo + (hi-lo)*share
		if log {
			e = least * math.Pow(hi/least, share)
		}
		edges = append(edges, e)
	}
	shares := func(x []float64) []float64 {
		if len(x) == 0 {
			return nil
		}
		out := make([]float64, len(edges)-1)
		for _, v := range x {
			i, found := slices.BinarySearch(edges, v)
			if !found {
				i--
			}
			out[max(0, min(len(out)-1, i))] += 1 / float64(len(x))
		}
		return out
	}
	add(cv.section, "histogram-"+cv.section, "Histogram of "+Printable(cv.section), "Histogram of "+Printable(cv.label)+", real and synthetic",
		figure.Histogram{XLabel: cv.label, Log: log, Edges: edges, Real: shares(a), Synthetic: shares(b)})
}

// tails shows the long sessions and gaps on logarithmic axes.
func (c *comparison) tails(add adder) {
	if len(c.opts.Key) == 0 {
		return
	}
	one := func(name, title, of string, cv curve) {
		a, b := tailPoints(sampled(cv.real, nil).values), tailPoints(sampled(cv.synth, nil).values)
		if len(a)+len(b) < 3 {
			return
		}
		add("", name, title, "Share of "+of+" from each value of "+Printable(cv.label)+" on, logarithmic axes, real and synthetic",
			figure.Tail{XLabel: cv.label, Of: of, Real: a, Synthetic: b})
	}
	one("session-length-tail", "Long sessions", "sessions", curve{label: "session length, records", real: c.real.sess.length, synth: c.synth.sess.length})
	if c.clock >= 0 {
		one("interarrival-tail", "Long gaps within sessions", "gaps",
			c.inTime(c.clock, curve{label: "interarrival time", real: c.real.sess.gaps, synth: c.synth.sess.gaps, log: true}))
	}
}

// tailPoints are the shares of sorted values that reach each, thinned so that
// neighbours differ by 2 % in either.
func tailPoints(x []float64) []figure.Point {
	var out []figure.Point
	n := float64(len(x))
	for i := 0; i < len(x); {
		j := i
		for j < len(x) && x[j] == x[i] {
			j++
		}
		p := figure.Point{X: x[i], Y: (n - float64(i)) / n}
		if k := len(out) - 1; k < 0 || j == len(x) || p.Y < out[k].Y*.98 || p.X > out[k].X*1.02 {
			out = append(out, p)
		}
		i = j
	}
	return out
}

// portMap shows which ports are combined, where a trace has those of both ends.
func (c *comparison) portMap(add adder) {
	var ports []int
	for f := range c.fields {
		if c.fields[f].Column.Kind == trace.KindPort && !c.fields[f].numeric {
			ports = append(ports, f)
		}
	}
	if len(ports) < 2 {
		return
	}
	x, y := ports[0], ports[1]
	cells := func(s *side) [][]float64 {
		out := make([][]float64, 2*mapHalf)
		for i := range out {
			out[i] = make([]float64, 2*mapHalf)
		}
		a, b := numbersOf(c.fields[x].values), numbersOf(c.fields[y].values)
		for i := range s.rows {
			p, q := portCell(a[s.codes[x][i]]), portCell(b[s.codes[y][i]])
			if p >= 0 && q >= 0 {
				out[q][p] += 1 / float64(s.rows)
			}
		}
		return out
	}
	labels := make([]string, 2*mapHalf+1)
	for i := range labels {
		switch {
		case i < mapHalf && i%4 == 0:
			labels[i] = strconv.Itoa(i * 1024 / mapHalf)
		case i >= mapHalf && i%4 == 0:
			labels[i] = strconv.Itoa(1024 + (i-mapHalf)*(65536-1024)/mapHalf)
		}
	}
	m := figure.Map{
		XLabel: c.fields[x].Column.Name, YLabel: c.fields[y].Column.Name, XEdges: labels, YEdges: labels,
		Real: cells(c.real), Synthetic: cells(c.synth),
	}
	if total(slices.Concat(m.Real...))+total(slices.Concat(m.Synthetic...)) == 0 {
		return
	}
	add("", "ports", "Which ports go together", "Maps of "+Printable(m.XLabel)+" and "+Printable(m.YLabel)+" of the real and the synthetic trace; a cell is 64 ports wide below 1024 and 4,032 above", m)
}

// portCell is a port's part of the map, -1 for no port: half of the parts are for
// ports below 1024.
func portCell(port float64) int {
	switch {
	case !(port >= 0) || port > 65535:
		return -1
	case port < 1024:
		return int(port) * mapHalf / 1024
	}
	return mapHalf + (int(port)-1024)*mapHalf/(65536-1024)
}
