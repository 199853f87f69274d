package eval

import (
	"context"
	"fmt"
	"math"

	"netshare/workspace/trace"
)

const (
	lags         = 10 // of the autocorrelation
	pairsLeast   = 30 // pairs of records that it takes to speak of a lag
	severalLeast = 10 // sessions of two records or more that it takes to speak of series
)

// seriesScores compares how the columns go on within a session: whether they
// change at all, how much from record to record, what the first and the last
// record hold, and how long a value is remembered. Nothing is padded: a
// session takes part as long as it is.
func (c *comparison) seriesScores(ctx context.Context) ([]Score, error) {
	if len(c.opts.Key) == 0 || !c.several() {
		return []Score{{
			Property: Series, Metric: "varies", Target: "sessions",
			Note: fmt.Sprintf("fewer than %d real sessions have two records or more", severalLeast),
		}}, nil
	}
	key := map[string]bool{}
	for _, k := range c.opts.Key {
		key[k] = true
	}
	byField := make([][]Score, len(c.fields))
	c.memories = make([]remembered, len(c.fields))
	err := parallel(ctx, len(c.fields), func(f int) {
		fd := &c.fields[f]
		if key[fd.Column.Name] || fd.time || f == c.clock {
			return
		}
		varies, share := c.varies(f)
		byField[f] = append(byField[f], varies)
		switch {
		case share == 0: // constant within sessions: metadata
		case fd.numeric:
			byField[f] = append(byField[f], c.numberSeries(f)...)
		default:
			byField[f] = append(byField[f], c.textSeries(f)...)
		}
	})
	var out []Score
	for _, s := range byField {
		out = append(out, s...)
	}
	return out, err
}

// several reports whether real sessions have several records often enough to
// speak of series.
func (c *comparison) several() bool {
	n := 0
	for _, length := range c.real.sess.length {
		if length > 1 {
			if n++; n == severalLeast {
				return true
			}
		}
	}
	return false
}

// same reports whether two rows have one value in a field; missing values are
// alike.
func (s *side) same(f int, a, b int32) bool {
	if s.codes[f] != nil {
		return s.codes[f][a] == s.codes[f][b]
	}
	x, y := s.numbers[f][a], s.numbers[f][b]
	return x == y || x != x && y != y
}

// changing is, for each session, 1 where a field changes within it, 0 where
// not, and -1 for a session of one record.
func (s *side) changing(f int) []int8 {
	out := make([]int8, s.sess.count)
	for id := range out {
		rows := s.sess.order[s.sess.start[id]:s.sess.start[id+1]]
		if len(rows) < 2 {
			out[id] = -1
			continue
		}
		for _, r := range rows[1:] {
			if !s.same(f, rows[0], r) {
				out[id] = 1
				break
			}
		}
	}
	return out
}

// shareChanging is the share of the sessions of two records or more that keep
// and where the field changes; NaN where there is none.
func shareChanging(changing []int8, keep func(id int) bool) float64 {
	var n, yes float64
	for id, v := range changing {
		if v >= 0 && (keep == nil || keep(id)) {
			n++
			yes += float64(v)
		}
	}
	return yes / n
}

// varies scores the share of sessions within which a field changes, and
// returns the real one.
func (c *comparison) varies(f int) (Score, float64) {
	name := c.fields[f].Column.Name
	s := Score{Property: Series, Metric: "varies", Target: name, Columns: []string{name}, Counted: true}
	real := c.real.changing(f)
	a, b, d := shareChanging(real, nil), shareChanging(c.synth.changing(f), nil), shareChanging(c.indep.changing(f), nil)
	if math.IsNaN(b) {
		b = 0 // no session of two records
	}
	got := measured{value: math.Abs(a - b), independent: math.Abs(a - d), uniform: math.NaN(), worst: max(a, 1-a)}
	if !c.halves.byRow {
		for k := range c.halves.splits {
			half := func(h uint32) float64 {
				return shareChanging(real, func(id int) bool { return c.halves.sess[id]>>k&1 == h })
			}
			got.bases = append(got.bases, math.Abs(half(0)-half(1)))
		}
	}
	if a != b {
		s.Words = quote(name) + " changes within " + percent(b) + " of synthetic sessions of two records or more against " + percent(a) + " of real ones"
	}
	s.settle(got)
	return s, a
}

// course is what the sessions of a side show of a number.
type course struct {
	first, last, mean []float64 // by session, NaN where missing
	changes           []float64 // from record to record
	of                []int32   // change -> session
}

func (s *side) course(f int) course {
	x := s.numbers[f]
	n := s.sess.count
	c := course{first: make([]float64, n), last: make([]float64, n), mean: make([]float64, n)}
	for id := range n {
		rows := s.sess.order[s.sess.start[id]:s.sess.start[id+1]]
		c.first[id], c.last[id] = x[rows[0]], x[rows[len(rows)-1]]
		sum, finites := 0.0, 0.0
		for i, r := range rows {
			if finite(x[r]) {
				sum += x[r]
				finites++
			}
			if i > 0 && finite(x[r]) && finite(x[rows[i-1]]) {
				c.changes, c.of = append(c.changes, x[r]-x[rows[i-1]]), append(c.of, int32(id))
			}
		}
		c.mean[id] = sum / finites // NaN for none
	}
	return c
}

// numberSeries scores a number that changes within sessions.
func (c *comparison) numberSeries(f int) []Score {
	fd := &c.fields[f]
	r, s, d := c.real.course(f), c.synth.course(f), c.indep.course(f)
	mask := func(i int) uint32 { return c.halves.sess[i] }
	changeMask := func(i int) uint32 { return c.halves.sess[r.of[i]] }
	if c.halves.byRow {
		mask, changeMask = nil, nil
	}
	var out []Score
	for _, q := range []struct {
		metric, noun       string
		real, synth, indep []float64
		mask               func(int) uint32
	}{
		{"change", "change of " + quote(fd.Column.Name) + " from record to record", r.changes, s.changes, d.changes, changeMask},
		{"first", quote(fd.Column.Name) + " in a session's first record", r.first, s.first, d.first, mask},
		{"last", quote(fd.Column.Name) + " in a session's last record", r.last, s.last, d.last, mask},
		{"session_mean", "mean " + quote(fd.Column.Name) + " of a session", r.mean, s.mean, d.mean, mask},
	} {
		x := sampled(q.real, q.mask)
		out = append(out, numberScores(
			numberTarget{name: fd.Column.Name, columns: []string{fd.Column.Name}, unit: fd.unit, noun: q.noun, metrics: q.metric},
			numbers{real: x.values, halves: c.halvesOf(x), synth: sampled(q.synth, nil).values, indep: sampled(q.indep, nil).values})...)
	}
	return append(out, c.autocorrelation(f))
}

// remembered are the autocorrelations of a field at lags 1 to 10 on each side.
type remembered struct{ real, synth, indep []float64 }

// memory computes the autocorrelation of a number: for each lag, Pearson's r
// over all pairs of records of one session that are so far apart, less the
// session's mean. Heavy tails are taken by their logarithm.
func (c *comparison) memory(f int) (remembered, [][2][]float64) {
	sc := measure(sampled(c.real.numbers[f], nil).values)
	of := func(s *side) []float64 {
		if !sc.heavy {
			return s.numbers[f]
		}
		return sc.logs(s.numbers[f])
	}
	all := func(s *side) []float64 {
		var t [lags]sums
		s.lagged(of(s), func(lag, _ int, a, b float64) { t[lag].add(a, b) })
		return correlations(t[:])
	}
	m := remembered{real: all(c.real), synth: all(c.synth), indep: all(c.indep)}
	if c.halves.byRow {
		return m, nil
	}
	t := make([][2][lags]sums, c.halves.splits)
	c.real.lagged(of(c.real), func(lag, id int, a, b float64) {
		for k := range t {
			t[k][c.halves.sess[id]>>k&1][lag].add(a, b)
		}
	})
	halves := make([][2][]float64, len(t))
	for k := range t {
		halves[k] = [2][]float64{correlations(t[k][0][:]), correlations(t[k][1][:])}
	}
	return m, halves
}

// lagged calls add for each pair of finite values of one session of three
// records or more that are lag+1 records apart, less the session's mean: how
// sessions differ from each other is no memory.
func (s *side) lagged(x []float64, add func(lag, id int, a, b float64)) {
	for id := range s.sess.count {
		rows := s.sess.order[s.sess.start[id]:s.sess.start[id+1]]
		if len(rows) < 3 {
			continue
		}
		var mean, n float64
		for _, r := range rows {
			if finite(x[r]) {
				mean += x[r]
				n++
			}
		}
		mean /= n
		for i, r := range rows {
			a := x[r] - mean
			if !finite(a) {
				continue
			}
			for lag := range min(lags, len(rows)-1-i) {
				if b := x[rows[i+1+lag]] - mean; finite(b) {
					add(lag, id, a, b)
				}
			}
		}
	}
}

// correlations are those of the lags that have pairs enough, up to the first
// that has not; 0 for a constant.
func correlations(t []sums) []float64 {
	var out []float64
	for i := range t {
		if t[i].n < pairsLeast {
			break
		}
		out = append(out, orZero(t[i].correlation()))
	}
	return out
}

// apart is the mean distance of autocorrelations over the lags of a; what b
// has too few pairs for is taken as uncorrelated.
func apart(a, b []float64) float64 {
	var sum float64
	for i := range a {
		r := 0.0
		if i < len(b) {
			r = b[i]
		}
		sum += math.Abs(a[i]-r) / 2
	}
	return sum / float64(len(a))
}

// autocorrelation scores how a number is remembered from record to record.
func (c *comparison) autocorrelation(f int) Score {
	name := c.fields[f].Column.Name
	s := Score{Property: Series, Metric: "autocorrelation", Target: name, Columns: []string{name}, Counted: true}
	m, halves := c.memory(f)
	c.memories[f] = m
	got := measured{value: apart(m.real, m.synth), independent: apart(m.real, m.indep), uniform: math.NaN(), worst: 1}
	for _, h := range halves {
		if len(h[0]) > 0 {
			got.bases = append(got.bases, apart(h[0], h[1]))
		}
	}
	if len(m.real) > 0 {
		one := 0.0
		if len(m.synth) > 0 {
			one = m.synth[0]
		}
		s.Words = fmt.Sprintf("%s of a record and of the next one correlate by %.2f in the synthetic trace against %.2f in the real one", quote(name), one, m.real[0])
	} else {
		s.Note = fmt.Sprintf("fewer than %d pairs of records in sessions of three or more", pairsLeast)
	}
	s.settle(got)
	return s
}

// textSeries scores a value compared by identity that changes within sessions.
func (c *comparison) textSeries(f int) []Score {
	fd := &c.fields[f]
	whole := newSmall(tally(c.real.codes[f], len(fd.values)), topValues)
	split, wide := c.smallSplit(f, topValues)
	size := max(whole.codes, wide)
	var out []Score
	for _, m := range []struct {
		metric, words string
		count         func(s *side, codes []uint8, keep func(id int) bool) []float64
	}{
		{"first", "the first records of sessions differ in " + quote(fd.Column.Name), func(s *side, codes []uint8, keep func(int) bool) []float64 {
			return s.ends(codes, size, keep, func(rows []int32) int32 { return rows[0] })
		}},
		{"last", "the last records of sessions differ in " + quote(fd.Column.Name), func(s *side, codes []uint8, keep func(int) bool) []float64 {
			return s.ends(codes, size, keep, func(rows []int32) int32 { return rows[len(rows)-1] })
		}},
		{"transitions", "what follows what in " + quote(fd.Column.Name) + " differs", func(s *side, codes []uint8, keep func(int) bool) []float64 {
			return s.transitions(codes, size, keep)
		}},
	} {
		score := Score{Property: Series, Metric: m.metric + "_tv", Target: fd.Column.Name, Columns: []string{fd.Column.Name}, Counted: true}
		if m.metric == "transitions" {
			score.Metric = m.metric
		}
		real := m.count(c.real, whole.of(c.real.codes[f]), nil)
		of := func(s *side) float64 { return TotalVariation(real, m.count(s, whole.of(s.codes[f]), nil)) }
		got := measured{value: of(c.synth), independent: of(c.indep), uniform: math.NaN(), worst: 1}
		if math.IsNaN(got.value) {
			got.value = 1
			score.note("no synthetic session has two records")
		}
		for k := range split {
			if c.halves.byRow {
				break
			}
			half := func(h uint32) []float64 {
				return m.count(c.real, split[k], func(id int) bool { return c.halves.sess[id]>>k&1 == h })
			}
			got.bases = append(got.bases, TotalVariation(half(0), half(1)))
		}
		score.Words = m.words + ": " + percent(got.value) + " of them would have to move"
		score.settle(got)
		out = append(out, score)
	}
	return out
}

// ends counts the codes of one record of each session.
func (s *side) ends(codes []uint8, size int, keep func(id int) bool, pick func(rows []int32) int32) []float64 {
	n := make([]float64, size)
	for id := range s.sess.count {
		if keep == nil || keep(id) {
			n[codes[pick(s.sess.order[s.sess.start[id]:s.sess.start[id+1]])]]++
		}
	}
	return n
}

// transitions counts pairs of codes of consecutive records of a session.
func (s *side) transitions(codes []uint8, size int, keep func(id int) bool) []float64 {
	n := make([]float64, size*size)
	for id := range s.sess.count {
		if keep != nil && !keep(id) {
			continue
		}
		rows := s.sess.order[s.sess.start[id]:s.sess.start[id+1]]
		for i := 1; i < len(rows); i++ {
			n[int(codes[rows[i-1]])*size+int(codes[rows[i]])]++
		}
	}
	return n
}

// seriesMetrics are the metrics of property Series.
func seriesMetrics() []Metric {
	text := textKinds()
	return []Metric{
		{
			Name: "varies", Title: "Changes within sessions", Property: Series, Worst: 1,
			Formula: "|share of the sessions of two records or more within which the column changes, real - synthetic|",
			Source:  "this project: metadata stays constant, series vary",
		},
		{
			Name: "change", Title: "Change from record to record", Property: Series, Worst: 1, Kinds: numberKinds(),
			Formula: "emd, emd_log and ks of the differences of consecutive records of a session", Source: "SDMetrics, InterRowMSAS",
		},
		{
			Name: "first", Title: "First record of a session", Property: Series, Worst: 1,
			Formula: "emd, emd_log and ks of numbers, total variation (first_tv) of the 20 most frequent values and the rest of others", Source: "this project",
		},
		{
			Name: "last", Title: "Last record of a session", Property: Series, Worst: 1,
			Formula: "as first", Source: "this project",
		},
		{
			Name: "session_mean", Title: "Mean within a session", Property: Series, Worst: 1, Kinds: numberKinds(),
			Formula: "emd, emd_log and ks of each session's mean", Source: "SDMetrics, StatisticMSAS",
		},
		{
			Name: "autocorrelation", Title: "Autocorrelation", Property: Series, Worst: 1, Kinds: numberKinds(),
			Formula: "mean over lags 1 to 10 of |r_real - r_synthetic|/2, r over all pairs of records that far apart in a session of three or more, less the session's mean; heavy tails by their logarithm",
			Source:  "NetShare's sdmetrics fork, PerFeatureAutocorrelation (which pads sessions with zeros)",
		},
		{
			Name: "transitions", Title: "What follows what", Property: Series, Worst: 1, Kinds: append(text, trace.KindTimestamp),
			Formula: "total variation of pairs of values of consecutive records, by the 20 most frequent real values and the rest", Source: "this project",
		},
	}
}
