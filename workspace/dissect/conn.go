package dissect

import (
	"encoding/binary"
	"net/netip"
	"time"

	"netshare/workspace/trace"
)

// conn is one connection: the packets of a five-tuple and of its reverse.
type conn struct {
	key        connKey
	generation uint32 // tells apart connections of one key that began in the same moment
	reverse    bool   // the key's high end is the originator
	began      int64  // time of the first packet, nanoseconds since 1970
	last       int64  // time of the last packet that counts for the duration
	name       string // see uid

	ends    [2]endpoint // originator, responder
	tcp     *tcpState   // nil but for TCP
	reader  analyzer    // nil where nobody reads the payload
	service string      // that the payload shows
	history []byte
	seen    uint32 // letters that history has once at most
	missed  int64  // bytes that content gaps took

	opened   bool  // whether reader has been chosen
	number   int64 // in the order of beginning
	deadline int64 // when the connection is looked at next
	place    int   // in the table's queue, -1 when it has left it
}

// endpoint is what one end of a connection has sent.
type endpoint struct {
	packets, ipBytes int64
	bytes            int64 // of payload, but for TCP
	active           bool  // sent anything, but for TCP
}

// originator and responder index conn.ends.
const (
	originator = 0
	responder  = 1
)

// side returns the index of an end.
func side(orig bool) int {
	if orig {
		return originator
	}
	return responder
}

// flip exchanges originator and responder.
func (c *conn) flip() {
	c.reverse = !c.reverse
	c.ends[0], c.ends[1] = c.ends[1], c.ends[0]
	if c.tcp != nil {
		c.tcp.ends[0], c.tcp.ends[1] = c.tcp.ends[1], c.tcp.ends[0]
		c.tcp.came[0], c.tcp.came[1] = c.tcp.came[1], c.tcp.came[0]
		c.tcp.partial = false // until it turns out to be again
	}
	c.write('^')
}

// connKey names a connection by its two ends, the lower one first, but for
// messages that have no answer: those are named by their direction.
type connKey struct {
	low, high         [16]byte
	lowPort, highPort uint16
	proto             byte // IANA number
	v6, oneWay        bool
}

// newKey returns the key of a packet, and whether its source is the key's
// high end.
func newKey(src, dst netip.Addr, srcPort, dstPort uint16, proto byte, oneWay bool) (k connKey, reverse bool) {
	a, b := src.As16(), dst.As16()
	k = connKey{low: a, high: b, lowPort: srcPort, highPort: dstPort, proto: proto, v6: src.Is6(), oneWay: oneWay}
	if oneWay {
		return k, false
	}
	for i := 0; i < 16; i += 8 {
		x, y := binary.BigEndian.Uint64(a[i:]), binary.BigEndian.Uint64(b[i:])
		if x != y {
			reverse = x > y
			break
		}
		if i == 8 {
			reverse = srcPort > dstPort
		}
	}
	if reverse {
		k.low, k.high, k.lowPort, k.highPort = b, a, dstPort, srcPort
	}
	return k, reverse
}

// address returns an address of the key as its packets had it.
func (k *connKey) address(a [16]byte) netip.Addr {
	if k.v6 {
		return netip.AddrFrom16(a)
	}
	return netip.AddrFrom16(a).Unmap()
}

// orig returns the originator's address and port; of ICMP, the first message's
// type stands for it.
func (c *conn) orig() (netip.Addr, uint16) {
	if c.reverse {
		return c.key.address(c.key.high), c.key.highPort
	}
	return c.key.address(c.key.low), c.key.lowPort
}

// resp returns the responder's address and port; of ICMP, the code or the
// answer's type stands for it.
func (c *conn) resp() (netip.Addr, uint16) {
	if c.reverse {
		return c.key.address(c.key.low), c.key.lowPort
	}
	return c.key.address(c.key.high), c.key.highPort
}

// start is when the first packet was captured.
func (c *conn) start() time.Time { return time.Unix(0, c.began).UTC() }

// proto is the connection's transport as Zeek names it.
func (c *conn) proto() string {
	switch c.key.proto {
	case protoTCP:
		return "tcp"
	case protoUDP:
		return "udp"
	case protoICMP, protoICMPv6:
		return "icmp"
	}
	return "unknown_transport"
}

// head sets a row's first six columns: ts, uid and the four of id.
func (c *conn) head(row trace.Row, ts time.Time) {
	origH, origP := c.orig()
	respH, respP := c.resp()
	row[0], row[1] = ts, c.uid()
	row[2], row[3] = origH.String(), int64(origP)
	row[4], row[5] = respH.String(), int64(respP)
}

// uid returns the connection's identifier. It looks like Zeek's, 96 bits in
// base 62 after a C, and is a hash of the five-tuple and of the first packet's
// time, so that all events of a connection have it, whichever protocol they
// are of and however often the capture is read.
func (c *conn) uid() string {
	if c.name == "" {
		h := uint64(c.began)
		for _, a := range [][16]byte{c.key.low, c.key.high} {
			h = mix(h, binary.BigEndian.Uint64(a[:]))
			h = mix(h, binary.BigEndian.Uint64(a[8:]))
		}
		h = mix(h, uint64(c.key.lowPort)<<48|uint64(c.key.highPort)<<32|uint64(c.generation)<<8|uint64(c.key.proto))
		b := base62(append(make([]byte, 0, 20), 'C'), h)
		c.name = string(base62(b, mix(h, 1)>>32))
	}
	return c.name
}

// base62 appends a number's digits, the least first.
func base62(b []byte, n uint64) []byte {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for {
		b = append(b, digits[n%62])
		if n /= 62; n == 0 {
			return b
		}
	}
}

// mix is a hash of two words (the finaliser of splitmix64).
func mix(a, b uint64) uint64 {
	h := a*0x9e3779b97f4a7c15 ^ b
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}

// IANA numbers of the protocols that are followed.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
)
