package pcapio

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// builder makes frames in a buffer of its own.
type builder struct {
	link     linkType
	flows    *tracker
	payloads payloads
	bodies   *[256]body
	crc      *crc32.Table
	buf      []byte
	used     int // bytes of buf that may be other than zero
}

const (
	maxPacket = 65535 // bytes that a 16-bit length field can say
	maxLink   = 20    // bytes of a link header
	maxOption = 2048  // bytes of IPv6 options that padding may take
)

func newBuilder(link linkType) *builder {
	return &builder{
		link: link, flows: newTracker(), payloads: newPayloads(), bodies: bodies(), crc: crc32.MakeTable(crc32.Castagnoli),
		buf: make([]byte, maxLink+48+maxPacket+maxOption+64),
	}
}

// writable returns the link type that captures of the given one are written
// with.
func writable(link linkType) linkType {
	switch link {
	case linkNull, linkLoop, linkCooked, linkCooked2:
		return link
	case linkRaw, linkRawBSD, linkRawOBSD, linkIPv4, linkIPv6:
		return linkRaw
	}
	return linkEthernet
}

// layout is where the parts of a packet lie, in bytes.
type layout struct {
	v6        bool
	header    int // IP header with its fragment header
	options   int // of IPv4, or the IPv6 destination options header
	transport int // TCP header with options, the fixed header of others
	total     int // pkt_len as written
	wire      int // pkt_len as asked for, above 65535 for offloaded ones
	fragment  bool
	later     bool // a fragment with an offset
}

// build returns the frame of a packet, valid until the next call, and its
// length on the wire.
func (b *builder) build(s *spec, opts *WriterOptions) (frame []byte, wireLen int) {
	clear(b.buf[:b.used])
	if s.src.Is4() != s.dst.Is4() {
		s.src, s.dst = netip.AddrFrom16(s.src.As16()), netip.AddrFrom16(s.dst.As16())
	}
	keep := opts.KeepSequence
	l := b.plan(s, keep || opts.KeepLength)
	at := b.linkHeader(s, l.v6)
	ip := b.buf[at : at+l.total]
	segment := ip[l.header+l.options:]
	sum := b.ipHeader(ip, s, &l)
	b.segment(segment, s, &l, sum, keep)
	if !l.v6 {
		binary.BigEndian.PutUint16(ip[10:], fold(sum16(ip[:l.header+l.options])))
	}
	b.used = at + l.total
	end := b.used
	if b.link == linkEthernet && s.frameLen > int64(end) && s.frameLen <= 60 && l.wire == l.total {
		end = int(s.frameLen) // Ethernet's padding to its minimum
	}
	if l.wire > l.total {
		return b.buf[:end], at + l.wire
	}
	return b.buf[:end], end
}

// plan decides the sizes of the packet's parts.
func (b *builder) plan(s *spec, keep bool) layout {
	l := layout{v6: s.src.Is6(), header: 20}
	if l.v6 {
		l.header = 40
		if s.id >= 0 || s.off > 0 { // what an IPv6 packet has in its fragment header
			l.header = 48
		}
	}
	l.later = s.off > 0
	l.fragment = l.later || s.flag > 0 && s.flag&1 != 0 && (!l.v6 || l.header == 48)
	l.wire = int(s.length)
	if l.later {
		l.total = max(l.wire, l.header+8)
		l.wire = l.total
		if l.total > maxPacket {
			l.total, l.wire = maxPacket, maxPacket
		}
		return l
	}
	l.transport = headerSize(s.proto)
	if extra := int64(l.wire-l.header-l.transport) - s.payload; s.payload >= 0 && extra > 0 {
		b.pad(s.proto, int(extra), &l)
	}
	least := l.header + l.options + max(l.transport, b.bodySize(s))
	if l.fragment {
		least = l.header + l.options + 8
		if l.v6 { // a first fragment has all headers (RFC 7112)
			least = l.header + l.options + max(8, (b.bodies[s.proto].least+7)&^7)
		}
	}
	if payload := l.wire - least; s.proto == protoTCP && payload > 0 && !keep && !l.fragment {
		least += min(of(b.payloads.tcp, s.srcPort, s.dstPort).least, maxPacket-least)
	}
	if s.proto == protoICMPv6 && l.wire > least && !l.fragment && !keep {
		l.wire = least + icmpv6Whole(s.icmpType, l.wire-least)
	}
	l.wire = max(l.wire, least)
	l.total = l.wire
	limit := maxPacket
	if l.v6 {
		limit += 40 // its length field is without the header
	}
	if l.total > limit {
		l.total = least
	}
	return l
}

// pad spreads extra header bytes over the options of the transport and of IP,
// or leaves them to the payload where they can't be options.
func (b *builder) pad(proto byte, extra int, l *layout) {
	if proto == protoDCCP && extra%4 == 0 && extra <= 1020-l.transport {
		l.transport += extra
		return
	}
	tcp := 0
	if proto == protoTCP {
		tcp = min(40, extra&^3)
		if l.v6 { // the rest is of whole eight bytes
			for tcp > 0 && (extra-tcp)%8 != 0 {
				tcp -= 4
			}
		}
	}
	rest := extra - tcp
	if l.v6 && rest%8 == 0 && rest <= maxOption || !l.v6 && rest%4 == 0 && rest <= 40 {
		l.transport += tcp
		l.options = rest
	}
}

// linkHeader writes the link layer, and returns its length.
func (b *builder) linkHeader(s *spec, v6 bool) int {
	be := binary.BigEndian
	kind, family := uint16(0x0800), byte(2)
	if v6 {
		kind, family = 0x86dd, 30
	}
	switch b.link {
	case linkRaw:
		return 0
	case linkNull:
		b.buf[0] = family
		return 4
	case linkLoop:
		b.buf[3] = family
		return 4
	case linkCooked:
		mac := hardware(s.src)
		be.PutUint16(b.buf[2:], 1)
		be.PutUint16(b.buf[4:], 6)
		copy(b.buf[6:], mac[:])
		be.PutUint16(b.buf[14:], kind)
		return 16
	case linkCooked2:
		mac := hardware(s.src)
		be.PutUint16(b.buf, kind)
		be.PutUint32(b.buf[4:], 1)
		be.PutUint16(b.buf[8:], 1)
		b.buf[11] = 6
		copy(b.buf[12:], mac[:])
		return 20
	}
	to, from := hardware(s.dst), hardware(s.src)
	copy(b.buf, to[:])
	copy(b.buf[6:], from[:])
	at := 12
	if s.vlan >= 0 {
		be.PutUint16(b.buf[at:], 0x8100)
		be.PutUint16(b.buf[at+2:], uint16(s.vlan))
		at += 4
	}
	be.PutUint16(b.buf[at:], kind)
	return at + 2
}

// hardware returns a MAC address for an IP address: what multicast maps to
// (RFC 1112, RFC 2464), or a locally administered one that is a hash of it.
func hardware(a netip.Addr) [6]byte {
	bytes := a.As16()
	switch {
	case a.IsMulticast() && a.Is4():
		return [6]byte{0x01, 0, 0x5e, bytes[13] & 0x7f, bytes[14], bytes[15]}
	case a.IsMulticast():
		return [6]byte{0x33, 0x33, bytes[12], bytes[13], bytes[14], bytes[15]}
	case a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return [6]byte{255, 255, 255, 255, 255, 255}
	}
	h := hash64(binary.BigEndian.Uint64(bytes[:]), binary.BigEndian.Uint64(bytes[8:]))
	return [6]byte{0x02, byte(h >> 32), byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}
}

// hash64 mixes two words (the finaliser of splitmix64).
func hash64(a, b uint64) uint64 {
	h := a*0x9e3779b97f4a7c15 ^ b
	for range 2 {
		h ^= h >> 30
		h *= 0xbf58476d1ce4e5b9
		h ^= h >> 27
		h *= 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// ipHeader writes the IP header but for IPv4's checksum, and returns the sum
// of the pseudo-header's addresses.
func (b *builder) ipHeader(ip []byte, s *spec, l *layout) uint64 {
	be := binary.BigEndian
	ttl := byte(64)
	if s.ttl >= 0 {
		ttl = byte(s.ttl)
	}
	tos := byte(max(s.tos, 0))
	if l.v6 {
		return ipv6Header(ip, s, l, tos, ttl)
	}
	header := l.header + l.options
	ip[0], ip[1], ip[8], ip[9] = 0x40|byte(header/4), tos, ttl, s.proto
	if l.wire == l.total {
		be.PutUint16(ip[2:], uint16(l.total))
	}
	flag := 2 // of packets that nothing is known of: don't fragment
	if s.flag >= 0 || s.off > 0 {
		flag = max(s.flag, 0)
	}
	be.PutUint16(ip[4:], uint16(max(s.id, 0)))
	be.PutUint16(ip[6:], uint16(flag<<13|max(s.off, 0)))
	src, dst := s.src.As4(), s.dst.As4()
	copy(ip[12:], src[:])
	copy(ip[16:], dst[:])
	return sum16(ip[12:20])
}

func ipv6Header(ip []byte, s *spec, l *layout, tos, ttl byte) uint64 {
	be := binary.BigEndian
	be.PutUint32(ip, 6<<28|uint32(tos)<<20)
	if l.wire == l.total {
		be.PutUint16(ip[4:], uint16(l.total-40))
	}
	ip[7] = ttl
	src, dst := s.src.As16(), s.dst.As16()
	copy(ip[8:], src[:])
	copy(ip[24:], dst[:])
	next := &ip[6]
	if l.header == 48 {
		*next = protoFragment
		next = &ip[40]
		be.PutUint16(ip[42:], uint16(max(s.off, 0)<<3|max(s.flag, 0)&1))
		be.PutUint32(ip[44:], uint32(max(s.id, 0)))
	}
	if l.options > 0 {
		*next = protoDestination
		options := ip[l.header : l.header+l.options]
		next = &options[0]
		options[1] = byte(l.options/8 - 1)
		padN(options[2:])
	}
	*next = s.proto
	return sum16(ip[8:40])
}

// padN fills b with IPv6 padding options.
func padN(b []byte) {
	for len(b) > 1 {
		n := min(len(b), 7) // more than seven in a row is what a firewall may drop
		b[0], b[1] = 1, byte(n-2)
		b = b[n:]
	}
}
