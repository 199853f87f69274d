package zeekio

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

func printableControl(c byte) bool {
	return c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t'
}

// unescape gives the text of a TSV field: \\ and \xNN stand for a backslash
// and a byte, any other backslash for itself.
func unescape(b string) string {
	if plain(b) {
		return b
	}
	raw := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			if b[i+1] == '\\' {
				raw = append(raw, '\\')
				i++
				continue
			}
			if c, ok := hexEscape(b[i:]); ok {
				raw = append(raw, c)
				i += 3
				continue
			}
		}
		raw = append(raw, b[i])
	}
	return canonical(raw)
}

// hexEscape returns the byte that b's leading \xNN stands for.
func hexEscape[T []byte | string](b T) (byte, bool) {
	if len(b) < 4 || b[0] != '\\' || b[1] != 'x' {
		return 0, false
	}
	hi, lo := unhex(b[2]), unhex(b[3])
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// canonical writes bytes that are no text as \xNN.
func canonical(raw []byte) string {
	clean := utf8.Valid(raw)
	for i := 0; clean && i < len(raw); i++ {
		clean = raw[i] >= 0x20 || printableControl(raw[i])
	}
	if clean {
		return string(raw)
	}
	var sb strings.Builder
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if r == utf8.RuneError && n == 1 || n == 1 && raw[0] < 0x20 && !printableControl(raw[0]) {
			sb.WriteString(`\x`)
			sb.WriteByte(hexDigits[raw[0]>>4])
			sb.WriteByte(hexDigits[raw[0]&15])
		} else {
			sb.Write(raw[:n])
		}
		raw = raw[n:]
	}
	return sb.String()
}

// appendEscaped appends text as a TSV field that is no longer than a line and
// is not cut by any of the separators.
func appendEscaped(dst []byte, text, sep, setSep string) []byte {
	start := len(dst)
	dst, bytes := appendText(dst, text, sep, setSep, true)
	if bytes && unescape(string(dst[start:])) != text { // together they are text
		dst, _ = appendText(dst[:start], text, sep, setSep, false)
	}
	return dst
}

// appendText escapes text. With keep, what canonical wrote of bytes that are no
// text is written as those bytes; it reports whether there were any.
func appendText(dst []byte, text, sep, setSep string, keep bool) (_ []byte, bytes bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			if b, ok := hexEscape(text[i:]); keep && ok && (b < 0x20 && !printableControl(b) || b >= 0x80) {
				dst = append(dst, text[i:i+4]...)
				i += 3
				bytes = true
			} else {
				dst = append(dst, '\\', '\\')
			}
		case c < 0x20 || c == 0x7f || sep != "" && c == sep[0] || setSep != "" && c == setSep[0]:
			dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst, bytes
}

// escapeFirst writes the first byte of text as \xNN: what is left is no
// keyword such as - or (empty).
func escapeFirst(dst []byte, text string) []byte {
	c := text[0]
	dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
	return append(dst, text[1:]...)
}

// trimCR drops the carriage return of a line that ends in CRLF.
func trimCR(b []byte) []byte { return bytes.TrimSuffix(b, []byte{'\r'}) }
