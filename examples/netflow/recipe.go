// Package recipe reads flow records in the layout of NetShare's UGR16 sample:
// srcip,dstip,srcport,dstport,proto,ts,td,pkt,byt,type.
package recipe

import (
	"math"
	"strings"

	"netshare/workspace/trace"
)

// Recipe declares what is learnt of the records: a session is all flows
// between two endpoints.
var Recipe = trace.Recipe{
	Name: "netflow",
	Time: trace.Epoch("ts", trace.Microsecond),
	Metadata: []trace.Field{
		trace.IP("srcip"),
		trace.IP("dstip"),
		trace.Port("srcport"),
		trace.Port("dstport"),
		trace.Protocol("proto").Parse(strings.ToUpper),
	},
	Series: []trace.Field{
		trace.Real("td").Range(0, math.Inf(1)).Encode(trace.EncodeLog),
		trace.Integer("pkt").Range(1, math.Inf(1)).Encode(trace.EncodeLog),
		trace.Integer("byt").Range(1, math.Inf(1)).Transform(bits, bytes),
		trace.Category("type", "background", "blacklist", "netscan", "portscan", "sshguess"),
	},
}

// bits is the size of each number of bytes on a scale where a step is a
// doubling.
func bits(column []float64) []float64 {
	out := make([]float64, len(column))
	for i, n := range column {
		out[i] = math.Log2(n)
	}
	return out
}

// bytes is the way back: whole bytes, and at least one.
func bytes(column []float64) []float64 {
	out := make([]float64, len(column))
	for i, b := range column {
		out[i] = math.Max(1, math.Round(math.Exp2(b)))
	}
	return out
}
