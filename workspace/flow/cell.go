package flow

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// number returns a cell's number.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case string:
		text := strings.TrimSpace(v)
		if n, err := strconv.ParseInt(text, 0, 64); err == nil {
			return float64(n), true
		}
		x, err := strconv.ParseFloat(text, 64)
		return x, err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
	}
	return 0, false
}

// address returns a cell's IP address, of a number the IPv4 one.
func address(v any) (netip.Addr, bool) {
	if text, ok := v.(string); ok {
		a, err := netip.ParseAddr(strings.TrimSpace(text))
		if err == nil {
			return a.WithZone(""), true
		}
	}
	if x, ok := number(v); ok && x >= 0 && x <= math.MaxUint32 {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(x))
		return netip.AddrFrom4(b), true
	}
	return netip.Addr{}, false
}

// protocol returns a cell's IP protocol.
func (p *protocols) protocol(v any) (uint8, bool) {
	if text, ok := v.(string); ok {
		if n, known := p.numbers[strings.ToUpper(strings.TrimSpace(text))]; known {
			return n, true
		}
	}
	x, ok := number(v)
	return uint8(x), ok && x >= 0 && x <= 255
}

// maxSeconds bounds times, in seconds from 1970.
const maxSeconds = 9223372036

// timeOf returns a cell's time, a number being counted from 1970 in unit.
func timeOf(v any, unit trace.Unit) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v.UTC(), true
	case int64:
		per := int64(math.Round(1 / unit.Seconds()))
		if s := v / per; s > maxSeconds || s < -maxSeconds {
			return time.Time{}, false
		}
		return time.Unix(v/per, v%per*(int64(time.Second)/per)).UTC(), true
	case float64:
		per := math.Round(1 / unit.Seconds())
		s := math.Floor(v / per)
		if math.IsNaN(v) || math.Abs(s) > maxSeconds {
			return time.Time{}, false
		}
		// A microsecond is what a number of this size can tell apart.
		rest := (v - s*per) / per * 1e9
		if math.Abs(v/per) > 1e6 {
			rest = math.Round(rest/1e3) * 1e3
		}
		return time.Unix(int64(s), int64(math.Round(rest))).UTC(), true
	}
	return time.Time{}, false
}

// flagLetters are the flags as nfdump, Argus and Zeek write them.
func flagLetter(c byte) int {
	switch c {
	case 'F', 'f':
		return flagFIN
	case 'S', 's':
		return flagSYN
	case 'R', 'r':
		return flagRST
	case 'P', 'p':
		return flagPSH
	case 'A', 'a':
		return flagACK
	case 'U', 'u':
		return 32
	case 'E', 'e':
		return 64
	case 'C', 'c', 'W', 'w':
		return 128
	}
	return 0
}

// flagsOf returns a cell's TCP flags: a number, or letters among dots.
func flagsOf(v any) (int, bool) {
	if text, ok := v.(string); ok {
		text = strings.TrimSpace(text)
		flags, letters := 0, text != ""
		for i := range len(text) {
			f := flagLetter(text[i])
			letters = letters && (f != 0 || text[i] == '.' || text[i] == '*' || text[i] == '-')
			flags |= f
		}
		if letters {
			return flags, true
		}
	}
	x, ok := number(v)
	return int(x), ok && x >= 0 && x <= 0xfff && x == math.Trunc(x)
}
