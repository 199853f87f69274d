package pcapio

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"netshare/workspace/trace"
)

// absent marks a field that a packet doesn't have.
const absent = -1

// packet is what a row holds of one IP packet; absent where there is no such
// field.
type packet struct {
	src, dst         netip.Addr
	srcPort, dstPort int
	proto            byte
	length           int64 // pkt_len
	tos, ttl         int
	id               int64
	flag, off        int
	tcpFlags         int
	seq, ack         int64
	window           int
	icmpType         int
	icmpCode         int
	payload          int64
	body             []byte // what was captured of the payload
	odd              note   // numNotes where all is well
}

// decode reads the IP packet that begins data; wireLen is how many bytes were
// on the wire from there on.
func (p *packet) decode(data []byte, wireLen int64) unusable {
	*p = packet{
		srcPort: absent, dstPort: absent, id: absent, flag: absent, off: absent, tcpFlags: absent, seq: absent, ack: absent,
		window: absent, icmpType: absent, icmpCode: absent, payload: absent, odd: numNotes,
	}
	if data[0]>>4 == 4 {
		return p.ipv4(data, wireLen)
	}
	return p.ipv6(data, wireLen)
}

// ipv4 reads an IPv4 header (RFC 791).
func (p *packet) ipv4(data []byte, wireLen int64) unusable {
	if len(data) < 20 {
		return unusable{"IPv4 header cut short", fmt.Sprintf("%d of 20 bytes", len(data))}
	}
	be := binary.BigEndian
	header := int(data[0]&15) * 4
	p.length = int64(be.Uint16(data[2:]))
	if p.length == 0 {
		p.length = wireLen
	}
	switch {
	case header < 20:
		return unusable{"IPv4 header with an impossible length", fmt.Sprintf("%d bytes", header)}
	case header > len(data):
		return unusable{"IPv4 header cut short", fmt.Sprintf("%d of %d bytes", len(data), header)}
	case p.length < int64(header):
		return unusable{"IPv4 total length below its header's", fmt.Sprintf("%d bytes", p.length)}
	}
	p.src, p.dst = netip.AddrFrom4([4]byte(data[12:])), netip.AddrFrom4([4]byte(data[16:]))
	p.tos, p.ttl, p.proto = int(data[1]), int(data[8]), data[9]
	p.id = int64(be.Uint16(data[4:]))
	fragment := int(be.Uint16(data[6:]))
	p.flag, p.off = fragment>>13, fragment&0x1fff
	p.transport(data[header:], p.length-int64(header))
	return sound
}

// ipv6 reads an IPv6 header and its extensions (RFC 8200).
func (p *packet) ipv6(data []byte, wireLen int64) unusable {
	if len(data) < 40 {
		return unusable{"IPv6 header cut short", fmt.Sprintf("%d of 40 bytes", len(data))}
	}
	be := binary.BigEndian
	p.src, p.dst = netip.AddrFrom16([16]byte(data[8:])), netip.AddrFrom16([16]byte(data[24:]))
	p.tos, p.ttl, p.proto = int(be.Uint16(data)>>4&0xff), int(data[7]), data[6]
	p.length = 40 + int64(be.Uint16(data[4:]))
	if p.length == 40 && p.proto != protoNoNext {
		p.length = jumboLength(data, wireLen)
	}
	rest, size := data[40:], p.length-40
	for p.off <= 0 { // what follows a later fragment's header is no header
		n := 0
		switch p.proto {
		case protoHopByHop, protoRouting, protoDestination, protoMobility, protoHIP, protoShim6:
			if len(rest) < 8 {
				return p.extensionCut(rest)
			}
			if p.proto == protoMobility && rest[0] == protoNoNext {
				p.payload, p.body = size, rest[:min(int64(len(rest)), max(size, 0))] // the upper layer itself
				return sound
			}
			n = 8 + 8*int(rest[1])
		case protoAH:
			if len(rest) < 8 {
				return p.extensionCut(rest)
			}
			n = 8 + 4*int(rest[1])
		case protoFragment:
			if len(rest) < 8 {
				return p.extensionCut(rest)
			}
			n = 8
			p.off, p.flag = int(be.Uint16(rest[2:])>>3), int(rest[3]&1)
			p.id = int64(be.Uint32(rest[4:]))
		default:
			p.transport(rest, size)
			return sound
		}
		if n > len(rest) {
			return p.extensionCut(rest)
		}
		p.proto = rest[0]
		rest, size = rest[n:], size-int64(n)
	}
	p.transport(rest, size)
	return sound
}

func (p *packet) extensionCut(rest []byte) unusable {
	return unusable{"IPv6 extension header cut short", fmt.Sprintf("%d bytes left for protocol %d", len(rest), p.proto)}
}

// jumboLength returns the length of an IPv6 packet whose header says 0: what
// its jumbo payload option says (RFC 2675), the wire length where there was
// more than Ethernet's padding (segmentation offload), else 40.
func jumboLength(data []byte, wireLen int64) int64 {
	if data[6] == protoHopByHop && len(data) >= 48 {
		for opts := data[42:min(len(data), 48+8*int(data[41]))]; len(opts) >= 2; {
			switch {
			case opts[0] == 0:
				opts = opts[1:]
				continue
			case opts[0] == 0xc2 && opts[1] == 4 && len(opts) >= 6:
				return 40 + int64(binary.BigEndian.Uint32(opts[2:]))
			}
			opts = opts[min(len(opts), 2+int(opts[1])):]
		}
	}
	if wireLen > 40+6 {
		return wireLen
	}
	return 40
}

// transport reads the header after the IP headers; size is how many bytes the
// IP header says there are, data what was captured of them, perhaps with a
// trailer.
func (p *packet) transport(data []byte, size int64) {
	if size < 0 {
		p.odd = noteTransport
		return
	}
	data = data[:min(int64(len(data)), size)]
	if p.off > 0 {
		p.payload, p.body = size, data
		return
	}
	be := binary.BigEndian
	header := 0
	switch p.proto {
	case protoTCP, protoUDP, protoDCCP, protoSCTP, protoUDPLite:
		if len(data) < 4 {
			p.odd = notePort
			return
		}
		p.srcPort, p.dstPort = int(be.Uint16(data)), int(be.Uint16(data[2:]))
	case protoICMP, protoICMPv6:
		if len(data) < 2 {
			p.odd = notePort
			return
		}
		p.icmpType, p.icmpCode = int(data[0]), int(data[1])
	}
	switch p.proto {
	case protoTCP:
		header = p.tcp(data)
	case protoUDP, protoUDPLite, protoICMP:
		header = 8
	case protoSCTP:
		header = 12
	case protoICMPv6:
		header = 4
	case protoDCCP:
		if len(data) < 5 {
			p.odd = notePort
			return
		}
		if header = int(data[4]) * 4; header < 12 {
			p.odd = noteTransport
			return
		}
	}
	switch {
	case header < 0:
	case size >= int64(header):
		p.payload, p.body = size-int64(header), data[min(header, len(data)):]
	case p.flag > 0 && p.flag&1 != 0: // a first fragment may cut its transport header
	default:
		p.odd = noteTransport
	}
}

// tcp reads what there is of a TCP header (RFC 9293), and returns its length,
// -1 where that is impossible or cut.
func (p *packet) tcp(data []byte) int {
	be := binary.BigEndian
	if len(data) >= 8 {
		p.seq = int64(be.Uint32(data[4:]))
	}
	if len(data) >= 12 {
		p.ack = int64(be.Uint32(data[8:]))
	}
	if len(data) >= 14 {
		p.tcpFlags = int(be.Uint16(data[12:]) & 0xfff)
	}
	if len(data) < 16 {
		if p.flag <= 0 || p.flag&1 == 0 { // a tiny first fragment
			p.odd = notePort
		}
		return -1
	}
	p.window = int(be.Uint16(data[14:]))
	header := int(data[12]>>4) * 4
	if header < 20 {
		p.odd = noteTransport
		return -1
	}
	return header
}

// describe sets all of out but its number and time.
func (p *packet) describe(out *trace.Packet) {
	*out = trace.Packet{
		FiveTuple: trace.FiveTuple{
			SrcIP: p.src, DstIP: p.dst, SrcPort: int32(p.srcPort), DstPort: int32(p.dstPort), Proto: p.proto,
		},
		Length: int(p.length), TTL: uint8(p.ttl), ToS: uint8(p.tos), ID: uint32(max(p.id, 0)),
		FragmentOffset: max(p.off, 0), MoreFragments: p.flag > 0 && p.flag&1 != 0,
		TCPFlags: uint16(max(p.tcpFlags, 0)), Seq: uint32(max(p.seq, 0)), Ack: uint32(max(p.ack, 0)), Window: uint16(max(p.window, 0)),
		ICMPType: uint8(max(p.icmpType, 0)), ICMPCode: uint8(max(p.icmpCode, 0)),
		PayloadLen: int(p.payload), Payload: p.body,
	}
}
