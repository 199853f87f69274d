package dissect

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// Handshake message types that are looked into, RFC 8446 section 4 and RFC 5246
// section 7.4.
const (
	sslClientHello       = 1
	sslServerHello       = 2
	sslCertificate       = 11
	sslServerKeyExchange = 12
	sslClientKeyExchange = 16
)

// Extensions that are looked into.
const (
	sslExtServerName        = 0
	sslExtALPN              = 16
	sslExtSessionTicket     = 35
	sslExtPreSharedKey      = 41
	sslExtSupportedVersions = 43
	sslExtKeyShare          = 51
)

// handshake takes in a record's part of the handshake messages of one end,
// which may begin and stop anywhere in it; false where they are malformed.
func (a *sslAnalyzer) handshake(d *sslDirection, orig bool, b []byte) bool {
	for len(b) > 0 {
		if d.drop > 0 {
			n := min(d.drop, len(b))
			d.drop, b = d.drop-n, b[n:]
			continue
		}
		want := 4
		if len(d.message) >= 4 {
			want = 4 + int(d.message[1])<<16 + int(binary.BigEndian.Uint16(d.message[2:]))
		}
		n := min(want-len(d.message), len(b))
		d.message, b = append(d.message, b[:n]...), b[n:]
		if len(d.message) < 4 {
			return true
		}
		want = 4 + int(d.message[1])<<16 + int(binary.BigEndian.Uint16(d.message[2:]))
		if want > sslMessageBytes {
			a.session().note(orig, sslMessageLetter(d.message[0]))
			d.drop, d.message = want-len(d.message), nil
			continue
		}
		if len(d.message) < want {
			continue
		}
		if !a.message(orig, d.message[0], d.message[4:]) {
			return false
		}
		d.message = d.message[:0]
	}
	return true
}

// message takes in a whole handshake message; false where it is malformed.
func (a *sslAnalyzer) message(orig bool, kind byte, body []byte) bool {
	ok := true
	switch kind {
	case sslClientHello:
		ok = a.clientHello(body)
	case sslServerHello:
		ok = a.serverHello(body)
	case sslCertificate:
		if !a.tls13() {
			ok = a.certificates(orig, body)
		}
	case sslServerKeyExchange: // with elliptic curves: type 3, a named curve, and its number
		if strings.Contains(sslCipherName(a.cipher), "_ECDH") && len(body) >= 3 && body[0] == 3 {
			a.session().curve = sslCurveName(binary.BigEndian.Uint16(body[1:]))
		}
	case sslClientKeyExchange:
		if orig {
			a.session().keyExchange = true
		}
	}
	if !ok {
		return false
	}
	s := a.session()
	letter := sslMessageLetter(kind)
	if kind == sslServerHello && s.retry {
		letter, s.retry = 'j', false
	}
	s.note(orig, letter)
	return true
}

// sslMessageLetter is a message type's letter in ssl_history.
func sslMessageLetter(kind byte) byte {
	const letters = "hcsvte" + "jzozzxkrnyg" // 0 to 16
	switch {
	case int(kind) < len(letters):
		return letters[kind]
	case kind >= 20 && kind <= 24:
		return "fwuap"[kind-20]
	case kind == 254:
		return 'm'
	}
	return 'z'
}

// take cuts a vector with a length of the given bytes off b.
func take(b []byte, lengthBytes int) (vector, rest []byte, ok bool) {
	if len(b) < lengthBytes {
		return nil, nil, false
	}
	n := 0
	for _, c := range b[:lengthBytes] {
		n = n<<8 | int(c)
	}
	b = b[lengthBytes:]
	if n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// clientHello reads a client's hello, RFC 8446 section 4.1.2.
func (a *sslAnalyzer) clientHello(b []byte) bool {
	if len(b) < 34 {
		return false
	}
	sessionID, rest, ok := take(b[34:], 1)
	if !ok {
		return false
	}
	suites, rest, ok := take(rest, 2)
	if !ok || len(suites) < 2 {
		return false
	}
	if _, rest, ok = take(rest, 1); !ok { // compression methods
		return false
	}
	switch v := binary.BigEndian.Uint16(b); {
	case v == sslv2, v >= sslv3 && v <= tlsv13, v>>8 == 0x7f:
	default:
		return false
	}
	s := a.session()
	if len(rest) > 0 && !a.extensions(true, rest) {
		return false
	}
	if !clearsSession(sessionID) {
		s.sessionID, s.ticketOnly = bytes.Clone(sessionID), false
	}
	return true
}

// serverHello reads a server's hello, RFC 8446 section 4.1.3.
func (a *sslAnalyzer) serverHello(b []byte) bool {
	if len(b) < 34 {
		return false
	}
	var sessionID, rest []byte
	suite := b[34:]
	draft := b[0] == 0x7f // the drafts of TLS 1.3 had no session identifier here
	if !draft {
		var ok bool
		if sessionID, suite, ok = take(b[34:], 1); !ok {
			return false
		}
	}
	if len(suite) < 2 {
		return false
	}
	rest = suite[2:]
	if !draft {
		if len(rest) < 1 { // compression method
			return false
		}
		rest = rest[1:]
	}
	s := a.session()
	a.cipher = uint32(binary.BigEndian.Uint16(suite))
	if a.version == 0 || !a.tls13() {
		a.version = binary.BigEndian.Uint16(b)
	}
	if len(rest) > 0 && !a.extensions(false, rest) {
		return false
	}
	if !s.versioned {
		s.versioned, s.version = true, binary.BigEndian.Uint16(b)
	}
	s.cipher = sslCipherName(a.cipher)
	// RFC 8446 section 4.1.3: the SHA-256 of "HelloRetryRequest" stands for a
	// random number.
	s.retry = [32]byte(b[2:34]) == sha256.Sum256([]byte("HelloRetryRequest"))
	if s.sessionID != nil && bytes.Equal(s.sessionID, sessionID) && s.version != tlsv13 && s.version/0xff != 0x7f {
		s.resumed = true
	}
	return true
}

// extensions reads a hello's extensions. What is malformed in one of them is
// passed over.
func (a *sslAnalyzer) extensions(client bool, b []byte) bool {
	list, _, ok := take(b, 2)
	if !ok {
		return false
	}
	s := a.session()
	for len(list) > 0 {
		if len(list) < 4 {
			return false
		}
		kind := binary.BigEndian.Uint16(list)
		var body []byte
		if body, list, ok = take(list[2:], 2); !ok {
			return false
		}
		switch {
		case client:
			s.clientExtension(kind, body)
		case kind == sslExtALPN:
			if names, _, ok := take(body, 2); ok {
				if name, _, ok := take(names, 1); ok {
					s.protocol = text(name)
				}
			}
		case kind == sslExtPreSharedKey:
			s.resumed = s.resumed || s.clientPSK
		case kind == sslExtSupportedVersions && len(body) == 2:
			a.version = binary.BigEndian.Uint16(body)
			s.versioned, s.version = true, a.version
		case kind == sslExtKeyShare && len(body) >= 2:
			s.curve = sslCurveName(binary.BigEndian.Uint16(body))
		}
	}
	return true
}

// clientExtension reads one extension of a client's hello.
func (s *sslInfo) clientExtension(kind uint16, body []byte) {
	switch kind {
	case sslExtServerName:
		names, _, ok := take(body, 2)
		for ok && len(names) > 2 {
			var name []byte
			nameType := names[0]
			if name, names, ok = take(names[1:], 2); ok && nameType == 0 {
				s.named, s.serverName = true, text(name)
				return
			}
		}
	case sslExtSessionTicket:
		s.ticketOnly = s.ticketOnly || len(body) > 0
	case sslExtPreSharedKey:
		s.clientPSK = true
	}
}

// certificates reads a certificate message of TLS 1.2 and before: the SHA-256
// of each certificate is what Zeek calls its fingerprint.
func (a *sslAnalyzer) certificates(orig bool, b []byte) bool {
	list, _, ok := take(b, 3)
	if !ok {
		return false
	}
	s, end := a.session(), side(orig)
	for len(list) > 0 {
		var der []byte
		if der, list, ok = take(list, 3); !ok {
			return false
		}
		if len(der) == 0 {
			continue
		}
		sum := sha256.Sum256(der)
		if end == responder && s.certificates[end] == nil {
			s.leaf = bytes.Clone(der)
		}
		s.certificatesKnown = true
		s.certificates[end] = append(s.certificates[end], hex.EncodeToString(sum[:]))
	}
	return true
}

// certificateNames says whether a certificate names a host, nil where it can't
// be read.
func certificateNames(der []byte, host string) any {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	if len(cert.DNSNames)+len(cert.IPAddresses) > 0 {
		return cert.VerifyHostname(host) == nil
	}
	name := cert.Subject.CommonName // what counted before there were alternative names
	if rest, wild := strings.CutPrefix(name, "*."); wild {
		_, parent, dot := strings.Cut(host, ".")
		return dot && strings.EqualFold(rest, parent)
	}
	return strings.EqualFold(name, host)
}

// version2 takes in a record of SSL version 2, or the client's hello in its
// form that later versions may begin with.
func (a *sslAnalyzer) version2(orig bool, record []byte) error {
	body := record[sslRecordHeader:]
	lengths := func(b []byte) (n [3]int, ok bool) {
		for i := range n {
			if len(b) < 2*i+2 {
				return n, false
			}
			n[i] = int(binary.BigEndian.Uint16(b[2*i:]))
		}
		return n, true
	}
	switch record[2] {
	case 0: // error
		s := a.session()
		s.note(orig, 'l')
		s.alert = sslAlertName(binary.BigEndian.Uint16(record[3:]))
	case 1: // client hello: lengths of cipher specs, session and challenge
		if n, ok := lengths(body); !ok || 6+n[0]+n[1]+n[2] > len(body) {
			return a.violation()
		} else if id := body[6+n[0] : 6+n[0]+n[1]]; !clearsSession(id) {
			a.session().sessionID = bytes.Clone(id)
		}
		a.session().note(true, 'c')
	case 2: // client master key: all is encrypted from here on
		return a.establish()
	case 4: // server hello: version, then lengths of certificate, cipher specs and connection identifier
		if len(body) < 2 || binary.BigEndian.Uint16(body) != sslv2 {
			return a.violation()
		}
		n, ok := lengths(body[2:])
		if !ok || 8+n[0]+n[1]+n[2] > len(body) {
			return a.violation()
		}
		s := a.session()
		a.version, s.versioned, s.version = sslv2, true, sslv2
		if ciphers := body[8+n[0]:]; n[1] >= 3 {
			s.cipher = sslCipherName(uint32(ciphers[0])<<16 | uint32(ciphers[1])<<8 | uint32(ciphers[2]))
		} else {
			s.cipher = sslCipherName(0)
		}
		if der := body[8 : 8+n[0]]; len(der) > 0 {
			sum := sha256.Sum256(der)
			s.certificatesKnown, s.leaf = true, bytes.Clone(der)
			s.certificates[responder] = []any{hex.EncodeToString(sum[:])}
		}
		s.note(false, 's')
	default:
		return a.violation()
	}
	return nil
}
