// Package recipe reads the flow records of Los Alamos' security data, whose
// addresses are numbers of computers and whose ports are numbers of ports that
// were hidden: C1065, N10451.
package recipe

import (
	"math"
	"strconv"
	"strings"

	"netshare/workspace/trace"
)

// Recipe declares what is learnt of the records: a session is all flows from
// one computer to another.
var Recipe = trace.Recipe{
	Name: "flows",
	Time: trace.Epoch("ts", trace.Second),
	Metadata: []trace.Field{
		trace.Text("srcip"),
		trace.Text("dstip"),
		trace.Category("proto").Parse(protocol).Format(number),
	},
	Series: []trace.Field{
		trace.Text("srcport"),
		trace.Text("dstport"),
		trace.Integer("td").Range(0, math.Inf(1)).Encode(trace.EncodeLog),
		trace.Integer("pkt").Range(1, math.Inf(1)).Encode(trace.EncodeLog),
		trace.Integer("byt").Range(1, math.Inf(1)).Encode(trace.EncodeLog),
	},
}

// names are the protocols that people know by name.
var names = map[int64]string{1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 58: "icmp6"}

// protocol is a protocol's name, so that SQL over the table reads well.
func protocol(n int64) string {
	if name := names[n]; name != "" {
		return name
	}
	return "ip-" + strconv.FormatInt(n, 10)
}

// number is the way back.
func number(name string) int64 {
	for n, known := range names {
		if known == name {
			return n
		}
	}
	n, _ := strconv.ParseInt(strings.TrimPrefix(name, "ip-"), 10, 64)
	return n
}
