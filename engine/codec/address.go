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

	parsed netip.Prefix // of CIDR, once asked for
}

// anyV4 and anyV6 are what addresses without a common prefix are drawn from.
var (
	anyV4 = netip.MustParsePrefix("0.0.0.0/0")
	anyV6 = netip.MustParsePrefix("2000::/3")
)

// special are ranges of a use of their own (RFC 6890, 5771, 4291): an address
// of one is replaced by another of it, however few were seen.
var special = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("255.255.255.255/32"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("::/127"),
}

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
	for _, p := range special {
		if slices.ContainsFunc(left, p.Contains) {
			out = append(out, Prefix{CIDR: p.String(), V6: p.Addr().Is6()})
			left = slices.DeleteFunc(left, p.Contains)
		}
	}
	if slices.ContainsFunc(left, netip.Addr.Is4) {
		out = append(out, Prefix{CIDR: anyV4.String()})
	}
	if slices.ContainsFunc(left, netip.Addr.Is6) {
		out = append(out, Prefix{CIDR: anyV6.String(), V6: true})
	}
	return out
}

// within returns the first of the prefixes that holds an address, -1 for none
// and for what is no address.
func within(prefixes []Prefix, s string) int {
	if len(prefixes) == 0 {
		return -1
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return -1
	}
	for i := range prefixes {
		if prefixes[i].contains(a) {
			return i
		}
	}
	return -1
}

func (p *Prefix) prefix() netip.Prefix {
	if !p.parsed.IsValid() {
		p.parsed = netip.MustParsePrefix(p.CIDR)
	}
	return p.parsed
}

func (p *Prefix) contains(a netip.Addr) bool {
	q := p.prefix()
	if q == anyV4 || q == anyV6 { // the catch-all holds what no prefix before it does
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
		if q != anyV4 || a.IsGlobalUnicast() && b[0] != 0 && b[0] < 224 && b[0] != 127 {
			return a.String()
		}
	}
}
