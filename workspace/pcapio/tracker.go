package pcapio

import (
	"encoding/binary"
	"net/netip"
)

// The flag bits of TCP that sequence numbers depend on.
const (
	flagFIN = 1
	flagSYN = 2
	flagRST = 4
	flagPSH = 8
	flagACK = 16
)

// tracker gives the packets of each TCP flow sequence and acknowledgement
// numbers that follow from the packets before: a sequence number advances by
// the payload, SYN and FIN; an acknowledgement is of what the other side has
// sent. It holds the flows of the last packets, in bounded memory.
type tracker struct {
	young, old map[flowKey]*tcpFlow
}

// maxFlows bounds the flows of one generation; two are held.
const maxFlows = 1 << 17

type flowKey struct {
	low, high         netip.Addr
	lowPort, highPort uint16
}

// tcpFlow is the state of a flow's two directions, that from the key's low end
// first.
type tcpFlow struct {
	sides       [2]tcpSide
	connections uint64 // begun on this five-tuple
}

// tcpSide is what one end has sent.
type tcpSide struct {
	first   uint32   // initial sequence number
	next    uint32   // of its next byte
	sent    bool     // anything
	synOnly bool     // nothing but a SYN
	closed  bool     // a FIN
	acking  bool     // an acknowledgement, the last of which is acked
	acked   uint32   // of the other side
	data    bool     // a segment of two bytes or more, the last of which began at dataAt
	dataAt  uint32   //
	ends    []uint32 // of segments that the other side has not acknowledged, oldest first
}

// maxUnacked bounds the segments that a side remembers as unacknowledged.
const maxUnacked = 64

// unseenStep is what a side whose packets are not in the trace is taken to
// have sent between two bare acknowledgements of it, in bytes.
const unseenStep = 1460

func newTracker() *tracker {
	return &tracker{young: map[flowKey]*tcpFlow{}, old: map[flowKey]*tcpFlow{}}
}

// flow returns the packet's flow and its direction in it.
func (t *tracker) flow(s *spec) (*tcpFlow, int) {
	key, direction := flowKey{s.src, s.dst, uint16(max(s.srcPort, 0)), uint16(max(s.dstPort, 0))}, 0
	if c := s.src.Compare(s.dst); c > 0 || c == 0 && key.lowPort > key.highPort {
		key, direction = flowKey{s.dst, s.src, key.highPort, key.lowPort}, 1
	}
	f := t.young[key]
	if f == nil {
		if f = t.old[key]; f == nil {
			f = &tcpFlow{}
			f.begin(key)
		}
		if len(t.young) >= maxFlows {
			t.young, t.old = map[flowKey]*tcpFlow{}, t.young
		}
		t.young[key] = f
	}
	return f, direction
}

// begin sets both ends to the start of a connection.
func (f *tcpFlow) begin(key flowKey) {
	low, high := key.low.As16(), key.high.As16()
	h := hash64(binary.BigEndian.Uint64(low[8:])^binary.BigEndian.Uint64(low[:]),
		binary.BigEndian.Uint64(high[8:])^binary.BigEndian.Uint64(high[:]))
	h = hash64(h, uint64(key.lowPort)<<48|uint64(key.highPort)<<32|f.connections)
	f.connections++
	for i := range f.sides {
		first := uint32(h >> (32 * i))
		f.sides[i] = tcpSide{first: first, next: first + 1, ends: f.sides[i].ends[:0]}
	}
}

// number returns a packet's flags, which are the row's where it has them, its
// sequence number and its acknowledgement.
func (t *tracker) number(s *spec, payload int) (flags int, seq, ack uint32) {
	f, direction := t.flow(s)
	me, peer := &f.sides[direction], &f.sides[1-direction]
	flags = s.tcpFlags
	if flags < 0 {
		flags = likelyFlags(me, peer, payload)
	}
	if flags&(flagSYN|flagACK) == flagSYN && me.sent && !(me.synOnly && !peer.sent) {
		f.begin(flowKey{s.src, s.dst, uint16(max(s.srcPort, 0)), uint16(max(s.dstPort, 0))})
	}
	repeated := false
	switch {
	case flags&flagSYN != 0 && (!me.sent || me.synOnly):
		seq = me.first
		repeated = me.sent
		me.next = me.first + 1 + uint32(payload)
		me.synOnly = true
	default:
		seq = me.next
		me.next += uint32(payload)
		if flags&flagSYN != 0 {
			me.next++
		}
		me.synOnly = false
	}
	if flags&flagFIN != 0 {
		me.next++
		me.closed = true
	}
	me.sent = true
	if me.next != seq && !repeated {
		if len(me.ends) == maxUnacked {
			me.ends = append(me.ends[:0], me.ends[1:]...)
		}
		me.ends = append(me.ends, me.next)
	}
	if payload > 1 {
		me.data, me.dataAt = true, seq
	}
	if flags&flagACK == 0 {
		return flags, seq, 0
	}
	bare := payload == 0 && flags&(flagSYN|flagFIN|flagRST) == 0
	switch {
	case bare && !peer.sent && me.acking:
		// Of a side that isn't seen, it may be taken that it sent something.
		peer.first += unseenStep
		peer.next += unseenStep
		ack = peer.next
	case flags&flagSYN != 0: // of the other's SYN, and not of what came with it
		ack = peer.first + 1
		if len(peer.ends) > 0 && peer.ends[0] == ack {
			peer.acknowledge(1)
		}
	case me.closed || flags&(flagFIN|flagRST) != 0:
		ack = peer.acknowledge(len(peer.ends))
	case bare && !me.data && len(peer.ends) == 1 && me.acking && peer.next-me.acked > 1:
		ack = me.acked + (peer.next-me.acked)/2 // so that the next one has something left
	case bare && !me.data && len(peer.ends) > 1:
		ack = peer.acknowledge(len(peer.ends) / 2)
	default:
		ack = peer.acknowledge((len(peer.ends) + 1) / 2)
	}
	if bare && me.acking && ack == me.acked && me.data {
		// Nothing new: as though it had been sent before the last data, and was
		// overtaken by it. With the next number it would be a duplicate, which
		// tells of a loss.
		seq = me.dataAt
	}
	me.acking, me.acked = true, ack
	return flags, seq, ack
}

// acknowledge returns the number that acknowledges the oldest n of the segments
// that are outstanding. Few at a time leave some for a bare acknowledgement that
// comes next, so that it is no duplicate.
func (p *tcpSide) acknowledge(n int) uint32 {
	if len(p.ends) == 0 {
		return p.next
	}
	ack := p.ends[n-1]
	p.ends = append(p.ends[:0], p.ends[n:]...)
	return ack
}

// likelyFlags are the flags of a packet in a table that has none: a first
// packet without payload is taken for a SYN, its answer for a SYN with ACK.
func likelyFlags(me, peer *tcpSide, payload int) int {
	switch {
	case payload > 0:
		return flagPSH | flagACK
	case !me.sent && !peer.sent:
		return flagSYN
	case !me.sent && peer.synOnly:
		return flagSYN | flagACK
	}
	return flagACK
}
