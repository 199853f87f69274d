package dissect

import (
	"bytes"
	"encoding/binary"
	"time"

	"netshare/workspace/trace"
)

// sslProtocol is Zeek's ssl.log: the handshake of each SSL and TLS connection.
func sslProtocol() protocol {
	return protocol{
		name: "ssl",
		columns: connColumns + `version:string cipher:string curve:string server_name:string resumed:bool
			last_alert:string next_protocol:string established:bool ssl_history:string
			cert_chain_fps:vector[string] client_cert_chain_fps:vector[string] sni_matches_cert:bool`,
		tcp:   []uint16{443, 563, 585, 614, 636, 989, 990, 992, 993, 995, 5223},
		match: matchSSL,
		analyze: func(c *conn, emit func(trace.Row) error) analyzer {
			return &sslAnalyzer{c: c, emit: emit}
		},
	}
}

// Record types, RFC 8446 section 5.1 and RFC 6520.
const (
	sslChangeCipherSpec = 20
	sslAlert            = 21
	sslHandshake        = 22
	sslApplicationData  = 23
	sslHeartbeat        = 24
)

const (
	sslRecordHeader   = 5
	sslHistoryLetters = 100     // of ssl_history (SSL::max_ssl_history_length)
	sslMessageBytes   = 1 << 17 // of a handshake message that is looked into
)

// sslAnalyzer reads the handshake of one connection.
type sslAnalyzer struct {
	c    *conn
	emit func(trace.Row) error
	dirs [2]sslDirection
	info *sslInfo // nil until there is something to log
	at   time.Time

	recordVersion uint16 // of the record layer, once it is known
	version       uint16 // negotiated
	cipher        uint32
	over          bool // logged, or not to be
}

// sslDirection is what one end has sent.
type sslDirection struct {
	record    []byte // the beginning of a record
	skip      int    // bytes to come of a record whose content doesn't matter
	encrypted bool
	message   []byte // the beginning of a handshake message
	drop      int    // bytes to come of a handshake message that is too long
}

// sslInfo is a row under way.
type sslInfo struct {
	ts              time.Time
	versioned       bool
	version         uint16
	cipher          string
	curve           string
	named           bool
	serverName      string
	alert, protocol string
	resumed         bool
	established     bool
	history         []byte

	sessionID         []byte
	ticketOnly        bool // the client sent a ticket and no session identifier
	keyExchange       bool // the client's was seen
	clientPSK         bool
	retry             bool // the server hello is a hello retry request
	certificates      [2][]any
	leaf              []byte // of the server
	certificatesKnown bool
}

// session returns the row under way, beginning it if need be.
func (a *sslAnalyzer) session() *sslInfo {
	if a.info == nil {
		a.info = &sslInfo{ts: a.at}
	}
	return a.info
}

// data implements analyzer.
func (a *sslAnalyzer) data(at time.Time, orig bool, b []byte) error {
	a.at = at
	d := &a.dirs[side(orig)]
	for len(b) > 0 && !a.over {
		if d.skip > 0 {
			n := min(d.skip, len(b))
			d.skip, b = d.skip-n, b[n:]
			if d.skip == 0 {
				if err := a.ciphertext(); err != nil {
					return err
				}
			}
			continue
		}
		if len(d.record) < sslRecordHeader {
			n := min(sslRecordHeader-len(d.record), len(b))
			d.record, b = append(d.record, b[:n]...), b[n:]
			if len(d.record) < sslRecordHeader {
				return nil
			}
		}
		size, ok := a.size(d.record, orig)
		if !ok {
			return a.violation()
		}
		if a.hidden(d, orig) {
			d.record = d.record[:0]
			if d.skip = size - sslRecordHeader; d.skip == 0 {
				if err := a.ciphertext(); err != nil {
					return err
				}
			}
			continue
		}
		n := min(size-len(d.record), len(b))
		d.record, b = append(d.record, b[:n]...), b[n:]
		if len(d.record) < size {
			return nil
		}
		if err := a.plaintext(d, orig, d.record); err != nil {
			return err
		}
		d.record = d.record[:0]
	}
	return nil
}

// gap implements analyzer: what comes after it can't be told apart.
func (a *sslAnalyzer) gap(time.Time, bool, int64) { a.stop() }

// end implements analyzer.
func (a *sslAnalyzer) end(time.Time) error { return a.log() }

// stop ends the reading; what is known is logged at the connection's end.
func (a *sslAnalyzer) stop() {
	a.over, a.dirs = true, [2]sslDirection{}
}

// violation ends the reading of what turned out to be no TLS.
func (a *sslAnalyzer) violation() error {
	a.stop()
	return a.log()
}

// size returns the length of the record that begins with the given five bytes,
// those included; false where they are none.
func (a *sslAnalyzer) size(head []byte, orig bool) (int, bool) {
	version := binary.BigEndian.Uint16(head[1:])
	known := version >= sslv3 && version <= tlsv12
	plain := sslRecordHeader + int(binary.BigEndian.Uint16(head[3:]))
	old := 2 + int(binary.BigEndian.Uint16(head)&0x7fff)
	switch {
	case a.recordVersion == sslv2:
		return max(old, sslRecordHeader), true
	case a.recordVersion != 0:
		return plain, known
	case head[0]&0x80 != 0:
		hello := binary.BigEndian.Uint16(head[3:])
		if orig && head[2] == 1 && (hello == sslv2 || hello >= sslv3 && hello <= tlsv12) {
			return max(old, sslRecordHeader), true
		}
		if !orig && head[2] == 4 && head[4] < 2 {
			a.recordVersion = sslv2
			return max(old, sslRecordHeader), true
		}
		return 0, false
	case !known || head[0] < 20 || head[0] > 30:
		return 0, false
	}
	a.recordVersion = version
	return plain, true
}

// hidden reports whether a record is encrypted. In TLS 1.3 that begins with the
// first record of application data.
func (a *sslAnalyzer) hidden(d *sslDirection, orig bool) bool {
	if !d.encrypted && a.recordVersion != sslv2 && d.record[0] == sslApplicationData && (a.version == 0 || a.tls13()) {
		d.encrypted = true
	}
	return d.encrypted
}

// tls13 reports whether TLS 1.3, or a draft of it, was negotiated.
func (a *sslAnalyzer) tls13() bool {
	return a.version != 0 && a.version != sslv2 && (a.version < sslv3 || a.version > tlsv12)
}

// ciphertext takes note of an encrypted record: once both ends encrypt, the
// connection is established, and no more of it is read.
func (a *sslAnalyzer) ciphertext() error {
	if !a.dirs[originator].encrypted || !a.dirs[responder].encrypted {
		return nil
	}
	return a.establish()
}

func (a *sslAnalyzer) establish() error {
	a.session().established = true
	a.stop()
	return a.log()
}

// plaintext takes in a record.
func (a *sslAnalyzer) plaintext(d *sslDirection, orig bool, record []byte) error {
	body := record[sslRecordHeader:]
	if a.recordVersion == sslv2 || a.recordVersion == 0 {
		return a.version2(orig, record)
	}
	switch record[0] {
	case sslChangeCipherSpec:
		s := a.session()
		s.note(orig, 'i')
		if orig && s.ticketOnly && !s.keyExchange {
			s.resumed = true
		}
		if !a.tls13() {
			d.encrypted = true
		}
	case sslAlert:
		for ; len(body) >= 2; body = body[2:] {
			s := a.session()
			s.note(orig, 'l')
			s.alert = sslAlertName(uint16(body[1]))
		}
	case sslHandshake:
		if !a.handshake(d, orig, body) {
			return a.violation()
		}
	case sslApplicationData:
		a.session() // before anything is encrypted: nothing to learn
	case sslHeartbeat:
		a.session().note(orig, 'b')
	default:
		return a.violation()
	}
	return nil
}

// note adds a letter to the history, a capital for the client's.
func (s *sslInfo) note(orig bool, letter byte) {
	if len(s.history) == sslHistoryLetters {
		return
	}
	if orig {
		letter -= 'a' - 'A'
	}
	s.history = append(s.history, letter)
}

// log emits the row, once.
func (a *sslAnalyzer) log() error {
	s := a.info
	a.over, a.info = true, nil
	if s == nil {
		return nil
	}
	row := make(trace.Row, 18)
	a.c.head(row, s.ts)
	row[6] = optional(s.versioned, sslVersionName(s.version))
	row[7], row[8] = optional(s.cipher != "", s.cipher), optional(s.curve != "", s.curve)
	row[9], row[10] = optional(s.named, s.serverName), s.resumed
	row[11], row[12] = optional(s.alert != "", s.alert), optional(s.protocol != "", s.protocol)
	row[13], row[14] = s.established, string(s.history)
	if s.certificatesKnown {
		row[15], row[16] = s.chain(responder), s.chain(originator)
		if s.named && s.leaf != nil {
			row[17] = certificateNames(s.leaf, s.serverName)
		}
	}
	return a.emit(row)
}

func (s *sslInfo) chain(end int) []any {
	if s.certificates[end] == nil {
		return []any{}
	}
	return s.certificates[end]
}

// matchSSL recognises TLS by a client hello and the server's answer to it, as
// Zeek's signatures dpd_tls_client and dpd_tls_server do.
func matchSSL(orig, resp []byte) verdict {
	client := matchHello(orig, func(b []byte) verdict {
		switch {
		case b[0] == sslHandshake:
			return prefixAt(b, 5, 1)
		case b[0]&0x80 != 0:
			return prefixAt(b, 2, 1)
		}
		return unmatched
	})
	server := matchHello(resp, func(b []byte) verdict {
		switch {
		case b[0] == sslAlert:
			return prefixAt(b, 1, 3)
		case b[0] == sslHandshake:
			return prefixAt(b, 5, 2)
		case b[0]&0x80 != 0:
			return prefixAt(b, 2, 4)
		}
		return unmatched
	})
	switch {
	case client == unmatched || server == unmatched:
		return unmatched
	case client == matched && server == matched:
		return matched
	}
	return undecided
}

// matchHello looks at the first record of one end.
func matchHello(b []byte, rest func([]byte) verdict) verdict {
	if len(b) == 0 {
		return undecided
	}
	if b[0]&0x80 == 0 {
		if v := prefixAt(b, 1, 3); v != matched {
			return v
		}
		if len(b) > 2 && b[2] > 3 {
			return unmatched
		}
	}
	return rest(b)
}

// prefixAt compares one byte, if it is there yet.
func prefixAt(b []byte, i int, want byte) verdict {
	switch {
	case len(b) <= i:
		return undecided
	case b[i] == want:
		return matched
	}
	return unmatched
}

// clearsSession reports whether a session identifier stands for none.
func clearsSession(id []byte) bool {
	return len(id) == 0 || len(id) == 32 && bytes.Count(id, []byte{0}) == 32
}
