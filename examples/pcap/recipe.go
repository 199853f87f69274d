// Package recipe reads packet captures: the header fields that NetShare learns
// of a packet, and the flags of TCP.
package recipe

import (
	"strings"

	"netshare/workspace/trace"
)

// Recipe declares what is learnt of the packets: a session is all packets of
// one five-tuple, in one direction.
var Recipe = trace.Recipe{
	Name: "packets",
	Time: trace.Timestamp("time", ""),
	Metadata: []trace.Field{
		trace.IP("srcip"),
		trace.IP("dstip"),
		trace.Port("srcport"),
		trace.Port("dstport"),
		trace.Protocol("proto"),
	},
	Series: []trace.Field{
		trace.Integer("pkt_len").Range(20, 65535),
		trace.Integer("tos").Range(0, 255),
		trace.Integer("id").Range(0, 65535),
		trace.Category("flag"),
		trace.Integer("off").Range(0, 8191),
		trace.Integer("ttl").Range(0, 255),
		trace.Category("tcp_flags"),
	},
	Derived: []trace.Field{
		trace.Integer("payload_len").Derive(payload, "pkt_len", "srcip", "proto", "tcp_flags"),
	},
	Filter: trace.Where(known, "proto"),
}

// known keeps the packets whose headers the recipe can count.
func known(r trace.Record) bool {
	switch r.Text("proto") {
	case "TCP", "UDP", "ICMP", "IPV6-ICMP":
		return true
	}
	return false
}

// The flags of TCP that say what a segment is for.
const (
	syn  = 2
	push = 8
)

// payload is what a packet carries behind its headers. What a SYN, or a small
// segment that pushes nothing, has beyond them is options.
func payload(r trace.Record) int64 {
	n := r.Int("pkt_len") - 20
	if strings.Contains(r.Text("srcip"), ":") {
		n -= 20
	}
	switch r.Text("proto") {
	case "TCP":
		n -= 20
		flags := r.Int("tcp_flags")
		if flags&syn != 0 || flags&push == 0 && n <= 40 {
			n = 0
		}
	case "IPV6-ICMP":
		n -= 4
	default:
		n -= 8
	}
	if n < 0 {
		return 0
	}
	return n
}
