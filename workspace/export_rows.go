package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"netshare/scripting"
	"netshare/workspace/flow"
	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// formattedAtOnce is how many records go through a recipe's format functions
// together.
const formattedAtOnce = 1 << 14

// copyRows writes a table's rows, through the recipe's format functions where
// it has any.
func (x *export) copyRows(ctx context.Context, to trace.Writer) (n int64, err error) {
	var formatted []int
	fields := map[int]trace.Field{}
	if x.recipe != nil {
		for _, f := range x.recipe.Fields() {
			if i := x.schema.Index(f.Name); i >= 0 && f.FormatFunc != nil {
				formatted = append(formatted, i)
				fields[i] = f
			}
		}
	}
	if formatted == nil {
		err := x.eachRow(ctx, func(row trace.Row) error {
			n++
			return to.Write(row)
		})
		return n, err
	}
	var waiting []trace.Row
	flush := func() error {
		for _, c := range formatted {
			in := make([]any, len(waiting))
			for k, row := range waiting {
				in[k] = row[c]
			}
			done, err := scripting.Format(ctx, fields[c], in)
			if err != nil {
				return err
			}
			for k := range waiting {
				waiting[k][c] = done[k]
			}
		}
		for _, row := range waiting {
			if err := to.Write(row); err != nil {
				return err
			}
		}
		n += int64(len(waiting))
		waiting = waiting[:0]
		return nil
	}
	err = x.eachRow(ctx, func(row trace.Row) error {
		if waiting = append(waiting, append(trace.Row(nil), row...)); len(waiting) == formattedAtOnce {
			return flush()
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, flush()
}

// rowsAtOnce is how many rows pass together from the goroutine that reads them
// to that which writes them.
const rowsAtOnce = 1024

// eachRow calls fn with the table's rows, which it must not keep, while the
// next ones are read.
func (x *export) eachRow(ctx context.Context, fn func(trace.Row) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	full, free := make(chan []trace.Row, 2), make(chan []trace.Row, 3)
	var readErr error
	go func() {
		defer close(full)
		readErr = x.readRows(ctx, full, free)
	}()
	var err error
	for batch := range full {
		for _, row := range batch {
			if err == nil {
				err = fn(row)
			}
		}
		if err != nil {
			cancel() // and go on until the reader has ended
			continue
		}
		free <- batch // there is room for as many as there are
	}
	if err != nil {
		return err
	}
	return readErr
}

// readRows sends the table's rows in batches, those of free used again.
func (x *export) readRows(ctx context.Context, full chan<- []trace.Row, free <-chan []trace.Row) error {
	made := 0
	var batch []trace.Row
	send := func() error {
		select {
		case full <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for row, err := range x.w.db.Rows(ctx, x.rows) {
		if err != nil {
			return err
		}
		if batch == nil {
			if made < cap(free) {
				made++
				batch = newBatch(rowsAtOnce, len(row))
			} else {
				select {
				case batch = <-free:
					batch = batch[:0]
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		}
		batch = batch[:len(batch)+1]
		copy(batch[len(batch)-1], row)
		if len(batch) == cap(batch) {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(batch) > 0 {
		return send()
	}
	return nil
}

// newBatch makes an empty batch with room for rows.
func newBatch(rows, columns int) []trace.Row {
	values := make(trace.Row, rows*columns)
	batch := make([]trace.Row, rows)
	for i := range batch {
		batch[i] = values[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return batch[:0]
}

// expands reports whether a table that is to be written as a capture is one of
// flows, which are expanded into packets. The error names what a table that is
// neither of packets nor of flows has not.
func expands(s trace.Schema) (bool, error) {
	packets := pcapio.Missing(s)
	if packets == nil {
		return false, nil
	}
	flows := flow.Missing(s)
	if flows == nil {
		return true, nil
	}
	return false, fmt.Errorf("no capture can be made of it: a packet table has also %s, a flow table %s; this one has %s",
		strings.Join(packets, ", "), strings.Join(flows, ", "), strings.Join(s.Names(), ", "))
}

// writePackets writes a flow table as packets.
func (x *export) writePackets(ctx context.Context, to io.Writer) error {
	e, err := flow.NewExpander(x.schema, false)
	if err != nil {
		return err
	}
	times := e.TimeColumns()
	all := x.rows
	x.rows.Columns = times
	finer := false
	err = x.eachRow(ctx, func(row trace.Row) error {
		if e.Finer(row) {
			finer = true
			return errStop
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return err
	}
	if finer {
		if e, err = flow.NewExpander(x.schema, true); err != nil {
			return err
		}
	}
	x.rows = all
	x.rows.OrderBy = times[:1]
	s := e.Schema()
	s.Format = x.schema.Format
	writer, err := pcapio.NewWriter(to, s, pcapio.WriterOptions{KeepLength: true})
	if err != nil {
		return err
	}
	emit := func(row trace.Row) error {
		x.exported.Rows++
		return writer.Write(row)
	}
	err = x.eachRow(ctx, func(row trace.Row) error { return e.Row(row, emit) })
	if err == nil {
		err = e.Flush(emit)
	}
	for _, w := range e.Warnings() {
		x.exported.Warnings = append(x.exported.Warnings, w.String())
	}
	return errors.Join(err, writer.Close())
}

// errStop ends a reading that has found what it looked for.
var errStop = errors.New("stop")
