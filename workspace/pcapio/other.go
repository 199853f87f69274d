package pcapio

import "encoding/binary"

// body is what a protocol's packet has after the IP headers for a dissector to
// accept it: at least so many bytes, beginning with these.
type body struct {
	least int
	head  string
}

// bodies are those of the protocols of which a row holds nothing but the
// number, beside headers that are written field by field. Headers that name
// the next one say that there is none (59).
func bodies() *[256]body {
	return &[256]body{
		protoHopByHop:    {8, "\x3b\x00\x01\x04"},
		protoIGMP:        {8, "\x16"}, // membership report of version 2
		protoIPv4:        {20, ""},
		9:                {12, ""}, // IGRP
		protoIPv6:        {40, "\x60\x00\x00\x00\x00\x00\x3b\x40"},
		protoRouting:     {8, "\x3b\x00\xfd\x00"},
		protoFragment:    {8, "\x3b"},
		46:               {8, ""}, // RSVP
		protoGRE:         {4, ""},
		48:               {4, "\x3b"}, // DSR
		protoESP:         {8, ""},
		protoAH:          {12, "\x3b\x01"},
		53:               {8, ""}, // SWIPE
		protoDestination: {8, "\x3b\x00\x01\x04"},
		62:               {8, ""},          // CFTP, which Wireshark takes for mobility
		80:               {1, ""},          // ISO-IP
		83:               {32, ""},         // VINES
		88:               {24, "\x02\x05"}, // EIGRP hello
		89:               {24, ""},         // OSPF
		97:               {16, "\x30"},     // ETHERIP
		103:              {8, "\x20"},      // PIM
		108:              {4, ""},          // IPCOMP
		112:              {8, ""},          // VRRP
		113:              {36, ""},         // PGM
		115:              {20, ""},         // L2TP
		protoSCTP:        {16, ""},
		protoDCCP:        {16, ""},
		134:              {8, ""}, // RSVP-E2E-IGNORE
		protoMobility:    {8, "\x3b"},
		137:              {24, "\x00\x01\x01\x40"}, // MPLS-IN-IP
		protoHIP:         {40, "\x3b\x04\x01\x11"},
		protoShim6:       {8, "\x3b"},
		143:              {14, ""}, // ETHERNET
		173:              {16, ""}, // unassigned, which Wireshark takes for AX4000
		224:              {12, ""}, // unassigned, which Wireshark takes for NCS
	}
}

// bodySize is the least that a packet has after its IP headers, in bytes.
func (b *builder) bodySize(s *spec) int {
	switch s.proto {
	case protoICMP:
		return icmpSize(s.icmpType)
	case protoICMPv6:
		return icmpv6Size(s.icmpType)
	}
	return max(headerSize(s.proto), b.bodies[s.proto].least)
}

// otherProtocol writes the packets that are not of TCP or UDP.
func (b *builder) otherProtocol(seg []byte, s *spec, l *layout, pseudo uint64) {
	be := binary.BigEndian
	if len(seg) < b.bodySize(s) {
		return // a tiny first fragment
	}
	copy(seg, b.bodies[s.proto].head)
	switch s.proto {
	case protoICMP:
		b.icmp(seg, s)
	case protoICMPv6:
		b.icmpv6(seg, s, l, pseudo)
	case protoIGMP:
		if s.dst.Is4() {
			group := s.dst.As4()
			copy(seg[4:8], group[:])
		}
		be.PutUint16(seg[2:], fold(sum16(seg)))
	case protoIPv4: // a datagram of an experimental protocol
		innerIPv4(seg, s, len(seg))
	case protoIPv6:
		be.PutUint16(seg[4:], uint16(len(seg)-40))
		from, to := s.src.As16(), s.dst.As16()
		copy(seg[8:], from[:])
		copy(seg[24:], to[:])
	case 88: // EIGRP: one value of an unknown type
		be.PutUint16(seg[20:], 0xf0f0)
		be.PutUint16(seg[22:], uint16(len(seg)-20))
		be.PutUint16(seg[2:], fold(sum16(seg)))
	case 103: // PIM hello with one option for private use (RFC 7761, section 4.9.2)
		be.PutUint16(seg[4:], 65001)
		be.PutUint16(seg[6:], uint16(len(seg)-8))
		be.PutUint16(seg[2:], fold(sum16(seg)))
	case protoDCCP: // a data packet with long sequence numbers (RFC 4340, section 5.1)
		seg[4], seg[8], seg[15] = byte(max(16, l.transport)/4), 2<<1|1, 1
		be.PutUint16(seg[6:], fold(sum16(seg)+pseudo+uint64(len(seg))))
	case protoSCTP:
		b.sctp(seg)
	}
}

// sctp writes a heartbeat whose information is all that is left (RFC 9260,
// section 3.3.5), or where there is no room for one a chunk that has none.
func (b *builder) sctp(seg []byte) {
	be := binary.BigEndian
	be.PutUint32(seg[4:], 1) // the verification tag
	if len(seg) < 20 {
		seg[12], seg[15] = 11, 4 // acknowledges a cookie
	} else {
		seg[12] = 4
		be.PutUint16(seg[14:], uint16(len(seg)-12))
		seg[17] = 1
		be.PutUint16(seg[18:], uint16(len(seg)-16))
	}
	binary.LittleEndian.PutUint32(seg[8:], castagnoli(seg, b.crc))
}

// innerIPv4 writes the header of a datagram of the given length from the
// packet's receiver to its sender where they are IPv4 addresses.
func innerIPv4(at []byte, s *spec, length int) {
	be := binary.BigEndian
	at[0], at[8], at[9] = 0x45, 64, 253 // for experiments (RFC 3692)
	be.PutUint16(at[2:], uint16(length))
	if s.src.Is4() {
		from, to := s.dst.As4(), s.src.As4()
		copy(at[12:16], from[:])
		copy(at[16:20], to[:])
	}
	be.PutUint16(at[10:], fold(sum16(at[:20])))
}
