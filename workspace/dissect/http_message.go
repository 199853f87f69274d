package dissect

import (
	"bytes"
	"math"
	"strings"
)

// httpMessage follows one request or reply from its headers to the end of its
// body, of which only the length is kept.
type httpMessage struct {
	lines   *httpLines
	header  func(name, value []byte) // called for each header, trailers too
	version string                   // "1.1" allows chunks
	partial bool                     // a reply of 206: the length may be in Content-Range

	body      httpBodyExpected
	inHeader  bool
	field     []byte // the header line under way, folded lines joined
	chunks    httpChunkState
	length    int64 // Content-Length, -1 where there is none
	rangeLen  int64 // of Content-Range, -1 where there is none
	left      int64 // of the body or chunk
	toClose   bool  // the connection's end ends the body
	multipart bool
	packed    *inflateCounter // of a compressed body
	bodyLen   int64           // uncompressed
	done      bool
}

// httpBodyExpected says whether a message without a length has a body.
type httpBodyExpected int

const (
	httpNoBody    httpBodyExpected = iota // whatever the headers say
	httpBodyMaybe                         // where a header says so
	httpBody                              // up to the connection's end
)

// httpChunkState is the place in a chunked body, RFC 9112 section 7.1.
type httpChunkState int

const (
	httpUnchunked httpChunkState = iota
	httpChunkSize
	httpChunkData
	httpChunkEnd
	httpChunkTrailer
)

func newHTTPMessage(lines *httpLines, version string, body httpBodyExpected, header func(name, value []byte)) *httpMessage {
	return &httpMessage{lines: lines, header: header, version: version, body: body, inHeader: true, length: -1, rangeLen: -1}
}

// deliver takes in a line or plain bytes.
func (m *httpMessage) deliver(p httpPiece) {
	switch {
	case m.done:
	case m.inHeader:
		m.headerLine(p.data)
	case m.chunks == httpChunkSize:
		if m.left = chunkSize(p.data); m.left > 0 {
			m.chunks, m.lines.plain = httpChunkData, m.left
		} else {
			m.chunks, m.inHeader = httpChunkTrailer, true
		}
	case m.chunks == httpChunkData:
		m.left -= p.size
		m.count(p)
		if m.left <= 0 {
			m.chunks = httpChunkEnd
		}
	case m.chunks == httpChunkEnd:
		m.chunks = httpChunkSize
	case m.length >= 0:
		m.count(p)
		if m.left -= p.size; m.left <= 0 {
			m.end()
		}
	default:
		m.count(p)
	}
}

// count adds to the body's length, by what comes out where it is compressed. A
// line counts with an end of two bytes, as in Zeek, whatever it had.
func (m *httpMessage) count(p httpPiece) {
	if m.packed != nil {
		m.bodyLen += m.packed.add(p.data)
		return
	}
	m.bodyLen += p.size
	if !p.plain {
		m.bodyLen += 2
	}
}

// gap reports whether n missing bytes were of the body, so that what follows
// can be read.
func (m *httpMessage) gap(n int64) bool {
	if m.done || m.inHeader || m.bodyLen == 0 || m.left < n {
		return false
	}
	switch {
	case m.chunks == httpChunkData:
	case m.chunks == httpUnchunked && m.length >= 0:
	default:
		return false
	}
	m.packed = nil // can't be unpacked any further
	m.bodyLen += n
	m.left -= n
	m.lines.plain = m.left
	if m.left == 0 {
		if m.chunks == httpChunkData {
			m.chunks = httpChunkEnd
		} else {
			m.end()
		}
	}
	return true
}

// end finishes the message.
func (m *httpMessage) end() {
	m.done, m.packed, m.field = true, nil, nil
}

// headerLine takes in a line of the headers or trailers.
func (m *httpMessage) headerLine(line []byte) {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		if len(m.field)+len(line) <= httpLineBytes {
			m.field = append(m.field, line...)
		}
		return
	}
	m.finishField()
	if len(line) > 0 {
		m.field = append(m.field, line...)
		return
	}
	m.inHeader = false
	if m.chunks == httpChunkTrailer || m.body == httpNoBody {
		m.end()
		return
	}
	switch {
	case m.chunks != httpUnchunked:
	case m.length == 0:
		m.end()
	case m.length > 0:
		m.left, m.lines.plain = m.length, m.length
	case !m.multipart && (m.toClose || m.packed != nil):
		m.lines.plain = math.MaxInt64
	case m.body != httpBody:
		m.end()
	}
}

// finishField reads the header line that is complete.
func (m *httpMessage) finishField() {
	name, value, ok := bytes.Cut(m.field, []byte{':'})
	name, value = bytes.TrimSpace(name), bytes.TrimSpace(value)
	if ok && len(name) > 0 {
		m.entityHeader(name, value)
		m.header(name, value)
	}
	m.field = m.field[:0]
}

// entityHeader reads the headers that say where the body ends.
func (m *httpMessage) entityHeader(name, value []byte) {
	if m.chunks == httpChunkTrailer {
		return
	}
	token := httpToken(value)
	is := func(s string) bool { return strings.EqualFold(token, s) }
	switch strings.ToLower(string(name[:min(len(name), 32)])) {
	case "content-length":
		if token != "" {
			m.length = max(decimal(token), m.rangeLen)
		}
	case "content-range":
		if n := contentRange(value); m.partial && n > 0 {
			m.rangeLen = n
			m.length = max(m.length, n)
		}
	case "transfer-encoding":
		if is("chunked") && m.version == "1.1" {
			m.chunks = httpChunkSize
		}
	case "content-encoding":
		switch {
		case is("gzip"), is("x-gzip"):
			m.packed = newInflateCounter(true)
		case is("deflate"):
			m.packed = newInflateCounter(false)
		}
	case "content-type":
		m.multipart = is("multipart") || is("message")
	}
}

// httpToken returns the token that a header's value begins with.
func httpToken(value []byte) string {
	n := 0
	for n < len(value) && httpTokenByte(value[n]) {
		n++
	}
	return string(value[:n])
}

// httpTokenByte reports whether a byte may be in a token.
func httpTokenByte(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, rune(c))
}

// decimal reads the number that s begins with, 0 where it doesn't.
func decimal(s string) int64 {
	var n int64
	for i := 0; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
		if n > (math.MaxInt64-9)/10 {
			return math.MaxInt64
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n
}

// contentRange returns the length of a value such as "bytes 0-499/1234", 0
// where it has none.
func contentRange(value []byte) int64 {
	spec, ok := strings.CutPrefix(string(value), "bytes")
	if !ok {
		return 0
	}
	span, _, ok := strings.Cut(strings.ReplaceAll(spec, " ", ""), "/")
	first, last, dash := strings.Cut(span, "-")
	if !ok || !dash {
		return 0
	}
	f, l := decimal(first), decimal(last)
	if l < f || l == math.MaxInt64 {
		return 0
	}
	return l - f + 1
}

// chunkSize reads the line before a chunk, 0 where it is none.
func chunkSize(line []byte) int64 {
	var n int64
	for _, c := range bytes.TrimLeft(line, " \t") {
		var d byte
		switch {
		case '0' <= c && c <= '9':
			d = c - '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			d = c | 0x20 - 'a' + 10
		default:
			return n
		}
		if n > math.MaxInt64>>4 {
			return 0
		}
		n = n<<4 | int64(d)
	}
	return n
}
