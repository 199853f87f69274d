package zeekio

import (
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep JSON may nest.
const maxDepth = 64

// jval is one JSON value where it stands in the line.
type jval struct {
	kind byte   // 's' string, '0' number, 't' true, 'f' false, 'n' null, '[' array, '{' object
	raw  []byte // of a string what stands between the quotes, of all else the whole text
	esc  bool   // a string with escapes or bytes that are no plain ASCII
	real bool   // a number with a fraction or an exponent
	at   int    // place of raw in the line, 0 where that is not known
}

// scanner walks over one line of JSON; it checks all of RFC 8259's grammar but
// allocates nothing.
type scanner struct {
	s     []byte
	i     int
	depth int
}

var (
	errNotObject = errors.New("not a JSON object")
	errCut       = errors.New("JSON ends early")
)

func (c *scanner) space() {
	for c.i < len(c.s) && (c.s[c.i] == ' ' || c.s[c.i] == '\t' || c.s[c.i] == '\r' || c.s[c.i] == '\n') {
		c.i++
	}
}

func (c *scanner) bad() error {
	if c.i >= len(c.s) {
		return errCut
	}
	return fmt.Errorf("unexpected %q at byte %d of the line", c.s[c.i], c.i)
}

// object calls member for each of the object's members.
func (c *scanner) object(member func(key, val jval) error) error {
	if c.i >= len(c.s) || c.s[c.i] != '{' {
		return errNotObject
	}
	if c.depth++; c.depth > maxDepth {
		return fmt.Errorf("JSON nests deeper than %d", maxDepth)
	}
	defer func() { c.depth-- }()
	c.i++
	c.space()
	if c.i < len(c.s) && c.s[c.i] == '}' {
		c.i++
		return nil
	}
	for {
		c.space()
		if c.i >= len(c.s) || c.s[c.i] != '"' {
			return c.bad()
		}
		key, err := c.value()
		if err != nil {
			return err
		}
		c.space()
		if c.i >= len(c.s) || c.s[c.i] != ':' {
			return c.bad()
		}
		c.i++
		c.space()
		val, err := c.value()
		if err != nil {
			return err
		}
		if member != nil {
			if err := member(key, val); err != nil {
				return err
			}
		}
		c.space()
		switch {
		case c.i < len(c.s) && c.s[c.i] == ',':
			c.i++
		case c.i < len(c.s) && c.s[c.i] == '}':
			c.i++
			return nil
		default:
			return c.bad()
		}
	}
}

// array calls elem for each of the array's elements.
func (c *scanner) array(elem func(jval) error) error {
	if c.depth++; c.depth > maxDepth {
		return fmt.Errorf("JSON nests deeper than %d", maxDepth)
	}
	defer func() { c.depth-- }()
	c.i++
	c.space()
	if c.i < len(c.s) && c.s[c.i] == ']' {
		c.i++
		return nil
	}
	for {
		c.space()
		val, err := c.value()
		if err != nil {
			return err
		}
		if elem != nil {
			if err := elem(val); err != nil {
				return err
			}
		}
		c.space()
		switch {
		case c.i < len(c.s) && c.s[c.i] == ',':
			c.i++
		case c.i < len(c.s) && c.s[c.i] == ']':
			c.i++
			return nil
		default:
			return c.bad()
		}
	}
}

func (c *scanner) value() (jval, error) {
	if c.i >= len(c.s) {
		return jval{}, errCut
	}
	start := c.i
	switch b := c.s[c.i]; b {
	case '"':
		return c.str()
	case '{':
		err := c.object(nil)
		return jval{kind: '{', raw: c.s[start:c.i]}, err
	case '[':
		err := c.array(nil)
		return jval{kind: '[', raw: c.s[start:c.i]}, err
	case 't':
		return c.word("true")
	case 'f':
		return c.word("false")
	case 'n':
		return c.word("null")
	default:
		if b == '-' || b >= '0' && b <= '9' {
			return c.number()
		}
	}
	return jval{}, c.bad()
}

func (c *scanner) word(w string) (jval, error) {
	if len(c.s)-c.i < len(w) || string(c.s[c.i:c.i+len(w)]) != w {
		return jval{}, c.bad()
	}
	c.i += len(w)
	return jval{kind: w[0], raw: c.s[c.i-len(w) : c.i]}, nil
}

func (c *scanner) digits() bool {
	start := c.i
	for c.i < len(c.s) && c.s[c.i] >= '0' && c.s[c.i] <= '9' {
		c.i++
	}
	return c.i > start
}

func (c *scanner) number() (jval, error) {
	v, start := jval{kind: '0'}, c.i
	if c.s[c.i] == '-' {
		c.i++
	}
	zero := c.i < len(c.s) && c.s[c.i] == '0'
	first := c.i
	if !c.digits() || zero && c.i > first+1 {
		return v, c.bad()
	}
	if c.i < len(c.s) && c.s[c.i] == '.' {
		v.real = true
		if c.i++; !c.digits() {
			return v, c.bad()
		}
	}
	if c.i < len(c.s) && (c.s[c.i] == 'e' || c.s[c.i] == 'E') {
		v.real = true
		if c.i++; c.i < len(c.s) && (c.s[c.i] == '+' || c.s[c.i] == '-') {
			c.i++
		}
		if !c.digits() {
			return v, c.bad()
		}
	}
	v.raw = c.s[start:c.i]
	return v, nil
}

func (c *scanner) str() (jval, error) {
	v := jval{kind: 's'}
	c.i++
	start := c.i
	for c.i < len(c.s) {
		switch b := c.s[c.i]; {
		case b == '"':
			v.raw = c.s[start:c.i]
			c.i++
			return v, nil
		case b == '\\':
			v.esc = true
			if c.i++; c.i >= len(c.s) {
				return v, errCut
			}
			switch c.s[c.i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for k := 1; k <= 4; k++ {
					if c.i+k >= len(c.s) {
						return v, errCut
					}
					if unhex(c.s[c.i+k]) < 0 {
						c.i += k
						return v, c.bad()
					}
				}
				c.i += 4
			default:
				return v, c.bad()
			}
		case b < 0x20:
			return v, c.bad()
		case b >= 0x80:
			v.esc = true
		}
		c.i++
	}
	return v, errCut
}

// text returns what a string says, in this package's canonical form, and any
// other value as JSON writes it.
func (v jval) text() string {
	if v.kind != 's' || !v.esc {
		return string(v.raw)
	}
	raw := make([]byte, 0, len(v.raw))
	for i := 0; i < len(v.raw); i++ {
		b := v.raw[i]
		if b != '\\' {
			raw = append(raw, b)
			continue
		}
		i++
		switch b = v.raw[i]; b {
		case 'b':
			raw = append(raw, '\b')
		case 'f':
			raw = append(raw, '\f')
		case 'n':
			raw = append(raw, '\n')
		case 'r':
			raw = append(raw, '\r')
		case 't':
			raw = append(raw, '\t')
		case 'u':
			r := hex4(v.raw[i+1:])
			i += 4
			if utf16.IsSurrogate(r) && i+6 < len(v.raw) && v.raw[i+1] == '\\' && v.raw[i+2] == 'u' {
				if pair := utf16.DecodeRune(r, hex4(v.raw[i+3:])); pair != utf8.RuneError {
					r = pair
					i += 6
				}
			}
			raw = utf8.AppendRune(raw, r)
		default:
			raw = append(raw, b)
		}
	}
	return canonical(raw)
}

func hex4(b []byte) rune {
	return rune(unhex(b[0])<<12 | unhex(b[1])<<8 | unhex(b[2])<<4 | unhex(b[3]))
}
