package codec

import (
	"net/netip"

	"netshare/workspace/trace"
)

// Bits codes an IPv4 address or a whole number as two-way categories, most
// significant bit first (NetShare's "bit" encoding).
type Bits struct {
	Type    trace.Type
	Address bool
	N       int // bits
}

func (b *Bits) heads() []Head {
	hs := make([]Head, b.N)
	for i := range hs {
		hs[i].Classes = 2
	}
	return hs
}

func (b *Bits) encode(v any, out []float32) {
	var x uint64
	if s, ok := v.(string); ok && b.Address {
		if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
			q := a.As4()
			x = uint64(q[0])<<24 | uint64(q[1])<<16 | uint64(q[2])<<8 | uint64(q[3])
		}
	} else if f, ok := number(v); ok && f > 0 {
		x = uint64(f)
	}
	for i := range b.N {
		out[i] = float32(x >> (b.N - 1 - i) & 1)
	}
}

func (b *Bits) decode(code []float32) any {
	var x uint64
	for i := range b.N {
		x = x<<1 | uint64(code[i])
	}
	if b.Address {
		return netip.AddrFrom4([4]byte{byte(x >> 24), byte(x >> 16), byte(x >> 8), byte(x)}).String()
	}
	switch b.Type {
	case trace.TypeReal:
		return float64(x)
	case trace.TypeText:
		s, _ := text(int64(x))
		return s
	}
	return int64(x)
}
