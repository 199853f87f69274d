package trace

import (
	"net/netip"
	"time"
)

// NoPort stands for the port of a protocol that has none.
const NoPort = -1

// FiveTuple names a packet's two ends and its protocol. It can be a map's key.
type FiveTuple struct {
	SrcIP, DstIP     netip.Addr
	SrcPort, DstPort int32 // NoPort where the protocol has none
	Proto            uint8 // IANA protocol number
}

// Reverse is the five-tuple of the answering direction.
func (t FiveTuple) Reverse() FiveTuple {
	return FiveTuple{SrcIP: t.DstIP, DstIP: t.SrcIP, SrcPort: t.DstPort, DstPort: t.SrcPort, Proto: t.Proto}
}

// Packet is one IP packet with what was captured of its payload. Fields of
// headers that the packet doesn't have are zero.
type Packet struct {
	Number int64     // in its file, from 1
	Time   time.Time // of capture, UTC
	FiveTuple

	Length         int    // of the IP packet on the wire with its header, bytes
	TTL, ToS       uint8  // hop limit and traffic class of IPv6
	ID             uint32 // IP identification
	FragmentOffset int    // in units of 8 bytes
	MoreFragments  bool

	TCPFlags           uint16 // CWR 128, ECE 64, URG 32, ACK 16, PSH 8, RST 4, SYN 2, FIN 1
	Seq, Ack           uint32
	Window             uint16
	ICMPType, ICMPCode uint8

	PayloadLen int    // of the transport's payload on the wire, bytes; -1 where unknown
	Payload    []byte // what was captured of it: at most PayloadLen bytes, used again after the packet's turn
}
