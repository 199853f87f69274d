package dissect

import (
	"slices"
	"time"
)

// reader returns who reads a connection's payload, nil for nobody. It is chosen
// when the first payload comes.
func (t *table) reader(c *conn) analyzer {
	if !c.opened {
		c.opened = true
		c.reader = t.choose(c)
	}
	return c.reader
}

func (t *table) choose(c *conn) analyzer {
	if t.protocol == nil {
		if c.tcp != nil || t.services.mayBe(c) {
			return &recogniser{c: c, services: &t.services}
		}
		return nil
	}
	p := t.protocol
	_, port := c.resp()
	switch {
	case c.tcp == nil:
		if c.key.proto == protoUDP && slices.Contains(p.udp, port) {
			return p.analyze(c, t.emit)
		}
	case c.tcp.partial && !p.midstream:
	case slices.Contains(p.tcp, port):
		return p.analyze(c, t.emit)
	case p.match != nil && !c.tcp.partial:
		return &sniffer{c: c, protocol: p, emit: t}
	}
	return nil
}

// heads are what the two ends of a connection have sent first.
type heads struct {
	sent [2][]byte
	lost [2]bool // no more is to be had of it
}

// add takes in more of what an end has sent, and reports whether there was room.
func (h *heads) add(orig bool, b []byte) bool {
	s := side(orig)
	room := sniffBytes - len(h.sent[s])
	if h.lost[s] || room <= 0 {
		return false
	}
	h.sent[s] = append(h.sent[s], b[:min(len(b), room)]...)
	return true
}

// spent reports whether no more is to be had of either end.
func (h *heads) spent() bool {
	return (h.lost[0] || len(h.sent[0]) >= sniffBytes) && (h.lost[1] || len(h.sent[1]) >= sniffBytes)
}

// sniffer keeps what a TCP connection sends until its protocol is recognised,
// then gives it to the protocol's analyzer.
type sniffer struct {
	c        *conn
	protocol *protocol
	emit     *table
	heads    heads
	kept     []event
	bytes    int
}

// event is a call of an analyzer that is kept.
type event struct {
	at   time.Time
	orig bool
	b    []byte
	gap  int64
}

// maxKept bounds what a sniffer keeps: beside what it looks at, one end may
// send more while the other hasn't begun.
const maxKept = 16 << 10

func (s *sniffer) data(at time.Time, orig bool, b []byte) error {
	s.heads.add(orig, b)
	verdict := s.protocol.match(s.heads.sent[originator], s.heads.sent[responder])
	if verdict == undecided {
		s.kept = append(s.kept, event{at: at, orig: orig, b: slices.Clone(b)})
		if s.bytes += len(b) + segmentCost; s.bytes > maxKept || s.heads.spent() {
			s.c.reader = nil
		}
		return nil
	}
	s.c.reader = nil
	if verdict == unmatched {
		return nil
	}
	a := s.protocol.analyze(s.c, s.emit.emit)
	s.c.reader = a
	for _, e := range s.kept {
		if e.gap > 0 {
			a.gap(e.at, e.orig, e.gap)
		} else if err := a.data(e.at, e.orig, e.b); err != nil {
			return err
		}
	}
	return a.data(at, orig, b)
}

func (s *sniffer) gap(at time.Time, orig bool, n int64) {
	s.heads.lost[side(orig)] = true
	s.kept = append(s.kept, event{at: at, orig: orig, gap: n})
	if s.bytes += segmentCost; s.bytes > maxKept || s.heads.spent() {
		s.c.reader = nil
	}
}

func (s *sniffer) end(time.Time) error { return nil }

// recogniser finds out what a connection is used for.
type recogniser struct {
	c        *conn
	services *services
	heads    heads
}

func (r *recogniser) data(_ time.Time, orig bool, b []byte) error {
	if r.c.tcp == nil {
		r.services.datagram(r.c, orig, b)
	} else {
		r.heads.add(orig, b)
		r.services.stream(r.c, r.heads.sent[originator], r.heads.sent[responder])
	}
	if r.c.service != "" || r.heads.spent() {
		r.c.reader = nil
	}
	return nil
}

func (r *recogniser) gap(_ time.Time, orig bool, _ int64) {
	if r.heads.lost[side(orig)] = true; r.heads.spent() {
		r.c.reader = nil
	}
}

func (r *recogniser) end(time.Time) error { return nil }
