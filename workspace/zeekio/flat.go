package zeekio

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// member is one value of a record, nested objects flattened.
type member struct {
	*key
	val jval
}

// key is the name of members, with nested objects' names before it.
type key struct {
	id   int    // from 0, in the order in which flat met them
	name string // "id.orig_h"
	in   string // "id" if it stood in an object of that name, "a/b" for two
	text []byte // as it stands in a line, "uid": with quotes and colon; nil where it is escaped, or nested
	next [2]*key
}

// keyName is what tells keys apart.
type keyName struct{ in, name string }

// flat splits lines of JSON into members. Most lines of a log have the same
// keys in the same order, so that a key is mostly known by the one before it.
type flat struct {
	members []member
	keys    map[keyName]*key
	first   key // stands before the first
}

// record reads one line; the members hold until the next call.
func (f *flat) record(line []byte) error {
	if f.quick(line) {
		return nil
	}
	f.members = f.members[:0]
	c := scanner{s: line}
	c.space()
	if err := f.object(&c, nil, nil); err != nil {
		return err
	}
	if c.space(); c.i < len(line) {
		return c.bad()
	}
	return nil
}

func (f *flat) object(c *scanner, prefix, in []byte) error {
	return c.object(func(k, val jval) error {
		name := k.raw
		if k.esc {
			name = []byte(k.text())
		}
		own := name
		if prefix != nil {
			name = append(append(append(make([]byte, 0, len(prefix)+1+len(name)), prefix...), '.'), name...)
		}
		if val.kind != '{' {
			f.members = append(f.members, member{key: f.key(name, in), val: val})
			return nil
		}
		within := own
		if in != nil {
			within = append(append(append(make([]byte, 0, len(in)+1+len(own)), in...), '/'), own...)
		}
		inner := scanner{s: val.raw, depth: c.depth}
		return f.object(&inner, name, within)
	})
}

// key returns the key of a name, a new one where it was never met.
func (f *flat) key(name, in []byte) *key {
	k := f.keys[keyName{string(in), string(name)}]
	if k == nil {
		if f.keys == nil {
			f.keys = map[keyName]*key{}
		}
		k = &key{id: len(f.keys), name: string(name), in: string(in)}
		f.keys[keyName{k.in, k.name}] = k
	}
	return k
}

// quick reads a line that is as Zeek writes them: no blanks but one behind a
// comma or colon, no nested objects, no keys with escapes. It reports false of
// any other, be it right or wrong.
func (f *flat) quick(line []byte) bool {
	f.members = f.members[:0]
	if len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	if len(line) < 2 || line[0] != '{' || line[len(line)-1] != '}' {
		return false
	}
	last := &f.first
	for i := 1; ; {
		k := last.next[0]
		if k == nil || !bytes.HasPrefix(line[i:], k.text) {
			if k = last.next[1]; k == nil || !bytes.HasPrefix(line[i:], k.text) {
				if k = f.learn(line[i:]); k == nil {
					return false
				}
				last.next[1] = last.next[0]
				last.next[0] = k
			} else {
				last.next[0], last.next[1] = k, last.next[0]
			}
		}
		last = k
		i += len(k.text)
		if line[i] == ' ' {
			i++
		}
		v, end := quickValue(line, i)
		if end < 0 {
			return false
		}
		f.members = append(f.members, member{key: k, val: v})
		switch i = end; line[i] {
		case ',':
			if i++; line[i] == ' ' {
				i++
			}
		case '}':
			return i == len(line)-1
		default:
			return false
		}
	}
}

// learn returns the key that a rest of a line begins with.
func (f *flat) learn(rest []byte) *key {
	if rest[0] != '"' {
		return nil
	}
	end := stringEnd(rest, 1)
	if end >= len(rest)-1 || rest[end] != '"' || rest[end+1] != ':' {
		return nil
	}
	k := f.key(rest[1:end], nil)
	if k.text == nil {
		k.text = append([]byte{}, rest[:end+2]...)
	}
	return k
}

// quickValue reads the value at i of a line that ends in a brace, and returns
// what stands behind it; -1 where that is left to scanner.
func quickValue(line []byte, i int) (v jval, end int) {
	switch b := line[i]; {
	case b == '"':
		end = stringEnd(line, i+1)
		if end >= len(line)-1 || line[end] != '"' {
			break
		}
		return jval{kind: 's', raw: line[i+1 : end], at: i + 1}, end + 1
	case b-'0' <= 9:
		for end = i + 1; b != '0' && line[end]-'0' <= 9; end++ {
		}
		v.kind = '0'
		if line[end] == '.' && line[end+1]-'0' <= 9 {
			v.real = true
			for end += 2; line[end]-'0' <= 9; end++ {
			}
		}
		if c := line[end]; c == ',' || c == '}' {
			v.raw, v.at = line[i:end], i
			return v, end
		}
	}
	c := scanner{s: line, i: i, depth: 1}
	v, err := c.value()
	if err != nil || v.kind == '{' || c.i >= len(line) {
		return v, -1
	}
	return v, c.i
}

// stringEnd returns where the plain part of a string that goes on at i ends: at
// its quote, a backslash, a control or a byte that is no ASCII.
func stringEnd(s []byte, i int) int {
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		// The lowest of the high bits is right: a borrow goes upwards only.
		if m := (w | (quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c == '"' || c == '\\' || c < 0x20 || c >= 0x80 {
			break
		}
	}
	return i
}
