package workspace

import (
	"cmp"
	"container/heap"
	"time"

	"netshare/workspace/trace"
)

// queued is a record that waits for its turn.
type queued struct {
	time  any
	order int // of equal times
	row   trace.Row
}

// queue orders records by time.
type queue struct{ items []queued }

func (q *queue) Len() int      { return len(q.items) }
func (q *queue) Swap(i, j int) { q.items[i], q.items[j] = q.items[j], q.items[i] }
func (q *queue) Push(x any)    { q.items = append(q.items, x.(queued)) }
func (q *queue) Less(i, j int) bool {
	a, b := q.items[i], q.items[j]
	return cmp.Or(compareTimes(a.time, b.time), cmp.Compare(a.order, b.order)) < 0
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := q.items[len(q.items)-1]
	q.items = q.items[:len(q.items)-1]
	return last
}

func (q *queue) first() queued { return q.items[0] }
func (q *queue) push(x queued) { heap.Push(q, x) }
func (q *queue) pop() queued   { return heap.Pop(q).(queued) }

// compareTimes orders two times of one column; nil comes first.
func compareTimes(a, b any) int {
	switch x := a.(type) {
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(presence(a), presence(b))
}

func presence(v any) int {
	if v == nil {
		return 0
	}
	return 1
}
