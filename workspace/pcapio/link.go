package pcapio

import (
	"encoding/binary"
	"fmt"
)

// frame is the walk from a frame's first byte to its IP header.
type frame struct {
	data   []byte // what is left
	passed int    // bytes before it
	vlan   int    // outermost VLAN identifier, -1 without
	layers int    // link layers passed, to bound the walk
}

// unusable says why a frame has no row; "" for a frame that has.
type unusable struct{ reason, detail string }

func (u unusable) ok() bool { return u.reason == "" }

var sound unusable

// maxLayers bounds the link layers of one frame: tags within tags.
const maxLayers = 32

// pass drops n bytes from the front, false where there aren't as many.
func (f *frame) pass(n int) bool {
	if n < 0 || n > len(f.data) {
		return false
	}
	f.data, f.passed = f.data[n:], f.passed+n
	return true
}

func (f *frame) cut() unusable {
	return unusable{"frame cut short before the IP header", fmt.Sprintf("%d bytes captured", f.passed+len(f.data))}
}

// toIP passes the link layer, so that f.data begins with an IP header.
func (f *frame) toIP(link linkType) unusable {
	be := binary.BigEndian
	switch link {
	case linkEthernet:
		return f.ethernet()
	case linkRaw, linkRawBSD, linkRawOBSD, linkIPv4, linkIPv6:
		return f.ip()
	case linkNull, linkLoop:
		return f.loopback()
	case linkPPP, linkPPPHDLC:
		if len(f.data) >= 2 && f.data[0] == 0xff && f.data[1] == 3 {
			f.pass(2)
		} else if len(f.data) >= 4 && (f.data[0] == 0x0f || f.data[0] == 0x8f) && f.data[1] == 0 {
			return f.ciscoHDLC()
		}
		return f.ppp()
	case linkPPPEther:
		return f.pppoe()
	case linkCiscoHDLC:
		return f.ciscoHDLC()
	case linkCooked:
		if len(f.data) < 16 {
			return f.cut()
		}
		kind := be.Uint16(f.data[14:])
		f.pass(16)
		return f.etherType(kind)
	case linkCooked2:
		if len(f.data) < 20 {
			return f.cut()
		}
		kind := be.Uint16(f.data)
		f.pass(20)
		return f.etherType(kind)
	case linkWiFi:
		return f.wifi(false)
	case linkRadiotap:
		return f.radiotap()
	case linkNFLog:
		return f.nflog()
	}
	return unusable{"unsupported link type " + link.String(), ""}
}

// ip accepts what is left by its version.
func (f *frame) ip() unusable {
	if len(f.data) == 0 {
		return f.cut()
	}
	if v := f.data[0] >> 4; v != 4 && v != 6 {
		return unusable{"IP version neither 4 nor 6", fmt.Sprintf("version %d", v)}
	}
	return sound
}

func (f *frame) ethernet() unusable {
	if len(f.data) < 14 {
		return f.cut()
	}
	kind := binary.BigEndian.Uint16(f.data[12:])
	f.pass(14)
	return f.etherType(kind)
}

// etherType goes on from a layer that names the next by its EtherType, or by
// a length below 1536 for IEEE 802.3.
func (f *frame) etherType(kind uint16) unusable {
	be := binary.BigEndian
	for ; f.layers < maxLayers; f.layers++ {
		switch kind {
		case 0x0800, 0x86dd:
			return f.ip()
		case 0x8100, 0x88a8, 0x9100, 0x9200, 0x9300: // VLAN tags of 802.1Q, 802.1ad and before
			if len(f.data) < 4 {
				return f.cut()
			}
			if f.vlan < 0 {
				f.vlan = int(be.Uint16(f.data) & 0xfff)
			}
			kind = be.Uint16(f.data[2:])
			f.pass(4)
		case 0x8926: // VN-Tag
			if len(f.data) < 6 {
				return f.cut()
			}
			kind = be.Uint16(f.data[4:])
			f.pass(6)
		case 0x8903: // FabricPath: what comes is a whole frame
			if !f.pass(2) || len(f.data) < 14 {
				return f.cut()
			}
			kind = be.Uint16(f.data[12:])
			f.pass(14)
		case 0x8847, 0x8848:
			return f.mpls()
		case 0x8864:
			return f.pppoe()
		default:
			if kind >= 0x0600 {
				return notIP(kind)
			}
			return f.llc() // a length, or Linux cooked's numbers for 802.3 and 802.2
		}
	}
	return unusable{"too many link layers", fmt.Sprintf("%d", maxLayers)}
}

// notIP names the commoner protocols that are not IP.
func notIP(kind uint16) unusable {
	name := ""
	switch kind {
	case 0x0806:
		name = "ARP"
	case 0x8035:
		name = "RARP"
	case 0x809b, 0x80f3:
		name = "AppleTalk"
	case 0x8137:
		name = "IPX"
	case 0x8808:
		name = "Ethernet flow control"
	case 0x8809:
		name = "LACP"
	case 0x8863:
		name = "PPPoE discovery"
	case 0x888e:
		name = "EAPOL"
	case 0x8892:
		name = "PROFINET"
	case 0x88a4:
		name = "EtherCAT"
	case 0x88b8:
		name = "GOOSE"
	case 0x88cc:
		name = "LLDP"
	case 0x88e5:
		name = "MACsec"
	case 0x88f7:
		name = "PTP"
	case 0x9000:
		name = "loopback test"
	default:
		name = fmt.Sprintf("EtherType 0x%04x", kind)
	}
	return unusable{"not IP: " + name, ""}
}

// llc goes on from an IEEE 802.2 header.
func (f *frame) llc() unusable {
	if len(f.data) < 3 {
		return f.cut()
	}
	switch {
	case f.data[0] == 0xaa && f.data[1] == 0xaa:
		if len(f.data) < 8 {
			return f.cut()
		}
		kind := binary.BigEndian.Uint16(f.data[6:])
		oui := uint32(f.data[3])<<16 | uint32(f.data[4])<<8 | uint32(f.data[5])
		if oui != 0 && oui != 0xf8 {
			return unusable{fmt.Sprintf("not IP: SNAP %06x", oui), ""}
		}
		f.pass(8)
		if f.layers++; f.layers >= maxLayers || kind < 0x0600 {
			return unusable{"not IP: SNAP", ""}
		}
		return f.etherType(kind)
	case f.data[0] == 0x06: // IP's own service access point
		f.pass(3)
		return f.ip()
	case f.data[0] == 0x42:
		return unusable{"not IP: STP", ""}
	case f.data[0] == 0xfe:
		return unusable{"not IP: OSI", ""}
	case f.data[0] == 0xe0 || f.data[0] == 0xff:
		return unusable{"not IP: IPX", ""}
	case f.data[0] == 0xf0:
		return unusable{"not IP: NetBEUI", ""}
	}
	return unusable{fmt.Sprintf("not IP: LLC 0x%02x", f.data[0]), ""}
}

// mpls passes the labels. What follows has no type: 4 and 6 in its first half
// byte are IP, 0 is the control word of an Ethernet pseudowire (RFC 4385).
func (f *frame) mpls() unusable {
	for {
		if len(f.data) < 5 {
			return f.cut()
		}
		bottom := f.data[2]&1 != 0
		f.pass(4)
		if bottom {
			break
		}
	}
	if f.layers++; f.layers >= maxLayers {
		return unusable{"too many link layers", fmt.Sprintf("%d", maxLayers)}
	}
	switch f.data[0] >> 4 {
	case 4, 6:
		return sound
	case 0:
		if f.pass(4) {
			return f.ethernet()
		}
		return f.cut()
	}
	return f.ethernet()
}
