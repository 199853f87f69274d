package attack

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
)

// The attacks of Anonymeter (Giomi et al. 2023): singling out, linkability and
// attribute inference, each on sessions that were learnt and, as a control, on
// sessions that were held out.

// risk is Anonymeter's: how much more an attack succeeds on what was learnt than
// on the control, of what it could; rates and intervals are Wilson's.
func risk(name string, train, control []float64, f *Figure) {
	rate := func(hits []float64) (r, d float64) {
		const z = 1.959964
		n, k := float64(len(hits)), 0.
		for _, h := range hits {
			k += h
		}
		return (k + z*z/2) / (n + z*z), z / (n + z*z) * math.Sqrt(k*(n-k)/n+z*z/4)
	}
	rt, dt := rate(train)
	rc, dc := rate(control)
	f.Name = name
	f.Value = (rt - rc) / (1 - rc)
	d := math.Hypot(dt/(1-rc), (rt-1)/((1-rc)*(1-rc))*dc)
	f.Low, f.High = max(-1, f.Value-d), min(1, f.Value+d)
	f.Of = fmt.Sprintf("%.1f %% of what was learnt, %.1f %% of the control", 100*rt, 100*rc)
}

// riskMeaningless is a risk that is without meaning however certain it is.
const riskMeaningless = 0.01

// control compares successes on the two parts and adds the figure to a block.
// It fails where the risk is above nothing by Anonymeter's interval and by the
// exchange of hosts.
func (a *attacks) control(b *Block, name string, train, holdout *Sample, onTrain, onHoldout []float64, tests int) {
	var f Figure
	risk(name, onTrain, onHoldout, &f)
	t := newTrial(train, holdout, onTrain, onHoldout)
	r := t.test(t.difference(), tests, a.rng)
	f.P = r.p
	v := r.verdict(tests, 0)
	if v == Fail && !(f.Low > riskMeaningless) {
		v = Pass
	}
	b.worse(v)
	b.Figures = append(b.Figures, f)
}

// worst is the figure of a block that is most surely great.
func (b *Block) worst() Figure {
	return slices.MaxFunc(b.Figures, func(x, y Figure) int { return cmp.Compare(x.Low, y.Low) })
}

// say puts a block's verdict in words.
func (b *Block) say(can, cannot string) {
	w := b.worst()
	figure := "risk " + w.interval(1) + ", where 0 is chance: " + w.Name + ", " + w.Of
	switch b.Verdict {
	case Fail:
		b.Words = can + ": " + figure
	case Pass:
		b.Words = fmt.Sprintf("%s: at most %s; as much by chance with probability %.2g", cannot, figure, w.P)
	default:
		b.Words = "too few hosts were held out to tell: " + figure
	}
}

const noControl = "can't be told without a holdout: there is no control"

const guesses = 500 // predicates of each kind

// predicate is a guess that one session alone is so.
type predicate struct {
	column []int
	sign   []int // of each: -1 at most, 1 at least, 0 equal
	value  []float32
}

func (p predicate) holds(x []float32) bool {
	for i, c := range p.column {
		switch {
		case p.sign[i] == 0 && x[c] != p.value[i], p.sign[i] < 0 && x[c] > p.value[i], p.sign[i] > 0 && x[c] < p.value[i]:
			return false
		}
	}
	return true
}

// alone returns which session of a sample a predicate holds of, -1 where it
// holds of none or of several.
func (p predicate) alone(x *Sample) int {
	found := -1
	for row := range x.Len() {
		if p.holds(x.at(row)) {
			if found >= 0 {
				return -1
			}
			found = row
		}
	}
	return found
}

// singlingOut guesses that exactly one real session has what one synthetic
// session alone has in a few columns. Both parts are taken as large as one
// another, since what is alone among few is not among many.
func (a *attacks) singlingOut(ctx context.Context) (*Block, error) {
	b := &Block{Name: "singling_out", Title: "Singling out"}
	if a.holdout == nil {
		b.Words = "whether sessions can be singled out " + noControl
		return b, nil
	}
	n := min(a.train.Len(), a.holdout.Len())
	train, holdout := a.train.some(n, 1, a.rng), a.holdout.some(n, 1, a.rng)
	synth := a.synth.some(4*n, 1, a.rng)
	for _, x := range []*Sample{train, holdout, synth} {
		x.place()
	}
	width := len(a.train.space.order)
	median := make([]float32, width)
	for c := range width {
		var col []float32
		for row := range synth.Len() {
			col = append(col, synth.at(row)[c])
		}
		slices.Sort(col)
		median[c] = col[len(col)/2]
	}
	guess := func(columns int) predicate {
		p := predicate{}
		s := synth.at(a.rng.IntN(synth.Len()))
		for _, c := range a.rng.Perm(width)[:columns] {
			sign := 0
			if c < a.train.space.numbers && s[c] != missing {
				sign = 1
				if s[c] <= median[c] {
					sign = -1
				}
			}
			p.column, p.sign, p.value = append(p.column, c), append(p.sign, sign), append(p.value, s[c])
		}
		return p
	}
	widths := []int{min(3, width), min(5, width)}
	if width < 3 {
		widths = []int{width}
	} else if width < 5 {
		widths = widths[:1]
	}
	tried := 0
	for _, columns := range widths {
		var ps []predicate
		for try := 0; len(ps) < guesses && try < 20*guesses; try++ {
			if p := guess(columns); p.alone(synth) >= 0 {
				ps = append(ps, p)
			}
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
		}
		if len(ps) < guesses/10 {
			continue
		}
		tried++
		onTrain, onHoldout := make([]float64, len(ps)), make([]float64, len(ps))
		hit := func(x *Sample, on, of []float64) { // and which sessions, for the exchange of hosts
			for i, p := range ps {
				if row := p.alone(x); row >= 0 {
					on[i] = 1
					of[row]++
				}
			}
		}
		trainHit, holdoutHit := make([]float64, train.Len()), make([]float64, holdout.Len())
		hit(train, onTrain, trainHit)
		hit(holdout, onHoldout, holdoutHit)
		var f Figure
		risk(fmt.Sprintf("guesses of %d columns", columns), onTrain, onHoldout, &f)
		t := newTrial(train, holdout, trainHit, holdoutHit)
		r := t.test(t.difference(), len(widths), a.rng)
		f.P = r.p
		v := r.verdict(len(widths), 0)
		if v == Fail && !(f.Low > riskMeaningless) {
			v = Pass
		}
		b.worse(v)
		b.Figures = append(b.Figures, f)
	}
	if tried == 0 {
		b.Words = "the synthetic trace has no session that is alone in a few columns: there is nothing to guess from"
		return b, nil
	}
	b.say("sessions that were learnt can be singled out", "sessions that were learnt are singled out no more often than chance gives")
	return b, nil
}

// linkability links two halves of a session's columns by the synthetic session
// that is nearest in each.
func (a *attacks) linkability(ctx context.Context) (*Block, error) {
	b := &Block{Name: "linkability", Title: "Linking"}
	width := len(a.train.space.order)
	if a.holdout == nil || width < 2 {
		b.Words = "whether parts of a session can be linked " + noControl
		if width < 2 {
			b.Words = "a session has too few columns to be linked"
		}
		return b, nil
	}
	half := a.rng.Perm(width)
	first := map[int]bool{}
	for _, c := range half[:width/2] {
		first[c] = true
	}
	numbers := a.train.space.numbers
	score := make([]float64, a.real.Len())
	err := Parallel(ctx, len(score), func(i int) {
		p := a.real.at(i)
		bestA, bestB := float32(math.Inf(1)), float32(math.Inf(1))
		atA, atB := -1, -1
		for row := range a.synth.Len() {
			q := a.synth.at(row)
			var da, db float32
			for c := range p {
				d := apart1(p[c], q[c], c < numbers)
				if first[c] {
					da += d
				} else {
					db += d
				}
			}
			if da < bestA {
				bestA, atA = da, row
			}
			if db < bestB {
				bestB, atB = db, row
			}
		}
		score[i] = float64(boolInt(atA == atB))
	})
	if err != nil {
		return nil, err
	}
	in := a.train.Len()
	a.control(b, "halves of the columns", a.train, a.holdout, score[:in], score[in:], 1)
	b.say("parts of sessions that were learnt can be linked", "parts of sessions that were learnt are linked no more often than chance gives")
	return b, nil
}

// apart1 is the distance of two sessions in one column.
func apart1(a, b float32, number bool) float32 {
	if !number {
		if a != b {
			return 1
		}
		return 0
	}
	d := a - b
	if d < 0 {
		d = -d
	}
	return min(d, 1)
}

// inferTolerance is how far in rank an inferred number may be off; Anonymeter
// has a twentieth of the value.
const inferTolerance = 0.025

// inference infers each column from all others, by the synthetic session that
// is nearest in those.
func (a *attacks) inference(ctx context.Context) (*Block, error) {
	b := &Block{Name: "inference", Title: "Inferring attributes"}
	width := len(a.train.space.order)
	if a.holdout == nil || width < 2 {
		b.Words = "whether attributes can be inferred " + noControl
		if width < 2 {
			b.Words = "a session has too few columns to infer one from others"
		}
		return b, nil
	}
	numbers := a.train.space.numbers
	hit := make([][]float64, width)
	for c := range hit {
		hit[c] = make([]float64, a.real.Len())
	}
	err := Parallel(ctx, a.real.Len(), func(i int) {
		p := a.real.at(i)
		best, at := make([]float32, width), make([]int, width)
		for c := range best {
			best[c] = float32(math.Inf(1))
		}
		d := make([]float32, width)
		for row := range a.synth.Len() {
			q := a.synth.at(row)
			var sum float32
			for c := range p {
				d[c] = apart1(p[c], q[c], c < numbers)
				sum += d[c]
			}
			for c := range best {
				if sum-d[c] < best[c]-1e-6 {
					best[c], at[c] = sum-d[c], row
				}
			}
		}
		for c := range best {
			q := a.synth.at(at[c])
			ok := p[c] == q[c]
			if c < numbers && p[c] != missing && q[c] != missing {
				ok = math.Abs(float64(p[c]-q[c])) <= inferTolerance
			}
			hit[c][i] = float64(boolInt(ok))
		}
	})
	if err != nil {
		return nil, err
	}
	in := a.train.Len()
	for c, i := range a.train.space.order {
		a.control(b, a.train.space.Columns[i].Name, a.train, a.holdout, hit[c][:in], hit[c][in:], width)
	}
	b.say("attributes of sessions that were learnt can be inferred", "attributes of sessions that were learnt are inferred no more often than chance gives")
	return b, nil
}
