package zeekio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"netshare/workspace/trace"
)

// header is what the lines before a log's records declare.
type header struct {
	sep, setSep, empty, unset string
	path, open                string
	names, types              []string
	crlf                      bool
}

func newHeader() header {
	return header{sep: "\t", setSep: ",", empty: "(empty)", unset: "-"}
}

// add takes in one line that begins with #.
func (h *header) add(line []byte) error {
	if bytes.HasPrefix(line, []byte("#separator")) {
		v := strings.TrimLeft(string(line[len("#separator"):]), " \t")
		*h = newHeader() // a header begins anew
		if v = unescape([]byte(v)); v != "" {
			h.sep = v
		} else if bytes.HasSuffix(line, []byte{'\t'}) || len(line) == len("#separator") {
			h.sep = "\t"
		}
		if len(h.sep) != 1 || h.sep == "\n" || h.sep == "#" || h.sep == "\\" {
			return fmt.Errorf("#separator is %s: want one character", quote(h.sep))
		}
		return nil
	}
	key, value := string(line), ""
	if i := strings.IndexAny(key, h.sep+" \t"); i >= 0 {
		key, value = key[:i], key[i+1:]
	}
	switch key {
	case "#set_separator":
		if s := unescape([]byte(value)); len(s) == 1 {
			h.setSep = s
		}
	case "#empty_field":
		h.empty = value
	case "#unset_field":
		h.unset = value
	case "#path":
		h.path = value
	case "#open":
		h.open = value
	case "#fields":
		h.names, h.types = strings.Split(value, h.sep), nil
	case "#types":
		h.types = strings.Split(value, h.sep)
	}
	return nil
}

// settle keeps the separators apart: the one of fields wins.
func (h *header) settle() {
	if h.setSep == h.sep {
		h.setSep = ","
		if h.sep == "," {
			h.setSep = ";"
		}
	}
}

// fields gives each named field its type, from the known logs where there is
// no #types line.
func (h *header) fields() ([]field, error) {
	h.settle()
	if len(h.names) == 0 {
		return nil, ErrNotZeek
	}
	if h.types != nil && len(h.types) != len(h.names) {
		return nil, fmt.Errorf("#fields names %d fields, #types %d types", len(h.names), len(h.types))
	}
	fs := make([]field, len(h.names))
	seen := map[string]bool{}
	var known knownTable
	if h.types == nil {
		known = newKnownTable()
	}
	for i, n := range h.names {
		if n == "" || seen[n] {
			return nil, fmt.Errorf("#fields names %s twice or not at all", quote(n))
		}
		seen[n] = true
		typ := "string"
		if h.types != nil {
			typ = h.types[i]
		} else if k := known.typeOf(h.path, n); k != "" {
			typ = k
		}
		fs[i] = newField(n, typ)
	}
	return fs, nil
}

// tsvReader is the state of reading one TSV log.
type tsvReader struct {
	l      *lines
	h      header
	fields []field
	need   required
	memo   []memo
	row    trace.Row
	// where has, for each field of the header last read, its place in row, or
	// -1; nil where they are the same.
	where []int
	width int
}

// memo remembers a column's last value: neighbours are often the same.
type memo struct {
	kind byte // of a JSON value
	text []byte
	val  any
}

func newTSV(name string, l *lines) (*Reader, error) {
	t := &tsvReader{l: l, h: newHeader()}
	for first := true; ; {
		next, _ := l.r.Peek(1)
		if len(next) == 0 || next[0] != '#' && (!first || !bytes.ContainsAny(next, " \t\r\n")) {
			break
		}
		line, _, err := l.line()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if first { // a stray tab or blank before the header is seen in public files
			line = bytes.TrimLeft(line, " \t")
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if bytes.HasSuffix(line, []byte{'\r'}) {
			t.h.crlf = true
			line = line[:len(line)-1]
		}
		crlf := t.h.crlf
		if err := t.h.add(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, l.n, err)
		}
		t.h.crlf, first = crlf, false
	}
	var err error
	if t.fields, err = t.h.fields(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t.need = newRequired(t.fields)
	t.width = len(t.fields)
	t.memo = make([]memo, len(t.fields))
	t.row = make(trace.Row, len(t.fields))
	r := &Reader{name: name, fields: t.fields, read: t.read}
	r.schema = trace.Schema{Format: formatTSV, Props: map[string]string{
		"separator": t.h.sep, "set_separator": t.h.setSep, "empty_field": t.h.empty, "unset_field": t.h.unset,
	}}
	if t.h.path != "" {
		r.schema.Props["path"] = t.h.path
	}
	if t.h.open != "" {
		r.schema.Props["open"] = t.h.open
	}
	if t.h.crlf {
		r.schema.Props["eol"] = "crlf"
	}
	for _, f := range t.fields {
		r.schema.Columns = append(r.schema.Columns, f.column())
	}
	return r, nil
}

func (t *tsvReader) read(ctx context.Context, emit func(trace.Row) error, reject func(trace.Reject)) error {
	for n := 0; ; n++ {
		if n&1023 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line, ended, err := t.l.line()
		if err == io.EOF {
			return nil
		}
		var j *trace.Reject
		switch {
		case errors.Is(err, errLong):
			j = &trace.Reject{Reason: "line too long", Detail: fmt.Sprintf("more than %d bytes", maxLine)}
		case err != nil:
			return err
		case len(line) > 0 && line[0] == '#':
			j = t.again(trimCR(line, t.h.crlf))
		default:
			if line = trimCR(line, t.h.crlf); len(line) == 0 {
				continue
			}
			if j = t.record(line); j == nil {
				if err := emit(t.row); err != nil {
					return err
				}
				continue
			}
			if !ended && j.Reason == reasonFields {
				j.Reason = "line is cut short"
			}
		}
		if j != nil {
			j.Line, j.Offset = t.l.n, t.l.off
			reject(*j)
		}
	}
}

const reasonFields = "wrong number of fields"

// again reads a header line inside the file: logs get concatenated.
func (t *tsvReader) again(line []byte) *trace.Reject {
	if !bytes.HasPrefix(line, []byte("#separator")) && !bytes.HasPrefix(line, []byte("#fields")) &&
		!bytes.HasPrefix(line, []byte("#set_")) && !bytes.HasPrefix(line, []byte("#empty")) && !bytes.HasPrefix(line, []byte("#unset")) {
		return nil
	}
	crlf := t.h.crlf
	err := t.h.add(line)
	t.h.crlf = crlf
	for i := range t.memo {
		t.memo[i] = memo{}
	}
	if err != nil {
		return &trace.Reject{Reason: "bad header line", Detail: err.Error()}
	}
	t.h.settle()
	if !bytes.HasPrefix(line, []byte("#fields")) {
		return nil
	}
	place := map[string]int{}
	for i, f := range t.fields {
		place[f.name] = i
	}
	t.where, t.width = make([]int, len(t.h.names)), len(t.h.names)
	var lost []string
	for i, n := range t.h.names {
		p, ok := place[n]
		if !ok {
			p, lost = -1, append(lost, n)
		}
		t.where[i] = p
	}
	clear(t.row)
	if lost != nil {
		return &trace.Reject{
			Reason: "later header adds a field",
			Detail: "values of " + strings.Join(lost, ", ") + " are left out",
		}
	}
	return nil
}

// record fills the row from one line.
func (t *tsvReader) record(line []byte) *trace.Reject {
	sep := t.h.sep[0]
	rest, i := line, 0
	for more := true; more; i++ {
		var cell []byte
		if p := bytes.IndexByte(rest, sep); p >= 0 {
			cell, rest = rest[:p], rest[p+1:]
		} else {
			cell, more = rest, false
		}
		if i >= t.width {
			got := i + 1
			if more {
				got += 1 + bytes.Count(rest, []byte{sep})
			}
			return wrongCount(t.width, got)
		}
		at := i
		if t.where != nil {
			if at = t.where[i]; at < 0 {
				continue
			}
		}
		m := &t.memo[at]
		if m.text == nil || !bytes.Equal(m.text, cell) {
			v, ok := t.value(&t.fields[at], cell)
			if !ok {
				return t.fields[at].fault(string(cell))
			}
			m.text, m.val = append(m.text[:0], cell...), v
			if m.text == nil {
				m.text = []byte{}
			}
		}
		t.row[at] = m.val
	}
	if i < t.width {
		return wrongCount(t.width, i)
	}
	return t.need.check(t.row, t.fields)
}

func wrongCount(want, got int) *trace.Reject {
	return &trace.Reject{Reason: reasonFields, Detail: fmt.Sprintf("want %d, got %d", want, got)}
}

// value reads one cell.
func (t *tsvReader) value(f *field, cell []byte) (any, bool) {
	if string(cell) == t.h.unset {
		return nil, true
	}
	if !f.typ.list {
		return t.scalar(f.typ.base, cell)
	}
	list := []any{}
	if string(cell) == t.h.empty {
		return list, true
	}
	for rest, more := cell, true; more; {
		var e []byte
		if e, rest, more = bytes.Cut(rest, []byte(t.h.setSep)); string(e) == t.h.unset {
			list = append(list, nil)
			continue
		}
		v, ok := t.scalar(f.typ.base, e)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

func (t *tsvReader) scalar(base string, cell []byte) (any, bool) {
	switch base {
	case "string", "enum", "any":
		if string(cell) == t.h.empty {
			return "", true
		}
		return unescape(cell), true
	}
	return parseScalar(base, string(cell))
}
