// Package recipe reads how busy the nodes of Alibaba's clusters are.
package recipe

import "netshare/workspace/trace"

// Recipe declares what is learnt of the measurements: a session is one node
// over time. Usage is a share of the whole.
var Recipe = trace.Recipe{
	Name:     "node",
	Time:     trace.Epoch("timestamp", trace.Millisecond),
	Metadata: []trace.Field{trace.Text("nodeid")},
	Series: []trace.Field{
		trace.Real("node_cpu_usage").Range(0, 1),
		trace.Real("node_memory_usage").Range(0, 1),
	},
}
