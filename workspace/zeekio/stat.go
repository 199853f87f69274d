package zeekio

import (
	"bytes"
	"strings"
	"time"
)

// stat is what the values of one column look like.
type stat struct {
	name, in                     string
	str, whole, real, bool, list int
	neg                          int // numbers below zero
	iso, addr                    int // strings that are a time, an address
	minDigits, maxDigits         int // of the fractions of ISO times
	huge                         int // whole numbers that 64 bits don't hold
	large                        int // whole numbers that are milliseconds if they are a time
	nested                       int // lists with a list or an object in them
	elem                         *stat
}

// join adds what another part of the log has of the column.
func (t *stat) join(o *stat) {
	t.str, t.whole, t.real, t.bool, t.list = t.str+o.str, t.whole+o.whole, t.real+o.real, t.bool+o.bool, t.list+o.list
	t.neg, t.iso, t.addr, t.nested = t.neg+o.neg, t.iso+o.iso, t.addr+o.addr, t.nested+o.nested
	t.huge, t.large = t.huge+o.huge, t.large+o.large
	if o.iso > 0 {
		if t.minDigits < 0 || t.iso == o.iso || o.minDigits < t.minDigits {
			t.minDigits = o.minDigits
		}
		t.maxDigits = max(t.maxDigits, o.maxDigits)
	}
	if o.elem != nil {
		if t.elem == nil {
			t.elem = &stat{minDigits: -1}
		}
		t.elem.join(o.elem)
	}
}

func (t *stat) add(v jval) {
	switch v.kind {
	case 's':
		t.str++
		if t.iso == t.str-1 && len(v.raw) >= 19 && v.raw[4] == '-' && isISO(string(v.raw)) {
			t.iso++
			d := 0
			if dot := bytes.IndexByte(v.raw, '.'); dot > 0 {
				d = len(bytes.TrimRight(v.raw[dot+1:], "Z"))
			}
			if t.iso == 1 || d < t.minDigits {
				t.minDigits = d
			}
			t.maxDigits = max(t.maxDigits, d)
		}
		if t.addr == t.str-1 && len(v.raw) > 0 && (v.raw[0] == ':' || unhex(v.raw[0]) >= 0) && isAddr(string(v.raw)) {
			t.addr++
		}
	case '0':
		if v.real {
			t.real++
		} else {
			t.whole++
			if len(v.raw) >= 12 {
				t.large++
				if _, ok := parseInt(string(v.raw)); !ok {
					t.huge++
				}
			}
		}
		if v.raw[0] == '-' {
			t.neg++
		}
	case 't', 'f':
		t.bool++
	case '[':
		t.list++
		if t.elem == nil {
			t.elem = &stat{minDigits: -1}
		}
		c := scanner{s: v.raw}
		_ = c.array(func(e jval) error {
			if e.kind == '[' || e.kind == '{' {
				t.nested++
			}
			t.elem.add(e)
			return nil
		})
	}
}

func isISO(s string) bool {
	if _, ok := parseISO(s); ok {
		return true
	}
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}

// fits reports whether nearly all values can be of a type.
func (t *stat) fits(z zeekType) bool {
	if z.list {
		return t.list > 0 && t.list >= 20*(t.str+t.whole+t.real+t.bool) && t.nested == 0 && (t.elem == nil || t.elem.count() == 0 || t.elem.fits(zeekType{base: z.base}))
	}
	good := 0
	switch z.base {
	case "time":
		good = t.iso + t.real + t.whole
	case "interval", "double":
		good = t.real + t.whole
	case "count", "port":
		good = t.whole - t.neg
	case "int":
		good = t.whole
	case "bool":
		good = t.bool
	case "addr", "enum", "string":
		good = t.str
	}
	return 10*good >= 9*t.count() || good > 0 && t.count()-good <= 1
}

func (t *stat) count() int { return t.str + t.whole + t.real + t.bool + t.list }

// typeName chooses the Zeek type that the log would have declared.
func (t *stat) typeName(known string) string {
	if known != "" && (t.count() == 0 || t.fits(parseType(known))) {
		return known
	}
	switch {
	case t.count() == 0:
		return "string"
	case t.nested > 0:
		return "vector[any]"
	case t.list == t.count():
		return "vector[" + t.elem.shape() + "]"
	}
	return t.shape()
}

// shape is the type of a field that no log is known to have: one that holds all
// its values, but for a stray one in a hundred.
func (t *stat) shape() string {
	n := t.count()
	whole, most := "count", n-n/100
	if t.neg > 0 {
		whole = "int"
	}
	switch {
	case n == 0:
		return "string"
	case t.iso == n:
		return "time"
	case t.addr == n:
		return "addr"
	case t.whole-t.huge >= most && t.real == 0:
		return whole
	case t.real+t.whole >= most && t.huge == 0:
		return "double"
	case t.bool >= most:
		return "bool"
	case t.str >= most:
		return "string"
	}
	return "any"
}

// field is the column that the values make, given the type known for its name.
func (t *stat) field(known string) field {
	f := newField(t.name, t.typeName(known))
	if f.typ.base == "time" {
		switch {
		case t.iso > 0:
			f.iso = true
			if t.minDigits == t.maxDigits {
				f.digits = t.maxDigits
			}
		case t.large > 0 && t.real == 0:
			f.millis = true
		}
	}
	if t.in != "" {
		f.in = strings.Split(t.in, "/")
		f.key = strings.TrimPrefix(t.name, strings.Join(f.in, ".")+".")
	}
	return f
}
