package marginal

import (
	"math"

	"netshare/workspace/trace"
)

// role is what of a session an attribute is.
type role uint8

const (
	ofField  role = iota // the value of a field
	ofStart              // when the session begins
	ofLength             // its records
	ofGap                // the time since the record before
)

// attribute is one thing that is learnt of sessions or their records: a column,
// or when a session begins, how long it is, how far apart its records are.
type attribute struct {
	Role   role
	Series bool        // of each record
	Field  int         // position among the metadata or series fields
	Def    trace.Field // of a column; its name for the others
	Type   trace.Type
	Since  bool // a time, counted from the record's

	Grid   *grid  // of numbers, ports and lengths
	Leaves []leaf // what it can be
	Class  []int32
	Count  int // of classes

	within [][]float64 // cumulative masses of each class's leaves
	of     [][]int32   // the leaves of each class
	cells  map[[2]int32]int32
	blocks map[int32][]int32
	words  map[string]int32
	prefix map[string]int32
}

// leaf is one value of an attribute, or a set of values that are drawn alike.
type leaf struct {
	Kind leafKind
	Text string // the value's text, or the prefix
	Cell int32  // of the grid
	Sub  int32  // first of its parts
	Subs int32
	Lo   float64 // of an interval of time, seconds
	Hi   float64
	Mass float64 // sessions
}

type leafKind uint8

const (
	missing  leafKind = iota // no value; of a gap, that of the first record
	word                     // a text or other value as it is
	other                    // any value that has no leaf
	parts                    // parts of a cell of the grid
	prefixed                 // an address of a prefix
	interval                 // of time
)

// settleMasses makes the leaves' masses add up to total.
func (a *attribute) settleMasses(total float64) {
	x := make([]float64, len(a.Leaves))
	for i, l := range a.Leaves {
		x[i] = l.Mass
	}
	settle(x, total)
	kept := a.Leaves[:0]
	for i, l := range a.Leaves {
		if l.Mass = x[i]; l.Mass > 0 {
			kept = append(kept, l)
		}
	}
	if a.Leaves = kept; len(kept) == 0 {
		a.Leaves = []leaf{{Kind: missing, Mass: total}}
	}
}

// classMasses is what the leaves of each class have together.
func (a *attribute) classMasses() []float64 {
	p := make([]float64, a.Count)
	for i, l := range a.Leaves {
		p[a.Class[i]] += l.Mass
	}
	return p
}

// index prepares finding and drawing leaves.
func (a *attribute) index() {
	a.within, a.of = make([][]float64, a.Count), make([][]int32, a.Count)
	a.cells, a.blocks = map[[2]int32]int32{}, map[int32][]int32{}
	a.words, a.prefix = map[string]int32{}, map[string]int32{}
	for i, l := range a.Leaves {
		c := a.Class[i]
		sum := l.Mass
		if n := len(a.within[c]); n > 0 {
			sum += a.within[c][n-1]
		}
		a.within[c], a.of[c] = append(a.within[c], sum), append(a.of[c], int32(i))
		switch l.Kind {
		case word:
			a.words[l.Text] = int32(i)
		case prefixed:
			a.prefix[l.Text] = int32(i)
		case parts:
			if l.Subs == 1 {
				a.cells[[2]int32{l.Cell, l.Sub}] = int32(i)
			} else {
				a.blocks[l.Cell] = append(a.blocks[l.Cell], int32(i))
			}
		}
	}
}

// kindLeaf returns the first leaf of a kind, or -1.
func (a *attribute) kindLeaf(k leafKind) int32 {
	for i, l := range a.Leaves {
		if l.Kind == k {
			return int32(i)
		}
	}
	return -1
}

// heaviest is the leaf of the greatest mass.
func (a *attribute) heaviest() int32 {
	best := 0
	for i, l := range a.Leaves {
		if l.Mass > a.Leaves[best].Mass {
			best = i
		}
	}
	return int32(best)
}

// leafOf returns the leaf of a value: its own, or the one that is nearest.
func (a *attribute) leafOf(v cellValue) int32 {
	switch {
	case v.kind == missing:
		if i := a.kindLeaf(missing); i >= 0 {
			return i
		}
	case v.kind == word:
		if i, ok := a.words[v.text]; ok {
			return i
		}
		for _, p := range prefixesOf(v.text) {
			if i, ok := a.prefix[p]; ok {
				return i
			}
		}
		if i := a.kindLeaf(other); i >= 0 {
			return i
		}
	case v.kind == interval:
		best, far := int32(-1), math.Inf(1)
		for i, l := range a.Leaves {
			if d := max(l.Lo-v.number, v.number-l.Hi, 0); l.Kind == interval && d < far {
				best, far = int32(i), d
			}
		}
		if best >= 0 {
			return best
		}
	case v.kind == parts:
		if i, ok := a.cells[[2]int32{v.cell, v.sub}]; ok {
			return i
		}
		for _, i := range a.blocks[v.cell] {
			if l := a.Leaves[i]; v.sub >= l.Sub && v.sub < l.Sub+l.Subs {
				return i
			}
		}
		best, far := int32(-1), math.Inf(1)
		at := a.Grid.order(v.cell, v.sub)
		for i, l := range a.Leaves {
			if d := math.Abs(a.Grid.order(l.Cell, l.Sub+l.Subs/2) - at); l.Kind == parts && d < far {
				best, far = int32(i), d
			}
		}
		if best >= 0 {
			return best
		}
	}
	return a.heaviest()
}

// cellValue is a value as an attribute sees it.
type cellValue struct {
	kind      leafKind
	text      string
	number    float64
	cell, sub int32
}
