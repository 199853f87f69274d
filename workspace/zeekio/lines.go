package zeekio

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"netshare/workspace/packed"
)

// lines reads the lines of a header, and knows where what follows begins.
type lines struct {
	r    *bufio.Reader
	n    int64 // number of the line last returned, from 1
	next int64 // byte offset of the line after it in the decompressed file
}

// newLines decompresses gzip and zstd, told by their magic, and skips a byte
// order mark.
func newLines(r io.Reader) (*lines, error) {
	content, err := packed.NewReader(r)
	if err != nil {
		return nil, err
	}
	l := &lines{r: newBuffered(content)}
	if bom, _ := l.r.Peek(3); bytes.Equal(bom, []byte{0xef, 0xbb, 0xbf}) {
		_, _ = l.r.Discard(3)
		l.next = 3
	}
	return l, nil
}

func newBuffered(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, blockSize) }

// line returns the next line without its end, valid until the next call;
// io.EOF after the last. No line of a header is longer than a block.
func (l *lines) line() ([]byte, error) {
	text, err := l.r.ReadSlice('\n')
	l.next += int64(len(text))
	l.n++
	switch {
	case err == bufio.ErrBufferFull:
		return nil, fmt.Errorf("line %d: a header line of more than %d bytes", l.n, blockSize)
	case err == io.EOF && len(text) > 0:
		return text, nil
	case err != nil && err != io.EOF:
		return nil, fmt.Errorf("line %d at byte %d: %w", l.n, l.next-int64(len(text)), err)
	case err != nil:
		return nil, err
	}
	return text[:len(text)-1], nil
}
