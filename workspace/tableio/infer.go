package tableio

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// stats gathers what is needed to type a column from all of its values.
type stats struct {
	hints
	n, empty         int64 // values, those that are missing
	nulls            map[string]int64
	class            [isOutside + 1]int64
	words            [3]int64 // true/false, True/False, TRUE/FALSE
	address, link    int64    // IP and link-layer addresses
	protocol         int64
	transport        int64 // tcp, udp or icmp, whatever the column's name
	thousands        int64 // numbers that 1000 divides
	port, portWord   int64 // numbers in range, other ways to write one
	negative         int64
	big32, over32    int64 // numbers from 2^24, beyond 2^32
	decimalComma     int64
	plausible        [4]int64 // numbers that are a date of our time in s, ms, us, ns
	lowest, highest  float64
	decimals         int // most digits after a point
	style            style
	layouts          []layoutStat
	layoutMisses     int
	minFrac, maxFrac int
	trimmed, leftOut bool // of the ways to write fractions
	zones            zones
	quoted, bare     int64 // values that stand in quotes, or could
	emptyQuoted      int64
	jsonText         int64 // JSON values that are no scalar, or strings beside numbers
	stringy          int64 // JSON strings
}

// layoutStat counts the values that a layout fits.
type layoutStat struct {
	layout string
	n      int64
}

func newStats(name string) *stats {
	return &stats{hints: hintsOf(name), nulls: map[string]int64{}, trimmed: true, leftOut: true, minFrac: 10}
}

// nullTokens are what stands for a missing value, if the others are typed.
const nullTokens = "|-|?|NA|N/A|n/a|na|nan|NaN|NAN|null|NULL|None|nil|NIL|\\N|"

func isNullToken(s string) bool {
	return len(s) <= 4 && strings.Contains(nullTokens, "|"+s+"|")
}

// add takes in one value. text says that it must not become a number: it was
// a string where numbers are told apart from strings.
func (s *stats) add(v []byte, quoted, text bool) {
	s.n++
	if len(v) == 0 {
		s.empty++
		if quoted {
			s.emptyQuoted++
		}
		return
	}
	if quoted {
		s.quoted++
	} else {
		s.bare++
	}
	if text {
		s.stringy++
	}
	var c class
	if !text {
		c = numberClass(v)
	}
	s.class[c]++
	switch c {
	case isText, isPadded:
		s.addText(string(v))
	case isInt, isReal:
		s.addNumber(v, c)
	}
}

func (s *stats) addNumber(v []byte, c class) {
	s.style.add(v, c == isInt)
	var f float64
	if c == isInt {
		n, _ := strconv.ParseInt(string(v), 10, 64)
		f = float64(n)
		if n >= 0 && n <= 65535 {
			s.port++
		}
		if n >= 1<<24 {
			s.big32++
		}
		if n < 0 || n >= 1<<32 {
			s.over32++
		}
	} else {
		f, _ = strconv.ParseFloat(string(v), 64)
		if dot := strings.IndexByte(string(v), '.'); dot >= 0 {
			s.decimals = max(s.decimals, len(v)-dot-1)
		}
		if s.hints.port && portWord(string(v)) {
			s.portWord++
		}
	}
	if f == math.Trunc(f/1000)*1000 {
		s.thousands++
	}
	if f < 0 {
		s.negative++
	}
	if s.style.started && s.n-s.empty == 1 || f < s.lowest {
		s.lowest = f
	}
	s.highest = max(s.highest, f)
	if s.moment {
		for i, u := range units() {
			if sec := f * u.Seconds(); sec > 631152000 && sec < 4102444800 { // 1990 to 2100
				s.plausible[i]++
			}
		}
	}
	if s.hints.address && f == 0 {
		s.link++
	}
	if s.hints.protocol && f >= 0 && f <= 255 {
		s.protocol++
	}
}

func units() [4]trace.Unit {
	return [4]trace.Unit{trace.Second, trace.Millisecond, trace.Microsecond, trace.Nanosecond}
}

func (s *stats) addText(v string) {
	switch v {
	case "true", "false":
		s.words[0]++
	case "True", "False":
		s.words[1]++
	case "TRUE", "FALSE":
		s.words[2]++
	}
	if isNullToken(v) {
		s.nulls[v]++
		return
	}
	if s.hopeless() {
		return
	}
	if len(v) <= 4 && (strings.EqualFold(v, "tcp") || strings.EqualFold(v, "udp") || strings.EqualFold(v, "icmp")) {
		s.transport++
	}
	if s.hints.protocol && protocolName(v) {
		s.protocol++
	}
	switch {
	case isAddress(v):
		s.address++
	case s.hints.address && isLinkAddress(v):
		s.link++
	case s.hints.port && portWord(v):
		s.portWord++
	}
	if strings.Count(v, ",") == 1 && numberClass([]byte(strings.Replace(v, ",", ".", 1))) == isReal {
		s.decimalComma++
	}
	s.addTime(v)
}

// hopeless reports that a column is plain text beyond doubt, so that its
// remaining values need no closer look.
func (s *stats) hopeless() bool {
	known := s.address + s.link + s.portWord + s.protocol
	for _, l := range s.layouts {
		known += l.n
	}
	return s.n > 4096 && s.class[isText] > s.n/2 && known*10 < s.class[isText]
}

func (s *stats) addTime(v string) {
	if !timeLike(v) {
		return
	}
	hit := false
	for i := range s.layouts {
		l := &s.layouts[i]
		t, digits, ok := parseLayout(l.layout, v)
		if !ok || i > 0 && t.Format(withFraction(l.layout, digits)) != v {
			continue
		}
		l.n++
		if !hit {
			hit = true
			s.addFraction(t, digits)
			if hasOffset(l.layout) {
				s.zones.add(t)
			}
		}
	}
	if hit || s.layoutMisses > 1000 {
		return
	}
	s.layoutMisses++
	for _, l := range layoutsOf(v) {
		if !slices.ContainsFunc(s.layouts, func(o layoutStat) bool { return o.layout == l }) && len(s.layouts) < 12 {
			s.layouts = append(s.layouts, layoutStat{l, 1})
			if t, digits, ok := parseLayout(l, v); ok && !hit {
				hit = true
				s.addFraction(t, digits)
				if hasOffset(l) {
					s.zones.add(t)
				}
			}
		}
	}
}

func (s *stats) addFraction(t time.Time, digits int) {
	s.minFrac, s.maxFrac = min(s.minFrac, digits), max(s.maxFrac, digits)
	ns := t.Nanosecond()
	for i := digits; i < 9; i++ {
		ns /= 10
	}
	s.trimmed = s.trimmed && (digits == 0 || ns%10 != 0)
	s.leftOut = s.leftOut && (digits == 0 || ns != 0)
}

func isAddress(v string) bool {
	if len(v) < 2 || len(v) > 60 || strings.IndexByte(v, '.') < 0 && strings.IndexByte(v, ':') < 0 {
		return false
	}
	_, err := netip.ParseAddr(v)
	return err == nil
}

// isLinkAddress reports whether v is an Ethernet address or 0, which Argus
// writes in the address columns of what is no IP.
func isLinkAddress(v string) bool {
	if v == "0" {
		return true
	}
	if len(v) != 17 {
		return false
	}
	for i := range len(v) {
		c := v[i] | 0x20
		if i%3 == 2 {
			if v[i] != ':' && v[i] != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// portWord reports whether v is a port in other than plain digits: a service,
// hexadecimal as Argus writes ICMP types, or nfdump's ICMP type.code.
func portWord(v string) bool {
	if len(v) == 0 || len(v) > 20 {
		return false
	}
	if c := v[0] | 0x20; c >= 'a' && c <= 'z' {
		return !strings.ContainsAny(v, " \t")
	}
	if strings.HasPrefix(v, "0x") {
		_, err := strconv.ParseUint(v[2:], 16, 16)
		return err == nil
	}
	typ, code, ok := strings.Cut(v, ".")
	_, err1 := strconv.ParseUint(typ, 10, 8)
	_, err2 := strconv.ParseUint(code, 10, 8)
	return ok && err1 == nil && err2 == nil
}
