package task

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Sketching is how far sketches of the same size are off on heavy hitters of the
// real and of the synthetic trace.
type Sketching struct {
	Key       string        `json:"key"`      // what is counted, and by what
	Counters  int           `json:"counters"` // of each sketch
	Threshold float64       `json:"threshold"`
	Hitters   [2]int        `json:"hitters"` // keys with at least Threshold of the weight: real, synthetic
	Sketches  []SketchError `json:"sketches"`
	Rank      *float64      `json:"rank,omitempty"` // Spearman's correlation over the sketches; nil where one side is constant
}

// SketchError is the mean of |estimate - true| / true over the heavy hitters.
type SketchError struct {
	Sketch    string  `json:"sketch"`
	Real      float64 `json:"real"`
	Synthetic float64 `json:"synthetic"`
}

// sketchRuns is how many draws of the hash functions an error is the mean of.
const sketchRuns = 5

// sketch sums weights by key and estimates the sum of one.
type sketch interface {
	add(key uint64, weight float64)
	estimate(key uint64) float64
}

func sketches() []struct {
	name string
	make func(counters int, rng *rand.Rand) sketch
} {
	return []struct {
		name string
		make func(counters int, rng *rand.Rand) sketch
	}{
		{"Count-Min", func(n int, r *rand.Rand) sketch { return newRows(n, false, r) }},
		{"Count Sketch", func(n int, r *rand.Rand) sketch { return newRows(n, true, r) }},
		{"universal", func(n int, r *rand.Rand) sketch { return newUniversal(n, r) }},
	}
}

// Sketch estimates the heavy hitters of two traces, each given as the weight of
// each key, in the order of the keys. Heavy are keys with at least a share of
// threshold, and at most the 100 heaviest. Sketches have half as many
// counters as the real trace has keys, at least 256 and at most 8,192, so that
// keys have to share them.
func Sketch(real, synth []float64, threshold float64, seed uint64) Sketching {
	out := Sketching{Threshold: threshold, Counters: max(256, min(8192, len(real)/2))}
	sides := [2][]float64{real, synth}
	heavy := [2][]int{hitters(real, threshold), hitters(synth, threshold)}
	out.Hitters = [2]int{len(heavy[0]), len(heavy[1])}
	var a, b []float64
	for i, s := range sketches() {
		var off [2]float64
		for side, weights := range sides {
			for run := range sketchRuns {
				k := s.make(out.Counters, rand.New(rand.NewPCG(seed, uint64(100*i+run))))
				for key, w := range weights {
					if w > 0 {
						k.add(uint64(key), w)
					}
				}
				var sum float64
				for _, key := range heavy[side] {
					sum += math.Abs(k.estimate(uint64(key))-weights[key]) / weights[key]
				}
				off[side] += sum / float64(max(1, len(heavy[side]))) / sketchRuns
			}
		}
		out.Sketches = append(out.Sketches, SketchError{s.name, off[0], off[1]})
		a, b = append(a, off[0]), append(b, off[1])
	}
	out.Rank = orNone(Spearman(a, b))
	return out
}

// hitters are the keys with at least a share of the weight, the heaviest first.
func hitters(weights []float64, threshold float64) []int {
	var total float64
	for _, w := range weights {
		total += w
	}
	var out []int
	for key, w := range weights {
		if w > 0 && w >= threshold*total {
			out = append(out, key)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	return out[:min(len(out), 100)]
}

// hash is a seeded hash of a key (the finaliser of splitmix64).
func hash(key, seed uint64) uint64 {
	z := key*0x9E3779B97F4A7C15 + seed
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// rows is a table of counters, a row for each hash function: a Count-Min sketch
// (Cormode and Muthukrishnan 2005), or with signs a Count Sketch (Charikar et
// al. 2002).
type rows struct {
	signed bool
	seeds  []uint64
	counts [][]float64
}

const sketchRows = 4

func newRows(counters int, signed bool, rng *rand.Rand) *rows {
	r := &rows{signed: signed}
	for range sketchRows {
		r.seeds = append(r.seeds, rng.Uint64())
		r.counts = append(r.counts, make([]float64, max(1, counters/sketchRows)))
	}
	return r
}

// place is a key's counter in a row, and its sign.
func (r *rows) place(i int, key uint64) (at int, sign float64) {
	h := hash(key, r.seeds[i])
	if sign = 1; r.signed && h>>63 == 1 {
		sign = -1
	}
	return int(h & (1<<62 - 1) % uint64(len(r.counts[i]))), sign
}

func (r *rows) add(key uint64, weight float64) {
	for i := range r.counts {
		at, sign := r.place(i, key)
		r.counts[i][at] += sign * weight
	}
}

func (r *rows) estimate(key uint64) float64 {
	found := make([]float64, len(r.counts))
	for i := range found {
		at, sign := r.place(i, key)
		found[i] = sign * r.counts[i][at]
	}
	if !r.signed {
		return slices.Min(found)
	}
	slices.Sort(found)
	n := len(found)
	return max(0, (found[(n-1)/2]+found[n/2])/2)
}

// universal is a sketch that serves many statistics: a Count Sketch of all keys,
// one of a half of them, one of a quarter and so on, of which the deepest that a
// key is in knows it best. Source: UnivMon (Liu et al., SIGCOMM 2016).
type universal struct {
	seed   uint64
	levels []*rows
}

const universalLevels = 4

func newUniversal(counters int, rng *rand.Rand) *universal {
	u := &universal{seed: rng.Uint64()}
	for range universalLevels {
		u.levels = append(u.levels, newRows(counters/universalLevels, true, rng))
	}
	return u
}

// depth is the deepest level that a key is in.
func (u *universal) depth(key uint64) int {
	h, d := hash(key, u.seed), 0
	for d < len(u.levels)-1 && h>>d&1 == 1 {
		d++
	}
	return d
}

func (u *universal) add(key uint64, weight float64) {
	for d := range u.depth(key) + 1 {
		u.levels[d].add(key, weight)
	}
}

func (u *universal) estimate(key uint64) float64 {
	return u.levels[u.depth(key)].estimate(key)
}
