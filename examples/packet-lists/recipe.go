// Package recipe reads a table of packets as dissectors write them, with lists
// in its columns: the layers of a packet, and what answers a DNS query.
package recipe

import (
	"math"

	"netshare/workspace/trace"
)

// Recipe declares what is learnt of the packets: a session is all packets from
// one end to another.
var Recipe = trace.Recipe{
	Name: "packets",
	Time: trace.Timestamp("time", "2006-01-02 15:04:05.000000"),
	Metadata: []trace.Field{
		trace.IP("srcip"),
		trace.IP("dstip"),
		trace.Port("srcport"),
		trace.Port("dstport"),
	},
	Series: []trace.Field{
		trace.Attributes("packet__layers", ":"),
		trace.Integer("packet__len").Range(20, 65535),
		trace.Text("DNS__qname"),
		trace.Values("DNS__answers", ";", "=",
			trace.Integer("count").Range(0, 255),
			trace.Category("type"),
			trace.Integer("ttl").Range(0, math.MaxInt32).Encode(trace.EncodeLog),
		),
	},
}
