package packed

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Extension returns the format that a file's extension names, "" for one that
// is not compressed: ".gz" and ".gzip" gzip, ".zst" and ".zstd" zstd.
func Extension(ext string) string {
	switch ext {
	case ".gz", ".gzip":
		return "gzip"
	case ".zst", ".zstd":
		return "zstd"
	}
	return ""
}

// NewWriter compresses to w in the given format, gzip or zstd, or writes to it
// as it is where that is "". Close ends the compressed data; w stays open.
func NewWriter(w io.Writer, format string) (io.WriteCloser, error) {
	switch format {
	case "":
		return plain{w}, nil
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.DefaultCompression)
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nil, fmt.Errorf("no compression is called %q: use gzip or zstd", format)
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }
