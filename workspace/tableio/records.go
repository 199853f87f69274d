package tableio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
)

// maxRecord bounds the memory that one record may take.
const maxRecord = 16 << 20

// records splits CSV text into records and fields and knows where each begins.
type records struct {
	r     *bufio.Reader // nil where data has all there is
	data  []byte
	delim byte
	runs  bool // of delimiters are one

	fields [][]byte // of the record last read, unquoted; valid until the next
	quoted []bool   // which of them stood in quotes
	odd    bool     // it has quotes where CSV wants none
	sound  bool     // all text is known to be ASCII without NUL
	bald   bool     // there is known to be no quote
	mixed  bool     // quoted may have values from an earlier record
	line   int64    // at which the record begins, from 1
	off    int64    // byte offset of that line
	raw    []byte   // the record as it stands, without line end

	blank, again, summary int64 // lines that are no records, see tally

	nextLine, nextOff int64
	crlf, lf, bare    int64  // records ended by CRLF, LF, nothing
	end               string // of the line last read
	buf, text, out    []byte
}

func newRecords(r *bufio.Reader, d dialect) *records {
	return &records{r: r, delim: d.delim, runs: d.runs, nextLine: 1}
}

// recordsIn reads the records of a block, whose lines it counts from 1.
func recordsIn(b *block, d dialect) *records {
	return &records{data: b.data, delim: d.delim, runs: d.runs, nextLine: 1, nextOff: b.off, sound: b.ascii, bald: b.bald}
}

// next reads one record; io.EOF after the last.
func (c *records) next() error {
	c.line, c.off = c.nextLine, c.nextOff
	line, err := c.physical()
	if err != nil {
		return err
	}
	if c.bald || bytes.IndexByte(line, '"') < 0 {
		if c.plain(line); c.runs {
			c.fields = slices.DeleteFunc(c.fields, func(f []byte) bool { return len(f) == 0 })
			c.quoted = c.quoted[:len(c.fields)]
		}
	} else if err := c.withQuotes(line); err != nil {
		return err
	}
	switch c.end {
	case "\n":
		c.lf++
	case "\r\n":
		c.crlf++
	default:
		c.bare++
	}
	return nil
}

// physical reads one line and drops its end.
func (c *records) physical() ([]byte, error) {
	line, err := c.slice()
	if err == bufio.ErrBufferFull {
		c.buf = append(c.buf[:0], line...)
		for err == bufio.ErrBufferFull {
			line, err = c.r.ReadSlice('\n')
			if c.buf = append(c.buf, line...); len(c.buf) > maxRecord {
				return nil, fmt.Errorf("line %d is longer than %d bytes: this is no table", c.nextLine, maxRecord)
			}
		}
		line = c.buf
	}
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("line %d at byte %d: %w", c.nextLine, c.nextOff, err)
	}
	if len(line) == 0 {
		return nil, io.EOF
	}
	c.nextLine++
	c.nextOff += int64(len(line))
	switch n := len(line); {
	case line[n-1] != '\n':
		c.end = ""
	case n > 1 && line[n-2] == '\r':
		c.end, line = "\r\n", line[:n-2]
	default:
		c.end, line = "\n", line[:n-1]
	}
	return line, nil
}

// slice reads up to the next line end.
func (c *records) slice() ([]byte, error) {
	if c.r != nil {
		return c.r.ReadSlice('\n')
	}
	i := bytes.IndexByte(c.data, '\n') + 1
	if i == 0 {
		i = len(c.data)
	}
	line := c.data[:i:i]
	c.data = c.data[i:]
	return line, nil
}

// plain splits a line without quotes, eight bytes at a time.
func (c *records) plain(line []byte) {
	const low, ones = 0x7f7f7f7f7f7f7f7f, 0x0101010101010101
	c.raw, c.odd = line, false
	fields := c.fields[:0]
	start, i := 0, 0
	for pattern := uint64(c.delim) * ones; i+8 <= len(line); i += 8 {
		w := binary.LittleEndian.Uint64(line[i:]) ^ pattern
		for hits := ^((w&low + low) | w | low); hits != 0; hits &= hits - 1 { // a high bit for each delimiter
			at := i + bits.TrailingZeros64(hits)/8
			fields = append(fields, line[start:at:at])
			start = at + 1
		}
	}
	for ; i < len(line); i++ {
		if line[i] == c.delim {
			fields = append(fields, line[start:i:i])
			start = i + 1
		}
	}
	c.fields = append(fields, line[start:])
	for len(c.quoted) < len(c.fields) {
		c.quoted = append(c.quoted, false)
	}
	c.quoted = c.quoted[:len(c.fields)]
	if c.mixed {
		clear(c.quoted)
	}
	c.mixed = false
}

// errQuote is a quote that is never closed.
var errQuote = errors.New("quote is never closed")

// withQuotes reads a record that has quotes and so may have more lines.
func (c *records) withQuotes(line []byte) error {
	text := append(c.text[:0], line...)
	c.fields, c.quoted, c.odd, c.mixed = c.fields[:0], c.quoted[:0], false, true
	out := c.out[:0] // unquoted fields, apart from the line that they come from
	for i := 0; ; {
		for c.runs && i < len(text) && text[i] == c.delim {
			i++
		}
		if c.runs && i == len(text) {
			break
		}
		if i >= len(text) || text[i] != '"' {
			end := bytes.IndexByte(text[i:], c.delim)
			if end < 0 {
				end = len(text) - i
			}
			f := text[i : i+end]
			c.odd = c.odd || bytes.IndexByte(f, '"') >= 0
			start := len(out)
			out = append(out, f...)
			c.fields, c.quoted = append(c.fields, out[start:len(out):len(out)]), append(c.quoted, false)
			i += end
		} else {
			start := len(out)
			i++
			for {
				end := bytes.IndexByte(text[i:], '"')
				if end < 0 { // the record goes on in the next line
					out = append(out, text[i:]...)
					i = len(text)
					end := c.end // it belongs to the value
					more, err := c.physical()
					if err == io.EOF {
						return fmt.Errorf("line %d: %w", c.line, errQuote)
					}
					if err != nil {
						return err
					}
					if len(text)+len(more) > maxRecord {
						return fmt.Errorf("line %d: %w within %d bytes", c.line, errQuote, maxRecord)
					}
					out = append(out, end...)
					text = append(text, '\n')
					i++
					text = append(text, more...)
					continue
				}
				out = append(out, text[i:i+end]...)
				i += end + 1
				if i < len(text) && text[i] == '"' {
					out = append(out, '"')
					i++
					continue
				}
				break
			}
			for i < len(text) && text[i] != c.delim { // text after the closing quote
				c.odd = true
				out = append(out, text[i])
				i++
			}
			c.fields, c.quoted = append(c.fields, out[start:len(out):len(out)]), append(c.quoted, true)
		}
		if i >= len(text) {
			break
		}
		i++ // the delimiter
	}
	c.text, c.raw, c.out = text, text, out
	return nil
}
