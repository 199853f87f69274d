package codec

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
)

// Joint codes several classed fields as one category over the combinations
// seen, so that a protocol keeps to its ports and a code to its name. The
// combinations that were seen too seldom, or that there are too many of, share
// a last class. Of these, fields that could name somebody together are drawn
// each on its own, and the others as they were seen together.
type Joint struct {
	Tuples [][]int32 // a class of each field

	// Rest are the other combinations of the fields that are drawn together, -1
	// in the place of each that is not, and Counts how often each was seen; nil
	// where there are none. Margins are of the fields drawn on their own.
	Rest    [][]int32
	Counts  []int32
	Margins []Margin

	index map[string]int
}

// maxRest bounds the other combinations that are kept.
const maxRest = 4096

// Margin is how often the classes of a field occur.
type Margin struct {
	Classes []int32
	Counts  []int32
}

// weighted draws an index with the weights of counts.
func weighted(counts []int32, r *rand.Rand) int {
	total := 0
	for _, n := range counts {
		total += int(n)
	}
	u := int32(r.IntN(total))
	for i, n := range counts {
		if u -= n; u < 0 {
			return i
		}
	}
	return 0
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
// apart says of each field whether it is drawn on its own in the others; nil
// for none.
func fitJoint(columns [][]int32, apart []bool, limit, least int) (j *Joint, covered float64) {
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
		j.fitRest(columns, apart)
	}
	return j, float64(kept) / float64(max(1, rows))
}

// fitRest learns the combinations that have no class of their own.
func (j *Joint) fitRest(columns [][]int32, apart []bool) {
	if apart == nil {
		apart = make([]bool, len(columns))
	}
	margins := make([]map[int32]int32, len(columns))
	for f := range margins {
		margins[f] = map[int32]int32{}
	}
	counts := map[string]int32{}
	tuples := map[string][]int32{}
	t := make([]int32, len(columns))
	for i := range columns[0] {
		for f := range columns {
			t[f] = columns[f][i]
		}
		if _, own := j.own(t); own {
			continue
		}
		for f, c := range t {
			if apart[f] {
				margins[f][c]++
				t[f] = -1
			}
		}
		k := tupleKey(t)
		if counts[k]++; counts[k] == 1 {
			tuples[k] = slices.Clone(t)
		}
	}
	for k, t := range tuples {
		if counts[k] > 0 {
			j.Rest = append(j.Rest, t)
		}
	}
	slices.SortFunc(j.Rest, func(a, b []int32) int {
		return cmp.Or(cmp.Compare(counts[tupleKey(b)], counts[tupleKey(a)]), slices.Compare(a, b))
	})
	j.Rest = j.Rest[:min(len(j.Rest), maxRest)]
	for _, t := range j.Rest {
		j.Counts = append(j.Counts, counts[tupleKey(t)])
	}
	j.Margins = make([]Margin, len(columns))
	for f, m := range margins {
		j.Margins[f].Classes = slices.Sorted(maps.Keys(m))
		for _, c := range j.Margins[f].Classes {
			j.Margins[f].Counts = append(j.Margins[f].Counts, m[c])
		}
	}
}

func (j *Joint) size() int { return len(j.Tuples) + boolInt(j.Rest != nil) }

// own returns the class of a combination that has one of its own.
func (j *Joint) own(cs []int32) (int, bool) {
	if j.index == nil {
		j.index = make(map[string]int, len(j.Tuples))
		for i, t := range j.Tuples {
			j.index[tupleKey(t)] = i
		}
	}
	i, ok := j.index[tupleKey(cs)]
	return i, ok
}

// class returns the class of a combination: that of its own, or the last, or,
// where there is none of those, the class that agrees with it in most fields.
func (j *Joint) class(cs []int32) int {
	if i, ok := j.own(cs); ok {
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
	copy(classes, j.Rest[weighted(j.Counts, r)])
	for f, c := range classes {
		if c < 0 {
			m := &j.Margins[f]
			classes[f] = m.Classes[weighted(m.Counts, r)]
		}
	}
}

// may reports whether a field can be of a class in a class of combinations.
func (j *Joint) may(class, field int, c int32) bool {
	if class < len(j.Tuples) {
		return j.Tuples[class][field] == c
	}
	return slices.Contains(j.Margins[field].Classes, c) ||
		slices.ContainsFunc(j.Rest, func(t []int32) bool { return t[field] == c })
}
