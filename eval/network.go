package eval

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// Roles names the columns that the metrics of property Network are about; ""
// for those that a trace has not.
type Roles struct {
	Source      string `json:"source,omitempty"`      // address that a record comes from
	Destination string `json:"destination,omitempty"` // address that it goes to
	Bytes       string `json:"bytes,omitempty"`       // that a record stands for
	Packets     string `json:"packets,omitempty"`     // likewise
	Label       string `json:"label,omitempty"`       // that says what kind of traffic a record is, for Tasks; "" to choose one
}

const (
	hitters = 20 // heavy hitters that are compared
	// windows of the burstiness, as parts of the real span
	coarsest, finest, finer = 25, 1600, 4
)

// weight is what records count.
type weight struct {
	name string // "records", or a column
	f    int    // -1 for records
}

// weights are records, and the bytes and packets that the trace has.
func (c *comparison) weights() []weight {
	out := []weight{{"records", -1}}
	for _, name := range []string{c.opts.Roles.Bytes, c.opts.Roles.Packets} {
		if f := c.field(name); f >= 0 && c.fields[f].numeric {
			out = append(out, weight{name, f})
		}
	}
	return out
}

// field returns the index of the named field, -1 where there is none.
func (c *comparison) field(name string) int {
	return slices.IndexFunc(c.fields, func(f field) bool { return f.Column.Name == name })
}

// of is the weight of a row; what is no positive number weighs nothing.
func (w weight) of(s *side, row int) float64 {
	if w.f < 0 {
		return 1
	}
	if x := s.numbers[w.f][row]; x > 0 && finite(x) {
		return x
	}
	return 0
}

// networkScores compares who talks to whom and how much, and when.
func (c *comparison) networkScores(ctx context.Context) ([]Score, error) {
	var jobs []func() []Score
	ends := [2]int{c.field(c.opts.Roles.Source), c.field(c.opts.Roles.Destination)}
	for i, f := range ends {
		if f >= 0 && c.fields[f].numeric {
			ends[i] = -1
		}
	}
	for _, w := range c.weights() {
		for _, f := range ends {
			if f >= 0 {
				jobs = append(jobs, func() []Score { return c.heavyHitters(f, w) })
			}
		}
		if len(c.opts.Key) > 0 {
			jobs = append(jobs, func() []Score { return c.heavySessions(w) })
		}
		if w.f >= 0 && len(c.opts.Key) > 0 {
			jobs = append(jobs, func() []Score { return c.sessionTotal(w) })
		}
		if c.clock >= 0 {
			if w.f >= 0 {
				jobs = append(jobs, func() []Score { return []Score{c.weightVolume(w)} })
			}
			jobs = append(jobs, func() []Score { return []Score{c.burstiness(w)} })
		}
	}
	if ends[0] >= 0 && ends[1] >= 0 && ends[0] != ends[1] {
		jobs = append(jobs, func() []Score { return c.fan("fan_out", ends[0], ends[1]) },
			func() []Score { return c.fan("fan_in", ends[1], ends[0]) })
	}
	results := make([][]Score, len(jobs))
	err := parallel(ctx, len(jobs), func(i int) { results[i] = jobs[i]() })
	return slices.Concat(results...), err
}

// shares sums the weight of each value of a text field over the rows to keep.
func (c *comparison) shares(s *side, f int, w weight, keep func(row int) bool) []float64 {
	out := make([]float64, len(c.fields[f].values)+1)
	for i, code := range s.codes[f] {
		if keep == nil || keep(i) {
			out[code] += w.of(s, i)
		}
	}
	return out[:len(out)-1] // a missing address is nobody
}

// rankError is the summed distance of the shares of the first so many ranks,
// over the real ones' sum; at most 1.
func rankError(p, q []float64) float64 {
	na, nb := total(p), total(q)
	if na == 0 || nb == 0 {
		return math.NaN()
	}
	a, b := largest(p), largest(q)
	var off, sum float64
	for i := range max(len(a), len(b)) {
		var x, y float64
		if i < len(a) {
			x = a[i] / na
		}
		if i < len(b) {
			y = b[i] / nb
		}
		off += math.Abs(x - y)
		sum += x
	}
	return min(1, off/sum)
}

// largest are the heaviest hitters' weights, the largest first.
func largest(p []float64) []float64 {
	top := make([]float64, 0, hitters+1)
	for _, w := range p {
		if w <= 0 || len(top) == hitters && w <= top[hitters-1] {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, w, func(have, w float64) int {
			if have >= w {
				return -1
			}
			return 1
		})
		top = slices.Insert(top, at, w)
		top = top[:min(len(top), hitters)]
	}
	return top
}

// topMissed is the share of the heaviest values of p that are not among those of q.
func topMissed(p, q []float64) float64 {
	a, b := heaviest(p), heaviest(q)
	if len(a) == 0 {
		return math.NaN()
	}
	missed := 0
	for _, v := range a {
		if !slices.Contains(b, v) {
			missed++
		}
	}
	return float64(missed) / float64(len(a))
}

// heaviest are the values with the largest weights, the largest first.
func heaviest(p []float64) []int {
	var out []int
	for i, w := range p {
		if w > 0 {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int {
		switch {
		case p[a] > p[b]:
			return -1
		case p[a] < p[b]:
			return 1
		}
		return 0
	})
	return out[:min(len(out), hitters)]
}

// heavyHitters scores the volumes of a column's heaviest values by rank, and
// which values they are.
func (c *comparison) heavyHitters(f int, w weight) []Score {
	name := c.fields[f].Column.Name
	target := name + " by " + w.name
	p, q := c.shares(c.real, f, w, nil), c.shares(c.synth, f, w, nil)
	var halves [][2][]float64
	for k := range c.halves.splits {
		half := func(h uint32) []float64 {
			return c.shares(c.real, f, w, func(i int) bool { return c.halves.row[i]>>k&1 == h })
		}
		halves = append(halves, [2][]float64{half(0), half(1)})
	}
	var out []Score
	for _, m := range []struct {
		name     string
		distance func(p, q []float64) float64
	}{{"heavy_hitters", rankError}, {"heavy_overlap", topMissed}} {
		s := Score{Property: Network, Metric: m.name, Target: target, Columns: []string{name}, Counted: true}
		got := measured{value: m.distance(p, q), uniform: math.NaN(), independent: math.NaN(), worst: 1}
		if total(p) > 0 && total(q) == 0 {
			got.value = 1
			s.note("nothing on the synthetic side")
		}
		for _, h := range halves {
			got.bases = append(got.bases, m.distance(h[0], h[1]))
		}
		if m.name == "heavy_overlap" && known(append(slices.Clone(p), 0), append(slices.Clone(q), 0)) < 0.9 {
			s.Counted = false
			s.note("shown only: the synthetic trace uses other addresses, maybe on purpose")
		}
		s.Words = wordsForHitters(&c.fields[f], w.name, p, q, m.name == "heavy_overlap")
		s.settle(got)
		out = append(out, s)
	}
	return out
}

func wordsForHitters(f *field, by string, p, q []float64, names bool) string {
	np, nq := total(p), total(q)
	if np == 0 || nq == 0 {
		return ""
	}
	a, b := heaviest(p), heaviest(q)
	if !names {
		return fmt.Sprintf("the heaviest %s makes %s of the %s against %s in the real trace", quote(f.Column.Name), percent(q[b[0]]/nq), by, percent(p[a[0]]/np))
	}
	for _, v := range a {
		if !slices.Contains(b, v) {
			return fmt.Sprintf("%s %s, with %s of the real %s, is not among the %d heaviest of the synthetic trace", quote(f.Column.Name), quote(f.values[v]), percent(p[v]/np), by, hitters)
		}
	}
	return ""
}

// bySession sums a weight over each session of a side.
func (w weight) bySession(s *side) []float64 {
	t := make([]float64, s.sess.count)
	for i, id := range s.sess.of {
		t[id] += w.of(s, i)
	}
	return t
}

// heavySessions scores the volumes of the heaviest sessions by rank.
func (c *comparison) heavySessions(w weight) []Score {
	p, q := w.bySession(c.real), w.bySession(c.synth)
	s := Score{Property: Network, Metric: "heavy_hitters", Target: "sessions by " + w.name, Counted: true, from: []string{"session length"}}
	if w.f >= 0 {
		s.from = append(s.from, w.name)
	}
	got := measured{value: rankError(p, q), uniform: math.NaN(), independent: rankError(p, w.bySession(c.indep)), worst: 1}
	if total(p) > 0 && total(q) == 0 {
		got.value = 1
		s.note("nothing on the synthetic side")
	}
	if !c.halves.byRow {
		for k := range c.halves.splits {
			h := [2][]float64{make([]float64, len(p)), make([]float64, len(p))}
			for id, v := range p {
				h[c.halves.sess[id]>>k&1][id] = v
			}
			got.bases = append(got.bases, rankError(h[0], h[1]))
		}
	}
	if np, nq := total(p), total(q); np > 0 && nq > 0 {
		s.Words = fmt.Sprintf("the heaviest session makes %s of the %s against %s in the real trace", percent(slices.Max(q)/nq), w.name, percent(slices.Max(p)/np))
	}
	s.settle(got)
	return []Score{s}
}

// sessionTotal scores the sums of a weight over each session.
func (c *comparison) sessionTotal(w weight) []Score {
	sum := w.bySession
	var mask func(int) uint32
	if !c.halves.byRow {
		mask = func(i int) uint32 { return c.halves.sess[i] }
	}
	x := sampled(sum(c.real), mask)
	return numberScores(
		numberTarget{name: "session " + w.name, columns: []string{w.name}, unit: c.fields[w.f].unit, noun: quote(w.name) + " of a whole session", metrics: "session_total", from: []string{"session length"}},
		numbers{real: x.values, halves: c.halvesOf(x), synth: sampled(sum(c.synth), nil).values, indep: sampled(sum(c.indep), nil).values})
}

// moments are the finite times of a side from its earliest, each with its
// row.
func (c *comparison) moments(s *side) (t []float64, rows []int) {
	x := s.numbers[c.clock]
	lo := least(x)
	for i, v := range x {
		if finite(v) {
			t, rows = append(t, v-lo), append(rows, i)
		}
	}
	return t, rows
}

// volumes sums a weight in n equal slices of span; what lies beyond is in the
// last count.
func (c *comparison) volumes(s *side, w weight, span float64, n int, keep func(row int) bool) []float64 {
	out := make([]float64, n+1)
	t, rows := c.moments(s)
	for i, at := range t {
		if keep != nil && !keep(rows[i]) {
			continue
		}
		slot := n
		if at == span {
			slot = n - 1
		} else if span > 0 && at < span {
			slot = min(n-1, int(at/span*float64(n)))
		}
		out[slot] += w.of(s, rows[i])
	}
	return out
}

// spanOf is how long a side lasts.
func (c *comparison) spanOf(s *side) float64 {
	t, _ := c.moments(s)
	span := 0.0
	for _, v := range t {
		span = max(span, v)
	}
	return span
}

// weightVolume scores bytes or packets over time.
func (c *comparison) weightVolume(w weight) Score {
	s := Score{Property: Network, Metric: "volume", Target: w.name + " over time", Columns: []string{w.name}, Counted: true, from: []string{c.opts.Time}}
	span := c.spanOf(c.real)
	of := func(sd *side, keep func(int) bool) []float64 { return c.volumes(sd, w, span, timeSlices, keep) }
	p, q := of(c.real, nil), of(c.synth, nil)
	got := measured{value: JensenShannon(p, q), uniform: uniformJSD(p[:timeSlices], timeSlices), independent: math.NaN(), worst: math.Ln2, root: true}
	if total(p) > 0 && total(q) == 0 {
		got.value = math.Ln2
	}
	for k := range c.halves.splits {
		half := func(h uint32) []float64 { return of(c.real, func(i int) bool { return c.halves.row[i]>>k&1 == h }) }
		got.bases = append(got.bases, JensenShannon(half(0), half(1)))
	}
	if np, nq := total(p), total(q); np > 0 && nq > 0 {
		worst := 0
		for i := range p {
			if math.Abs(p[i]/np-q[i]/nq) > math.Abs(p[worst]/np-q[worst]/nq) {
				worst = i
			}
		}
		at := fmt.Sprintf("at %s of the real span", percent(float64(worst)/timeSlices))
		if worst == timeSlices {
			at = "after the real span"
		}
		s.Words = fmt.Sprintf("%s %s are %s of the whole against %s in the real trace", quote(w.name), at, percent(q[worst]/nq), percent(p[worst]/np))
	}
	s.settle(got)
	return s
}

// dispersion is variance over mean of counts.
func dispersion(x []float64) float64 {
	mean, sd := meanSpread(x)
	return sd * sd / mean
}

// bursts are the dispersions of the volume in windows from coarse to fine.
func (c *comparison) bursts(s *side, w weight, span float64, keep func(int) bool) []float64 {
	n := finest
	fine := c.volumes(s, w, span, n, keep)[:n]
	var out []float64
	for ; n >= coarsest; n /= finer {
		out = append([]float64{dispersion(fine)}, out...)
		if n/finer < coarsest {
			break
		}
		wide := make([]float64, n/finer)
		for i, v := range fine {
			wide[i/finer] += v
		}
		fine = wide
	}
	return out
}

// burstiness scores the index of dispersion of records, bytes or packets over
// windows of four scales.
func (c *comparison) burstiness(w weight) Score {
	s := Score{Property: Network, Metric: "burstiness", Target: w.name + " in windows", Counted: true, from: []string{c.opts.Time}}
	if w.f >= 0 {
		s.Columns = []string{w.name}
	}
	span := c.spanOf(c.real)
	distance := func(a, b []float64) float64 {
		var sum float64
		for i := range a {
			sum += min(1, math.Abs(math.Log10(a[i]/b[i])))
		}
		return sum / float64(len(a))
	}
	if span == 0 {
		s.Note = "all real records have one time"
		return s
	}
	p, q := c.bursts(c.real, w, span, nil), c.bursts(c.synth, w, span, nil)
	got := measured{value: distance(p, q), uniform: math.NaN(), independent: math.NaN(), worst: 1}
	if c.synth.rows == 0 {
		got.value = 1
	}
	if w.f < 0 { // of events that know nothing of each other, it is 1
		flat := make([]float64, len(p))
		for i := range flat {
			flat[i] = 1
		}
		got.uniform = distance(p, flat)
	}
	for k := range c.halves.splits {
		half := func(h uint32) []float64 {
			return c.bursts(c.real, w, span, func(i int) bool { return c.halves.row[i]>>k&1 == h })
		}
		got.bases = append(got.bases, distance(half(0), half(1)))
	}
	worst := 0
	for i := range p {
		if math.Abs(math.Log(p[i]/q[i])) > math.Abs(math.Log(p[worst]/q[worst])) {
			worst = i
		}
	}
	t := numberTarget{unit: c.fields[c.clock].unit, seconds: c.fields[c.clock].seconds}
	window := span / finest * math.Pow(finer, float64(len(p)-1-worst))
	s.Words = fmt.Sprintf("%s in windows of %s vary %s times as much as their mean, against %s times in the real trace", quote(w.name), t.amount(window), short(q[worst]), short(p[worst]))
	s.settle(got)
	return s
}

// fan scores how many distinct values of field b occur with each of field a.
func (c *comparison) fan(name string, a, b int) []Score {
	type presence struct{ zero, one uint32 } // bit k: in that half of halving k
	count := func(s *side) ([]float64, [][2][]float64) {
		seen := map[uint64]presence{}
		for i := range s.codes[a] {
			x, y := s.codes[a][i], s.codes[b][i]
			if int(x) == c.fields[a].slot() || int(y) == c.fields[b].slot() {
				continue
			}
			k := uint64(x)<<32 | uint64(uint32(y))
			p := seen[k]
			if s == c.real {
				p.zero |= ^c.halves.row[i]
				p.one |= c.halves.row[i]
			}
			seen[k] = p
		}
		size := c.fields[a].slot()
		n := make([]float64, size)
		var halves [][2][]float64
		if s == c.real {
			for range c.halves.splits {
				halves = append(halves, [2][]float64{make([]float64, size), make([]float64, size)})
			}
		}
		for k, p := range seen {
			x := k >> 32
			n[x]++
			for i := range halves {
				halves[i][0][x] += float64(p.zero >> i & 1)
				halves[i][1][x] += float64(p.one >> i & 1)
			}
		}
		for i, h := range halves {
			halves[i] = [2][]float64{occurring(h[0]), occurring(h[1])}
		}
		return occurring(n), halves
	}
	real, halves := count(c.real)
	synth, _ := count(c.synth)
	indep, _ := count(c.indep)
	from, to := c.fields[a].Column.Name, c.fields[b].Column.Name
	return numberScores(numberTarget{
		name: to + " per " + from, columns: []string{from, to}, unit: "distinct",
		noun: "number of distinct " + quote(to) + " of a " + quote(from), metrics: name,
	}, numbers{real: real, halves: halves, synth: synth, indep: indep})
}

// occurring returns the counts above 0, sorted.
func occurring(n []float64) []float64 {
	out := slices.DeleteFunc(slices.Clone(n), func(v float64) bool { return v == 0 })
	slices.Sort(out)
	return out
}

// networkMetrics are the metrics of property Network.
func networkMetrics() []Metric {
	return []Metric{
		{
			Name: "heavy_hitters", Title: "Volume of heavy hitters", Property: Network, Worst: 1,
			Formula: "sum over the 20 first ranks of |share_real - share_synthetic| / sum of the real shares, at most 1; shares of records, bytes, packets by address and by session",
			Source:  "NetShare (SIGCOMM 2022) section 6, heavy hitter estimation",
		},
		{
			Name: "heavy_overlap", Title: "Which are heavy hitters", Property: Network, Worst: 1,
			Formula: "share of the 20 heaviest real addresses that are not among the 20 heaviest synthetic ones; counted where 90 % of synthetic records bear real addresses",
			Source:  "this project",
		},
		{
			Name: "session_total", Title: "Volume of sessions", Property: Network, Worst: 1,
			Formula: "emd, emd_log and ks of the bytes or packets of whole sessions", Source: "NetShare (SIGCOMM 2022) section 6, flow size",
		},
		{
			Name: "volume", Title: "Bytes and packets over time", Property: Network, Worst: math.Ln2, Root: true,
			Formula: "jsd of the shares of bytes or packets in 50 equal slices of the real span and one beyond it, each side from its own earliest",
			Source:  "this project",
		},
		{
			Name: "burstiness", Title: "Burstiness", Property: Network, Worst: 1,
			Formula: "mean over windows of 1/25, 1/100, 1/400, 1/1600 of the real span of |log10 of the ratio of the indices of dispersion (variance over mean)|, at most 1 each",
			Source:  "Gusella 1991, index of dispersion for counts",
		},
		{
			Name: "fan_out", Title: "Destinations of a source", Property: Network, Worst: 1,
			Formula: "emd, emd_log and ks of the number of distinct destinations of each source", Source: "this project",
		},
		{
			Name: "fan_in", Title: "Sources of a destination", Property: Network, Worst: 1,
			Formula: "emd, emd_log and ks of the number of distinct sources of each destination", Source: "this project",
		},
	}
}
