package codec

import (
	"math"
	"slices"
	"sort"
	"time"

	"netshare/workspace/trace"
)

// Number codes a number as a category of its frequent values, where it has
// any, and a number in [0, 1]: the rank among the training data (Quantile), or
// the place between the least and the greatest value.
type Number struct {
	Type    trace.Type
	Missing bool      // the category has a last class for missing values
	Masses  []float64 // frequent values, ascending
	Step    float64   // values are multiples of it
	Log     bool      // min-max of log(1+x-Min), not of x
	Min     float64
	Max     float64

	// Ranks and Knots are the quantile function of the other values, ascending;
	// empty for a min-max scale.
	Ranks []float32
	Knots []float64
	// MassRanks are the mid-ranks of Masses.
	MassRanks []float32
}

const (
	maxKnots  = 2048 // of a quantile function
	maxMasses = 64   // frequent values of a number
	massShare = .01  // of the records, that makes a value frequent
)

// fitNumber learns the code of a column of numbers. Missing and non-finite
// values become one class of their own.
func fitNumber(t trace.Type, enc trace.Encoding, values []any, bounded bool, lo, hi float64) *Number {
	n := &Number{Type: t, Step: 1}
	var xs []float64
	for _, v := range values {
		if x, ok := number(v); ok {
			xs = append(xs, x)
		} else {
			n.Missing = true
		}
	}
	if t == trace.TypeReal || t == trace.TypeText {
		n.Step = resolution(values)
	}
	slices.Sort(xs)
	if len(xs) == 0 {
		return n
	}
	n.Min, n.Max = xs[0], xs[len(xs)-1]
	if (enc == trace.EncodeMinMax || enc == trace.EncodeSymmetric || enc == trace.EncodeLog) && n.Max > n.Min {
		n.Log = enc == trace.EncodeLog
		if bounded && !math.IsInf(lo, 0) {
			n.Min = min(lo, n.Min)
		}
		if bounded && !math.IsInf(hi, 0) {
			n.Max = max(hi, n.Max)
		}
		return n
	}
	n.fitQuantiles(xs)
	return n
}

// fitQuantiles splits the sorted values into frequent ones and the quantile
// function of the others.
func (n *Number) fitQuantiles(xs []float64) {
	total := float64(len(xs))
	type run struct {
		x     float64
		count int
		rank  float32 // mid-rank
	}
	var runs []run
	for i := 0; i < len(xs); {
		j := i
		for j < len(xs) && xs[j] == xs[i] {
			j++
		}
		runs = append(runs, run{xs[i], j - i, float32((float64(i) + float64(j)) / 2 / total)})
		i = j
	}
	least := max(2, int(math.Ceil(massShare*total)))
	if len(runs) <= maxMasses/2 { // few values: every one is a class
		least = 0
	}
	byCount := slices.Clone(runs)
	slices.SortStableFunc(byCount, func(a, b run) int { return b.count - a.count })
	frequent := map[float64]bool{}
	for i, r := range byCount {
		if i < maxMasses && r.count >= least {
			frequent[r.x] = true
		}
	}
	for _, r := range runs {
		if frequent[r.x] {
			n.Masses, n.MassRanks = append(n.Masses, r.x), append(n.MassRanks, r.rank)
		} else {
			n.Knots, n.Ranks = append(n.Knots, r.x), append(n.Ranks, r.rank)
		}
	}
	if len(n.Knots) > maxKnots {
		knots, ranks := n.Knots, n.Ranks
		n.Knots, n.Ranks = nil, nil
		for _, i := range Thinned(len(knots), maxKnots) {
			n.Knots, n.Ranks = append(n.Knots, knots[i]), append(n.Ranks, ranks[i])
		}
	}
}

// tail is how many values at either end of a distribution are kept where the
// others are thinned: the largest few are most of many a sum.
const tail = 64

// Thinned returns which of n values in ascending order stand for all, most of
// them and at least three tails: both tails whole, the others evenly spread.
func Thinned(n, most int) []int {
	out := make([]int, 0, min(n, most))
	if n <= most {
		for i := range n {
			out = append(out, i)
		}
		return out
	}
	within := most - 2*tail
	for i := range tail {
		out = append(out, i)
	}
	for i := range within {
		out = append(out, tail+i*(n-2*tail)/within)
	}
	for i := n - tail; i < n; i++ {
		out = append(out, i)
	}
	return out
}

// classes is the size of the category: frequent values, "another number" where
// there are others, "missing"; 0 where one class would be all.
func (n *Number) classes() int {
	k := len(n.Masses)
	if n.hasNumber() {
		k++
	}
	if n.Missing {
		k++
	}
	if k == 1 && n.hasNumber() {
		return 0
	}
	return max(k, 1-boolInt(n.hasNumber()))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (n *Number) hasNumber() bool { return len(n.Knots) > 0 || n.minmax() }

func (n *Number) minmax() bool { return len(n.Knots) == 0 && len(n.Masses) == 0 && n.Max > n.Min }

// other is the class of numbers that are no class of their own.
func (n *Number) other() int { return len(n.Masses) }

// class returns the class of a value; 0 where there are no classes.
func (n *Number) class(v any) int {
	x, ok := number(v)
	k := n.classes()
	switch {
	case k == 0:
		return 0
	case !ok && n.Missing:
		return k - 1
	case !ok:
		return 0
	}
	i, found := slices.BinarySearch(n.Masses, x)
	if !found && n.hasNumber() {
		return n.other()
	}
	return max(0, min(i, len(n.Masses)-1)) // a value not seen at fitting, all seen ones being classes
}

// rankOf returns the number of a value, the middle for a missing one.
func (n *Number) rankOf(v any) float32 {
	if x, ok := number(v); ok {
		return n.rank(x)
	}
	return .5
}

// rank returns the code of a number in [0, 1].
func (n *Number) rank(x float64) float32 {
	if n.minmax() {
		u := (n.scale(x) - n.scale(n.Min)) / (n.scale(n.Max) - n.scale(n.Min))
		return float32(min(max(u, 0), 1))
	}
	if i, found := slices.BinarySearch(n.Masses, x); found {
		return n.MassRanks[i]
	}
	if len(n.Knots) == 0 {
		return .5
	}
	i := sort.SearchFloat64s(n.Knots, x)
	switch {
	case i == len(n.Knots):
		return n.Ranks[i-1]
	case i == 0 || n.Knots[i] == x:
		return n.Ranks[i]
	}
	w := (x - n.Knots[i-1]) / (n.Knots[i] - n.Knots[i-1])
	return n.Ranks[i-1] + float32(w)*(n.Ranks[i]-n.Ranks[i-1])
}

func (n *Number) scale(x float64) float64 {
	if n.Log {
		return math.Log1p(max(x-n.Min, 0))
	}
	return x
}

// decode returns the value of a class and a number, nil for missing.
func (n *Number) decode(class int, rank float32) any {
	k := n.classes()
	switch {
	case n.Missing && class == k-1:
		return nil
	case class < len(n.Masses):
		return n.value(n.Masses[class])
	case n.hasNumber():
		return n.value(n.quantile(rank))
	case k == 0:
		return nil
	}
	return n.value(n.Min)
}

func (n *Number) quantile(u float32) float64 {
	if n.minmax() {
		x := n.scale(n.Min) + float64(u)*(n.scale(n.Max)-n.scale(n.Min))
		if n.Log {
			x = math.Expm1(x) + n.Min
		}
		return min(max(x, n.Min), n.Max)
	}
	i, _ := slices.BinarySearch(n.Ranks, u)
	switch i {
	case 0:
		return n.Knots[0]
	case len(n.Ranks):
		return n.Knots[i-1]
	}
	lo, hi := n.Ranks[i-1], n.Ranks[i]
	if hi <= lo {
		return n.Knots[i]
	}
	w := float64((u - lo) / (hi - lo))
	return n.Knots[i-1] + w*(n.Knots[i]-n.Knots[i-1])
}

// value rounds to the column's step and returns the column's own type.
func (n *Number) value(x float64) any {
	q := math.Round(x / n.Step)
	switch n.Type {
	case trace.TypeInt:
		return int64(q)
	case trace.TypeTime:
		return time.Unix(0, int64(q)).UTC()
	case trace.TypeBool:
		return q != 0
	}
	if n.Step < 1 {
		x = q / math.Round(1/n.Step)
	} else {
		x = q * n.Step
	}
	if n.Type == trace.TypeText {
		s, _ := text(x)
		return s
	}
	return x
}
