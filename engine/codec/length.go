package codec

import (
	"math/rand/v2"
	"slices"
)

// Length is the code of the number of records in a session: a class each for
// lengths up to that of a sample, and for narrow ranges of the others.
type Length struct{ Ranges []Range } // ascending, without overlap

// fitLength learns the length classes of sessions; lengths up to exact are a
// class of their own. A range is narrow enough that any length in it is within
// an eighth of any other.
func fitLength(lengths []int, exact int) *Length {
	sorted := slices.Clone(lengths)
	slices.Sort(sorted)
	l := &Length{}
	for _, n := range slices.Compact(sorted) {
		v := int64(n)
		if k := len(l.Ranges) - 1; k >= 0 && l.Ranges[k].Min > int64(exact) && v*8 <= l.Ranges[k].Min*9 {
			l.Ranges[k].Max = v
		} else {
			l.Ranges = append(l.Ranges, Range{v, v})
		}
	}
	if l.Ranges == nil {
		l.Ranges = []Range{{1, 1}}
	}
	return l
}

func (l *Length) class(n int64) int {
	for i, g := range l.Ranges {
		if n <= g.Max {
			return i
		}
	}
	return len(l.Ranges) - 1
}

func (l *Length) draw(class int, r *rand.Rand) int {
	g := l.Ranges[min(class, len(l.Ranges)-1)]
	return int(g.Min + r.Int64N(g.Max-g.Min+1))
}
