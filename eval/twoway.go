package eval

import (
	"errors"
	"math/rand/v2"
	"slices"
)

// What pairs are counted by: values of at least twoWayShare of the real records are
// a class each, at most twoWayTop of a column, and other numbers are cut into
// twoWayBins with as many real records each.
const (
	twoWayShare = .05
	twoWayTop   = 6
	twoWayBins  = 4
)

// TwoWay is the mean, over all pairs of columns that both traces have, of the
// total variation between the real and the synthetic trace's counts of the pair,
// 0 to 1: columns in few classes each, so that it says how much of the
// dependence between columns is there, and little of rare values.
type TwoWay struct {
	Value       float64 `json:"value"`
	Half        float64 `json:"half"`        // of one half of the real trace against the other
	Independent float64 `json:"independent"` // of the real trace with its columns drawn each on its own
}

// TwoWayOf measures a synthetic trace. It fails where there is no pair of
// columns or no record.
func TwoWayOf(real, synth *Trace, seed uint64) (*TwoWay, error) {
	fields, r, s, _ := match(real, synth)
	if len(fields) < 2 || r.rows < 2 || s.rows == 0 {
		return nil, errors.New("two-way total variation needs two columns that both traces have, and records on both sides")
	}
	order := rand.New(rand.NewPCG(seed, 0x747761)).Perm(r.rows)
	one, other := r.take(order[:len(order)/2]), r.take(order[len(order)/2:])
	return &TwoWay{
		Value: twoWay(fields, r, s), Half: twoWay(fields, one, other),
		Independent: twoWay(fields, r, r.independent(rand.New(rand.NewPCG(seed, 0x696e64)))),
	}, nil
}

// take returns some rows.
func (s *side) take(rows []int) *side {
	out := &side{rows: len(rows), numbers: make([][]float64, len(s.numbers)), codes: make([][]int32, len(s.codes))}
	for f := range s.numbers {
		for _, i := range rows {
			if s.codes[f] != nil {
				out.codes[f] = append(out.codes[f], s.codes[f][i])
			} else {
				out.numbers[f] = append(out.numbers[f], s.numbers[f][i])
			}
		}
	}
	return out
}

func twoWay(fields []field, r, s *side) float64 {
	type column struct {
		r, s    []uint8
		classes int
	}
	columns := make([]column, len(fields))
	for f := range fields {
		if c := &columns[f]; r.codes[f] != nil {
			counts := make([]float64, fields[f].slot()+1)
			for _, v := range r.codes[f] {
				counts[v]++
			}
			for i := range counts {
				if counts[i] < twoWayShare*float64(r.rows) {
					counts[i] = 0
				}
			}
			small := newSmall(counts, twoWayTop)
			c.r, c.s, c.classes = small.of(r.codes[f]), small.of(s.codes[f]), small.codes
		} else {
			b := newTwoWayBins(r.numbers[f], fields[f].time)
			c.r, c.s, c.classes = b.of(r.numbers[f]), b.of(s.numbers[f]), len(b.atoms)+len(b.edges)+2
		}
	}
	sum, pairs := 0.0, 0
	for i := range columns {
		for j := range columns[:i] {
			a, b := columns[i], columns[j]
			d := make([]float64, a.classes*b.classes)
			for k := range a.r {
				d[int(a.r[k])*b.classes+int(b.r[k])] += 1 / float64(r.rows)
			}
			for k := range a.s {
				d[int(a.s[k])*b.classes+int(b.s[k])] -= 1 / float64(s.rows)
			}
			tv := 0.0
			for _, x := range d {
				tv += max(x, -x) / 2
			}
			sum += tv
			pairs++
		}
	}
	return sum / float64(pairs)
}

// twoWayClasses are the classes of a column of numbers: missing, frequent
// values, bins of the others.
type twoWayClasses struct{ atoms, edges []float64 }

func newTwoWayBins(x []float64, time bool) twoWayClasses {
	sorted := slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return !finite(v) })
	slices.Sort(sorted)
	var b twoWayClasses
	type run struct {
		v float64
		n int
	}
	var runs []run
	for _, v := range sorted {
		if k := len(runs) - 1; k >= 0 && runs[k].v == v {
			runs[k].n++
		} else {
			runs = append(runs, run{v, 1})
		}
	}
	slices.SortStableFunc(runs, func(a, b run) int { return b.n - a.n })
	for _, u := range runs[:min(len(runs), twoWayTop)] {
		if float64(u.n) >= twoWayShare*float64(len(x)) && !time {
			b.atoms = append(b.atoms, u.v)
		}
	}
	rest := slices.DeleteFunc(sorted, func(v float64) bool { return slices.Contains(b.atoms, v) })
	for i := 1; i < twoWayBins && len(rest) > 0; i++ {
		b.edges = append(b.edges, rest[i*len(rest)/twoWayBins])
	}
	return b
}

func (b twoWayClasses) of(x []float64) []uint8 {
	out := make([]uint8, len(x))
	for i, v := range x {
		if !finite(v) {
			continue
		}
		if k := slices.Index(b.atoms, v); k >= 0 {
			out[i] = uint8(1 + k)
			continue
		}
		k := 0
		for k < len(b.edges) && v >= b.edges[k] {
			k++
		}
		out[i] = uint8(1 + len(b.atoms) + k)
	}
	return out
}
