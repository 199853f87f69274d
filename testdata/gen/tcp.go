package main

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// IP protocol numbers.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
)

// TCP flags.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// conn is one connection, or what Zeek would call one: all packets between two
// endpoints until they fall silent.
type conn struct {
	uid          string
	proto        byte
	orig, resp   netip.AddrPort
	service      string // Zeek's name of it, "" where it has none
	label        string // NetFlow's type
	packets      []packet
	dns          *lookup
	polls        []poll
	rtt, near    int64  // microseconds; near is from the originator to the observer, one way
	isnO, isnR   uint32 // initial sequence numbers
	serial       uint64
	half         bool // an originator that never answers a SYN-ACK but with RST
	serverHasten bool // the responder acknowledges at once
}

// packet is one packet as the observer saw it.
type packet struct {
	at       int64 // microseconds since 1970
	orig     bool  // sent by the originator
	flags    byte
	seq, ack uint32 // relative to the initial sequence numbers
	msg      *message
	off, n   int // the part of msg that it carries
}

// message is what one side says in one go.
type message struct {
	orig   bool
	wait   int64  // microseconds after the last thing heard or said
	head   []byte // the first bytes
	opaque int    // how many bytes follow that only their writer understands
	text   bool   // whether they are letters
	seed   uint64
	whole  []byte
}

func (m *message) size() int { return len(m.head) + m.opaque }

// bytes returns the message's bytes, the same at each call.
func (m *message) bytes() []byte {
	if m.whole == nil {
		r := rand.New(rand.NewPCG(m.seed, 1))
		m.whole = append([]byte{}, m.head...)
		for range m.opaque {
			b := byte(r.Uint32())
			if m.text {
				b = "etaoin shrdlu\n"[int(b)%14]
			}
			m.whole = append(m.whole, b)
		}
	}
	return m.whole
}

// ending is how a TCP connection ends.
type ending int

const (
	finByOrig ending = iota
	finByResp
	rstByOrig
	rstByResp
	leftOpen
)

const (
	delayedAck    = 40_000 // microseconds
	firstFlight   = 10     // segments, RFC 6928
	biggestFlight = 40     // keeps what is under way below the window of 64,128 bytes
	window        = 501    // scaled by 7 bits
)

// tcpSim plays one TCP connection: each side sends in turn, acknowledges every
// second segment or after a delay, and lets its flights grow round by round.
type tcpSim struct {
	c        *conn
	r        *rand.Rand
	delay    [2]int64 // from originator and responder to the observer
	said     [2]uint32
	heard    [2]uint32
	free     [2]int64 // when a side may act next
	unacked  [2]int
	due      [2]int64 // of the delayed acknowledgement, where unacked is not 0
	observed []packet
}

func side(orig bool) int {
	if orig {
		return 0
	}
	return 1
}

// runTCP fills in the packets of a connection that opens at a time and says the
// messages in turn.
func runTCP(r *rand.Rand, c *conn, start int64, msgs []*message, end ending) {
	s := &tcpSim{c: c, r: r, delay: [2]int64{c.near, max(20, c.rtt/2-c.near)}}
	way := s.delay[0] + s.delay[1]
	s.send(0, start, syn, 0, nil, 0, 0)
	s.said[0] = 1
	answer := start + way + 15 + r.Int64N(60)
	s.heard[1] = 1
	s.send(1, answer, syn|ack, 0, nil, 0, 0)
	s.said[1] = 1
	s.heard[0] = 1
	s.free[0], s.free[1] = answer+way+10+r.Int64N(40), answer
	if c.half {
		s.heard[0] = 0
		s.send(0, s.free[0], rst, 1, nil, 0, 0)
		s.finish()
		return
	}
	s.send(0, s.free[0], ack, s.said[0], nil, 0, 0)
	s.free[1] = max(s.free[1], s.free[0]+way)
	for _, m := range msgs {
		s.say(m)
	}
	s.close(end)
	s.finish()
}

// send notes a packet of a side, sent at a time.
func (s *tcpSim) send(from int, at int64, flags byte, seq uint32, m *message, off, n int) {
	p := packet{at: at + s.delay[from], orig: from == 0, flags: flags, seq: seq, msg: m, off: off, n: n}
	if flags&ack != 0 {
		p.ack = s.heard[from]
		s.unacked[from] = 0
	}
	s.observed = append(s.observed, p)
	s.free[from] = max(s.free[from], at+1)
}

// flush sends a side's delayed acknowledgement where it is due by a time.
func (s *tcpSim) flush(from int, by int64) {
	if s.unacked[from] > 0 && s.due[from] <= by {
		s.send(from, s.due[from], ack, s.said[from], nil, 0, 0)
	}
}

// say sends a message in segments.
func (s *tcpSim) say(m *message) {
	from, to := side(m.orig), 1-side(m.orig)
	way := s.delay[0] + s.delay[1]
	mss := 1460
	if s.c.orig.Addr().Is6() {
		mss = 1440
	}
	at := s.free[from] + m.wait
	s.flush(from, at)
	at = max(at, s.free[from])
	flight, inFlight := firstFlight, 0
	for off := 0; off < m.size(); {
		n := min(mss, m.size()-off)
		last := off+n == m.size()
		flags := byte(ack)
		if last {
			flags |= psh
		}
		s.send(from, at, flags, s.said[from], m, off, n)
		s.said[from] += uint32(n)
		off += n
		inFlight++

		arrived := at + way
		s.flush(to, arrived-1)
		s.heard[to] = s.said[from]
		s.free[to] = max(s.free[to], arrived)
		s.unacked[to]++
		s.due[to] = arrived + delayedAck
		if s.unacked[to] == 2 || (to == 1 && s.c.serverHasten) {
			s.due[to] = max(s.free[to], arrived+5+s.r.Int64N(20))
			s.flush(to, s.due[to])
		}
		at += 12 + int64(n)/60 + s.r.Int64N(8)
		if inFlight == flight && !last { // wait for the acknowledgement
			at = max(at, s.free[to]+way+s.r.Int64N(30))
			s.flush(to, at-way)
			flight, inFlight = min(2*flight, biggestFlight), 0
		}
	}
}

// close ends the connection.
func (s *tcpSim) close(end ending) {
	if end == leftOpen {
		s.flush(0, s.due[0])
		s.flush(1, s.due[1])
		return
	}
	from := 0
	if end == finByResp || end == rstByResp {
		from = 1
	}
	to := 1 - from
	way := s.delay[0] + s.delay[1]
	at := s.free[from] + 100 + s.r.Int64N(4000)
	s.flush(from, at)
	at = max(at, s.free[from])
	if end == rstByOrig || end == rstByResp {
		s.flush(to, at-way)
		s.send(from, at, rst|ack, s.said[from], nil, 0, 0)
		s.unacked[to] = 0
		return
	}
	s.flush(to, at+way-1)
	s.send(from, at, fin|ack, s.said[from], nil, 0, 0)
	s.said[from]++
	back := max(s.free[to], at+way) + 10 + s.r.Int64N(200)
	s.heard[to] = s.said[from]
	if s.r.Float64() < 0.3 { // the acknowledgement first, the other end's FIN later
		s.send(to, back, ack, s.said[to], nil, 0, 0)
		back += 200 + s.r.Int64N(3000)
	}
	s.send(to, back, fin|ack, s.said[to], nil, 0, 0)
	s.said[to]++
	s.heard[from] = s.said[to]
	s.send(from, back+way+10, ack, s.said[from], nil, 0, 0)
}

// finish hands the packets to the connection, in the order that the observer
// saw them.
func (s *tcpSim) finish() {
	slices.SortStableFunc(s.observed, func(a, b packet) int { return cmp.Compare(a.at, b.at) })
	s.c.packets = s.observed
}
