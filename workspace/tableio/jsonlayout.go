package tableio

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// jsonLayout is how the objects of a file stand in it.
type jsonLayout struct {
	array       bool   // in one array, not one a line
	flat        bool   // they go over several lines, which a flattener joins
	open, sep   string // of an array: what stands before and between objects
	colon, coma string // after a key, between members
}

// openJSON opens a file of JSON objects as text with one of them a line.
func openJSON(path string) (*input, jsonLayout, error) {
	in, err := open(path)
	if err != nil {
		return nil, jsonLayout{}, err
	}
	head, err := in.Peek(headLen)
	if err != nil && err != io.EOF {
		in.Close()
		return nil, jsonLayout{}, err
	}
	l := layoutOfJSON(head)
	if l.flat {
		in.Reader = bufio.NewReaderSize(&flattener{r: in.Reader, array: l.array}, bufferLen)
	}
	return in, l, nil
}

// layoutOfJSON tells the layout from the beginning of a text.
func layoutOfJSON(head []byte) jsonLayout {
	l := jsonLayout{colon: ":", coma: ","}
	text := blanks(head)
	if isJSONArray(text) {
		l.array, l.flat = true, true
		text = blanks(text[1:])
		l.open = string(head[:len(head)-len(text)])
	}
	if len(text) == 0 || text[0] != '{' {
		return l
	}
	first, after, err := jsonValue(text)
	if err != nil {
		return l
	}
	if rest := blanks(after); l.array && len(rest) > 0 && rest[0] == ',' {
		l.sep = string(after[:len(after)-len(blanks(rest[1:]))])
	}
	l.flat = l.flat || bytes.IndexByte(first, '\n') >= 0
	var parts jsonLine
	if parts.parse(first) == nil && len(parts.keys) > 1 && bytes.IndexByte(first, '\n') < 0 {
		body := blanks(first[1:])
		_, rest, _ := jsonValue(body)
		value := blanks(blanks(rest)[1:])
		l.colon = string(rest[:len(rest)-len(value)])
		_, rest, _ = jsonValue(value)
		l.coma = string(rest[:len(rest)-len(blanks(blanks(rest)[1:]))])
	}
	return l
}

// isJSONArray reports whether text, or all that is seen of it, begins an array
// of objects.
func isJSONArray(text []byte) bool {
	if len(text) == 0 || text[0] != '[' {
		return false
	}
	rest := blanks(text[1:])
	return len(rest) > 0 && rest[0] == '{' && !bytes.HasPrefix(rest, []byte("{]"))
}

// lines counts the lines of the file that end in a text, which ended as end
// says.
func (l *jsonLayout) lines(text []byte, end string) int64 {
	n := int64(0)
	if l.flat {
		n = int64(bytes.Count(text, []byte{'\r'}) + strings.Count(end, "\r"))
	}
	if !l.array {
		n += int64(strings.Count(end, "\n"))
		if end == "" && len(text) > 0 {
			n++
		}
	}
	return n
}

func (l *jsonLayout) props() map[string]string {
	props := map[string]string{}
	if l.array {
		marks, _ := json.Marshal([]string{l.open, l.sep})
		props["array"] = string(marks)
	}
	if l.colon != ":" || l.coma != "," {
		marks, _ := json.Marshal([]string{l.colon, l.coma})
		props["marks"] = string(marks)
	}
	return props
}

// flattener turns objects that go over several lines into one a line, byte for
// byte: line ends within an object become carriage returns, and of an array
// the brackets become blanks and the commas line ends.
type flattener struct {
	r       io.Reader
	array   bool
	begun   bool // the array's bracket is past
	depth   int
	quoted  bool
	escaped bool
}

func (f *flattener) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	for i, c := range p[:n] {
		switch {
		case f.escaped:
			f.escaped = false
		case f.quoted:
			f.escaped, f.quoted = c == '\\', c != '"'
		case c == '"':
			f.quoted = true
		case c == '\r':
			p[i] = ' '
			continue
		case c == '\n':
			if f.array || f.depth > 0 {
				p[i] = '\r'
			}
			continue
		case f.array && !f.begun && c == '[':
			p[i], f.begun = ' ', true
		case f.array && f.depth == 0 && c == ',':
			p[i] = '\n'
		case f.array && f.depth == 0 && c == ']':
			p[i] = ' '
		case c == '{' || c == '[':
			f.depth++
		case c == '}' || c == ']':
			f.depth = max(0, f.depth-1)
		}
		if c == '\n' || c == '\r' { // within a string, where they can't stand
			p[i] = '\r'
		}
	}
	return n, err
}
