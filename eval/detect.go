package eval

import (
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
	s := Score{Property: Joint, Metric: "detection", Target: "records", Counted: true}
	const least = 20
	if c.real.rows < least || c.synth.rows < least {
		s.Note = "fewer than 20 records on a side"
		return []Score{s}, nil
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
	if max(c.real.rows, c.synth.rows) > n {
		s.note("on a sample of at most " + short(float64(n)) + " records a side, drawn by the seed")
	}
	type job struct {
		a, b   *side
		ra, rb []int32
		lift   float64
		gain   []float64
	}
	all := pick(c.real, nil)
	jobs := []*job{{a: c.real, b: c.synth, ra: all, rb: pick(c.synth, nil)}, {a: c.real, b: c.indep, ra: all, rb: pick(c.indep, nil)}}
	for k := range min(detectorSplits, c.halves.splits) {
		half := func(h uint32) func(int) bool {
			return func(i int) bool { return c.halves.row[i]>>k&1 == h }
		}
		jobs = append(jobs, &job{a: c.real, b: c.real, ra: pick(c.real, half(0)), rb: pick(c.real, half(1))})
	}
	err := parallel(ctx, len(jobs), func(i int) {
		j := jobs[i]
		auc, gain := crossValidate(c.features(j.a, j.ra), c.features(j.b, j.rb), sessionsOf(j.a, j.ra), sessionsOf(j.b, j.rb))
		j.lift, j.gain = max(0, 2*auc-1), gain
	})
	if err != nil {
		return nil, err
	}
	names := c.featureNames()
	got := measured{value: jobs[0].lift, independent: jobs[1].lift, uniform: math.NaN(), worst: 1}
	for _, j := range jobs[2:] {
		got.bases = append(got.bases, j.lift)
	}
	best := 0
	for f, g := range jobs[0].gain {
		if g > jobs[0].gain[best] {
			best = f
		}
	}
	if len(names) > 0 {
		s.Words = "a classifier tells synthetic from real records (AUC " + short(math.Round(500*(jobs[0].lift+1))/1000) + "), most of all by " + names[best]
	}
	s.settle(got)
	return []Score{s}, nil
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
// the 30 most frequent real ones, how many records bear an address or a text
// (in powers of two), the length of the record's session and the time since
// the session's last record.
func (c *comparison) features(s *side, rows []int32) [][]float64 {
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
			n := tally(codes, len(fd.values))
			column(func(r int32) float64 { return math.Round(math.Log2(n[codes[r]] / float64(s.rows))) })
		default:
			sm := newSmall(tally(c.real.codes[f], len(fd.values)), treeBins-2)
			column(func(r int32) float64 { return float64(sm.codeOf[codes[r]]) })
		}
	}
	if len(c.opts.Key) == 0 {
		return x
	}
	column(func(r int32) float64 { return s.sess.length[s.sess.of[r]] })
	if c.clock >= 0 {
		gap := make([]float64, s.rows)
		t := s.numbers[c.clock]
		for i, row := range s.sess.order {
			gap[row] = math.NaN()
			if i > 0 && s.sess.of[s.sess.order[i-1]] == s.sess.of[row] {
				gap[row] = t[row] - t[s.sess.order[i-1]]
			}
		}
		column(func(r int32) float64 { return gap[r] })
	}
	return x
}

func sessionsOf(s *side, rows []int32) []int32 {
	out := make([]int32, len(rows))
	for i, r := range rows {
		out[i] = s.sess.of[r]
	}
	return out
}

// crossValidate returns the AUC of boosted trees that tell records a from
// records b, given feature by feature, over three folds that keep sessions
// together, and the gain of each feature.
func crossValidate(a, b [][]float64, sessA, sessB []int32) (auc float64, gain []float64) {
	const folds = 3
	n := len(sessA) + len(sessB)
	bins := make([][]uint8, len(a))
	for f := range a {
		both := slices.Concat(a[f], b[f])
		bins[f] = cut(both, quantileEdges(sampled(both, nil).values, treeBins-2))
	}
	label, fold := make([]float64, n), make([]uint8, n)
	for i, id := range sessA {
		fold[i] = foldOf(id, folds)
	}
	for i, id := range sessB {
		label[len(sessA)+i] = 1
		fold[len(sessA)+i] = foldOf(id, folds)
	}
	gain = make([]float64, len(a))
	score := make([]float64, n)
	var mean, used float64
	for k := range uint8(folds) {
		var train, test []int32
		for i := range fold {
			if fold[i] == k {
				test = append(test, int32(i))
			} else {
				train = append(train, int32(i))
			}
		}
		boost(bins, label, train, score, gain)
		if v := areaUnderROC(score, label, test); v == v {
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
func foldOf(id int32, folds uint64) uint8 {
	h := (uint64(uint32(id)) + 1) * 0x9E3779B97F4A7C15
	return uint8((h >> 33) % folds)
}
