package flow

import (
	"math"
	"net/netip"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// unknown marks what a record doesn't say.
const unknown = -1

// The directions of a record.
const (
	out = 0 // from source to destination
	in  = 1
)

// record is one row of a flow table.
type record struct {
	src, dst         netip.Addr
	srcPort, dstPort int64 // unknown of protocols without
	proto            uint8
	start            time.Time
	lasts            time.Duration
	sides            [2]side
	icmpType         [2]int
	icmpCode         int
	history          string // Zeek's letters, or ones made of what else is known; "" without
}

// side is one direction of a record.
type side struct {
	packets, bytes int64
	flags          int // all of its packets' TCP flags, or unknown
	tos            int64
}

// header is the least that a packet of the record has, in bytes.
func (r *record) header() int64 {
	n := int64(20)
	if r.src.Is6() || r.dst.Is6() {
		n = 40
	}
	switch r.proto {
	case protoTCP:
		return n + 20
	case protoUDP, protoUDPLite, protoICMP, protoICMPv6:
		return n + 8
	case protoSCTP, protoDCCP:
		return n + 16
	}
	return n
}

// recordReader reads records from the rows of a table.
type recordReader struct {
	*shape
	protocols *protocols
	warn      func(Reason)
	row       trace.Row
}

// value is the cell of a role, nil without.
func (rr *recordReader) value(r role) any {
	if i := rr.at[r]; i >= 0 && i < len(rr.row) {
		return rr.row[i]
	}
	return nil
}

// count is the cell of a role as a count, unknown where there is none.
func (rr *recordReader) count(r role) int64 {
	v := rr.value(r)
	if v == nil {
		return unknown
	}
	x, ok := number(v)
	switch {
	case !ok || x < 0 || x > math.MaxInt32*1e6:
		rr.warn(BadCount)
		return unknown
	case x != math.Trunc(x):
		rr.warn(RoundedCount)
	}
	return int64(math.Round(x))
}

// read reads a record; false for one that no packets can be made of, which is
// warned of.
func (rr *recordReader) read(row trace.Row, r *record) bool {
	rr.row = row
	*r = record{srcPort: unknown, dstPort: unknown, icmpType: [2]int{unknown, unknown}, icmpCode: unknown}
	var ok, ok2 bool
	if r.src, ok = address(rr.value(roleSrcIP)); ok {
		r.dst, ok2 = address(rr.value(roleDstIP))
	}
	if !ok || !ok2 {
		rr.warn(NoAddress)
		return false
	}
	if r.proto, ok = rr.protocols.protocol(rr.value(roleProto)); !ok {
		rr.warn(NoProtocol)
		return false
	}
	if r.proto == protoICMP && r.src.Is6() {
		r.proto = protoICMPv6
	}
	if !rr.times(r) {
		rr.warn(NoStart)
		return false
	}
	rr.ports(r)
	rr.counts(r)
	if r.sides[out].packets+r.sides[in].packets == 0 {
		rr.warn(NoPackets)
		return false
	}
	if rr.has(roleConnState) || rr.has(roleHistory) || rr.has(roleState) || rr.has(roleSYNs) {
		rr.tcpHistory(r)
	}
	return true
}

// times reads start and duration from two of start, end and duration.
func (rr *recordReader) times(r *record) bool {
	start, hasStart := timeOf(rr.value(roleStart), rr.unit)
	end, hasEnd := timeOf(rr.value(roleEnd), rr.unit)
	lasts, hasLasts := time.Duration(0), false
	if v := rr.value(roleDuration); v != nil {
		s, ok := number(v)
		if rr.micros {
			s /= 1e6
		}
		if !ok || s < 0 || s > maxSeconds {
			rr.warn(BadDuration)
		} else {
			lasts, hasLasts = durationOf(s), true
		}
	}
	switch {
	case hasStart && !hasLasts && hasEnd:
		if lasts = end.Sub(start); lasts < 0 {
			rr.warn(BadDuration)
			lasts = 0
		}
	case !hasStart && hasEnd:
		start = end.Add(-lasts)
	case !hasStart:
		return false
	}
	r.start, r.lasts = start, lasts
	return true
}

// ports reads ports, or ICMP's type and code where the table has them there.
func (rr *recordReader) ports(r *record) {
	port := func(ro role) int64 {
		x, ok := number(rr.value(ro))
		if !ok || x < 0 || x > 65535 {
			if rr.value(ro) != nil && hasPorts(r.proto) {
				rr.warn(BadPort)
			}
			return unknown
		}
		return int64(x)
	}
	if hasPorts(r.proto) {
		r.srcPort, r.dstPort = max(port(roleSrcPort), 0), max(port(roleDstPort), 0)
		return
	}
	if !isICMP(r.proto) {
		return
	}
	setType := func(kind, code int64) {
		if kind > 255 || code > 255 {
			return
		}
		r.icmpType = [2]int{int(kind), int(kind)}
		r.icmpCode = int(code)
		if answer, two := icmpAnswer(r.proto, int(kind)); two {
			r.icmpType[in] = answer
		}
	}
	if kind := rr.count(roleICMPType); kind >= 0 {
		setType(kind, max(rr.count(roleICMPCode), 0))
		return
	}
	if rr.zeek {
		if kind := port(roleSrcPort); kind >= 0 {
			code := max(port(roleDstPort), 0)
			if _, two := icmpAnswer(r.proto, int(kind)); two { // the port is the type that answers it
				code = 0
			}
			setType(kind, code)
		}
		return
	}
	text, isText := rr.value(roleDstPort).(string)
	if kind, code, dotted := strings.Cut(text, "."); isText && dotted { // nfdump
		k, ok := number(kind)
		c, ok2 := number(code)
		if ok && ok2 && k >= 0 && c >= 0 {
			setType(int64(k), int64(c))
		}
		return
	}
	if x, ok := number(rr.value(roleDstPort)); ok && x > 0 && x <= 65535 {
		if x != math.Trunc(x) { // nfdump's type.code, read as a number
			tenths := math.Round((x - math.Trunc(x)) * 100)
			for tenths > 0 && math.Mod(tenths, 10) == 0 {
				tenths /= 10
			}
			setType(int64(x), int64(tenths))
		} else { // NetFlow's
			setType(int64(x)>>8, int64(x)&255)
		}
	}
}

// icmpAnswer is the type that answers a type, and whether there is one.
func icmpAnswer(proto uint8, kind int) (int, bool) {
	pairs := []int{8, 0, 13, 14, 15, 16, 17, 18, 10, 9}
	if proto == protoICMPv6 {
		pairs = []int{128, 129, 133, 134, 135, 136, 139, 140, 144, 145, 130, 131}
	}
	for i := 0; i < len(pairs); i += 2 {
		switch kind {
		case pairs[i]:
			return pairs[i+1], true
		case pairs[i+1]:
			return pairs[i], true
		}
	}
	return 0, false
}

// counts reads packets, bytes, flags and type of service of both directions.
func (rr *recordReader) counts(r *record) {
	o, i := &r.sides[out], &r.sides[in]
	o.packets, i.packets = max(rr.count(roleOutPackets), 0), max(rr.count(roleInPackets), 0)
	o.tos, i.tos = rr.tos(roleOutToS), rr.tos(roleInToS)
	if !rr.has(roleInToS) {
		i.tos = o.tos
	}
	o.flags, i.flags = unknown, unknown
	if v := rr.value(roleFlags); v != nil && r.proto == protoTCP {
		if flags, ok := flagsOf(v); ok {
			o.flags = flags
		} else {
			rr.warn(BadFlags)
		}
	}
	switch {
	case rr.has(roleAllPackets):
		rr.split(r)
	case rr.has(roleOutBytes):
		o.bytes, i.bytes = rr.bytes(r, roleOutBytes, o.packets), rr.bytes(r, roleInBytes, i.packets)
	default:
		o.bytes = rr.fromPayload(r, roleOutPayload, roleOutHeaders, o.packets)
		i.bytes = rr.fromPayload(r, roleInPayload, roleInHeaders, i.packets)
	}
}

func (rr *recordReader) tos(ro role) int64 {
	x, ok := number(rr.value(ro))
	if !ok || x < 0 || x > 255 {
		return unknown
	}
	return int64(x)
}

// bytes reads a direction's bytes of IP packets, of a missing cell what its
// headers have.
func (rr *recordReader) bytes(r *record, ro role, packets int64) int64 {
	n := rr.count(ro)
	if n < 0 {
		return packets * r.header()
	}
	return n
}

// fromPayload makes a direction's bytes of those of its payload and of its
// transport's headers, which without a column are as short as can be.
func (rr *recordReader) fromPayload(r *record, payload, headers role, packets int64) int64 {
	ip := int64(20)
	if r.src.Is6() || r.dst.Is6() {
		ip = 40
	}
	least := r.header() * packets
	all := max(rr.count(payload), 0)
	if h := rr.count(headers); h >= 0 {
		return max(all+h+ip*packets, least)
	}
	return all + least
}

// split shares out totals of both directions: by the source's packets and
// bytes where the table has them, else as the sizes of packets allow.
func (rr *recordReader) split(r *record) {
	o, i := &r.sides[out], &r.sides[in]
	packets, bytes := max(rr.count(roleAllPackets), 0), max(rr.count(roleAllBytes), 0)
	o.bytes = bytes
	if n := rr.count(roleOutBytes); n >= 0 {
		o.bytes = min(n, bytes)
	}
	i.bytes = bytes - o.bytes
	switch {
	case rr.has(roleOutPackets):
		o.packets = min(o.packets, packets)
		i.packets = packets - o.packets
		if i.packets == 0 {
			o.bytes, i.bytes = bytes, 0
		} else if o.packets == 0 {
			o.bytes, i.bytes = 0, bytes
		}
	case i.bytes == 0 || packets < 2:
		o.packets, o.bytes, i.packets, i.bytes = packets, bytes, 0, 0
	case o.bytes == 0:
		i.packets, o.packets = packets, 0
	default:
		h := r.header()
		share := packets / 2
		// The other direction's packets must neither be too small nor too large.
		fit := func(n, bytes int64) int64 { return min(max(n, (bytes+mtu-1)/mtu), max(bytes/h, 1)) }
		i.packets = fit(packets-fit(share, o.bytes), i.bytes)
		i.packets = min(max(i.packets, 1), packets-1)
		o.packets = packets - i.packets
	}
}
