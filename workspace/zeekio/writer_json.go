package zeekio

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"netshare/workspace/trace"
)

// jsonWriter writes one JSON log.
type jsonWriter struct {
	w      *bufio.Writer
	fields []field
	keys   [][]byte // `"name":` of each field
	extra  []string
	path   string
	write  field
	ts     int
	buf    []byte
}

func (j *jsonWriter) Write(row trace.Row) error {
	if len(row) != len(j.fields) {
		return fmt.Errorf("record has %d values: the log has %d fields", len(row), len(j.fields))
	}
	dst := append(j.buf[:0], '{')
	for _, e := range j.extra {
		switch {
		case e == "_path":
			dst = appendJSONString(append(comma(dst), `"_path":`...), j.path)
		case e == "_write_ts" && j.ts >= 0:
			if ts, ok := row[j.ts].(time.Time); ok {
				dst = j.write.appendTime(append(comma(dst), `"_write_ts":`...), ts)
			}
		}
	}
	var open []string // the nested objects that are open
	for i := range j.fields {
		if row[i] == nil {
			continue
		}
		f := &j.fields[i]
		dst, open = enter(dst, open, f.in)
		dst = append(comma(dst), j.keys[i]...)
		var err error
		if dst, err = f.appendJSON(dst, row[i]); err != nil {
			return fmt.Errorf("field %q: %w", f.name, err)
		}
	}
	dst, _ = enter(dst, open, nil)
	j.buf = append(dst, '}', '\n')
	_, err := j.w.Write(j.buf)
	return err
}

func (j *jsonWriter) Close() error { return j.w.Flush() }

// comma separates a member from the one before it.
func comma(dst []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return dst
}

// enter closes and opens nested objects until in is where dst stands.
func enter(dst []byte, open, in []string) ([]byte, []string) {
	same := 0
	for same < len(open) && same < len(in) && open[same] == in[same] {
		same++
	}
	for range open[same:] {
		dst = append(dst, '}')
	}
	for _, name := range in[same:] {
		dst = append(appendJSONString(comma(dst), name), ':', '{')
	}
	return dst, in
}

func (f *field) appendJSON(dst []byte, v any) ([]byte, error) {
	v = pointIn(f.unit, v)
	list, ok := v.([]any)
	if !ok {
		return f.appendJSONScalar(dst, v)
	}
	dst = append(dst, '[')
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = f.appendJSONScalar(dst, e); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (f *field) appendJSONScalar(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		if f.typ.base == "any" && rawJSON(v) {
			return append(dst, v...), nil
		}
		return appendJSONString(dst, v), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, fmt.Errorf("%v is not a number that JSON can hold", v)
		}
		return appendFloat(dst, v), nil
	case time.Time:
		return f.appendTime(dst, v), nil
	}
	return dst, fmt.Errorf("want %s, got %T", f.typ.want(), v)
}

// rawJSON reports whether text is a JSON value, so that in a field of any type
// a string of that text stands as one, in quotes.
func rawJSON(text string) bool {
	c := scanner{s: []byte(text)}
	_, err := c.value()
	return err == nil && c.i == len(text)
}

// appendFloat writes the shortest number that reads back the same, as Zeek
// does with ".0" where it is whole.
func appendFloat(dst []byte, v float64) []byte {
	start := len(dst)
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e17) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, v, format, -1, 64)
	switch n := len(dst); {
	case bytes.IndexByte(dst[start:], 'e') >= 0:
		if dst[n-4] == 'e' && dst[n-2] == '0' { // 1e-7, where Go has 1e-07
			dst[n-2] = dst[n-1]
			dst = dst[:n-1]
		}
	case bytes.IndexByte(dst[start:], '.') < 0:
		dst = append(dst, ".0"...)
	}
	return dst
}

func (f *field) appendTime(dst []byte, v time.Time) []byte {
	switch {
	case f.iso:
		layout := "2006-01-02T15:04:05.999999999Z"
		if f.digits == 0 {
			layout = "2006-01-02T15:04:05Z"
		} else if f.digits > 0 {
			layout = "2006-01-02T15:04:05." + strings.Repeat("0", f.digits) + "Z"
		}
		return append(v.UTC().AppendFormat(append(dst, '"'), layout), '"')
	case f.millis:
		return strconv.AppendInt(dst, v.UnixMilli(), 10)
	}
	return appendEpoch(dst, v, -1)
}

// appendJSONString appends text as a JSON string.
func appendJSONString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(text[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}
