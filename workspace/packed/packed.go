// Package packed reads files that may be compressed: gzip and zstd are told by
// their first bytes, whatever a file's name says, and anything else is read as
// it is.
package packed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// ErrCut is wrapped by the error for compressed data that ends too early.
var ErrCut = errors.New("cut short")

// maxWindow bounds the memory that a zstd frame may ask for, in bytes: what
// `zstd --long` makes, and not more.
const maxWindow = 128 << 20

// Reader is a stream's content. Close it; the stream below stays open.
type Reader struct {
	Format string // gzip, zstd, or "" for content that is not compressed

	r       io.Reader
	release func()
}

// NewReader returns the content of r. It reads ahead of what it returns.
func NewReader(r io.Reader) (*Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fault("gzip", err)
		}
		return &Reader{"gzip", z, func() { z.Close() }}, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fault("zstd", err)
		}
		return &Reader{"zstd", z, z.Close}, nil
	}
	return &Reader{"", b, func() {}}, nil
}

// Read implements io.Reader. Errors of compressed data say so, and wrap ErrCut
// where it ends too early.
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF && r.Format != "" {
		err = fault(r.Format, err)
	}
	return n, err
}

// Close gives back what decompression holds.
func (r *Reader) Close() error {
	r.release()
	return nil
}

// fault says what is wrong with compressed data.
func fault(format string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return fmt.Errorf("%s data is %w: get the file again", format, ErrCut)
	}
	return fmt.Errorf("%s data is damaged: %w", format, err)
}
