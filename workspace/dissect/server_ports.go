package dissect

import "netshare/workspace/trace"

// serverPorts are the ports that Zeek takes for those of servers
// (likely_server_ports: the ports of its analyzers).
type serverPorts struct{ tcp, udp map[uint16]bool }

func newServerPorts() serverPorts {
	set := func(ports ...uint16) map[uint16]bool {
		m := make(map[uint16]bool, len(ports))
		for _, p := range ports {
			m[p] = true
		}
		return m
	}
	return serverPorts{
		tcp: set(21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 502, 563, 585, 587, 614, 631, 636, 989, 990, 992, 993,
			995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5223, 5269, 5432, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000),
		udp: set(53, 67, 68, 88, 123, 137, 161, 162, 389, 443, 514, 1812, 2123, 2152, 3268, 3389, 3544, 4011, 4789, 5060, 5072, 5353, 5355, 6081, 20000),
	}
}

// answers reports whether a connection's first packet comes from its
// responder, by its ports.
func (s *serverPorts) answers(p *trace.Packet) bool {
	switch p.Proto {
	case protoTCP:
		syn, ack := p.TCPFlags&flagSYN != 0, p.TCPFlags&flagACK != 0
		src, dst := uint16(p.SrcPort), uint16(p.DstPort)
		switch {
		case syn && !ack, !s.tcp[src]:
			return false
		case s.tcp[dst]: // a SYN with ACK may be a stealthy scan
			return !syn && src < dst
		}
		return true
	case protoUDP:
		return s.udp[uint16(p.SrcPort)] && !s.udp[uint16(p.DstPort)] && p.DstIP != broadcast()
	}
	return false
}
