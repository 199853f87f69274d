package tableio

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"netshare/workspace/trace"
)

// jsonlFile is a file of JSON objects between its two readings.
type jsonlFile struct {
	path    string
	records *records // of the reading that goes on
	names   []string
	index   map[string]int
	stats   []*stats
	plans   []plan
	rows    int64
	longest int // length of the longest line
	line    jsonLine
}

// jsonLine is one object taken apart.
type jsonLine struct {
	keys []string
	vals []json.RawMessage
}

var errNotObject = errors.New("not a JSON object")

// parse splits an object into its members, in their order.
func (l *jsonLine) parse(text []byte) error {
	l.keys, l.vals = l.keys[:0], l.vals[:0]
	if len(text) == 0 || text[0] != '{' {
		return errNotObject
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return errNotObject
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return err
		}
		l.keys, l.vals = append(l.keys, key), append(l.vals, v)
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("text after the object")
	}
	return nil
}

// surveyJSONL reads the whole file once.
func surveyJSONL(path string, stop func() error) (*jsonlFile, error) {
	j := &jsonlFile{path: path, index: map[string]int{}}
	var keys []string // as met
	var order []int   // of the columns: a new key comes after the one that it follows
	err := j.each(stop, func() error {
		j.rows++
		prev := -1
		for i, key := range j.line.keys {
			at, ok := j.index[key]
			if !ok {
				at = len(j.stats)
				j.index[key] = at
				j.stats = append(j.stats, newStats(key))
				keys = append(keys, key)
				order = slices.Insert(order, slices.Index(order, prev)+1, at)
			}
			j.stats[at].addJSON(j.line.vals[i])
			prev = at
		}
		return nil
	}, func(trace.Reject) {})
	if err != nil {
		return nil, err
	}
	if j.rows == 0 {
		return nil, fmt.Errorf("%s: %w: no line is a JSON object", path, ErrNoRows)
	}
	byMeeting := j.stats
	j.stats = nil
	for _, at := range order {
		j.index[keys[at]] = len(j.names)
		j.names = append(j.names, keys[at])
		j.stats = append(j.stats, byMeeting[at])
	}
	d := dialect{header: true, names: j.names, width: len(j.names)}
	names, _, err := columnNames(d)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i, s := range j.stats {
		if s.stringy > 0 && s.stringy < s.n-s.empty { // strings beside other values
			s.jsonText++
		}
		s.settle()
		p := s.resolve(names[i], false)
		p.form.quoted = false
		p.check = p.check && p.col.Type != trace.TypeBool
		j.plans = append(j.plans, p)
	}
	return j, nil
}

// addJSON takes in one JSON value.
func (s *stats) addJSON(v json.RawMessage) {
	switch v[0] {
	case 'n':
		s.cell(nil, false)
	case '"':
		var text string
		_ = json.Unmarshal(v, &text)
		s.word([]byte(text))
	case '{', '[':
		s.n++
		s.jsonText++
	default:
		s.cell(v, false)
	}
}

// each calls use for each line that is an object, and reject for the others.
func (j *jsonlFile) each(stop func() error, use func() error, reject func(trace.Reject)) error {
	in, err := open(j.path)
	if err != nil {
		return err
	}
	defer in.Close()
	r := newRecords(in.Reader, '\n')
	j.records = r
	for n := 0; ; n++ {
		if n&1023 == 0 {
			if err := stop(); err != nil {
				return err
			}
		}
		r.line, r.off = r.nextLine, r.nextOff
		text, err := r.physical()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", j.path, err)
		}
		if isBlank(text) {
			continue
		}
		text = bytes.TrimSpace(text)
		j.longest = max(j.longest, len(text))
		if err := j.line.parse(text); err != nil {
			out := trace.Reject{File: j.path, Line: r.line, Offset: r.off, Reason: "not valid JSON", Detail: err.Error()}
			if errors.Is(err, errNotObject) {
				out.Reason, out.Detail = "not a JSON object", show(text)
			}
			reject(out)
			continue
		}
		if twice := j.line.duplicate(); twice != "" {
			reject(trace.Reject{
				File: j.path, Line: r.line, Offset: r.off, Reason: "duplicate key",
				Detail: "key " + strconv.Quote(twice) + " stands twice in the record",
			})
			continue
		}
		if err := use(); err != nil {
			return err
		}
	}
}

func (l *jsonLine) duplicate() string {
	seen := make(map[string]bool, len(l.keys))
	for _, k := range l.keys {
		if seen[k] {
			return k
		}
		seen[k] = true
	}
	return ""
}

func (j *jsonlFile) schema() trace.Schema {
	s := trace.Schema{Format: formatJSONL, Props: map[string]string{}}
	for _, p := range j.plans {
		p.col.Format = p.form.String()
		s.Columns = append(s.Columns, p.col)
	}
	return s
}

// hand writes the records as CSV for the database.
func (j *jsonlFile) hand(w io.Writer, stop func() error, reject func(trace.Reject)) error {
	cells := make([][]byte, len(j.plans))
	present := make([]bool, len(j.plans))
	var buf []byte
	return j.each(stop, func() error {
		clear(present)
		for i, key := range j.line.keys {
			at := j.index[key]
			v := j.line.vals[i]
			present[at] = v[0] != 'n'
			switch {
			case j.plans[at].form.json || v[0] != '"':
				cells[at] = v
			default:
				var text string
				_ = json.Unmarshal(v, &text)
				cells[at] = []byte(text)
			}
		}
		buf = buf[:0]
		for i := range j.plans {
			if i > 0 {
				buf = append(buf, ',')
			}
			p := &j.plans[i]
			switch {
			case !present[i], p.nulls && p.missing(cells[i]):
				continue
			case p.col.Type == trace.TypeText && (p.form.json || len(cells[i]) == 0 || p.col.Kind == trace.KindText):
				buf = appendCSV(buf, cells[i], ',', true)
				continue
			}
			var reason, want string
			if buf, reason, want = p.value(buf, cells[i]); reason != "" {
				reject(trace.Reject{
					File: j.path, Line: j.records.line, Offset: j.records.off, Reason: reason,
					Detail: fmt.Sprintf("field %q: want %s, got %s", p.col.Name, want, show(cells[i])),
				})
				return nil
			}
		}
		if len(j.plans) == 1 {
			buf = append(buf, padding...)
		}
		buf = append(buf, '\n')
		_, err := w.Write(buf)
		return err
	}, reject)
}

// jsonlWriter writes JSON lines; what is missing is left out.
type jsonlWriter struct {
	w     *bufio.Writer
	forms []form
	keys  [][]byte
	buf   []byte
}

func (j *jsonlWriter) Write(row trace.Row) error {
	if len(row) != len(j.forms) {
		return fmt.Errorf("record has %d values: the table has %d columns", len(row), len(j.forms))
	}
	dst := append(j.buf[:0], '{')
	for i := range j.forms {
		if row[i] == nil {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(dst, j.keys[i]...)
		var err error
		if dst, err = appendValue(dst, row[i], &j.forms[i]); err != nil {
			return fmt.Errorf("column %s %w", j.keys[i], err)
		}
	}
	j.buf = append(dst, '}', '\n')
	_, err := j.w.Write(j.buf)
	return err
}

func (j *jsonlWriter) Close() error { return j.w.Flush() }

// appendValue appends a value as JSON.
func appendValue(dst []byte, v any, f *form) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		if f.json && json.Valid([]byte(v)) {
			return append(dst, v...), nil
		}
		if n, ok := number(v); ok && f.integer {
			return strconv.AppendUint(dst, uint64(n), 10), nil
		}
		return appendJSON(dst, v), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, fmt.Errorf("%v is not a number that JSON can hold", v)
		}
		return f.real(dst, v), nil
	case time.Time:
		if f.epoch {
			return f.time(dst, v), nil
		}
		return append(f.time(append(dst, '"'), v), '"'), nil
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendValue(dst, e, f); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}
	return f.text(dst, v)
}

// appendJSON appends text as a JSON string without escaping HTML.
func appendJSON(dst []byte, text string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string always can
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte{'\n'})...)
}
