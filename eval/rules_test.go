package eval_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"netshare/eval"
	"netshare/workspace/trace"
)

// TestRules: the report says which rules were declared and found, what share of
// both sides obeys, and which is broken most.
func TestRules(t *testing.T) {
	columns := []trace.Column{
		{Name: "host", Type: trace.TypeText, Kind: trace.KindText},
		{Name: "proto", Type: trace.TypeText, Kind: trace.KindProtocol},
		{Name: "port", Type: trace.TypeInt, Kind: trace.KindPort},
		{Name: "pkts", Type: trace.TypeInt, Kind: trace.KindInteger},
		{Name: "bytes", Type: trace.TypeInt, Kind: trace.KindInteger},
	}
	rows := func(n int, wrong int) *eval.Trace {
		var out []trace.Row
		for i := range n {
			row := trace.Row{fmt.Sprint("h", i), "TCP", int64(80 + i%3), int64(1 + i%40), int64(1+i%40)*40 + int64(i*37%800)}
			if i%4 == 0 {
				row[1], row[2] = "ICMP", nil
			}
			if i < wrong {
				row[4] = int64(1)
			}
			out = append(out, row)
		}
		tr, err := eval.FromRows("t", columns, out)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	opts := eval.DefaultOptions()
	opts.Key, opts.DetectorRows = []string{"host"}, 0
	opts.Rules = []trace.Rule{trace.Holds("pkts <= 35").Where("proto", "TCP")}
	r, err := eval.Compare(context.Background(), rows(400, 0), rows(400, 8), opts)
	if err != nil {
		t.Fatal(err)
	}
	x := r.Rules
	if x == nil || x.Declared != 1 || x.Found < 2 || x.Looked != [2]int{400, 400} {
		t.Fatalf("rules %+v", x)
	}
	if d := x.Rules[0]; !d.Declared || d.Rule != "pkts <= 35 where proto = TCP" || d.Real > .95 || d.Real != d.Synthetic {
		t.Errorf("the declared rule: %+v", d)
	}
	if f := x.Rules[1]; f.Declared || !strings.HasPrefix(f.Rule, "bytes >= 40 * pkts") || f.Real != 1 || f.Synthetic != 1-8./400 {
		t.Errorf("the rule that is broken most: %+v", f)
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "1 declared rules") {
		t.Errorf("the text says nothing of rules:\n%s", text.String())
	}
	for _, s := range r.Scores {
		if s.Metric == "rules" && (!s.Computed || s.Value < .02) {
			t.Errorf("score of rules: %+v", s)
		}
	}
	if r, err = eval.Compare(context.Background(), rows(20, 0), rows(20, 0), opts); err != nil || r.Rules == nil || r.Rules.Found != 0 {
		t.Errorf("of 20 records: %+v, %v", r.Rules, err)
	}
}
