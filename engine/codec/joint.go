package codec

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
)

// Joint codes several classed fields as one category over the combinations
// seen, so that a protocol keeps to its ports and a code to its name. The
// combinations that were seen too seldom, or that there are too many of, share
// a last class, whose fields are drawn each on its own.
type Joint struct {
	Tuples [][]int32 // a class of each field
	Rest   []Margin  // of each field in the other combinations; nil where there are none

	index map[string]int
}

// Margin is how often the classes of a field occur.
type Margin struct {
	Classes []int32
	Counts  []int32
}

func (m *Margin) draw(r *rand.Rand) int32 {
	total := 0
	for _, n := range m.Counts {
		total += int(n)
	}
	u := int32(r.IntN(total))
	for i, n := range m.Counts {
		if u -= n; u < 0 {
			return m.Classes[i]
		}
	}
	return m.Classes[0]
}

func tupleKey(classes []int32) string {
	b := make([]byte, 0, 4*len(classes))
	for _, c := range classes {
		b = binary.LittleEndian.AppendUint32(b, uint32(c))
	}
	return string(b)
}

// fitJoint returns the joint code of the fields' classes, given a column for
// each field: a class for each of the limit most frequent combinations seen
// least times or more. covered is the share of rows that they hold.
func fitJoint(columns [][]int32, limit, least int) (j *Joint, covered float64) {
	rows := len(columns[0])
	counts := map[string]int{}
	row := make([]int32, len(columns))
	at := func(i int) []int32 {
		for f := range columns {
			row[f] = columns[f][i]
		}
		return row
	}
	for i := range rows {
		counts[tupleKey(at(i))]++
	}
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if n := counts[b] - counts[a]; n != 0 {
			return n
		}
		if a < b {
			return -1
		}
		return 1
	})
	j = &Joint{}
	kept := 0
	for _, k := range keys {
		if len(j.Tuples) >= limit-1 && len(keys) > limit || counts[k] < least {
			break
		}
		t := make([]int32, len(columns))
		for f := range t {
			t[f] = int32(binary.LittleEndian.Uint32([]byte(k[4*f:])))
		}
		j.Tuples = append(j.Tuples, t)
		kept += counts[k]
	}
	if kept < rows {
		j.Rest = make([]Margin, len(columns))
		rest := make([]map[int32]int32, len(columns))
		for f := range rest {
			rest[f] = map[int32]int32{}
		}
		for i := range rows {
			if t := at(i); j.class(t) == len(j.Tuples) {
				for f, c := range t {
					rest[f][c]++
				}
			}
		}
		for f, m := range rest {
			for c := range m {
				j.Rest[f].Classes = append(j.Rest[f].Classes, c)
			}
			slices.Sort(j.Rest[f].Classes)
			for _, c := range j.Rest[f].Classes {
				j.Rest[f].Counts = append(j.Rest[f].Counts, m[c])
			}
		}
	}
	return j, float64(kept) / float64(max(1, rows))
}

func (j *Joint) size() int { return len(j.Tuples) + boolInt(j.Rest != nil) }

// class returns the class of a combination: that of its own, or the last, or,
// where there is none of those, the class that agrees with it in most fields.
func (j *Joint) class(cs []int32) int {
	if j.index == nil {
		j.index = make(map[string]int, len(j.Tuples))
		for i, t := range j.Tuples {
			j.index[tupleKey(t)] = i
		}
	}
	if i, ok := j.index[tupleKey(cs)]; ok {
		return i
	}
	if j.Rest != nil {
		return len(j.Tuples)
	}
	best, agree := 0, -1
	for i, t := range j.Tuples {
		n := 0
		for f, c := range t {
			n += boolInt(c == cs[f])
		}
		if n > agree {
			best, agree = i, n
		}
	}
	return best
}

// draw writes the classes of the fields for a class of combinations.
func (j *Joint) draw(class int, classes []int32, r *rand.Rand) {
	if class < len(j.Tuples) {
		copy(classes, j.Tuples[class])
		return
	}
	for f := range classes {
		classes[f] = j.Rest[f].draw(r)
	}
}

// may reports whether a field can be of a class in a class of combinations.
func (j *Joint) may(class, field int, c int32) bool {
	if class < len(j.Tuples) {
		return j.Tuples[class][field] == c
	}
	return slices.Contains(j.Rest[field].Classes, c)
}
