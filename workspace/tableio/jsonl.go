package tableio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"netshare/workspace/trace"
)

// jsonlFile is a file of JSON objects between its two readings.
type jsonlFile struct {
	path    string
	layout  jsonLayout
	names   []string
	index   map[string]int // of the columns
	plans   []plan
	rows    int64
	longest int // length of the longest record
}

// jsonPart is what one of the workers that survey a file knows.
type jsonPart struct {
	index   map[string]int
	names   []string
	stats   []*stats
	rows    int64
	longest int
	line    jsonLine
}

// column returns the place of a key that was met at place i of its record.
func (p *jsonPart) column(key []byte, i int) (at int, known bool) {
	if i < len(p.names) && p.names[i] == string(key) {
		return i, true
	}
	at, known = p.index[string(key)]
	return at, known
}

// surveyJSONL reads the whole file once.
func surveyJSONL(path string, stop func() error) (*jsonlFile, error) {
	in, layout, err := openJSON(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	j := &jsonlFile{path: path, layout: layout, index: map[string]int{}}
	parts := make([]*jsonPart, workers())
	err = inBlocks(in.Reader, false, stop, func(worker int, b *block) error {
		if parts[worker] == nil {
			parts[worker] = &jsonPart{index: map[string]int{}}
		}
		return j.survey(b, parts[worker])
	}, func(b *block) error { // a new key comes after the one that it follows
		for _, k := range b.keys {
			if slices.Index(j.names, k[0]) < 0 {
				j.names = slices.Insert(j.names, slices.Index(j.names, k[1])+1, k[0])
			}
		}
		return nil
	})
	if err != nil {
		return nil, j.tooLong(err)
	}
	columns := make([]*stats, len(j.names))
	for _, p := range parts {
		if p == nil {
			continue
		}
		j.rows, j.longest = j.rows+p.rows, max(j.longest, p.longest)
		for i, name := range j.names {
			switch at, ok := p.index[name]; {
			case !ok:
			case columns[i] == nil:
				columns[i] = p.stats[at]
			default:
				columns[i].merge(p.stats[at])
			}
		}
	}
	if j.rows == 0 {
		return nil, fmt.Errorf("%s: %w: no line is a JSON object", path, ErrNoRows)
	}
	if len(j.names) == 0 {
		return nil, fmt.Errorf("%s: %w: no record has a field", path, ErrNoRows)
	}
	names, _, err := columnNames(dialect{header: true, names: j.names, width: len(j.names)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i, s := range columns {
		j.index[j.names[i]] = i
		if s.stringy > 0 && s.stringy < s.n-s.empty { // strings beside other values
			s.jsonText++
		}
		s.settle()
		p := s.resolve(names[i], false)
		p.form.quoted, p.form.emptyBare = false, false
		p.form.present = s.empty > 0 && s.n == j.rows
		p.check = p.check && p.col.Type != trace.TypeBool
		j.plans = append(j.plans, p)
	}
	return j, nil
}

// tooLong says in plain words that a record is beyond all bounds.
func (j *jsonlFile) tooLong(err error) error {
	if errors.Is(err, errIrregular) {
		return fmt.Errorf("%s: a record is longer than %d bytes: this is no table", j.path, maxRecord)
	}
	return err
}

// survey takes in the records of a block.
func (j *jsonlFile) survey(b *block, p *jsonPart) error {
	err := j.each(b, &p.line, func(*records) error {
		p.rows++
		prev := ""
		for i, key := range p.line.keys {
			at, ok := p.column(key, i)
			if !ok {
				name := string(key)
				at = len(p.stats)
				p.index[name], p.names = at, append(p.names, name)
				p.stats = append(p.stats, newStats(name))
				b.keys = append(b.keys, [2]string{name, prev})
			}
			p.stats[at].addJSON(p.line.vals[i])
			prev = p.names[at]
		}
		return nil
	}, func(trace.Reject) {})
	p.longest = max(p.longest, b.longest)
	for _, s := range p.stats {
		s.flush()
	}
	return err
}

// addJSON takes in one JSON value.
func (s *stats) addJSON(v []byte) {
	switch v[0] {
	case 'n':
		s.cell(nil, false)
	case '"':
		s.word(jsonText(v))
	case '{', '[':
		s.n++
		s.jsonText++
	default:
		s.cell(v, false)
	}
}

// each calls use for each object of a block, and reject for what is none, with
// lines counted from the block's first.
func (j *jsonlFile) each(b *block, l *jsonLine, use func(*records) error, reject func(trace.Reject)) error {
	r := recordsIn(b, dialect{delim: '\n'})
	line := int64(1)
	for {
		r.off = r.nextOff
		text, err := r.physical()
		if err == io.EOF {
			b.lines = line - 1
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", j.path, err)
		}
		r.line = line
		line += j.layout.lines(text, r.end)
		if j.layout.flat {
			lead := len(text) - len(blanks(text))
			r.line, r.off = r.line+j.layout.lines(text[:lead], ""), r.off+int64(lead)
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		b.longest = max(b.longest, len(text))
		no := trace.Reject{File: j.path, Line: r.line, Offset: r.off}
		err = l.parse(text)
		switch {
		case errors.Is(err, errNotObject):
			no.Reason, no.Detail = "not a JSON object", show(text)
		case err != nil:
			no.Reason, no.Detail = "not valid JSON", err.Error()
		case !r.sound && bytes.IndexByte(text, 0) >= 0:
			no.Reason, no.Detail = "NUL byte", show(text)
		case !r.sound && !utf8.Valid(text):
			no.Reason, no.Detail = "invalid UTF-8", show(text)
		default:
			if twice := l.duplicate(); twice != nil {
				no.Reason, no.Detail = "duplicate key", "key "+strconv.Quote(string(twice))+" stands twice in the record"
			}
		}
		if no.Reason != "" {
			reject(no)
			continue
		}
		if err := use(r); err != nil {
			return err
		}
	}
}

// duplicate returns a key that the object has twice.
func (l *jsonLine) duplicate() []byte {
	if len(l.keys) > 32 {
		seen := make(map[string]bool, len(l.keys))
		for _, k := range l.keys {
			if seen[string(k)] {
				return k
			}
			seen[string(k)] = true
		}
		return nil
	}
	for i, k := range l.keys {
		for _, o := range l.keys[:i] {
			if len(o) == len(k) && bytes.Equal(o, k) {
				return k
			}
		}
	}
	return nil
}

func (j *jsonlFile) schema() trace.Schema {
	s := trace.Schema{Format: formatJSONL, Props: j.layout.props()}
	for _, p := range j.plans {
		p.col.Format = p.form.String()
		s.Columns = append(s.Columns, p.col)
	}
	return s
}

// hand writes the records as CSV for the database.
func (j *jsonlFile) hand(w io.Writer, stop func() error, reject func(trace.Reject)) error {
	in, _, err := openJSON(j.path)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := int64(0)
	return j.tooLong(inBlocks(in.Reader, false, stop, func(_ int, b *block) error {
		var l jsonLine
		cells := make([][]byte, len(j.plans))
		b.out = make([]byte, 0, len(b.data))
		return j.each(b, &l, func(r *records) error {
			clear(cells)
			for i, key := range l.keys {
				at := i
				if i >= len(j.names) || j.names[i] != string(key) {
					at = j.index[string(key)]
				}
				if v := l.vals[i]; v[0] != 'n' {
					cells[at] = v
				}
			}
			start := len(b.out)
			if no := j.row(b, cells, r); no != nil {
				b.out = b.out[:start]
				b.rejects = append(b.rejects, *no)
			}
			return nil
		}, func(no trace.Reject) { b.rejects = append(b.rejects, no) })
	}, func(b *block) error {
		for _, no := range b.rejects {
			no.Line += lines
			reject(no)
		}
		lines += b.lines
		_, err := w.Write(b.out)
		return err
	}))
}

// row hands on a record whose values stand in cells as JSON.
func (j *jsonlFile) row(b *block, cells [][]byte, r *records) *trace.Reject {
	buf := b.out
	for i := range j.plans {
		if i > 0 {
			buf = append(buf, ',')
		}
		p, cell := &j.plans[i], cells[i]
		if cell == nil {
			continue
		}
		reason, want := "", ""
		if cell[0] == '"' && !p.form.json {
			if cell = jsonText(cell); bytes.IndexByte(cell, 0) >= 0 {
				reason, want = "NUL byte", "text"
			}
		}
		switch {
		case reason != "":
		case p.nulls && p.missing(cell):
			continue
		case p.col.Type == trace.TypeText && (p.form.json || len(cell) == 0 || p.col.Kind == trace.KindText):
			buf = appendCSV(buf, cell, ',', true)
			continue
		default:
			buf, reason, want = p.value(buf, cell)
		}
		if reason != "" {
			return &trace.Reject{
				File: j.path, Line: r.line, Offset: r.off, Reason: reason,
				Detail: fmt.Sprintf("field %q: want %s, got %s", p.col.Name, want, show(cell)),
			}
		}
	}
	if len(j.plans) == 1 {
		buf = append(buf, padding...)
	}
	b.out = append(buf, '\n')
	return nil
}
