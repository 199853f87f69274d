// Package recipe reads the authentication events of Los Alamos' security data.
package recipe

import "netshare/workspace/trace"

// Recipe declares what is learnt of the events: a session is what one account
// does from one computer.
var Recipe = trace.Recipe{
	Name: "auth",
	Time: trace.Epoch("time", trace.Second),
	Metadata: []trace.Field{
		trace.Text("src_user"),
		trace.Text("src_computer"),
	},
	Series: []trace.Field{
		trace.Text("dst_user"),
		trace.Text("dst_computer"),
		trace.Category("authentication_type"),
		trace.Category("logon_type"),
		trace.Category("authentication_orientation"),
		trace.Category("success_failure", "Success", "Fail"),
	},
}
