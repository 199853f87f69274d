package zeekio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// jsonReader is the state of reading one JSON log.
type jsonReader struct {
	l      *lines
	path   string
	paths  bool // the log has _path
	fields []field
	index  map[string]int
	need   required
	flat   flat
	row    trace.Row
	seen   []int64 // line at which a field was last set
	memo   []memo
}

func newJSON(name string, l *lines, s *survey) (*Reader, error) {
	path := s.main()
	j := &jsonReader{l: l, path: path, fields: s.fields(path), index: map[string]int{}}
	if len(j.fields) == 0 && len(s.order) > 0 {
		return nil, fmt.Errorf("%s: %w", name, ErrNotZeek)
	}
	j.need = newRequired(j.fields)
	j.row = make(trace.Row, len(j.fields))
	j.seen = make([]int64, len(j.fields))
	j.memo = make([]memo, len(j.fields))
	r := &Reader{name: name, fields: j.fields, read: j.read, schema: trace.Schema{Format: formatJSON, Props: map[string]string{}}}
	for i, f := range j.fields {
		j.index[f.name] = i
		r.schema.Columns = append(r.schema.Columns, f.column())
	}
	if path != "" {
		r.schema.Props["path"] = path
	}
	for _, e := range s.extra {
		j.paths = j.paths || e == "_path"
	}
	if len(s.extra) > 0 {
		r.schema.Props["extra"] = strings.Join(s.extra, ",")
		f := newField("_write_ts", "time")
		f.iso = s.write.iso > 0
		if f.iso && s.write.minDigits == s.write.maxDigits {
			f.digits = s.write.maxDigits
		}
		r.schema.Props["write_ts"] = f.format()
	}
	return r, nil
}

func (j *jsonReader) read(ctx context.Context, emit func(trace.Row) error, reject func(trace.Reject)) error {
	for n := 0; ; n++ {
		if n&1023 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line, ended, err := j.l.line()
		if err == io.EOF {
			return nil
		}
		var r *trace.Reject
		switch {
		case errors.Is(err, errLong):
			r = &trace.Reject{Reason: "line too long", Detail: fmt.Sprintf("more than %d bytes", maxLine)}
		case err != nil:
			return err
		case blank(line):
			continue
		default:
			r = j.record(line, ended)
		}
		if r == nil {
			if err := emit(j.row); err != nil {
				return err
			}
			continue
		}
		r.Line, r.Offset = j.l.n, j.l.off
		reject(*r)
	}
}

func blank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// record fills the row from one line.
func (j *jsonReader) record(line []byte, ended bool) *trace.Reject {
	if err := j.flat.record(line); err != nil {
		switch {
		case !ended && errors.Is(err, errCut):
			return &trace.Reject{Reason: "line is cut short", Detail: err.Error()}
		case errors.Is(err, errNotObject):
			return &trace.Reject{Reason: "not a JSON object", Detail: quote(string(line))}
		}
		return &trace.Reject{Reason: "not valid JSON", Detail: err.Error()}
	}
	clear(j.row)
	hasPath := false
	for k := range j.flat.members {
		m := &j.flat.members[k]
		if isExtra(m.name) {
			if string(m.name) == "_path" {
				hasPath = true
				if p := m.val.text(); p != j.path {
					return &trace.Reject{Reason: "record of another log", Detail: `"_path" is ` + quote(p) + ", this log's is " + quote(j.path)}
				}
			}
			continue
		}
		i, ok := j.index[string(m.name)]
		if !ok {
			return &trace.Reject{Reason: "unknown field", Detail: "field " + quote(string(m.name)) + " is in no record that the columns were taken from"}
		}
		if j.seen[i] == j.l.n {
			return &trace.Reject{Reason: "duplicate key", Detail: "key " + quote(string(m.name)) + " stands twice in the record"}
		}
		j.seen[i] = j.l.n
		if m.val.kind == 'n' {
			continue
		}
		if mo := &j.memo[i]; mo.text != nil && string(mo.text) == string(m.val.raw) && mo.kind == m.val.kind {
			j.row[i] = mo.val
			continue
		}
		v, ok := j.fields[i].json(m.val)
		if !ok {
			return j.fields[i].fault(m.val.text())
		}
		j.row[i] = v
		mo := &j.memo[i]
		mo.text, mo.val, mo.kind = append(mo.text[:0], m.val.raw...), v, m.val.kind
	}
	if j.paths && !hasPath && j.path != "" {
		return &trace.Reject{Reason: "record of another log", Detail: `it has no "_path"`}
	}
	return j.need.check(j.row, j.fields)
}

// json reads one JSON value of the field.
func (f *field) json(v jval) (any, bool) {
	if !f.typ.list {
		return f.jsonScalar(v)
	}
	if v.kind != '[' {
		return nil, false
	}
	list, good := []any{}, true
	c := scanner{s: v.raw}
	err := c.array(func(e jval) error {
		if e.kind == 'n' {
			list = append(list, nil)
			return nil
		}
		x, ok := f.jsonScalar(e)
		good = good && ok
		list = append(list, x)
		return nil
	})
	return list, good && err == nil
}

func (f *field) jsonScalar(v jval) (any, bool) {
	switch f.typ.base {
	case "any":
		return v.text(), true
	case "string", "enum":
		return v.text(), v.kind == 's'
	case "addr":
		if v.kind != 's' {
			return nil, false
		}
	case "bool":
		return v.kind == 't', v.kind == 't' || v.kind == 'f'
	case "time":
		if f.millis && v.kind == '0' && !v.real {
			n, ok := parseScalar("int", string(v.raw))
			if !ok || abs(n.(int64))/1000 > maxUnix {
				return nil, false
			}
			return time.UnixMilli(n.(int64)).UTC(), true
		}
		if v.kind != 's' && v.kind != '0' {
			return nil, false
		}
	default:
		if v.kind != '0' {
			return nil, false
		}
	}
	return parseScalar(f.typ.base, string(v.raw))
}
