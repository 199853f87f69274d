package zeekio

import (
	"encoding/binary"
	"strings"
)

// cells turns the text of values into values of a row. Each goroutine that
// parses has its own.
type cells struct {
	caches []cache // of each column
	small  []any   // the boxed numbers from 0, made as they are met
}

func newCells(columns int) *cells {
	return &cells{caches: make([]cache, columns), small: make([]any, 1<<10)}
}

// integer boxes a number; small ones, which are most counts, only once.
func (c *cells) integer(n int64) any {
	if n < 0 || n >= int64(len(c.small)) {
		return n
	}
	if c.small[n] == nil {
		c.small[n] = n
	}
	return c.small[n]
}

// cache remembers a column's values by their text: most columns of a log have
// few.
type cache struct {
	slots       []cached
	tries, hits int
}

type cached struct {
	text string
	kind byte // of a JSON value
	val  any
}

const cacheSlots = 256

// slot returns where the value of a text is held, or nil for a column whose
// values are hardly ever met again.
func (c *cache) slot(text []byte) *cached {
	if c.tries >= 2*cacheSlots {
		if c.hits < c.tries/2 {
			if c.tries++; c.tries < 64*cacheSlots {
				return nil
			}
		}
		c.tries, c.hits = 0, 0 // values change on the way
	}
	c.tries++
	if c.slots == nil {
		c.slots = make([]cached, cacheSlots)
	}
	return &c.slots[hash(text)%cacheSlots]
}

// holds reports whether the slot has the value of a text.
func (c *cache) holds(s *cached, text []byte, kind byte) bool {
	if s.val == nil || s.kind != kind || s.text != string(text) {
		return false
	}
	c.hits++
	return true
}

// keep puts a value into its slot. A text of its own keeps the block that it
// stood in from being kept.
func (s *cached) keep(text string, kind byte, val any) any {
	if len(text) > 256 {
		return val
	}
	s.text, s.kind = strings.Clone(text), kind
	if str, ok := val.(string); ok {
		if str == s.text {
			val = s.text
		} else {
			val = strings.Clone(str)
		}
	}
	s.val = val
	return val
}

// hash mixes a text's length and its first and last eight bytes.
func hash(b []byte) uint64 {
	h := uint64(len(b))
	switch {
	case len(b) >= 8:
		h ^= binary.LittleEndian.Uint64(b) ^ binary.LittleEndian.Uint64(b[len(b)-8:])*0x9e3779b97f4a7c15
	case len(b) >= 4:
		h ^= uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))<<32
	case len(b) > 0:
		h ^= uint64(b[0])<<8 | uint64(b[len(b)/2])<<16 | uint64(b[len(b)-1])<<24
	}
	h *= 0xff51afd7ed558ccd
	return h >> 40
}

// scalar reads one value of a base type. clean says that the text is plain
// ASCII: nothing in it is escaped. What holds the text may be kept with it.
func (c *cells) scalar(b base, text string, clean bool) (any, bool) {
	switch b {
	case baseText:
		if clean {
			return text, true
		}
		return unescape(text), true
	case baseCount:
		n, ok := parseInt(text)
		if !ok || n < 0 {
			return nil, false
		}
		return c.integer(n), true
	case baseInt:
		n, ok := parseInt(text)
		if !ok {
			return nil, false
		}
		return c.integer(n), true
	case basePort:
		n, ok := parsePort(text)
		if !ok {
			return nil, false
		}
		return c.integer(n), true
	case baseReal:
		f, ok := parseReal(text)
		if !ok {
			return nil, false
		}
		return f, true
	case baseTime:
		t, ok := parseTime(text)
		if !ok {
			return nil, false
		}
		return t, true
	case baseAddr:
		return text, isAddr(text)
	}
	switch text {
	case "T", "true":
		return true, true
	case "F", "false":
		return false, true
	}
	return nil, false
}

// Bytes of a word, to look at eight at once.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain reports whether b needs neither unescaping nor escaping: it is ASCII
// without backslashes, and its controls are tabs and their like.
func plain[T []byte | string](b T) bool {
	for i := range len(b) {
		if c := b[i]; c < 0x20 && !printableControl(c) || c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}
