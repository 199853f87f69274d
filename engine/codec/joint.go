package codec

import (
	"fmt"
	"slices"
)

// Joint codes several classed fields as one category over the combinations
// seen, so that a protocol keeps to its ports and a code to its name.
type Joint struct {
	Tuples [][]int32 // a class of each field

	index map[string]int
}

// fitJoint returns the joint code of the fields' classes, one row per field,
// or nil where more than limit combinations were seen.
func fitJoint(classes [][]int32, limit int) *Joint {
	counts := map[string]int{}
	tuples := map[string][]int32{}
	for i := range classes[0] {
		t := make([]int32, len(classes))
		for f := range classes {
			t[f] = classes[f][i]
		}
		k := fmt.Sprint(t)
		counts[k]++
		tuples[k] = t
		if len(counts) > limit {
			return nil
		}
	}
	j := &Joint{}
	for _, t := range tuples {
		j.Tuples = append(j.Tuples, t)
	}
	slices.SortFunc(j.Tuples, func(a, b []int32) int {
		if n := counts[fmt.Sprint(b)] - counts[fmt.Sprint(a)]; n != 0 {
			return n
		}
		return slices.Compare(a, b)
	})
	return j
}

func (j *Joint) size() int { return len(j.Tuples) }

// class returns the class of a combination; one never seen is of the class
// that agrees with it in most fields.
func (j *Joint) class(cs []int) int {
	if j.index == nil {
		j.index = map[string]int{}
		for i, t := range j.Tuples {
			j.index[fmt.Sprint(t)] = i
		}
	}
	if i, ok := j.index[fmt.Sprint(cs)]; ok {
		return i
	}
	best, agree := 0, -1
	for i, t := range j.Tuples {
		n := 0
		for f, c := range t {
			if int(c) == cs[f] {
				n++
			}
		}
		if n > agree {
			best, agree = i, n
		}
	}
	return best
}
