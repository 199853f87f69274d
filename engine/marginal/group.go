package marginal

import (
	"cmp"
	"slices"
)

// group puts the leaves of an attribute into at most limit classes, which pairs
// are counted by: the heaviest leaves one each, the others together, neighbours
// with neighbours where they have an order. A class of its own is at least as
// heavy as least.
func (a *attribute) group(limit int, least float64) {
	total := 0.0
	for _, l := range a.Leaves {
		total += l.Mass
	}
	ordered := a.Grid != nil || a.Role == ofStart
	order := make([]int, len(a.Leaves))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(a.Leaves[y].Mass, a.Leaves[x].Mass) })
	a.Class = make([]int32, len(a.Leaves))
	for i := range a.Class {
		a.Class[i] = -1
	}
	a.Count = 0
	own := func(i int) {
		a.Class[i] = int32(a.Count)
		a.Count++
	}
	heavy := total / float64(limit)
	left := total
	for _, i := range order {
		l := a.Leaves[i]
		if a.Count == limit-1 || l.Mass < least {
			break
		}
		if l.Kind == missing || l.Kind == other || !ordered || l.Mass >= heavy {
			own(i)
			left -= l.Mass
		}
	}
	var rest []int
	for i, c := range a.Class {
		if c < 0 {
			rest = append(rest, i)
		}
	}
	if len(rest) == 0 {
		return
	}
	if !ordered {
		for _, i := range rest {
			a.Class[i] = int32(a.Count)
		}
		a.Count++
		return
	}
	slices.SortStableFunc(rest, func(x, y int) int { return cmp.Compare(a.place(x), a.place(y)) })
	bins := max(1, min(limit-a.Count, int(left/max(least, 1e-9))))
	sum := 0.0
	for _, i := range rest {
		m := a.Leaves[i].Mass
		bin := min(bins-1, int((sum+m/2)/max(left, 1e-9)*float64(bins)))
		a.Class[i] = int32(a.Count + bin)
		sum += m
	}
	a.compact()
}

// compact renumbers the classes without gaps.
func (a *attribute) compact() {
	number := map[int32]int32{}
	for i, c := range a.Class {
		if _, ok := number[c]; !ok {
			number[c] = int32(len(number))
		}
		a.Class[i] = number[c]
	}
	a.Count = len(number)
}

// place is where a leaf stands in the attribute's order.
func (a *attribute) place(i int) float64 {
	l := a.Leaves[i]
	switch l.Kind {
	case parts:
		return a.Grid.order(l.Cell, l.Sub)
	case interval:
		return l.Lo
	}
	return -1e18
}
