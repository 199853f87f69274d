package attack

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// trial is what an attack gave for each session that was learnt and each that
// was held out, with the hosts that they are of.
type trial struct {
	value  []float64 // of all, those that were learnt first
	group  []int32   // dense, of each
	learnt []bool    // of each host
	in     int       // sessions that were learnt
}

// newTrial joins what two samples gave.
func newTrial(train, holdout *Sample, onTrain, onHoldout []float64) *trial {
	t := &trial{value: slices.Concat(onTrain, onHoldout), in: len(onTrain)}
	number := map[int32]int32{}
	add := func(g int32, learnt bool) {
		n, ok := number[g]
		if !ok {
			n = int32(len(t.learnt))
			number[g] = n
			t.learnt = append(t.learnt, learnt)
		}
		t.group = append(t.group, n)
	}
	for _, g := range train.group {
		add(g, true)
	}
	for _, g := range holdout.group {
		add(g, false)
	}
	return t
}

// statistic is computed of a trial whose hosts each weigh something on the side
// of what was learnt, in, or of what was held out, out.
type statistic func(in, out []float64) float64

const (
	permutations = 20000 // most, where the value is improbable
	exceeded     = 10    // values as great that settle the chance of one (Besag and Clifford 1991)
	resamples    = 300
)

// tested is a statistic with what chance makes of it.
type tested struct {
	value, low, high float64
	p                float64 // the chance of as much where nothing leaks
	least            float64 // the least chance that so few hosts can show
}

// test computes a statistic, its 95 % interval by drawing hosts anew, and the
// chance of as great a value if hosts were learnt or held out at random: as
// exactly as a verdict among so many tests needs it.
func (t *trial) test(stat statistic, tests int, rng *rand.Rand) tested {
	hosts := len(t.learnt)
	in, out := make([]float64, hosts), make([]float64, hosts)
	weigh := func(learnt []bool, weight []float64) float64 {
		for g, l := range learnt {
			w := 1.
			if weight != nil {
				w = weight[g]
			}
			in[g], out[g] = 0, w
			if l {
				in[g], out[g] = w, 0
			}
		}
		return stat(in, out)
	}
	r := tested{value: weigh(t.learnt, nil)}
	var drawn []float64
	weight := make([]float64, hosts)
	for range resamples {
		for g := range weight {
			weight[g] = poisson(rng)
		}
		if x := weigh(t.learnt, weight); !math.IsNaN(x) {
			drawn = append(drawn, x)
		}
	}
	slices.Sort(drawn)
	r.low, r.high = r.value, r.value
	if len(drawn) > 0 {
		r.low, r.high = drawn[int(level*float64(len(drawn)))], drawn[int((1-level)*float64(len(drawn)))]
	}
	other := slices.Clone(t.learnt)
	as, tries := 0, 0
	for most := min(permutations, int(float64(exceeded*tests)/failLevel)); tries < most && as < exceeded; tries++ {
		rng.Shuffle(hosts, func(i, j int) { other[i], other[j] = other[j], other[i] })
		if x := weigh(other, nil); !(x < r.value-1e-12) {
			as++
		}
	}
	r.p = float64(as+1) / float64(tries+1)
	held := 0
	for _, l := range t.learnt {
		held += boolInt(!l)
	}
	r.least = math.Exp(-logChoose(hosts, held))
	return r
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// poisson draws how often a host is drawn.
func poisson(rng *rand.Rand) float64 {
	n, p := 0., rng.Float64()
	for p > math.Exp(-1) {
		p *= rng.Float64()
		n++
	}
	return n
}

func logChoose(n, k int) float64 {
	lg := func(x int) float64 { y, _ := math.Lgamma(float64(x + 1)); return y }
	return lg(n) - lg(k) - lg(n-k)
}

// verdict says what a test means among several of its block: a failure is
// improbable and its interval lies above what is without meaning.
func (r tested) verdict(tests int, meaningless float64) Verdict {
	at := failLevel / float64(tests)
	switch {
	case r.p < at && r.low > meaningless:
		return Fail
	case r.least >= at:
		return Undecided
	}
	return Pass
}

// difference is the mean of what was learnt less that of what was held out.
func (t *trial) difference() statistic {
	sum, n := make([]float64, len(t.learnt)), make([]float64, len(t.learnt))
	for i, g := range t.group {
		sum[g] += t.value[i]
		n[g]++
	}
	mean := func(weight []float64) float64 {
		a, b := 0., 0.
		for g, w := range weight {
			a += w * sum[g]
			b += w * n[g]
		}
		return a / b
	}
	return func(in, out []float64) float64 { return mean(in) - mean(out) }
}

// ranked returns statistics of values in their order: how probable it is that
// what was learnt has a greater value than what was held out (the area under
// the ROC curve), and the share of what was learnt that has a value which only
// so great a share of what was held out has.
func (t *trial) ranked() (area statistic, above func(share float64) statistic) {
	order := make([]int, len(t.value))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.value[b], t.value[a]) })
	host := make([]int32, len(order))
	last := make([]bool, len(order)) // of equal values
	for i, k := range order {
		host[i] = t.group[k]
		last[i] = i == len(order)-1 || t.value[order[i+1]] != t.value[k]
	}
	total := func(w []float64) float64 {
		s := 0.
		for _, g := range host {
			s += w[g]
		}
		return s
	}
	area = func(in, out []float64) float64 {
		above, sum, a, b := 0., 0., 0., 0.
		for i, g := range host {
			a += in[g]
			b += out[g]
			if last[i] {
				sum += b * (above + a/2)
				above += a
				a, b = 0, 0
			}
		}
		return sum / above / total(out)
	}
	return area, func(share float64) statistic {
		return func(in, out []float64) float64 {
			allowed := share * total(out)
			found, wrong, a, b := 0., 0., 0., 0.
			for i, g := range host {
				a += in[g]
				b += out[g]
				if !last[i] {
					continue
				}
				if wrong+b > allowed+1e-9 { // a share of those of equal value, as a coin would choose
					found += a * (allowed - wrong) / b
					break
				}
				found, wrong = found+a, wrong+b
				a, b = 0, 0
			}
			return found / total(in)
		}
	}
}

// clopperPearson is the exact 95 % interval of a share of k in n, n > 0.
func clopperPearson(k, n int) (low, high float64) {
	low, high = 0, 1
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(level)
	}
	if k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(1 - level)
	}
	return low, high
}
