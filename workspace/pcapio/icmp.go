package pcapio

import "encoding/binary"

// icmpSize is the least that an ICMP message of the type has (RFC 792, RFC
// 950), in bytes.
func icmpSize(t int) int {
	switch t {
	case 3, 4, 5, 11, 12: // with the header of the packet they are about, and eight bytes
		return 8 + 28
	case 13, 14:
		return 20
	case 17, 18:
		return 12
	}
	return 8
}

// icmpv6Size is the least that an ICMPv6 message of the type has (RFC 4443,
// RFC 4861, RFC 2710), in bytes.
func icmpv6Size(t int) int {
	switch t {
	case 1, 2, 3, 4:
		return 8 + 48
	case 130, 131, 132, 135, 136:
		return 24
	case 134, 138, 139, 140:
		return 16
	case 137:
		return 40
	}
	return 8
}

// icmpv6Whole is how many bytes above its least an ICMPv6 message has, given
// that it wants extra: options come in eights, the records of a multicast
// listener report in fours from twenty on.
func icmpv6Whole(t, extra int) int {
	switch t {
	case 133, 134, 135, 136, 137, 141, 142:
		return (extra + 7) &^ 7
	case 143:
		if extra > 0 {
			return max(20, (extra+3)&^3)
		}
	}
	return extra
}

// icmp writes an ICMP message, an echo request where the row has no type.
func (b *builder) icmp(seg []byte, s *spec) {
	seg[0], seg[1] = 8, 0
	if s.icmpType >= 0 {
		seg[0], seg[1] = byte(s.icmpType), byte(max(s.icmpCode, 0))
	}
	switch seg[0] {
	case 3, 4, 5, 11, 12:
		innerIPv4(seg[8:], s, len(seg)-8)
	}
	binary.BigEndian.PutUint16(seg[2:], fold(sum16(seg)))
}

// icmpv6 writes an ICMPv6 message, an echo request where the row has no type.
func (b *builder) icmpv6(seg []byte, s *spec, l *layout, pseudo uint64) {
	be := binary.BigEndian
	seg[0], seg[1] = 128, 0
	if s.icmpType >= 0 {
		seg[0], seg[1] = byte(s.icmpType), byte(max(s.icmpCode, 0))
	}
	rest := seg[min(len(seg), icmpv6Size(s.icmpType)):]
	switch seg[0] {
	case 1, 2, 3, 4: // about a packet from the receiver without content
		inner := seg[8:]
		inner[0], inner[6], inner[7] = 0x60, protoNoNext, 64
		be.PutUint16(inner[4:], uint16(len(inner)-40))
		from, to := s.dst.As16(), s.src.As16()
		copy(inner[8:], from[:])
		copy(inner[24:], to[:])
	case 133, 134, 135, 136, 137, 141, 142: // options for experiments (RFC 4727)
		for len(rest) >= 8 {
			n := min(len(rest)/8, 255)
			rest[0], rest[1] = 253, byte(n)
			rest = rest[8*n:]
		}
	case 143: // records without sources, the room in their auxiliary data (RFC 3810)
		for count := uint16(1); len(rest) >= 20; count++ {
			n := len(rest)
			if n > 20+4*255 {
				n = min(20+4*255, (n-20)&^3)
			}
			rest[0], rest[1], rest[4] = 4, byte((n-20)/4), 0xff
			rest = rest[n:]
			be.PutUint16(seg[6:], count)
		}
	}
	if !l.fragment { // laterFragment makes up for it
		pseudo += uint64(len(seg))
	}
	be.PutUint16(seg[2:], fold(sum16(seg)+pseudo))
}
