package eval

import (
	"math"
	"slices"

	"netshare/workspace/trace"
)

// comparison is one run of Compare: the two sides, what was made of the real
// one, and the options.
type comparison struct {
	opts   Options
	fields []field
	real   *side
	synth  *side
	indep  *side // independent columns of real
	halves *halves
	clock  int // the time field, -1 for none

	memories []remembered // by field, for the figures; nil where there are no series
}

// tally counts the values of a text field; the last count is of missing ones.
func tally(codes []int32, values int) []float64 {
	counts := make([]float64, values+1)
	for _, c := range codes {
		counts[c]++
	}
	return counts
}

// halfTallies counts the values of a real text field in each half of each
// halving.
func (c *comparison) halfTallies(f int) [][2][]float64 {
	n := c.fields[f].slot() + 1
	out := make([][2][]float64, c.halves.splits)
	for k := range out {
		out[k] = [2][]float64{make([]float64, n), make([]float64, n)}
		for i, code := range c.real.codes[f] {
			out[k][c.halves.row[i]>>k&1][code]++
		}
	}
	return out
}

// textColumn scores a column compared by identity.
func (c *comparison) textColumn(f int) []Score {
	fd := &c.fields[f]
	p, q := tally(c.real.codes[f], len(fd.values)), tally(c.synth.codes[f], len(fd.values))
	halves := c.halfTallies(f)
	var out []Score
	for _, m := range Metrics() {
		if m.counts == nil || !m.appliesTo(fd.Column.Kind) {
			continue
		}
		s := Score{Property: m.Property, Metric: m.Name, Target: fd.Column.Name, Columns: []string{fd.Column.Name}, Counted: true}
		got := measured{value: m.counts(p, q), uniform: math.NaN(), independent: math.NaN(), worst: m.Worst, root: m.Root}
		if emptySynth(c, &s) {
			got.value = m.Worst
		}
		for _, h := range halves {
			got.bases = append(got.bases, m.counts(h[0], h[1]))
		}
		switch m.Name {
		case "jsd":
			got.uniform = uniformJSD(p, domain(fd.Column.Kind))
			s.Counted = !renamed(fd, p, q, &s)
			s.Words, s.lost = wordsForCounts(fd, p, q)
		case "tv":
			got.uniform = uniformTV(p, domain(fd.Column.Kind))
			s.Counted = !renamed(fd, p, q, &s)
			s.Words, s.lost = wordsForCounts(fd, p, q)
		case "jsd_rank":
			flat := make([]float64, c.real.rows)
			for i := range flat {
				flat[i] = 1
			}
			got.uniform = JensenShannon(RankFrequency(p), flat)
			if fd.Column.Kind == trace.KindText {
				s.Counted = len(fd.values) > 0
			}
			s.Words = wordsForRanks(fd, p, q)
		case "lost_value":
			got.worst = slices.Max(p) / total(p)
			s.Counted = !renamed(fd, p, q, &s)
			s.Words, s.lost = wordsForLost(fd, p, q)
		case "coverage_values":
			s.Words = wordsForCoverage(fd, p, q)
		}
		s.settle(got)
		out = append(out, s)
	}
	if s, ok := c.validity(f, p, q); ok {
		out = append(out, s)
	}
	return append(out, c.missing(f, func(s *side, i int) bool { return s.codes[f][i] == int32(fd.slot()) }))
}

// renamed reports whether the synthetic trace has addresses of its own, and
// notes it.
func renamed(f *field, p, q []float64, s *Score) bool {
	if f.Column.Kind != trace.KindAddress || known(p, q) >= 0.9 {
		return false
	}
	s.note("shown only: the synthetic trace uses other addresses, maybe on purpose")
	return true
}

// known is the share of synthetic records whose value occurs in the real trace.
func known(p, q []float64) float64 {
	var n float64
	for i := range q {
		if p[i] > 0 {
			n += q[i]
		}
	}
	return n / max(total(q), 1)
}

// emptySynth reports whether the synthetic side has no rows where the real one
// has; the distance is the worst there is then.
func emptySynth(c *comparison, s *Score) bool {
	if c.synth.rows == 0 && c.real.rows > 0 {
		s.note("the synthetic table is empty")
		return true
	}
	return false
}

// domain is how many values uniform noise of a kind is drawn from; 0 stands
// for those that occur in the real trace, a large number for never meeting one.
func domain(k trace.Kind) float64 {
	switch k {
	case trace.KindPort:
		return 65536
	case trace.KindProtocol:
		return 256
	case trace.KindAddress:
		return 1 << 32
	case trace.KindText:
		return 1e12
	}
	return 0
}

// missing scores the share of missing or not finite values of a field.
func (c *comparison) missing(f int, isMissing func(*side, int) bool) Score {
	name := c.fields[f].Column.Name
	s := Score{Property: Coverage, Metric: "missing", Target: name, Columns: []string{name}, Counted: true}
	share := func(sd *side) float64 {
		n := 0
		for i := range sd.rows {
			if isMissing(sd, i) {
				n++
			}
		}
		if sd.rows == 0 {
			return math.NaN()
		}
		return float64(n) / float64(sd.rows)
	}
	a, b := share(c.real), share(c.synth)
	got := measured{value: math.Abs(a - b), uniform: math.NaN(), independent: math.NaN(), worst: 1}
	for k := range c.halves.splits {
		var n, miss [2]float64
		for i := range c.real.rows {
			h := c.halves.row[i] >> k & 1
			n[h]++
			if isMissing(c.real, i) {
				miss[h]++
			}
		}
		got.bases = append(got.bases, math.Abs(miss[0]/n[0]-miss[1]/n[1]))
	}
	if finite(a) && finite(b) && a != b {
		s.Words = quote(name) + " is missing in " + percent(b) + " of synthetic records against " + percent(a) + " of real ones"
	}
	if a == 0 && b == 0 {
		s.Counted = false
		s.note("nothing is missing on either side")
	}
	s.settle(got)
	return s
}

// numberColumn scores a quantity.
func (c *comparison) numberColumn(f int) []Score {
	fd := &c.fields[f]
	mask := func(i int) uint32 { return c.halves.row[i] }
	x, y := sampled(c.real.numbers[f], mask), sampled(c.synth.numbers[f], nil)
	out := numberScores(numberTarget{
		name: fd.Column.Name, columns: []string{fd.Column.Name}, unit: fd.unit, noun: quote(fd.Column.Name),
		metrics: Columns,
	}, numbers{real: x.values, halves: c.halvesOf(x), synth: y.values})
	return append(out, c.missing(f, func(s *side, i int) bool { return !finite(s.numbers[f][i]) }))
}

// numberTarget says what a sample of numbers is, for numberScores.
type numberTarget struct {
	name    string
	columns []string
	unit    string
	seconds float64  // length of the unit of a time, 0 for other numbers
	noun    string   // in sentences
	metrics string   // Columns for a column's own metrics; else the name that every score bears
	shift   bool     // each side counts from its own least value
	without string   // a metric to leave out
	from    []string // what else it follows from
}

// numbers are one quantity of both traces, sorted.
type numbers struct {
	real   []float64
	halves [][2][]float64 // of the real trace, for each halving; nil where there is no baseline
	synth  []float64
	indep  []float64 // of independent columns; nil where they can't differ
}

// halvesOf returns the halves of a sample of the real trace, nil where it has no masks.
func (c *comparison) halvesOf(x sample) [][2][]float64 {
	if x.masks == nil {
		return nil
	}
	out := make([][2][]float64, c.halves.splits)
	for k := range out {
		out[k][0], out[k][1] = x.half(k)
	}
	return out
}

// numberScores compares a quantity by every metric of numbers.
func numberScores(t numberTarget, n numbers) []Score {
	if t.shift {
		n.real, n.synth, n.indep = shifted(n.real), shifted(n.synth), shifted(n.indep)
		for k, h := range n.halves {
			n.halves[k] = [2][]float64{shifted(h[0]), shifted(h[1])}
		}
	}
	real, y, indep := n.real, n.synth, n.indep
	sc := measure(real)
	var out []Score
	for _, m := range Metrics() {
		if m.numbers == nil || m.Name == t.without || (t.metrics != Columns && m.Property != Columns) {
			continue
		}
		if m.Name == "emd_log" && !sc.heavy {
			continue
		}
		s := Score{Property: m.Property, Metric: m.Name, Target: t.name, Columns: t.columns, Counted: true, from: t.from}
		if t.metrics != Columns {
			parent := metric(t.metrics)
			s.Property, s.Metric = parent.Property, t.metrics+"_"+m.Name
		}
		got := measured{value: m.numbers(real, y, sc), uniform: math.NaN(), independent: math.NaN(), worst: m.Worst}
		switch {
		case len(real) == 0 && len(y) == 0:
			s.Note = "no finite value on either side"
		case len(real) == 0:
			s.Note = "no finite value in the real trace"
		case len(y) == 0:
			s.note("no finite value in the synthetic trace")
			got.value = m.Worst
		}
		if len(real) > 0 {
			if m.worst != nil {
				got.worst = m.worst(real, sc)
			}
			for _, h := range n.halves {
				got.bases = append(got.bases, m.numbers(h[0], h[1], sc))
			}
			if m.uniform != nil {
				got.uniform = m.uniform(real, sc)
			}
			if indep != nil {
				got.independent = m.numbers(real, indep, sc)
				if len(indep) == 0 {
					got.independent = m.Worst
				}
			}
		}
		if m.Name == "emd" {
			if len(real) > 0 && len(y) > 0 {
				s.Raw, s.Unit = earthMover(real, y), t.unit
			}
			if sc.heavy {
				s.Counted = false
				s.note("shown only: a few large values make the range, so the log scale counts instead")
			}
		}
		if m.Name == "coverage_range" {
			s.Words = wordsForRange(t, real, y)
		} else {
			s.Words = wordsForNumbers(t, real, y)
		}
		s.settle(got)
		out = append(out, s)
	}
	return out
}

// shifted subtracts the least of sorted values from all.
func shifted(x []float64) []float64 {
	if len(x) == 0 {
		return x
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v - x[0]
	}
	return out
}
