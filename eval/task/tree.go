package task

import (
	"math"
	"math/rand/v2"
)

// tree predicts a vector by cuts of binned features. Its splits lower the
// squared error of all the vector's places together; of one-hot classes that is
// Gini's impurity, so that it serves for classes and for residuals.
// Source: Breiman et al. 1984.
type tree struct {
	feature     []int // -1 in a leaf
	bin         []uint8
	left, right []int32
	value       [][]float64
}

type treeOptions struct {
	depth, least int
	features     int // that a split chooses from; 0 for all
	rng          *rand.Rand
}

// grow fits a tree to the targets of some rows, [row][place].
func grow(x [][]uint8, target [][]float64, rows []int32, o treeOptions) *tree {
	t := &tree{}
	t.node(x, target, rows, o, 0)
	return t
}

func (t *tree) node(x [][]uint8, target [][]float64, rows []int32, o treeOptions, depth int) int32 {
	k := len(target[0])
	mean := make([]float64, k)
	for _, i := range rows {
		for c, v := range target[i] {
			mean[c] += v
		}
	}
	n := float64(len(rows))
	parent := 0.0
	for c := range mean {
		parent += mean[c] * mean[c] / n
	}
	id := int32(len(t.feature))
	t.feature, t.bin = append(t.feature, -1), append(t.bin, 0)
	t.left, t.right = append(t.left, 0), append(t.right, 0)
	sum := mean
	mean = make([]float64, k)
	for c := range mean {
		mean[c] = sum[c] / n
	}
	t.value = append(t.value, mean)
	if depth == o.depth || len(rows) < 2*o.least {
		return id
	}
	choose := make([]int, len(x))
	for f := range choose {
		choose[f] = f
	}
	if o.features > 0 && o.features < len(x) {
		o.rng.Shuffle(len(choose), func(i, j int) { choose[i], choose[j] = choose[j], choose[i] })
		choose = choose[:o.features]
	}
	best, bestF, bestBin := parent*(1+1e-12)+1e-9, -1, uint8(0)
	sums, counts := make([]float64, bins*k), make([]float64, bins)
	low := make([]float64, k)
	for _, f := range choose {
		clear(sums)
		clear(counts)
		for _, i := range rows {
			b := int(x[f][i])
			counts[b]++
			for c, v := range target[i] {
				sums[b*k+c] += v
			}
		}
		clear(low)
		var nl float64
		for b := range bins - 1 {
			if counts[b] == 0 {
				continue
			}
			nl += counts[b]
			gain, nr := 0.0, n-nl
			for c := range low {
				low[c] += sums[b*k+c]
				gain += low[c]*low[c]/nl + (sum[c]-low[c])*(sum[c]-low[c])/max(nr, 1)
			}
			if nl >= float64(o.least) && nr >= float64(o.least) && gain > best {
				best, bestF, bestBin = gain, f, uint8(b)
			}
		}
	}
	if bestF < 0 {
		return id
	}
	var l, r []int32
	for _, i := range rows {
		if x[bestF][i] <= bestBin {
			l = append(l, i)
		} else {
			r = append(r, i)
		}
	}
	t.feature[id], t.bin[id] = bestF, bestBin
	left := t.node(x, target, l, o, depth+1)
	right := t.node(x, target, r, o, depth+1)
	t.left[id], t.right[id] = left, right
	return id
}

// predict is the vector of a row.
func (t *tree) predict(x [][]uint8, row int) []float64 {
	id := int32(0)
	for t.feature[id] >= 0 {
		if x[t.feature[id]][row] <= t.bin[id] {
			id = t.left[id]
		} else {
			id = t.right[id]
		}
	}
	return t.value[id]
}

func oneHot(class []int, classes int) [][]float64 {
	out := make([][]float64, len(class))
	for i, c := range class {
		out[i] = make([]float64, classes)
		out[i][c] = 1
	}
	return out
}

func allRows(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

func largest(x []float64) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// softmax turns odds into shares in place.
func softmax(x []float64) {
	top, sum := x[largest(x)], 0.0
	for i := range x {
		x[i] = math.Exp(x[i] - top)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}
