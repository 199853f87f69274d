package main

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"net/netip"
	"slices"
)

// frame is one packet and the connection that it belongs to.
type frame struct {
	c *conn
	p packet
}

// packetsOf returns the packets in a span of time of the connections that
// began in it, in order.
func packetsOf(conns []*conn, from, to int64) []frame {
	var fs []frame
	for _, c := range conns {
		if c.packets[0].at < from {
			continue
		}
		for _, p := range c.packets {
			if p.at < to {
				fs = append(fs, frame{c, p})
			}
		}
	}
	slices.SortStableFunc(fs, func(a, b frame) int { return cmp.Compare(a.p.at, b.p.at) })
	return fs
}

// pcapFile renders packets as a capture of Ethernet frames with microseconds,
// in little-endian byte order.
func pcapFile(frames []frame) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 4)
	for _, v := range []uint32{0, 0, 65535, 1} { // zone, accuracy, snapshot length, Ethernet
		b = le.AppendUint32(b, v)
	}
	ids := map[netip.Addr]uint16{}
	for _, f := range frames {
		from := f.c.orig.Addr()
		if !f.p.orig {
			from = f.c.resp.Addr()
		}
		ids[from]++
		data := f.bytes(ids[from])
		for _, v := range []uint32{uint32(f.p.at / 1e6), uint32(f.p.at % 1e6), uint32(len(data)), uint32(len(data))} {
			b = le.AppendUint32(b, v)
		}
		b = append(b, data...)
	}
	return b
}

// mac is the hardware address by which an IP address is reached: its own for
// the firm's, the router's for the world's.
func mac(a netip.Addr) []byte {
	if !inside(a) {
		return []byte{0x02, 0, 0, 0, 0, 0x01}
	}
	h := fnv.New32a()
	h.Write(a.AsSlice())
	s := h.Sum32()
	return []byte{0x02, 0x1a, byte(s >> 24), byte(s >> 16), byte(s >> 8), byte(s)}
}

// bytes renders the whole Ethernet frame; id is the IPv4 identification.
func (f frame) bytes(id uint16) []byte {
	src, dst := f.c.orig, f.c.resp
	if !f.p.orig {
		src, dst = dst, src
	}
	be := binary.BigEndian
	segment := f.transport(src, dst)
	b := append(append([]byte{}, mac(dst.Addr())...), mac(src.Addr())...)
	hops := byte(64)
	if !inside(src.Addr()) {
		hops -= 7 + src.Addr().AsSlice()[3]%9
	}
	if src.Addr().Is6() {
		b = append(b, 0x86, 0xdd)
		b = be.AppendUint32(b, 6<<28|f.c.isnO&0xfffff) // the flow label
		b = be.AppendUint16(b, uint16(len(segment)))
		b = append(b, f.c.proto, hops)
		b = append(append(b, src.Addr().AsSlice()...), dst.Addr().AsSlice()...)
		return append(b, segment...)
	}
	header := []byte{0x45, 0}
	header = be.AppendUint16(header, uint16(20+len(segment)))
	header = be.AppendUint16(header, id)
	header = append(header, 0x40, 0, hops, f.c.proto, 0, 0)
	header = append(append(header, src.Addr().AsSlice()...), dst.Addr().AsSlice()...)
	be.PutUint16(header[10:], checksum(header))
	b = append(append(b, 0x08, 0x00), header...)
	return append(b, segment...)
}

// payload is the part of a message that the packet carries.
func (p packet) payload() []byte {
	if p.n == 0 {
		return nil
	}
	return p.msg.bytes()[p.off : p.off+p.n]
}

// transport renders the TCP, UDP or ICMP header and the payload.
func (f frame) transport(src, dst netip.AddrPort) []byte {
	be := binary.BigEndian
	var b []byte
	at := 0 // of the checksum
	switch f.c.proto {
	case protoTCP:
		seq, ackn := f.c.isnO+f.p.seq, f.c.isnR+f.p.ack
		if !f.p.orig {
			seq, ackn = f.c.isnR+f.p.seq, f.c.isnO+f.p.ack
		}
		if f.p.flags&ack == 0 {
			ackn = 0
		}
		options, size := tcpOptions(f), window
		if f.p.flags&syn != 0 {
			size = 64240 // not scaled yet
		} else if f.p.flags&rst != 0 {
			size = 0
		}
		b = be.AppendUint16(be.AppendUint16(nil, src.Port()), dst.Port())
		b = be.AppendUint32(be.AppendUint32(b, seq), ackn)
		b = append(b, byte(5+len(options)/4)<<4, f.p.flags)
		b = be.AppendUint16(b, uint16(size))
		b = append(append(b, 0, 0, 0, 0), options...)
		at = 16
	case protoUDP:
		b = be.AppendUint16(be.AppendUint16(nil, src.Port()), dst.Port())
		b = append(be.AppendUint16(b, uint16(8+f.p.n)), 0, 0)
		at = 6
	default:
		kind := byte(f.c.orig.Port())
		switch {
		case !f.p.orig && f.c.proto == protoICMP:
			kind = 0
		case !f.p.orig:
			kind++
		}
		b = []byte{kind, 0, 0, 0}
		at = 2
	}
	b = append(b, f.p.payload()...)

	var pseudo []byte // RFC 9293 section 3.1, RFC 8200 section 8.1
	if f.c.proto != protoICMP {
		pseudo = append(append(pseudo, src.Addr().AsSlice()...), dst.Addr().AsSlice()...)
		pseudo = be.AppendUint32(pseudo, uint32(len(b)))
		pseudo = append(pseudo, 0, 0, 0, f.c.proto)
	}
	sum := checksum(append(pseudo, b...))
	if sum == 0 && f.c.proto == protoUDP {
		sum = 0xffff
	}
	be.PutUint16(b[at:], sum)
	return b
}

// tcpOptions are what a SYN offers: segment size, window scale, selective
// acknowledgements. A scanner offers a segment size only.
func tcpOptions(f frame) []byte {
	switch {
	case f.p.flags&syn == 0:
		return nil
	case f.c.service == "" && f.p.orig:
		return []byte{2, 4, 5, 0xb4}
	case f.c.service == "":
		return []byte{2, 4, 5, 0xb4}
	case f.c.orig.Addr().Is6():
		return []byte{2, 4, 5, 0xa0, 1, 3, 3, 7, 1, 1, 4, 2}
	}
	return []byte{2, 4, 5, 0xb4, 1, 3, 3, 7, 1, 1, 4, 2}
}

// checksum is the Internet checksum (RFC 1071).
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
