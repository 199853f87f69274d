package rule

import (
	"cmp"
	"maps"
	"slices"

	"netshare/workspace/trace"
)

// Table says which values of two columns the real trace never has together,
// though it has each of them so often that it would, were it chance.
type Table struct {
	A, B  Classes
	Count []int32 // records of A's class a and B's class b, at a*B.Size()+b
	Never []bool  // the same, where the two never are together
}

// Classes are those of a column: none, its frequent values, and all others.
type Classes struct {
	Values []string // frequent ones, ascending

	index map[any]int32
}

// The classes that are no value.
const (
	ClassMissing = iota
	ClassOther
	classValues
)

// Size is the number of classes.
func (c *Classes) Size() int { return classValues + len(c.Values) }

// Class returns that of a value.
func (c *Classes) Class(v any) int32 {
	if v == nil {
		return ClassMissing
	}
	if hashable(v) {
		if i, ok := c.index[v]; ok {
			return i
		}
	}
	if len(c.Values) == 0 {
		return ClassOther
	}
	s, ok := Text(v)
	if !ok {
		return ClassMissing
	}
	i, found := slices.BinarySearch(c.Values, s)
	k := int32(classValues + i)
	if !found {
		k = ClassOther
	}
	if c.index == nil {
		c.index = map[any]int32{}
	}
	if len(c.index) < 1<<12 && hashable(v) {
		c.index[v] = k
	}
	return k
}

func hashable(v any) bool {
	switch v.(type) {
	case string, int64, float64, bool:
		return true
	}
	return false
}

// Value returns the value of a class, false for one that is no value.
func (c *Classes) Value(class int32) (string, bool) {
	if class < classValues {
		return "", false
	}
	return c.Values[class-classValues], true
}

// Apart reports whether two classes are never together.
func (t *Table) Apart(a, b int32) bool { return t.Never[int(a)*t.B.Size()+int(b)] }

// How much a real trace has to say for a rule to be found in it. A value counts
// as frequent from as many sessions as its being repeated takes. Never together
// are values of which leastTogether records, and sessions, were to be expected
// if they knew nothing of each other, so that none is no chance though many
// values are looked at.
const (
	classSessions = 5
	classesAtMost = 64
	leastTogether = 20
	seldom        = 5 // times fewer sessions than were to be expected are an exception
)

// coded is a column of the real records in classes.
type coded struct {
	Classes
	of       []int32 // by record
	records  []float64
	sessions []float64 // in which the class is
}

// codedOf makes classes of a column. Numbers, addresses and lists of which there
// are many have no classes of their own but for 0: what they are beside what is
// left to the networks.
func codedOf(values []any, session []int32, kind trace.Kind, list bool) coded {
	type tally struct {
		sessions int
		last     int32
	}
	counts := map[string]*tally{}
	for i, v := range values {
		s, ok := Text(v)
		if !ok || list {
			continue
		}
		n := counts[s]
		if n == nil {
			n = &tally{last: -1}
			counts[s] = n
		}
		if n.last != session[i] {
			n.last = session[i]
			n.sessions++
		}
	}
	quantity := kind == trace.KindInteger || kind == trace.KindReal || kind == trace.KindAddress
	if quantity && len(counts) > classesAtMost {
		maps.DeleteFunc(counts, func(v string, _ *tally) bool { return v != "0" })
	}
	frequent := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b].sessions, counts[a].sessions), cmp.Compare(a, b))
	})
	frequent = frequent[:min(len(frequent), classesAtMost)]
	c := coded{of: make([]int32, len(values))}
	for _, s := range frequent {
		if counts[s].sessions >= classSessions {
			c.Values = append(c.Values, s)
		}
	}
	slices.Sort(c.Values)
	c.records, c.sessions = make([]float64, c.Size()), make([]float64, c.Size())
	last := slices.Repeat([]int32{-1}, c.Size())
	for i, v := range values {
		k := c.Class(v)
		c.of[i] = k
		c.records[k]++
		if last[k] != session[i] {
			last[k] = session[i]
			c.sessions[k]++
		}
	}
	return c
}

// varies reports whether there is more than one class.
func (c *coded) varies() bool {
	n := 0
	for _, x := range c.records {
		if x > 0 {
			n++
		}
	}
	return n > 1
}

// tableOf returns what is never together of two columns, nil where nothing is. A
// value is believed to be never with another where it is with none seldom: where
// some are with it in one session or two, more are that the trace does not show.
// (Good and Turing: what is not seen is as much as what was seen once)
func tableOf(a, b *coded, session []int32, sessions int) *Table {
	t := &Table{A: Classes{Values: a.Values}, B: Classes{Values: b.Values}}
	width := b.Size()
	t.Count, t.Never = make([]int32, a.Size()*width), make([]bool, a.Size()*width)
	seen, last := make([]int32, len(t.Count)), slices.Repeat([]int32{-1}, len(t.Count)) // sessions
	for i, k := range a.of {
		at := int(k)*width + int(b.of[i])
		t.Count[at]++
		if last[at] != session[i] {
			last[at] = session[i]
			seen[at]++
		}
	}
	expected := func(i, j int) float64 {
		return min(a.records[i]*b.records[j]/float64(len(a.of)), a.sessions[i]*b.sessions[j]/float64(sessions))
	}
	seldomA, seldomB := make([]bool, a.Size()), make([]bool, width)
	for i := range a.records {
		for j := range b.records {
			if n := float64(seen[i*width+j]); n > 0 && n < expected(i, j)/seldom {
				seldomA[i], seldomB[j] = true, true
			}
		}
	}
	some := false
	for i := range a.records {
		for j := range b.records {
			if at := i*width + j; t.Count[at] == 0 && expected(i, j) >= leastTogether && !(seldomA[i] || seldomB[j]) {
				t.Never[at], some = true, true
			}
		}
	}
	if !some {
		return nil
	}
	return t
}

// Records are what rules are found in: the records of a trace, by columns.
type Records struct {
	Columns []Column
	Rows    []trace.Row
	Session []int32 // of each row, from 0, those of a session one after another
}

// Column is a column of the records.
type Column struct {
	Name    string
	Kind    trace.Kind
	Session bool // it is the same in all records of a session
	Key     bool // it tells sessions apart
	Bounded bool // a recipe says from where to where it goes
	List    bool // its values are lists
}
