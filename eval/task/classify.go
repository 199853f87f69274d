package task

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"

	"gonum.org/v1/gonum/optimize"
)

// Classification is how well classifiers that learnt from the real and from the
// synthetic trace predict real records that neither saw.
type Classification struct {
	Label    string     `json:"label"` // the column that is predicted
	Classes  []string   `json:"classes"`
	Features []string   `json:"features"`
	Trained  int        `json:"trained"` // records of each side
	Tested   int        `json:"tested"`  // real records
	Majority float64    `json:"majority"`
	Models   []Accuracy `json:"models"`
	Rank     *float64   `json:"rank,omitempty"` // Spearman's correlation of the two columns of Models; nil where one is constant
}

// Accuracy is the share of tested records that are predicted rightly, 0 to 1.
type Accuracy struct {
	Model     string  `json:"model"`
	Real      float64 `json:"real"`      // learnt from real records
	Synthetic float64 `json:"synthetic"` // learnt from synthetic records
}

// model learns from records and predicts the class of others.
type model func(train, test Records, classes int, rng *rand.Rand) []int

// classifiers are the five of NetShare's evaluation.
func classifiers() []struct {
	name string
	fit  model
} {
	return []struct {
		name string
		fit  model
	}{
		{"decision tree", decisionTree},
		{"logistic regression", func(a, b Records, k int, r *rand.Rand) []int { return network(a, b, k, 0, r) }},
		{"random forest", randomForest},
		{"gradient boosting", boosting},
		{"multilayer perceptron", func(a, b Records, k int, r *rand.Rand) []int { return network(a, b, k, 24, r) }},
	}
}

// Classify trains each classifier on real and on synthetic records and tests
// both on further real ones. Classes are numbered from 0. It errs where ctx ends.
func Classify(ctx context.Context, real, synth, test Records, classes int, seed uint64) (Classification, error) {
	all := classifiers()
	out := Classification{Trained: real.Len(), Tested: test.Len(), Models: make([]Accuracy, len(all))}
	counts := make([]float64, classes)
	for _, c := range test.Class {
		counts[c]++
	}
	out.Majority = counts[largest(counts)] / float64(max(1, test.Len()))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i, m := range all {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			rng := func() *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i))) }
			out.Models[i] = Accuracy{
				Model:     m.name,
				Real:      accuracy(m.fit(real, test, classes, rng()), test.Class),
				Synthetic: accuracy(m.fit(synth, test, classes, rng()), test.Class),
			}
		})
	}
	wg.Wait()
	var a, b []float64
	for _, m := range out.Models {
		a, b = append(a, m.Real), append(b, m.Synthetic)
	}
	out.Rank = orNone(Spearman(a, b))
	return out, context.Cause(ctx)
}

// orNone is nil for what is no number.
func orNone(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}

func accuracy(got, want []int) float64 {
	right := 0
	for i := range want {
		if got[i] == want[i] {
			right++
		}
	}
	return float64(right) / float64(max(1, len(want)))
}

func decisionTree(train, test Records, classes int, _ *rand.Rand) []int {
	b := newBinning(train)
	t := grow(b.of(train), oneHot(train.Class, classes), allRows(train.Len()), treeOptions{depth: 12, least: 3})
	x := b.of(test)
	out := make([]int, test.Len())
	for i := range out {
		out[i] = largest(t.predict(x, i))
	}
	return out
}

// randomForest is 40 trees of bootstrap samples, each split of a few features.
// Source: Breiman 2001.
func randomForest(train, test Records, classes int, rng *rand.Rand) []int {
	b := newBinning(train)
	x, y, target := b.of(train), b.of(test), oneHot(train.Class, classes)
	votes := make([][]float64, test.Len())
	for i := range votes {
		votes[i] = make([]float64, classes)
	}
	few := max(1, int(math.Round(math.Sqrt(float64(len(train.Features))))))
	for range 40 {
		rows := make([]int32, train.Len())
		for i := range rows {
			rows[i] = int32(rng.IntN(len(rows)))
		}
		t := grow(x, target, rows, treeOptions{depth: 14, least: 1, features: few, rng: rng})
		for i := range votes {
			for c, v := range t.predict(y, i) {
				votes[i][c] += v
			}
		}
	}
	out := make([]int, test.Len())
	for i := range out {
		out[i] = largest(votes[i])
	}
	return out
}

// boosting is 40 trees of all classes' residuals together. Source: Friedman 2001.
func boosting(train, test Records, classes int, _ *rand.Rand) []int {
	b := newBinning(train)
	x, y := b.of(train), b.of(test)
	odds, found := zeros(train.Len(), classes), zeros(test.Len(), classes)
	residual := zeros(train.Len(), classes)
	for range 40 {
		for i := range residual {
			p := append([]float64(nil), odds[i]...)
			softmax(p)
			for c := range p {
				residual[i][c] = -p[c]
			}
			residual[i][train.Class[i]]++
		}
		t := grow(x, residual, allRows(train.Len()), treeOptions{depth: 4, least: 5})
		const rate = .3
		step := rate * float64(classes)
		for i := range odds {
			for c, v := range t.predict(x, i) {
				odds[i][c] += step * v
			}
		}
		for i := range found {
			for c, v := range t.predict(y, i) {
				found[i][c] += step * v
			}
		}
	}
	out := make([]int, test.Len())
	for i := range out {
		out[i] = largest(found[i])
	}
	return out
}

func zeros(n, k int) [][]float64 {
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, k)
	}
	return out
}

// network is a softmax over a hidden layer of so many tanh units, or none, with
// an L2 penalty, fitted by L-BFGS.
func network(train, test Records, classes, hidden int, rng *rand.Rand) []int {
	d := newDesign(train)
	x := d.of(train)
	in := d.width
	size := (in + 1) * classes
	if hidden > 0 {
		size = (in+1)*hidden + (hidden+1)*classes
	}
	w := make([]float64, size)
	if hidden > 0 {
		for i := range w {
			w[i] = rng.NormFloat64() / math.Sqrt(float64(in+1))
		}
	}
	// layer adds the sums of a row by weights [out][in+1], the last the bias.
	layer := func(w, row, out []float64) {
		for k := range out {
			r := w[k*(len(row)+1) : (k+1)*(len(row)+1)]
			s := r[len(row)]
			for i, v := range row {
				s += r[i] * v
			}
			out[k] = s
		}
	}
	h, p := make([]float64, hidden), make([]float64, classes)
	forward := func(w, row []float64) {
		last := row
		if hidden > 0 {
			layer(w, row, h)
			for i := range h {
				h[i] = math.Tanh(h[i])
			}
			last, w = h, w[(in+1)*hidden:]
		}
		layer(w, last, p)
		softmax(p)
	}
	penalty := 1e-3 * float64(len(x))
	problem := optimize.Problem{
		Func: func(w []float64) float64 {
			var loss float64
			for i, row := range x {
				forward(w, row)
				loss -= math.Log(max(p[train.Class[i]], 1e-300))
			}
			for _, v := range w {
				loss += penalty / 2 * v * v
			}
			return loss
		},
		Grad: func(grad, w []float64) {
			for i, v := range w {
				grad[i] = penalty * v
			}
			back := make([]float64, hidden)
			for i, row := range x {
				forward(w, row)
				p[train.Class[i]]--
				last, top := row, 0
				if hidden > 0 {
					last, top = h, (in+1)*hidden
					clear(back)
				}
				for k, e := range p {
					at := top + k*(len(last)+1)
					for j, v := range last {
						grad[at+j] += e * v
						if hidden > 0 {
							back[j] += e * w[at+j]
						}
					}
					grad[at+len(last)] += e
				}
				for j, e := range back {
					e *= 1 - h[j]*h[j]
					at := j * (in + 1)
					for k, v := range row {
						grad[at+k] += e * v
					}
					grad[at+in] += e
				}
			}
		},
	}
	// What ends early, at its number of steps or for rounding, is near enough.
	if result, _ := optimize.Minimize(problem, w, &optimize.Settings{MajorIterations: 60, GradientThreshold: 1e-2}, &optimize.LBFGS{}); result != nil {
		w = result.X
	}
	out := make([]int, test.Len())
	for i, row := range d.of(test) {
		forward(w, row)
		out[i] = largest(p)
	}
	return out
}
