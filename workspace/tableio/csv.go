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
	path      string
	d         dialect
	names     []string
	stats     []*stats
	plans     []plan
	notes     []string // what is odd though nothing is lost by it
	irregular bool     // it can't be cut into blocks
	encoding  string
	props     map[string]string
	tally
}

// tally is what the first reading counts beside the columns' values.
type tally struct {
	longest        int   // length of the longest record
	rows           int64 // records with the right number of fields
	unclean        bool  // some lines of the file are no such records
	odd            bool  // it has quotes that DuckDB may see otherwise
	stray          bool  // it has carriage returns that end no line
	crlf, lf, bare int64 // records by how they end
	blank          int64 // lines without anything, or comments before the header
	again          int64 // repetitions of the header
	summary        int64 // lines of a summary at the end
	invalid, wide  int64 // records that are no UTF-8, and that have more than ASCII
}

func (t *tally) merge(o tally) {
	t.longest, t.rows = max(t.longest, o.longest), t.rows+o.rows
	t.unclean, t.odd, t.stray = t.unclean || o.unclean, t.odd || o.odd, t.stray || o.stray
	t.crlf, t.lf, t.bare = t.crlf+o.crlf, t.lf+o.lf, t.bare+o.bare
	t.blank, t.again, t.summary = t.blank+o.blank, t.again+o.again, t.summary+o.summary
	t.invalid, t.wide = t.invalid+o.invalid, t.wide+o.wide
}

// surveyCSV reads the whole file once. A file that is no UTF-8 after all,
// though it began so, is read again as Windows-1252.
func surveyCSV(path string, stop func() error) (*csvFile, error) {
	c, err := surveyAs(path, "", stop)
	if err == nil && c.encoding == utf8Text && c.invalid > 0 && c.wide == 0 {
		return surveyAs(path, win1252, stop)
	}
	return c, err
}

func surveyAs(path, encoding string, stop func() error) (*csvFile, error) {
	in, err := openAs(path, encoding)
	if err != nil {
		return nil, err
	}
	defer func() { in.Close() }()
	head, err := in.Peek(headLen)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c := &csvFile{path: path, d: sniff(head, err == io.EOF), props: map[string]string{}, encoding: in.encoding}
	var blank []int
	if c.names, blank, err = columnNames(c.d); err != nil {
		return nil, fmt.Errorf("%s:1: %w", path, err)
	}
	for _, at := range blank {
		c.notes = append(c.notes, fmt.Sprintf("the header has no name for column %d: it is called %q", at, c.names[at-1]))
	}
	if err = c.surveyBlocks(in, head, stop); errors.Is(err, errIrregular) {
		in.Close()
		if in, err = openAs(path, c.encoding); err != nil {
			return nil, err
		}
		c.irregular, c.tally = true, tally{}
		c.stats = c.newStats()
		header := c.d.header
		err = c.survey(newRecords(in.Reader, c.d), &header, stop, c.stats, &c.tally)
	}
	if err != nil {
		return nil, err
	}
	if c.rows == 0 && !c.unclean {
		return nil, fmt.Errorf("%s: %w: the file has only a header line", path, ErrNoRows)
	}
	c.unclean = c.unclean || in.compressed || in.bom || in.encoding != utf8Text || c.crlf > 0 && c.lf > 0
	c.unclean = c.unclean || c.d.runs || c.d.trailing || c.d.padded
	c.describe(in)
	for _, n := range []struct {
		count      int64
		one, other string
	}{
		{c.blank, "1 blank or comment line is left out", "%d blank and comment lines are left out"},
		{c.again, "1 repetition of the header is left out", "%d repetitions of the header are left out"},
		{c.summary, "1 line of the summary at the end is left out", "%d lines of the summary at the end are left out"},
	} {
		switch {
		case n.count == 1:
			c.notes = append(c.notes, n.one)
		case n.count > 1:
			c.notes = append(c.notes, fmt.Sprintf(n.other, n.count))
		}
	}
	comma := false
	for _, s := range c.stats {
		s.settle()
		comma = comma || s.decimalComma > 0 && s.decimalComma == s.n-s.empty
	}
	for i, s := range c.stats {
		p := s.resolve(c.names[i], comma)
		if comma && p.col.Type == trace.TypeText && s.decimalComma+s.class[isReal] > 0 {
			c.notes = append(c.notes, fmt.Sprintf("column %q: numbers with a decimal comma stay text", c.names[i]))
		}
		c.plans = append(c.plans, p)
	}
	c.namelessPorts()
	return c, nil
}

// namelessPorts takes whole numbers beside addresses for ports in a table
// without header, where they can be: each after its address, or both after
// both.
func (c *csvFile) namelessPorts() {
	if c.d.header || c.d.known != nil {
		return
	}
	address := func(i int) bool { return i >= 0 && i < len(c.plans) && c.plans[i].col.Kind == trace.KindAddress }
	port := func(i int) bool {
		if i >= len(c.plans) {
			return false
		}
		s, p := c.stats[i], c.plans[i]
		return p.col.Kind == trace.KindInteger && p.col.Type == trace.TypeInt && s.lowest >= 0 && s.highest > 1023 && s.highest <= 65535
	}
	for i := range c.plans {
		switch {
		case address(i) && port(i+1) && address(i+2) && port(i+3):
			c.plans[i+1].col.Kind, c.plans[i+3].col.Kind = trace.KindPort, trace.KindPort
		case address(i) && address(i+1) && port(i+2) && port(i+3):
			c.plans[i+2].col.Kind, c.plans[i+3].col.Kind = trace.KindPort, trace.KindPort
		}
	}
}

func (c *csvFile) newStats() []*stats {
	out := make([]*stats, len(c.names))
	for i, n := range c.names {
		out[i] = newStats(n)
		if !c.d.header && c.d.known == nil {
			out[i].nameless, out[i].watched = true, true
		}
	}
	return out
}

// surveyBlocks surveys several blocks at once. What the head shows of times is
// known to all of them.
func (c *csvFile) surveyBlocks(in *input, head []byte, stop func() error) error {
	scouts := c.newStats()
	if end := bytes.LastIndexByte(head, '\n') + 1; end > 0 {
		header := c.d.header
		err := c.survey(recordsIn(&block{data: head[:end]}, c.d), &header, stop, scouts, &tally{})
		if err != nil {
			return errIrregular
		}
	}
	parts, tallies := make([][]*stats, workers()), make([]tally, workers())
	err := inBlocks(in.Reader, true, stop, func(worker int, b *block) error {
		if parts[worker] == nil {
			parts[worker] = make([]*stats, len(c.names))
			for i, n := range c.names {
				parts[worker][i] = scouts[i].fork(n)
			}
		}
		header := c.d.header && b.index == 0
		var t tally
		r := recordsIn(b, c.d)
		if err := c.survey(r, &header, stop, parts[worker], &t); err != nil {
			return err
		}
		t.stray = int64(bytes.Count(b.data, []byte{'\r'})) != r.crlf
		tallies[worker].merge(t)
		if t.odd || header {
			return errIrregular
		}
		return nil
	}, func(*block) error { return nil })
	if err != nil {
		return err
	}
	for i, p := range parts {
		c.tally.merge(tallies[i])
		switch {
		case p == nil:
		case c.stats == nil:
			c.stats = p
		default:
			for k := range p {
				c.stats[k].merge(p[k])
			}
		}
	}
	if c.stats == nil {
		c.stats = c.newStats()
	}
	return nil
}

// survey takes in the records of a text; header says that the header is still
// to come.
func (c *csvFile) survey(r *records, header *bool, stop func() error, columns []*stats, t *tally) error {
	err := c.each(r, header, stop, func() error {
		t.rows++
		t.longest = max(t.longest, len(r.raw))
		t.odd = t.odd || r.odd
		for i, v := range r.fields {
			if c.d.padded {
				columns[i].filling.add(v)
				v = trimmed(v)
			}
			columns[i].cell(v, r.quoted[i])
		}
		if !r.sound && !isASCII(r.raw) {
			t.wide++
		}
		return nil
	}, func(j *trace.Reject) {
		t.unclean = true
		if j != nil && j.Reason == notUTF8 {
			t.invalid++
		}
	})
	t.blank, t.again, t.summary = t.blank+r.blank, t.again+r.again, t.summary+r.summary
	for _, s := range columns {
		s.flush()
	}
	t.crlf, t.lf, t.bare = t.crlf+r.crlf, t.lf+r.lf, t.bare+r.bare
	return err
}

// describe notes what a writer needs to write the file's like.
func (c *csvFile) describe(in *input) {
	c.props["delimiter"] = string(c.d.delim)
	if in.encoding != utf8Text {
		c.props["encoding"] = in.encoding
	}
	if in.bom {
		c.props["bom"] = "true"
	}
	if c.crlf > c.lf {
		c.props["eol"] = "crlf"
	}
	if c.bare > 0 {
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
	if c.d.padded && c.d.top != "" {
		c.props["top"] = c.d.top
	}
	if c.d.trailing {
		c.props["trailing"] = "true"
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
// text is sound, and reject for the others: with nil for lines that are passed
// over.
func (c *csvFile) each(r *records, header *bool, stop func() error, use func() error, reject func(*trace.Reject)) error {
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
			if r.r == nil {
				return errIrregular
			}
			return fmt.Errorf("%s:%d: %w", c.path, r.line, errQuote)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.path, err)
		}
		if c.d.trailing && len(r.fields) == c.d.width+1 && len(r.fields[c.d.width]) == 0 {
			r.fields = r.fields[:c.d.width]
		}
		if len(r.fields) != c.d.width && c.passed(r, n, *header) {
			reject(nil)
			continue
		}
		if *header {
			*header = false
			continue
		}
		if len(r.raw) == len(c.d.top) && c.d.top != "" && string(r.raw) == c.d.top {
			r.again++
			reject(nil)
			continue
		}
		reason, detail := "", ""
		switch {
		case len(r.fields) != c.d.width:
			reason, detail = "wrong number of fields", fmt.Sprintf("want %d, got %d", c.d.width, len(r.fields))
		case r.sound:
		case bytes.IndexByte(r.raw, 0) >= 0:
			reason, detail = "NUL byte", "at byte "+strconv.Itoa(bytes.IndexByte(r.raw, 0))+" of the line"
		case !utf8.Valid(r.raw):
			reason, detail = notUTF8, show(r.raw)
		}
		if reason != "" {
			reject(&trace.Reject{File: c.path, Line: r.line, Offset: r.off, Reason: reason, Detail: detail})
			continue
		}
		if err := use(); err != nil {
			return err
		}
	}
}

// notUTF8 is the reason to reject text in no encoding.
const notUTF8 = "invalid UTF-8"

// passed reports whether the n-th record, which has too many or too few fields,
// is none at all: a blank line, a comment before the header, or part of the
// summary that nfdump ends with.
func (c *csvFile) passed(r *records, n int, header bool) bool {
	switch {
	case len(r.fields) == 0 || isBlank(r.raw) || n < 10 && header && isComment(string(r.fields[0])):
		r.blank++
	case string(r.raw) == "Summary" || r.summary > 0 && r.summary < 3:
		r.summary++
	default:
		return false
	}
	return true
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
	in, err := openAs(c.path, c.encoding)
	if err != nil {
		return err
	}
	defer in.Close()
	if c.irregular {
		header := c.d.header
		var buf []byte
		r := newRecords(in.Reader, c.d)
		pass := func(j *trace.Reject) {
			if j != nil {
				reject(*j)
			}
		}
		return c.each(r, &header, stop, func() error {
			var j *trace.Reject
			if buf, j = c.row(buf[:0], r); j != nil {
				reject(*j)
				return nil
			}
			_, err := w.Write(buf)
			return err
		}, pass)
	}
	lines := int64(0)
	return inBlocks(in.Reader, true, stop, func(_ int, b *block) error {
		r := recordsIn(b, c.d)
		header := c.d.header && b.index == 0
		pass := func(j *trace.Reject) {
			if j != nil {
				b.rejects = append(b.rejects, *j)
			}
		}
		b.out = make([]byte, 0, len(b.data)+len(b.data)/4)
		err := c.each(r, &header, stop, func() error {
			start := len(b.out)
			var j *trace.Reject
			if b.out, j = c.row(b.out, r); j != nil {
				b.out = b.out[:start]
				pass(j)
			}
			return nil
		}, pass)
		b.lines = r.nextLine - 1
		return err
	}, func(b *block) error {
		for _, j := range b.rejects {
			j.Line += lines
			reject(j)
		}
		lines += b.lines
		_, err := w.Write(b.out)
		return err
	})
}

func (c *csvFile) row(buf []byte, r *records) ([]byte, *trace.Reject) {
	for i, v := range r.fields {
		if i > 0 {
			buf = append(buf, ',')
		}
		if c.d.padded {
			v = trimmed(v)
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
