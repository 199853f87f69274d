package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"netshare/eval/figure"
	"netshare/workspace/trace"
)

// chart is one figure of the report with its place in it.
type chart struct {
	name    string // of its files, without extension
	section string // a column's name, or "" for the trace as a whole
	title   string
	alt     string
	figure  figure.Figure
}

const (
	curvePoints = 300 // of a distribution at most
	barCount    = 12  // most frequent values of a column
	heatCount   = 24  // columns of a heat map
)

// charts draws up the figures: sessions and time first, then a few for each
// column, those with the lowest scores first where there are too many.
func (c *comparison) charts(cells []heatCell, r *Report) []chart {
	var out []chart
	add := func(section, name, title, alt string, f figure.Figure) {
		out = append(out, chart{name: fmt.Sprintf("%02d-%s", len(out)+1, fileName(name)), section: section, title: title, alt: alt, figure: f})
	}
	if len(c.opts.Key) > 0 {
		c.cdf(add, curve{
			name: "session-length", title: "Session length", label: "session length, records", of: "sessions",
			real: c.real.sess.length, synth: c.synth.sess.length, log: true,
		})
		if c.clock >= 0 {
			c.cdf(add, c.inTime(c.clock, curve{
				name: "session-duration", title: "Session duration", label: "session duration", of: "sessions",
				real: c.real.sess.duration, synth: c.synth.sess.duration, log: true,
			}))
			c.cdf(add, c.inTime(c.clock, curve{
				name: "interarrival", title: "Interarrival time within sessions", label: "interarrival time", of: "gaps",
				real: c.real.sess.gaps, synth: c.synth.sess.gaps, log: true,
			}))
		}
	}
	c.tails(add)
	if c.clock >= 0 {
		for _, w := range c.weights() {
			c.volumeChart(add, w)
		}
	}
	c.portMap(add)
	c.hitterCharts(add)
	if h, ok := c.heat(cells); ok {
		add("", "association", "Association between columns",
			"Heat maps of the association between columns of the real trace, the synthetic trace, and their difference", h)
	}
	for _, f := range c.columnsToDraw(r) {
		fd := &c.fields[f]
		name := fd.Column.Name
		if fd.numeric {
			cv := curve{
				section: name, name: "cdf-" + name, title: "Distribution of " + Printable(name), label: name,
				real: c.real.numbers[f], synth: c.synth.numbers[f],
			}
			switch {
			case fd.time:
				cv.label += " since the first record"
				cv.real, cv.synth = fromLeast(cv.real), fromLeast(cv.synth)
				cv = c.inTime(f, cv)
			case fd.unit != "":
				cv.label += ", " + fd.unit
			}
			c.cdf(add, cv)
			c.histogram(add, cv)
			c.memoryChart(add, f)
			continue
		}
		p, q := tally(c.real.codes[f], len(fd.values)), tally(c.synth.codes[f], len(fd.values))
		add(name, "bars-"+name, "Most frequent values of "+Printable(name),
			"Bars of the most frequent values of "+Printable(name)+", real next to synthetic", bars(fd, p, q))
		if fd.Column.Kind == trace.KindAddress || fd.Column.Kind == trace.KindText || len(fd.values) > 50 {
			add(name, "ranks-"+name, "Rank and frequency of "+Printable(name),
				"Share of records by rank of the value of "+Printable(name)+" on logarithmic axes",
				figure.Ranks{XLabel: "rank of " + name, Real: rankPoints(p), Synthetic: rankPoints(q)})
		}
	}
	return out
}

// adder appends a chart.
type adder = func(section, name, title, alt string, f figure.Figure)

// curve is what a figure of two cumulative distributions shows.
type curve struct {
	section, name, title, label, of string
	real, synth                     []float64
	log                             bool // asked for; a heavy tail asks for it too
}

// inTime puts a curve of times into a unit that reads well, and names it.
func (c *comparison) inTime(f int, cv curve) curve {
	span := 0.0
	for _, x := range [][]float64{cv.real, cv.synth} {
		for _, v := range x {
			if finite(v) {
				span = max(span, math.Abs(v))
			}
		}
	}
	factor, unit := readable(span*c.fields[f].seconds, cv.log)
	factor *= c.fields[f].seconds
	cv.real, cv.synth = scaled(cv.real, factor), scaled(cv.synth, factor)
	cv.label += ", " + unit
	return cv
}

// readable is the factor from seconds to, and the name of, a unit that suits a
// length of time. Logarithmic axes keep seconds.
func readable(seconds float64, log bool) (factor float64, unit string) {
	switch {
	case log || (seconds >= 1 && seconds < 600) || seconds == 0:
		return 1, "s"
	case seconds < 1e-3:
		return 1e6, "µs"
	case seconds < 1:
		return 1e3, "ms"
	case seconds < 3*3600:
		return 1. / 60, "min"
	case seconds < 3*86400:
		return 1. / 3600, "h"
	}
	return 1. / 86400, "days"
}

func scaled(x []float64, factor float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v * factor
	}
	return out
}

func (c *comparison) cdf(add adder, cv curve) {
	a, b := sampled(cv.real, nil).values, sampled(cv.synth, nil).values
	if len(a)+len(b) == 0 {
		return
	}
	log := cv.log || measure(a).heavy
	lo, hi := 0.0, 0.0
	for _, x := range [][]float64{a, b} {
		if len(x) == 0 {
			continue
		}
		hi = max(hi, x[len(x)-1])
		lo = min(lo, x[0])
	}
	if lo < 0 || hi == 0 || (len(a) > 0 && hi < 5*at(a, 0) && at(a, 0) > 0) {
		log = false
	}
	add(cv.section, cv.name, cv.title, "Cumulative distribution of "+Printable(cv.label)+", real and synthetic",
		figure.CDF{XLabel: cv.label, Of: cv.of, Log: log, Real: cdfPoints(a, log), Synthetic: cdfPoints(b, log)})
}

// cdfPoints thins the cumulative distribution of sorted values to what a
// figure shows: every distinct value where there are few, else those that lie
// a step to the right of or above the last one kept.
func cdfPoints(x []float64, log bool) []figure.Point {
	var out []figure.Point
	if len(x) == 0 {
		return nil
	}
	place := func(v float64) float64 { return v }
	if log {
		place = func(v float64) float64 { return math.Log(max(v, x[len(x)-1]*1e-12)) }
	}
	n := float64(len(x))
	wide := (place(x[len(x)-1]) - place(x[0])) / (curvePoints / 3)
	distinct := 0
	for i := range x {
		if i == 0 || x[i] != x[i-1] {
			distinct++
		}
	}
	for i := 0; i < len(x); {
		j := i
		for j < len(x) && x[j] == x[i] {
			j++
		}
		p := figure.Point{X: x[i], Y: float64(j) / n}
		if distinct <= curvePoints || i == 0 || j == len(x) ||
			p.Y-out[len(out)-1].Y > 1.5/curvePoints || place(p.X)-place(out[len(out)-1].X) > wide {
			out = append(out, p)
		}
		i = j
	}
	return out
}

// least is the smallest finite value.
func least(x []float64) float64 {
	lo := math.Inf(1)
	for _, v := range x {
		if finite(v) {
			lo = min(lo, v)
		}
	}
	return lo
}

// fromLeast subtracts the smallest finite value.
func fromLeast(x []float64) []float64 {
	lo := least(x)
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v - lo
	}
	return out
}

func rankPoints(counts []float64) []figure.Point {
	r := RankFrequency(counts)
	n := total(r)
	var out []figure.Point
	next := 1.0
	for i, v := range r {
		if k := float64(i + 1); k >= next || i == len(r)-1 {
			out = append(out, figure.Point{X: k, Y: v / n})
			next = math.Max(k+1, k*1.05)
		}
	}
	return out
}

// bars takes the most frequent values of both traces in turn and orders them
// by their real share.
func bars(fd *field, p, q []float64) figure.Bars {
	np, nq := math.Max(total(p), 1), math.Max(total(q), 1)
	order := make([]int, 0, len(p))
	for i := range p {
		if p[i] > 0 || q[i] > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(max(p[b]/np, q[b]/nq), max(p[a]/np, q[a]/nq))
	})
	order = order[:min(len(order), barCount)]
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	b := figure.Bars{XLabel: "share of records, %"}
	for _, i := range order {
		label := "(missing)"
		if i < len(fd.values) {
			if label = fd.values[i]; label == "" {
				label = "(empty)"
			}
		}
		b.Labels = append(b.Labels, label)
		b.Real, b.Synthetic = append(b.Real, p[i]/np), append(b.Synthetic, q[i]/nq)
	}
	return b
}

// volumeChart shows records, bytes or packets over time.
func (c *comparison) volumeChart(add adder, w weight) {
	fd := &c.fields[c.clock]
	span := c.spanOf(c.real)
	span = max(span, c.spanOf(c.synth))
	if !(span > 0) {
		return
	}
	const slices = 60
	factor, unit := readable(span*fd.seconds, false)
	factor *= fd.seconds
	curve := func(s *side) []figure.Point {
		if s.rows == 0 {
			return nil
		}
		out := make([]figure.Point, slices)
		for i, n := range c.volumes(s, w, span, slices, nil)[:slices] {
			out[i] = figure.Point{X: (float64(i) + .5) * span / slices * factor, Y: n}
		}
		return out
	}
	name, title := "volume", "Records over time"
	if w.f >= 0 {
		name, title = name+"-"+w.name, Printable(w.name)+" over time"
	}
	add("", name, title,
		"Sum of "+Printable(w.name)+" in each sixtieth of the time span, real and synthetic, each from its first record",
		figure.Lines{
			XLabel: fd.Column.Name + " since the first record, " + unit, YLabel: w.name + " per 1/60 of the span",
			Real: curve(c.real), Synthetic: curve(c.synth),
		})
}

// hitterCharts show how unequal the addresses' volumes are.
func (c *comparison) hitterCharts(add adder) {
	for _, w := range c.weights() {
		for _, name := range []string{c.opts.Roles.Source, c.opts.Roles.Destination} {
			f := c.field(name)
			if f < 0 || c.fields[f].numeric || w.f < 0 { // by records it is among the column's own figures
				continue
			}
			p, q := c.shares(c.real, f, w, nil), c.shares(c.synth, f, w, nil)
			if total(p) == 0 && total(q) == 0 {
				continue
			}
			add("", "hitters-"+name+"-"+w.name, Printable(w.name)+" by rank of "+Printable(name),
				"Share of "+Printable(w.name)+" by rank of "+Printable(name)+" on logarithmic axes",
				figure.Ranks{
					XLabel: "rank of " + name + " by " + w.name,
					Real:   rankPoints(p), Synthetic: rankPoints(q),
				})
		}
	}
}

// memoryChart shows the autocorrelation of a number that changes within
// sessions.
func (c *comparison) memoryChart(add adder, f int) {
	if c.memories == nil || len(c.memories[f].real) < 2 {
		return
	}
	points := func(r []float64) []figure.Point {
		out := []figure.Point{{X: 0, Y: 1}}
		for i, v := range r {
			out = append(out, figure.Point{X: float64(i + 1), Y: v})
		}
		return out
	}
	name := c.fields[f].Column.Name
	add(name, "autocorrelation-"+name, "Autocorrelation of "+Printable(name),
		"Autocorrelation of "+Printable(name)+" within sessions, by lag, real and synthetic",
		figure.Lines{
			XLabel: "records apart", YLabel: "correlation within sessions",
			Real: points(c.memories[f].real), Synthetic: points(c.memories[f].synth),
		})
}

// heat makes the maps of association, of the columns in most pairs.
func (c *comparison) heat(cells []heatCell) (figure.Heat, bool) {
	at := map[int]int{}
	var fields []int
	for _, cell := range cells {
		for _, f := range []int{cell.a, cell.b} {
			if _, ok := at[f]; !ok && cell.ok {
				at[f] = 0
				fields = append(fields, f)
			}
		}
	}
	slices.Sort(fields)
	fields = fields[:min(len(fields), heatCount)]
	if len(fields) < 2 {
		return figure.Heat{}, false
	}
	h := figure.Heat{}
	clear(at)
	for i, f := range fields {
		at[f] = i
		h.Labels = append(h.Labels, c.fields[f].Column.Name)
	}
	empty := func() [][]float64 {
		m := make([][]float64, len(fields))
		for i := range m {
			m[i] = make([]float64, len(fields))
			for j := range m[i] {
				m[i][j] = math.NaN()
			}
			m[i][i] = 1
		}
		return m
	}
	h.Real, h.Synthetic = empty(), empty()
	for _, cell := range cells {
		i, ok := at[cell.a]
		j, ok2 := at[cell.b]
		if ok && ok2 && cell.ok {
			h.Real[i][j], h.Real[j][i] = cell.real, cell.real
			h.Synthetic[i][j], h.Synthetic[j][i] = cell.synth, cell.synth
		}
	}
	return h, true
}

// columnsToDraw returns fields in their order, the worst ones where there are
// too many.
func (c *comparison) columnsToDraw(r *Report) []int {
	low := map[string]float64{}
	for i := range r.Scores {
		s := &r.Scores[i]
		if s.Computed && s.Counted && len(s.Columns) == 1 {
			if v, ok := low[s.Columns[0]]; !ok || s.Score < v {
				low[s.Columns[0]] = s.Score
			}
		}
	}
	order := make([]int, len(c.fields))
	for i := range order {
		order[i] = i
	}
	if len(order) > c.opts.MaxFigures {
		slices.SortStableFunc(order, func(a, b int) int {
			return cmp.Compare(low[c.fields[a].Column.Name], low[c.fields[b].Column.Name])
		})
		order = order[:c.opts.MaxFigures]
		slices.Sort(order)
		r.Notes = append(r.Notes, fmt.Sprintf("figures show the %d columns of %d with the lowest scores", c.opts.MaxFigures, len(c.fields)))
	}
	return order
}

// fileName makes a name that any file system takes.
func fileName(s string) string {
	out := []rune{}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			out = append(out, r)
		default:
			out = append(out, '_')
		}
		if len(out) == 48 {
			break
		}
	}
	return string(out)
}

// Printable returns a name taken from data as a page or a terminal can show
// it: shortened, control characters replaced.
func Printable(s string) string { return figure.Label(s, 60) }
