package pcapio

import (
	"encoding/binary"
)

// headerSize is the length of a protocol's own header without options, as
// payload_len counts it.
func headerSize(proto byte) int {
	switch proto {
	case protoTCP:
		return 20
	case protoUDP, protoUDPLite, protoICMP:
		return 8
	case protoSCTP, protoDCCP:
		return 12
	case protoICMPv6:
		return 4
	}
	return 0
}

// segment writes what follows the IP headers. Addresses is the sum of the
// pseudo-header's addresses.
func (b *builder) segment(seg []byte, s *spec, l *layout, addresses uint64, keep bool) {
	be := binary.BigEndian
	if l.later {
		b.laterFragment(seg, s, l)
		return
	}
	switch s.proto {
	case protoTCP, protoUDP, protoSCTP, protoDCCP, protoUDPLite:
		be.PutUint16(seg, uint16(max(s.srcPort, 0)))
		be.PutUint16(seg[2:], uint16(max(s.dstPort, 0)))
	}
	pseudo := addresses + uint64(s.proto)
	switch s.proto {
	case protoTCP:
		b.tcp(seg, s, l, pseudo, keep)
	case protoUDP:
		b.udp(seg, s, l, pseudo)
	case protoUDPLite:
		be.PutUint16(seg[4:], 8) // the checksum covers the header
		be.PutUint16(seg[6:], fold(sum16(seg[:8])+pseudo+uint64(len(seg))))
	default:
		b.otherProtocol(seg, s, l, pseudo)
	}
}

// udp writes a UDP header (RFC 768). Where no payload of the length is one that
// the port's dissectors accept, the datagram is empty by its own length field,
// and what the packet has beyond is of no datagram.
func (b *builder) udp(seg []byte, s *spec, l *layout, pseudo uint64) {
	be := binary.BigEndian
	filling := of(b.payloads.udp, s.srcPort, s.dstPort)
	size := len(seg)
	if size-8 < filling.least && !l.fragment {
		size = 8
	}
	if l.wire == l.total { // else the length field of an offloaded one is 0
		be.PutUint16(seg[4:], uint16(size))
	}
	filled := seg[:8] // and the rest is zero, which adds nothing
	if filling.with != 0 {
		filled = seg[:size]
		filling.fill(seg[8:size])
	}
	sum := fold(sum16(filled) + pseudo + uint64(size))
	if sum == 0 { // 0 is no checksum
		sum = 0xffff
	}
	be.PutUint16(seg[6:], sum)
}

// laterFragment writes a fragment after the first. A first fragment's checksum
// is made as though the length in its pseudo-header were 0; the last one's
// first word makes up for it, so that the whole is right. SCTP's can't be.
func (b *builder) laterFragment(seg []byte, s *spec, l *layout) {
	if (s.proto == protoTCP || s.proto == protoICMPv6) && s.flag&1 == 0 && len(seg) >= 2 {
		binary.BigEndian.PutUint16(seg, ^uint16(s.off*8+len(seg)))
	}
}

// tcp writes a TCP header with empty options (RFC 9293), as much of it as a
// tiny first fragment holds.
func (b *builder) tcp(seg []byte, s *spec, l *layout, pseudo uint64, keep bool) {
	be := binary.BigEndian
	payload := max(0, l.wire-l.header-l.options-l.transport)
	flags, seq, ack := b.flows.number(s, payload)
	if keep && s.seq >= 0 {
		seq = uint32(s.seq)
	}
	if keep && s.ack >= 0 {
		ack = uint32(s.ack)
	}
	window := 64240
	if s.window >= 0 {
		window = s.window
	}
	var header [60]byte
	h := header[:l.transport]
	copy(h, seg[:4])
	be.PutUint32(h[4:], seq)
	be.PutUint32(h[8:], ack)
	be.PutUint16(h[12:], uint16(l.transport/4)<<12|uint16(flags))
	be.PutUint16(h[14:], uint16(window))
	if flags&flagSYN != 0 && len(h) >= 24 { // the rest of the options' room is zero, which ends them
		copy(h[20:24], []byte{2, 4, 0x05, 0xb4}) // maximum segment size 1460
		if len(h) >= 28 {
			copy(h[24:27], []byte{3, 3, 7}) // windows scaled by 2^7
		}
	}
	sum := pseudo + sum16(h)
	if len(seg) > len(h) { // a payload of zero adds nothing
		rest := seg[len(h):]
		if isDNS(s.srcPort, s.dstPort) {
			if len(rest) >= dnsLeast { // its length, and a header that counts nothing
				be.PutUint16(rest, uint16(len(rest)-2))
				sum += uint64(len(rest) - 2)
			}
		} else if f := of(b.payloads.tcp, s.srcPort, s.dstPort); f.with != 0 {
			f.fill(rest)
			sum += sum16(rest)
		}
	}
	if !l.fragment {
		sum += uint64(len(seg))
	}
	be.PutUint16(h[16:], fold(sum))
	copy(seg, h)
}
