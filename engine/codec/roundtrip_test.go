package codec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// roundTrip codes each value of a column as a session's metadata and as a
// record's field, and hands over what comes back.
func roundTrip(t *testing.T, field trace.Field, typ trace.Type, values []any, check func(v, got any)) {
	t.Helper()
	meta, record := field, field
	meta.Name, record.Name = "m", "r"
	recipe := &trace.Recipe{Metadata: []trace.Field{meta}, Series: []trace.Field{record}}
	var sessions []trace.Session
	for _, v := range values {
		sessions = append(sessions, trace.Session{Meta: trace.Row{v}, Series: []trace.Row{{nil, v}, {nil, v}}})
	}
	c, err := Fit(recipe, map[string]trace.Type{"m": typ, "r": typ}, sessions, DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, s := range sessions {
		sample := c.Encode(s)[0]
		for _, x := range append(sample.Meta, sample.Series...) {
			if x != x || x < 0 {
				t.Fatalf("%v has code %v", s.Meta[0], x)
			}
		}
		cand := c.DecodeMeta(sample.Meta, r)
		check(s.Meta[0], cand.Meta[0])
		for _, rec := range c.decodeSeries(cand, sample.Series, r) {
			check(s.Meta[0], rec[1])
		}
	}
}

// repeated returns values so often that all are repeated in synthetic data, with
// some missing.
func repeated(values ...any) []any {
	var out []any
	for range 6 {
		out = append(out, values...)
	}
	return append(out, nil, nil)
}

func ints(n int, f func(i int) int64) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

// TestRoundTripOfEveryCodec holds each kind and encoding to its precision: of a
// number min-max and its like have 24 bits, log1p 24 bits of the logarithm, and
// quantiles each value of up to 2048 different ones; all else is exact.
func TestRoundTripOfEveryCodec(t *testing.T) {
	span := func(values []any) float64 {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, v := range values {
			if x, ok := number(v); ok {
				lo, hi = min(lo, x), max(hi, x)
			}
		}
		return hi - lo
	}
	exact := func(any, []any) float64 { return 0 }
	scaled := func(_ any, values []any) float64 { return span(values) / (1 << 24) }
	logged := func(v any, values []any) float64 {
		x, _ := number(v)
		least := 0.
		for _, w := range values {
			if y, ok := number(w); ok {
				least = min(least, y)
			}
		}
		return (x - least + 1) * math.Log1p(span(values)) / (1 << 23)
	}
	at := func(unit time.Duration) []any {
		var out []any
		for i := range 40 {
			out = append(out, time.Unix(1700000000, 0).UTC().Add(time.Duration(i*i*997)*unit))
		}
		return out
	}
	small := ints(300, func(i int) int64 { return int64(i*i) - 7 })
	whole := ints(300, func(i int) int64 { return int64(i * i * i) })
	large := ints(40, func(i int) int64 { return math.MaxInt64 - int64(i*i) })
	real := []any{-1.25, 0.0, 1e-3, 3.5, 1e6, 12345.678}
	bound := trace.Integer("n").Range(-1000, 1e6)
	list := []any{[]any{"a", "b"}, []any{}, []any{""}, []any{"a"}}
	names := []any{"a.example", "b c", "", "é漢\x00"}
	for _, tc := range []struct {
		name   string
		field  trace.Field
		typ    trace.Type
		values []any
		within func(v any, values []any) float64
	}{
		{"integer", trace.Integer("n"), trace.TypeInt, small, exact},
		{"integers beyond 53 bits", trace.Integer("n"), trace.TypeInt, large, exact},
		{"integer minmax", trace.Integer("n").Encode(trace.EncodeMinMax), trace.TypeInt, small, exact},
		{"integer minusone_one", trace.Integer("n").Encode(trace.EncodeSymmetric), trace.TypeInt, small, exact},
		{"integer log1p", trace.Integer("n").Encode(trace.EncodeLog), trace.TypeInt, whole, func(v any, vs []any) float64 { return math.Floor(logged(v, vs) + .5) }},
		{"integer quantile in bounds", bound.Encode(trace.EncodeQuantile), trace.TypeInt, small, exact},
		{"integer minmax in bounds", bound.Encode(trace.EncodeMinMax), trace.TypeInt, small, exact},
		{"integer bit", trace.Integer("n").Encode(trace.EncodeBits), trace.TypeInt, whole, exact},
		{"integer category", trace.Integer("n").Encode(trace.EncodeCategory), trace.TypeInt, small[:60], exact},
		{"integer vocabulary", trace.Integer("n").Encode(trace.EncodeVocabulary), trace.TypeInt, small[:60], exact},
		{"integer word2vec", trace.Integer("n").Embed(4), trace.TypeInt, small[:60], exact},
		{"real", trace.Real("x"), trace.TypeReal, real, exact},
		{"real minmax", trace.Real("x").Encode(trace.EncodeMinMax), trace.TypeReal, real, scaled},
		{"real minusone_one", trace.Real("x").Encode(trace.EncodeSymmetric), trace.TypeReal, real, scaled},
		{"real log1p", trace.Real("x").Encode(trace.EncodeLog), trace.TypeReal, real, logged},
		{"real with infinities", trace.Real("x"), trace.TypeReal, []any{1.5, -2.5, 1e300, -1e300}, exact},
		{"real minmax of all reals", trace.Real("x").Encode(trace.EncodeMinMax), trace.TypeReal, []any{math.MaxFloat64, -math.MaxFloat64, 1.0}, func(any, []any) float64 { return math.MaxFloat64 / (1 << 23) }},
		{"time of s", trace.Timestamp("t", ""), trace.TypeTime, at(time.Second), exact},
		{"time of ms", trace.Timestamp("t", ""), trace.TypeTime, at(time.Millisecond), exact},
		{"time of us", trace.Timestamp("t", ""), trace.TypeTime, at(time.Microsecond), exact},
		{"time of ns", trace.Timestamp("t", ""), trace.TypeTime, at(time.Nanosecond), exact},
		{"time minmax", trace.Timestamp("t", "").Encode(trace.EncodeMinMax), trace.TypeTime, at(time.Millisecond), exact},
		{"epoch as integer", trace.Epoch("t", trace.Microsecond), trace.TypeInt, ints(40, func(i int) int64 { return 1700000000000000 + int64(i*i) }), exact},
		{"epoch as real", trace.Epoch("t", trace.Second), trace.TypeReal, []any{1700000000.25, 1700000001.5, 1700000002.125}, exact},
		{"text bit", trace.Text("s").Encode(trace.EncodeBits), trace.TypeText, []any{"007", "7", "+1"}, exact},
		{"time bit", trace.Timestamp("t", "").Encode(trace.EncodeBits), trace.TypeTime, at(time.Nanosecond), exact},
		{"boolean bit", trace.Boolean("b").Encode(trace.EncodeBits), trace.TypeBool, []any{true, false}, exact},
		{"boolean", trace.Boolean("b"), trace.TypeBool, []any{true, false}, exact},
		{"category", trace.Category("c"), trace.TypeText, names, exact},
		{"category of choices", trace.Category("c", "a.example", "z"), trace.TypeText, []any{"a.example"}, exact},
		{"category word2vec", trace.Category("c").Embed(0), trace.TypeText, names, exact},
		{"protocol", trace.Protocol("p"), trace.TypeText, []any{"TCP", "UDP", "89"}, exact},
		{"protocol word2vec", trace.Protocol("p").Embed(3), trace.TypeInt, []any{int64(6), int64(17)}, exact},
		{"port", trace.Port("p"), trace.TypeInt, []any{int64(0), int64(53), int64(65535)}, exact},
		{"port by name", trace.Port("p"), trace.TypeText, []any{"http", "53"}, exact},
		{"port bit", trace.Port("p").Encode(trace.EncodeBits), trace.TypeInt, []any{int64(0), int64(53), int64(65535)}, exact},
		{"port minmax", trace.Port("p").Encode(trace.EncodeMinMax), trace.TypeInt, []any{int64(0), int64(53), int64(65535)}, exact},
		{"port word2vec", trace.Port("p").Embed(10), trace.TypeInt, []any{int64(0), int64(53), int64(65535)}, exact},
		{"address", trace.IP("a"), trace.TypeText, []any{"10.0.0.1", "2001:db8::1", "fe80::1%eth0"}, exact},
		{"address bit", trace.IP("a").Encode(trace.EncodeBits), trace.TypeText, []any{"10.0.0.1", "2001:db8::1", "255.255.255.255"}, exact},
		{"address word2vec", trace.IP("a").Embed(5), trace.TypeText, []any{"10.0.0.1", "2001:db8::1"}, exact},
		{"text", trace.Text("s"), trace.TypeText, names, exact},
		{"text word2vec", trace.Embedded("s", 6), trace.TypeText, names, exact},
		{"list of texts", trace.Text("l").Encode(trace.EncodeVocabulary), trace.TypeText + "[]", list, exact},
		{"list of numbers", trace.Category("l"), trace.TypeInt + "[]", []any{[]any{int64(1), int64(-2)}, []any{}}, exact},
	} {
		t.Run(tc.name, func(t *testing.T) {
			values := repeated(tc.values...)
			failed := 0
			roundTrip(t, tc.field, tc.typ, values, func(v, got any) {
				x, isNumber := number(v)
				if _, isText := v.(string); !isNumber || isText || tc.within(v, values) == 0 {
					if !reflect.DeepEqual(v, got) && failed < 5 {
						failed++
						t.Errorf("%v (%T) became %v (%T)", v, v, got, got)
					}
					return
				}
				y, ok := number(got)
				if reflect.TypeOf(v) != reflect.TypeOf(got) || !ok || math.Abs(x-y) > tc.within(v, values) {
					failed++
					t.Errorf("%v (%T) became %v (%T), further than %v", v, v, got, got, tc.within(v, values))
				}
				if tc.field.Bounded && (y < float64(tc.field.Min) || y > float64(tc.field.Max)) {
					t.Errorf("%v became %v, out of bounds", v, y)
				}
			})
		})
	}
}

// TestRareTextComesFromTemplates: of values seen once, others of their shape
// come out.
func TestRareTextComesFromTemplates(t *testing.T) {
	var values []any
	for i := range 300 {
		values = append(values, fmt.Sprintf("host-%04d.example", i*7919%10000))
	}
	for _, f := range []trace.Field{trace.Text("s"), trace.Embedded("s", 4)} {
		same := 0
		roundTrip(t, f, trace.TypeText, values, func(v, got any) {
			if s := got.(string); !strings.HasPrefix(s, "host-") || !strings.HasSuffix(s, ".example") {
				t.Errorf("%v became %v", v, got)
			}
			if v == got {
				same++
			}
		})
		if same > 20 {
			t.Errorf("%d of 900 came back as they were", same)
		}
	}
}
