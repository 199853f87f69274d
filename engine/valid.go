package engine

import (
	"net/netip"
	"strings"

	"netshare/workspace/trace"
)

// families are the address fields of a session and its protocol, which must be
// of one IP version. A real trace that mixes versions within a session, as one
// of tunnels may, is left to.
type families struct {
	Addresses []int // metadata fields
	Protocol  int   // metadata field, -1 for none
	Mixed     bool  // the real trace has sessions of both versions
}

func fitFamilies(r *trace.Recipe, sessions []trace.Session) families {
	f := families{Protocol: -1}
	for i, field := range r.Metadata {
		switch field.Kind {
		case trace.KindAddress:
			f.Addresses = append(f.Addresses, i)
		case trace.KindProtocol:
			f.Protocol = i
		}
	}
	for _, s := range sessions {
		if !f.valid(s.Meta) {
			f.Mixed = true
			break
		}
	}
	return f
}

// valid reports whether a session's addresses and protocol go together.
func (f *families) valid(meta trace.Row) bool {
	if f.Mixed {
		return true
	}
	version := 0
	for _, i := range f.Addresses {
		s, ok := meta[i].(string)
		if !ok {
			continue
		}
		a, err := netip.ParseAddr(s)
		if err != nil {
			continue
		}
		v := 6
		if a.Is4() {
			v = 4
		}
		if version != 0 && v != version {
			return false
		}
		version = v
	}
	if f.Protocol < 0 || version == 0 {
		return true
	}
	switch proto, _ := meta[f.Protocol].(string); strings.ToUpper(proto) {
	case "ICMP", "IGMP":
		return version == 4
	case "IPV6-ICMP", "ICMPV6", "ICMP6":
		return version == 6
	}
	return true
}
