package zeekio

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"netshare/workspace/trace"
)

// header is what the lines before a log's records declare.
type header struct {
	sep, setSep, empty, unset string
	path, open                string
	names, types              []string
}

func newHeader() header {
	return header{sep: "\t", setSep: ",", empty: "(empty)", unset: "-"}
}

// add takes in one line that begins with #.
func (h *header) add(line []byte) error {
	if bytes.HasPrefix(line, []byte("#separator")) {
		v := strings.TrimLeft(string(line[len("#separator"):]), " \t")
		*h = newHeader() // a header begins anew
		if v = unescape(v); v != "" {
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
		if s := unescape(value); len(s) == 1 {
			h.setSep = s
		}
	case "#empty_field":
		h.empty, _, _ = strings.Cut(value, h.sep)
	case "#unset_field":
		h.unset, _, _ = strings.Cut(value, h.sep)
	case "#path":
		h.path = value
	case "#open":
		h.open = value
	case "#fields":
		h.names, h.types = strings.Split(canonical([]byte(value)), h.sep), nil
		for i, n := range h.names {
			h.names[i] = headerName(n, h.sep)
		}
	case "#types":
		h.types = strings.Split(value, h.sep)
	}
	return nil
}

// headerName is a field's name as a header can hold it: without controls and
// separators.
func headerName(name, sep string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || string(r) == sep {
			return '_'
		}
		return r
	}, name)
}

// labelSep separates the labels that the IoT-23 data sets append to a log's
// last field, in its header and in its records.
const labelSep = "   "

// labels takes the last field apart where labels hang on it, and returns the
// place of the first field that labelSep ends, -1 where there is none.
func (h *header) labels() int {
	last := len(h.names) - 1
	if last < 0 || !strings.Contains(h.names[last], labelSep) {
		return -1
	}
	names := strings.Split(h.names[last], labelSep)
	if h.types != nil {
		types := strings.Split(h.types[len(h.types)-1], labelSep)
		if len(h.types) != len(h.names) || len(types) != len(names) {
			return -1
		}
		h.types = append(slices.Clone(h.types[:last]), types...)
	}
	h.names = append(slices.Clone(h.names[:last]), names...)
	return last
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

// layout is how the lines after a header are read.
type layout struct {
	header
	labels int // place of the first field that labelSep ends, -1 for none
	// where has, for each field of the header, its column, or -1.
	where   []int
	partial bool   // some columns have no field
	foreign string // #path of records that belong to another log
}

// layout settles how lines are read into the columns of fields, and names the
// header's fields that have no column.
func (h header) layout(fields []field) (l *layout, lost []string) {
	l = &layout{labels: h.labels()}
	l.header = h
	l.settle()
	place := make(map[string]int, len(fields))
	for i, f := range fields {
		place[f.name] = i
	}
	l.where = make([]int, len(h.names))
	for i, n := range h.names {
		at, ok := place[n]
		if !ok {
			at, lost = -1, append(lost, n)
		}
		l.where[i] = at
	}
	l.partial = len(h.names)-len(lost) < len(fields)
	return l, lost
}

// again takes in a header line between records: logs get concatenated. It
// returns the layout of the lines after it, nil for that of those before. path
// is that of the log.
func (h *header) again(line []byte, path string, fields []field) (*layout, *trace.Reject) {
	known := func(word string) bool { return bytes.HasPrefix(line, []byte(word)) }
	if !slices.ContainsFunc([]string{"#separator", "#set_", "#empty", "#unset", "#path", "#fields"}, known) {
		return nil, nil
	}
	if err := h.add(line); err != nil {
		return nil, &trace.Reject{Reason: "bad header line", Detail: err.Error()}
	}
	l, lost := h.layout(fields)
	if path != "" && h.path != "" && h.path != path {
		l.foreign = h.path
		return l, nil
	}
	if lost != nil && known("#fields") {
		return l, &trace.Reject{
			Reason: "later header adds a field",
			Detail: "values of " + strings.Join(lost, ", ") + " are left out",
		}
	}
	return l, nil
}
