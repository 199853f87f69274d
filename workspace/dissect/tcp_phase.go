package dissect

import "netshare/workspace/trace"

// enter brings an end into a phase.
func (s *tcpState) enter(e, peer *tcpEnd, to tcpPhase) {
	if to == e.phase {
		return
	}
	if !to.handshake() && e.phase.handshake() && peer.phase.handshake() {
		s.settled = true
	}
	e.before, e.phase = e.phase, to
}

// tcpTransition brings the end that sent a packet into its next phase, and
// reports whether that closes it and whether originator and responder had to be
// exchanged.
func (c *conn) tcpTransition(e, peer *tcpEnd, p *trace.Packet, orig bool, now int64) (closes, flipped bool) {
	s := c.tcp
	syn, fin, rst, ack := p.TCPFlags&flagSYN != 0, p.TCPFlags&flagFIN != 0, p.TCPFlags&flagRST != 0, p.TCPFlags&flagACK != 0
	switch e.phase {
	case inactive:
		return c.tcpFirst(e, peer, p, orig, now)
	case synSent, synAckSent:
		if fin {
			s.enter(e, peer, closed)
			closes = true
		}
		if rst {
			s.enter(e, peer, reset)
			s.over, closes = true, true
		}
	case established, midway:
		if syn && e.phase == midway && peer.phase == inactive && !ack {
			s.enter(e, peer, synSent)
		}
		if fin && !rst {
			s.enter(e, peer, closed)
			if peer.phase == reset && peer.before == closed { // FIN, then RST: it had ended well
				s.enter(peer, e, closed)
			}
			closes = true
		}
		if rst {
			s.enter(e, peer, reset)
			if peer.phase != reset || peer.before != established {
				s.over = true
			}
			closes = true
		}
	case closed:
		if rst && peer.phase != closed {
			s.enter(e, peer, reset)
			closes = !e.closing
		}
	}
	return closes, false
}

// tcpFirst is tcpTransition for an end's first packet.
func (c *conn) tcpFirst(e, peer *tcpEnd, p *trace.Packet, orig bool, now int64) (closes, flipped bool) {
	s := c.tcp
	syn, fin, rst, ack := p.TCPFlags&flagSYN != 0, p.TCPFlags&flagFIN != 0, p.TCPFlags&flagRST != 0, p.TCPFlags&flagACK != 0
	switch {
	case syn && orig:
		to := synSent
		if ack {
			to = synAckSent
		}
		s.enter(e, peer, to)
		s.attempt = now + attemptTimeout
	case syn:
		if !ack && peer.phase == synAckSent && p.Seq == e.first() { // the answer was captured before the SYN
			c.flip()
			e, peer, orig, flipped = peer, e, true, true
			s.enter(peer, e, established)
			s.came[originator] = true
		}
		if peer.phase == synSent {
			s.enter(peer, e, established)
		}
		s.enter(e, peer, established)
	}
	if fin {
		s.enter(e, peer, closed)
		closes = true
	}
	if rst {
		s.enter(e, peer, reset)
		closes = true
	}
	if e.phase != inactive {
		return closes, flipped
	}
	switch {
	case !orig && p.PayloadLen == 0 && s.ends[originator].phase == synSent: // acknowledged before the answer
	case ack && peer.phase == established: // only the first SYN is missing
		s.enter(e, peer, established)
		s.partial = false
		s.came[side(orig)] = true
	default:
		s.enter(e, peer, midway)
	}
	return closes, flipped
}

// pending reports whether something that an end sent, or that was sent to it,
// has not come yet.
func (e *tcpEnd) pending(peer *tcpEnd) bool {
	at := e.stream.next
	if e.lastAt < at {
		return false
	}
	if at != e.lastAt-1 && at != e.lastAt {
		return true
	}
	return e.phase != reset && peer.stream.waiting()
}

// checkEOF closes an end whose closing was deferred, once all has come.
func (t *table) checkEOF(c *conn, e, peer *tcpEnd, now int64) {
	if e.eof || e.fins == 0 && e.phase != closed && e.phase != reset || e.pending(peer) {
		return
	}
	e.eof = true
	if c.tcp.deferred {
		t.tcpClosed(c, e, peer, now)
		c.tcp.deferred = false
	}
}

// tcpClosed counts an end as closed, and has the connection taken out when
// nothing more is expected.
func (t *table) tcpClosed(c *conn, e, peer *tcpEnd, now int64) {
	s := c.tcp
	if e.pending(peer) {
		s.deferred = true
		return
	}
	s.deferred = false
	if e.closing {
		return
	}
	e.closing = true
	if e.phase == reset || peer.closing || peer.phase == inactive {
		s.over, s.attempt = true, 0
		if s.remove == 0 {
			s.remove = c.last + closeDelay
		}
	}
}

// reuses reports whether a SYN begins another connection of the same
// five-tuple.
func (c *conn) reuses(p *trace.Packet) bool {
	if p.TCPFlags&flagSYN == 0 {
		return false
	}
	s := c.tcp
	orig, resp := &s.ends[originator], &s.ends[responder]
	first := orig
	if p.TCPFlags&flagACK != 0 {
		if orig.phase != inactive {
			return false
		}
		first = resp
	}
	if orig.closing && resp.closing {
		return true
	}
	if p.Seq == first.first() {
		return false
	}
	answered := p.TCPFlags&flagACK == 0 && first.phase == synAckSent && resp.phase == inactive
	return !answered || p.Seq != resp.first() // else it is the SYN of an answer that was captured before it
}

// tcpStateName returns Zeek's conn_state of the connection.
func (c *conn) tcpStateName() string {
	o, r := &c.tcp.ends[originator], &c.tcp.ends[responder]
	origIdle, respIdle := o.phase == inactive || o.phase == midway, r.phase == inactive || r.phase == midway
	switch {
	case r.phase == reset:
		switch {
		case o.phase == synSent, o.phase == synAckSent, o.phase == reset && o.size(r) == 0 && r.size(o) == 0:
			return "REJ"
		case origIdle:
			return "RSTRH"
		}
		return "RSTR"
	case o.phase == reset:
		switch {
		case !respIdle:
			return "RSTO"
		case c.abandoned():
			return "RSTOS0"
		}
		return "OTH"
	case o.phase == closed && r.phase == closed:
		return "SF"
	case o.phase == closed:
		if respIdle {
			return "SH"
		}
		return "S2"
	case r.phase == closed:
		if origIdle {
			return "SHR"
		}
		return "S3"
	case o.phase == synSent && r.phase == inactive:
		return "S0"
	case o.phase == established && r.phase == established:
		return "S1"
	}
	return "OTH"
}

// abandoned reports whether the originator's history is a SYN and then,
// without anything of weight between, a RST.
func (c *conn) abandoned() bool {
	h := c.history
	if len(h) > 0 && h[0] == '^' {
		h = h[1:]
	}
	if len(h) == 0 || h[0] != 'S' {
		return false
	}
	for _, letter := range h[1:] {
		switch letter {
		case 'R':
			return true
		case 'H', 'A', 'F', 'G', 'I', 'Q':
			return false
		}
	}
	return false
}
