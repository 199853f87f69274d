// Package recipe reads the call graph of Alibaba's microservice traces: one
// line for each call that a request leads to.
package recipe

import "netshare/workspace/trace"

// Recipe declares what is learnt of the calls: a session is one request.
var Recipe = trace.Recipe{
	Name:     "call_graph",
	Time:     trace.Epoch("timestamp", trace.Millisecond),
	Metadata: []trace.Field{trace.Text("traceid").RejectMissing()},
	Series: []trace.Field{
		trace.Text("rpcid"), // the call's place in the tree: 0.1, 0.1.2, 0.1.2.1
		trace.Category("um"),
		trace.Category("rpctype"),
		trace.Category("dm"),
		trace.Category("interface"),
		trace.Integer("rt"), // milliseconds, negative as seen by the side that was asked
	},
}
