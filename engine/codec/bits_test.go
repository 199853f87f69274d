package codec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// TestBits: values come back, bits that do not vary have no category, and what
// the categories may say beside what was seen keeps those bits.
func TestBits(t *testing.T) {
	for _, tc := range []struct {
		name   string
		field  trace.Field
		typ    trace.Type
		values []any
		heads  int
		keeps  func(v any) bool // of any categories
	}{
		{"one network", trace.IP("a"), trace.TypeText, []any{"10.1.2.3", "10.255.0.9", "10.0.7.200"}, 16, func(v any) bool { return strings.HasPrefix(v.(string), "10.") }},
		{"one address", trace.IP("a"), trace.TypeText, []any{"192.0.2.200", "192.0.2.200"}, 0, func(v any) bool { return v == "192.0.2.200" }},
		{"all addresses", trace.IP("a"), trace.TypeText, []any{"0.0.0.0", "255.255.255.255"}, 32, nil},
		{"IPv6", trace.IP("a"), trace.TypeText, []any{"2001:db8::1", "2001:db8::ff", "2001:db8:1::2"}, 9, func(v any) bool {
			return netip.MustParsePrefix("2001:db8::/32").Contains(netip.MustParseAddr(v.(string)))
		}},
		{"both versions", trace.IP("a"), trace.TypeText, []any{"192.0.2.1", "2001:db8::1", "::ffff:1.2.3.4", "10.0.0.1", nil}, -1, nil},
		{"a constant", trace.Integer("n").InBits(32), trace.TypeInt, []any{int64(77), int64(77)}, 0, func(v any) bool { return v == int64(77) }},
		{"a constant or missing", trace.Integer("n").InBits(32), trace.TypeInt, []any{int64(77), nil}, 1, func(v any) bool { return v == nil || v == int64(77) }},
		{"all missing", trace.Integer("n").InBits(32), trace.TypeInt, []any{nil, nil}, 1, nil},
		{"64 bits", trace.Integer("n").InBits(64), trace.TypeInt, []any{int64(math.MaxInt64), int64(1)<<53 + 1, int64(0)}, 63, nil},
		{"more than 32", trace.Integer("n").Encode(trace.EncodeBits), trace.TypeInt, []any{int64(1) << 40, int64(5)}, 3, nil},
		{"whole reals", trace.Real("x").Encode(trace.EncodeBits), trace.TypeReal, []any{0.0, 1e15, 3.0}, -1, nil},
		{"numbers as text", trace.Integer("n").Encode(trace.EncodeBits), trace.TypeText, []any{"7", "12"}, 3, nil},
		{"ports", trace.Port("p").Encode(trace.EncodeBits), trace.TypeInt, []any{int64(0), int64(65535)}, 16, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, ok, err := fitBits(tc.field, tc.typ, tc.values)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if n := len(b.heads()); tc.heads >= 0 && n != tc.heads {
				t.Errorf("%d categories, want %d", n, tc.heads)
			}
			code := make([]float32, len(b.heads()))
			for _, v := range tc.values {
				b.encode(v, code)
				if got := b.decode(code); got != v {
					t.Errorf("%v became %v", v, got)
				}
			}
			r := rand.New(rand.NewPCG(1, 1))
			for range 50 {
				for i := range code {
					code[i] = float32(r.IntN(2))
				}
				if v := b.decode(code); tc.keeps != nil && !tc.keeps(v) {
					t.Errorf("%v came of random bits", v)
				}
			}
		})
	}
}

func TestBitsRefuse(t *testing.T) {
	for _, tc := range []struct {
		field trace.Field
		value any
		want  string
	}{
		{trace.Integer("n").InBits(12), int64(4096), `field "n": its values have up to 13 bits, more than the 12`},
		{trace.Integer("n").InBits(12), int64(-1), "whole numbers of 0 or more, not -1"},
		{trace.Real("n").InBits(12), 1.5, "not 1.5"},
		{trace.Real("n").InBits(64), 1e30, "not 1e+30"},
	} {
		if _, _, err := fitBits(tc.field, trace.TypeInt, []any{tc.value}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: got %v, want %s", tc.value, err, tc.want)
		}
	}
}

// TestBitsOfNames holds that an address column with names in it is learnt by
// its values.
func TestBitsOfNames(t *testing.T) {
	var sessions []trace.Session
	for i := range 60 {
		sessions = append(sessions, trace.Session{Meta: trace.Row{[]any{"192.0.2.1", "host.example", "2001:DB8::1"}[i%3]}, Series: []trace.Row{{nil}}})
	}
	r := &trace.Recipe{Metadata: []trace.Field{trace.IP("a").Encode(trace.EncodeBits)}}
	c, err := Fit(r, map[string]trace.Type{"a": trace.TypeText}, sessions, DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		if got := c.DecodeMeta(c.Encode(s)[0].Meta, rand.New(rand.NewPCG(1, 1))).Meta; !reflect.DeepEqual(got, s.Meta) {
			t.Fatalf("%v became %v", s.Meta, got)
		}
	}
}

// TestNothingToLearn: fields of constant bits have no head, and sessions of
// nothing else are decoded all the same.
func TestNothingToLearn(t *testing.T) {
	var sessions []trace.Session
	for range 20 {
		sessions = append(sessions, trace.Session{Meta: trace.Row{"10.0.0.1"}, Series: []trace.Row{{nil, int64(3)}, {nil, int64(3)}}})
	}
	r := &trace.Recipe{
		Metadata: []trace.Field{trace.IP("a").Encode(trace.EncodeBits)},
		Series:   []trace.Field{trace.Integer("n").InBits(8)},
	}
	c, err := Fit(r, map[string]trace.Type{"a": trace.TypeText, "n": trace.TypeInt}, sessions, DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	sample := c.Encode(sessions[0])[0]
	cand := c.DecodeMeta(sample.Meta, rnd)
	got := c.decodeSeries(cand, sample.Series, rnd)
	if cand.Meta[0] != "10.0.0.1" || fmt.Sprint(got) != "[[<nil> 3] [<nil> 3]]" {
		t.Errorf("became %v %v", cand.Meta, got)
	}
}
