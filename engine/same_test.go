package engine_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// packets makes connections whose packets keep a TTL and count a sequence number
// on, and come from the connection's own host in two of three.
func packets(n int) list {
	r := rand.New(rand.NewPCG(7, 8))
	host := func() string { return fmt.Sprintf("10.0.0.%d", 1+r.IntN(9)) }
	var l list
	for i := range n {
		s := trace.Session{Meta: trace.Row{host()}}
		ttl, seq := r.Int64N(200), r.Int64N(1<<31)
		for k := range 1 + r.IntN(6) {
			from := s.Meta[0]
			if r.IntN(3) == 0 {
				from = host()
			}
			s.Series = append(s.Series, trace.Row{float64(i + k), from, ttl, seq})
			seq += []int64{0, 500, 1448}[r.IntN(3)]
		}
		l = append(l, s)
	}
	return l
}

// TestRecordsKeepWhatTheirSessionHas: after little training, and after values were
// exchanged between sessions, packets have their connection's TTL, sequence
// numbers go on, and hosts are the connection's as often as in the real trace.
func TestRecordsKeepWhatTheirSessionHas(t *testing.T) {
	real := packets(500)
	r := trace.Recipe{
		Name: "packets", Time: trace.Epoch("ts", trace.Second), Key: []string{},
		Metadata: []trace.Field{trace.IP("host")},
		Series:   []trace.Field{trace.IP("from"), trace.Integer("ttl"), trace.Integer("seq")},
	}
	with := map[string]trace.Type{"ts": trace.TypeReal, "host": trace.TypeText, "from": trace.TypeText, "ttl": trace.TypeInt, "seq": trace.TypeInt}
	m, err := engine.Train(context.Background(), real, &r, with, options(30), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	back := new(engine.Model)
	if err := back.UnmarshalBinary(saved(t, m)); err != nil {
		t.Fatal(err)
	}
	shares := func(l list) (out [3]float64) {
		var later, all float64
		for _, s := range l {
			for k, rec := range s.Series {
				if all++; rec[1] == s.Meta[0] {
					out[2]++
				}
				if k == 0 {
					continue
				}
				later++
				if rec[2] == s.Series[k-1][2] {
					out[0]++
				}
				if d := rec[3].(int64) - s.Series[k-1][3].(int64); d >= 0 && d <= 1448 {
					out[1]++
				}
			}
		}
		return [3]float64{out[0] / later, out[1] / later, out[2] / all}
	}
	want, got := shares(real), shares(generate(t, back, engine.DefaultGenerateOptions()))
	for i, of := range []string{"packets that keep the TTL", "sequence numbers that go on", "packets from the connection's host"} {
		if math.Abs(got[i]-want[i]) > .05 {
			t.Errorf("%s: %.3f of packets, want %.3f", of, got[i], want[i])
		}
	}
}
