package trace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Input is a file that a recipe's Read function reads: line by line, or as an
// io.Reader; not both. Its content is decompressed already.
type Input struct {
	name   string
	r      *bufio.Reader
	reject func(Reject)

	// Progress, where set, is called whenever reading goes on; Again opens the
	// content once more. They are for the host of the recipe.
	Progress func()
	Again    func() (*Input, error)

	line   int64
	offset int64 // of the line that Line returned
	next   int64
	err    error
}

// maxLine is the longest line, in bytes.
const maxLine = 64 << 20

// NewInput makes an input over a file's content. reject takes what Input.Reject
// tells.
func NewInput(name string, r io.Reader, reject func(Reject)) *Input {
	return &Input{name: name, r: bufio.NewReaderSize(r, 1<<16), reject: reject}
}

// Name is the file as the user named it.
func (in *Input) Name() string { return in.name }

// Line returns the next line without its end, and false where there is none.
// What stopped the reading, if not the end, is in Err.
func (in *Input) Line() (string, bool) {
	if in.Progress != nil {
		in.Progress()
	}
	if in.err != nil {
		return "", false
	}
	in.offset = in.next
	part, err := in.r.ReadSlice('\n')
	text := part
	if errors.Is(err, bufio.ErrBufferFull) {
		text = append([]byte(nil), part...)
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(text) > maxLine {
				in.err = fmt.Errorf("%s:%d: a line of more than %d MiB: this is no text file", in.name, in.line+1, maxLine>>20)
				return "", false
			}
			part, err = in.r.ReadSlice('\n')
			text = append(text, part...)
		}
	}
	in.next += int64(len(text))
	if err != nil {
		in.err = err
		if len(text) == 0 {
			return "", false
		}
	}
	in.line++
	text = trimEnd(text)
	return string(text), true
}

func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// Err returns what stopped Line, nil for the end of the file.
func (in *Input) Err() error {
	if errors.Is(in.err, io.EOF) {
		return nil
	}
	return in.err
}

// Number is the number of the line that Line returned last, from 1; 0 before.
func (in *Input) Number() int64 { return in.line }

// Read implements io.Reader, for formats that are no lines.
func (in *Input) Read(p []byte) (int, error) {
	if in.Progress != nil {
		in.Progress()
	}
	n, err := in.r.Read(p)
	in.next += int64(n)
	if err != nil {
		in.err = err
	}
	return n, err
}

// Reject tells that what was read last is no record, for a reason that is short
// and the same for the same cause, and the value that was wrong.
func (in *Input) Reject(reason, detail string) { in.RejectAt(in.line, reason, detail) }

// RejectAt is Reject for a line, or a record, that the caller counts.
func (in *Input) RejectAt(line int64, reason, detail string) {
	offset := in.offset
	if line != in.line || line == 0 {
		offset = -1
	}
	in.reject(Reject{File: in.name, Line: line, Offset: offset, Reason: reason, Detail: detail})
}
