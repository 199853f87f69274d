// Package recipe reads the metrics of Alibaba's microservice traces: call rates
// and response times of each instance of a service.
package recipe

import (
	"math"

	"netshare/workspace/trace"
)

// Recipe declares what is learnt of the metrics: a session is one metric of one
// instance over time.
var Recipe = trace.Recipe{
	Name: "metrics",
	Time: trace.Epoch("timestamp", trace.Millisecond),
	Metadata: []trace.Field{
		trace.Category("msname"),
		trace.Text("msinstanceid"),
		trace.Category("metric"),
	},
	Series: []trace.Field{
		trace.Real("value").Range(0, math.Inf(1)).Encode(trace.EncodeLog),
	},
}
