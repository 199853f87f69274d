package tableio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"netshare/workspace/trace"
)

// csvFile is one CSV file between its two readings: the first learns the
// dialect and the columns, the second hands the values on.
type csvFile struct {
	path    string
	d       dialect
	names   []string
	stats   []*stats
	plans   []plan
	rejects []trace.Reject // of the header
	longest int            // length of the longest record
	rows    int64          // records with the right number of fields
	clean   bool           // every line of the file is such a record
	odd     bool           // it has quotes that DuckDB may see otherwise
	props   map[string]string
}

// surveyCSV reads the whole file once.
func surveyCSV(path string, stop func() error) (*csvFile, error) {
	in, err := open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	head, err := in.Peek(headLen)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c := &csvFile{path: path, d: sniff(head, err == io.EOF), clean: true, props: map[string]string{}}
	var blank []int
	if c.names, blank, err = columnNames(c.d); err != nil {
		return nil, fmt.Errorf("%s:1: %w", path, err)
	}
	for _, n := range c.names {
		c.stats = append(c.stats, newStats(n))
	}
	if len(blank) > 0 {
		c.rejects = append(c.rejects, trace.Reject{
			File: path, Line: 1, Offset: 0, Reason: "column without a name",
			Detail: fmt.Sprintf("columns %v are called %q", blank, c.names[blank[0]-1]),
		})
	}
	r := newRecords(in.Reader, c.d.delim)
	err = c.each(r, stop, func() error {
		c.rows++
		c.longest = max(c.longest, len(r.raw))
		c.odd = c.odd || r.odd
		for i, v := range r.fields {
			s := c.stats[i]
			s.add(v, r.quoted[i], false)
			if !r.quoted[i] && bytes.ContainsAny(v, "\r\n\"") {
				c.odd = true
			}
		}
		return nil
	}, func(trace.Reject) { c.clean = false })
	if err != nil {
		return nil, err
	}
	if c.rows == 0 && c.clean {
		return nil, fmt.Errorf("%s: no rows: the file has only a header line", path)
	}
	c.clean = c.clean && !in.compressed && !in.bom && in.encoding == utf8Text && (r.crlf == 0 || r.lf == 0)
	c.describe(in, r)
	comma := false
	for _, s := range c.stats {
		comma = comma || s.decimalComma > 0 && s.decimalComma == s.n-s.empty
	}
	for i, s := range c.stats {
		c.plans = append(c.plans, s.resolve(c.names[i], comma))
	}
	return c, nil
}

// describe notes what a writer needs to write the file's like.
func (c *csvFile) describe(in *input, r *records) {
	c.props["delimiter"] = string(c.d.delim)
	if in.encoding != utf8Text {
		c.props["encoding"] = in.encoding
	}
	if in.bom {
		c.props["bom"] = "true"
	}
	if r.crlf > r.lf {
		c.props["eol"] = "crlf"
	}
	if r.bare > 0 {
		c.props["final_newline"] = "false"
	}
	switch {
	case !c.d.header:
		c.props["header"] = "false"
	case c.d.headerQuoted:
		c.props["header"] = "quoted"
	}
	if c.d.header && !equal(c.d.names, c.names) {
		names, _ := json.Marshal(c.d.names)
		c.props["names"] = string(names)
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// each calls use for each record that has as many fields as the table, whose
// text is sound, and reject for the others.
func (c *csvFile) each(r *records, stop func() error, use func() error, reject func(trace.Reject)) error {
	header := c.d.header
	for n := 0; ; n++ {
		if n&4095 == 0 {
			if err := stop(); err != nil {
				return err
			}
		}
		err := r.next()
		if err == io.EOF {
			return nil
		}
		if errors.Is(err, errQuote) {
			return fmt.Errorf("%s:%d: %w", c.path, r.line, errQuote)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.path, err)
		}
		if len(r.fields) != c.d.width {
			if isBlank(r.raw) || n < 10 && isComment(string(r.fields[0])) && header {
				c.clean = false
				continue
			}
		}
		if header {
			header = false
			continue
		}
		reason, detail := "", ""
		switch {
		case len(r.fields) != c.d.width:
			reason, detail = "wrong number of fields", fmt.Sprintf("want %d, got %d", c.d.width, len(r.fields))
		case bytes.IndexByte(r.raw, 0) >= 0:
			reason, detail = "NUL byte", "at byte "+strconv.Itoa(bytes.IndexByte(r.raw, 0))+" of the line"
		case !utf8.Valid(r.raw):
			reason, detail = "invalid UTF-8", show(r.raw)
		}
		if reason != "" {
			reject(trace.Reject{File: c.path, Line: r.line, Offset: r.off, Reason: reason, Detail: detail})
			continue
		}
		if err := use(); err != nil {
			return err
		}
	}
}

// schema is what the table looks like.
func (c *csvFile) schema() trace.Schema {
	s := trace.Schema{Format: formatCSV, Props: c.props}
	for _, p := range c.plans {
		p.col.Format = p.form.String()
		s.Columns = append(s.Columns, p.col)
	}
	return s
}

// hand writes the records as plain CSV that the database reads without a
// doubt: no header, commas, missing values as nothing.
func (c *csvFile) hand(w io.Writer, stop func() error, reject func(trace.Reject)) error {
	in, err := open(c.path)
	if err != nil {
		return err
	}
	defer in.Close()
	r := newRecords(in.Reader, c.d.delim)
	var buf []byte
	return c.each(r, stop, func() error {
		var j *trace.Reject
		if buf, j = c.row(buf[:0], r); j != nil {
			reject(*j)
			return nil
		}
		_, err := w.Write(buf)
		return err
	}, reject)
}

func (c *csvFile) row(buf []byte, r *records) ([]byte, *trace.Reject) {
	for i, v := range r.fields {
		if i > 0 {
			buf = append(buf, ',')
		}
		p := &c.plans[i]
		if p.missing(v) {
			continue
		}
		var reason, want string
		if buf, reason, want = p.value(buf, v); reason != "" {
			return buf, &trace.Reject{
				File: c.path, Line: r.line, Offset: r.off, Reason: reason,
				Detail: fmt.Sprintf("field %q: want %s, got %s", p.col.Name, want, show(v)),
			}
		}
	}
	if len(r.fields) == 1 {
		buf = append(buf, padding...)
	}
	return append(buf, '\n'), nil
}
