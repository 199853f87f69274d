package tableio

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"netshare/workspace/trace"
)

// NewWriter writes records as the CSV or JSON lines that schema.Format names,
// in the dialect of its properties and with each column's values as its Format
// says; see the package comment. Columns and properties of other packages are
// written in the plain form: comma, header, shortest numbers, ISO 8601 times.
func NewWriter(w io.Writer, schema trace.Schema) (trace.Writer, error) {
	bw := bufio.NewWriterSize(w, bufferLen)
	forms := make([]form, len(schema.Columns))
	for i, c := range schema.Columns {
		forms[i] = formOf(c.Format)
	}
	switch schema.Format {
	case formatCSV:
		c := &csvWriter{w: bw, forms: forms, names: schema.Names(), delim: ',', eol: "\n", props: schema.Props}
		c.guard = schema.Props["guard"] == "true"
		if d := schema.Props["delimiter"]; len(d) == 1 && d != "\n" && d != "\"" {
			c.delim = d[0]
		}
		if schema.Props["eol"] == "crlf" {
			c.eol = "\r\n"
		}
		if n := schema.Props["names"]; n != "" {
			var names []string
			if json.Unmarshal([]byte(n), &names) == nil && len(names) == len(c.names) {
				c.names = names
			}
		}
		return c, nil
	case formatJSONL:
		return newJSONWriter(bw, schema, forms), nil
	}
	return nil, fmt.Errorf("format %q: a table is written as %s or %s", schema.Format, formatCSV, formatJSONL)
}

// csvWriter writes one CSV file.
type csvWriter struct {
	w       *bufio.Writer
	forms   []form
	names   []string
	delim   byte
	eol     string
	props   map[string]string
	started bool
	guard   bool
	held    bool // the last line's end is not written yet
	buf     []byte
	cell    []byte
}

func (c *csvWriter) start() error {
	c.started = true
	if c.props["bom"] == "true" {
		if err := c.put([]byte("\ufeff")); err != nil {
			return err
		}
	}
	if c.props["header"] == "false" {
		return nil
	}
	if top := c.props["top"]; top != "" { // filled up with blanks
		return c.line([]byte(top))
	}
	line := c.buf[:0]
	for i, n := range c.names {
		if i > 0 {
			line = append(line, c.delim)
		}
		line = appendCSV(line, []byte(n), c.delim, c.props["header"] == "quoted")
	}
	return c.line(line)
}

// line writes a line and holds back its end, which the last one may lack.
func (c *csvWriter) line(line []byte) error {
	if c.held {
		if err := c.put([]byte(c.eol)); err != nil {
			return err
		}
	}
	c.held = true
	return c.put(line)
}

// put writes text in the file's encoding.
func (c *csvWriter) put(text []byte) error {
	encoding := c.props["encoding"]
	switch encoding {
	case utf16LE, utf16BE:
		for len(text) > 0 {
			r, n := utf8.DecodeRune(text)
			text = text[n:]
			for _, u := range utf16.AppendRune(nil, r) {
				lo, hi := byte(u), byte(u>>8)
				if encoding == utf16BE {
					lo, hi = hi, lo
				}
				if _, err := c.w.Write([]byte{lo, hi}); err != nil {
					return err
				}
			}
		}
		return nil
	case latin1, win1252:
		for len(text) > 0 {
			r, n := utf8.DecodeRune(text)
			text = text[n:]
			b := byte('?')
			if encoding == win1252 {
				b = byte1252(r)
			} else if r <= 0xff {
				b = byte(r)
			}
			if err := c.w.WriteByte(b); err != nil {
				return err
			}
		}
		return nil
	}
	_, err := c.w.Write(text)
	return err
}

func (c *csvWriter) Write(row trace.Row) error {
	if len(row) != len(c.forms) {
		return fmt.Errorf("record has %d values: the table has %d columns", len(row), len(c.forms))
	}
	if !c.started {
		if err := c.start(); err != nil {
			return err
		}
	}
	line := c.buf[:0]
	for i := range c.forms {
		if i > 0 {
			line = append(line, c.delim)
		}
		f := &c.forms[i]
		if row[i] == nil {
			line = appendCSV(line, f.fill(c.cell[:0], []byte(f.null)), c.delim, f.quoted && !f.emptyBare)
			continue
		}
		var err error
		if c.cell, err = f.text(c.cell[:0], row[i]); err != nil {
			return fmt.Errorf("column %q: %w", c.names[i], err)
		}
		if text, ok := row[i].(string); c.guard && ok && !f.formulas && formulaLike(c.cell) {
			c.cell = append(append(c.cell[:0], '\''), text...)
		}
		if f.width != 0 || f.lead != 0 {
			c.cell = f.fill(nil, c.cell)
		}
		line = appendCSV(line, c.cell, c.delim, f.quoted)
	}
	if c.props["trailing"] == "true" {
		line = append(line, c.delim)
	}
	c.buf = line
	return c.line(line)
}

func (c *csvWriter) Close() error {
	if !c.started {
		if err := c.start(); err != nil {
			return err
		}
	}
	if c.held && c.props["final_newline"] != "false" {
		if err := c.put([]byte(c.eol)); err != nil {
			return err
		}
	}
	return c.w.Flush()
}

// formulaLike reports whether a spreadsheet takes text for a formula: =, +, -
// or @ at its beginning (or a control character that some skip), unless it is a
// number, a lone sign or dashes only.
func formulaLike(v []byte) bool {
	if len(v) < 2 {
		return false
	}
	switch v[0] {
	case '=', '@', '\t', '\r':
		return true
	case '+', '-':
		c := numberClass(v)
		return c == isText && len(bytes.Trim(v, "-")) > 0
	}
	return false
}

// text appends a value as the form writes it.
func (f *form) text(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		if f.integer {
			if n, ok := number(v); ok {
				return strconv.AppendUint(dst, uint64(n), 10), nil
			}
		}
		return append(dst, v...), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, fmt.Errorf("%v is not a number that a file can hold", v)
		}
		return f.real(dst, v), nil
	case bool:
		words := "true/false"
		if f.words != "" {
			words = f.words
		}
		yes, no, _ := strings.Cut(words, "/")
		if v {
			return append(dst, yes...), nil
		}
		return append(dst, no...), nil
	case time.Time:
		return f.time(dst, v), nil
	case []any:
		return appendValue(dst, v, f)
	}
	return dst, fmt.Errorf("a value of type %T has no text", v)
}

func (f *form) real(dst []byte, v float64) []byte {
	if n, ok := strings.CutPrefix(f.style, "fixed:"); ok {
		if d, err := strconv.Atoi(n); err == nil && d >= 0 && d <= 30 {
			return strconv.AppendFloat(dst, v, 'f', d, 64)
		}
	}
	if f.style == "repr" {
		return appendPython(dst, v)
	}
	return appendShortest(dst, v)
}

func (f *form) time(dst []byte, v time.Time) []byte {
	if f.units {
		unit := int64(math.Pow10(9 - f.digits)) // in ns
		return strconv.AppendInt(dst, v.UnixNano()/unit, 10)
	}
	if f.epoch {
		sec, ns := v.Unix(), int64(v.Nanosecond())
		if sec < 0 && ns > 0 {
			sec, ns = sec+1, 1e9-ns
			if sec == 0 {
				dst = append(dst, '-')
			}
		}
		dst = strconv.AppendInt(dst, sec, 10)
		if f.digits > 0 {
			dst = append(dst, '.')
			dst = append(dst, fmt.Sprintf("%09d", ns)[:f.digits]...)
		}
		return dst
	}
	if f.layout == "" {
		return v.UTC().AppendFormat(dst, "2006-01-02T15:04:05.999999999Z07:00")
	}
	layout := withFraction(f.layout, f.digits)
	switch {
	case f.fraction == "none0" && v.Nanosecond() == 0:
		layout = f.layout
	case f.fraction == "trim":
		layout = strings.Replace(f.layout, "05", "05.999999999", 1)
	}
	loc := f.loc
	if loc == nil {
		loc = time.UTC
	}
	return appendTime(dst, v.In(loc), layout)
}
