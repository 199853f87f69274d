package zeekio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// jsonReader is the state of reading one JSON log.
type jsonReader struct {
	split  splitter
	path   string
	paths  bool // the log has _path
	fields []field
	index  map[string]int
	need   required
}

func newJSON(name string, l *lines, s *survey) (*Reader, error) {
	path := s.main()
	j := &jsonReader{path: path, fields: s.fields(path), index: map[string]int{}}
	if len(j.fields) == 0 && len(s.order) > 0 {
		return nil, fmt.Errorf("%s: %w", name, ErrNotZeek)
	}
	j.need = newRequired(j.fields)
	j.split = splitter{r: l.r, line: 1, off: l.next}
	r := &Reader{name: name, read: j.read, schema: trace.Schema{Format: formatJSON, Props: map[string]string{}}}
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
	return parallel(ctx, &j.split, nil, func() func(*block) {
		p := &jsonParser{jsonReader: j, seen: make([]int64, len(j.fields)), cells: newCells(len(j.fields))}
		return p.block
	}, func(b *block) error { return b.hand(emit, reject) })
}

// jsonParser reads the records of blocks.
type jsonParser struct {
	*jsonReader
	flat  flat
	cols  []int   // column by a key's id, from 1; 0 where not known yet
	seen  []int64 // record in which a field was last set
	n     int64   // number of the record
	cells *cells
	text  string // of the block
	base  int    // where the line begins in it
}

func (p *jsonParser) block(b *block) {
	b.width = len(p.fields)
	if b.long {
		b.reject(tooLong(), b.line, 0)
		return
	}
	p.text = string(b.data)
	b.each(func(n int64, start, end int, ended bool) {
		line := b.data[start:end]
		if blank(line) {
			return
		}
		p.base = start
		if r := p.record(line, ended, b.row()); r != nil {
			b.reject(r, n, start)
			return
		}
		b.rows++
	})
}

func blank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// The columns of keys that have none.
const (
	colExtra   = -1
	colUnknown = -2
)

// column returns the column of a key.
func (p *jsonParser) column(k *key) int {
	for k.id >= len(p.cols) {
		p.cols = append(p.cols, 0)
	}
	if p.cols[k.id] == 0 {
		i, ok := p.index[k.name]
		switch {
		case isExtra(k.name):
			i = colExtra
		case !ok:
			i = colUnknown
		}
		p.cols[k.id] = i + 1
		if i < 0 {
			p.cols[k.id] = i
		}
	}
	if i := p.cols[k.id]; i < 0 {
		return i
	}
	return p.cols[k.id] - 1
}

// record fills the row from one line.
func (p *jsonParser) record(line []byte, ended bool, row []any) *trace.Reject {
	if err := p.flat.record(line); err != nil {
		switch {
		case !ended && errors.Is(err, errCut):
			return &trace.Reject{Reason: "line is cut short", Detail: err.Error()}
		case errors.Is(err, errNotObject):
			return &trace.Reject{Reason: "not a JSON object", Detail: quote(string(line))}
		}
		return &trace.Reject{Reason: "not valid JSON", Detail: err.Error()}
	}
	clear(row)
	p.n++
	hasPath := false
	for k := range p.flat.members {
		m := &p.flat.members[k]
		i := p.column(m.key)
		switch {
		case i == colExtra:
			if m.name == "_path" {
				hasPath = true
				if string(m.val.raw) != p.path && m.val.text() != p.path {
					return &trace.Reject{Reason: reasonForeign, Detail: `"_path" is ` + quote(m.val.text()) + ", this log's is " + quote(p.path)}
				}
			}
			continue
		case i == colUnknown:
			return &trace.Reject{Reason: "unknown field", Detail: "field " + quote(m.name) + " is in no record that the columns were taken from"}
		case p.seen[i] == p.n:
			return &trace.Reject{Reason: "duplicate key", Detail: "key " + quote(m.name) + " stands twice in the record"}
		}
		p.seen[i] = p.n
		if m.val.kind == 'n' {
			continue
		}
		v, ok := p.value(i, m.val)
		if !ok {
			return p.fields[i].fault(m.val.text())
		}
		row[i] = v
	}
	if p.paths && !hasPath && p.path != "" {
		return &trace.Reject{Reason: reasonForeign, Detail: `it has no "_path"`}
	}
	return p.need.check(row, p.fields)
}

// value reads one value, from those met before where there are such.
func (p *jsonParser) value(i int, v jval) (any, bool) {
	f := &p.fields[i]
	if !f.typ.list && !f.typ.code.repeats() {
		return p.scalar(f, v)
	}
	cache := &p.cells.caches[i]
	slot := cache.slot(v.raw)
	if slot != nil && cache.holds(slot, v.raw, v.kind) {
		return slot.val, true
	}
	x, ok := p.read(f, v)
	if ok && slot != nil {
		x = slot.keep(string(v.raw), v.kind, x)
	}
	return x, ok
}

func (p *jsonParser) read(f *field, v jval) (any, bool) {
	if !f.typ.list {
		return p.scalar(f, v)
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
		x, ok := p.scalar(f, e)
		good = good && ok
		list = append(list, x)
		return nil
	})
	return list, good && err == nil
}

func (p *jsonParser) scalar(f *field, v jval) (any, bool) {
	switch f.typ.code {
	case baseText:
		s := p.string(v)
		if f.typ.base == "any" && v.kind == 's' && rawJSON(s) { // "5" is not 5
			s = string(appendJSONString(nil, s))
		}
		return s, v.kind == 's' || f.typ.base == "any"
	case baseAddr:
		if v.kind != 's' {
			return nil, false
		}
	case baseBool:
		return v.kind == 't', v.kind == 't' || v.kind == 'f'
	case baseTime:
		if f.millis && v.kind == '0' && !v.real {
			n, ok := parseInt(p.string(v))
			if !ok || abs(n)/1000 > maxUnix {
				return nil, false
			}
			return time.UnixMilli(n).UTC(), true
		}
		if v.kind != 's' && v.kind != '0' {
			return nil, false
		}
	default:
		if v.kind != '0' {
			return nil, false
		}
	}
	return p.cells.scalar(f.typ.code, p.string(v), true)
}

// string returns a value's text, where it can as a part of the block's.
func (p *jsonParser) string(v jval) string {
	if v.at > 0 {
		return p.text[p.base+v.at : p.base+v.at+len(v.raw)]
	}
	return v.text()
}
