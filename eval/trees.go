package eval

import (
	"cmp"
	"math"
	"slices"
)

// The gradient-boosted trees of the detector: histograms of at most 32 bins,
// logistic loss, second-order leaves. Source: Friedman 2001; Chen and Guestrin
// 2016, section 3.
const (
	treeBins   = 32
	treeRounds = 30
	treeDepth  = 3
	treeRate   = 0.3
	treeL2     = 1.0
	treeLeast  = 5.0 // least sum of hessians times four in a leaf
)

// boost fits trees to the training rows and writes the log odds of label 1 of
// every row to score; gain sums each feature's loss reduction.
func boost(bins [][]uint8, label []float64, train []int32, score, gain []float64) {
	for i := range score {
		score[i] = 0
	}
	n := len(score)
	node := make([]uint8, n)
	g, h := make([]float64, n), make([]float64, n)
	const nodes = 1 << treeDepth
	for range treeRounds {
		for i := range node {
			node[i] = 0
		}
		for _, i := range train {
			p := 1 / (1 + math.Exp(-score[i]))
			g[i], h[i] = p-label[i], p*(1-p)
		}
		for depth := range treeDepth {
			splits := bestSplits(bins, train, node, g, h, 1<<depth, gain)
			for i := range node {
				s := splits[node[i]]
				right := uint8(0)
				if s.feature >= 0 && bins[s.feature][i] > s.bin {
					right = 1
				}
				node[i] = node[i]<<1 | right
			}
		}
		var sumG, sumH [nodes]float64
		for _, i := range train {
			sumG[node[i]] += g[i]
			sumH[node[i]] += h[i]
		}
		for i := range score {
			score[i] -= treeRate * sumG[node[i]] / (sumH[node[i]] + treeL2)
		}
	}
}

// split sends rows of a node with more than bin of feature to the right; a
// feature of -1 sends none.
type split struct {
	feature int
	bin     uint8
}

func bestSplits(bins [][]uint8, rows []int32, node []uint8, g, h []float64, nodes int, gain []float64) []split {
	out := make([]split, nodes)
	best := make([]float64, nodes)
	for k := range out {
		out[k].feature = -1
	}
	var sumG, sumH [1 << treeDepth][treeBins]float64
	for f, b := range bins {
		for k := range nodes {
			sumG[k], sumH[k] = [treeBins]float64{}, [treeBins]float64{}
		}
		for _, i := range rows {
			sumG[node[i]][b[i]] += g[i]
			sumH[node[i]][b[i]] += h[i]
		}
		for k := range nodes {
			var allG, allH float64
			for j := range treeBins {
				allG += sumG[k][j]
				allH += sumH[k][j]
			}
			var lg, lh float64
			for j := range treeBins - 1 {
				lg += sumG[k][j]
				lh += sumH[k][j]
				rg, rh := allG-lg, allH-lh
				if lh*4 < treeLeast || rh*4 < treeLeast {
					continue
				}
				v := lg*lg/(lh+treeL2) + rg*rg/(rh+treeL2) - allG*allG/(allH+treeL2)
				if v > best[k]+1e-9 {
					best[k], out[k] = v, split{f, uint8(j)}
				}
			}
		}
	}
	for k, s := range out {
		if s.feature >= 0 {
			gain[s.feature] += best[k]
		}
	}
	return out
}

// areaUnderROC is the probability that a row of label 1 scores above one of
// label 0, ties counting half; NaN where a label is absent.
func areaUnderROC(score, label []float64, rows []int32) float64 {
	order := slices.Clone(rows)
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(score[a], score[b]) })
	var ones, zeros, wins float64
	for i := 0; i < len(order); {
		j := i
		var z, o float64
		for j < len(order) && score[order[j]] == score[order[i]] {
			if label[order[j]] == 1 {
				o++
			} else {
				z++
			}
			j++
		}
		wins += o * (zeros + z/2)
		ones += o
		zeros += z
		i = j
	}
	if ones == 0 || zeros == 0 {
		return math.NaN()
	}
	return wins / ones / zeros
}
