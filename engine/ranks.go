package engine

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"netshare/engine/calibrate"
	"netshare/engine/codec"
)

// ranks are the real trace's distributions of the numbers among the heads.
// Calibration moves each number that the networks made to the place in the
// real distribution that its rank among its like gives it: who is larger than
// whom stays, and so does what goes together, while tails that the networks
// are slow to learn are reached from the start.
type ranks struct {
	Heads     []codec.NumberHead
	Quantiles [][]float32 // of each, ascending
	// Places are the mid-ranks of the quantiles, 0 to 1, where they are not all
	// values there were; nil where they are.
	Places [][]float64
}

// maxQuantiles is how many points of a real distribution are kept.
const maxQuantiles = 1024

// fitRanks learns the distributions of the numbers in rows of heads codes.
func fitRanks(heads []codec.NumberHead, width int, rows ...[]float32) ranks {
	r := ranks{Heads: heads, Quantiles: make([][]float32, len(heads)), Places: make([][]float64, len(heads))}
	for i, h := range heads {
		var xs []float32
		for _, row := range rows {
			for at := 0; at+width <= len(row); at += width {
				if h.Counts(row[at:]) {
					xs = append(xs, row[at+h.Head])
				}
			}
		}
		slices.Sort(xs)
		if n := len(xs); n > maxQuantiles {
			for k, at := range codec.Thinned(n, maxQuantiles) {
				xs[k] = xs[at]
				r.Places[i] = append(r.Places[i], (float64(at)+.5)/float64(n))
			}
			xs = xs[:maxQuantiles]
		}
		r.Quantiles[i] = xs
	}
	return r
}

// move gives the numbers in rows of codes, changed in place, the real
// distributions.
func (r *ranks) move(width int, rows ...[]float32) {
	atOnce(len(r.Heads), func(i int) {
		if len(r.Quantiles[i]) > 0 {
			r.moveOne(i, width, rows)
		}
	})
}

// moveOne gives the numbers of one head the real distribution.
func (r *ranks) moveOne(i, width int, rows [][]float32) {
	h, real := r.Heads[i], r.Quantiles[i]
	type number struct {
		value float32
		row   int32
		at    int32
	}
	var made []number
	for k, row := range rows {
		for at := 0; at+width <= len(row); at += width {
			if h.Counts(row[at:]) {
				made = append(made, number{row[at+h.Head], int32(k), int32(at + h.Head)})
			}
		}
	}
	slices.SortFunc(made, func(a, b number) int {
		return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.row, b.row), cmp.Compare(a.at, b.at))
	})
	for k, v := range made {
		lo, w := r.between(i, (float64(k)+.5)/float64(len(made)))
		hi := min(lo+1, len(real)-1)
		rows[v.row][v.at] = real[lo] + w*(real[hi]-real[lo])
	}
}

// between returns the last quantile of a head below a share of the
// distribution, and how far the share is on the way to the next.
func (r *ranks) between(head int, share float64) (lo int, way float32) {
	n := len(r.Quantiles[head])
	place := share*float64(n) - .5
	if head < len(r.Places) && r.Places[head] != nil {
		at := r.Places[head]
		if lo, _ = slices.BinarySearch(at, share); lo > 0 && lo < n {
			place = float64(lo-1) + (share-at[lo-1])/(at[lo]-at[lo-1])
		} else {
			place = float64(lo)
		}
	}
	lo = min(max(int(place), 0), n-1)
	return lo, float32(min(max(place-float64(lo), 0), 1))
}

// lengths are the real sessions of each class of length. Lengths are moved as
// numbers are: the longest of those made get the longest real lengths, so that
// the trace's size is met however little was learnt.
type lengths struct {
	Head   int
	Counts []int
}

func fitLengths(head, classes int, rows ...[]float32) lengths {
	l := lengths{Head: head, Counts: make([]int, classes)}
	for _, row := range rows {
		l.Counts[int(row[head])]++
	}
	return l
}

// move gives the rows of codes, changed in place, the real lengths.
func (l *lengths) move(rows [][]float32, r *rand.Rand) {
	total := 0
	for _, n := range l.Counts {
		total += n
	}
	order := r.Perm(len(rows)) // equal lengths in any order
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rows[a][l.Head], rows[b][l.Head]) })
	shift := r.Float64()
	class, below := 0, 0
	for k, i := range order {
		place := (float64(k) + shift) / float64(len(rows)) * float64(total)
		for class < len(l.Counts)-1 && place >= float64(below+l.Counts[class]) {
			below += l.Counts[class]
			class++
		}
		rows[i][l.Head] = float32(class)
	}
}

// strata are the classes of length, with the real trace's shares.
func (l *lengths) strata(candidates int) calibrate.Strata {
	s := calibrate.Strata{Of: make([]int, candidates), Shares: make([]float64, len(l.Counts))}
	for i, n := range l.Counts {
		s.Shares[i] = float64(n)
	}
	return s
}
