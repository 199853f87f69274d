package flow

import (
	"net/netip"

	"netshare/workspace/trace"
)

// maxFragmented bounds the fragmented packets that are remembered at a time.
const maxFragmented = 4096

// fragments remembers the keys of packets whose first fragment was seen.
type fragments struct {
	of   map[fragmentKey]key
	ring [maxFragmented]fragmentKey // in the order of their coming
	next int
}

type fragmentKey struct {
	src, dst netip.Addr
	id       uint32
	proto    uint8
}

func newFragments() *fragments { return &fragments{of: map[fragmentKey]key{}} }

// key is that of a packet's record: of a later fragment that of its first, with
// ports, type and code 0 where that was not seen.
func (f *fragments) key(p *trace.Packet) key {
	k := key{FiveTuple: p.FiveTuple, tos: p.ToS}
	at := fragmentKey{p.SrcIP, p.DstIP, p.ID, p.Proto}
	if p.FragmentOffset > 0 {
		if first, ok := f.of[at]; ok {
			first.tos = p.ToS
			return first
		}
	} else if isICMP(p.Proto) {
		k.icmpType, k.icmpCode = p.ICMPType, p.ICMPCode
	}
	switch {
	case !hasPorts(p.Proto):
		k.SrcPort, k.DstPort = trace.NoPort, trace.NoPort
	case k.SrcPort == trace.NoPort || k.DstPort == trace.NoPort:
		k.SrcPort, k.DstPort = 0, 0
	}
	if p.MoreFragments && p.FragmentOffset == 0 {
		if _, known := f.of[at]; !known {
			delete(f.of, f.ring[f.next])
			f.ring[f.next] = at
			f.next = (f.next + 1) % maxFragmented
		}
		f.of[at] = k
	}
	return k
}
