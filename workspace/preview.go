package workspace

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"netshare/scripting"
	"netshare/workspace/packed"
	"netshare/workspace/tableio"
	"netshare/workspace/trace"
)

// Preview is what a recipe makes of the first records of a file.
type Preview struct {
	Records  int // looked at
	Kept     int
	Filtered int // left out by the filter
	Rejects  []trace.Reject
	Fields   []PreviewField
	Unnamed  []string // columns of the file that are neither declared nor dropped
	Notes    []string // what is suspicious: a transform that is not undone, for instance
}

// PreviewField is one declared column with examples of its values.
type PreviewField struct {
	Column   trace.Column
	Role     string
	Encoding string   // in words
	Before   []string // as the file has them; none of a computed one
	After    []string // as they are loaded
	Learnt   []string // what a transform makes of them
}

// previewed is how many examples a field has.
const previewed = 3

// errEnough ends a reading early.
var errEnough = errors.New("enough")

// Preview runs a load's recipe on the first n records of its first file,
// without making a table.
func (w *Workspace) Preview(ctx context.Context, l Load, n int) (out Preview, err error) {
	plan, err := PlanLoad(ctx, l)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, plan.Close()) }()
	if l, err = plan.One(); err != nil {
		return out, err
	}
	in := &l.inputs[0]
	var s trace.Schema
	var rows []trace.Row
	var lines []int64
	keep := func(row trace.Row, line int64) error {
		if len(rows) == n {
			return errEnough
		}
		rows, lines = append(rows, slices.Clone(row)), append(lines, line)
		return nil
	}
	reject := func(r trace.Reject) { out.Rejects = append(out.Rejects, r) }
	if isTable(in.format) {
		s, err = w.firstOfTable(ctx, in, n, keep, reject)
	} else {
		s, err = firstRecords(ctx, in, keep, reject)
	}
	if err != nil && !errors.Is(err, errEnough) {
		return out, err
	}
	p, err := newFieldParser(l.Recipe, s, in.name)
	if err != nil {
		return out, err
	}
	var after []trace.Row
	p.reject = reject
	p.emit = func(row trace.Row) error { after = append(after, slices.Clone(row)); return nil }
	for i, row := range rows {
		if err := p.add(ctx, in.name, lines[i], row); err != nil {
			return out, err
		}
	}
	if err := p.flush(ctx); err != nil {
		return out, err
	}
	out.Records, out.Kept, out.Filtered = len(rows), len(after), int(p.filtered)
	for _, c := range s.Columns {
		if p.schema.Index(c.Name) < 0 && !slices.Contains(l.Recipe.Drop, c.Name) {
			out.Unnamed = append(out.Unnamed, c.Name)
		}
	}
	return out, out.look(ctx, l.Recipe, p, s, rows, after)
}

// look gathers the examples, and tries the ways back.
func (out *Preview) look(ctx context.Context, r *trace.Recipe, p *fieldParser, s trace.Schema, before, after []trace.Row) error {
	for i, c := range p.schema.Columns {
		f, role := find(r, c.Name)
		x := PreviewField{Column: c, Role: role, Encoding: encodingWords(f, role), After: examplesOf(after, i)}
		if at := s.Index(c.Name); at >= 0 && p.cells[i].from >= 0 {
			x.Before = examplesOf(before, at)
		}
		values := make([]any, len(after))
		for k, row := range after {
			values[k] = row[i]
		}
		if f.FormatFunc != nil {
			if _, err := scripting.Format(ctx, f, values); err != nil {
				return err
			}
		}
		if f.Forward != nil {
			if err := out.transformed(ctx, f, &x, values); err != nil {
				return err
			}
		}
		out.Fields = append(out.Fields, x)
	}
	return nil
}

// transformed tries a field's transform on its values, and back.
func (out *Preview) transformed(ctx context.Context, f trace.Field, x *PreviewField, values []any) error {
	var numbers []float64
	for _, v := range values {
		if n, ok := numberOf(v); ok {
			numbers = append(numbers, n)
		}
	}
	forward, err := scripting.Forward(ctx, f, numbers)
	if err != nil {
		return err
	}
	back, err := scripting.Inverse(ctx, f, forward)
	if err != nil {
		return err
	}
	for i := range back {
		if math.Abs(back[i]-numbers[i]) > 1e-6*math.Max(1, math.Abs(numbers[i])) {
			out.Notes = append(out.Notes, fmt.Sprintf("field %q: the inverse transform makes %v of what forward made of %v", f.Name, back[i], numbers[i]))
			break
		}
	}
	var rows []trace.Row
	for _, y := range forward {
		rows = append(rows, trace.Row{y})
	}
	x.Learnt = examplesOf(rows, 0)
	return nil
}

// examplesOf returns the first different values of a column.
func examplesOf(rows []trace.Row, at int) []string {
	var found []string
	for _, row := range rows {
		if row[at] == nil {
			continue
		}
		s := clip(plainText(row[at]), 32)
		if !slices.Contains(found, s) {
			if found = append(found, s); len(found) == previewed {
				break
			}
		}
	}
	return found
}

// firstRecords reads records until keep has enough.
func firstRecords(ctx context.Context, in *input, keep func(trace.Row, int64) error, reject func(trace.Reject)) (trace.Schema, error) {
	r, err := readerOf(in)
	if err != nil {
		return trace.Schema{}, err
	}
	s := r.Schema()
	lines, _ := r.Reader.(interface{ Line() int64 })
	var n int64
	err = r.Read(ctx, func(row trace.Row) error {
		n++
		if lines != nil {
			n = lines.Line()
		}
		return keep(row, n)
	}, reject)
	return s, errors.Join(err, r.Close())
}

// firstOfTable reads the beginning of a table's file.
func (w *Workspace) firstOfTable(ctx context.Context, in *input, n int, keep func(trace.Row, int64) error, reject func(trace.Reject)) (trace.Schema, error) {
	path := in.path
	if in.format != "parquet" {
		dir, err := os.MkdirTemp("", "netshare-*")
		if err != nil {
			return trace.Schema{}, err
		}
		defer os.RemoveAll(dir)
		path = filepath.Join(dir, "head."+in.format)
		if err := firstLines(in.path, path, n+1); err != nil {
			return trace.Schema{}, err
		}
	}
	side, err := w.db.Scratch(ctx)
	if err != nil {
		return trace.Schema{}, err
	}
	defer side.Close()
	table := tableio.Quote("preview")
	head := *in
	head.path = path
	j := loadJob{w: w}
	s, _, err := j.loadFile(ctx, &head, side.Tx(), table)
	if err != nil {
		return s, err
	}
	for _, r := range j.examples {
		reject(r)
	}
	line := int64(1)
	for row, err := range side.Rows(ctx, table, s.Columns) {
		if err != nil {
			return s, err
		}
		line++
		if err := keep(row, line); err != nil {
			return s, err
		}
	}
	return s, nil
}

// firstLines copies the first lines of a file, decompressed.
func firstLines(from, to string, n int) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := packed.NewReader(f)
	if err != nil {
		return err
	}
	defer content.Close()
	b := bufio.NewReaderSize(content, 1<<16)
	var out bytes.Buffer
	for range n {
		line, err := b.ReadBytes('\n')
		out.Write(line)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	return os.WriteFile(to, out.Bytes(), 0o600)
}
