package dissect

import (
	"netshare/workspace/trace"
)

// The flags of TCP that are followed.
const (
	flagFIN = 1
	flagSYN = 2
	flagRST = 4
	flagACK = 16
)

// tcpPhase is how far one end of a connection is.
type tcpPhase uint8

const (
	inactive    tcpPhase = iota // nothing seen of it
	synSent                     // a SYN without ACK
	synAckSent                  // a SYN with ACK as its first, from the originator
	midway                      // something without a SYN
	established                 // a SYN answered
	closed                      // a FIN
	reset                       // a RST
)

// handshake reports whether the connection is not made yet.
func (p tcpPhase) handshake() bool { return p <= synAckSent }

// tcpState is what is known of a TCP connection.
type tcpState struct {
	ends     [2]tcpEnd
	partial  bool    // the beginning was not captured
	came     [2]bool // a packet of each end
	settled  bool    // the handshake is over: the longer timeout applies
	deferred bool    // an end is to be closed when what is on its way has come
	over     bool    // finished or reset
	attempt  int64   // until when a SYN waits for an answer, 0 for none
	remove   int64   // when the connection is taken out, 0 while it is open
}

// tcpEnd is what is known of one end. Positions are relative to its initial
// sequence number, so that its first byte of payload is at 1.
type tcpEnd struct {
	phase, before tcpPhase
	last          uint32 // sequence number after the highest that it sent
	ack           uint32 // highest acknowledgement of it
	lastAt, ackAt int64  // their positions
	finAt         int64
	synAt, rstAt  int64 // of the last SYN and RST that the history has
	finEnd        int64 // of the last FIN that the history has
	fins          int
	closing       bool // counted as closed
	eof           bool // all that it sent has come

	resent, zeroWindow, gaps tally
	stream                   stream
}

// begin sets where an end's positions count from.
func (e *tcpEnd) begin(start, last uint32) {
	e.ack, e.ackAt = start, 0
	e.last, e.lastAt = last, int64(last-start)
}

// first is the end's initial sequence number, 0 where it isn't known.
func (e *tcpEnd) first() uint32 { return e.last - uint32(e.lastAt) }

// position returns that of a sequence number that the end sent.
func (e *tcpEnd) position(seq uint32) int64 { return e.lastAt + int64(int32(seq-e.last)) }

// size returns how many bytes of payload the end has sent, by the sequence
// numbers that it used or that were acknowledged.
func (e *tcpEnd) size(peer *tcpEnd) int64 {
	if e.before == synSent && e.phase == reset && peer.phase == inactive && e.ackAt > 1 {
		return 0 // a half-open connection that was found and ended
	}
	n := max(e.lastAt, e.ackAt, 0)
	if n > 0 {
		n-- // the SYN's
	}
	if e.fins > 0 && n > 0 {
		n--
	}
	return n
}

// clean reports whether an end is open, or closed after it was.
func (e *tcpEnd) clean() bool {
	return e.phase == established || e.phase == closed && e.before == established
}

// farAway is the distance beyond which the sequence number of a SYN or RST is
// not believed.
const farAway = 1 << 20

// tcpPacket takes in a packet of a TCP connection. The rules are those of
// Zeek's TCP session adapter.
func (t *table) tcpPacket(c *conn, p *trace.Packet, orig bool, now int64) {
	s := c.tcp
	e, peer := &s.ends[side(orig)], &s.ends[side(!orig)]
	syn, fin, rst, ack := p.TCPFlags&flagSYN != 0, p.TCPFlags&flagFIN != 0, p.TCPFlags&flagRST != 0, p.TCPFlags&flagACK != 0
	switch {
	case orig && !s.came[originator]:
		s.partial = !syn || ack
	case !orig && !s.came[responder] && !s.partial:
		s.partial = !syn
	}
	length := uint32(p.PayloadLen)
	var units uint32 // of sequence numbers
	if syn {
		units++
	}
	if fin {
		units++
	}
	if !rst {
		units += length
	}
	after := p.Seq + units
	e.start(p.Seq, after, syn)
	at := e.position(p.Seq)
	before := at < 0 // what was there before the connection was seen
	c.tcpHistory(e, orig, p, at)
	if p.Window == 0 && !rst && peer.phase != closed && e.phase != reset {
		c.count(&e.zeroWindow, orig, 'W')
	}
	if !e.closing || !peer.closing {
		c.last = max(c.last, now)
	}
	if fin {
		e.fins++
		e.finAt = at + int64(units)
	}
	acked := int64(0)
	if ack {
		acked = e.acknowledge(peer, p.Ack, rst)
	}
	e.advance(c, after, orig, syn, fin, rst, length)
	closes, flipped := c.tcpTransition(e, peer, p, orig, now)
	if flipped {
		orig, e, peer = !orig, peer, e
	}
	if ack {
		t.acknowledged(c, peer, e, !orig, acked, now)
	}
	s.came[side(orig)] = true
	if length > 0 && !rst && !before {
		if syn {
			at++
		}
		t.segment(c, e, peer, orig, at, int64(length), p.Payload, now)
	}
	t.checkEOF(c, e, peer, now)
	if closes {
		t.tcpClosed(c, e, peer, now)
	}
}

// start sets where the end's positions count from, at its first packet or at a
// SYN that makes earlier ones doubtful.
func (e *tcpEnd) start(seq, after uint32, syn bool) {
	switch e.phase {
	case inactive:
		if syn {
			e.begin(seq, after)
		} else { // as though there had been a SYN before
			e.begin(seq-1, seq)
		}
	case synSent, synAckSent:
		if syn && seq != e.first() {
			e.begin(seq, after)
		}
	case established, midway:
		if syn {
			e.begin(seq, after)
		}
	case reset:
		if syn && e.before == inactive {
			e.begin(seq, after)
		}
	}
}

// acknowledge takes in an acknowledgement that e sends of what peer has sent,
// and returns its position.
func (e *tcpEnd) acknowledge(peer *tcpEnd, ack uint32, rst bool) int64 {
	if peer.phase == inactive {
		peer.begin(ack-1, ack-1)
		return 1
	}
	delta := int32(ack - peer.ack)
	at := peer.ackAt + int64(delta)
	switch {
	case at < 0:
		return 0
	case rst, delta <= 0, ack == 0 && delta > farAway:
	default:
		peer.ack, peer.ackAt = ack, at
	}
	return at
}

// advance takes in the end of a packet's sequence numbers.
func (e *tcpEnd) advance(c *conn, after uint32, orig, syn, fin, rst bool, length uint32) {
	delta := int32(after - e.last)
	switch {
	case (syn || rst) && (delta > farAway || delta < -farAway):
	case fin && e.lastAt == 1: // perhaps gigabytes later, of which nothing was captured
		e.last, e.lastAt = after, e.lastAt+int64(after-e.last)
	case e.phase == reset:
	case delta > 0:
		e.last, e.lastAt = after, e.lastAt+int64(delta)
	case length > 0:
		c.count(&e.resent, orig, 'T')
	}
}

// tcpHistory records what a packet does.
func (c *conn) tcpHistory(e *tcpEnd, orig bool, p *trace.Packet, at int64) {
	switch p.TCPFlags & (flagSYN | flagFIN | flagRST) {
	case flagSYN:
		letter := byte('S')
		if p.TCPFlags&flagACK != 0 {
			letter = 'H'
		}
		if c.note(orig, seenSYN, letter) && at != e.synAt {
			c.again(orig, letter)
		}
		e.synAt = at
	case flagFIN:
		end := at + int64(p.PayloadLen)
		if c.note(orig, seenFIN, 'F') && end != e.finEnd {
			c.again(orig, 'F')
		}
		e.finEnd = end
	case flagRST:
		if c.note(orig, seenRST, 'R') && at != e.rstAt {
			c.again(orig, 'R')
		}
		e.rstAt = at
	case 0:
		if p.PayloadLen > 0 {
			c.note(orig, seenData, 'D')
		} else if p.TCPFlags&flagACK != 0 {
			c.note(orig, seenACK, 'A')
		}
	case flagSYN | flagFIN, flagSYN | flagRST:
		c.note(orig, seenFlags, 'Q')
	default:
		c.note(orig, seenFINRST, 'I')
	}
}
