package tableio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// jsonLine is one object taken apart; it is valid as long as its text.
type jsonLine struct {
	keys [][]byte
	vals [][]byte // as they stand in the text
}

var (
	errNotObject = errors.New("not a JSON object")
	errCut       = errors.New("unexpected end of JSON input")
)

// parse splits an object into its members, in their order.
func (l *jsonLine) parse(text []byte) error {
	l.keys, l.vals = l.keys[:0], l.vals[:0]
	if len(text) == 0 || text[0] != '{' {
		return errNotObject
	}
	rest := blanks(text[1:])
	for first := true; ; first = false {
		if len(rest) == 0 {
			return errCut
		}
		if rest[0] == '}' && (first || len(l.keys) > 0) {
			break
		}
		if !first {
			if rest[0] != ',' {
				return unexpected(rest[0], "between members")
			}
			rest = blanks(rest[1:])
		}
		key, after, err := jsonValue(rest)
		if err != nil {
			return err
		}
		if key[0] != '"' {
			return errors.New("a key is no string")
		}
		if rest = blanks(after); len(rest) == 0 {
			return errCut
		}
		if rest[0] != ':' {
			return unexpected(rest[0], "after a key")
		}
		val, after, err := jsonValue(blanks(rest[1:]))
		if err != nil {
			return err
		}
		rest = blanks(after)
		l.keys, l.vals = append(l.keys, jsonText(key)), append(l.vals, val)
	}
	if len(blanks(rest[1:])) > 0 {
		return errors.New("text after the object")
	}
	return nil
}

func unexpected(c byte, where string) error { return fmt.Errorf("unexpected %q %s", c, where) }

// blanks drops the white space that text begins with.
func blanks(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t' || text[0] == '\r' || text[0] == '\n') {
		text = text[1:]
	}
	return text
}

// jsonValue takes one valid value from the beginning of text.
func jsonValue(text []byte) (value, rest []byte, err error) {
	if len(text) == 0 {
		return nil, nil, errCut
	}
	end, check := 0, true
	switch text[0] {
	case '"':
		end, check = jsonString(text)
	case '{', '[':
		depth := 0
		for end < len(text) && (depth > 0 || end == 0) {
			switch text[end] {
			case '"':
				n, _ := jsonString(text[end:])
				if n < 0 {
					return nil, nil, errCut
				}
				end += n
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			end++
		}
		if depth > 0 {
			end = -1
		}
	default:
		for end < len(text) && !bytes.ContainsRune([]byte(",}] \t\r\n"), rune(text[end])) {
			end++
		}
		check = !plainNumber(text[:end])
	}
	if end < 0 {
		return nil, nil, errCut
	}
	if value = text[:end:end]; check && !json.Valid(value) {
		return nil, nil, fmt.Errorf("%s is no value", show(value))
	}
	return value, text[end:], nil
}

// plainNumber reports whether v is a number without sign and exponent, which
// JSON allows beyond doubt.
func plainNumber(v []byte) bool {
	if len(v) == 0 || v[0]-'0' > 9 || v[len(v)-1]-'0' > 9 || len(v) > 1 && v[0] == '0' && v[1] != '.' {
		return false
	}
	points := 0
	for _, c := range v {
		if c == '.' {
			points++
		} else if c-'0' > 9 {
			return false
		}
	}
	return points <= 1
}

// jsonString returns the length of the string that text begins with, -1 where
// it has no end, and whether it has to be looked at more closely.
func jsonString(text []byte) (n int, odd bool) {
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, odd
		case c == '\\':
			odd = true
			i++
		case c < ' ':
			odd = true
		}
	}
	return -1, odd
}

// jsonText is the text of a valid JSON string.
func jsonText(v []byte) []byte {
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1]
	}
	var text string
	_ = json.Unmarshal(v, &text)
	return []byte(text)
}
