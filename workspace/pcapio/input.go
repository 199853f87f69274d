package pcapio

import (
	"bufio"
	"errors"
	"io"
)

const (
	bufferSize = 256 << 10 // of the reader, bytes
	headSize   = 64 << 10  // kept of a record that the buffer can't hold, bytes
)

// input reads a capture's records from a stream through a buffer of fixed
// size, counting bytes. No length found in a file sizes an allocation.
type input struct {
	r       *bufio.Reader
	offset  int64  // of the next byte to be read
	pending int    // bytes at the buffer's front that were lent out
	head    []byte // copy of the beginning of a record larger than the buffer
}

func newInput(r io.Reader) *input { return &input{r: bufio.NewReaderSize(r, bufferSize)} }

// settle takes back what was lent out.
func (in *input) settle() {
	if in.pending > 0 {
		in.r.Discard(in.pending) // the buffer holds it: can't fail
		in.offset += int64(in.pending)
		in.pending = 0
	}
}

// peek lends the next n bytes without passing them, n up to the buffer's size;
// fewer than n come with an error.
func (in *input) peek(n int) ([]byte, error) {
	in.settle()
	return in.r.Peek(n)
}

// take lends the next n bytes and passes them. They are valid until the next
// call. Of more than the buffer's size it lends the first headSize bytes and
// passes all. The error is io.EOF at the end of the stream,
// io.ErrUnexpectedEOF for an end before the n bytes, or the stream's own.
func (in *input) take(n int64) ([]byte, error) {
	in.settle()
	if n <= bufferSize {
		b, err := in.r.Peek(int(n))
		if err == nil {
			in.pending = int(n)
			return b, nil
		}
		if err == io.EOF && len(b) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return b, err
	}
	b, err := in.r.Peek(headSize)
	in.head = append(in.head[:0], b...)
	if err == nil {
		err = in.skip(n)
	}
	if err == io.EOF && len(in.head) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return in.head, err
}

// skip passes n bytes.
func (in *input) skip(n int64) error {
	in.settle()
	for n > 0 {
		step := int(min(n, 1<<30))
		done, err := in.r.Discard(step)
		in.offset += int64(done)
		if err != nil {
			return whole(err)
		}
		n -= int64(done)
	}
	return nil
}

// cutShort reports whether err is the end of the stream inside a record.
func cutShort(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
