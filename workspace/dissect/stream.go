package dissect

import "slices"

// What is held of payload that came before something that precedes it.
const (
	maxHeld      = 1 << 20  // bytes for a direction of a connection
	maxHeldAlone = 64 << 10 // bytes where nothing of the other direction was captured, which would tell of losses
	maxHeldAll   = 64 << 20 // bytes for all connections
	segmentCost  = 96       // bytes that a segment takes beside its payload
)

// stream puts together what one end of a TCP connection sends. Positions are
// those of tcpEnd.
type stream struct {
	next  int64     // position of the next byte to be given on
	acked int64     // up to where the other end has acknowledged
	high  int64     // end of the highest segment that came
	held  []segment // beyond next, in order, without overlap
	bytes int       // that held takes
}

// segment is a piece of a stream.
type segment struct {
	from, to int64
	at       int64  // when it was captured
	captured int64  // bytes of it
	payload  []byte // those, nil where nobody reads them
}

// waiting reports whether something came that is not acknowledged yet.
func (s *stream) waiting() bool { return s.high > s.acked }

// cut drops what of a segment is before a position.
func (g *segment) cut(from int64) {
	if n := from - g.from; n > 0 {
		g.payload = g.payload[min(n, int64(len(g.payload))):]
		g.from, g.captured = from, max(g.captured-n, 0)
	}
}

// segment takes in a packet's payload; length is that on the wire.
func (t *table) segment(c *conn, e, peer *tcpEnd, orig bool, at, length int64, payload []byte, now int64) {
	s := &e.stream
	g := segment{from: at, to: at + length, at: now, payload: payload}
	if int64(len(g.payload)) > length {
		g.payload = g.payload[:length]
	}
	g.captured = int64(len(g.payload))
	if g.to <= e.ackAt || g.to <= s.acked {
		return
	}
	s.high = max(s.high, g.to)
	g.cut(max(e.ackAt, s.acked, s.next))
	switch {
	case g.to <= s.next:
	case g.from <= s.next:
		t.give(c, e, peer, orig, g)
		t.drain(c, e, peer, orig)
	default:
		t.hold(c, s, g)
		limit := maxHeld
		if peer.phase == inactive {
			limit = maxHeldAlone
		}
		for len(s.held) > 0 && (s.bytes > limit || t.held > maxHeldAll) {
			t.lose(c, e, peer, orig, s.held[0].from, now)
			t.drain(c, e, peer, orig)
		}
	}
	if e.ackAt <= 1 && e.size(peer) > 16<<10 { // nobody acknowledges
		s.acked = max(s.acked, s.next)
	}
}

// hold keeps a segment that is beyond what comes next, but for what is held
// already.
func (t *table) hold(c *conn, s *stream, g segment) {
	i := len(s.held)
	for i > 0 && s.held[i-1].from > g.from {
		i--
	}
	if i > 0 {
		g.cut(s.held[i-1].to)
	}
	for g.from < g.to {
		piece := g
		if i < len(s.held) && s.held[i].from < g.to {
			piece.to = s.held[i].from
			piece.captured = min(piece.captured, piece.to-piece.from)
			piece.payload = piece.payload[:piece.captured]
		}
		if piece.from < piece.to {
			if piece.payload = slices.Clone(piece.payload); c.opened && c.reader == nil {
				piece.payload = nil
			}
			s.held = slices.Insert(s.held, i, piece)
			s.bytes, t.held = s.bytes+len(piece.payload)+segmentCost, t.held+len(piece.payload)+segmentCost
			i++
		}
		if i == len(s.held) {
			return
		}
		g.cut(s.held[i].to)
		i++
	}
}

// drain gives on what is held and comes next.
func (t *table) drain(c *conn, e, peer *tcpEnd, orig bool) {
	s := &e.stream
	n := 0
	for n < len(s.held) && s.held[n].from <= s.next {
		g := s.held[n]
		size := len(g.payload) + segmentCost
		s.bytes, t.held = s.bytes-size, t.held-size
		if g.cut(s.next); g.from < g.to {
			t.give(c, e, peer, orig, g)
		}
		n++
	}
	if n > 0 {
		s.held = slices.Delete(s.held, 0, n)
	}
	if len(s.held) == 0 {
		s.held = nil
	}
}

// give gives a segment to the connection's reader, and tells it of what was cut
// off by the capture.
func (t *table) give(c *conn, e, peer *tcpEnd, orig bool, g segment) {
	e.stream.next = g.to
	r := t.reader(c)
	if r != nil && len(g.payload) > 0 && t.err == nil {
		t.err = r.data(stamp(g.at), orig, g.payload)
	}
	if rest := g.to - g.from - g.captured; rest > 0 {
		c.missing(e, peer, orig, g.to-g.from) // of which Zeek uses nothing
		if r != nil {
			r.gap(stamp(g.at), orig, rest)
		}
	}
}

// lose gives up on what has not come of the bytes before a position.
func (t *table) lose(c *conn, e, peer *tcpEnd, orig bool, to, now int64) {
	s := &e.stream
	n := to - s.next
	s.next = to
	c.missing(e, peer, orig, n)
	if r := t.reader(c); r != nil {
		r.gap(stamp(now), orig, n)
	}
}

// missing counts bytes that did not come, where the connection's beginning and
// end leave no doubt that they were sent.
func (c *conn) missing(e, peer *tcpEnd, orig bool, n int64) {
	if e.clean() && peer.clean() {
		c.missed += n
		c.count(&e.gaps, orig, 'G')
	}
}

// acknowledged takes in that e's bytes before a position were acknowledged:
// what has not come by now was not captured.
func (t *table) acknowledged(c *conn, e, peer *tcpEnd, orig bool, to, now int64) {
	s := &e.stream
	if e.fins > 0 && to >= e.finAt {
		to = e.finAt - 1
	}
	if to <= s.acked {
		return
	}
	if to > s.next && (to > 2 || !c.tcp.partial) {
		for len(s.held) > 0 && s.held[0].from < to {
			t.lose(c, e, peer, orig, s.held[0].from, now)
			t.drain(c, e, peer, orig)
		}
		if to > s.next {
			t.lose(c, e, peer, orig, to, now)
			t.drain(c, e, peer, orig)
		}
	}
	s.acked = to
	t.checkEOF(c, e, peer, now)
}

// finish gives on all that is held of both directions.
func (t *table) finish(c *conn) {
	for i := range c.tcp.ends {
		e, peer := &c.tcp.ends[i], &c.tcp.ends[1-i]
		for s := &e.stream; len(s.held) > 0; {
			g := s.held[0]
			n := g.from - s.next
			s.next = g.from
			if r := t.reader(c); r != nil && n > 0 {
				r.gap(stamp(g.at), i == originator, n)
			}
			t.drain(c, e, peer, i == originator)
		}
	}
}
