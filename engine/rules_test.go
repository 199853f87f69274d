package engine_test

import (
	"context"
	"fmt"
	"testing"

	"netshare/engine"
	"netshare/engine/privacy"
	"netshare/workspace/rule"
	"netshare/workspace/trace"
)

// ruled are flows with a state that only TCP has, an order of two counters, and
// an end that follows from start and duration; the recipe declares what the real
// trace does not tell.
func ruled() (list, trace.Recipe, map[string]trace.Type) {
	l := flows(400)
	for i := range l {
		s := &l[i]
		for k, rec := range s.Series {
			sent := int64(1 + (i*7+k*3)%40)
			all := sent + int64((i*5+k)%3)*sent
			state := []any{"SF", "S0", "RST"}[(i+k)%3]
			if s.Meta[3] == "UDP" {
				state = nil
			}
			start := float64(i*100+k) / 8
			took := float64((i*13+k*7)%160) / 16
			s.Series[k] = trace.Row{rec[0], sent, all, state, start, took, start + took}
		}
	}
	r := recipe
	r.Series = []trace.Field{
		trace.Integer("SrcPkts"), trace.Integer("TotPkts"), trace.Category("state"), trace.Real("start"), trace.Real("took"), trace.Real("end"),
	}
	r.Rules = []trace.Rule{
		trace.Holds("end = start + took"),
		trace.Holds("TotPkts <= 3 * SrcPkts"),
		trace.Holds("took <= 5").Where("state", "RST"),
	}
	with := map[string]trace.Type{
		"SrcPkts": trace.TypeInt, "TotPkts": trace.TypeInt, "state": trace.TypeText,
		"start": trace.TypeReal, "took": trace.TypeReal, "end": trace.TypeReal,
	}
	for k, v := range types {
		with[k] = v
	}
	return l, r, with
}

// TestRulesHold: what a recipe declares, and what the real trace tells, holds in
// each synthetic record, of a model that was saved too, where several fields are
// given, uncalibrated, and of a private one what is declared.
func TestRulesHold(t *testing.T) {
	l, r, with := ruled()
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, private := range []bool{false, true} {
		o := options(2)
		if private {
			o.DP = engine.DP{Budget: privacy.Budget{Epsilon: 8, Delta: 1e-5}}
		}
		m, err := engine.Train(context.Background(), l, &r, with, o, engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		back := new(engine.Model)
		if err := back.UnmarshalBinary(saved(t, m)); err != nil {
			t.Fatal(err)
		}
		names := []string{"SrcPkts", "TotPkts", "state", "start", "took", "end"}
		rules := rule.Compile(r.Rules, names)
		how := engine.DefaultGenerateOptions()
		made := generate(t, back, how)
		if !private {
			how.Given = []string{"proto=UDP & dport=53 : 40%", "proto=TCP & dport=443 : 60%"}
			made = append(made, generate(t, back, how)...)
			how.Given, how.Raw = nil, true
			made = append(made, generate(t, back, how)...)
		}
		short := 0
		for _, s := range made {
			for _, rec := range s.Series {
				for i := range rules {
					if !rules[i].Holds(rec[1:]) {
						t.Fatalf("private %v: record %v breaks %s", private, rec, rules[i].Text)
					}
				}
				if rec[3] == "RST" && rec[5].(float64) < 4.9 {
					short++
				}
				if private {
					continue
				}
				if (rec[3] == nil) != (s.Meta[3] == "UDP") || rec[2].(int64) < rec[1].(int64) {
					t.Fatalf("%v with %v breaks what holds in the real trace", s.Meta, rec)
				}
			}
		}
		if short == 0 {
			t.Errorf("private %v: what a bound limits is all at the bound", private)
		}
	}
}

// TestRulesTogetherAndUnique: combinations that the real trace has, no others,
// and no identifier twice.
func TestRulesTogetherAndUnique(t *testing.T) {
	l := flows(400)
	for i := range l {
		for k, rec := range l[i].Series {
			a := (i + k) % 3
			l[i].Series[k] = trace.Row{rec[0], fmt.Sprint("a", a), fmt.Sprint("b", (a+i%2)%3), int64(i*100 + k)}
		}
	}
	r := recipe
	r.Series = []trace.Field{trace.Category("a"), trace.Category("b"), trace.Integer("id")}
	r.Rules = []trace.Rule{trace.Together("a", "b"), trace.Unique("id")}
	with := map[string]trace.Type{"a": trace.TypeText, "b": trace.TypeText, "id": trace.TypeInt}
	for k, v := range types {
		with[k] = v
	}
	m, err := engine.Train(context.Background(), l, &r, with, options(1), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	pairs, ids := map[string]int{}, map[any]bool{}
	for _, s := range generate(t, m, engine.DefaultGenerateOptions()) {
		for _, rec := range s.Series {
			a, b := rec[1].(string)[1]-'0', rec[2].(string)[1]-'0'
			if d := (b + 3 - a) % 3; d > 1 {
				t.Fatalf("%v: never together in the real trace", rec)
			}
			if ids[rec[3]] {
				t.Fatalf("id %v is there twice", rec[3])
			}
			ids[rec[3]] = true
			pairs[rec[1].(string)+rec[2].(string)]++
		}
	}
	if len(pairs) != 6 {
		t.Errorf("combinations %v, want all 6", pairs)
	}
}
