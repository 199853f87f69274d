package eval

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// detectorSplits bounds the halvings that the detector's baseline is measured on.
const detectorSplits = 3

// detection scores how well a classifier tells real from synthetic records.
func (c *comparison) detection(ctx context.Context, rng *rand.Rand) ([]Score, error) {
	if c.opts.DetectorRows == 0 {
		return nil, nil
	}
	detectors := []struct {
		metric, words string
		fit           detector
	}{{"detection", "a classifier", boost}, {"detection_logistic", "a logistic regression", regress}}
	var out []Score
	for _, d := range detectors {
		out = append(out, Score{Property: Joint, Metric: d.metric, Target: "records", Counted: true})
	}
	const least = 20
	if c.real.rows < least || c.synth.rows < least {
		for i := range out {
			out[i].Note = "fewer than 20 records on a side"
		}
		return out, nil
	}
	n := c.opts.DetectorRows
	pick := func(sd *side, in func(i int) bool) []int32 {
		rows := make([]int32, 0, sd.rows)
		for i := range sd.rows {
			if in == nil || in(i) {
				rows = append(rows, int32(i))
			}
		}
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		return rows[:min(n, len(rows))]
	}
	type job struct {
		a, b   *side
		ra, rb []int32
		pa, pb func(i int) bool // what the records are drawn from, nil for all
		auc    [2]float64
		gain   [2][]float64
	}
	all := pick(c.real, nil)
	jobs := []*job{{a: c.real, b: c.synth, ra: all, rb: pick(c.synth, nil)}, {a: c.real, b: c.indep, ra: all, rb: pick(c.indep, nil)}}
	for k := range min(detectorSplits, c.halves.splits) {
		half := func(h uint32) func(int) bool {
			return func(i int) bool { return c.halves.row[i]>>k&1 == h }
		}
		jobs = append(jobs, &job{a: c.real, b: c.real, ra: pick(c.real, half(0)), rb: pick(c.real, half(1)), pa: half(0), pb: half(1)})
	}
	err := parallel(ctx, len(jobs), func(i int) {
		j := jobs[i]
		frequent := c.frequent(j.a, j.b, j.pa, j.pb)
		f := newFolds(c.features(j.a, j.ra, j.pa, frequent), c.features(j.b, j.rb, j.pb, frequent), sessionsOf(j.a, j.ra), sessionsOf(j.b, j.rb))
		for d := range detectors {
			j.auc[d], j.gain[d] = f.crossValidate(detectors[d].fit)
		}
	})
	if err != nil {
		return nil, err
	}
	names := c.featureNames()
	for d := range out {
		s := &out[d]
		if max(c.real.rows, c.synth.rows) > n {
			s.note("on a sample of at most " + short(float64(n)) + " records a side, drawn by the seed")
		}
		lift := func(j *job) float64 { return max(0, 2*j.auc[d]-1) }
		got := measured{value: lift(jobs[0]), independent: lift(jobs[1]), uniform: math.NaN(), worst: 1}
		for _, j := range jobs[2:] {
			got.bases = append(got.bases, lift(j))
		}
		best := 0
		for f, g := range jobs[0].gain[d] {
			if g > jobs[0].gain[d][best] {
				best = f
			}
		}
		s.Raw, s.Unit = jobs[0].auc[d], "AUC"
		if len(names) > 0 {
			s.Words = detectors[d].words + " tells synthetic from real records (AUC " + short(math.Round(1000*s.Raw)/1000) + "), most of all by " + names[best]
		}
		s.settle(got)
	}
	return out, nil
}

// featureNames names the features in sentences.
func (c *comparison) featureNames() []string {
	var names []string
	for f := range c.fields {
		name := quote(c.fields[f].Column.Name)
		if k := c.fields[f].Column.Kind; !c.fields[f].numeric && (k == trace.KindAddress || k == trace.KindText) {
			name = "how often a value of " + name + " recurs"
		}
		names = append(names, name)
	}
	if len(c.opts.Key) > 0 {
		names = append(names, "session length")
		if c.clock >= 0 {
			names = append(names, "interarrival time")
		}
	}
	return names
}

// features returns what the detector sees of the given rows, as numbers: the
// value of a number, a time since the trace's first, a category's place among
// the frequent ones, an address's or a text's place by how many records of its
// own part bear it, the length of the record's session and the time since the
// session's last record. The rows are drawn from those in a part of the side,
// nil for all.
func (c *comparison) features(s *side, rows []int32, part func(row int) bool, frequent []small) [][]float64 {
	var x [][]float64
	column := func(of func(row int32) float64) {
		col := make([]float64, len(rows))
		for i, r := range rows {
			col[i] = of(r)
		}
		x = append(x, col)
	}
	for f := range c.fields {
		fd, numbers, codes := &c.fields[f], s.numbers[f], s.codes[f]
		switch {
		case fd.time:
			lo := least(numbers)
			column(func(r int32) float64 { return numbers[r] - lo })
		case fd.numeric:
			column(func(r int32) float64 { return numbers[r] })
		case fd.Column.Kind == trace.KindAddress || fd.Column.Kind == trace.KindText:
			rank := rankOf(tallyOf(codes, len(fd.values), part))
			column(func(r int32) float64 { return rank[codes[r]] })
		default:
			column(func(r int32) float64 { return float64(frequent[f].codeOf[codes[r]]) })
		}
	}
	if len(c.opts.Key) == 0 {
		return x
	}
	column(func(r int32) float64 { return s.sess.length[s.sess.of[r]] })
	if c.clock >= 0 {
		gap := s.gapBefore(c.clock)
		column(func(r int32) float64 { return gap[r] })
	}
	return x
}

// frequent finds the 30 most frequent values of each category in parts of two
// sides together: those of one side would give it away.
func (c *comparison) frequent(a, b *side, pa, pb func(row int) bool) []small {
	out := make([]small, len(c.fields))
	for f := range c.fields {
		fd := &c.fields[f]
		if fd.numeric || fd.Column.Kind == trace.KindAddress || fd.Column.Kind == trace.KindText {
			continue
		}
		n, m := tallyOf(a.codes[f], len(fd.values), pa), tallyOf(b.codes[f], len(fd.values), pb)
		na, nb := max(1, total(n)), max(1, total(m))
		for i := range n {
			n[i] = n[i]/na + m[i]/nb
		}
		out[f] = newSmall(n, treeBins-2)
	}
	return out
}

// tallyOf counts the codes of the rows to keep, nil for all; what is missing
// comes last.
func tallyOf(codes []int32, values int, keep func(row int) bool) []float64 {
	n := make([]float64, values+1)
	for i, code := range codes {
		if keep == nil || keep(i) {
			n[code]++
		}
	}
	return n
}

// rankOf is each value's place by its count, from 1. Counts themselves would
// give away the side by the count of its most frequent value alone, and equal
// counts in the order of their codes the real side, by the values that it has
// earlier.
func rankOf(counts []float64) []float64 {
	order := make([]int32, len(counts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(mixed(a), mixed(b)))
	})
	out := make([]float64, len(counts))
	for i, v := range order {
		out[v] = float64(i + 1)
	}
	return out
}

// gapBefore is the time from the session's last record to each row, NaN for a
// session's first.
func (s *side) gapBefore(clock int) []float64 {
	gap := make([]float64, s.rows)
	t := s.numbers[clock]
	for i, row := range s.sess.order {
		gap[row] = math.NaN()
		if i > 0 && s.sess.of[s.sess.order[i-1]] == s.sess.of[row] {
			gap[row] = t[row] - t[s.sess.order[i-1]]
		}
	}
	return gap
}

func sessionsOf(s *side, rows []int32) []int32 {
	out := make([]int32, len(rows))
	for i, r := range rows {
		out[i] = s.sess.of[r]
	}
	return out
}

// detector learns to tell label 1 from label 0 by binned features from the
// training rows, writes the log odds of every row to score, and adds to gain how
// much each feature tells.
type detector func(bins [][]uint8, label []float64, train []int32, score, gain []float64)

const folds = 3

// folded are the records of two sides, feature by feature, in folds that keep
// sessions together.
type folded struct {
	bins  [][]uint8
	label []float64 // 1 for the second side
	fold  []uint8
}

func newFolds(a, b [][]float64, sessA, sessB []int32) folded {
	n := len(sessA) + len(sessB)
	f := folded{bins: make([][]uint8, len(a)), label: make([]float64, n), fold: make([]uint8, n)}
	for k := range a {
		both := slices.Concat(a[k], b[k])
		f.bins[k] = cut(both, quantileEdges(sampled(both, nil).values, treeBins-2))
	}
	for i, id := range sessA {
		f.fold[i] = foldOf(id, folds)
	}
	for i, id := range sessB {
		f.label[len(sessA)+i] = 1
		f.fold[len(sessA)+i] = foldOf(id, folds)
	}
	return f
}

// crossValidate returns the mean area under the ROC curve of a detector over
// the folds, and the gain of each feature.
func (f folded) crossValidate(fit detector) (auc float64, gain []float64) {
	gain = make([]float64, len(f.bins))
	score := make([]float64, len(f.fold))
	var mean, used float64
	for k := range uint8(folds) {
		var train, test []int32
		for i := range f.fold {
			if f.fold[i] == k {
				test = append(test, int32(i))
			} else {
				train = append(train, int32(i))
			}
		}
		fit(f.bins, f.label, train, score, gain)
		if v := areaUnderROC(score, f.label, test); v == v {
			mean += v
			used++
		}
	}
	if used == 0 {
		return .5, gain
	}
	return mean / used, gain
}

// foldOf spreads sessions over folds by a hash of their number.
func foldOf(id int32, folds uint64) uint8 { return uint8(mixed(id) % folds) }

// mixed is a hash of a number.
func mixed(id int32) uint64 { return (uint64(uint32(id)) + 1) * 0x9E3779B97F4A7C15 >> 33 }
