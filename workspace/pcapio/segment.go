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
func (b *builder) segment(seg []byte, s *spec, l *layout, addresses uint64, keepSequence bool) {
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
		b.tcp(seg, s, l, pseudo, keepSequence)
	case protoUDP:
		if l.wire == l.total {
			be.PutUint16(seg[4:], uint16(len(seg)))
		}
		fillUDP(seg[8:], s.srcPort, s.dstPort)
		sum := fold(sum16(seg) + pseudo + uint64(len(seg)))
		if sum == 0 { // no checksum, as UDP writes it
			sum = 0xffff
		}
		be.PutUint16(seg[6:], sum)
	case protoUDPLite:
		be.PutUint16(seg[4:], 8) // the checksum covers the header
		be.PutUint16(seg[6:], fold(sum16(seg[:8])+pseudo+uint64(len(seg))))
	default:
		b.otherProtocol(seg, s, l, pseudo)
	}
}

// laterFragment writes a fragment after the first. A first fragment's TCP
// checksum is made as though the length in its pseudo-header were 0; the last
// one's first word makes up for it, so that the whole is right.
func (b *builder) laterFragment(seg []byte, s *spec, l *layout) {
	if s.proto == protoTCP && s.flag&1 == 0 && len(seg) >= 2 {
		binary.BigEndian.PutUint16(seg, ^uint16(s.off*8+len(seg)))
	}
}

// tcp writes a TCP header with empty options (RFC 9293), as much of it as a
// tiny first fragment holds.
func (b *builder) tcp(seg []byte, s *spec, l *layout, pseudo uint64, keepSequence bool) {
	be := binary.BigEndian
	payload := max(0, l.wire-l.header-l.options-l.transport)
	flags, seq, ack := b.flows.number(s, payload)
	if keepSequence && s.seq >= 0 {
		seq = uint32(s.seq)
	}
	if keepSequence && s.ack >= 0 {
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
	if flags&flagSYN != 0 && len(h) >= 24 {
		copy(h[20:], []byte{2, 4, 0x05, 0xb4}) // maximum segment size 1460; the rest ends the options
	}
	if len(seg) > len(h) {
		fillTCP(seg[len(h):], s.srcPort, s.dstPort)
	}
	sum := pseudo + sum16(h)
	if len(seg) > len(h) {
		sum += sum16(seg[len(h):])
	}
	if !l.fragment {
		sum += uint64(len(seg))
	}
	be.PutUint16(h[16:], fold(sum))
	copy(seg, h)
}
