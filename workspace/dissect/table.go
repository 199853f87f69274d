package dissect

import (
	"slices"
	"time"

	"netshare/workspace/trace"
)

// Zeek's time-outs, in nanoseconds.
const (
	tcpTimeout     = int64(5 * time.Minute) // without a packet, once the handshake is over
	idleTimeout    = int64(time.Minute)     // likewise of all else
	attemptTimeout = int64(5 * time.Second) // of a SYN without an answer
	closeDelay     = int64(5 * time.Second) // from the close to the end
)

// maxConns bounds the connections that are followed at a time. One more ends
// the one that would end first if no packet came.
const maxConns = 1 << 18

// table holds the connections that are open.
type table struct {
	protocol *protocol // whose events are wanted, nil for the connections themselves
	emit     func(trace.Row) error
	conns    map[connKey]*conn
	queue    queue // of the same connections
	held     int   // bytes of payload that came too early
	begun    int64 // connections so far
	now      int64 // of the last packet
	limit    int   // of connections
	ports    serverPorts
	local    localNets
	services services
	row      trace.Row
	err      error // of emit
}

func newTable(p *protocol, emit func(trace.Row) error) *table {
	return &table{
		protocol: p, emit: emit, conns: map[connKey]*conn{}, limit: maxConns, ports: newServerPorts(), local: newLocalNets(), services: newServices(),
		row: make(trace.Row, numConnColumns),
	}
}

// stamp is a time of the capture.
func stamp(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// packet takes in a whole packet.
func (t *table) packet(p *trace.Packet) error {
	now := t.now
	if !p.Time.IsZero() {
		now = p.Time.UnixNano()
	}
	if now < t.now-tcpTimeout { // another capture follows, or a clock was set
		if err := t.flush(); err != nil {
			return err
		}
	}
	if now > t.now || t.begun == 0 {
		t.now = now
		t.advance(now)
		if t.err != nil {
			return t.err
		}
	}
	key, reverse, ok := keyOf(p)
	if !ok {
		return nil
	}
	c := t.conns[key]
	if c != nil && c.tcp != nil && c.reuses(p) {
		t.remove(c)
		next := t.open(key, reverse, p, now)
		if next.began == c.began {
			next.generation = c.generation + 1
		}
		c = next
	}
	if c == nil {
		c = t.open(key, reverse, p, now)
	}
	orig := reverse == c.reverse
	e := &c.ends[side(orig)]
	e.packets++
	e.ipBytes += int64(p.Length)
	switch {
	case c.tcp != nil:
		t.tcpPacket(c, p, orig, now)
		if at := c.due(); at < c.deadline {
			t.queue.moved(c, at)
		}
	case key.proto == protoUDP:
		t.datagram(c, p, orig, now)
	case key.proto == protoICMP, key.proto == protoICMPv6:
		c.last = max(c.last, now)
		e.bytes += int64(p.PayloadLen - icmpHeader(p))
		e.active = true
	default:
		c.last = max(c.last, now)
	}
	return t.err
}

// datagram takes in a UDP packet.
func (t *table) datagram(c *conn, p *trace.Packet, orig bool, now int64) {
	c.last = max(c.last, now)
	e := &c.ends[side(orig)]
	e.bytes += int64(p.PayloadLen)
	e.active = true
	c.note(orig, seenData, 'D')
	if len(p.Payload) < p.PayloadLen && t.protocol != nil { // the snapshot length cut it; Zeek reads none of it either
		return
	}
	if r := t.reader(c); r != nil && t.err == nil {
		t.err = r.data(stamp(now), orig, p.Payload[:min(len(p.Payload), p.PayloadLen)])
	}
}

// keyOf returns the key of a packet's connection and whether the packet's
// source is the key's high end, false for a packet whose transport header is
// damaged.
func keyOf(p *trace.Packet) (k connKey, reverse, ok bool) {
	var src, dst uint16
	oneWay := false
	switch p.Proto {
	case protoTCP, protoUDP:
		if p.SrcPort < 0 || p.DstPort < 0 || p.PayloadLen < 0 {
			return k, false, false
		}
		src, dst = uint16(p.SrcPort), uint16(p.DstPort)
	case protoICMP, protoICMPv6:
		if p.PayloadLen < icmpHeader(p) {
			return k, false, false
		}
		src = uint16(p.ICMPType)
		if dst, oneWay = counterpart(p.Proto, p.ICMPType); oneWay {
			dst = uint16(p.ICMPCode)
		}
	default:
		src, dst = uint16(p.Proto), uint16(p.Proto)
	}
	k, reverse = newKey(p.SrcIP, p.DstIP, src, dst, p.Proto, oneWay)
	return k, reverse, true
}

// open begins a connection.
func (t *table) open(key connKey, reverse bool, p *trace.Packet, now int64) *conn {
	for len(t.conns) >= t.limit {
		t.remove(t.queue[0])
	}
	t.begun++
	c := &conn{key: key, reverse: reverse, began: now, last: now, number: t.begun}
	if key.proto == protoTCP {
		c.tcp = &tcpState{}
		for i := range c.tcp.ends {
			s := &c.tcp.ends[i].stream
			s.next, s.acked, s.high = 1, 1, 1
		}
	}
	if t.ports.answers(p) {
		c.flip()
	}
	t.conns[key] = c
	c.deadline = c.due()
	t.queue.add(c)
	return c
}

// due is when the connection is over if no packet comes.
func (c *conn) due() int64 {
	s := c.tcp
	if s == nil {
		return c.last + idleTimeout
	}
	at := c.last + idleTimeout
	if s.settled {
		at = c.last + tcpTimeout
	}
	if s.attempt != 0 && !s.over && s.ends[responder].phase == inactive && s.ends[originator].phase.handshake() {
		at = min(at, s.attempt)
	}
	if s.remove != 0 {
		at = min(at, s.remove)
	}
	return at
}

// advance ends what is due.
func (t *table) advance(now int64) {
	for len(t.queue) > 0 && t.queue[0].deadline <= now && t.err == nil {
		c := t.queue[0]
		if at := c.due(); at > now {
			t.queue.moved(c, at)
			continue
		}
		t.remove(c)
	}
}

// remove ends a connection.
func (t *table) remove(c *conn) {
	delete(t.conns, c.key)
	t.queue.take(c)
	if c.tcp != nil {
		t.finish(c)
	}
	if c.reader != nil && t.err == nil {
		t.err = c.reader.end(stamp(c.last))
	}
	if t.protocol == nil && t.err == nil {
		t.err = t.log(c)
	}
}

// flush ends all connections, in the order of their beginning.
func (t *table) flush() error {
	open := slices.Clone(t.queue)
	slices.SortFunc(open, func(a, b *conn) int {
		if a.number < b.number {
			return -1
		}
		return 1
	})
	for _, c := range open {
		t.remove(c)
	}
	t.now, t.begun = 0, 0
	return t.err
}
