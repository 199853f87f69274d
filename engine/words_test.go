package engine_test

import (
	"context"
	"reflect"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// TestVectorsAndSymmetricNumbers: a model whose ports and protocols are learnt as
// vectors, and whose numbers in [-1, 1], makes sound sessions, keeps its services
// together, can be given values, and is the same for the same seed and when it
// was saved.
func TestVectorsAndSymmetricNumbers(t *testing.T) {
	r := recipe
	r.Metadata = []trace.Field{trace.IP("src"), trace.IP("dst"), trace.Port("dport").Embed(4), trace.Protocol("proto").Embed(4)}
	r.Series = []trace.Field{trace.Integer("bytes").Encode(trace.EncodeSymmetric), trace.Category("flag").Embed(3)}
	learnt := func() *engine.Model {
		m, err := engine.Train(context.Background(), flows(600), &r, types, options(60), engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := learnt()
	o := engine.DefaultGenerateOptions()
	out := generate(t, m, o)
	dns, low, high := 0, int64(1<<40), int64(0)
	for _, s := range out {
		switch port, proto := s.Meta[2], s.Meta[3]; {
		case port == int64(53) && proto == "UDP":
			dns++
		case port != int64(443) || proto != "TCP":
			t.Fatalf("port %v over %v", port, proto)
		}
		for _, rec := range s.Series {
			low, high = min(low, rec[1].(int64)), max(high, rec[1].(int64))
		}
	}
	if share := float64(dns) / float64(len(out)); share < .6 || share > .74 {
		t.Errorf("%.2f of the sessions are DNS, of the real ones .67", share)
	}
	if low < 40 || high >= 1500 || high-low < 500 {
		t.Errorf("bytes are from %d to %d, of the real trace from 40 to 1499", low, high)
	}
	given := o
	given.Sessions, given.Given = 50, []string{"proto=TCP"}
	for _, s := range generate(t, m, given) {
		if s.Meta[3] != "TCP" || s.Meta[2] != int64(443) {
			t.Fatalf("given TCP: %v", s.Meta)
		}
	}
	data, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	saved := new(engine.Model)
	if err := saved.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if again := generate(t, saved, o); !reflect.DeepEqual(out, again) {
		t.Error("the saved model makes another trace")
	}
}
