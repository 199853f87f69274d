package dissect

import (
	"bytes"
	"strconv"
	"time"

	"netshare/workspace/trace"
)

// syslogProtocol is Zeek's syslog.log: messages of RFC 3164 and RFC 5424, one
// to a datagram or, over TCP, framed as RFC 6587 says.
func syslogProtocol() protocol {
	return protocol{
		name:    "syslog",
		columns: connColumns + "proto:enum facility:string severity:string message:string",
		tcp:     []uint16{514},
		udp:     []uint16{514},
		analyze: func(c *conn, emit func(trace.Row) error) analyzer {
			return &syslogAnalyzer{c: c, emit: emit, tcp: c.proto() == "tcp"}
		},
	}
}

const (
	syslogMessageBytes = 1 << 16 // of a message over TCP; a longer one ends the stream
	syslogLineEnd      = "\x00\r\n"
)

// syslogAnalyzer reads the messages of one connection.
type syslogAnalyzer struct {
	c    *conn
	emit func(trace.Row) error
	row  [10]any
	tcp  bool

	stream [2][]byte // of TCP: the beginning of a message
	lost   [2]bool   // of TCP: where the next message begins is not known
	at     time.Time
}

// data implements analyzer.
func (a *syslogAnalyzer) data(at time.Time, orig bool, b []byte) error {
	if !a.tcp {
		return a.log(at, b)
	}
	s := side(orig)
	if a.lost[s] {
		return nil
	}
	have := a.stream[s]
	buf := append(have, b...)
	if len(have) > 0 && have[0] == '<' && len(buf) <= syslogMessageBytes && !bytes.ContainsAny(b, syslogLineEnd) {
		a.at, a.stream[s] = at, buf // looking for the end from the line's beginning each time would take long
		return nil
	}
	rest := buf
	for {
		message, n := syslogFrame(rest)
		switch {
		case n < 0 || n == 0 && len(rest) > syslogMessageBytes:
			a.lost[s], a.stream[s] = true, nil
			return nil
		case n == 0:
			a.at = at
			a.stream[s] = append(buf[:0], rest...)
			return nil
		}
		if err := a.log(at, message); err != nil {
			return err
		}
		rest = rest[n:]
	}
}

// gap implements analyzer.
func (a *syslogAnalyzer) gap(_ time.Time, orig bool, _ int64) {
	a.lost[side(orig)], a.stream[side(orig)] = true, nil
}

// end implements analyzer: a last line may lack its end.
func (a *syslogAnalyzer) end(time.Time) error {
	for _, b := range a.stream {
		if len(b) > 0 && b[0] == '<' {
			if err := a.log(a.at, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// syslogFrame returns a stream's first message and the bytes that it takes with
// its frame: a length before it (octet counting) or a line's end behind it. The
// bytes are 0 while more is needed and -1 where there is no message.
func syslogFrame(b []byte) (message []byte, n int) {
	switch {
	case len(b) == 0:
		return nil, 0
	case b[0] == '<':
		end := bytes.IndexAny(b, syslogLineEnd)
		if end < 0 {
			return nil, 0
		}
		n = end
		for n < len(b) && (b[n] == 0 || b[n] == '\r' || b[n] == '\n') {
			n++
		}
		return b[:end], n
	case b[0] == '\r', b[0] == '\n', b[0] == 0: // of a line's end that came in two pieces
		message, n = syslogFrame(b[1:])
		if n > 0 {
			n++
		}
		return message, n
	case '1' <= b[0] && b[0] <= '9':
		digits := 0
		for digits < len(b) && '0' <= b[digits] && b[digits] <= '9' {
			digits++
		}
		if digits > 5 {
			return nil, -1
		}
		if digits == len(b) {
			return nil, 0
		}
		size, _ := strconv.Atoi(string(b[:digits]))
		if b[digits] != ' ' || size > syslogMessageBytes {
			return nil, -1
		}
		if len(b) < digits+1+size {
			return nil, 0
		}
		return b[digits+1 : digits+1+size], digits + 1 + size
	}
	return nil, -1
}

// log emits a message.
func (a *syslogAnalyzer) log(at time.Time, message []byte) error {
	facility, severity, body := syslogPriority(message)
	row := trace.Row(a.row[:])
	a.c.head(row, at)
	row[6], row[7], row[8], row[9] = a.c.proto(), syslogFacility(facility), syslogSeverity(severity), text(body)
	return a.emit(row)
}

// syslogPriority takes a message's leading <PRI> apart; without one, facility
// and severity are 999, as Zeek says it.
func syslogPriority(message []byte) (facility, severity int, body []byte) {
	end := bytes.IndexByte(message, '>')
	if end < 2 || end > 20 || message[0] != '<' {
		return 999, 999, message
	}
	pri, err := strconv.ParseUint(string(message[1:end]), 10, 63)
	if err != nil {
		return 999, 999, message
	}
	return int(pri >> 3 & 0x7f), int(pri & 7), message[end+1:]
}

// syslogFacility names a facility (Zeek's Syslog::facility_codes).
func syslogFacility(code int) string {
	names := [...]string{
		"KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP",
		"NTP", "AUDIT", "ALERT", "CLOCK", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6",
		"LOCAL7",
	}
	if code < len(names) {
		return names[code]
	}
	return "?-" + strconv.Itoa(code)
}

// syslogSeverity names a severity (Zeek's Syslog::severity_codes).
func syslogSeverity(code int) string {
	names := [...]string{"EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"}
	if code < len(names) {
		return names[code]
	}
	return "?-" + strconv.Itoa(code)
}
