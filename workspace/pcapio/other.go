package pcapio

import (
	"encoding/binary"
)

// bodySize is the least that a protocol's packet has after the IP header for
// its dissectors to accept it, in bytes.
func bodySize(s *spec) int {
	switch s.proto {
	case protoICMP:
		return icmpSize(s.icmpType)
	case protoICMPv6:
		return icmpv6Size(s.icmpType)
	case protoIGMP:
		return 8
	case protoGRE:
		return 4
	case protoESP:
		return 8
	case protoSCTP, protoDCCP:
		return 16
	}
	return headerSize(s.proto)
}

func icmpSize(t int) int {
	switch t {
	case 3, 4, 5, 11, 12: // with the header of the packet they are about
		return 8 + 28
	case 13, 14:
		return 20
	case 17, 18:
		return 12
	}
	return 8
}

func icmpv6Size(t int) int {
	switch t {
	case 1, 2, 3, 4:
		return 8 + 48
	case 130, 131, 132, 135, 136:
		return 24
	case 134:
		return 16
	case 137:
		return 40
	}
	return 8
}

func (b *builder) otherProtocol(seg []byte, s *spec, l *layout, pseudo uint64) {
	be := binary.BigEndian
	switch s.proto {
	case protoICMP:
		seg[0], seg[1] = 8, 0
		if s.icmpType >= 0 {
			seg[0], seg[1] = byte(s.icmpType), byte(max(s.icmpCode, 0))
		}
		be.PutUint16(seg[2:], fold(sum16(seg)))
	case protoICMPv6:
		seg[0], seg[1] = 128, 0
		if s.icmpType >= 0 {
			seg[0], seg[1] = byte(s.icmpType), byte(max(s.icmpCode, 0))
		}
		sum := sum16(seg)
		if l.v6 {
			sum += pseudo + uint64(len(seg))
		}
		be.PutUint16(seg[2:], fold(sum))
	case protoDCCP: // a data packet with long sequence numbers (RFC 4340, section 5.1)
		if len(seg) < 16 { // a tiny first fragment
			return
		}
		seg[4], seg[8], seg[15] = byte(max(16, l.transport)/4), 2<<1|1, 1
		be.PutUint16(seg[6:], fold(sum16(seg)+pseudo+uint64(len(seg))))
	case protoSCTP:
		be.PutUint32(seg[4:], 1)
		binary.LittleEndian.PutUint32(seg[8:], castagnoli(seg, b.crc))
	}
}
