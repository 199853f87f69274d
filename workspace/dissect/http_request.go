package dissect

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// httpRequestLine reads a request's first line: its method, its URI as it was
// sent, and its version, "0.9" where it names none. ok is false where the line
// is none.
func httpRequestLine(line []byte) (method string, uri []byte, version string, ok bool) {
	method = httpToken(line)
	rest := bytes.TrimLeft(line[len(method):], " \t")
	if method == "" || len(rest) == len(line)-len(method) {
		return "", nil, "", false
	}
	end := 0
	for end < len(rest) && httpURIByte(rest[end]) {
		end++
	}
	if end == len(rest) && bytes.HasPrefix(rest, []byte("HTTP/")) {
		end = 0 // no URI
	}
	at := end
	for ; at < len(rest); at++ {
		end = at
		for at < len(rest) && (rest[at] == ' ' || rest[at] == '\t') {
			at++
		}
		if bytes.HasPrefix(rest[at:], []byte("HTTP/")) {
			break
		}
	}
	uri = rest[:end]
	switch {
	case at >= len(rest):
		if len(method) < 3 || len(uri) == 0 {
			return "", nil, "", false
		}
		version = "0.9"
	case at+8 <= len(rest):
		version = httpVersion(rest[at+5:])
	}
	return method, uri, version, true
}

// httpURIByte reports whether a byte may be in a URI, RFC 3986 section 2.
func httpURIByte(c byte) bool {
	switch {
	case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == 0:
		return true
	}
	return strings.IndexByte(":/?#[]@!$&'()*+,;=-_.~%", c) >= 0
}

// httpVersion reads the digits behind HTTP/, "0.0" where there are none.
func httpVersion(b []byte) string {
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	if len(b) >= 3 && digit(b[0]) && b[1] == '.' && digit(b[2]) {
		return string(b[:3])
	}
	return "0.0"
}

// httpStatusLine reads a reply's first line; reason is nil where it has none.
func httpStatusLine(line []byte) (version string, code int, reason []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/"))
	if !ok {
		return "", 0, nil, false
	}
	version = httpVersion(rest)
	blank := bytes.IndexAny(rest, " \t")
	if blank < 0 {
		return "", 0, nil, false
	}
	rest = bytes.TrimLeft(rest[blank:], " \t")
	if len(rest) < 3 {
		return "", 0, nil, false
	}
	for _, c := range rest[:3] {
		if c < '0' || c > '9' {
			code = 0
			break
		}
		code = code*10 + int(c-'0')
	}
	if blank = bytes.IndexAny(rest[3:], " \t"); blank < 0 {
		return version, code, nil, true
	}
	reason = rest[3+blank:]
	for len(reason) > 0 && (reason[0] == ' ' || reason[0] == '\t') {
		reason = reason[1:]
	}
	return version, code, reason, true
}

// httpUnescape undoes a URI's percent escapes as Zeek does: %XX, %uXXXX, and of
// two percent signs one.
func httpUnescape(uri []byte) []byte {
	if bytes.IndexByte(uri, '%') < 0 {
		return uri
	}
	out := make([]byte, 0, len(uri))
	for i := 0; i < len(uri); i++ {
		if uri[i] != '%' {
			out = append(out, uri[i])
			continue
		}
		rest := uri[i+1:]
		switch {
		case len(rest) < 2:
			return append(append(out, '%'), rest...)
		case rest[0] == '%': // the first of two is passed over
		case unhex(rest[0]) >= 0 && unhex(rest[1]) >= 0:
			out = append(out, byte(unhex(rest[0])<<4|unhex(rest[1])))
			i += 2
		case len(rest) >= 5 && rest[0] == 'u' && unhex(rest[1]) >= 0 && unhex(rest[2]) >= 0 && unhex(rest[3]) >= 0 && unhex(rest[4]) >= 0:
			if hi := byte(unhex(rest[1])<<4 | unhex(rest[2])); rest[1] != '0' || rest[2] != '0' {
				out = append(out, hi)
			}
			out = append(out, byte(unhex(rest[3])<<4|unhex(rest[4])))
			i += 5
		default:
			out = append(out, '%', rest[0])
			i++
		}
	}
	return out
}

// unhex returns a hexadecimal digit's value, -1 for other bytes.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// basicUser returns the user of an Authorization header of the Basic scheme,
// RFC 7617; the password is not looked at.
func basicUser(value []byte) (user string, ok bool) {
	if len(value) < 6 || !strings.EqualFold(string(value[:5]), "basic") || value[5] != ' ' {
		return "", false
	}
	encoded := strings.TrimRight(strings.Trim(string(value[6:]), " \t"), "=")
	decoded, err := base64.RawStdEncoding.DecodeString(encoded)
	if name, _, colon := bytes.Cut(decoded, []byte{':'}); err == nil && colon {
		return text(name), true
	}
	return "<problem-decoding> (" + text(value) + ")", true
}
