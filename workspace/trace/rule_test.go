package trace_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

func TestComparison(t *testing.T) {
	for text, want := range map[string]trace.Comparison{
		"end = start + duration": {
			Terms: []trace.Term{{Column: "end", Times: 1}, {Column: "start", Times: -1}, {Column: "duration", Times: -1}}, Op: "=",
		},
		"bytes >= 20 * packets + 8": {
			Terms: []trace.Term{{Column: "bytes", Times: 1}, {Column: "packets", Times: -20}}, Constant: -8, Op: ">=",
		},
		`"Flow Duration"*1e-6 <= id.took - -2`: {
			Terms: []trace.Term{{Column: "Flow Duration", Times: 1e-6}, {Column: "id.took", Times: -1}}, Constant: -2, Op: "<=",
		},
		"a + 2 * a = b within 0.5": {
			Terms: []trace.Term{{Column: "a", Times: 3}, {Column: "b", Times: -1}}, Op: "=", Within: .5,
		},
		"ttl >= 1": {Terms: []trace.Term{{Column: "ttl", Times: 1}}, Constant: -1, Op: ">="},
	} {
		got, err := trace.Holds(text).Comparison()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"end":                    "no comparison",
		"end start = 2":          `"start" stands where`,
		"end = start +":          "nothing behind",
		"5 <= ttl":               "does not begin with a column",
		"a = b = c":              `"=" stands where`,
		"a * b = c":              "not multiplied by a number",
		"a = a":                  "on both sides",
		"a < b":                  `"<" is not understood`,
		"a <= b within 1":        "want a number, after =",
		`"a = b + c`:             "does not end",
		"a = b within somewhere": "want a number",
	} {
		if _, err := trace.Holds(text).Comparison(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
}

func TestValidateRules(t *testing.T) {
	r := trace.Recipe{
		Time:     trace.Epoch("ts", trace.Second),
		Metadata: []trace.Field{trace.IP("src"), trace.Protocol("proto"), trace.Integer("vlan")},
		Series:   []trace.Field{trace.Integer("bytes"), trace.Integer("packets"), trace.Category("state"), trace.Real("end"), trace.Real("took")},
	}
	r.Rules = []trace.Rule{
		trace.Holds("bytes >= 20 * packets").Where("proto", "TCP", 17),
		trace.Holds("end = ts + took"),
		trace.Absent("state").Where("proto", "ICMP"),
		trace.OneOf("state", "S0", "SF"),
		trace.Together("proto", "state"),
		trace.Unique("src", "end"),
		trace.Rising("bytes"),
	}
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back trace.Recipe
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back.Rules, r.Rules) {
		t.Errorf("rules came back as %v, %v", back.Rules, err)
	}
	if got, want := r.Rules[0].String(), "bytes >= 20 * packets where proto = TCP, 17"; got != want {
		t.Errorf("in words %q, want %q", got, want)
	}
	r.Series = append(r.Series, trace.Real("log").Transform(func(x []float64) []float64 { return x }, func(x []float64) []float64 { return x }), trace.Attributes("layers", ":"))
	for want, rule := range map[string]trace.Rule{
		`"octets" is no field that is learnt`: trace.Holds("octets >= 1"),
		`"state" is a category: want a num`:   trace.Holds("state >= bytes"),
		`"ts" orders the records`:             trace.Holds("ts = end - took"),
		`"bytes" is one of a session`:         trace.Holds("vlan <= bytes"),
		`"log" is transformed`:                trace.Holds("log >= 1"),
		`"layers" is a list`:                  trace.Present("layers"),
		"it names no value":                   trace.OneOf("state"),
		"two columns or more":                 trace.Together("state"),
		"it names no column":                  trace.Absent(),
		`Where names no value of "proto"`:     trace.Absent("state").Where("proto"),
	} {
		if want == `"bytes" is one of a session` {
			want = "can't follow from"
		}
		r.Rules = []trace.Rule{rule}
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want one with %s", rule, err, want)
		}
	}
}
