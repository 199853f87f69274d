package pcapio

import "netshare/workspace/trace"

// The formats, as trace.Schema.Format has them.
const (
	FormatPcap   = "pcap"
	FormatPcapng = "pcapng"
)

// The keys of trace.Schema.Props.
const (
	PropLinkType   = "link_type"  // number of the (first interface's) link type, decimal
	PropLinkName   = "link_name"  // its name, for people
	PropResolution = "resolution" // "us" or "ns": what the file's times resolve
	PropSnapLen    = "snaplen"    // bytes kept of a frame, decimal; 0 without limit
)

// The positions of the packet table's columns.
const (
	colTime = iota
	colSrcIP
	colDstIP
	colSrcPort
	colDstPort
	colProto
	colPktLen
	colToS
	colID
	colFlag
	colOff
	colTTL
	colTCPFlags
	colTCPSeq
	colTCPAck
	colTCPWin
	colICMPType
	colICMPCode
	colPayloadLen
	colVLAN
	colFrameLen
	colCapLen
	numColumns
)

// Columns returns the columns of a packet table in order. The package comment
// has their units and meanings; the names are NetShare's where it has one.
func Columns() []trace.Column {
	integer := func(name string, kind trace.Kind) trace.Column {
		return trace.Column{Name: name, Type: trace.TypeInt, Kind: kind}
	}
	return []trace.Column{
		colTime:       {Name: "time", Type: trace.TypeTime, Kind: trace.KindTimestamp},
		colSrcIP:      {Name: "srcip", Type: trace.TypeText, Kind: trace.KindAddress},
		colDstIP:      {Name: "dstip", Type: trace.TypeText, Kind: trace.KindAddress},
		colSrcPort:    integer("srcport", trace.KindPort),
		colDstPort:    integer("dstport", trace.KindPort),
		colProto:      {Name: "proto", Type: trace.TypeText, Kind: trace.KindProtocol},
		colPktLen:     integer("pkt_len", trace.KindInteger),
		colToS:        integer("tos", trace.KindCategory),
		colID:         integer("id", trace.KindInteger),
		colFlag:       integer("flag", trace.KindCategory),
		colOff:        integer("off", trace.KindInteger),
		colTTL:        integer("ttl", trace.KindInteger),
		colTCPFlags:   integer("tcp_flags", trace.KindCategory),
		colTCPSeq:     integer("tcp_seq", trace.KindInteger),
		colTCPAck:     integer("tcp_ack", trace.KindInteger),
		colTCPWin:     integer("tcp_win", trace.KindInteger),
		colICMPType:   integer("icmp_type", trace.KindCategory),
		colICMPCode:   integer("icmp_code", trace.KindCategory),
		colPayloadLen: integer("payload_len", trace.KindInteger),
		colVLAN:       integer("vlan", trace.KindCategory),
		colFrameLen:   integer("frame_len", trace.KindInteger),
		colCapLen:     integer("cap_len", trace.KindInteger),
	}
}
