package dissect

// queue is a heap of connections, the one with the earliest deadline first.
type queue []*conn

func (q queue) before(i, j int) bool {
	if q[i].deadline != q[j].deadline {
		return q[i].deadline < q[j].deadline
	}
	return q[i].number < q[j].number
}

func (q queue) swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q queue) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !q.before(i, parent) {
			return
		}
		q.swap(i, parent)
		i = parent
	}
}

func (q queue) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(q); child++ {
			if q.before(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		q.swap(i, least)
		i = least
	}
}

// add takes in a connection.
func (q *queue) add(c *conn) {
	c.place = len(*q)
	*q = append(*q, c)
	q.up(c.place)
}

// moved gives a connection of the queue another deadline.
func (q queue) moved(c *conn, deadline int64) {
	if c.place < 0 {
		return
	}
	c.deadline = deadline
	q.up(c.place)
	q.down(c.place)
}

// take removes a connection of the queue.
func (q *queue) take(c *conn) {
	i, last := c.place, len(*q)-1
	q.swap(i, last)
	(*q)[last] = nil
	*q = (*q)[:last]
	if i < last {
		q.up(i)
		q.down(i)
	}
	c.place = -1
}
