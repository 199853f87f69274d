package flow

import (
	"strconv"
	"strings"

	"netshare/workspace/trace"
)

// The positions of the columns of a Rollup's records.
const (
	colSrcIP = iota
	colDstIP
	colSrcPort
	colDstPort
	colProto
	colTime
	colDuration
	colPackets
	colBytes
	colFlags
	colToS
	colICMPType
	colICMPCode
	numColumns
)

// Columns returns the columns of a Rollup's records in order. The package
// comment has their units and meanings; the names are NetShare's and UGR16's
// where they have one.
func Columns() []trace.Column {
	integer := func(name string, kind trace.Kind) trace.Column {
		return trace.Column{Name: name, Type: trace.TypeInt, Kind: kind}
	}
	return []trace.Column{
		colSrcIP:    {Name: "srcip", Type: trace.TypeText, Kind: trace.KindAddress},
		colDstIP:    {Name: "dstip", Type: trace.TypeText, Kind: trace.KindAddress},
		colSrcPort:  integer("srcport", trace.KindPort),
		colDstPort:  integer("dstport", trace.KindPort),
		colProto:    {Name: "proto", Type: trace.TypeText, Kind: trace.KindProtocol},
		colTime:     {Name: "ts", Type: trace.TypeTime, Kind: trace.KindTimestamp},
		colDuration: {Name: "td", Type: trace.TypeReal, Kind: trace.KindReal},
		colPackets:  integer("pkt", trace.KindInteger),
		colBytes:    integer("byt", trace.KindInteger),
		colFlags:    integer("tcp_flags", trace.KindCategory),
		colToS:      integer("tos", trace.KindCategory),
		colICMPType: integer("icmp_type", trace.KindCategory),
		colICMPCode: integer("icmp_code", trace.KindCategory),
	}
}

// The IP protocols that are known by more than their name.
const (
	protoICMP    = 1
	protoTCP     = 6
	protoUDP     = 17
	protoDCCP    = 33
	protoICMPv6  = 58
	protoSCTP    = 132
	protoUDPLite = 136
)

// The flag bits of TCP.
const (
	flagFIN = 1
	flagSYN = 2
	flagRST = 4
	flagPSH = 8
	flagACK = 16
)

// hasPorts reports whether a protocol's packets have ports.
func hasPorts(proto uint8) bool {
	switch proto {
	case protoTCP, protoUDP, protoDCCP, protoSCTP, protoUDPLite:
		return true
	}
	return false
}

func isICMP(proto uint8) bool { return proto == protoICMP || proto == protoICMPv6 }

// protocolWords are the names of the protocols that flow tables have, IANA's
// first.
const protocolWords = `1 ICMP 2 IGMP 4 IPV4 IPIP IPENCAP 6 TCP 17 UDP 33 DCCP 41 IPV6 46 RSVP 47 GRE 50 ESP 51 AH
58 IPV6-ICMP ICMPV6 ICMP6 IPV6_ICMP 88 EIGRP 89 OSPFIGP OSPF 94 IPIP 103 PIM 108 IPCOMP 112 VRRP 115 L2TP 124 ISIS-OVER-IPV4
132 SCTP 136 UDPLITE UDP-LITE`

// protocols translates protocols' numbers and names.
type protocols struct {
	names   [256]string
	numbers map[string]uint8
}

func newProtocols() *protocols {
	p := &protocols{numbers: map[string]uint8{}}
	number := 0
	for _, word := range strings.Fields(protocolWords) {
		if n, err := strconv.Atoi(word); err == nil {
			number = n
			continue
		}
		if p.names[number] == "" {
			p.names[number] = word
		}
		if _, taken := p.numbers[word]; !taken {
			p.numbers[word] = uint8(number)
		}
	}
	for i := range p.names {
		if p.names[i] == "" {
			p.names[i] = strconv.Itoa(i)
		}
	}
	return p
}
