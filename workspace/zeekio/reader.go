package zeekio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"netshare/workspace/trace"
)

// ErrNotZeek is returned for a file that is neither form of Zeek log.
var ErrNotZeek = errors.New("not a Zeek log: want #fields and #types lines, or one JSON object a line")

// Reader reads one Zeek log; it is a trace.Reader. Its Read works once.
type Reader struct {
	name   string
	schema trace.Schema
	closer io.Closer
	read   func(ctx context.Context, emit func(trace.Row) error, reject func(trace.Reject)) error
}

// Schema returns the log's columns, known once it is open.
func (r *Reader) Schema() trace.Schema { return r.schema }

// Read calls emit for each record and reject for each that can't be read. The
// row is used again; its strings and lists are not, but who keeps a short string
// for long keeps the block of the log that it stands in, and should clone it. A file that can't be
// decompressed to its end gives an error after the records before the damage.
func (r *Reader) Read(ctx context.Context, emit func(trace.Row) error, reject func(trace.Reject)) error {
	if r.read == nil {
		return fmt.Errorf("%s: already read", r.name)
	}
	read := r.read
	r.read = nil
	return read(ctx, emit, func(j trace.Reject) {
		j.File = r.name
		if reject != nil {
			reject(j)
		}
	})
}

// Close closes the file that Open opened.
func (r *Reader) Close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}

// Open opens the log at path, TSV or JSON, plain, gzip or zstd. A JSON log is
// read once here for its columns and a second time by Read.
func Open(path string) (*Reader, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: is a directory: name the logs in it", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := open(path, f, info.Mode().IsRegular())
	if err != nil {
		f.Close()
		return nil, err
	}
	r.closer = f
	return r, nil
}

func open(name string, f *os.File, seekable bool) (*Reader, error) {
	if !seekable {
		return NewReader(name, f)
	}
	l, err := newLines(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	format, err := sniff(l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if format == formatTSV {
		return newTSV(name, l)
	}
	s := newSurvey()
	if err := s.all(context.Background(), &splitter{r: l.r}); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if l, err = newLines(f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return newJSON(name, l, s)
}

// headBytes bounds what is kept of a JSON log that can't be read twice.
const headBytes = 8 << 20

// NewReader reads a log from r, decompressing gzip and zstd. The columns of a
// JSON log are those of its first 8 MiB; later records with other fields are
// rejected. Errors and rejects name the file as name.
func NewReader(name string, r io.Reader) (*Reader, error) {
	l, err := newLines(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	format, err := sniff(l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if format == formatTSV {
		return newTSV(name, l)
	}
	var head bytes.Buffer
	if _, err := io.CopyN(&head, l.r, headBytes); err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	whole := head.Bytes()
	complete := len(whole) < headBytes
	if end := bytes.LastIndexByte(whole, '\n'); !complete && end >= 0 {
		whole = whole[:end+1]
	}
	s := newSurvey()
	if err := s.all(context.Background(), &splitter{r: bytes.NewReader(whole)}); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	l.r = newBuffered(io.MultiReader(bytes.NewReader(head.Bytes()), l.r))
	return newJSON(name, l, s)
}

// sniff looks at the first bytes of the decompressed file.
func sniff(l *lines) (string, error) {
	head, err := l.r.Peek(64 << 10)
	if len(head) == 0 {
		if err == nil || err == io.EOF {
			return "", errors.New("empty file")
		}
		return "", err
	}
	t := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(t) > 0 && t[0] == '#':
		return formatTSV, nil
	case len(t) > 0 && t[0] == '{', bytes.Contains(head, []byte("\n{")):
		return formatJSON, nil
	}
	return "", ErrNotZeek
}
