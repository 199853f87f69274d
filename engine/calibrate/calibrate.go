// Package calibrate chooses, among many candidate sessions of a generator,
// those whose margins meet a real trace's, each at most once, keeping the
// generator's joint distribution: a maximum-entropy tilt with inclusion
// probabilities between 0 and 1, drawn systematically and repaired by swaps.
// It knows no sessions, only their sparse feature rows.
package calibrate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"gonum.org/v1/gonum/optimize"
)

// Entry is a feature of a candidate that is not zero.
type Entry struct {
	Feature int32
	Value   float32
}

// Row is a candidate's features, each at most once.
type Row []Entry

// Targets are what the mean feature of the chosen should be.
type Targets struct {
	Mean     []float64 // per chosen session
	Variance []float64 // sampling variance of Mean in the real trace, above 0
	Sessions int       // real sessions behind them
}

// NewTargets returns the mean and clustered sampling variance of the rows of
// the real sessions over the given number of features.
func NewTargets(rows []Row, features int) Targets {
	t := Targets{Mean: make([]float64, features), Variance: make([]float64, features), Sessions: len(rows)}
	n := float64(len(rows))
	for _, r := range rows {
		for _, e := range r {
			t.Mean[e.Feature] += float64(e.Value) / n
			t.Variance[e.Feature] += float64(e.Value) * float64(e.Value) / n
		}
	}
	for k, m := range t.Mean {
		t.Variance[k] = (max(0, t.Variance[k]-m*m) + 1/n) / n
	}
	return t
}

// Result is the choice and how much it had to correct.
type Result struct {
	Chosen []int // indices of candidates, ascending

	// Before and After are the mean squared residual of the margins in units of
	// the real trace's own sampling variance, of a plain and of the calibrated
	// choice; an independent half of the real trace scores about 2.
	Before, After float64
	// Effective is the effective sample size of the tilt as a share of the
	// candidates; near Chosen/candidates the candidates could not meet the
	// margins.
	Effective float64
}

const (
	ridge     = .05 // of the tilt, in units of the margins' own noise
	enough    = .05 // residual, of the real trace's noise, at which swaps end
	maxSwaps  = 5_000_000
	swapsEach = 500 // tried per chosen session
)

// Choose returns which m of the candidates to take. It needs at least m
// candidates; with exactly m all are taken. The strata's shares are met
// whatever the margins ask, as far as there are candidates; the zero Strata is
// one stratum of all.
func Choose(ctx context.Context, candidates []Row, strata Strata, t Targets, m int, r *rand.Rand) (Result, error) {
	if m < 1 || len(candidates) < m {
		return Result{}, fmt.Errorf("calibration: %d sessions wanted of %d candidates", m, len(candidates))
	}
	if strata.Of == nil {
		strata = Strata{Of: make([]int, len(candidates)), Shares: []float64{1}}
	}
	s := &selection{rows: candidates, t: t, m: m, r: r}
	s.stratify(strata)
	if err := s.tilt(ctx); err != nil {
		return Result{}, err
	}
	s.draw()
	if err := s.swap(ctx); err != nil {
		return Result{}, err
	}
	res := Result{Before: s.before(), After: s.residual(), Effective: s.effective()}
	for i, in := range s.in {
		if in {
			res.Chosen = append(res.Chosen, i)
		}
	}
	return res, nil
}

type selection struct {
	rows []Row
	t    Targets
	m    int
	r    *rand.Rand

	strata []stratum
	pi     []float64 // inclusion probability of each candidate
	in     []bool
	count  []float64 // sum of the features of the chosen
}

// Strata splits the candidates into parts of which fixed shares are taken.
type Strata struct {
	Of     []int     // stratum of each candidate, an index into Shares
	Shares []float64 // of the chosen, in any unit; neighbours are alike
}

// stratum is a part of the candidates of which a fixed number is taken.
type stratum struct {
	members []int
	take    int
}

// stratify splits the candidates and shares m out by largest remainders. What a
// stratum has too few candidates for goes to the nearest with room.
func (s *selection) stratify(strata Strata) {
	s.strata = make([]stratum, len(strata.Shares))
	for i, k := range strata.Of {
		s.strata[k].members = append(s.strata[k].members, i)
	}
	var total float64
	for _, share := range strata.Shares {
		total += share
	}
	rest := make([]float64, len(s.strata))
	order := make([]int, len(s.strata))
	left := s.m
	for k, share := range strata.Shares {
		exact := float64(s.m) * share / total
		s.strata[k].take = int(exact)
		rest[k], order[k] = exact-float64(int(exact)), k
		left -= int(exact)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for i := range left {
		s.strata[order[i%len(order)]].take++
	}
	for k := range s.strata {
		for over := s.strata[k].take - len(s.strata[k].members); over > 0; {
			near := s.nearest(k)
			moved := min(over, len(s.strata[near].members)-s.strata[near].take)
			s.strata[near].take += moved
			s.strata[k].take -= moved
			over -= moved
		}
	}
}

// nearest returns the stratum nearest to k that has room. There is one, since
// there are at least as many candidates as are taken.
func (s *selection) nearest(k int) int {
	for d := 1; ; d++ {
		for _, n := range []int{k - d, k + d} {
			if n >= 0 && n < len(s.strata) && s.strata[n].take < len(s.strata[n].members) {
				return n
			}
		}
	}
}

// tilt fits pi_s = sigmoid(a + logit(M/N) + lambda . f_s) by minimising
// (1/M) sum_s log(1+e^eta_s) - a - lambda . T + (ridge n / 2) sum_k s2_k lambda_k^2,
// variables scaled by the spread of their feature.
func (s *selection) tilt(ctx context.Context) error {
	k, n, m := len(s.t.Mean), float64(len(s.rows)), float64(s.m)
	s.pi = make([]float64, len(s.rows))
	if s.m == len(s.rows) || k == 0 {
		for i := range s.pi {
			s.pi[i] = m / n
		}
		return nil
	}
	bias := math.Log(m / n / (1 - m/n))
	scale := make([]float64, k)
	mean, square := make([]float64, k), make([]float64, k)
	for _, row := range s.rows {
		for _, e := range row {
			mean[e.Feature] += float64(e.Value) / n
			square[e.Feature] += float64(e.Value) * float64(e.Value) / n
		}
	}
	weight := ridge * float64(s.t.Sessions)
	for j := range scale {
		spread := max(square[j]-mean[j]*mean[j], .1*s.t.Mean[j])
		scale[j] = math.Sqrt(spread + weight*s.t.Variance[j] + 1e-12)
	}
	lambda := make([]float64, k)
	parts := make([]partial, (len(s.rows)+partRows-1)/partRows)
	at, gradient := []float64(nil), make([]float64, k+1) // the last point, and what is there
	evaluate := func(x []float64) float64 {
		for j := range lambda {
			lambda[j] = x[j+1] / scale[j]
		}
		s.sum(parts, x[0]+bias, lambda)
		var value float64
		clear(gradient)
		for i := range parts {
			value += parts[i].value
			for j, v := range parts[i].grad {
				gradient[j] += v
			}
		}
		value = value/m - x[0]
		gradient[0] = gradient[0]/m - 1
		for j, l := range lambda {
			value += -l*s.t.Mean[j] + weight/2*s.t.Variance[j]*l*l
			gradient[j+1] = (gradient[j+1]/m - s.t.Mean[j] + weight*s.t.Variance[j]*l) / scale[j]
		}
		at = append(at[:0], x...)
		return value
	}
	problem := optimize.Problem{
		Func: evaluate,
		Grad: func(grad, x []float64) { // asked for where Func was last
			if !slices.Equal(x, at) {
				evaluate(x)
			}
			copy(grad, gradient)
		},
		Status: func() (optimize.Status, error) {
			if err := context.Cause(ctx); err != nil {
				return optimize.Failure, err
			}
			return optimize.NotTerminated, nil
		},
	}
	settings := &optimize.Settings{
		GradientThreshold: 1e-4, MajorIterations: 200, Concurrent: 1,
		Converger: &optimize.FunctionConverge{Absolute: 1e-9, Iterations: 5},
	}
	result, err := optimize.Minimize(problem, make([]float64, k+1), settings, &optimize.LBFGS{Store: 15})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if result == nil {
		return fmt.Errorf("calibration: %w", errors.Join(errors.New("the tilt could not be fitted"), err))
	}
	evaluate(result.X) // a line search that found no better point still leaves a sound one
	return nil
}

// partRows is how many candidates are summed at a time: sums are the same on
// any number of threads.
const partRows = 2048

// partial is what some candidates add to the tilt's value and its gradient by
// the constant and the features.
type partial struct {
	value float64
	grad  []float64
}

// sum computes the parts, and the inclusion probabilities, on all threads.
func (s *selection) sum(parts []partial, constant float64, lambda []float64) {
	one := func(k int) {
		p := &parts[k]
		if p.grad == nil {
			p.grad = make([]float64, len(lambda)+1)
		}
		p.value = 0
		clear(p.grad)
		from := k * partRows
		for i, row := range s.rows[from:min(from+partRows, len(s.rows))] {
			eta := constant
			for _, e := range row {
				eta += lambda[e.Feature] * float64(e.Value)
			}
			small := math.Exp(-math.Abs(eta))
			pi := 1 / (1 + small)
			if eta < 0 {
				pi *= small
			}
			p.value += max(eta, 0) + math.Log1p(small)
			s.pi[from+i] = pi
			p.grad[0] += pi
			for _, e := range row {
				p.grad[e.Feature+1] += pi * float64(e.Value)
			}
		}
	}
	var wait sync.WaitGroup
	threads := min(runtime.GOMAXPROCS(0), len(parts))
	run := func(t int) {
		for k := t; k < len(parts); k += threads {
			one(k)
		}
	}
	for t := 1; t < threads; t++ {
		wait.Go(func() { run(t) })
	}
	run(0)
	wait.Wait()
}

// draw chooses in each stratum by systematic sampling in the candidates' own
// order, and adds or takes away at random what rounding left.
func (s *selection) draw() {
	s.in = make([]bool, len(s.rows))
	s.count = make([]float64, len(s.t.Mean))
	for _, x := range s.strata {
		var sum float64
		for _, i := range x.members {
			sum += s.pi[i]
		}
		if sum == 0 {
			sum = 1
		}
		acc, n := s.r.Float64(), 0
		for _, i := range x.members {
			if acc += min(1, s.pi[i]/sum*float64(x.take)); acc >= 1 {
				acc--
				s.put(i, true)
				n++
			}
		}
		for n != x.take {
			if i := x.members[s.r.IntN(len(x.members))]; s.in[i] == (n > x.take) {
				s.put(i, !s.in[i])
				if s.in[i] {
					n++
				} else {
					n--
				}
			}
		}
	}
}

func (s *selection) put(i int, in bool) {
	sign := 1.0
	if !in {
		sign = -1
	}
	s.in[i] = in
	for _, e := range s.rows[i] {
		s.count[e.Feature] += sign * float64(e.Value)
	}
}

func (s *selection) residual() float64 { return s.chi2(s.count, float64(s.m)) }

func (s *selection) chi2(count []float64, n float64) float64 {
	var v float64
	for k, t := range s.t.Mean {
		d := count[k]/n - t
		v += d * d / s.t.Variance[k]
	}
	return v / float64(max(1, len(count)))
}

// before is the residual of all candidates, what a plain choice would have.
func (s *selection) before() float64 {
	count := make([]float64, len(s.t.Mean))
	for _, row := range s.rows {
		for _, e := range row {
			count[e.Feature] += float64(e.Value)
		}
	}
	return s.chi2(count, float64(len(s.rows)))
}

// swap exchanges chosen and other candidates of a stratum while that lowers the
// residual and that is more than a small part of the real trace's noise.
func (s *selection) swap(ctx context.Context) error {
	if s.m == len(s.rows) || len(s.count) == 0 {
		return nil
	}
	// The members of a stratum in a row, the chosen first; slot says where in
	// that row a chosen one is.
	type slot struct{ stratum, at int }
	var in []slot
	for k, x := range s.strata {
		if x.take == 0 || x.take == len(x.members) {
			continue
		}
		slices.SortStableFunc(x.members, func(a, b int) int { return boolToInt(s.in[b]) - boolToInt(s.in[a]) })
		for at := range x.take {
			in = append(in, slot{k, at})
		}
	}
	if in == nil {
		return nil
	}
	m := float64(s.m)
	weight := make([]float64, len(s.count))
	for k := range weight {
		weight[k] = 1 / (s.t.Variance[k] * m * m)
	}
	change := make([]float64, len(s.count))
	var touched []int32
	sum := s.residual() * float64(len(s.count))
	for try := range min(swapsEach*s.m, maxSwaps) {
		if sum <= enough*float64(len(s.count)) {
			break
		}
		if try%65536 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		from := in[s.r.IntN(len(in))]
		x := s.strata[from.stratum]
		a, b := &x.members[from.at], &x.members[x.take+s.r.IntN(len(x.members)-x.take)]
		touched = touched[:0]
		for _, e := range s.rows[*a] {
			change[e.Feature] -= float64(e.Value)
			touched = append(touched, e.Feature)
		}
		for _, e := range s.rows[*b] {
			if change[e.Feature] == 0 {
				touched = append(touched, e.Feature)
			}
			change[e.Feature] += float64(e.Value)
		}
		var d float64
		for _, k := range touched {
			c := change[k]
			change[k] = 0
			r := s.count[k] - s.t.Mean[k]*m
			d += weight[k] * c * (2*r + c)
		}
		if d < 0 {
			sum += d
			s.put(*a, false)
			s.put(*b, true)
			*a, *b = *b, *a
		}
	}
	return nil
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *selection) effective() float64 {
	var sum, square float64
	for _, p := range s.pi {
		sum += p
		square += p * p
	}
	if square == 0 {
		return 0
	}
	return sum * sum / square / float64(len(s.pi))
}
