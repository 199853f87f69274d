package rule_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"netshare/workspace/rule"
	"netshare/workspace/trace"
)

func TestHolds(t *testing.T) {
	names := []string{"proto", "port", "bytes", "packets", "start", "took", "end", "huge"}
	at := time.Date(2024, 5, 1, 12, 0, 0, 1, time.UTC)
	good := trace.Row{"TCP", int64(443), int64(100), int64(2), at, 1.5, at.Add(1500 * time.Millisecond), int64(1) << 60}
	with := func(column int, v any) trace.Row {
		row := slices.Clone(good)
		row[column] = v
		return row
	}
	for _, c := range []struct {
		rule trace.Rule
		bad  trace.Row
	}{
		{trace.Holds("end = start + took"), with(6, at.Add(1500*time.Millisecond+20*time.Nanosecond))},
		{trace.Holds("end = start + 2*took within 2"), with(6, at.Add(6*time.Second))},
		{trace.Holds("bytes >= 40 * packets").Where("proto", "TCP"), with(3, int64(3))},
		{trace.Holds("20 * packets <= bytes"), with(3, int64(6))},
		{trace.Holds("-bytes <= -100"), with(2, int64(99))},
		{trace.Holds("huge = 1152921504606846976"), with(7, int64(1)<<60+1)},
		{trace.Present("port").Where("proto", "TCP", "UDP"), with(1, nil)},
		{trace.Absent("port").Where("proto", "ICMP"), with(0, "ICMP")},
		{trace.OneOf("proto", "TCP", "UDP"), with(0, "GRE")},
		{trace.OneOf("port", 80, 443), with(1, int64(81))},
	} {
		rules := rule.Compile([]trace.Rule{c.rule}, names)
		if len(rules) != 1 {
			t.Fatalf("%v: %d rules", c.rule, len(rules))
		}
		if r := &rules[0]; !r.Holds(good) || r.Holds(c.bad) {
			t.Errorf("%v: of what obeys %v, of what does not %v", c.rule, r.Holds(good), r.Holds(c.bad))
		}
	}
	if rules := rule.Compile([]trace.Rule{trace.Holds("bytes <= other")}, names); len(rules) != 0 {
		t.Errorf("a rule of a column that is not there: %v", rules)
	}
}

// flows are records of which is known what holds.
func flows(n int) rule.Records {
	in := rule.Records{Columns: []rule.Column{
		{Name: "proto", Kind: trace.KindProtocol},
		{Name: "port", Kind: trace.KindPort},
		{Name: "SrcPkts", Kind: trace.KindInteger},
		{Name: "TotPkts", Kind: trace.KindInteger},
		{Name: "TotBytes", Kind: trace.KindInteger},
		{Name: "TotOctets", Kind: trace.KindInteger},
		{Name: "id", Kind: trace.KindText},
		{Name: "any", Kind: trace.KindCategory},
		{Name: "seq", Kind: trace.KindInteger},
	}}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		at := r.Int64N(9)
		for k := range 3 {
			proto, port := "TCP", any(int64([]int{80, 443, 22}[r.IntN(3)]))
			if r.IntN(4) == 0 {
				proto, port = "ICMP", nil
			}
			src := 1 + r.Int64N(23)
			tot := src + r.Int64N(5)
			bytes := tot*40 + r.Int64N(900)
			if i%7 == 0 {
				bytes = tot * 40
			}
			in.Rows = append(in.Rows, trace.Row{
				proto, port, src, tot, bytes, bytes + 14, fmt.Sprint("C", i, "-", k), fmt.Sprint(r.IntN(6)), 1000*at + int64(k*(i%13)),
			})
			in.Session = append(in.Session, int32(i))
		}
	}
	return in
}

func TestFind(t *testing.T) {
	in := flows(400)
	rules := rule.Find(in)
	var found []string
	for i := range rules {
		found = append(found, rules[i].Text)
		for _, row := range in.Rows {
			if !rules[i].Holds(row) {
				t.Fatalf("%s does not hold of %v", rules[i].Text, row)
			}
		}
	}
	for _, want := range []string{
		"TotOctets = TotBytes + 14", "TotBytes >= 40 * TotPkts", "TotPkts >= SrcPkts",
		"proto and port together as in the real trace", "id unique", "seq rising",
	} {
		if !slices.Contains(found, want) {
			t.Errorf("%q was not found, but %q", want, found)
		}
	}
	for i := range rules {
		if r := &rules[i]; r.Table != nil && slices.Contains(r.Columns, 7) {
			t.Errorf("found %s %v, which is chance", r.Text, r.Columns)
		}
	}
	if few := rule.Find(flows(5)); len(few) != 0 {
		t.Errorf("found %d rules in 15 records", len(few))
	}
}

// lifelike are flows as a network has them: services that a few hosts use in an
// odd way, sizes with long tails of which the least are one session's, and
// counters that wrap once in a while. What holds in all of them is that TCP has
// states and others have none, and that packets have headers.
func lifelike(n int, r *rand.Rand) rule.Records {
	in := rule.Records{Columns: []rule.Column{
		{Name: "proto", Kind: trace.KindProtocol, Session: true},
		{Name: "service", Kind: trace.KindCategory, Session: true},
		{Name: "state", Kind: trace.KindCategory},
		{Name: "tos", Kind: trace.KindCategory, Session: true},
		{Name: "pkts", Kind: trace.KindInteger},
		{Name: "bytes", Kind: trace.KindInteger},
		{Name: "id", Kind: trace.KindInteger},
	}}
	zipf := func(n int) int { return int(float64(n) * math.Pow(r.Float64(), 3)) }
	for i := range n {
		service := zipf(12)
		proto, header := "TCP", 40.
		if service%3 == 1 {
			proto, header = "UDP", 28
		}
		tos := service % 4
		if r.IntN(300) == 0 {
			tos = r.IntN(4)
		}
		id := r.IntN(1 << 16)
		for range 1 + zipf(9) {
			pkts := 1 + int64(math.Exp(1.5*r.NormFloat64()))
			each := header
			if header == 28 || r.IntN(4) > 0 {
				each += math.Exp(2 + float64(service)/4 + r.NormFloat64())
			}
			var state any
			if proto == "TCP" {
				state = fmt.Sprint("S", (service+zipf(4)*r.IntN(2))%5)
				if r.IntN(400) == 0 {
					state = "odd"
				}
			}
			id = (id + 1 + r.IntN(60)) % (1 << 16)
			in.Rows = append(in.Rows, trace.Row{proto, fmt.Sprint("s", service), state, fmt.Sprint(tos), pkts, int64(math.Ceil(float64(pkts) * each)), int64(id)})
			in.Session = append(in.Session, int32(i))
		}
	}
	return in
}

// TestFindHoldsOfTheRest: of traces like those in which rules are found 99.9 % of
// the records obey, whatever the rules are, and what holds of all is found.
func TestFindHoldsOfTheRest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	broken, bad, records := map[string]int{}, 0, 0
	for try := range 20 {
		rules, rest := rule.Find(lifelike(600, r)), lifelike(3000, r)
		var found []string
		for i := range rules {
			found = append(found, rules[i].Text)
		}
		for _, want := range []string{"bytes >= 40 * pkts where proto = TCP", "bytes >= 28 * pkts", "proto and state together as in the real trace"} {
			if !slices.Contains(found, want) {
				t.Errorf("%d: %q was not found, but %q", try, want, found)
			}
		}
		records += len(rest.Rows)
		for k, row := range rest.Rows {
			any := false
			for i := range rules {
				breaks := !rules[i].Holds(row)
				if rules[i].Kind == trace.RuleRising && k > 0 && rest.Session[k] == rest.Session[k-1] {
					breaks = row[6].(int64) < rest.Rows[k-1][6].(int64)
				}
				if breaks {
					broken[rules[i].Text]++
					any = true
				}
			}
			if any {
				bad++
			}
		}
	}
	if bad > records/1000 {
		t.Errorf("%d of %d records that rules were not found in break some: %v", bad, records, broken)
	}
}
