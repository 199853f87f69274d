// Package recipe reads the red team's events of Los Alamos' security data: the
// logins that are known to be attacks.
package recipe

import "netshare/workspace/trace"

// Recipe declares what is learnt of the events: a session is what is done with
// one stolen account.
var Recipe = trace.Recipe{
	Name:     "redteam",
	Time:     trace.Epoch("time", trace.Second),
	Metadata: []trace.Field{trace.Text("user@domain")},
	Series: []trace.Field{
		trace.Category("src_computer"), // a handful of stepping stones
		trace.Text("dst_computer"),
	},
}
