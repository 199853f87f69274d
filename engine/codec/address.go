package codec

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// Prefix is a class of addresses: those within CIDR, or any other text where
// CIDR is empty.
type Prefix struct {
	CIDR string
	V6   bool // of the class of all other addresses, the version

	parsed netip.Prefix
}

// anyV4 and anyV6 are what addresses without a common prefix are drawn from.
var (
	anyV4 = netip.MustParsePrefix("0.0.0.0/0")
	anyV6 = netip.MustParsePrefix("2000::/3")
)

// fewest is how many rare addresses a prefix must hold to be a class.
const fewest = 3

// fitPrefixes returns the classes of rare addresses, the longest prefixes
// first, a catch-all for what fits in none last.
func fitPrefixes(rare []string) []Prefix {
	var left []netip.Addr
	for _, s := range rare {
		if a, err := netip.ParseAddr(s); err == nil {
			left = append(left, a.WithZone(""))
		}
	}
	var out []Prefix
	for _, bits := range [][2]int{{24, 64}, {16, 48}, {8, 32}} {
		groups := map[netip.Prefix]int{}
		of := func(a netip.Addr) netip.Prefix {
			b := bits[0]
			if a.Is6() {
				b = bits[1]
			}
			p, _ := a.Prefix(b)
			return p
		}
		for _, a := range left {
			groups[of(a)]++
		}
		var found []netip.Prefix
		for p, n := range groups {
			// A /24 in which few addresses were seen would all but name them.
			if n >= fewest && (bits[0] != 24 || n >= 3*fewest) {
				found = append(found, p)
			}
		}
		slices.SortFunc(found, func(a, b netip.Prefix) int { return cmp.Compare(a.String(), b.String()) })
		for _, p := range found {
			out = append(out, Prefix{CIDR: p.String(), V6: p.Addr().Is6()})
		}
		left = slices.DeleteFunc(left, func(a netip.Addr) bool { return slices.Contains(found, of(a)) })
	}
	if slices.ContainsFunc(left, netip.Addr.Is4) {
		out = append(out, Prefix{CIDR: anyV4.String()})
	}
	if slices.ContainsFunc(left, netip.Addr.Is6) {
		out = append(out, Prefix{CIDR: anyV6.String(), V6: true})
	}
	return out
}

func (p *Prefix) prefix() netip.Prefix {
	if !p.parsed.IsValid() {
		p.parsed = netip.MustParsePrefix(p.CIDR)
	}
	return p.parsed
}

func (p *Prefix) contains(s string) bool {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return false
	}
	q := p.prefix()
	if q.Bits() <= 3 { // the catch-all holds what no prefix before it does
		return a.Is6() == p.V6
	}
	return q.Contains(a.WithZone(""))
}

// draw returns an address of the prefix; of the catch-all, one that a host may
// have: no loopback, multicast or reserved range.
func (p *Prefix) draw(r *rand.Rand) string {
	q := p.prefix()
	for {
		b := q.Addr().AsSlice()
		for i := range b {
			bit := q.Bits() - 8*i
			noise := byte(r.Uint32())
			switch {
			case bit >= 8:
			case bit <= 0:
				b[i] = noise
			default:
				b[i] |= noise >> bit
			}
		}
		a, _ := netip.AddrFromSlice(b)
		if q.Bits() > 8 || a.Is6() {
			return a.String()
		}
		if q.Bits() == 8 && b[3] != 0 && b[3] != 255 {
			return a.String()
		}
		if a.IsGlobalUnicast() && b[0] != 0 && b[0] < 224 && b[0] != 127 {
			return a.String()
		}
	}
}
