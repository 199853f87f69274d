package codec

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"netshare/workspace/trace"
)

// Bits codes an address or a whole number as two-way categories, most
// significant bit first (NetShare's "bit" encoding). Bits that are the same in
// all of the data have no category and stay as they are, so that addresses of
// one network stay in it. Where values are missing, or addresses are of both
// versions, the first categories say which is.
//
// Every value comes back as it was. What a network makes of it need not be one
// that was seen: any value of the bits that vary may come out.
type Bits struct {
	Type    trace.Type
	Address bool
	N       int  // bits: up to 64 of a number, 32 or 128 of an address
	Missing bool // the first category says whether the value is missing
	Both    bool // the next says whether it is an IPv6 address

	Varies []int    // the bits that have a category, 0 for the most significant of N
	Fixed  [16]byte // the others as they are, and 0 for those; its last N bits
}

// fitBits learns the bits of a column; false for one of which a text is no
// address, or number, as it would come back: with zeros before it, for instance.
// Numbers that have a fraction or are below 0 are an error.
func fitBits(field trace.Field, t trace.Type, values []any) (b *Bits, ok bool, err error) {
	b = &Bits{Type: t, Address: field.Kind == trace.KindAddress, N: 32}
	switch {
	case b.Address:
	case field.Bits > 0:
		b.N = field.Bits
	case field.Kind == trace.KindPort:
		b.N = 16
	}
	var ones, zeros [16]byte // any value's
	v4, v6 := false, false
	for _, v := range values {
		if v == nil {
			b.Missing = true
			continue
		}
		bits, six, ok := b.of(v)
		if _, isText := v.(string); !ok && (b.Address || isText) {
			return nil, false, nil
		}
		if !ok {
			return nil, false, fmt.Errorf("field %q: encoding bit is for whole numbers of 0 or more, not %v", field.Name, v)
		}
		v4, v6 = v4 || !six, v6 || six
		first := 0 // bits that the value says nothing of
		if b.Address && !six {
			first = 128 - 32
		}
		for i := first; i < 128; i++ {
			if bits[i/8]>>(7-i%8)&1 == 1 {
				ones[i/8] |= 1 << (7 - i%8)
			} else {
				zeros[i/8] |= 1 << (7 - i%8)
			}
		}
	}
	if b.Address && v6 {
		b.N, b.Both = 128, v4
	}
	most := slices.IndexFunc(ones[:], func(x byte) bool { return x != 0 })
	if !b.Address && most >= 0 {
		need := 8 * (16 - most)
		for i := 8 * most; ones[i/8]>>(7-i%8)&1 == 0; i++ {
			need--
		}
		if field.Bits > 0 && need > b.N {
			return nil, false, fmt.Errorf("field %q: its values have up to %d bits, more than the %d that it is to be learnt by", field.Name, need, b.N)
		}
		b.N = max(b.N, need)
	}
	for i := range b.N {
		at := 128 - b.N + i
		one, zero := ones[at/8]>>(7-at%8)&1, zeros[at/8]>>(7-at%8)&1
		if one&zero == 1 {
			b.Varies = append(b.Varies, i)
		} else if one == 1 {
			b.Fixed[at/8] |= 1 << (7 - at%8)
		}
	}
	return b, true, nil
}

// of returns the bits of a value, the last of which is the least significant,
// and whether it is an IPv6 address; false where it has none.
func (b *Bits) of(v any) (bits [16]byte, six, ok bool) {
	if b.Address {
		s, _ := v.(string)
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" || a.String() != s {
			return bits, false, false
		}
		if a.Is4() {
			q := a.As4()
			copy(bits[12:], q[:])
			return bits, false, true
		}
		return a.As16(), true, true
	}
	var n int64
	switch w := v.(type) {
	case int64:
		n = w
	case time.Time:
		n = w.UnixNano()
	case string:
		x, err := strconv.ParseInt(w, 10, 64)
		if n = x; err != nil || strconv.FormatInt(x, 10) != w {
			return bits, false, false
		}
	default:
		x, isNumber := number(v)
		if n = int64(x); !isNumber || x != math.Trunc(x) || x >= 1<<63 || x < 0 {
			return bits, false, false
		}
	}
	for i := range 8 {
		bits[15-i] = byte(n >> (8 * i))
	}
	return bits, false, n >= 0
}

func (b *Bits) heads() []Head {
	hs := make([]Head, b.width())
	for i := range hs {
		hs[i].Classes = 2
	}
	return hs
}

// width is the number of heads.
func (b *Bits) width() int { return boolInt(b.Missing) + boolInt(b.Both) + len(b.Varies) }

// label says what a head is for: a bit is counted from the least significant.
func (b *Bits) label(head int) string {
	at := head - boolInt(b.Missing) - boolInt(b.Both)
	switch {
	case at >= 0:
		return fmt.Sprintf("bit %d", b.N-b.Varies[at])
	case head == 0 && b.Missing:
		return "missing"
	}
	return "version"
}

// encode writes the categories of a value; those that it says nothing of are 0.
func (b *Bits) encode(v any, out []float32) {
	out = out[:b.width()]
	clear(out)
	if b.Missing {
		if v == nil {
			out[0] = 1
			return
		}
		out = out[1:]
	}
	bits, six, _ := b.of(v)
	if b.Both {
		out[0] = float32(boolInt(six))
		out = out[1:]
	}
	for k, i := range b.Varies {
		at := 128 - b.N + i
		out[k] = float32(bits[at/8] >> (7 - at%8) & 1)
	}
}

func (b *Bits) decode(code []float32) any {
	if b.Missing {
		if code[0] == 1 {
			return nil
		}
		code = code[1:]
	}
	six := b.N == 128
	if b.Both {
		six = code[0] == 1
		code = code[1:]
	}
	bits := b.Fixed
	for k, i := range b.Varies {
		at := 128 - b.N + i
		bits[at/8] |= byte(code[k]) << (7 - at%8)
	}
	if b.Address {
		if six {
			return netip.AddrFrom16(bits).String()
		}
		return netip.AddrFrom4([4]byte(bits[12:])).String()
	}
	var x int64
	for _, c := range bits[8:] {
		x = x<<8 | int64(c)
	}
	switch b.Type {
	case trace.TypeReal:
		return float64(x)
	case trace.TypeTime:
		return time.Unix(0, x).UTC()
	case trace.TypeBool:
		return x != 0
	case trace.TypeText:
		s, _ := text(x)
		return s
	}
	return x
}
