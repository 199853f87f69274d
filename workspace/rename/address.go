package rename

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// WellKnown reports whether an address is the same for everybody and so names
// nobody: unspecified, loopback, broadcast, and the groups that protocols are
// assigned (IANA's local network control block, SSDP; IPv6 ones but for
// solicited nodes).
func WellKnown(a netip.Addr) bool {
	switch a = a.Unmap().WithZone(""); {
	case a.IsUnspecified(), a == netip.MustParseAddr("127.0.0.1"), a == netip.IPv6LinkLocalAllNodes(), a == netip.MustParseAddr("::1"):
		return true
	case a.Is4():
		b := a.As4()
		return a == netip.MustParseAddr("255.255.255.255") || b[0] == 224 && b[1] == 0 && b[2] == 0 || a == netip.MustParseAddr("239.255.255.250")
	}
	b := a.As16()
	return b[0] == 0xff && !slices.ContainsFunc(b[2:13], func(x byte) bool { return x != 0 }) // ff0x::/104
}

// The ranges that addresses are taken from: each of a use of its own is given
// others of it, all else is given addresses that nobody has on the internet:
// the shared address space (RFC 6598), where that is too small the reserved
// class E, and of IPv6 those of documentation (RFC 3849).
var (
	ranges4 = []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("224.0.0.0/4"),
	}
	group4, shared4, classE = netip.MustParsePrefix("239.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("240.0.0.0/4")
)

// Structure maps addresses to ones of private, shared and documentation ranges:
// those of one /24 (of IPv6 /64) to one, those of one /16 (/48) that were placed
// together to neighbouring ones. None is mapped to one that is to be avoided, or
// for IPv4 into a /24 that has such a one, as long as there are others.
type Structure struct {
	out   map[netip.Addr]netip.Addr
	avoid map[netip.Addr]bool
	full  map[uint32]bool // /24s, by their first three bytes, that are taken
	used  map[netip.Addr]bool
	rng   *rand.Rand
}

// NewStructure returns a map of nothing yet.
func NewStructure(avoid []netip.Addr, rng *rand.Rand) *Structure {
	k := &Structure{out: map[netip.Addr]netip.Addr{}, avoid: map[netip.Addr]bool{}, full: map[uint32]bool{}, used: map[netip.Addr]bool{}, rng: rng}
	for _, a := range avoid {
		a = a.Unmap().WithZone("")
		k.avoid[a] = true
		if a.Is4() {
			k.full[number(a)>>8] = true
		}
	}
	return k
}

// Map returns an address's other one; an address that was not placed with
// others gets one of a network of its own. Well-known ones stay.
func (k *Structure) Map(a netip.Addr) netip.Addr {
	if WellKnown(a) {
		return a
	}
	plain := a.Unmap().WithZone("")
	if _, ok := k.out[plain]; !ok {
		k.Place([]netip.Addr{plain})
	}
	b := k.out[plain]
	if a.Is4In6() {
		b = netip.AddrFrom16(b.As16())
	}
	return b.WithZone(a.Zone())
}

// Place settles what addresses are mapped to, those that are not yet.
func (k *Structure) Place(addresses []netip.Addr) {
	seen := map[netip.Addr]bool{}
	byRange := map[int][]netip.Addr{}
	var v6 []netip.Addr
	for _, a := range addresses {
		plain := a.Unmap().WithZone("")
		if _, placed := k.out[plain]; placed || seen[plain] || WellKnown(plain) {
			continue
		}
		seen[plain] = true
		if plain.Is4() {
			i := slices.IndexFunc(ranges4, func(p netip.Prefix) bool { return p.Contains(plain) })
			byRange[i] = append(byRange[i], plain)
		} else {
			v6 = append(v6, plain)
		}
	}
	for i := -1; i < len(ranges4); i++ {
		if list := byRange[i]; list != nil {
			k.place4(list, i)
		}
	}
	k.place6(v6)
}

func number(a netip.Addr) uint32 { b := a.As4(); return binary.BigEndian.Uint32(b[:]) }

func address(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

// place4 places the addresses of one range: each /16 in an aligned block of
// /24s, in random order.
func (k *Structure) place4(list []netip.Addr, of int) {
	pools := []netip.Prefix{shared4, classE}
	switch {
	case of >= 0 && ranges4[of].Bits() == 4: // multicast stays multicast
		pools = []netip.Prefix{group4, classE}
	case of >= 0:
		pools = []netip.Prefix{ranges4[of], classE}
	}
	nets := map[uint32]map[uint32][]uint32{} // /16, /24, last bytes
	for _, a := range list {
		n := number(a)
		if nets[n>>16] == nil {
			nets[n>>16] = map[uint32][]uint32{}
		}
		nets[n>>16][n>>8] = append(nets[n>>16][n>>8], n&0xff)
	}
	sixteens := sortedKeys(nets)
	k.rng.Shuffle(len(sixteens), func(i, j int) { sixteens[i], sixteens[j] = sixteens[j], sixteens[i] })
	slices.SortStableFunc(sixteens, func(a, b uint32) int { return len(nets[b]) - len(nets[a]) }) // large blocks find room first
	for _, s := range sixteens {
		twentyFours := sortedKeys(nets[s])
		size := uint32(1)
		for size < uint32(len(twentyFours)) {
			size *= 2
		}
		block := k.block(pools, size)
		places := k.rng.Perm(int(size))
		for i, t := range twentyFours {
			at := block + uint32(places[i])
			k.full[at] = true
			last := k.rng.Perm(254)
			for _, b := range nets[s][t] {
				to := uint32(0)
				switch b { // the network itself and its broadcast stay so
				case 0:
				case 255:
					to = 255
				default:
					to = uint32(last[b-1]) + 1
				}
				k.out[address(t<<8|b)] = address(at<<8 | to)
			}
		}
	}
}

// block returns the first /24 of a free aligned block of so many in one of the
// pools.
func (k *Structure) block(pools []netip.Prefix, size uint32) uint32 {
	free := func(at uint32) bool {
		for i := range size {
			if k.full[at+i] {
				return false
			}
		}
		return true
	}
	for _, p := range pools {
		first, n := number(p.Addr())>>8, uint32(1)<<(24-p.Bits())/size
		if n == 0 {
			continue
		}
		for range 64 {
			if at := first + k.rng.Uint32N(n)*size; free(at) {
				return at
			}
		}
		for i := range n {
			if at := first + i*size; free(at) {
				return at
			}
		}
	}
	return number(classE.Addr())>>8 + k.rng.Uint32N(1<<20/size)*size // all is full: more than a million networks
}

// place6 places IPv6 addresses.
func (k *Structure) place6(list []netip.Addr) {
	type net struct{ site, subnet uint64 }
	sites, subnets := map[uint64]uint64{}, map[net]uint64{}
	taken := map[uint64]bool{}
	slices.SortFunc(list, netip.Addr.Compare)
	for _, a := range list {
		b := a.As16()
		high := binary.BigEndian.Uint64(b[:8])
		var to uint64
		switch {
		case b[0] == 0xff: // a group: its scope stays
			to = high
		case a.IsLinkLocalUnicast():
			to = 0xfe80 << 48
		default:
			site := high >> 16
			n := net{site, high & 0xffff}
			if _, ok := sites[site]; !ok {
				base, room := uint64(0x20010db80000), 16 // of documentation
				if b[0]&0xfe == 0xfc {
					base, room = 0xfd<<40, 40 // of a local network
				}
				s := base | k.rng.Uint64N(1<<room)
				for taken[s] {
					s = base | k.rng.Uint64N(1<<room)
				}
				taken[s], sites[site] = true, s
			}
			if _, ok := subnets[n]; !ok {
				s := sites[site]<<16 | k.rng.Uint64N(1<<16)
				for taken[s] {
					s = sites[site]<<16 | k.rng.Uint64N(1<<16)
				}
				taken[s], subnets[n] = true, s
			}
			to = subnets[n]
		}
		for {
			var c [16]byte
			binary.BigEndian.PutUint64(c[:8], to)
			binary.BigEndian.PutUint64(c[8:], k.rng.Uint64())
			if b[0] == 0xff && b[11] == 1 && b[12] == 0xff { // of solicited nodes: the last 24 bits are the node's
				copy(c[8:13], b[8:13])
			}
			if x := netip.AddrFrom16(c); !k.avoid[x] && !k.used[x] {
				k.used[x], k.out[a] = true, x
				break
			}
		}
	}
}

func sortedKeys[V any](m map[uint32]V) []uint32 {
	keys := make([]uint32, 0, len(m))
	for x := range m {
		keys = append(keys, x)
	}
	slices.Sort(keys)
	return keys
}
