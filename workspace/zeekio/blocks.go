package zeekio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"netshare/workspace/trace"
)

// maxLine bounds the memory that one line may take; a longer one is rejected.
const maxLine = 4 << 20

// blockSize is how much of a log is parsed at once, in bytes, where its lines
// are no longer than that.
const blockSize = 256 << 10

// block is some whole lines of a log, and what was read from them.
type block struct {
	data      []byte
	line, off int64   // number and byte offset of its first line
	unended   bool    // its last line is the file's, and has no newline
	long      bool    // it stands for a line longer than maxLine
	layout    *layout // of its first lines, in a TSV log
	marks     []mark  // for each line that begins with #

	cells   []any // rows of width values each
	width   int
	rows    int
	rejects []rejectAt
	survey  *survey

	ready chan struct{} // gets one value once the block is parsed
}

// mark is a line of a TSV log's header between its records.
type mark struct {
	layout *layout // of the lines after it
	reject *trace.Reject
}

// rejectAt is a reject that comes before a row of its block.
type rejectAt struct {
	row int
	trace.Reject
}

func (b *block) reset() {
	if cap(b.data) > 2*blockSize { // one giant line costs its memory once
		b.data, b.cells = nil, nil
	}
	b.data, b.cells = b.data[:0], b.cells[:0]
	b.marks, b.rejects = b.marks[:0], b.rejects[:0]
	b.rows, b.unended, b.long, b.survey = 0, false, false, nil
}

// row makes room for the next row; it counts once rows does.
func (b *block) row() []any {
	end := (b.rows + 1) * b.width
	if len(b.cells) < end {
		b.cells = slices.Grow(b.cells, b.width)[:end]
	}
	return b.cells[end-b.width : end : end]
}

// reject notes what is wrong with the line that begins at pos of data.
func (b *block) reject(r *trace.Reject, line int64, pos int) {
	r.Line, r.Offset = line, b.off+int64(pos)
	b.rejects = append(b.rejects, rejectAt{b.rows, *r})
}

// each calls visit for each line of the block without its newline, with its
// number and place; ended is false of a last line without newline.
func (b *block) each(visit func(n int64, start, end int, ended bool)) {
	n := b.line
	for start := 0; start < len(b.data); n++ {
		end := bytes.IndexByte(b.data[start:], '\n')
		if end < 0 {
			visit(n, start, len(b.data), false)
			return
		}
		visit(n, start, start+end, true)
		start += end + 1
	}
}

// splitter cuts a log into blocks.
type splitter struct {
	r    io.Reader
	line int64  // number of the next block's first line
	off  int64  // its byte offset in the decompressed file
	rest []byte // read already
	err  error  // of r, io.EOF at its end
}

// next fills a block; io.EOF after the last. An error of the file comes after
// the whole lines before it.
func (s *splitter) next(b *block) error {
	b.reset()
	b.line, b.off = s.line, s.off
	b.data = append(b.data, s.rest...)
	s.rest = s.rest[:0]
	searched := 0
	for {
		if end := bytes.LastIndexByte(b.data[searched:], '\n'); end >= 0 && (len(b.data) >= blockSize || s.err != nil) {
			end += searched + 1
			s.rest = append(s.rest, b.data[end:]...)
			b.data = b.data[:end]
			break
		} else if end < 0 {
			searched = len(b.data)
		}
		if s.err == io.EOF {
			if len(b.data) == 0 {
				return io.EOF
			}
			b.unended = true
			break
		}
		if s.err != nil {
			return fmt.Errorf("line %d at byte %d: %w", s.line, s.off, s.err)
		}
		if searched > maxLine {
			return s.skip(b)
		}
		s.read(b)
	}
	lines := int64(bytes.Count(b.data, []byte{'\n'}))
	s.off += int64(len(b.data))
	s.line += lines
	return nil
}

// read reads once more at the end of the block.
func (s *splitter) read(b *block) {
	want := blockSize
	if len(b.data) >= blockSize {
		want = len(b.data)
	}
	if free := cap(b.data) - len(b.data); free < want/4 {
		b.data = append(make([]byte, 0, len(b.data)+want+want/4), b.data...)
	}
	var n int
	n, s.err = s.r.Read(b.data[len(b.data):cap(b.data)])
	b.data = b.data[:len(b.data)+n]
}

// skip goes over a line that is too long.
func (s *splitter) skip(b *block) error {
	b.long = true
	s.off += int64(len(b.data))
	b.data = b.data[:blockSize]
	for s.err == nil {
		var n int
		n, s.err = s.r.Read(b.data)
		if end := bytes.IndexByte(b.data[:n], '\n'); end >= 0 {
			s.rest = append(s.rest, b.data[end+1:n]...)
			s.off += int64(end + 1)
			break
		}
		s.off += int64(n)
	}
	b.data = nil
	s.line++
	return nil
}

// parallel reads a log block by block: one goroutine cuts it, several parse
// blocks, and take gets them in order in the caller's. mark, where not nil,
// sees each block before it is parsed, in order.
func parallel(ctx context.Context, s *splitter, mark func(*block), parser func() func(*block), take func(*block) error) error {
	workers := min(runtime.GOMAXPROCS(0), 8)
	free := make(chan *block, workers+2)
	for range cap(free) {
		free <- &block{ready: make(chan struct{}, 1)}
	}
	work, order := make(chan *block, cap(free)), make(chan *block, cap(free))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var failed error // of the splitter, once order is closed
	wg.Go(func() {
		defer close(order)
		defer close(work)
		for {
			var b *block
			select {
			case b = <-free:
			case <-stop:
				return
			}
			if err := s.next(b); err != nil {
				if err != io.EOF {
					failed = err
				}
				return
			}
			if mark != nil {
				mark(b)
			}
			work <- b
			order <- b
		}
	})
	for range workers {
		wg.Go(func() {
			parse := parser()
			for b := range work {
				parse(b)
				b.ready <- struct{}{}
			}
		})
	}
	defer wg.Wait()
	defer close(stop)
	for b := range order {
		select {
		case <-b.ready:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := take(b); err != nil {
			return err
		}
		free <- b
	}
	return failed
}

// hand gives a block's rows and rejects on, in the file's order.
func (b *block) hand(emit func(trace.Row) error, reject func(trace.Reject)) error {
	next := 0
	for i := range b.rows {
		for ; next < len(b.rejects) && b.rejects[next].row <= i; next++ {
			reject(b.rejects[next].Reject)
		}
		if err := emit(b.cells[i*b.width : (i+1)*b.width : (i+1)*b.width]); err != nil {
			return err
		}
	}
	for ; next < len(b.rejects); next++ {
		reject(b.rejects[next].Reject)
	}
	return nil
}
