package tableio

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// class is what one value looks like on its own.
type class uint8

const (
	isText    class = iota
	isInt           // a whole number as any program would write it
	isPadded        // a whole number with leading zeros or a plus sign
	isHuge          // a whole number beyond 64 bits
	isReal          // a number with a point or an exponent
	isOutside       // a number beyond what 64 bits can hold
)

// numberClass tells which sort of number v is.
func numberClass(v []byte) class {
	c, _ := numberOf(v)
	return c
}

// numberOf tells which sort of number v is, and the value of an isInt or isReal.
func numberOf(v []byte) (class, float64) {
	if len(v) == 0 || len(v) > 400 {
		return isText, 0
	}
	i, digits, point, exp := 0, 0, false, false
	if v[0] == '-' || v[0] == '+' {
		i++
	}
	first := i
	for ; i < len(v); i++ {
		switch c := v[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && !point && !exp:
			point = true
		case (c == 'e' || c == 'E') && !exp && digits > 0 && i+1 < len(v):
			exp = true
			if v[i+1] == '-' || v[i+1] == '+' {
				i++
			}
			if i+1 >= len(v) {
				return isText, 0
			}
		default:
			return isText, 0
		}
	}
	switch {
	case digits == 0:
		return isText, 0
	case point || exp:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil || math.IsInf(f, 0) {
			return isOutside, 0
		}
		return isReal, f
	case v[0] == '+' || v[first] == '0' && digits > 1 || v[0] == '-' && v[first] == '0':
		return isPadded, 0
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		return isHuge, 0
	}
	return isInt, float64(n)
}

// style is how the reals of a column are written; each of its forms lives as
// long as every value so far is written like that.
type style struct {
	started                 bool
	fixed, shortest, python bool
	long                    bool // a whole number is beyond what a float64 holds
	decimals                int
}

// begin makes every way to write numbers possible.
func (s *style) begin() {
	if !s.started {
		*s = style{started: true, fixed: true, shortest: true, python: true, decimals: -1}
	}
}

// exact takes in a decimal of up to 15 digits, which comes back as it went in.
func (s *style) exact(v []byte, decimals int) {
	s.begin()
	zero := v[len(v)-1] == '0'
	s.fixed = s.fixed && (s.decimals < 0 || s.decimals == decimals)
	s.shortest = s.shortest && !zero
	s.python = s.python && (!zero || decimals == 1) && !(len(v) > 5 && string(v[:6]) == "0.0000")
	s.decimals = decimals
}

// add takes in a number with a point or an exponent, whose value is f.
func (s *style) add(v []byte, f float64) {
	s.begin()
	if !s.fixed && !s.shortest && !s.python {
		return
	}
	decimals, exact := 0, !bytes.ContainsAny(v, "eE+")
	if dot := bytes.IndexByte(v, '.'); dot >= 0 {
		decimals = len(v) - dot - 1
		exact = exact && dot > 0 && v[dot-1] != '-' && decimals > 0 && !(v[0] == '0' && dot > 1) && !bytes.HasPrefix(v, []byte("-0"))
		if exact && len(v) <= 16 {
			s.exact(v, decimals)
			return
		}
	}
	var buf [64]byte
	s.fixed = s.fixed && exact && (s.decimals < 0 || s.decimals == decimals) && bytes.Equal(strconv.AppendFloat(buf[:0], f, 'f', decimals, 64), v)
	s.decimals = decimals
	s.shortest = s.shortest && bytes.Equal(appendShortest(buf[:0], f), v)
	s.python = s.python && bytes.Equal(appendPython(buf[:0], f), v)
}

// addLong takes in a whole number, which beside decimals comes back as it went
// in if it is no longer than a float64 is exact.
func (s *style) addLong(v []byte) {
	if len(v) <= 15 {
		return
	}
	var buf [64]byte
	if f, err := strconv.ParseFloat(string(v), 64); err != nil || !bytes.Equal(appendShortest(buf[:0], f), v) {
		s.long = true
	}
}

// merge takes in the style of other values.
func (s *style) merge(o *style) {
	s.long = s.long || o.long
	if !o.started {
		return
	}
	s.begin()
	s.fixed = s.fixed && o.fixed && (s.decimals < 0 || o.decimals < 0 || s.decimals == o.decimals)
	s.shortest, s.python = s.shortest && o.shortest, s.python && o.python
	s.decimals = max(s.decimals, o.decimals)
}

// name is the style as Column.Format has it.
func (s *style) name() string {
	switch {
	case s.shortest, !s.started:
		return ""
	case s.fixed && s.decimals >= 0:
		return "fixed:" + strconv.Itoa(s.decimals)
	case s.python:
		return "repr"
	}
	return ""
}

// regular reports whether every value comes back as it was.
func (s *style) regular() bool {
	return !s.started || (s.fixed || s.shortest || s.python) && !s.long
}

// appendShortest writes the shortest decimal that reads back the same.
func appendShortest(dst []byte, f float64) []byte {
	if a := math.Abs(f); a != 0 && (a < 1e-7 || a >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// appendPython writes f as Python's repr does.
func appendPython(dst []byte, f float64) []byte {
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// dotted writes a 32-bit address as text.
func dotted(dst []byte, n uint32) []byte {
	for shift := 24; shift >= 0; shift -= 8 {
		dst = strconv.AppendUint(dst, uint64(n>>shift&255), 10)
		if shift > 0 {
			dst = append(dst, '.')
		}
	}
	return dst
}

// number is dotted's way back.
func number(text string) (uint32, bool) {
	var n uint32
	parts := strings.Split(text, ".")
	for _, p := range parts {
		b, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return 0, false
		}
		n = n<<8 | uint32(b)
	}
	return n, len(parts) == 4
}
