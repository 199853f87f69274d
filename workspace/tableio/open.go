package tableio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"netshare/workspace/packed"
)

// The encodings of text files.
const (
	utf8Text  = "utf-8"
	utf16LE   = "utf-16le"
	utf16BE   = "utf-16be"
	latin1    = "latin-1"      // of older workspaces
	win1252   = "windows-1252" // as the web has it: ISO 8859-1 with letters for most control codes
	bufferLen = 256 << 10
	headLen   = 256 << 10
	maxWindow = 128 << 20
)

// input is an opened file as UTF-8 text.
type input struct {
	*bufio.Reader
	file       *os.File
	encoding   string
	bom        bool
	compressed bool
}

func (in *input) Close() error { return in.file.Close() }

// open opens a file, decompresses it and decodes it to UTF-8 without byte
// order mark.
func open(path string) (*input, error) { return openAs(path, "") }

// openAs opens a file whose encoding is known, or "".
func openAs(path, encoding string) (*input, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: is a directory: name the files in it", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in := &input{file: f, encoding: encoding}
	if err := in.decode(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return in, nil
}

func (in *input) decode() error {
	content, err := packed.NewReader(in.file)
	if err != nil {
		return err
	}
	in.compressed = content.Format != ""
	r := bufio.NewReaderSize(content, bufferLen)
	head, err := r.Peek(bufferLen)
	if len(head) == 0 {
		if err == nil || err == io.EOF {
			return errors.New("empty file")
		}
		return err
	}
	encoding, skip := encodingOf(head)
	if in.encoding == "" {
		in.encoding = encoding
	} else if in.encoding != encoding {
		skip = 0
	}
	in.bom = skip > 0
	_, _ = r.Discard(skip)
	switch in.encoding {
	case utf16LE, utf16BE:
		r = bufio.NewReaderSize(&utf16Reader{r: r, big: in.encoding == utf16BE}, bufferLen)
	case win1252:
		r = bufio.NewReaderSize(&byteReader{r: r}, bufferLen)
	}
	in.Reader = r
	return nil
}

// encodingOf tells a text's encoding from its beginning, and the length of its
// byte order mark.
func encodingOf(head []byte) (string, int) {
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		return utf8Text, 3
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return utf16LE, 2
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return utf16BE, 2
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i&1]++
		}
	}
	switch n := len(head); {
	case zeros[1] > n/4 && zeros[0] == 0:
		return utf16LE, 0
	case zeros[0] > n/4 && zeros[1] == 0:
		return utf16BE, 0
	}
	end := len(head)
	for cut := 0; cut < utf8.UTFMax && end > 0 && len(head) == bufferLen; cut++ { // a rune may be cut by the head's end
		if utf8.RuneStart(head[end-1]) {
			end--
			break
		}
		end--
	}
	if good, bad := sequences(head[:end]); bad > good {
		return win1252, 0
	}
	return utf8Text, 0
}

// sequences counts the characters of text beyond ASCII, and the bytes that are
// part of none.
func sequences(text []byte) (good, bad int) {
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			text = text[1:]
			continue
		}
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		text = text[n:]
	}
	return good, bad
}

// byteReader turns Windows-1252 into UTF-8.
type byteReader struct {
	r *bufio.Reader
}

func (l *byteReader) Read(p []byte) (n int, err error) {
	for n+utf8.UTFMax <= len(p) {
		if n > 0 && l.r.Buffered() == 0 {
			return n, nil
		}
		c, err := l.r.ReadByte()
		if err != nil {
			return n, err
		}
		r := rune(c)
		if c >= 0x80 && c < 0xa0 {
			r = letters1252()[c-0x80]
		}
		n += len(utf8.AppendRune(p[n:n], r))
	}
	return n, nil
}

// letters1252 are what Windows-1252 has from 0x80 to 0x9f; five control codes
// stay what they are, so that every byte has its own rune.
func letters1252() [32]rune {
	return [32]rune{
		'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
		0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
	}
}

// byte1252 is the way back; what has no byte becomes a question mark.
func byte1252(r rune) byte {
	if r < 0x80 || r >= 0xa0 && r <= 0xff {
		return byte(r)
	}
	for i, l := range letters1252() {
		if l == r {
			return byte(0x80 + i)
		}
	}
	return '?'
}

// utf16Reader turns UTF-16 into UTF-8; what is no text becomes U+FFFD.
type utf16Reader struct {
	r    *bufio.Reader
	big  bool
	back rune // a code unit read ahead
	has  bool
}

func (u *utf16Reader) unit() (rune, error) {
	if u.has {
		u.has = false
		return u.back, nil
	}
	a, err := u.r.ReadByte()
	if err != nil {
		return 0, err
	}
	b, err := u.r.ReadByte()
	if err != nil {
		return 0, errors.New("UTF-16 text ends in the middle of a character")
	}
	if u.big {
		a, b = b, a
	}
	return rune(b)<<8 | rune(a), nil
}

func (u *utf16Reader) Read(p []byte) (n int, err error) {
	for n+utf8.UTFMax <= len(p) {
		if n > 0 && u.r.Buffered() < 4 {
			return n, nil
		}
		r, err := u.unit()
		if err != nil {
			return n, err
		}
		if r >= 0xd800 && r < 0xdc00 {
			low, err := u.unit()
			if err == nil && low >= 0xdc00 && low < 0xe000 {
				r = (r-0xd800)<<10 | (low - 0xdc00) + 0x10000
			} else if err == nil {
				u.back, u.has = low, true
			}
		}
		n += len(utf8.AppendRune(p[n:n], r))
	}
	return n, nil
}
