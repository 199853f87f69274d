package tableio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"netshare/workspace/trace"
)

// blockLen is how much text is worked on at a time; longer records make longer
// blocks.
const blockLen = 1 << 20

// errIrregular says that a file can't be cut into blocks, since its quotes
// don't tell where records begin: it has to be read from start to end.
var errIrregular = errors.New("irregular quotes")

// block is a piece of a file that holds whole records.
type block struct {
	data  []byte
	index int
	off   int64 // of data in the text
	ascii bool  // data has neither NUL nor bytes beyond ASCII
	bald  bool  // data has no quotes

	// What the work on it gives.
	out     []byte
	rejects []trace.Reject // with lines counted from the block's first
	lines   int64
	longest int
	keys    [][2]string // of JSON objects that were new to the worker, each with the one before it
	err     error

	ready chan struct{}
}

// cutter cuts text into blocks.
type cutter struct {
	r      io.Reader
	quotes bool // quotes may hold line ends
	rest   []byte
	next   int
	off    int64
	end    error // of the text
}

// cut returns the next block, io.EOF after the last. It reuses buf.
func (c *cutter) cut(buf []byte) (*block, error) {
	buf = append(buf[:0], c.rest...)
	c.rest = c.rest[:0]
	for {
		want := blockLen
		if len(buf) >= blockLen {
			want = len(buf)
		}
		if c.end == nil {
			start := len(buf)
			if cap(buf) < start+want {
				buf = append(make([]byte, 0, start+want), buf...)
			}
			var n int
			n, c.end = io.ReadFull(c.r, buf[start:start+want])
			buf = buf[:start+n]
			if c.end == io.ErrUnexpectedEOF {
				c.end = io.EOF
			}
		}
		if c.end != nil && c.end != io.EOF {
			return nil, fmt.Errorf("after byte %d: %w", c.off+int64(len(buf)), c.end)
		}
		at := len(buf)
		if c.end == nil {
			at = c.boundary(buf)
		} else if c.quotes && bytes.Count(buf, []byte{'"'})%2 != 0 {
			return nil, errIrregular
		}
		if at > 0 {
			b := &block{data: buf[:at], index: c.next, off: c.off, ready: make(chan struct{})}
			c.rest = append(c.rest, buf[at:]...)
			c.next++
			c.off += int64(at)
			return b, nil
		}
		if c.end == io.EOF {
			return nil, io.EOF
		}
		if len(buf) > maxRecord {
			return nil, errIrregular // the reading from start to end says where
		}
	}
}

// boundary returns where the last whole record of text ends, 0 where none
// does.
func (c *cutter) boundary(text []byte) int {
	odd := c.quotes && bytes.Count(text, []byte{'"'})%2 != 0
	for end := len(text); ; {
		at := bytes.LastIndexByte(text[:end], '\n')
		if at < 0 {
			return 0
		}
		if c.quotes && bytes.Count(text[at:end], []byte{'"'})%2 != 0 {
			odd = !odd
		}
		if !odd {
			return at + 1
		}
		end = at
	}
}

// workers returns how many blocks are worked on at once.
func workers() int { return min(max(runtime.GOMAXPROCS(0), 1), 8) }

// inBlocks cuts a text into blocks, has them worked on at once, each by the
// worker that its index names, and hands them to done in their order.
func inBlocks(r io.Reader, quotes bool, stop func() error, work func(worker int, b *block) error, done func(*block) error) error {
	n := workers()
	quit := make(chan struct{})
	order := make(chan *block, 2*n)
	buffers := make(chan []byte, 3*n+2)
	queues := make([]chan *block, n)
	var group sync.WaitGroup
	for i := range queues {
		queues[i] = make(chan *block, 2)
		group.Go(func() {
			for b := range queues[i] {
				b.ascii, b.bald = isASCII(b.data), quotes && bytes.IndexByte(b.data, '"') < 0
				b.err = work(i, b)
				close(b.ready)
			}
		})
	}
	var failed error // of the reading; set before order is closed
	group.Go(func() {
		defer func() {
			close(order)
			for _, q := range queues {
				close(q)
			}
		}()
		c := cutter{r: r, quotes: quotes}
		for {
			var buf []byte
			select {
			case buf = <-buffers:
			default:
			}
			b, err := c.cut(buf)
			if err != nil {
				if err != io.EOF {
					failed = err
				}
				return
			}
			select {
			case queues[b.index%n] <- b:
			case <-quit:
				return
			}
			select {
			case order <- b:
			case <-quit:
				return
			}
		}
	})
	err := func() error {
		for b := range order {
			<-b.ready
			if b.err != nil {
				return b.err
			}
			if err := stop(); err != nil {
				return err
			}
			if err := done(b); err != nil {
				return err
			}
			select {
			case buffers <- b.data:
			default:
			}
		}
		return failed
	}()
	close(quit)
	group.Wait()
	return err
}

// isASCII reports whether text is ASCII without NUL.
func isASCII(text []byte) bool {
	const high, ones = 0x8080808080808080, 0x0101010101010101
	i := 0
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		if (w|(w-ones))&high != 0 { // a byte beyond ASCII, or one that is 0
			return false
		}
	}
	for ; i < len(text); i++ {
		if text[i] == 0 || text[i] >= 0x80 {
			return false
		}
	}
	return true
}
