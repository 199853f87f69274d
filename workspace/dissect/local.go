package dissect

import (
	"net/netip"
	"strings"
)

// broadcast is IPv4's limited broadcast address.
func broadcast() netip.Addr { return netip.AddrFrom4([4]byte{255, 255, 255, 255}) }

// localNets tells the addresses that are local for Zeek, where nobody names a
// site's networks: those that IANA says are not routed on the Internet
// (Site::private_address_space), and IPv4's local multicast.
type localNets []netip.Prefix

func newLocalNets() localNets {
	const nets = `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
		192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/24 240.0.0.0/4
		::/128 ::1/128 64:ff9b:1::/48 100::/64 2001::/23 2001:2::/48 2001:db8::/32 fc00::/7 fe80::/10
		2002::/24 2002:a00::/24 2002:6440::/26 2002:7f00::/24 2002:a9fe::/32 2002:ac10::/28 2002:c000::/40 2002:c000:200::/40
		2002:c0a8::/32 2002:c612::/31 2002:c633:6400::/40 2002:cb00:7100::/40 2002:f000::/20`
	var l localNets
	for _, n := range strings.Fields(nets) {
		l = append(l, netip.MustParsePrefix(n))
	}
	return l
}

func (l localNets) contains(a netip.Addr) bool {
	for _, n := range l {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
