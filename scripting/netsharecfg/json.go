package netsharecfg

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"netshare/scripting"
)

// kind is what a JSON value is.
type kind string

const (
	isNull   kind = "null"
	isBool   kind = "true or false"
	isNumber kind = "a number"
	isText   kind = "a text"
	isList   kind = "a list"
	isObject kind = "an object"
)

// node is a JSON value with its place.
type node struct {
	kind   kind
	at     int     // byte offset in the file
	path   string  // "fields.metadata[2].name", "" of the whole
	text   string  // of a text its content, of numbers and words as they stand
	items  []*node // of a list, or the values of an object
	keys   []string
	keysAt []int // offset of each key
}

// get returns a member of an object, nil where it has none.
func (n *node) get(key string) *node {
	if n == nil || n.kind != isObject {
		return nil
	}
	for i, k := range n.keys {
		if k == key {
			return n.items[i]
		}
	}
	return nil
}

// number returns a number's value.
func (n *node) number() float64 {
	x, _ := strconv.ParseFloat(n.text, 64)
	return x
}

// said is a value as a message quotes it.
func (n *node) said() string {
	switch n.kind {
	case isText:
		return strconv.Quote(n.text)
	case isList, isObject:
		return string(n.kind)
	}
	return n.text
}

// maxDepth bounds how deep values may stand in one another.
const maxDepth = 64

// jsonParser reads JSON as RFC 8259 has it.
type jsonParser struct {
	file string
	src  string
	pos  int
}

// fault is an error at a byte offset of the file.
func fault(file, src string, at int, format string, args ...any) *scripting.Error {
	at = min(at, len(src))
	line := 1 + strings.Count(src[:at], "\n")
	column := at - strings.LastIndexByte(src[:at], '\n')
	return &scripting.Error{File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

// parseJSON reads a whole file.
func parseJSON(file, src string) (n *node, err error) {
	p := &jsonParser{file: file, src: src}
	p.pos = len(src) - len(strings.TrimPrefix(src, "\ufeff"))
	defer func() {
		if v := recover(); v != nil {
			e, ok := v.(*scripting.Error)
			if !ok {
				panic(v)
			}
			n, err = nil, e
		}
	}()
	if p.space(); p.pos == len(src) {
		p.fail(p.pos, "the file is empty: a configuration is a JSON object")
	}
	n = p.value("", 0)
	if p.space(); p.pos < len(src) {
		p.fail(p.pos, "something stands after the end of the configuration: %s", p.seen())
	}
	return n, nil
}

func (p *jsonParser) fail(at int, format string, args ...any) {
	panic(fault(p.file, p.src, at, format, args...))
}

func (p *jsonParser) space() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.pos]) >= 0 {
		p.pos++
	}
}

// seen quotes what stands at the place.
func (p *jsonParser) seen() string {
	if p.pos >= len(p.src) {
		return "the end of the file"
	}
	r, _ := utf8.DecodeRuneInString(p.src[p.pos:])
	return strconv.QuoteRune(r)
}

func (p *jsonParser) value(path string, depth int) *node {
	p.space()
	n := &node{at: p.pos, path: path}
	if depth > maxDepth {
		p.fail(p.pos, "values stand more than %d deep in one another", maxDepth)
	}
	if p.pos == len(p.src) {
		p.fail(p.pos, "the file ends where a value is to come")
	}
	switch c := p.src[p.pos]; {
	case c == '{':
		p.object(n, depth)
	case c == '[':
		p.list(n, depth)
	case c == '"':
		n.kind, n.text = isText, p.text()
	case c == '-' || c >= '0' && c <= '9':
		n.kind, n.text = isNumber, p.digits()
	default:
		n.text = p.word()
		switch n.text {
		case "null":
			n.kind = isNull
		case "true", "false":
			n.kind = isBool
		case "True", "False", "None":
			p.fail(n.at, "%s is Python's: JSON has %s", n.text, map[string]string{"True": "true", "False": "false", "None": "null"}[n.text])
		case "":
			p.fail(n.at, "want a value, got %s", p.seen())
		default:
			p.fail(n.at, "want a value, got %s: texts stand in double quotes", n.text)
		}
	}
	return n
}

func (p *jsonParser) object(n *node, depth int) {
	n.kind = isObject
	p.pos++
	for {
		p.space()
		if p.pos < len(p.src) && p.src[p.pos] == '}' && len(n.keys) == 0 {
			p.pos++
			return
		}
		if p.pos >= len(p.src) {
			p.fail(n.at, "the object is not closed: a } is missing")
		}
		at := p.pos
		switch p.src[p.pos] {
		case '"':
		case '}':
			p.fail(at, "a comma stands before the }: remove it")
		default:
			p.fail(at, "want a key in double quotes, got %s", p.seen())
		}
		key := p.text()
		path := key
		if n.path != "" {
			path = n.path + "." + key
		}
		for _, k := range n.keys {
			if k == key {
				p.fail(at, "%s: the key is there twice: remove one", path)
			}
		}
		if p.space(); p.pos >= len(p.src) || p.src[p.pos] != ':' {
			p.fail(p.pos, "%s: want a : after the key, got %s", path, p.seen())
		}
		p.pos++
		v := p.value(path, depth+1)
		n.keys, n.keysAt, n.items = append(n.keys, key), append(n.keysAt, at), append(n.items, v)
		p.space()
		switch {
		case p.pos >= len(p.src):
			p.fail(n.at, "the object is not closed: a } is missing")
		case p.src[p.pos] == ',':
			p.pos++
		case p.src[p.pos] == '}':
			p.pos++
			return
		default:
			p.fail(p.pos, "want a comma or a } after %s, got %s", path, p.seen())
		}
	}
}

func (p *jsonParser) list(n *node, depth int) {
	n.kind = isList
	p.pos++
	for {
		p.space()
		if p.pos < len(p.src) && p.src[p.pos] == ']' {
			if len(n.items) > 0 {
				p.fail(p.pos, "a comma stands before the ]: remove it")
			}
			p.pos++
			return
		}
		if p.pos >= len(p.src) {
			p.fail(n.at, "the list is not closed: a ] is missing")
		}
		n.items = append(n.items, p.value(fmt.Sprintf("%s[%d]", n.path, len(n.items)), depth+1))
		p.space()
		switch {
		case p.pos >= len(p.src):
			p.fail(n.at, "the list is not closed: a ] is missing")
		case p.src[p.pos] == ',':
			p.pos++
		case p.src[p.pos] == ']':
			p.pos++
			return
		default:
			p.fail(p.pos, "want a comma or a ] after %s, got %s", n.items[len(n.items)-1].path, p.seen())
		}
	}
}

// text reads a text in double quotes.
func (p *jsonParser) text() string {
	at := p.pos
	for p.pos++; p.pos < len(p.src); p.pos++ {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			s, err := unquote(p.src[at:p.pos])
			if err != nil {
				p.fail(at, "%v", err)
			}
			return s
		case c == '\\':
			p.pos++
		case c < ' ':
			p.fail(at, "the text is not closed: a \" is missing before the end of the line")
		}
	}
	p.fail(at, "the text is not closed: a \" is missing")
	return ""
}

// unquote gives the content of a JSON text.
func unquote(s string) (string, error) {
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if at := strings.IndexByte(`"\/bfnrt`, s[i]); at >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[at])
			continue
		}
		if s[i] != 'u' {
			return "", fmt.Errorf(`\%c is no escape of JSON: write \\ for a backslash`, s[i])
		}
		r, ok := hex4(s, i+1)
		if !ok {
			return "", fmt.Errorf(`want four hexadecimal digits after \u`)
		}
		i += 4
		if r >= 0xd800 && r < 0xdc00 && strings.HasPrefix(s[i+1:], `\u`) {
			if low, ok := hex4(s, i+3); ok && low >= 0xdc00 && low < 0xe000 {
				r = (r-0xd800)<<10 + low - 0xdc00 + 0x10000
				i += 6
			}
		}
		b.WriteRune(r)
	}
	return strings.ToValidUTF8(b.String(), "\ufffd"), nil
}

func hex4(s string, at int) (rune, bool) {
	if at+4 > len(s) {
		return 0, false
	}
	x, err := strconv.ParseUint(s[at:at+4], 16, 32)
	return rune(x), err == nil
}

// digits reads a number.
func (p *jsonParser) digits() string {
	at := p.pos
	for p.pos < len(p.src) && strings.IndexByte("+-.eE0123456789", p.src[p.pos]) >= 0 {
		p.pos++
	}
	s := p.src[at:p.pos]
	whole := strings.TrimPrefix(s, "-")
	_, err := strconv.ParseFloat(s, 64)
	if err != nil || len(whole) > 1 && whole[0] == '0' && whole[1] >= '0' && whole[1] <= '9' || whole == "" || strings.HasSuffix(s, ".") || whole[0] == '.' {
		p.fail(at, "%s is no number of JSON", s)
	}
	return s
}

// word reads letters.
func (p *jsonParser) word() string {
	at := p.pos
	for p.pos < len(p.src) && (p.src[p.pos]|0x20 >= 'a' && p.src[p.pos]|0x20 <= 'z' || p.src[p.pos] == '_') {
		p.pos++
	}
	return p.src[at:p.pos]
}
