package task

import (
	"cmp"
	"math"
	"slices"
)

// Feature is one column of what models see.
type Feature struct {
	Name     string
	Category bool      // Values are codes from 0 to 31 without order
	Values   []float64 // by record; NaN where missing
}

// Records are what models learn from or are tested on.
type Records struct {
	Features []Feature
	Class    []int // from 0; nil where there is none
}

// Len is the number of records.
func (r Records) Len() int {
	if len(r.Features) == 0 {
		return len(r.Class)
	}
	return len(r.Features[0].Values)
}

const bins = 64 // of a number in trees and histograms

// binning cuts features as the records that it was made of have them.
type binning struct{ edges [][]float64 }

func newBinning(r Records) binning {
	b := binning{edges: make([][]float64, len(r.Features))}
	for f, feature := range r.Features {
		if feature.Category {
			continue
		}
		x := finite(feature.Values)
		for k := 1; k < bins-1 && len(x) > 0; k++ {
			v := x[k*len(x)/(bins-1)]
			if e := b.edges[f]; v > x[0] && (len(e) == 0 || v > e[len(e)-1]) {
				b.edges[f] = append(e, v)
			}
		}
	}
	return b
}

// finite returns the finite values, sorted.
func finite(x []float64) []float64 {
	out := slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	slices.Sort(out)
	return out
}

// of returns the bin of each value, feature by feature; what is missing has the
// last bin of a number, and the last code of a category.
func (b binning) of(r Records) [][]uint8 {
	out := make([][]uint8, len(r.Features))
	for f, feature := range r.Features {
		out[f] = make([]uint8, len(feature.Values))
		for i, v := range feature.Values {
			switch {
			case math.IsNaN(v):
				out[f][i] = bins - 1
			case feature.Category:
				out[f][i] = uint8(max(0, min(bins-2, v)))
			default:
				at, ok := slices.BinarySearch(b.edges[f], v)
				if ok {
					at++
				}
				out[f][i] = uint8(at)
			}
		}
	}
	return out
}

// design makes rows of numbers about 0 for models of sums and distances:
// standardised numbers, of heavy tails their logarithm, and a place for each of
// the 10 first codes of a category.
type design struct {
	log        []bool
	mean, sd   []float64
	categories []bool
	width      int
}

const designCodes = 10

func newDesign(r Records) design {
	n := len(r.Features)
	d := design{log: make([]bool, n), mean: make([]float64, n), sd: make([]float64, n), categories: make([]bool, n)}
	for f, feature := range r.Features {
		if d.categories[f] = feature.Category; feature.Category {
			d.width += designCodes
			continue
		}
		d.width++
		x := finite(feature.Values)
		if len(x) == 0 {
			d.sd[f] = 1
			continue
		}
		d.log[f] = x[0] >= 0 && x[len(x)-1] > 20*x[len(x)*3/4]
		var sum, squares float64
		for _, v := range x {
			v = d.scale(f, v)
			sum += v
			squares += v * v
		}
		d.mean[f] = sum / float64(len(x))
		if d.sd[f] = math.Sqrt(max(0, squares/float64(len(x))-d.mean[f]*d.mean[f])); d.sd[f] < 1e-9*(1+math.Abs(d.mean[f])) {
			d.sd[f] = 1
		}
	}
	return d
}

func (d design) scale(f int, v float64) float64 {
	if d.log[f] {
		return math.Log1p(max(0, v))
	}
	return v
}

// of returns the records as rows; what is missing is 0, the mean, and what is
// farther off than 20 deviations stands there.
func (d design) of(r Records) [][]float64 {
	out := make([][]float64, r.Len())
	for i := range out {
		row := make([]float64, 0, d.width)
		for f, feature := range r.Features {
			v := feature.Values[i]
			if d.categories[f] {
				at := len(row)
				row = row[:at+designCodes]
				if v >= 0 && v < designCodes {
					row[at+int(v)] = 1
				}
				continue
			}
			x := (d.scale(f, v) - d.mean[f]) / d.sd[f]
			if math.IsNaN(x) {
				x = 0
			}
			row = append(row, max(-20, min(20, x)))
		}
		out[i] = row
	}
	return out
}

// Spearman is the correlation of ranks of two lists, equal values sharing the
// mean of their ranks; NaN where a list is constant or shorter than two.
func Spearman(x, y []float64) float64 {
	a, b := ranks(x), ranks(y)
	n := float64(len(a))
	var xy, xx, yy float64
	for i := range a {
		u, v := a[i]-(n-1)/2, b[i]-(n-1)/2
		xy, xx, yy = xy+u*v, xx+u*u, yy+v*v
	}
	if !(xx > 0 && yy > 0) {
		return math.NaN()
	}
	return xy / math.Sqrt(xx*yy)
}

func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			out[k] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}
