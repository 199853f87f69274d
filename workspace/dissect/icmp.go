package dissect

import "netshare/workspace/trace"

// icmpHeader is how many bytes of what a packet has as its payload are, for
// Zeek, still of the header: ICMPv6 has one of four bytes, then four that
// depend on the type.
func icmpHeader(p *trace.Packet) int {
	if p.Proto == protoICMPv6 {
		return 4
	}
	return 0
}

// counterpart returns the type of the message that answers one of a type, or
// that one of a type answers; oneWay where there is none.
func counterpart(proto, kind uint8) (other uint16, oneWay bool) {
	pairs := [][2]uint8{{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}}
	if proto == protoICMPv6 {
		pairs = [][2]uint8{{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}}
	}
	for _, p := range pairs {
		switch kind {
		case p[0]:
			return uint16(p[1]), false
		case p[1]:
			return uint16(p[0]), false
		}
	}
	return 0, true
}
