package codec

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// FuzzRoundTrip makes a column of the bytes, of some kind and encoding, and
// holds that it is learnt or refused, that its values have finite codes that
// decode to values of the column's type or missing, and that codes which say all
// of a value bring it back.
func FuzzRoundTrip(f *testing.F) {
	eight := func(xs ...int64) (b []byte) {
		for _, x := range xs {
			b = binary.BigEndian.AppendUint64(b, uint64(x))
		}
		return b
	}
	bits := func(xs ...float64) (b []byte) {
		for _, x := range xs {
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(x))
		}
		return b
	}
	f.Add(uint8(0), uint8(0), eight(1, 2, 3, math.MinInt64, math.MaxInt64))
	f.Add(uint8(0), uint8(0), eight(0, 1<<53+1))
	f.Add(uint8(0), uint8(3), eight(0, 1<<40, 7))
	f.Add(uint8(1), uint8(1), bits(0, -1.5, math.MaxFloat64, math.Inf(1), math.NaN(), 5e-324))
	f.Add(uint8(1), uint8(4), bits(1e-12, 2e-12, 0.1))
	f.Add(uint8(2), uint8(0), eight(1700000000123456789, 1700000000000000000, -1))
	f.Add(uint8(3), uint8(3), []byte("\x0a\x00\x00\x01\xc0\x00\x02\x07sixteen bytes!!!"))
	f.Add(uint8(4), uint8(6), []byte("one two two \x00 \x1f \xff three"))
	f.Add(uint8(5), uint8(7), eight(53, 53, 53, 53, 53, 443, 70000))
	encodings := []trace.Encoding{
		trace.EncodeAuto, trace.EncodeMinMax, trace.EncodeSymmetric, trace.EncodeBits, trace.EncodeLog,
		trace.EncodeQuantile, trace.EncodeVocabulary, trace.EncodeEmbedding, trace.EncodeCategory,
	}
	f.Fuzz(func(t *testing.T, kind, encoding uint8, data []byte) {
		if len(data) > 512 {
			return
		}
		field, typ, values := column(kind, data)
		field = field.Encode(encodings[int(encoding)%len(encodings)])
		recipe := &trace.Recipe{Name: "fuzz", Metadata: []trace.Field{field}}
		if len(values) == 0 || recipe.Validate() != nil {
			return
		}
		var sessions []trace.Session
		for _, v := range values {
			sessions = append(sessions, trace.Session{Meta: trace.Row{v}, Series: []trace.Row{{nil}}})
		}
		o := DefaultOptions()
		o.MinSeen = 1
		c, err := Fit(recipe, map[string]trace.Type{"x": typ}, sessions, o, 1)
		if err != nil {
			return
		}
		r := rand.New(rand.NewPCG(1, 1))
		for _, s := range sessions {
			code := c.Encode(s)[0].Meta
			for i, h := range c.MetaHeads() {
				if x := code[i]; !(x >= 0 && x <= max(1, float32(h.Classes-1))) {
					t.Fatalf("%v as %s %s has code %v of %d classes", s.Meta[0], field.Kind, field.Encoding, x, h.Classes)
				}
				columns := make([]float32, h.Width())
				h.Expand(code[i], columns)
				if got := h.Compact(columns); math.Abs(float64(got-code[i])) > 1e-6 {
					t.Fatalf("code %v became %v in the networks", code[i], got)
				}
			}
			v, got := s.Meta[0], c.DecodeMeta(code, r).Meta[0]
			_, finite := number(v)
			switch field.Encoding {
			case trace.EncodeMinMax, trace.EncodeSymmetric, trace.EncodeLog:
				if got != nil && reflect.TypeOf(got) != reflect.TypeOf(v) && v != nil {
					t.Fatalf("%v (%T) became %v (%T)", v, v, got, got)
				}
				if finite && (got == nil || math.IsNaN(float(got))) {
					t.Fatalf("%v became %v", v, got)
				}
				continue
			}
			if x, ok := v.(float64); ok && (!finite || field.Encoding == trace.EncodeAuto || field.Encoding == trace.EncodeQuantile) {
				if y, isReal := got.(float64); finite && (!isReal || math.Abs(x-y) > 1e-6*max(1, math.Abs(x))) {
					t.Fatalf("%v became %v", x, got)
				}
				continue
			}
			if apart := span(values); apart >= 1<<53 && finite && reflect.TypeOf(v) == reflect.TypeOf(got) {
				if x := wholeOf(v) - wholeOf(got); math.Abs(float64(x)) > apart/(1<<52) {
					t.Fatalf("%v became %v, of values %v apart", v, got, apart)
				}
				continue
			}
			if !reflect.DeepEqual(v, got) {
				t.Fatalf("%#v became %#v as %s %q", v, got, field.Kind, field.Encoding)
			}
		}
	})
}

// span is how far numbers are apart; 0 of what is none.
func span(values []any) float64 {
	var xs []float64
	for _, v := range values {
		if x, ok := number(v); ok {
			xs = append(xs, x)
		}
	}
	if len(xs) == 0 {
		return 0
	}
	return slices.Max(xs) - slices.Min(xs)
}

func wholeOf(v any) int64 {
	if t, ok := v.(time.Time); ok {
		return t.UnixNano()
	}
	n, _ := v.(int64)
	return n
}

func float(v any) float64 {
	x, _ := number(v)
	return x
}

// column makes values of a kind of the bytes, each of them twice or missing.
func column(kind uint8, data []byte) (trace.Field, trace.Type, []any) {
	var values []any
	each := func(size int, value func(b []byte) any) {
		for ; len(data) >= size; data = data[size:] {
			v := value(data[:size])
			values = append(values, v, v)
		}
		if len(data)%2 == 1 {
			values = append(values, nil)
		}
	}
	whole := func(b []byte) any { return int64(binary.BigEndian.Uint64(b)) }
	switch kind % 6 {
	case 0:
		each(8, whole)
		return trace.Integer("x"), trace.TypeInt, values
	case 1:
		each(8, func(b []byte) any { return math.Float64frombits(binary.BigEndian.Uint64(b)) })
		return trace.Real("x"), trace.TypeReal, values
	case 2:
		each(8, func(b []byte) any { return time.Unix(0, whole(b).(int64)).UTC() })
		return trace.Timestamp("x", ""), trace.TypeTime, values
	case 3:
		each(5, func(b []byte) any {
			if b[0]%4 == 0 {
				return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, b[1], 15: b[2]}).String()
			}
			return netip.AddrFrom4([4]byte(b[1:])).String()
		})
		return trace.IP("x"), trace.TypeText, values
	case 4:
		each(3, func(b []byte) any { return string(b[:int(b[0])%4]) })
		return trace.Text("x"), trace.TypeText, values
	}
	each(8, func(b []byte) any { return whole(b).(int64) & 0xffff })
	return trace.Port("x"), trace.TypeInt, values
}
