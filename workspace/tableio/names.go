package tableio

import (
	"slices"
	"strings"
	"unicode"
)

// hints are what a column's name says of its values.
type hints struct {
	address, port, protocol, quantity bool
	clock                             bool // a time, be it relative
	moment                            bool // a time if its values look like one
}

// words splits a name at punctuation and where lower case turns upper.
func words(name string) []string {
	var out []string
	var w strings.Builder
	last := ' '
	for _, r := range name {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		if w.Len() > 0 && (!letter || unicode.IsUpper(r) && unicode.IsLower(last)) {
			out = append(out, strings.ToLower(w.String()))
			w.Reset()
		}
		if letter {
			w.WriteRune(r)
		}
		last = r
	}
	if w.Len() > 0 {
		out = append(out, strings.ToLower(w.String()))
	}
	return out
}

func hintsOf(name string) hints {
	ws := words(name)
	if len(ws) == 0 {
		return hints{}
	}
	any := func(list string) bool {
		all := strings.Fields(list)
		return slices.ContainsFunc(ws, func(w string) bool { return slices.Contains(all, w) })
	}
	last, whole := ws[len(ws)-1], strings.Join(ws, "")
	h := hints{
		address: any("ip ipv4 ipv6 addr address ipaddr ipaddress srcip dstip saddr daddr srcaddr dstaddr sourceip destip destinationip sa da sip dip") ||
			(last == "h" && any("orig resp")),
		port: any("port sport dport spt dpt srcport dstport dsport sourceport destport destinationport tcpport udpport sp dp") ||
			(last == "p" && any("orig resp")),
		protocol: any("proto protocol prot pr pro ipproto protoid"),
		quantity: any("pkt pkts packet packets byt byte bytes octets ipkt ibyt opkt obyt totpkts totbytes srcbytes dstbytes srcpkts dstpkts td dur duration"),
		moment:   any("ts te tstart tend time timestamp start end stime etime ltime first last epoch date datetime starttime endtime begin when created modified"),
	}
	h.clock = slices.Contains([]string{"time", "ts", "timestamp", "epoch", "datetime"}, last) && len(ws) <= 2 ||
		slices.Contains([]string{"starttime", "endtime", "stime", "etime", "ltime", "eventtime", "timestamp", "timestart"}, whole)
	if h.quantity { // "byte time", "end bytes"
		h.clock, h.moment = false, false
	}
	return h
}

// protocolName reports whether s is an IP protocol as Argus, nfdump, Zeek or
// IANA call it, or its number.
func protocolName(s string) bool {
	switch strings.ToLower(s) {
	case "tcp", "udp", "icmp", "icmp6", "icmpv6", "ipv6-icmp", "igmp", "gre", "esp", "ah", "sctp", "ipv6", "ipip", "ip", "ipv4",
		"ospf", "eigrp", "pim", "vrrp", "dccp", "udplite", "rsvp", "l2tp", "hopopt", "ipencap", "egp", "igp", "ipv6-frag",
		"ipv6-no", "ipv6-opts", "ipv6-route", "arp", "rarp", "llc", "man", "rtp", "rtcp", "udt", "ipx/spx", "pup", "lldp", "other":
		return true
	}
	return false
}
