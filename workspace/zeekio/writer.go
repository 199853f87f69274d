package zeekio

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"netshare/workspace/trace"
)

// NewWriter writes records as the Zeek log that schema.Format names, zeek-tsv
// or zeek-json, with the schema's own order, types and properties; see the
// package comment. A TSV header's #open is Props "open" or the first record's
// time, #close the last record's. JSON leaves out keys that are nil; its
// _write_ts, which the table does not hold, is the record's ts.
func NewWriter(w io.Writer, schema trace.Schema) (trace.Writer, error) {
	fs := make([]field, len(schema.Columns))
	ts := -1
	for i, c := range schema.Columns {
		fs[i] = fieldOf(c)
		if ts < 0 && fs[i].typ.hold() == trace.TypeTime {
			ts = i
		}
	}
	bw := bufio.NewWriterSize(w, 256<<10)
	prop := func(name, otherwise string) string {
		if v, ok := schema.Props[name]; ok {
			return v
		}
		return otherwise
	}
	switch schema.Format {
	case formatTSV:
		h := newHeader()
		h.sep = prop("separator", h.sep)
		h.setSep = prop("set_separator", h.setSep)
		h.empty = prop("empty_field", h.empty)
		h.unset = prop("unset_field", h.unset)
		h.path = prop("path", "records")
		h.open = prop("open", "")
		if len(h.sep) != 1 || len(h.setSep) != 1 || h.sep == h.setSep {
			return nil, fmt.Errorf("separators %q and %q: want two different characters", h.sep, h.setSep)
		}
		t := &tsvWriter{w: bw, h: h, fields: fs, ts: ts, eol: "\n"}
		if prop("eol", "") == "crlf" {
			t.eol = "\r\n"
		}
		return t, nil
	case formatJSON:
		j := &jsonWriter{w: bw, fields: fs, path: prop("path", ""), ts: schema.Index("ts")}
		if e := prop("extra", ""); e != "" {
			j.extra = strings.Split(e, ",")
		}
		j.write = fieldOf(trace.Column{Name: "_write_ts", Type: trace.TypeTime, Format: prop("write_ts", "time")})
		for i := range fs {
			j.keys = append(j.keys, append(appendJSONString(nil, fs[i].key), ':'))
		}
		return j, nil
	}
	return nil, fmt.Errorf("format %q: a Zeek log is %s or %s", schema.Format, formatTSV, formatJSON)
}

// tsvWriter writes one TSV log.
type tsvWriter struct {
	w       *bufio.Writer
	h       header
	fields  []field
	ts      int
	eol     string
	started bool
	last    time.Time
	buf     []byte
}

const stampLayout = "2006-01-02-15-04-05"

func (t *tsvWriter) start(first time.Time) {
	t.started = true
	if t.h.open == "" {
		t.h.open = first.Format(stampLayout)
	}
	line := func(parts ...string) { fmt.Fprint(t.w, strings.Join(parts, t.h.sep), t.eol) }
	fmt.Fprintf(t.w, "#separator \\x%02x%s", t.h.sep[0], t.eol)
	line("#set_separator", t.h.setSep)
	line("#empty_field", t.h.empty)
	line("#unset_field", t.h.unset)
	line("#path", t.h.path)
	line("#open", t.h.open)
	names, types := []string{"#fields"}, []string{"#types"}
	for _, f := range t.fields {
		names, types = append(names, f.name), append(types, f.typ.declared())
	}
	line(names...)
	line(types...)
}

// declared is the type's name in a #types line.
func (t zeekType) declared() string {
	switch {
	case t.base == "any" && t.list:
		return "vector[string]"
	case t.base == "any":
		return "string"
	}
	return t.name
}

func (t *tsvWriter) Write(row trace.Row) error {
	if len(row) != len(t.fields) {
		return fmt.Errorf("record has %d values: the log has %d fields", len(row), len(t.fields))
	}
	if t.ts >= 0 {
		if ts, ok := row[t.ts].(time.Time); ok {
			t.last = ts
		}
	}
	if !t.started {
		t.start(t.last)
	}
	t.buf = t.buf[:0]
	var err error
	for i := range t.fields {
		if i > 0 {
			t.buf = append(t.buf, t.h.sep...)
		}
		if t.buf, err = t.value(t.buf, &t.fields[i], row[i]); err != nil {
			return fmt.Errorf("field %q: %w", t.fields[i].name, err)
		}
	}
	if len(t.buf) > 0 && t.buf[0] == '#' { // else the record reads as a comment
		t.buf = append([]byte(`\x23`), t.buf[1:]...)
	}
	t.buf = append(t.buf, t.eol...)
	_, err = t.w.Write(t.buf)
	return err
}

func (t *tsvWriter) value(dst []byte, f *field, v any) ([]byte, error) {
	if v == nil {
		return append(dst, t.h.unset...), nil
	}
	if !f.typ.list {
		return t.scalar(dst, f, v, "")
	}
	list, ok := v.([]any)
	switch {
	case !ok:
		return dst, fmt.Errorf("want a list, got %T", v)
	case len(list) == 0:
		return append(dst, t.h.empty...), nil
	case len(list) == 1 && list[0] == "": // "(empty)" would be no element
		return dst, nil
	}
	for i, e := range list {
		if i > 0 {
			dst = append(dst, t.h.setSep...)
		}
		if e == nil {
			dst = append(dst, t.h.unset...)
			continue
		}
		var err error
		if dst, err = t.scalar(dst, f, e, t.h.setSep); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (t *tsvWriter) scalar(dst []byte, f *field, v any, setSep string) ([]byte, error) {
	switch v := v.(type) {
	case string:
		switch v {
		case "":
			return append(dst, t.h.empty...), nil
		case t.h.empty, t.h.unset:
			return escapeFirst(dst, v), nil
		}
		return appendEscaped(dst, v, t.h.sep, setSep), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case bool:
		if v {
			return append(dst, 'T'), nil
		}
		return append(dst, 'F'), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, fmt.Errorf("%v is not a number that a log can hold", v)
		}
		if f.typ.base == "interval" {
			return strconv.AppendFloat(dst, v, 'f', 6, 64), nil
		}
		if v == math.Trunc(v) { // Zeek tells it from a whole number
			return strconv.AppendFloat(dst, v, 'f', 1, 64), nil
		}
		return strconv.AppendFloat(dst, v, 'f', -1, 64), nil
	case time.Time:
		digits := 6
		if v.Nanosecond()%1000 != 0 {
			digits = 9
		}
		return appendEpoch(dst, v, digits), nil
	}
	return dst, fmt.Errorf("want %s, got %T", f.typ.want(), v)
}

// appendEpoch writes seconds since 1970 with that many digits, or, where
// digits is negative, as few as needed but at least one.
func appendEpoch(dst []byte, v time.Time, digits int) []byte {
	sec, ns := v.Unix(), int64(v.Nanosecond())
	if sec < 0 && ns > 0 {
		sec, ns = sec+1, 1e9-ns
		if sec == 0 {
			dst = append(dst, '-')
		}
	}
	dst = append(strconv.AppendInt(dst, sec, 10), '.')
	for i, scale := 0, int64(1e8); i < digits || digits < 0 && (ns > 0 || i == 0); i++ {
		dst = append(dst, byte('0'+ns/scale))
		ns %= scale
		scale = max(scale/10, 1)
	}
	return dst
}

func (t *tsvWriter) Close() error {
	if !t.started {
		t.start(time.Unix(0, 0).UTC())
	}
	closed := t.h.open
	if !t.last.IsZero() {
		closed = t.last.UTC().Format(stampLayout)
	}
	fmt.Fprint(t.w, "#close", t.h.sep, closed, t.eol)
	return t.w.Flush()
}

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
	if !strings.ContainsAny(string(dst[start:]), ".e") {
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
