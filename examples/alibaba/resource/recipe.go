// Package recipe reads what instances of services use of Alibaba's nodes.
package recipe

import "netshare/workspace/trace"

// Recipe declares what is learnt of the measurements: a session is one instance
// over time. Usage is a share of what the instance may use.
var Recipe = trace.Recipe{
	Name: "resource",
	Time: trace.Epoch("timestamp", trace.Millisecond),
	Metadata: []trace.Field{
		trace.Category("msname"),
		trace.Text("msinstanceid"),
		trace.Text("nodeid"),
	},
	Series: []trace.Field{
		trace.Real("instance_cpu_usage").Range(0, 1),
		trace.Real("instance_memory_usage").Range(0, 1),
	},
}
