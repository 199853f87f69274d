// Package recipe reads Zeek's conn.log: one line for each connection.
package recipe

import (
	"fmt"
	"math"

	"netshare/workspace/trace"
)

// Recipe declares what is learnt of the log: a session is what one client asks
// of one service.
var Recipe = trace.Recipe{
	Name: "conn",
	Time: trace.Timestamp("ts", ""),
	Metadata: []trace.Field{
		trace.IP("id.orig_h"),
		trace.IP("id.resp_h"),
		trace.Port("id.resp_p"),
		trace.Protocol("proto"),
	},
	Series: []trace.Field{
		trace.Port("id.orig_p"),
		trace.Category("service"),
		trace.Real("duration").Range(0, math.Inf(1)).Transform(logMicroseconds, seconds),
		trace.Integer("orig_bytes").Range(0, math.Inf(1)).Encode(trace.EncodeLog),
		trace.Integer("resp_bytes").Range(0, math.Inf(1)).Encode(trace.EncodeLog),
		trace.Category("conn_state").Parse(state).Format(stateName),
		trace.Integer("orig_pkts").Range(0, math.Inf(1)).Encode(trace.EncodeLog),
		trace.Integer("resp_pkts").Range(0, math.Inf(1)).Encode(trace.EncodeLog),
	},
}

// states are the connection states of Zeek's manual, from nothing answered to
// everything in order; the codec sees their numbers.
var states = []string{
	"S0", "REJ", "RSTOS0", "RSTRH", "SH", "SHR", "OTH",
	"S1", "S2", "S3", "RSTO", "RSTR", "SF",
}

// state is the number of a connection state.
func state(name string) (int64, error) {
	for i, s := range states {
		if s == name {
			return int64(i), nil
		}
	}
	return 0, fmt.Errorf("unknown connection state %q", name)
}

// stateName is the way back.
func stateName(n int64) string {
	if n < 0 || n >= int64(len(states)) {
		return "OTH"
	}
	return states[n]
}

// logMicroseconds spreads durations, most of which are far below a second,
// over a scale that the model can tell apart.
func logMicroseconds(column []float64) []float64 {
	out := make([]float64, len(column))
	for i, s := range column {
		out[i] = math.Log1p(s * 1e6)
	}
	return out
}

// seconds is the way back, in Zeek's precision of a microsecond.
func seconds(column []float64) []float64 {
	out := make([]float64, len(column))
	for i, x := range column {
		out[i] = math.Max(0, math.Round(math.Expm1(x))) / 1e6
	}
	return out
}
