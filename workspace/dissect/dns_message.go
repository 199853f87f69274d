package dissect

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
)

// dnsMessage reads one message, RFC 1035 section 4, from its first byte to its
// last answer. Names are compressed by offsets into the message, so that all of
// it is kept.
type dnsMessage struct {
	raw     []byte
	at      int  // of the next byte
	netbios bool // labels may be longer than 63 bytes

	id                       uint16
	reply                    bool
	opcode, z, rcode         uint8
	aa, tc, rd, ra           bool
	questions, answers       int
	authorities, additionals int
	name                     []byte // of the record that was read last
	kind, class              uint16
	ttl                      uint32
	scratch                  []byte
}

const (
	dnsHeaderBytes = 12
	dnsNameBytes   = 512 // of a name as text
	dnsNameHops    = 128 // compression pointers followed for one name
)

// header reads the fixed part of a message; false where it is cut short.
func (m *dnsMessage) header(raw []byte) bool {
	if len(raw) < dnsHeaderBytes {
		return false
	}
	flags := binary.BigEndian.Uint16(raw[2:])
	m.raw, m.at = raw, dnsHeaderBytes
	m.id = binary.BigEndian.Uint16(raw)
	m.reply = flags&0x8000 != 0
	m.opcode = uint8(flags >> 11 & 15)
	m.aa, m.tc, m.rd, m.ra = flags&0x400 != 0, flags&0x200 != 0, flags&0x100 != 0, flags&0x80 != 0
	m.z, m.rcode = uint8(flags>>4&7), uint8(flags&15)
	m.questions, m.answers = int(binary.BigEndian.Uint16(raw[4:])), int(binary.BigEndian.Uint16(raw[6:]))
	m.authorities, m.additionals = int(binary.BigEndian.Uint16(raw[8:])), int(binary.BigEndian.Uint16(raw[10:]))
	return true
}

// question reads the next question's name, type and class.
func (m *dnsMessage) question() bool {
	m.name = m.readName(m.name[:0], len(m.raw))
	if len(m.raw)-m.at < 4 {
		return false
	}
	m.kind, m.class = m.short(), m.short()
	return true
}

// answer reads the next resource record and returns what Zeek's log says of
// it: nothing, with logged true, for types whose content it leaves out, and
// logged false for those that it passes over. ok is false where the message
// can't be read any further.
func (m *dnsMessage) answer() (value string, logged, ok bool) {
	m.name = m.readName(m.name[:0], len(m.raw))
	if len(m.raw)-m.at < 10 {
		return "", false, false
	}
	m.kind, m.class = m.short(), m.short()
	m.ttl = uint32(m.short())<<16 | uint32(m.short())
	n := int(m.short())
	if n > len(m.raw)-m.at {
		return "", false, false
	}
	end := m.at + n
	value, logged, ok = m.data(m.raw[m.at:end], end)
	m.at = end
	return value, logged, ok
}

// data renders a record's data as Zeek does.
func (m *dnsMessage) data(data []byte, end int) (value string, logged, ok bool) {
	switch m.kind {
	case 1: // A
		if len(data) != 4 {
			return "", false, false
		}
		return netip.AddrFrom4([4]byte(data)).String(), true, true
	case 28, 38: // AAAA, A6
		if len(data) < 16 {
			return "", false, false
		}
		return addressText([16]byte(data)), true, true
	case 2, 5, 12: // NS, CNAME, PTR
		return m.target(0, end), true, true
	case 6: // SOA: the primary name server
		return m.target(0, end), true, true
	case 15: // MX
		return m.target(2, end), true, len(data) >= 2
	case 33: // SRV, or the NetBIOS node status that had its number first
		if m.netbios {
			return "", false, true
		}
		return m.target(6, end), true, len(data) >= 6
	case 16: // TXT
		return characterStrings("TXT", data), true, true
	case 99: // SPF
		return characterStrings("SPF", data), true, true
	case 35: // NAPTR
		return m.naptr(data, end)
	case 11: // WKS
		return "", false, true
	case 13, 32, 41, 64, 65, 250, 257: // HINFO, NIMLOC, OPT, SVCB, HTTPS, TSIG, CAA
		return "", false, true
	}
	return m.signed(data, end)
}

// signed renders DNSSEC's records and the ones that carry keys.
func (m *dnsMessage) signed(data []byte, end int) (value string, logged, ok bool) {
	short := func(n int) bool { return len(data) < n }
	switch m.kind {
	case 29: // LOC
		if short(16) {
			return "", false, false
		}
		return fmt.Sprintf("LOC:  %d %d %d", data[1], data[2], data[3]), true, true
	case 43: // DS
		if short(4) {
			return "", false, false
		}
		return fmt.Sprintf("DS %d %d", data[2], data[3]), true, true
	case 44: // SSHFP
		if short(2) {
			return "", false, false
		}
		return "SSHFP: " + hex.EncodeToString(data[2:]), true, true
	case 46: // RRSIG
		if short(18) {
			return "", false, false
		}
		signer := m.target(18, end)
		if signer == "" {
			signer = "<Root>"
		}
		return fmt.Sprintf("RRSIG %d %s", binary.BigEndian.Uint16(data), signer), true, true
	case 47: // NSEC
		return fmt.Sprintf("NSEC %s %s", text(m.name), m.target(0, end)), true, true
	case 48: // DNSKEY
		if short(4) {
			return "", false, false
		}
		return fmt.Sprintf("DNSKEY %d", data[3]), true, true
	case 50:
		return "NSEC3", true, true
	case 51:
		return "NSEC3PARAM", true, true
	case 65534:
		return "BIND9 signing signal", true, true
	}
	return fmt.Sprintf("<unknown type=%d>", m.kind), true, true
}

// naptr renders a naming authority pointer, RFC 3403 section 4.1.
func (m *dnsMessage) naptr(data []byte, end int) (value string, logged, ok bool) {
	if len(data) < 4 {
		return "", false, false
	}
	order, preference := binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])
	rest, at := data[4:], 4
	var parts [3]string // flags, service, regular expression
	for i := range parts {
		if len(rest) == 0 || int(rest[0]) >= len(rest) {
			return "", false, false
		}
		n := int(rest[0])
		parts[i] = text(rest[1 : 1+n])
		rest, at = rest[1+n:], at+1+n
	}
	by := parts[2]
	if to := m.target(at, end); to != "" {
		if by != "" {
			by += " "
		}
		by += to
	}
	return fmt.Sprintf("NAPTR %d %d %s %s %s", order, preference, parts[0], parts[1], by), true, true
}

// characterStrings renders the length-prefixed strings of a TXT record, each
// with its length; what follows a string that is cut short is left out.
func characterStrings(name string, data []byte) string {
	var sb strings.Builder
	for len(data) > 0 && int(data[0]) < len(data) {
		if sb.Len() > 0 {
			sb.WriteByte(' ')
		}
		n := int(data[0])
		fmt.Fprintf(&sb, "%s %d %s", name, n, text(data[1:1+n]))
		data = data[1+n:]
	}
	return sb.String()
}

// target returns the name that begins skip bytes into the record's data, which
// begins at m.at.
func (m *dnsMessage) target(skip, end int) string {
	m.at = min(m.at+skip, end)
	m.scratch = m.readName(m.scratch[:0], len(m.raw))
	return text(m.scratch)
}

func (m *dnsMessage) short() uint16 {
	v := binary.BigEndian.Uint16(m.raw[m.at:])
	m.at += 2
	return v
}

// readName appends the name at m.at in lower case, its labels joined by dots,
// and moves behind it. Pointers lead backwards only and are followed up to
// where the pointer stands, so that there are no loops. A name that goes wrong
// ends where it does.
func (m *dnsMessage) readName(name []byte, limit int) []byte {
	at, jumped, begin := m.at, false, len(name)
	for hops := 0; at < limit; {
		n := int(m.raw[at])
		start := at
		at++
		if n == 0 || at >= limit {
			break
		}
		if n&0xc0 == 0xc0 {
			to := n&0x3f<<8 | int(m.raw[at])
			at++
			if !jumped {
				m.at, jumped = at, true
			}
			if hops++; to >= start || hops > dnsNameHops {
				break
			}
			at, limit = to, start
			continue
		}
		if n > limit-at {
			at = limit
			break
		}
		if n > 63 && !m.netbios || n+1 > dnsNameBytes-(len(name)-begin) {
			break
		}
		for _, c := range m.raw[at : at+n] {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			name = append(name, c)
		}
		name = append(name, '.')
		at += n
	}
	if !jumped {
		m.at = at
	}
	if n := len(name); n-begin >= 2 && name[n-1] == '.' {
		name = name[:n-1]
	}
	return name
}

// addressText writes an IPv6 address as the C library does.
func addressText(a [16]byte) string {
	if [12]byte(a[:12]) == [12]byte{} && (a[12] != 0 || a[13] != 0) {
		return "::" + netip.AddrFrom4([4]byte(a[12:])).String()
	}
	return netip.AddrFrom16(a).Unmap().String()
}

// netbiosName decodes the first level of a NetBIOS name, RFC 1001 section 14.1,
// without its last byte, which is a type, and without padding.
func netbiosName(name []byte) string {
	if len(name) < 32 {
		return ""
	}
	var decoded [15]byte
	for i := range 32 {
		c := name[i] &^ 0x20 // upper case
		if c < 'A' || c > 'P' {
			return ""
		}
		if i < 30 {
			decoded[i/2] = decoded[i/2]<<4 | (c - 'A')
		}
	}
	return text([]byte(strings.TrimRight(string(decoded[:]), " \x00")))
}
