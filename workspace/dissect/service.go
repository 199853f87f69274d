package dissect

import (
	"bytes"
	"encoding/binary"
)

// services recognises what connections are used for, by the names that Zeek's
// conn.log has for it. As there, a port alone is no service: what is sent must
// look like it, from both ends where the protocol has both say something, and
// protocols that tell themselves apart are recognised on any port.
type services struct {
	tcp []tcpService
	udp map[uint16]udpService
}

// tcpService is a service over TCP.
type tcpService struct {
	name     string
	port     uint16 // the only one, 0 for any
	midway   bool   // also without the connection's beginning
	fits     func(orig, resp []byte) bool
	oneSided bool // the originator's bytes tell
}

// udpService is a service over UDP, by its responder's port.
type udpService struct {
	name string
	fits func(b []byte) bool
}

// mayBe reports whether a UDP connection's payload is worth a look.
func (s *services) mayBe(c *conn) bool {
	if c.key.proto != protoUDP {
		return false
	}
	_, port := c.resp()
	_, known := s.udp[port]
	return known || port > 1023
}

// datagram looks at a datagram.
func (s *services) datagram(c *conn, orig bool, b []byte) {
	_, port := c.resp()
	if u, ok := s.udp[port]; ok {
		if u.fits(b) {
			c.service = u.name
			if u.name == "dns" && orig && b[2]&0x80 != 0 && c.ends[originator].packets+c.ends[responder].packets == 1 {
				if h, _ := c.resp(); !h.IsMulticast() {
					c.flip() // a reply whose query was not captured
				}
			}
		}
		return
	}
	if looksDTLS(b) {
		c.service = "dtls"
	}
	if c.service == "" && c.ends[originator].packets+c.ends[responder].packets > 4 {
		c.reader = nil
	}
}

// stream looks at the beginnings of what both ends of a TCP connection sent.
func (s *services) stream(c *conn, orig, resp []byte) {
	_, port := c.resp()
	for i := range s.tcp {
		t := &s.tcp[i]
		if t.port != 0 && t.port != port || c.tcp.partial && !t.midway || len(orig) == 0 || len(resp) == 0 && !t.oneSided {
			continue
		}
		if t.fits(orig, resp) {
			c.service = t.name
			return
		}
	}
}

func newServices() services {
	s := services{
		tcp: []tcpService{
			{name: "ssl", oneSided: true, fits: func(orig, _ []byte) bool { return looksTLS(orig) }},
			{name: "http", fits: looksHTTP},
			{name: "ssh", fits: func(orig, resp []byte) bool { return begins(orig, "SSH-") && begins(resp, "SSH-") }},
			{name: "smtp", fits: func(orig, resp []byte) bool {
				return reply(resp, "220") && command(orig, "EHLO", "HELO")
			}},
			{name: "ftp", fits: func(orig, resp []byte) bool {
				return (reply(resp, "220") || reply(resp, "120")) && command(orig, "USER", "AUTH")
			}},
			{name: "pop3", fits: func(orig, resp []byte) bool {
				return begins(resp, "+OK") && command(orig, "USER", "APOP", "CAPA", "AUTH", "STLS")
			}},
			{name: "irc", fits: func(orig, resp []byte) bool {
				return command(orig, "NICK", "USER", "PASS") && command(orig, "NICK") && begins(resp, ":")
			}},
			{name: "smb", fits: func(orig, resp []byte) bool { return looksSMB(orig) && looksSMB(resp) }},
			{name: "dce_rpc", oneSided: true, fits: func(orig, _ []byte) bool {
				return len(orig) >= 8 && orig[0] == 5 && orig[1] <= 1 && orig[2] == 11 && orig[4]&0xef == 0 && orig[5] == 0 && orig[6] == 0 && orig[7] == 0
			}},
			{name: "rdp", fits: func(orig, resp []byte) bool { return looksX224(orig, 0xe0) && looksX224(resp, 0xd0) }},
			{name: "rfb", fits: func(orig, resp []byte) bool { return begins(orig, "RFB 00") && begins(resp, "RFB 00") }},
			{name: "mysql", fits: func(_, resp []byte) bool {
				return len(resp) > 6 && resp[3] == 0 && resp[4] == 10 && resp[5] >= '0' && resp[5] <= '9' && bytes.IndexByte(resp[:min(len(resp), 9)], '.') > 0
			}},
			{name: "mqtt", oneSided: true, fits: func(orig, _ []byte) bool {
				return len(orig) > 10 && orig[0] == 0x10 && (bytes.Contains(orig[:10], []byte("\x00\x04MQTT")) || bytes.Contains(orig[:10], []byte("\x00\x06MQIs")))
			}},
			{name: "xmpp", fits: func(orig, resp []byte) bool {
				return bytes.Contains(orig, []byte("<stream:stream")) && bytes.Contains(resp, []byte("<stream:stream"))
			}},
			{name: "dns", port: 53, midway: true, oneSided: true, fits: func(orig, _ []byte) bool {
				return len(orig) > 2 && looksDNS(orig[2:])
			}},
			{name: "modbus", port: 502, midway: true, fits: func(orig, resp []byte) bool { return looksModbus(orig) && looksModbus(resp) }},
			{name: "dnp3_tcp", port: 20000, midway: true, fits: func(orig, resp []byte) bool { return begins(orig, "\x05\x64") && begins(resp, "\x05\x64") }},
			{name: "ldap_tcp", port: 389, fits: func(orig, resp []byte) bool { return looksLDAP(orig) && looksLDAP(resp) }},
			{name: "krb_tcp", port: 88, fits: func(orig, resp []byte) bool {
				return len(orig) > 4 && looksKerberos(orig[4:]) && len(resp) > 4 && looksKerberos(resp[4:])
			}},
			{name: "socks", port: 1080, fits: func(orig, resp []byte) bool {
				return orig[0] == 5 && resp[0] == 5 || orig[0] == 4 && resp[0] == 0
			}},
			{name: "postgresql", port: 5432, fits: func(orig, _ []byte) bool {
				return len(orig) >= 8 && orig[0] == 0 && orig[1] == 0 && (orig[4] == 0 && orig[5] == 3 || orig[4] == 4 && orig[5] == 0xd2)
			}},
		},
		udp: map[uint16]udpService{},
	}
	udp := func(name string, fits func([]byte) bool, ports ...uint16) {
		for _, p := range ports {
			s.udp[p] = udpService{name, fits}
		}
	}
	udp("dns", looksDNS, 53, 137, 5353, 5355)
	udp("ntp", func(b []byte) bool {
		mode, version := b[0]&7, b[0]>>3&7
		return version >= 1 && version <= 4 && (mode >= 1 && mode <= 5 && len(b) >= 48 || mode >= 6 && len(b) >= 8)
	}, 123)
	udp("dhcp", func(b []byte) bool {
		return len(b) >= 240 && binary.BigEndian.Uint32(b[236:]) == 0x63825363
	}, 67, 68, 4011)
	udp("snmp", looksSNMP, 161, 162)
	udp("syslog", func(b []byte) bool { return b[0] == '<' && bytes.IndexByte(b[:min(len(b), 5)], '>') > 1 }, 514)
	udp("sip", func(b []byte) bool { return bytes.Contains(b, []byte("SIP/2.0")) }, 5060)
	udp("radius", func(b []byte) bool {
		return len(b) >= 20 && int(binary.BigEndian.Uint16(b[2:])) <= len(b) && b[0] <= 13
	}, 1812)
	udp("krb", looksKerberos, 88)
	udp("ldap_udp", looksLDAP, 389)
	udp("dnp3_udp", func(b []byte) bool { return begins(b, "\x05\x64") }, 20000)
	udp("quic", func(b []byte) bool {
		return len(b) >= 1200 && b[0]&0xc0 == 0xc0 && (binary.BigEndian.Uint32(b[1:]) == 1 || binary.BigEndian.Uint32(b[1:]) == 0x6b3343cf || b[1] == 0xff && b[2] == 0)
	}, 443)
	for port, u := range s.udp { // nothing looks like anything
		fits := u.fits
		u.fits = func(b []byte) bool { return len(b) > 0 && fits(b) }
		s.udp[port] = u
	}
	return s
}

func begins(b []byte, with string) bool { return len(b) >= len(with) && string(b[:len(with)]) == with }

// reply reports whether a server's greeting has a code.
func reply(b []byte, code string) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return begins(b, code) && len(b) > 3 && (b[3] == ' ' || b[3] == '-')
}

// command reports whether a client's line begins with one of the commands.
func command(b []byte, names ...string) bool {
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		word, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte{' '})
		for _, n := range names {
			if len(word) == len(n) && bytes.EqualFold(word, []byte(n)) {
				return true
			}
		}
		b = rest
	}
	return false
}

// looksTLS reports whether a TLS client hello, or one of SSL 2, begins b.
func looksTLS(b []byte) bool {
	if len(b) < 11 {
		return false
	}
	if b[0] == 22 && b[1] == 3 && b[2] <= 4 {
		return b[5] == 1 && b[9] == 3 && b[10] <= 4
	}
	return b[0]&0x80 != 0 && b[2] == 1 && b[3] == 3 && b[4] <= 3
}

// looksDTLS reports whether a DTLS client hello begins b.
func looksDTLS(b []byte) bool {
	return len(b) > 26 && b[0] == 22 && (b[1] == 0xfe && (b[2] == 0xff || b[2] == 0xfd) || b[1] == 1 && b[2] == 0) && b[13] == 1
}

// looksHTTP reports whether a request and a response begin the two directions.
func looksHTTP(orig, resp []byte) bool {
	if !begins(resp, "HTTP/") || len(resp) < 6 || resp[5] < '0' || resp[5] > '9' {
		return false
	}
	orig = bytes.TrimLeft(orig, " \t\r\n")
	n := 0
	for n < len(orig) && (orig[n] >= 'A' && orig[n] <= 'Z' || orig[n] == '-' || orig[n] == '_') {
		n++
	}
	return n > 2 && n < len(orig) && (orig[n] == ' ' || orig[n] == '\t')
}

func looksSMB(b []byte) bool {
	return len(b) >= 8 && (b[4] == 0xff || b[4] == 0xfe) && string(b[5:8]) == "SMB"
}

// looksX224 reports whether a connection request or its answer begins b.
func looksX224(b []byte, kind byte) bool {
	return len(b) > 6 && b[0] == 3 && b[1] == 0 && b[5] == kind
}

// looksDNS reports whether b is plausibly a DNS message.
func looksDNS(b []byte) bool {
	if len(b) < 12 {
		return false
	}
	records := 0
	for i := 4; i < 12; i += 2 {
		records += int(binary.BigEndian.Uint16(b[i:]))
	}
	questions := int(binary.BigEndian.Uint16(b[4:]))
	return b[2]>>3&15 <= 9 && questions <= 25 && 5*questions+11*(records-questions) <= len(b)
}

func looksModbus(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	size := binary.BigEndian.Uint16(b[4:])
	return b[2] == 0 && b[3] == 0 && size >= 2 && size <= 254
}

// looksLDAP reports whether an LDAP message begins b.
func looksLDAP(b []byte) bool {
	if len(b) < 7 || b[0] != 0x30 {
		return false
	}
	at := 2
	if b[1]&0x80 != 0 {
		at += int(b[1] & 0x7f)
	}
	return at+3 < len(b) && b[at] == 2 && b[at+1] >= 1 && b[at+1] <= 4 && at+2+int(b[at+1]) < len(b) && b[at+2+int(b[at+1])]&0xc0 == 0x40
}

func looksKerberos(b []byte) bool {
	return len(b) > 10 && (b[0] == 0x6a || b[0] == 0x6b || b[0] == 0x6c || b[0] == 0x6d || b[0] == 0x7e)
}

func looksSNMP(b []byte) bool {
	if len(b) < 8 || b[0] != 0x30 {
		return false
	}
	at := 2
	if b[1]&0x80 != 0 {
		at += int(b[1] & 0x7f)
	}
	return at+2 < len(b) && b[at] == 2 && b[at+1] == 1 && b[at+2] <= 3
}
