// Package recipe reads the lookups of Los Alamos' security data: who asked for
// whom.
package recipe

import "netshare/workspace/trace"

// Recipe declares what is learnt of the lookups: a session is all that one
// computer asks.
var Recipe = trace.Recipe{
	Name:     "dns",
	Time:     trace.Epoch("time", trace.Second),
	Metadata: []trace.Field{trace.Text("source_computer")},
	Series:   []trace.Field{trace.Text("computer_resolved")},
}
