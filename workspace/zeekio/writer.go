package zeekio

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

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
		if strings.HasPrefix(h.unset, "#") { // a record that begins with it would be taken for a header
			h.unset = newHeader().unset
		}
		if h.empty == h.unset || strings.HasPrefix(h.empty, "#") { // the first would be taken for unset
			h.empty = emptyOtherThan(h.unset)
		}
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
		types = append(types, f.typ.declared())
	}
	names = append(names, t.headerNames()...)
	line(names...)
	line(types...)
}

// headerNames are the fields' names as a header can hold them: without controls
// and separators, each once.
func (t *tsvWriter) headerNames() []string {
	names := make([]string, len(t.fields))
	seen := map[string]bool{}
	for i, f := range t.fields {
		name := headerName(f.name, t.h.sep)
		for base, n := name, 2; name == "" || seen[name]; n++ {
			name = base + "_" + strconv.Itoa(n)
		}
		seen[name] = true
		names[i] = name
	}
	return names
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
		if ts, ok := pointIn(t.fields[t.ts].unit, row[t.ts]).(time.Time); ok {
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
	v = pointIn(f.unit, v)
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

// pointIn is the time that a number of units is, to the microsecond where the
// number is no whole one; without a unit it is the value as it is.
func pointIn(u trace.Unit, v any) any {
	if u == "" {
		return v
	}
	switch v := v.(type) {
	case int64:
		switch u {
		case trace.Millisecond:
			return time.UnixMilli(v).UTC()
		case trace.Microsecond:
			return time.UnixMicro(v).UTC()
		case trace.Nanosecond:
			return time.Unix(0, v).UTC()
		}
		return time.Unix(v, 0).UTC()
	case float64:
		if sec, frac := math.Modf(v * u.Seconds()); math.Abs(sec) < 1<<53 {
			return time.Unix(int64(sec), int64(math.Round(frac*1e6))*1000).UTC()
		}
	}
	return v
}

// emptyOtherThan returns what stands for an empty value in a log where unset
// stands for a missing one: what Zeek writes, or where that is taken, itself
// in brackets.
func emptyOtherThan(unset string) string {
	if empty := newHeader().empty; empty != unset {
		return empty
	}
	return "(" + unset + ")"
}
