package pcapio

import (
	"net/netip"

	"netshare/workspace/trace"
)

// rowMaker turns packets into rows. Values that come often are boxed once and
// shared: rows of a capture are some three allocations each.
type rowMaker struct {
	values    trace.Row
	small     [1 << 16]any // integers
	protocols [256]any
	addresses map[netip.Addr]any
}

// maxAddresses bounds the addresses that are kept as text.
const maxAddresses = 1 << 16

func newRowMaker() *rowMaker {
	m := &rowMaker{values: make(trace.Row, numColumns), addresses: map[netip.Addr]any{}}
	for i, name := range protocolNames() {
		m.protocols[i] = name
	}
	return m
}

// row returns the packet's row, which the next call overwrites.
func (m *rowMaker) row(rec *record, p *packet, vlan int) trace.Row {
	v := m.values
	v[colTime] = nil
	if rec.timed {
		v[colTime] = rec.time
	}
	v[colSrcIP], v[colDstIP] = m.address(p.src), m.address(p.dst)
	v[colSrcPort], v[colDstPort] = m.integer(int64(p.srcPort)), m.integer(int64(p.dstPort))
	v[colProto] = m.protocols[p.proto]
	v[colPktLen] = m.integer(p.length)
	v[colToS], v[colTTL] = m.integer(int64(p.tos)), m.integer(int64(p.ttl))
	v[colID], v[colFlag], v[colOff] = m.integer(p.id), m.integer(int64(p.flag)), m.integer(int64(p.off))
	v[colTCPFlags], v[colTCPWin] = m.integer(int64(p.tcpFlags)), m.integer(int64(p.window))
	v[colTCPSeq], v[colTCPAck] = m.integer(p.seq), m.integer(p.ack)
	v[colICMPType], v[colICMPCode] = m.integer(int64(p.icmpType)), m.integer(int64(p.icmpCode))
	v[colPayloadLen] = m.integer(p.payload)
	v[colVLAN] = m.integer(int64(vlan))
	v[colFrameLen], v[colCapLen] = m.integer(rec.wireLen), m.integer(rec.capLen)
	return v
}

// integer boxes a number, nil for absent.
func (m *rowMaker) integer(n int64) any {
	switch {
	case n < 0:
		return nil
	case n >= int64(len(m.small)):
		return n
	case m.small[n] == nil:
		m.small[n] = n
	}
	return m.small[n]
}

// address returns an address as text.
func (m *rowMaker) address(a netip.Addr) any {
	if text, ok := m.addresses[a]; ok {
		return text
	}
	if len(m.addresses) >= maxAddresses {
		clear(m.addresses)
	}
	var text any = a.String()
	m.addresses[a] = text
	return text
}
