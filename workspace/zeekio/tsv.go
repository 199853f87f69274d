package zeekio

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"netshare/workspace/trace"
)

// tsvReader is the state of reading one TSV log.
type tsvReader struct {
	split  splitter
	h      header
	layout *layout // of the first records
	fields []field
	need   required
}

func newTSV(name string, l *lines) (*Reader, error) {
	t := &tsvReader{h: newHeader()}
	crlf := false
	for first := true; ; {
		next, _ := l.r.Peek(1)
		if len(next) == 0 || next[0] != '#' && (!first || !bytes.ContainsAny(next, " \t\r\n")) {
			break
		}
		line, err := l.line()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if first { // a stray tab or blank before the header is seen in public files
			line = bytes.TrimLeft(line, " \t")
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		crlf = crlf || bytes.HasSuffix(line, []byte{'\r'})
		if err := t.h.add(trimCR(line)); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, l.n, err)
		}
		first = false
	}
	labels := t.h.labels()
	var err error
	if t.fields, err = t.h.fields(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t.layout, _ = t.h.layout(t.fields)
	t.layout.labels = labels
	t.need = newRequired(t.fields)
	t.split = splitter{r: l.r, line: l.n + 1, off: l.next}
	r := &Reader{name: name, read: t.read}
	r.schema = trace.Schema{Format: formatTSV, Props: map[string]string{
		"separator": t.h.sep, "set_separator": t.layout.setSep, "empty_field": t.h.empty, "unset_field": t.h.unset,
	}}
	if t.h.path != "" {
		r.schema.Props["path"] = t.h.path
	}
	if t.h.open != "" {
		r.schema.Props["open"] = t.h.open
	}
	if crlf {
		r.schema.Props["eol"] = "crlf"
	}
	for _, f := range t.fields {
		r.schema.Columns = append(r.schema.Columns, f.column())
	}
	return r, nil
}

func (t *tsvReader) read(ctx context.Context, emit func(trace.Row) error, reject func(trace.Reject)) error {
	now := t.layout
	return parallel(ctx, &t.split, func(b *block) {
		b.layout = now
		b.each(func(_ int64, start, end int, _ bool) {
			if start == end || b.data[start] != '#' {
				return
			}
			l, r := t.h.again(trimCR(b.data[start:end]), t.layout.path, t.fields)
			if l != nil {
				now = l
			}
			b.marks = append(b.marks, mark{now, r})
		})
	}, func() func(*block) {
		p := &tsvParser{fields: t.fields, need: t.need, cells: newCells(len(t.fields))}
		return p.block
	}, func(b *block) error { return b.hand(emit, reject) })
}

// tsvParser reads the records of blocks.
type tsvParser struct {
	fields []field
	need   required
	cells  *cells
	*layout
	data []byte // of the block
	text string // the same
	cuts []cut  // of the line
}

func (p *tsvParser) block(b *block) {
	b.width, p.layout = len(p.fields), b.layout
	if b.long {
		b.reject(tooLong(), b.line, 0)
		return
	}
	p.data, p.text = b.data, string(b.data)
	marks := b.marks
	b.each(func(n int64, start, end int, ended bool) {
		if start < end && b.data[start] == '#' {
			if marks[0].reject != nil {
				b.reject(marks[0].reject, n, start)
			}
			p.layout, marks = marks[0].layout, marks[1:]
			return
		}
		stop := end
		if stop > start && b.data[stop-1] == '\r' { // Zeek escapes its own
			stop--
		}
		if stop == start {
			return
		}
		row := b.row()
		r := p.record(start, stop, row)
		if r == nil {
			b.rows++
			return
		}
		if !ended && r.Reason == reasonFields {
			r.Reason = "line is cut short"
		}
		b.reject(r, n, start)
	})
}

func tooLong() *trace.Reject {
	return &trace.Reject{Reason: "line too long", Detail: fmt.Sprintf("more than %d bytes", maxLine)}
}

const (
	reasonFields  = "wrong number of fields"
	reasonForeign = "record of another log"
)

// record fills the row from the line from start to end.
func (p *tsvParser) record(start, end int, row []any) *trace.Reject {
	if p.foreign != "" {
		return &trace.Reject{Reason: reasonForeign, Detail: "its #path is " + quote(p.foreign)}
	}
	line := p.data[start:end]
	clean := p.cut(line)
	if len(p.cuts) != len(p.where) {
		return wrongCount(len(p.where), len(p.cuts))
	}
	if p.partial {
		clear(row)
	}
	text, pos := p.text[start:end], 0
	for i, c := range p.cuts {
		if at := p.where[i]; at >= 0 {
			f := &p.fields[at]
			v, ok := p.value(f, at, line[pos:c.stop], text[pos:c.stop], clean)
			if !ok {
				return f.fault(text[pos:c.stop])
			}
			row[at] = v
		}
		pos = c.next
	}
	return p.need.check(row, p.fields)
}

// cut is where a field of a line stops and the next one begins.
type cut struct{ stop, next int }

// cut finds the line's fields, and reports whether it is plain.
func (p *tsvParser) cut(line []byte) (clean bool) {
	sep := p.sep[0]
	seps := ones * uint64(sep)
	var odd uint64
	p.cuts = p.cuts[:0]
	i := 0
	for ; i+8 <= len(line); i += 8 {
		w := binary.LittleEndian.Uint64(line[i:])
		x := w ^ seps
		at := ^((x&^highs + ^uint64(highs)) | x) & highs // the bytes of x that are zero
		slash := w ^ ones*'\\'
		odd |= (w | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs &^ at
		for ; at != 0; at &= at - 1 {
			stop := i + bits.TrailingZeros64(at)/8
			p.cuts = append(p.cuts, cut{stop, stop + 1})
		}
	}
	clean = odd == 0
	for k := i; k < len(line); k++ {
		if line[k] == sep {
			p.cuts = append(p.cuts, cut{k, k + 1})
		}
	}
	p.cuts = append(p.cuts, cut{len(line), len(line)})
	if p.labels >= 0 {
		p.cutLabels(line)
	}
	return (clean || plain(line[:i])) && plain(line[i:])
}

// cutLabels finds the fields that labelSep ends.
func (p *tsvParser) cutLabels(line []byte) {
	for i := p.labels; i < len(p.cuts) && len(p.cuts) <= len(p.where); i++ {
		from := 0
		if i > 0 {
			from = p.cuts[i-1].next
		}
		if n := bytes.Index(line[from:p.cuts[i].stop], []byte(labelSep)); n >= 0 {
			p.cuts = slices.Insert(p.cuts, i, cut{from + n, from + n + len(labelSep)})
		}
	}
}

func wrongCount(want, got int) *trace.Reject {
	return &trace.Reject{Reason: reasonFields, Detail: fmt.Sprintf("want %d, got %d", want, got)}
}

// value reads one cell, from the values met before where there are such.
func (p *tsvParser) value(f *field, at int, cell []byte, text string, clean bool) (any, bool) {
	if text == p.unset {
		return nil, true
	}
	if !f.typ.list && !f.typ.code.repeats() {
		return p.cells.scalar(f.typ.code, text, clean)
	}
	cache := &p.cells.caches[at]
	slot := cache.slot(cell)
	if slot != nil && cache.holds(slot, cell, 0) {
		return slot.val, true
	}
	v, ok := p.read(f, text, clean)
	if ok && slot != nil {
		v = slot.keep(text, 0, v)
	}
	return v, ok
}

func (p *tsvParser) read(f *field, text string, clean bool) (any, bool) {
	if !f.typ.list {
		return p.scalar(f.typ.code, text, clean)
	}
	list := []any{}
	if text == p.empty {
		return list, true
	}
	for rest, more := text, true; more; {
		var e string
		if e, rest, more = strings.Cut(rest, p.setSep); e == p.unset {
			list = append(list, nil)
			continue
		}
		v, ok := p.scalar(f.typ.code, e, clean)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

func (p *tsvParser) scalar(b base, text string, clean bool) (any, bool) {
	if b == baseText && text == p.empty {
		return "", true
	}
	return p.cells.scalar(b, text, clean)
}
