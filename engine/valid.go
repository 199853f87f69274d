package engine

import (
	"net/netip"
	"strings"

	"netshare/engine/codec"
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
		v := versionOf(meta[i])
		if v == 0 {
			continue
		}
		if version != 0 && v != version {
			return false
		}
		version = v
	}
	if f.Protocol < 0 || version == 0 {
		return true
	}
	needs := versionNeeded(meta[f.Protocol])
	return needs == 0 || needs == version
}

// conflicts returns what valid refuses, field by field.
func (f *families) conflicts() (out []codec.Conflict) {
	if f.Mixed {
		return nil
	}
	never := make([]bool, 7*7) // other versions, where there are two
	never[4*7+6], never[6*7+4] = true, true
	version, needed := func(v any) int32 { return int32(versionOf(v)) }, func(v any) int32 { return int32(versionNeeded(v)) }
	for k, a := range f.Addresses {
		for _, b := range f.Addresses[k+1:] {
			out = append(out, codec.Conflict{A: a, B: b, OfA: version, OfB: version, Width: 7, Never: never})
		}
		if f.Protocol >= 0 {
			out = append(out, codec.Conflict{A: a, B: f.Protocol, OfA: version, OfB: needed, Width: 7, Never: never})
		}
	}
	return out
}

// versionOf is the IP version of an address, 0 for what is none.
func versionOf(address any) int {
	s, ok := address.(string)
	if !ok {
		return 0
	}
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return 0
	case a.Is4():
		return 4
	}
	return 6
}

// versionNeeded is the IP version that there is a protocol of, 0 for both.
func versionNeeded(protocol any) int {
	switch s, _ := protocol.(string); strings.ToUpper(s) {
	case "ICMP", "IGMP":
		return 4
	case "IPV6-ICMP", "ICMPV6", "ICMP6":
		return 6
	}
	return 0
}
