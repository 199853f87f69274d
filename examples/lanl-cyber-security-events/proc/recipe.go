// Package recipe reads the process events of Los Alamos' security data.
package recipe

import "netshare/workspace/trace"

// Recipe declares what is learnt of the events: a session is what one account
// starts and ends on one computer.
var Recipe = trace.Recipe{
	Name: "proc",
	Time: trace.Epoch("time", trace.Second),
	Metadata: []trace.Field{
		trace.Text("userAtdomain"),
		trace.Text("computer"),
	},
	Series: []trace.Field{
		trace.Text("processname"),
		trace.Category("start_end", "Start", "End"),
	},
}
