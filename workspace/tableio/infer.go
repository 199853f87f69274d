package tableio

import (
	"bytes"
	"math"
	"net/netip"
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
	booleans         [3]int64 // true/false, True/False, TRUE/FALSE
	address, link    int64    // IP and link-layer addresses
	protocol         int64
	transport        int64 // tcp, udp or icmp, whatever the column's name
	thousands        int64 // numbers that 1000 divides
	port, portWord   int64 // numbers in range, other ways to write one
	negative         int64
	big32, over32    int64 // numbers from 2^24, beyond 2^32
	decimalComma     int64
	plausible        [4]int64 // numbers that are a date of our time in s, ms, us, ns
	lowest, highest  float64  // of the numbers
	lowInt, highInt  int64    // of those counted at a glance
	watched          bool     // the column's name says what numbers may be
	nameless         bool     // nobody named the column
	exponents        int64    // numbers with one
	often, words     often
	filling          filling
	formulas         int64 // texts that a spreadsheet takes for a formula
	decimals, fewest int   // most and fewest digits after a point
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
	layout  string
	n       int64
	matcher *matcher // nil where the layout is read by package time only
}

func newStats(name string) *stats {
	h := hintsOf(name)
	return &stats{
		hints: h, watched: h != hints{}, nulls: map[string]int64{}, trimmed: true, leftOut: true, minFrac: 10, fewest: math.MaxInt, words: often{strings: true},
		lowest: math.Inf(1), highest: math.Inf(-1), lowInt: math.MaxInt64, highInt: math.MinInt64,
	}
}

// nullTokens are what stands for a missing value, if the others are typed.
const nullTokens = "|-|?|NA|N/A|n/a|na|nan|NaN|NAN|null|NULL|None|nil|NIL|\\N|"

func isNullToken(s string) bool {
	return len(s) <= 4 && strings.Contains(nullTokens, "|"+s+"|")
}

// look takes in a value that is there n times; text says that it is no number.
func (s *stats) look(v []byte, n int64, text bool) {
	c, f := isText, 0.0
	if !text {
		c, f = numberOf(v)
	}
	s.class[c] += n
	switch c {
	case isText, isPadded:
		if formulaLike(v) {
			s.formulas += n
		}
		s.addText(string(v), n)
	case isInt, isReal:
		s.addNumber(v, c, f, n)
	}
}

func (s *stats) addNumber(v []byte, c class, f float64, n int64) {
	if c == isInt {
		k, _ := strconv.ParseInt(string(v), 10, 64)
		s.watchInt(k, n)
		s.style.addLong(v)
	} else {
		s.style.add(v, f)
		if dot := bytes.IndexByte(v, '.'); dot >= 0 {
			s.addDecimals(len(v) - dot - 1)
		} else {
			s.addDecimals(0)
		}
		if bytes.ContainsAny(v, "eE") {
			s.exponents += n
		}
		if s.hints.port && portWord(string(v)) {
			s.portWord += n
		}
	}
	s.lowest, s.highest = min(s.lowest, f), max(s.highest, f)
	s.watch(f, n)
}

func (s *stats) addDecimals(n int) { s.decimals, s.fewest = max(s.decimals, n), min(s.fewest, n) }

func units() [4]trace.Unit {
	return [4]trace.Unit{trace.Second, trace.Millisecond, trace.Microsecond, trace.Nanosecond}
}

func (s *stats) addText(v string, n int64) {
	switch v {
	case "true", "false":
		s.booleans[0] += n
	case "True", "False":
		s.booleans[1] += n
	case "TRUE", "FALSE":
		s.booleans[2] += n
	}
	if isNullToken(v) {
		s.nulls[v] += n
		return
	}
	if s.hopeless() {
		return
	}
	if len(v) <= 4 && (strings.EqualFold(v, "tcp") || strings.EqualFold(v, "udp") || strings.EqualFold(v, "icmp")) {
		s.transport += n
	}
	if s.hints.protocol && protocolName(v) {
		s.protocol += n
	}
	switch {
	case isAddress(v):
		s.address += n
		return
	case s.hints.address && isLinkAddress(v):
		s.link += n
	case s.hints.port && portWord(v):
		s.portWord += n
	}
	if strings.Count(v, ",") == 1 && numberClass([]byte(strings.Replace(v, ",", ".", 1))) == isReal {
		s.decimalComma += n
	}
	s.addTime(v, n)
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

func (s *stats) addTime(v string, n int64) {
	if !timeLike(v) {
		return
	}
	hit := false
	for i := range s.layouts {
		l := &s.layouts[i]
		if t, digits, ok := parseExact(l.layout, v); ok {
			l.n += n
			if !hit {
				hit = true
				s.addMoment(l.layout, t, digits)
			}
		}
	}
	if hit || s.layoutMisses > 1000 {
		return
	}
	s.layoutMisses++
	for _, l := range layoutsOf(v) {
		if len(s.layouts) < 12 {
			s.layouts = append(s.layouts, layoutStat{l, n, matcherOf(l)})
			if t, digits, ok := parseExact(l, v); ok && !hit {
				hit = true
				s.addMoment(l, t, digits)
			}
		}
	}
}

func (s *stats) addMoment(layout string, t time.Time, digits int) {
	ns := t.Nanosecond()
	for i := digits; i < 9; i++ {
		ns /= 10
	}
	s.addFraction(ns, digits)
	if hasOffset(layout) {
		s.zones.add(t)
	}
}

// addFraction takes in a fraction of a second of so many digits.
func (s *stats) addFraction(fraction, digits int) {
	s.minFrac, s.maxFrac = min(s.minFrac, digits), max(s.maxFrac, digits)
	s.trimmed = s.trimmed && (digits == 0 || fraction%10 != 0)
	s.leftOut = s.leftOut && (digits == 0 || fraction != 0)
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
