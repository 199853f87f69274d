package codec

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"time"

	"netshare/workspace/trace"
)

// Number codes a number as a category of its frequent values, where it has
// any, and a number in [0, 1]: the rank among the training data (Quantile), or
// the place between the least and the greatest value.
//
// By quantiles every value comes back as it was where there are up to maxKnots
// different ones beside the frequent, within 53 bits of one another, and else as
// one between its neighbours;
// by min-max to 24 bits of the range, rounded to Step, and log1p to 24 bits of
// the logarithm's range.
type Number struct {
	Type    trace.Type
	Missing bool      // the category has a last class for missing values
	Zero    int64     // of times, the first, and of whole numbers beyond 53 bits, the least; what follows counts from it
	Masses  []float64 // frequent values, ascending
	Odd     []string  // of a column of text, NaN and infinities as they are written: a class each, before the missing; last sameText
	Step    float64   // values are multiples of it, or within a millionth; 0 for none
	Log     bool      // min-max of log(1+x-Min), not of x
	// Symmetric says that the networks learn it in [-1, 1]: NetShare's
	// MINUSONE_ONE.
	Symmetric bool
	Min       float64
	Max       float64

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

// fitNumber learns the code of a column of numbers. Missing values are a class of
// their own. So is each way in which a column of text writes NaN and infinities,
// which come back as often; a column of numbers has them missing.
func fitNumber(t trace.Type, enc trace.Encoding, values []any, bounded bool, lo, hi float64) *Number {
	n := &Number{Type: t, Step: 1}
	n.fitZero(values)
	var xs []float64
	for _, v := range values {
		if x, ok := n.of(v); ok {
			xs = append(xs, x)
		} else if s, odd := oddNumber(v); odd {
			n.Odd = append(n.Odd, s)
		} else {
			n.Missing = true
		}
	}
	slices.Sort(n.Odd)
	n.Odd = slices.Compact(n.Odd)
	if t == trace.TypeReal || t == trace.TypeText {
		n.Step = resolution(values)
	}
	slices.Sort(xs)
	if len(xs) == 0 {
		return n
	}
	if n.Step == decimals[len(decimals)-1] && max(-xs[0], xs[len(xs)-1]) < 1e-3 { // too small for any decimals
		n.Step = 0
	}
	n.Min, n.Max = xs[0], xs[len(xs)-1]
	if (enc == trace.EncodeMinMax || enc == trace.EncodeSymmetric || enc == trace.EncodeLog) && n.Max > n.Min {
		n.Log, n.Symmetric = enc == trace.EncodeLog, enc == trace.EncodeSymmetric
		if bounded && !math.IsInf(lo, 0) {
			n.Min = min(lo-float64(n.Zero), n.Min)
		}
		if bounded && !math.IsInf(hi, 0) {
			n.Max = max(hi-float64(n.Zero), n.Max)
		}
		return n
	}
	n.fitQuantiles(xs)
	return n
}

// oddNumber returns how a text writes NaN or an infinity.
func oddNumber(v any) (string, bool) {
	s, ok := v.(string)
	if !ok {
		return "", false
	}
	x, err := strconv.ParseFloat(s, 64)
	return s, err == nil && (math.IsNaN(x) || math.IsInf(x, 0))
}

// fitZero finds what the values count from, and of times their grid: the
// greatest power of ten of which all are multiples.
func (n *Number) fitZero(values []any) {
	var whole []int64
	for _, v := range values {
		switch v := v.(type) {
		case int64:
			whole = append(whole, v)
		case time.Time:
			whole = append(whole, v.UnixNano())
		}
	}
	if len(whole) == 0 || n.Type != trace.TypeTime && n.Type != trace.TypeInt {
		return
	}
	const exact = 1 << 53
	least, most := slices.Min(whole), slices.Max(whole)
	if n.Type == trace.TypeTime || least < -exact || most > exact {
		n.Zero = least
	}
	if n.Type == trace.TypeTime {
		tick := int64(1)
		for tick < maxTick && !slices.ContainsFunc(whole, func(x int64) bool { return x%(10*tick) != 0 }) {
			tick *= 10
		}
		n.Step = float64(tick)
	}
}

// of returns a value as a number from Zero, and false where it is missing or
// not finite.
func (n *Number) of(v any) (float64, bool) {
	if n.Zero == 0 {
		return number(v)
	}
	switch v := v.(type) {
	case int64:
		return n.since(v), true
	case time.Time:
		return n.since(v.UnixNano()), true
	}
	x, ok := number(v)
	return x - float64(n.Zero), ok
}

// since is x - Zero, which need not be an int64.
func (n *Number) since(x int64) float64 {
	if x < n.Zero {
		return -float64(uint64(n.Zero) - uint64(x))
	}
	return float64(uint64(x) - uint64(n.Zero))
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
// there are others, those that are none, "missing"; 0 where one class would be all.
func (n *Number) classes() int {
	k := n.odd() + len(n.Odd)
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

// odd is the class of the first of Odd.
func (n *Number) odd() int { return len(n.Masses) + boolInt(n.hasNumber()) }

// class returns the class of a value; 0 where there are no classes.
func (n *Number) class(v any) int {
	x, ok := n.of(v)
	k := n.classes()
	switch {
	case k == 0:
		return 0
	case !ok && len(n.Odd) > 0 && v != nil:
		s, _ := text(v)
		if i := slices.Index(n.Odd, s); i >= 0 {
			return n.odd() + i
		}
		return k - 1
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
	if x, ok := n.of(v); ok {
		return n.rank(x)
	}
	return .5
}

// rank returns the code of a number in [0, 1].
func (n *Number) rank(x float64) float32 {
	if n.minmax() {
		u := share(n.scale(n.Min), n.scale(n.Max), n.scale(x))
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
	w := share(n.Knots[i-1], n.Knots[i], x)
	return n.Ranks[i-1] + float32(w)*(n.Ranks[i]-n.Ranks[i-1])
}

func (n *Number) scale(x float64) float64 {
	if n.Log {
		return math.Log1p(min(max(x-n.Min, 0), math.MaxFloat64))
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
	case class >= n.odd() && class < n.odd()+len(n.Odd):
		if s := n.Odd[class-n.odd()]; s != sameText {
			return s
		}
		return same{}
	case n.hasNumber():
		return n.value(n.quantile(rank))
	case k == 0:
		return nil
	}
	return n.value(n.Min)
}

// float is what a row of codes holds as a number from Zero, not rounded, with
// false where it is missing or may be of several classes.
func (n *Number) float(p *Place, code []float32) (float64, bool) {
	if p.Number != nil && p.Number.Counts(code) {
		return n.quantile(code[p.Number.Head]), true
	}
	if p.Head < 0 {
		return 0, false
	}
	if class := p.Of[int(code[p.Head])]; class >= 0 && int(class) < len(n.Masses) {
		return n.Masses[class], true
	}
	return 0, false
}

func (n *Number) quantile(u float32) float64 {
	if n.minmax() {
		x := between(n.scale(n.Min), n.scale(n.Max), float64(u))
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
	if hi <= lo || u == hi {
		return n.Knots[i]
	}
	w := float64((u - lo) / (hi - lo))
	return between(n.Knots[i-1], n.Knots[i], w)
}

// share is where x is between lo, which is 0, and hi, which is 1.
func share(lo, hi, x float64) float64 {
	if d := hi - lo; !math.IsInf(d, 0) {
		return (x - lo) / d
	}
	return (x/2 - lo/2) / (hi/2 - lo/2)
}

// between is the way back of share.
func between(lo, hi, w float64) float64 {
	if d := hi - lo; !math.IsInf(d, 0) {
		return lo + w*d
	}
	return lo*(1-w) + hi*w
}

// value rounds to the column's step and returns the column's own type.
func (n *Number) value(x float64) any {
	q := math.Round(x / n.Step)
	switch n.Type {
	case trace.TypeInt:
		return n.whole(q)
	case trace.TypeTime:
		return time.Unix(0, n.whole(q*n.Step)).UTC()
	case trace.TypeBool:
		return q != 0
	}
	switch {
	case n.Step == 0 || math.IsInf(q, 0): // finer, or coarser, than any decimals
	case n.Step < 1:
		x = q / math.Round(1/n.Step)
	default:
		x = q * n.Step
	}
	if n.Type == trace.TypeText {
		s, _ := text(x)
		return s
	}
	return x
}

// whole is a number from Zero as a whole number, the nearest that there is.
func (n *Number) whole(x float64) int64 {
	switch {
	case x >= 0 && x < float64(uint64(math.MaxInt64)-uint64(n.Zero)):
		return int64(uint64(n.Zero) + uint64(x))
	case x >= 0:
		return math.MaxInt64
	case -x < float64(uint64(n.Zero)-uint64(1<<63)):
		return int64(uint64(n.Zero) - uint64(-x))
	}
	return math.MinInt64
}
