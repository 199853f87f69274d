package dissect

import "slices"

// dnsQueue holds messages without counterpart in the order they came.
type dnsQueue struct {
	events []*dnsEvent
	count  map[uint16]int // of events by transaction
	bytes  int            // of their text
}

// push adds an event. It returns the ones that are given up to make room: all
// where too many transactions wait, or those of the same transaction.
func (q *dnsQueue) push(e *dnsEvent) (dropped []*dnsEvent) {
	switch n := q.count[e.id]; {
	case n == 0 && len(q.count) > dnsPendingIDs:
		dropped = q.take(nil)
	case n > dnsPendingSame:
		dropped = q.take(func(o *dnsEvent) bool { return o.id == e.id })
	}
	if q.count == nil {
		q.count = map[uint16]int{}
	}
	q.events = append(q.events, e)
	q.count[e.id]++
	q.bytes += e.bytes
	e.queue = q
	return dropped
}

// pop takes out the first event of a transaction, nil where there is none.
func (q *dnsQueue) pop(id uint16) *dnsEvent {
	if q.count[id] == 0 {
		return nil
	}
	return q.popAt(slices.IndexFunc(q.events, func(e *dnsEvent) bool { return e.id == id }))
}

// popAny takes out the first event, nil where there is none.
func (q *dnsQueue) popAny() *dnsEvent {
	if len(q.events) == 0 {
		return nil
	}
	return q.popAt(0)
}

func (q *dnsQueue) popAt(i int) *dnsEvent {
	e := q.events[i]
	q.events = slices.Delete(q.events, i, i+1)
	q.forget(e)
	return e
}

// take takes out the events that which chooses, all of them where it is nil.
func (q *dnsQueue) take(which func(*dnsEvent) bool) []*dnsEvent {
	var taken []*dnsEvent
	q.events = slices.DeleteFunc(q.events, func(e *dnsEvent) bool {
		if which != nil && !which(e) {
			return false
		}
		taken = append(taken, e)
		q.forget(e)
		return true
	})
	return taken
}

func (q *dnsQueue) forget(e *dnsEvent) {
	if q.count[e.id]--; q.count[e.id] == 0 {
		delete(q.count, e.id)
	}
	q.bytes -= e.bytes
	e.queue = nil
}
