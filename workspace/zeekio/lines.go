package zeekio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"netshare/workspace/packed"
)

// maxLine bounds the memory that one line may take; a longer one is rejected.
const maxLine = 16 << 20

// lines splits a file into lines and knows where each begins.
type lines struct {
	r    *bufio.Reader
	n    int64 // number of the line last returned, from 1
	off  int64 // its byte offset in the decompressed file
	next int64 // offset of the line after it
	buf  []byte
}

// newLines decompresses gzip and zstd, told by their magic, and skips a byte
// order mark.
func newLines(r io.Reader) (*lines, error) {
	content, err := packed.NewReader(r)
	if err != nil {
		return nil, err
	}
	br := bufio.NewReaderSize(content, 256<<10)
	l := &lines{r: br}
	if bom, _ := br.Peek(3); bytes.Equal(bom, []byte{0xef, 0xbb, 0xbf}) {
		_, _ = br.Discard(3)
		l.next = 3
	}
	return l, nil
}

// errLong is a line longer than maxLine; reading goes on after it.
var errLong = errors.New("line too long")

// line returns the next line without its end, valid until the next call, and
// whether it had a newline; io.EOF after the last.
func (l *lines) line() (text []byte, ended bool, err error) {
	l.off = l.next
	text, err = l.r.ReadSlice('\n')
	l.next += int64(len(text))
	if err == bufio.ErrBufferFull {
		l.buf = append(l.buf[:0], text...)
		long := false
		for err == bufio.ErrBufferFull {
			text, err = l.r.ReadSlice('\n')
			l.next += int64(len(text))
			if long = long || len(l.buf)+len(text) > maxLine; !long {
				l.buf = append(l.buf, text...)
			}
		}
		if long && (err == nil || err == io.EOF) {
			l.n++
			return nil, err == nil, errLong
		}
		text = l.buf
	}
	if err != nil && err != io.EOF {
		return nil, false, fmt.Errorf("line %d at byte %d: %w", l.n+1, l.off, err)
	}
	if err == io.EOF && len(text) == 0 {
		return nil, false, io.EOF
	}
	l.n++
	if n := len(text); n > 0 && text[n-1] == '\n' {
		return text[:n-1], true, nil
	}
	return text, false, nil
}
