package task

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Anomalies is the share of records that detectors which learnt real records
// take for anomalies.
type Anomalies struct {
	Expected  float64        `json:"expected"` // share of what they learnt
	Trained   int            `json:"trained"`  // real records
	Tested    int            `json:"tested"`   // further real records
	Made      int            `json:"made"`     // synthetic ones
	Detectors []AnomalyShare `json:"detectors"`
	Rank      *float64       `json:"rank,omitempty"` // Spearman's correlation over the detectors; nil where one side is constant
}

// AnomalyShare is the share of records that a detector takes for anomalies.
type AnomalyShare struct {
	Detector  string  `json:"detector"`
	Real      float64 `json:"real"`
	Synthetic float64 `json:"synthetic"`
}

// anomalous is the share of the records learnt from that count as anomalies.
const anomalous = .05

// scorer learns records and returns how odd others are, the odder the larger.
type scorer func(learnt Records, rng *rand.Rand) func(Records) []float64

func scorers() []struct {
	name string
	fit  scorer
} {
	return []struct {
		name string
		fit  scorer
	}{
		{"isolation forest", isolation},
		{"nearest neighbours", neighbours},
		{"principal components", components},
		{"Mahalanobis distance", mahalanobis},
		{"histograms", histograms},
	}
}

// Detect lets each detector learn real records, with the threshold beyond which
// 5 % of them lie, and counts what of further real and of synthetic records lies
// beyond it. It errs where ctx ends.
func Detect(ctx context.Context, learnt, real, synth Records, seed uint64) (Anomalies, error) {
	all := scorers()
	out := Anomalies{Expected: anomalous, Trained: learnt.Len(), Tested: real.Len(), Made: synth.Len(), Detectors: make([]AnomalyShare, len(all))}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i, s := range all {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			// Of what was learnt by heart, half sets the threshold for the rest.
			fit, held := part(learnt, 0), part(learnt, 1)
			score := s.fit(fit, rand.New(rand.NewPCG(seed, uint64(i))))
			known := score(held)
			slices.Sort(known)
			limit := known[min(len(known)-1, int((1-anomalous)*float64(len(known))))]
			beyond := func(r Records) float64 {
				n := 0
				for _, v := range score(r) {
					if v > limit {
						n++
					}
				}
				return float64(n) / float64(max(1, r.Len()))
			}
			out.Detectors[i] = AnomalyShare{s.name, beyond(real), beyond(synth)}
		})
	}
	wg.Wait()
	var a, b []float64
	for _, d := range out.Detectors {
		a, b = append(a, d.Real), append(b, d.Synthetic)
	}
	out.Rank = orNone(Spearman(a, b))
	return out, context.Cause(ctx)
}

// part is every second record.
func part(r Records, odd int) Records {
	var out Records
	for _, f := range r.Features {
		var v []float64
		for i := odd; i < len(f.Values); i += 2 {
			v = append(v, f.Values[i])
		}
		f.Values = v
		out.Features = append(out.Features, f)
	}
	return out
}

// isolation is an isolation forest: the fewer random cuts a record takes to
// stand alone, the odder it is. Source: Liu, Ting and Zhou 2008.
func isolation(learnt Records, rng *rand.Rand) func(Records) []float64 {
	const trees, sample = 100, 256
	d := newDesign(learnt)
	x := d.of(learnt)
	type node struct {
		feature     int // -1 in a leaf
		at          float64
		left, right int
		size        int
	}
	var forest [][]node
	var grow func(nodes *[]node, rows []int, depth int) int
	grow = func(nodes *[]node, rows []int, depth int) int {
		id := len(*nodes)
		*nodes = append(*nodes, node{feature: -1, size: len(rows)})
		if len(rows) < 2 || depth == 8 {
			return id
		}
		for range 8 { // a feature that varies
			f := rng.IntN(d.width)
			lo, hi := math.Inf(1), math.Inf(-1)
			for _, i := range rows {
				lo, hi = min(lo, x[i][f]), max(hi, x[i][f])
			}
			if lo == hi {
				continue
			}
			at := lo + rng.Float64()*(hi-lo)
			var l, r []int
			for _, i := range rows {
				if x[i][f] <= at {
					l = append(l, i)
				} else {
					r = append(r, i)
				}
			}
			left := grow(nodes, l, depth+1)
			right := grow(nodes, r, depth+1)
			(*nodes)[id] = node{feature: f, at: at, left: left, right: right}
			break
		}
		return id
	}
	for range trees {
		rows := rng.Perm(len(x))
		var nodes []node
		grow(&nodes, rows[:min(sample, len(rows))], 0)
		forest = append(forest, nodes)
	}
	// rest is the mean depth of a search tree of n records.
	rest := func(n int) float64 {
		if n < 2 {
			return 0
		}
		return 2*(math.Log(float64(n-1))+.5772156649) - 2*float64(n-1)/float64(n)
	}
	return func(r Records) []float64 {
		out := make([]float64, r.Len())
		for i, row := range d.of(r) {
			for _, nodes := range forest {
				id, depth := 0, 0.0
				for nodes[id].feature >= 0 {
					depth++
					if row[nodes[id].feature] <= nodes[id].at {
						id = nodes[id].left
					} else {
						id = nodes[id].right
					}
				}
				out[i] -= depth + rest(nodes[id].size)
			}
		}
		return out
	}
}

// neighbours is the distance to the fifth nearest of at most 1,000 learnt
// records. Source: Ramaswamy, Rastogi and Shim 2000.
func neighbours(learnt Records, rng *rand.Rand) func(Records) []float64 {
	const most, nearest = 1000, 5
	d := newDesign(learnt)
	all := d.of(learnt)
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:min(most, len(all))]
	return func(r Records) []float64 {
		out := make([]float64, r.Len())
		for i, row := range d.of(r) {
			var near [nearest]float64
			for k := range near {
				near[k] = math.Inf(1)
			}
			for _, other := range all {
				var sum float64
				for k, v := range row {
					sum += (v - other[k]) * (v - other[k])
					if sum >= near[nearest-1] {
						break
					}
				}
				for k := range near {
					if sum < near[k] {
						copy(near[k+1:], near[k:nearest-1])
						near[k] = sum
						break
					}
				}
			}
			out[i] = near[min(nearest, len(all))-1]
		}
		return out
	}
}

// centred returns the records as a matrix with the means of its columns.
func centred(x [][]float64) (m *mat.Dense, mean []float64) {
	mean = make([]float64, len(x[0]))
	for _, row := range x {
		for k, v := range row {
			mean[k] += v / float64(len(x))
		}
	}
	m = mat.NewDense(len(x), len(mean), nil)
	for i, row := range x {
		for k, v := range row {
			m.Set(i, k, v-mean[k])
		}
	}
	return m, mean
}

// components is what the principal components that hold 90 % of the variance
// leave of a record. Source: Shyu et al. 2003.
func components(learnt Records, _ *rand.Rand) func(Records) []float64 {
	d := newDesign(learnt)
	m, mean := centred(d.of(learnt))
	var pc stat.PC
	if !pc.PrincipalComponents(m, nil) {
		return func(r Records) []float64 { return make([]float64, r.Len()) }
	}
	var all, kept float64
	variances := pc.VarsTo(nil)
	for _, v := range variances {
		all += v
	}
	n := 0
	for n < len(variances) && kept < .9*all {
		kept += variances[n]
		n++
	}
	var vectors mat.Dense
	pc.VectorsTo(&vectors)
	return func(r Records) []float64 {
		out := make([]float64, r.Len())
		for i, row := range d.of(r) {
			for k := range row {
				row[k] -= mean[k]
				out[i] += row[k] * row[k]
			}
			for k := range n {
				var along float64
				for j, v := range row {
					along += v * vectors.At(j, k)
				}
				out[i] -= along * along
			}
		}
		return out
	}
}

// mahalanobis is the distance from the mean in deviations of a normal
// distribution. Source: Mahalanobis 1936.
func mahalanobis(learnt Records, _ *rand.Rand) func(Records) []float64 {
	d := newDesign(learnt)
	m, mean := centred(d.of(learnt))
	n := len(mean)
	cov := mat.NewSymDense(n, nil)
	stat.CovarianceMatrix(cov, m, nil)
	for k := range n { // what never varies would make it singular
		cov.SetSym(k, k, cov.At(k, k)+1e-3)
	}
	var chol mat.Cholesky
	if !chol.Factorize(cov) {
		return func(r Records) []float64 { return make([]float64, r.Len()) }
	}
	return func(r Records) []float64 {
		out := make([]float64, r.Len())
		zero := mat.NewVecDense(n, nil)
		for i, row := range d.of(r) {
			for k := range row {
				row[k] -= mean[k]
			}
			out[i] = stat.Mahalanobis(mat.NewVecDense(n, row), zero, &chol)
		}
		return out
	}
}

// histograms is the sum over features of how rare a record's bin is. Source:
// HBOS, Goldstein and Dengel 2012.
func histograms(learnt Records, _ *rand.Rand) func(Records) []float64 {
	b := newBinning(learnt)
	x := b.of(learnt)
	rare := make([][bins]float64, len(x))
	lo, hi := make([]float64, len(x)), make([]float64, len(x))
	for f, values := range x {
		if known := finite(learnt.Features[f].Values); len(known) > 0 {
			lo[f], hi[f] = known[0], known[len(known)-1]
		}
		var counts, width [bins]float64
		for _, v := range values {
			counts[v]++
		}
		for k := range width { // bins of equal count say nothing: density does
			width[k] = 1
			if e := b.edges[f]; k > 0 && k < len(e) {
				width[k] = e[k] - e[k-1]
			}
		}
		typical := slices.Clone(width[:])
		slices.SortFunc(typical, cmp.Compare[float64])
		for k := range counts {
			rare[f][k] = -math.Log((counts[k]+.5)/float64(len(values)+1)) + math.Log(max(width[k]/max(typical[bins/2], 1e-300), 1))
		}
	}
	return func(r Records) []float64 {
		out := make([]float64, r.Len())
		for f, values := range b.of(r) {
			for i, v := range values {
				out[i] += rare[f][v]
				if x := r.Features[f].Values[i]; x < lo[f] || x > hi[f] { // in no bin at all
					out[i] += math.Log(float64(2 * (learnt.Len() + 1)))
				}
			}
		}
		return out
	}
}
