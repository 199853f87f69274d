package engine

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// agreement is how the numbers of a column of the series follow those of other
// columns within its bins. Pairs of bins don't say which of a tail's records
// has the largest number of two columns, and that is most of their correlation.
type agreement struct {
	Of   int    // of pairs.Columns
	Bins []bond // of each of its number bins
}

// bond is a regression of normal scores: of the ranks of a column's numbers in
// one bin on those of other columns. With is empty where the real trace shows
// nothing. (van der Waerden 1952)
type bond struct {
	With    []int // of pairs.Columns
	Weights []float64
	Rest    float64 // standard deviation of what they don't say
}

const (
	agreeRows  = 50_000 // of the real trace, looked at
	agreeLeast = 10     // records in a bin
	agreeClear = 3      // standard errors, from which on a correlation is one
	agreeMost  = 4      // columns that one follows in a bin
	agreeRidge = .05    // added to variances of 1: few records say little of many columns
)

// numbersOf are a column's numbers and their bins in some rows; a row without
// a number has bin -1.
type numbersOf struct {
	value []float32
	bin   []int32
	bins  int
}

func (col *pairColumn) numbers(coded []whole, width, each int) numbersOf {
	n := numbersOf{bins: len(col.Edges) + 1}
	col.each(coded, width, func(row int, code []float32) {
		if row%each != 0 {
			return
		}
		if !col.Place.Number.Counts(code) {
			n.value, n.bin = append(n.value, 0), append(n.bin, -1)
			return
		}
		n.value = append(n.value, code[col.Place.Number.Head])
		n.bin = append(n.bin, int32(col.bin(code)-col.First))
	})
	return n
}

// newAgreements finds what the columns of the series follow: each those before
// it in an order that begins with the session's columns and goes on with the
// column that follows them most.
func (p *pairs) newAgreements(width int, coded []whole) []agreement {
	rows := 0
	for _, w := range coded {
		rows += w.records
	}
	each := 1 + rows/agreeRows
	numbers := make([]numbersOf, len(p.Columns))
	var before, left []int
	for i := range p.Columns {
		col := &p.Columns[i]
		if col.Place.Number == nil {
			continue
		}
		numbers[i] = col.numbers(coded, width, each)
		if col.Series && col.Place.Moves(true) {
			left = append(left, i)
		} else {
			before = append(before, i)
		}
	}
	worth := map[[2]int]float64{}
	for _, of := range left {
		for _, with := range slices.Concat(before, left) {
			if with != of {
				_, worth[[2]int{of, with}] = agreeing(numbers[of], numbers[with])
			}
		}
	}
	total := func(of int, with []int) (sum float64) {
		for _, w := range with {
			sum += worth[[2]int{of, w}]
		}
		return sum
	}
	var out []agreement
	for len(left) > 0 {
		next := slices.MaxFunc(left, func(a, b int) int {
			return cmp.Or(cmp.Compare(total(a, before), total(b, before)), cmp.Compare(total(a, left), total(b, left)))
		})
		if a, any := newAgreement(next, before, numbers); any {
			out = append(out, a)
		}
		before = append(before, next)
		left = slices.DeleteFunc(left, func(i int) bool { return i == next })
	}
	return out
}

// agreeing returns the correlation of two columns' normal scores within each
// bin of the first, 0 where it is not clear, and how much they say in all:
// tails, which are few records, count as much as the rest.
func agreeing(of, with numbersOf) (scores []float64, worth float64) {
	x, y := make([][]float32, of.bins), make([][]float32, of.bins)
	all := 0.
	for i, b := range of.bin {
		if b >= 0 && with.bin[i] >= 0 {
			x[b], y[b] = append(x[b], of.value[i]), append(y[b], with.value[i])
			all++
		}
	}
	scores = make([]float64, of.bins)
	for b := range scores {
		n := float64(len(x[b]))
		if n < agreeLeast {
			continue
		}
		r := stat.Correlation(normalScores(x[b]), normalScores(y[b]), nil)
		if math.IsNaN(r) || math.Abs(r)*math.Sqrt(n-1) < agreeClear {
			continue
		}
		scores[b] = r
		worth += r * r * (n/all + 1/float64(of.bins)) / 2
	}
	return scores, worth
}

// newAgreement fits the bonds of a column to those before it, and reports
// whether there is any.
func newAgreement(of int, before []int, numbers []numbersOf) (a agreement, any bool) {
	n := numbers[of]
	a = agreement{Of: of, Bins: make([]bond, n.bins)}
	clear := make([][]float64, len(before))
	for i, with := range before {
		clear[i], _ = agreeing(n, numbers[with])
	}
	rows := make([][]int, n.bins)
	for i, b := range n.bin {
		if b >= 0 {
			rows[b] = append(rows[b], i)
		}
	}
	for b := range a.Bins {
		var with []int // of before
		for i := range before {
			if clear[i][b] != 0 {
				with = append(with, i)
			}
		}
		slices.SortStableFunc(with, func(i, j int) int { return cmp.Compare(math.Abs(clear[j][b]), math.Abs(clear[i][b])) })
		if with = with[:min(len(with), agreeMost)]; len(with) == 0 {
			continue
		}
		columns := [][]float64{scoresAt(n, rows[b])}
		bond := bond{}
		for _, i := range with {
			bond.With = append(bond.With, before[i])
			columns = append(columns, scoresAt(numbers[before[i]], rows[b]))
		}
		if bond.fit(columns) {
			a.Bins[b], any = bond, true
		}
	}
	return a, any
}

// scoresAt returns the normal scores of a column's numbers in some rows, 0
// where there is none.
func scoresAt(n numbersOf, rows []int) []float64 {
	values, has := make([]float32, len(rows)), make([]bool, len(rows))
	for k, i := range rows {
		values[k], has[k] = n.value[i], n.bin[i] >= 0
	}
	return partialScores(values, has)
}

func partialScores(values []float32, has []bool) []float64 {
	var present []float32
	for k, v := range values {
		if has[k] {
			present = append(present, v)
		}
	}
	out := make([]float64, len(values))
	scores := normalScores(present)
	for k := range out {
		if has[k] {
			out[k], scores = scores[0], scores[1:]
		}
	}
	return out
}

// fit fits the weights of the first column's scores on the others'. It reports
// false where they can't be.
func (b *bond) fit(columns [][]float64) bool {
	k := len(columns) - 1
	cov := mat.NewSymDense(k, nil)
	with := mat.NewVecDense(k, nil)
	own := stat.Variance(columns[0], nil)
	if !(own > 0) {
		return false
	}
	for i := range k {
		for j := i; j < k; j++ {
			cov.SetSym(i, j, stat.Covariance(columns[i+1], columns[j+1], nil))
		}
		cov.SetSym(i, i, cov.At(i, i)+agreeRidge)
		with.SetVec(i, stat.Covariance(columns[0], columns[i+1], nil))
	}
	var chol mat.Cholesky
	if !chol.Factorize(cov) {
		return false
	}
	var w mat.VecDense
	if err := chol.SolveVecTo(&w, with); err != nil {
		return false
	}
	b.Weights = w.RawVector().Data
	left := 0.
	for row := range columns[0] {
		e := columns[0][row]
		for i, x := range b.Weights {
			e -= x * columns[i+1][row]
		}
		left += e * e
	}
	b.Rest = math.Sqrt(left / float64(len(columns[0])))
	return true
}

// normalScores returns the normal quantiles of ranks, of equal values those of
// their mean rank.
func normalScores(x []float32) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		k := i + 1
		for k < len(order) && x[order[k]] == x[order[i]] {
			k++
		}
		z := distuv.UnitNormal.Quantile(float64(i+k) / 2 / float64(len(x)))
		for ; i < k; i++ {
			out[order[i]] = z
		}
	}
	return out
}

// agree orders the candidates' numbers within their bins as the real trace's
// go together: values are exchanged within a bin, so that the pairs of bins
// stay as they are.
func (p *pairs) agree(width int, cands []candidate, r *rand.Rand) {
	type member struct{ meta, code []float32 }
	for _, a := range p.Agreements {
		of := &p.Columns[a.Of]
		head := of.Place.Number.Head
		bins := make([][]member, len(a.Bins))
		for i := range cands {
			c := &cands[i]
			for k := range c.Records {
				code := c.series[k*width : (k+1)*width]
				if of.Place.Number.Counts(code) {
					b := of.bin(code) - of.First
					bins[b] = append(bins[b], member{c.meta, code})
				}
			}
		}
		for b, members := range bins {
			bond := &a.Bins[b]
			if len(bond.With) == 0 || len(members) < 2 {
				continue
			}
			scores := make([]float64, len(members))
			for i, with := range bond.With {
				col := &p.Columns[with]
				values, has := make([]float32, len(members)), make([]bool, len(members))
				for k, m := range members {
					beside := m.meta
					if col.Series {
						beside = m.code
					}
					if has[k] = col.Place.Number.Counts(beside); has[k] {
						values[k] = beside[col.Place.Number.Head]
					}
				}
				for k, z := range partialScores(values, has) {
					scores[k] += bond.Weights[i] * z
				}
			}
			order, values := make([]int, len(members)), make([]float32, len(members))
			for k := range members {
				scores[k] += bond.Rest * r.NormFloat64()
				order[k], values[k] = k, members[k].code[head]
			}
			slices.SortFunc(order, func(i, j int) int { return cmp.Or(cmp.Compare(scores[i], scores[j]), i-j) })
			slices.Sort(values)
			for k, i := range order {
				members[i].code[head] = values[k]
			}
		}
	}
}
