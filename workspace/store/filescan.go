package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"netshare/workspace/trace"
)

// fileScan is DuckDB's hold on a pump: when DuckDB lets go of it, the pump is
// stopped.
type fileScan struct{ pump *pump }

// pump reads a source's files in a goroutine of its own, a few batches ahead of
// DuckDB, which may stop to ask at any time.
type pump struct {
	source *fileSource
	wanted []bool // columns that the query uses, by the source's schema
	full   chan *batch
	free   chan *batch
	err    error // once full is closed
	halt   sync.Once
	cancel context.CancelFunc
	ended  chan struct{}
}

func (s *fileScan) fill(chunk duckdb.DataChunk) error {
	p := s.pump
	if p.full == nil {
		p.start(chunk)
	}
	select {
	case b, more := <-p.full:
		if !more {
			if p.err != nil {
				return p.err
			}
			return chunk.SetSize(0)
		}
		err := b.fill(p.source.schema.Columns, p.wanted, chunk)
		b.rows = 0
		p.free <- b
		return err
	case <-p.source.statement.cancelled(p.source.ctx):
		return context.Canceled
	}
}

// start begins to read, with the columns that are in DuckDB's chunk.
func (p *pump) start(chunk duckdb.DataChunk) {
	columns := p.source.schema.Columns
	p.wanted = make([]bool, len(columns))
	for i := range columns {
		_, err := chunk.GetVector(i)
		p.wanted[i] = err == nil
	}
	p.full, p.free, p.ended = make(chan *batch, batchesAhead), make(chan *batch, batchesAhead+2), make(chan struct{})
	for range cap(p.free) {
		p.free <- newBatch(columns, p.wanted)
	}
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.WithoutCancel(p.source.ctx))
	p.source.statement.atEnd(p.stop)
	go func() {
		defer close(p.ended)
		defer close(p.full)
		p.err = p.read(ctx)
	}()
}

// stop ends the reading, and waits for its end.
func (p *pump) stop() {
	p.halt.Do(func() {
		if p.cancel != nil {
			p.cancel()
			<-p.ended
		}
	})
}

// read reads all files.
func (p *pump) read(ctx context.Context) error {
	for i, file := range p.source.files {
		if err := p.readFile(ctx, i, file); err != nil {
			return err
		}
	}
	return nil
}

func (p *pump) readFile(ctx context.Context, i int, file string) (err error) {
	s := p.source
	reader, at, err := s.openNext(ctx, i)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var b *batch
	row := make(trace.Row, len(at))
	if s.filename {
		row[len(row)-1] = file
	}
	send := func() error {
		select {
		case p.full <- b:
			b = nil
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	var n int64
	emit := func(given trace.Row) error {
		n++
		if b == nil {
			select {
			case b = <-p.free:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		for k, from := range at {
			if from >= 0 {
				row[k] = given[from]
			}
		}
		if err := b.add(s.schema.Columns, p.wanted, row); err != nil {
			if !s.ignore {
				return fmt.Errorf("%s: record %d: %w", file, n, err)
			}
			s.statement.skip(trace.Reject{File: file, Line: n, Offset: -1, Reason: "value that fits no column", Detail: err.Error()})
			return nil
		}
		if b.rows == batchRows {
			return send()
		}
		return nil
	}
	reject := func(j trace.Reject) {
		if !s.ignore && (s.function.Foreign == nil || !s.function.Foreign(j)) {
			cancel(fmt.Errorf("%s: %s := true leaves such records out", j, paramIgnore))
			return
		}
		s.statement.skip(j)
	}
	err = reader.Read(ctx, emit, reject)
	if cause := context.Cause(ctx); cause != nil { // a rejected record, or nobody reads on
		err = cause
	}
	if err == nil && b != nil && b.rows > 0 {
		err = send()
	}
	return err
}

// statementKey is under which a context holds the statement that runs with it.
type statementKey struct{}

// statement is what file functions do while some SQL runs. A nil one is that of
// SQL which nobody follows.
type statement struct {
	mu      sync.Mutex
	ended   bool
	closers []func()
	skipped Rejects
}

// atEnd has fn called when the SQL has run; it may be called before as well.
func (s *statement) atEnd(fn func()) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended { // else it was prepared, and is run again
		s.closers = append(s.closers, fn)
	}
}

func (s *statement) end() {
	s.mu.Lock()
	closers := s.closers
	s.ended, s.closers = true, nil
	s.mu.Unlock()
	for _, fn := range closers {
		fn()
	}
}

func (s *statement) skip(j trace.Reject) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skipped.Add(j)
}

func (s *statement) counts() []ReasonCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.skipped.Counts()
}

// cancelled is closed when the SQL is to end. A prepared statement outlives the
// context that it was bound with.
func (s *statement) cancelled(ctx context.Context) <-chan struct{} {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ended {
			return nil
		}
	}
	return ctx.Done()
}
