package pcapio

import (
	"encoding/binary"
	"fmt"
)

// loopback passes the address family of BSD's loopback interfaces, which is in
// the byte order of the host or of the network.
func (f *frame) loopback() unusable {
	if len(f.data) < 4 {
		return f.cut()
	}
	family := binary.LittleEndian.Uint32(f.data)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(f.data)
	}
	f.pass(4)
	switch family {
	case 2, 10, 24, 28, 30: // AF_INET, and AF_INET6 of Linux, NetBSD, FreeBSD, macOS
		return f.ip()
	}
	return unusable{fmt.Sprintf("not IP: address family %d", family), ""}
}

// ppp goes on from a PPP protocol number of one or two bytes (RFC 1661).
func (f *frame) ppp() unusable {
	if len(f.data) < 2 {
		return f.cut()
	}
	protocol := int(f.data[0])
	if protocol&1 == 0 {
		protocol = protocol<<8 | int(f.data[1])
		f.pass(1)
	}
	f.pass(1)
	switch protocol {
	case 0x21, 0x57:
		return f.ip()
	case 0x281, 0x283:
		return f.mpls()
	case 0xc021:
		return unusable{"not IP: PPP LCP", ""}
	case 0x8021:
		return unusable{"not IP: PPP IPCP", ""}
	}
	return unusable{fmt.Sprintf("not IP: PPP protocol 0x%04x", protocol), ""}
}

// pppoe passes a session header (RFC 2516).
func (f *frame) pppoe() unusable {
	if !f.pass(6) {
		return f.cut()
	}
	return f.ppp()
}

func (f *frame) ciscoHDLC() unusable {
	if len(f.data) < 4 {
		return f.cut()
	}
	kind := binary.BigEndian.Uint16(f.data[2:])
	f.pass(4)
	return f.etherType(kind)
}

// radiotap passes the header of https://www.radiotap.org, noting whether the
// 802.11 header that follows is padded to four bytes.
func (f *frame) radiotap() unusable {
	if len(f.data) < 8 {
		return f.cut()
	}
	le := binary.LittleEndian
	length := int(le.Uint16(f.data[2:]))
	if length < 8 || length > len(f.data) {
		return unusable{"radiotap header with an impossible length", fmt.Sprintf("%d bytes", length)}
	}
	present := le.Uint32(f.data[4:])
	at := 8
	for word := present; word&(1<<31) != 0 && at+4 <= length; at += 4 {
		word = le.Uint32(f.data[at:])
	}
	if present&1 != 0 { // TSFT, aligned to eight bytes
		at = (at+7)&^7 + 8
	}
	padded := present&2 != 0 && at < length && f.data[at]&0x20 != 0
	f.pass(length)
	return f.wifi(padded)
}

// wifi passes an 802.11 data frame's header.
func (f *frame) wifi(padded bool) unusable {
	if len(f.data) < 24 {
		return f.cut()
	}
	control, flags := f.data[0], f.data[1]
	switch {
	case control&0x0c == 0x00:
		return unusable{"not IP: 802.11 management", ""}
	case control&0x0c != 0x08:
		return unusable{"not IP: 802.11 control", ""}
	case control&0x40 != 0:
		return unusable{"not IP: 802.11 data frame without data", ""}
	case flags&0x40 != 0:
		return unusable{"not readable: 802.11 encrypted", ""}
	}
	n := 24
	if flags&0x03 == 0x03 { // between access points: a fourth address
		n += 6
	}
	if control&0x80 != 0 { // quality of service
		n += 2
		if flags&0x80 != 0 { // HT control
			n += 4
		}
	}
	if padded {
		n = (n + 3) &^ 3
	}
	if !f.pass(n) {
		return f.cut()
	}
	return f.llc()
}

// nflog finds the payload among the values of Linux's netfilter log.
func (f *frame) nflog() unusable {
	if !f.pass(4) {
		return f.cut()
	}
	for len(f.data) >= 4 {
		length, kind := int(binary.LittleEndian.Uint16(f.data)), binary.LittleEndian.Uint16(f.data[2:])
		if length < 4 {
			return unusable{"NFLOG value with an impossible length", fmt.Sprintf("%d bytes", length)}
		}
		if kind&0x7fff == 9 {
			f.pass(4)
			return f.ip()
		}
		if !f.pass(min((length+3)&^3, len(f.data))) {
			break
		}
	}
	return unusable{"not IP: NFLOG without a payload", ""}
}
