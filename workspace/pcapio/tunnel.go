package pcapio

import (
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Header is which IP header of a tunnelled packet a row is made of.
type Header int

// The headers that may be taken.
const (
	Outermost Header = iota // the tunnel's own packet
	Innermost               // the packet in GRE, ERSPAN, IP in IP, 6in4, VXLAN, Geneve or GTP, however deep
)

// Take sets which IP header rows are made of, before Read. A packet whose
// inner one is cut or unknown is read by its outermost. Lengths are those of
// the header taken; frame_len, cap_len and vlan are the frame's.
func (r *Reader) Take(h Header) { r.take = h }

// mayTunnel reports whether a packet is worth looking into.
func (p *packet) mayTunnel() bool {
	switch p.proto {
	case protoIPv4, protoIPv6, protoGRE, 97, 137:
		return true
	case protoUDP:
		switch p.dstPort {
		case 2152, 4789, 6081, 6635: // GTP-U, VXLAN, Geneve, MPLS
			return true
		}
	}
	return false
}

// innermost returns the offset of the innermost IP header in a packet that
// begins with one, 0 for that one. The headers that ICMP errors quote are not
// packets within.
func innermost(data []byte) int {
	first := layers.LayerTypeIPv4
	if data[0]>>4 == 6 {
		first = layers.LayerTypeIPv6
	}
	offset := 0
	for _, layer := range gopacket.NewPacket(data, first, gopacket.NoCopy).Layers() {
		switch layer.LayerType() {
		case layers.LayerTypeIPv4, layers.LayerTypeIPv6:
			// The layers are slices of data: what is behind them tells where they are.
			if at := cap(data) - cap(layer.LayerContents()); at >= 0 && at < len(data) {
				offset = at
			}
		case gopacket.LayerTypeDecodeFailure:
			return offset
		}
	}
	return offset
}
