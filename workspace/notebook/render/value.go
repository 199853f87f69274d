package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ValueText writes a value as DuckDB's shell does; null stands for a missing
// one.
func ValueText(v any, typ, null string) string {
	switch v := v.(type) {
	case nil:
		return null
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v, 64)
	case float32:
		return floatText(float64(v), 32)
	case time.Time:
		return timeText(v, typ)
	case []byte:
		return blobText(v)
	case json.Number:
		return v.String()
	case *big.Int:
		return v.String()
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = elementText(e, strings.TrimSuffix(typ, "[]"))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, key := range sortedKeys(v) {
			parts = append(parts, "'"+key+"': "+elementText(v[key], ""))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// elementText writes a value within a list or a struct: a text that could be
// taken for more than one element is quoted.
func elementText(v any, typ string) string {
	if s, ok := v.(string); ok {
		if s == "" || s != strings.TrimSpace(s) || s == "NULL" || strings.ContainsAny(s, ",[]{}'\"") {
			return "'" + strings.ReplaceAll(s, "'", "''") + "'"
		}
	}
	return ValueText(v, typ, "NULL")
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// floatText writes a number in as many digits as it needs, with a point or an
// exponent so that it can't be taken for an integer.
func floatText(v float64, bits int) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(v, 'f', -1, 64)), "+")
	}
	if a := math.Abs(v); a != 0 && (a < 1e-5 || a >= 1e15) {
		return strconv.FormatFloat(v, 'e', -1, bits)
	}
	s := strconv.FormatFloat(v, 'f', -1, bits)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// timeText writes a time in ISO 8601 with a blank for the T and as many digits
// of the second as it needs.
func timeText(t time.Time, typ string) string {
	layout := "2006-01-02 15:04:05.999999999"
	switch {
	case typ == "DATE":
		layout = time.DateOnly
	case strings.Contains(typ, "TIME ZONE") || typ == "TIMESTAMPTZ":
		layout += "-07"
	}
	return t.UTC().Format(layout)
}

// blobText writes bytes as DuckDB does: printable ASCII as it is, others as
// \xNN.
func blobText(v []byte) string {
	var b strings.Builder
	for _, c := range v {
		if c < ' ' || c > '~' || c == '\\' {
			fmt.Fprintf(&b, `\x%02X`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Harmless writes what a terminal might act upon, or what would reorder the
// text around it, as an escape that shows it: control characters of ASCII and
// Latin-1, line and paragraph separators, marks of direction, and bytes that
// are no UTF-8.
func Harmless(s string) string {
	clean := true
	for _, r := range s {
		if dangerous(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100 && dangerous(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case dangerous(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// HarmlessLines is harmless on each line.
func HarmlessLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = Harmless(l)
	}
	return strings.Join(lines, "\n")
}

func dangerous(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || r == 0x061c ||
		r >= 0x200e && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// AppendJSON writes a value as JSON. What JSON has no number for (infinities,
// not a number) becomes null; times and bytes are texts.
func AppendJSON(b []byte, v any, typ string) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(b, "null"...)
		}
		return append(b, floatText(v, 64)...)
	case float32:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return append(b, "null"...)
		}
		return append(b, floatText(float64(v), 32)...)
	case time.Time, []byte:
		return appendJSONText(b, ValueText(v, typ, ""))
	case string:
		return appendJSONText(b, v)
	case json.Number:
		return append(b, v...)
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, *big.Int:
		return fmt.Append(b, v)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendJSON(b, e, strings.TrimSuffix(typ, "[]"))
		}
		return append(b, ']')
	case map[string]any:
		b = append(b, '{')
		for i, key := range sortedKeys(v) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendJSONText(b, key), ':')
			b = AppendJSON(b, v[key], "")
		}
		return append(b, '}')
	}
	return appendJSONText(b, fmt.Sprint(v))
}

// appendJSONText writes a text as JSON; all that a terminal might act upon is
// escaped, which JSON readers undo.
func appendJSONText(b []byte, s string) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(strings.ToValidUTF8(s, "\uFFFD")) // a string can always be encoded
	for _, r := range string(bytes.TrimSuffix(out.Bytes(), []byte("\n"))) {
		if dangerous(r) && r != utf8.RuneError {
			b = fmt.Appendf(b, `\u%04x`, r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// Text writes a value of a Result as DuckDB's shell does; typ is its type by
// DuckDB's name. A missing value is NULL.
func Text(v any, typ string) string { return ValueText(v, typ, "NULL") }
