package eval

import (
	"math"
	"strconv"
)

// sessionScores compares length, duration and interarrival times of sessions.
func (c *comparison) sessionScores() []Score {
	if len(c.opts.Key) == 0 {
		return []Score{{Property: Sessions, Metric: "session_length", Target: "sessions", Note: "no session key: every record is a session of its own"}}
	}
	r, s, d := c.real.sess, c.synth.sess, c.indep.sess
	mask := func(i int) uint32 { return c.halves.sess[i] }
	if c.halves.byRow {
		mask = nil
	}
	length := sampled(r.length, mask)
	out := numberScores(
		numberTarget{name: "session length", noun: "session length", unit: "records", metrics: "session_length"},
		numbers{real: length.values, halves: c.halvesOf(length), synth: sampled(s.length, nil).values, indep: sampled(d.length, nil).values})
	if c.clock < 0 {
		return append(out, Score{Property: Sessions, Metric: "session_duration", Target: "session duration", Note: "no time column"})
	}
	unit, seconds := c.fields[c.clock].unit, c.fields[c.clock].seconds
	duration := sampled(r.duration, mask)
	out = append(out, numberScores(
		numberTarget{name: "session duration", noun: "session duration", unit: unit, seconds: seconds, metrics: "session_duration", from: []string{"session length", c.opts.Time}},
		numbers{real: duration.values, halves: c.halvesOf(duration), synth: sampled(s.duration, nil).values, indep: sampled(d.duration, nil).values})...)
	gapMask := func(i int) uint32 { return c.halves.sess[r.gapOf[i]] }
	if mask == nil {
		gapMask = nil
	}
	between := sampled(r.gaps, gapMask)
	gaps := numberScores(
		numberTarget{name: "interarrival time", noun: "interarrival time within sessions", unit: unit, seconds: seconds, metrics: "interarrival", from: []string{"session length", c.opts.Time}},
		numbers{real: between.values, halves: c.halvesOf(between), synth: sampled(s.gaps, nil).values, indep: sampled(d.gaps, nil).values})
	for i := range gaps {
		if len(r.gaps) > 0 && len(s.gaps) == 0 && c.synth.rows > 0 {
			gaps[i].Words = "no synthetic session has more than one record, so there are no interarrival times"
		}
		if len(r.gaps) == 0 {
			gaps[i].Note = "no real session has two records with a time"
		}
	}
	return append(out, gaps...)
}

// timeSlices is how many slices of the span the volume is compared in.
const timeSlices = 50

// timeColumn scores a numeric time.
func (c *comparison) timeColumn(f int) []Score {
	fd := &c.fields[f]
	mask := func(i int) uint32 { return c.halves.row[i] }
	x, y := sampled(c.real.numbers[f], mask), sampled(c.synth.numbers[f], nil)
	t := numberTarget{
		name: fd.Column.Name, columns: []string{fd.Column.Name}, unit: fd.unit, seconds: fd.seconds,
		noun: quote(fd.Column.Name) + " since the first record", metrics: "time", shift: true, without: "emd_log",
	}
	out := numberScores(t, numbers{real: x.values, halves: c.halvesOf(x), synth: y.values})
	for i := range out { // the range of a time is no heavy tail
		if out[i].Metric == "time_emd" && out[i].Computed && !out[i].Counted && out[i].Note != "" {
			out[i].Counted, out[i].Note = true, ""
		}
	}
	out = append(out, c.volume(f, x, y.values), c.span(f, x, y.values))
	if f == c.clock {
		out = append(out, c.arrivals(f, x, y.values)...)
	}
	return append(out, c.missing(f, func(s *side, i int) bool { return !finite(s.numbers[f][i]) }))
}

// sliced counts sorted times in equal slices of span from their own earliest;
// the last count is of those beyond.
func sliced(t []float64, span float64) []float64 {
	counts := make([]float64, timeSlices+1)
	for _, v := range t {
		i := 0
		if span > 0 {
			i = int(min(timeSlices, (v-t[0])/span*timeSlices))
			if v-t[0] == span {
				i = timeSlices - 1
			}
		} else if v > t[0] {
			i = timeSlices
		}
		counts[i]++
	}
	return counts
}

func spanOf(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	return x[len(x)-1] - x[0]
}

func (c *comparison) volume(f int, x sample, y []float64) Score {
	name := c.fields[f].Column.Name
	s := Score{Property: TimeOrder, Metric: "time_volume", Target: name, Columns: []string{name}, Counted: true}
	span := spanOf(x.values)
	p, q := sliced(x.values, span), sliced(y, span)
	got := measured{value: JensenShannon(p, q), uniform: math.NaN(), independent: math.NaN(), worst: math.Ln2, root: true}
	if len(y) == 0 && len(x.values) > 0 {
		got.value = math.Ln2
	}
	if span > 0 {
		got.uniform = uniformJSD(p[:timeSlices], timeSlices)
	}
	for k := range c.halves.splits {
		a, b := x.half(k)
		got.bases = append(got.bases, JensenShannon(sliced(a, span), sliced(b, span)))
	}
	s.Words = wordsForVolume(name, p, q)
	s.settle(got)
	return s
}

func (c *comparison) span(f int, x sample, y []float64) Score {
	name := c.fields[f].Column.Name
	s := Score{Property: TimeOrder, Metric: "time_span", Target: name, Columns: []string{name}, Counted: true}
	a, b := spanOf(x.values), spanOf(y)
	if len(y) == 0 && len(x.values) > 0 {
		b = 0
	}
	got := measured{value: spanMissed(a, b), uniform: math.NaN(), independent: math.NaN(), worst: 1}
	for k := range c.halves.splits {
		u, v := x.half(k)
		got.bases = append(got.bases, spanMissed(spanOf(u), spanOf(v)))
	}
	t := numberTarget{unit: c.fields[f].unit, seconds: c.fields[f].seconds}
	s.Words = "the synthetic trace lasts " + t.amount(b) + ", the real one " + t.amount(a)
	s.settle(got)
	return s
}

func spanMissed(a, b float64) float64 {
	if max(a, b) == 0 {
		return 0
	}
	return 1 - min(a, b)/max(a, b)
}

// arrivals compares the gaps between consecutive records of the whole trace.
func (c *comparison) arrivals(f int, x sample, y []float64) []Score {
	t := numberTarget{
		name: "gap between records", noun: "gap between consecutive records",
		unit: c.fields[f].unit, seconds: c.fields[f].seconds, metrics: "arrival",
		from: []string{c.opts.Time},
	}
	n := numbers{real: sorted(differences(x.values)), synth: sorted(differences(y))}
	// A half has twice the gaps of the whole, so the halves' own gaps are
	// compared with each other.
	for _, h := range c.halvesOf(x) {
		n.halves = append(n.halves, [2][]float64{sorted(differences(h[0])), sorted(differences(h[1]))})
	}
	return numberScores(t, n)
}

// differences returns the gaps between sorted values.
func differences(x []float64) []float64 {
	if len(x) < 2 {
		return nil
	}
	out := make([]float64, len(x)-1)
	for i := range out {
		out[i] = x[i+1] - x[i]
	}
	return out
}

// short writes a number in four digits or fewer.
func short(x float64) string {
	if !finite(x) {
		return "none"
	}
	if a := math.Abs(x); a >= 1e4 && a < 1e7 && x == math.Trunc(x) {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}
