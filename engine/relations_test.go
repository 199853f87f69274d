package engine_test

import (
	"context"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// TestRelationsHold: columns that follow from others in each real record do in
// each synthetic one, and bytes are as many as the packets need.
func TestRelationsHold(t *testing.T) {
	l := flows(500)
	for i, s := range l {
		for k, rec := range s.Series {
			packets := int64(1 + (i*7+k*3)%40)
			bytes := packets*28 + int64((i*131+k*17)%900)
			payload := bytes - 28
			back := int64((i*k + 5*i) % 300)
			s.Series[k] = trace.Row{rec[0], packets, bytes, payload, back, bytes + back, rec[2]}
		}
	}
	r := recipe
	r.Series = []trace.Field{
		trace.Integer("pkt"), trace.Integer("byt"), trace.Integer("payload"), trace.Integer("back"), trace.Integer("all"), trace.Category("flag"),
	}
	with := map[string]trace.Type{"pkt": trace.TypeInt, "byt": trace.TypeInt, "payload": trace.TypeInt, "back": trace.TypeInt, "all": trace.TypeInt}
	for k, v := range types {
		with[k] = v
	}
	m, err := engine.Train(context.Background(), l, &r, with, options(2), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	back := new(engine.Model)
	if err := back.UnmarshalBinary(saved(t, m)); err != nil {
		t.Fatal(err)
	}
	for _, raw := range []bool{false, true} {
		o := engine.DefaultGenerateOptions()
		o.Raw = raw
		for _, s := range generate(t, back, o) {
			for _, rec := range s.Series {
				packets, bytes, payload, back, all := rec[1].(int64), rec[2].(int64), rec[3].(int64), rec[4].(int64), rec[5].(int64)
				if packets < 1 || bytes < 28*packets || payload != bytes-28 || all != bytes+back {
					t.Fatalf("uncalibrated %v: record %v breaks what holds in the real trace", raw, rec)
				}
			}
		}
	}
}
