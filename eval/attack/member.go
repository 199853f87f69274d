package attack

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Parallel calls fn for 0..n-1 on all processors and waits; it stops early with
// ctx's error where that ends.
func Parallel(ctx context.Context, n int, fn func(i int)) error {
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				fn(i)
			}
		})
	}
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

// density is a kernel density of sessions of mixed columns (Li and Racine 2003):
// the product over columns of Laplace kernels of ranks and of Aitchison and
// Aitken's kernels of categories, which together fall with the distance of two
// sessions, exp(-far/width).
type density struct {
	of    *Sample
	width float32
}

// log is the logarithm of the density at a point, but for a constant that is
// the same for all densities of one width; the session at except is left out.
func (d density) log(p []float32, except int) float64 {
	var sum float64
	n := d.of.Len()
	reach := 30 * d.width
	near := float32(math.Inf(1))
	for row := range n {
		if row == except {
			continue
		}
		far := d.of.space.far(p, d.of.at(row), reach)
		near = min(near, far)
		if far <= reach {
			sum += math.Exp(-float64(far / d.width))
		}
	}
	if except >= 0 {
		n--
	}
	if n == 0 {
		return math.Inf(-1)
	}
	if sum == 0 { // all are out of reach: the nearest tells how far
		return -float64(max(near, reach)/d.width) - math.Log(float64(n))
	}
	return math.Log(sum / float64(n))
}

// widthOf chooses the width under which sessions are most likely by the others
// (leave-one-out likelihood).
func widthOf(x *Sample, rng *rand.Rand) float32 {
	x = x.some(600, 1, rng)
	x.place()
	best, at := math.Inf(-1), float32(.1)
	numbers := float64(x.space.numbers)
	for _, w := range []float32{.03, .06, .12, .25, .5} {
		norm := numbers * math.Log(2*float64(w)*(1-math.Exp(-.5/float64(w)))) // a kernel in the middle of ranks from 0 to 1
		for i, m := range x.space.codes {
			if !x.space.Columns[i].Numeric {
				norm += math.Log(1 + float64(max(0, len(m)-1))*math.Exp(-1/float64(w)))
			}
		}
		sum := 0.
		for row := range x.Len() {
			sum += max(-60, (density{x, w}).log(x.at(row), row)) - norm
		}
		if sum > best {
			best, at = sum, w
		}
	}
	return at
}

// Figure is one measured number with its 95 % interval.
type Figure struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Chance float64 `json:"chance"` // what it is where nothing leaks
	P      float64 `json:"p"`      // the chance of as great a value where nothing leaks; 1 where it was not tested
	Of     string  `json:"of,omitempty"`
}

func (r tested) figure(name string, chance float64) Figure {
	return Figure{Name: name, Value: r.value, Low: r.low, High: r.high, Chance: chance, P: r.p}
}

// What is without meaning however certain it is: a membership that is told with
// an area 0.03 above chance, or a share found twice as great as that of what is
// wrongly found.
const (
	areaMeaningless  = 0.53
	foundMeaningless = 2
)

// membership scores sessions in two ways: by how much denser the synthetic trace
// is where they are than the real ones are there (DOMIAS, van Breugel et al.
// 2023), and by how much nearer the nearest synthetic session is than the
// nearest other real one (Chen et al. 2020, calibrated), which finds copies. The
// real sessions are those of both parts, without the session itself, so that
// either side is scored alike.
func (a *attacks) membership(ctx context.Context) (*Block, error) {
	b := &Block{Name: "membership", Title: "Which sessions and hosts were learnt"}
	width := widthOf(a.real, a.rng)
	synth, real := density{a.synth, width}, density{a.real, width}
	dense, near := make([]float64, a.real.Len()), make([]float64, a.real.Len())
	const least = 1e-3 // distances below are alike
	err := Parallel(ctx, len(dense), func(i int) {
		p := a.real.at(i)
		dense[i] = synth.log(p, -1) - real.log(p, i)
		_, s := a.synth.nearest(p, -1)
		_, r := a.real.nearest(p, i)
		near[i] = math.Log(float64(r+least)) - math.Log(float64(s+least))
	})
	if err != nil {
		return nil, err
	}
	a.scored(b, "density", dense)
	a.scored(b, "nearest", near)
	b.tell()
	return b, nil
}

// scored adds what scores of all real sessions give away.
func (a *attacks) scored(b *Block, by string, score []float64) {
	in := a.train.Len()
	t := newTrial(a.train, a.holdout, score[:in], score[in:])
	t.membership("session ("+by+")", a.rng, b)
	if len(t.learnt) < len(score) {
		t.byHost().membership("host ("+by+")", a.rng, b)
	}
}

// tell puts the block's verdict in words.
func (b *Block) tell() {
	words := ""
	for _, kind := range []string{"area", "found at 1 %", "found at 0.1 %"} { // the worst of each
		worst := -1
		for i, f := range b.Figures {
			if strings.HasPrefix(f.Name, kind) && (worst < 0 || f.P < b.Figures[worst].P || f.P == b.Figures[worst].P && f.Low > b.Figures[worst].Low) {
				worst = i
			}
		}
		if worst < 0 {
			words += "; what is " + kind + " of false positives can't be told with so few held out"
			continue
		}
		f, scale := b.Figures[worst], 100.
		if kind == "area" {
			scale = 1
			words = f.Name + " " + f.interval(scale) + ", where 0.5 is chance"
			continue
		}
		words += "; " + f.interval(scale) + " % " + f.Name
	}
	switch b.Verdict {
	case Fail:
		b.Words = "whoever has a session or a host's sessions can tell better than by chance whether it was learnt: " + words
	case Pass:
		b.Words = "what was learnt is told from what was held out no better than chance gives: " + words
	default:
		b.Words = "too few hosts were held out to tell: " + words
	}
}

// byHost has each host's mean in place of its sessions.
func (t *trial) byHost() *trial {
	h := &trial{learnt: t.learnt, value: make([]float64, len(t.learnt))}
	n := make([]float64, len(t.learnt))
	for i, g := range t.group {
		h.value[g] += t.value[i]
		n[g]++
	}
	for g := range h.value {
		h.value[g] /= n[g]
		h.group = append(h.group, int32(g))
		h.in += boolInt(t.learnt[g])
	}
	return h
}

// memberTests is how many figures decide on membership.
const memberTests = 8

// membership adds the area under the ROC curve, and the shares of what was
// learnt that are found where 1 % and 0.1 % of what was held out is taken for
// it; a share that so few held out can't show is left out.
func (t *trial) membership(of string, rng *rand.Rand, b *Block) {
	heldOut := 0
	for _, g := range t.group {
		heldOut += boolInt(!t.learnt[g])
	}
	area, above := t.ranked()
	r := t.test(area, memberTests, rng)
	b.Figures = append(b.Figures, r.figure("area under ROC by "+of, .5))
	b.worse(r.verdict(memberTests, areaMeaningless))
	for i, name := range []string{"found at 1 % false positives by ", "found at 0.1 % false positives by "} {
		share := []float64{.01, .001}[i]
		if float64(heldOut)*share < 1 { // not one may be wrong
			continue
		}
		r := t.test(above(share), memberTests, rng)
		b.Figures = append(b.Figures, r.figure(name+of, share))
		if v := r.verdict(memberTests, foundMeaningless*share); v == Fail {
			b.worse(v)
		}
	}
}

// worse takes a verdict in: any failure fails a block, and one that is undecided
// leaves it so unless another fails.
func (b *Block) worse(v Verdict) {
	switch {
	case !b.settled:
		b.Verdict = v
	case v == Fail || b.Verdict == Pass:
		if !(v == Pass) {
			b.Verdict = v
		}
	}
	b.settled = true
}

// quantile of an ascending slice.
func quantile(sorted []float64, q float64) float64 {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func sorted(xs []float64) []float64 { xs = slices.Clone(xs); slices.Sort(xs); return xs }
