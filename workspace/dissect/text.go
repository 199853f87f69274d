package dissect

import (
	"strings"
	"unicode/utf8"
)

// text returns bytes off the wire as a log's text: UTF-8 as it is, other bytes
// and control characters as \xNN, in the form that package zeekio gives the
// same value when it reads Zeek's log of it.
func text(raw []byte) string {
	plain := utf8.Valid(raw)
	for i := 0; plain && i < len(raw); i++ {
		plain = raw[i] >= 0x20 || spacing(raw[i])
	}
	if plain {
		return string(raw)
	}
	const digits = "0123456789abcdef"
	var sb strings.Builder
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if r == utf8.RuneError && n == 1 || n == 1 && raw[0] < 0x20 && !spacing(raw[0]) {
			sb.WriteString(`\x`)
			sb.WriteByte(digits[raw[0]>>4])
			sb.WriteByte(digits[raw[0]&15])
		} else {
			sb.Write(raw[:n])
		}
		raw = raw[n:]
	}
	return sb.String()
}

// spacing reports whether a control character is one that texts have.
func spacing(c byte) bool {
	return c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t'
}

// optional is a value that may be unset.
func optional[T any](has bool, v T) any {
	if !has {
		return nil
	}
	return v
}
