package eval

import (
	"context"
	"math"
	"math/rand/v2"

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
	names, real := c.features(c.real)
	_, synth := c.features(c.synth)
	_, indep := c.features(c.indep)
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
		a, b         [][]float64
		ra, rb       []int32
		sessA, sessB *sessions
		lift         float64
		gain         []float64
	}
	all := pick(c.real, nil)
	jobs := []*job{
		{a: real, b: synth, ra: all, rb: pick(c.synth, nil), sessA: c.real.sess, sessB: c.synth.sess},
		{a: real, b: indep, ra: all, rb: pick(c.indep, nil), sessA: c.real.sess, sessB: c.indep.sess},
	}
	for k := range min(detectorSplits, c.halves.splits) {
		half := func(h uint32) func(int) bool {
			return func(i int) bool { return c.halves.row[i]>>k&1 == h }
		}
		jobs = append(jobs, &job{a: real, b: real, ra: pick(c.real, half(0)), rb: pick(c.real, half(1)), sessA: c.real.sess, sessB: c.real.sess})
	}
	err := parallel(ctx, len(jobs), func(i int) {
		j := jobs[i]
		auc, gain := crossValidate(j.a, j.b, j.ra, j.rb, j.sessA.of, j.sessB.of)
		j.lift, j.gain = max(0, 2*auc-1), gain
	})
	if err != nil {
		return nil, err
	}
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

// features returns what the detector sees of each record, as numbers: the
// value of a number, the code of a category in the shared dictionary ordered
// by frequency, the number of records that bear an address or a text, the
// length of the record's session and the time since the session's last record.
func (c *comparison) features(s *side) (names []string, x [][]float64) {
	for f := range c.fields {
		fd := &c.fields[f]
		col := make([]float64, s.rows)
		switch {
		case fd.time:
			lo := math.Inf(1)
			for _, v := range s.numbers[f] {
				if finite(v) {
					lo = min(lo, v)
				}
			}
			for i, v := range s.numbers[f] {
				col[i] = v - lo
			}
			names = append(names, quote(fd.Column.Name))
		case fd.numeric:
			copy(col, s.numbers[f])
			names = append(names, quote(fd.Column.Name))
		case fd.Column.Kind == trace.KindAddress || fd.Column.Kind == trace.KindText:
			n := tally(s.codes[f], len(fd.values))
			for i, code := range s.codes[f] {
				col[i] = math.Round(math.Log2(n[code] / float64(s.rows)))
			}
			names = append(names, "how often a value of "+quote(fd.Column.Name)+" recurs")
		default:
			sm := newSmall(tally(c.real.codes[f], len(fd.values)), 30)
			for i, code := range s.codes[f] {
				col[i] = float64(sm.codeOf[code])
			}
			names = append(names, quote(fd.Column.Name))
		}
		x = append(x, col)
	}
	if len(c.opts.Key) == 0 {
		return names, x
	}
	length := make([]float64, s.rows)
	for i, id := range s.sess.of {
		length[i] = s.sess.length[id]
	}
	names, x = append(names, "session length"), append(x, length)
	if c.clock >= 0 {
		gap := make([]float64, s.rows)
		t := s.numbers[c.clock]
		for i, row := range s.sess.order {
			gap[row] = math.NaN()
			if i > 0 && s.sess.of[s.sess.order[i-1]] == s.sess.of[row] {
				gap[row] = t[row] - t[s.sess.order[i-1]]
			}
		}
		names, x = append(names, "interarrival time"), append(x, gap)
	}
	return names, x
}

// crossValidate returns the AUC of boosted trees that tell rows ra of a from
// rows rb of b, over three folds that keep sessions together, and the gain of
// each feature.
func crossValidate(a, b [][]float64, ra, rb, sessA, sessB []int32) (auc float64, gain []float64) {
	const folds = 3
	n := len(ra) + len(rb)
	bins := make([][]uint8, len(a))
	buf := make([]float64, n)
	for f := range a {
		for i, r := range ra {
			buf[i] = a[f][r]
		}
		for i, r := range rb {
			buf[len(ra)+i] = b[f][r]
		}
		bins[f] = cut(buf, quantileEdges(sampled(buf, nil).values, treeBins-2))
	}
	label, fold := make([]float64, n), make([]uint8, n)
	for i, r := range ra {
		fold[i] = foldOf(sessA[r], folds)
	}
	for i, r := range rb {
		label[len(ra)+i] = 1
		fold[len(ra)+i] = foldOf(sessB[r], folds)
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
