package zeekio

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// maxUnix bounds the seconds that 64-bit nanoseconds since 1970 can hold.
const maxUnix = 9223372035

// parseTime reads a point in time: seconds since 1970 as decimal digits, taken
// exactly down to the nanosecond, or ISO 8601.
func parseTime(s string) (time.Time, bool) {
	if t, ok := parseEpoch(s); ok {
		return t, true
	}
	if len(s) >= 19 && s[4] == '-' {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil && abs(t.Unix()) <= maxUnix {
			return t.UTC(), true
		}
	}
	if plain, ok := expand(s); ok {
		return parseEpoch(plain)
	}
	return time.Time{}, false
}

// expand writes a number with an exponent, as Zeek does for what is beyond 31
// bits, without it: "2.385616957e+09" is "2385616957".
func expand(s string) (string, bool) {
	e := strings.IndexAny(s, "eE")
	if e <= 0 {
		return "", false
	}
	exp, err := strconv.Atoi(s[e+1:])
	if err != nil || exp < -20 || exp > 20 {
		return "", false
	}
	sign, digits := "", s[:e]
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	whole, frac, _ := strings.Cut(digits, ".")
	if whole == "" {
		return "", false
	}
	point := len(whole) + exp
	all := whole + frac
	if point <= 0 {
		all, point = strings.Repeat("0", 1-point)+all, 1
	}
	if point >= len(all) {
		return sign + all + strings.Repeat("0", point-len(all)), true
	}
	return sign + all[:point] + "." + all[point:], true
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// parseEpoch reads [-]digits[.digits] without a detour over binary fractions;
// what is beyond the ninth digit rounds.
func parseEpoch(s string) (time.Time, bool) {
	neg := strings.HasPrefix(s, "-")
	if neg {
		s = s[1:]
	}
	var sec, ns int64
	i := 0
	for ; i < len(s) && s[i] != '.'; i++ {
		d := int64(s[i]) - '0'
		if d < 0 || d > 9 {
			return time.Time{}, false
		}
		if sec = sec*10 + d; sec > maxUnix {
			return time.Time{}, false
		}
	}
	if i == 0 || i == len(s)-1 {
		return time.Time{}, false
	}
	scale := int64(1e9)
	for i++; i < len(s); i++ {
		d := int64(s[i]) - '0'
		if d < 0 || d > 9 {
			return time.Time{}, false
		}
		switch {
		case scale > 1:
			scale /= 10
			ns += d * scale
		case scale == 1:
			scale = 0
			if d >= 5 {
				ns++
			}
		}
	}
	if neg {
		sec, ns = -sec, -ns
	}
	return time.Unix(sec, ns).UTC(), true
}

// parseScalar reads the text of one value of a base type other than text.
func parseScalar(base, s string) (any, bool) {
	switch base {
	case "time":
		return anyOf(parseTime(s))
	case "count":
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil && n >= 0
	case "int":
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil
	case "port":
		n, err := strconv.ParseUint(s, 10, 16)
		return int64(n), err == nil
	case "double", "interval":
		return anyOf(parseReal(s))
	case "addr":
		_, err := netip.ParseAddr(s)
		return s, err == nil
	case "bool":
		return s == "T" || s == "true", s == "T" || s == "F" || s == "true" || s == "false"
	}
	return s, true
}

func anyOf[T any](v T, ok bool) (any, bool) { return v, ok }

// parseReal reads a finite decimal number.
func parseReal(s string) (float64, bool) {
	for i := 0; i < len(s); i++ { // no hex, underscores, NaN or Inf
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// quote shows a value in a message, shortened.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}

// fault says why a value of the field can't be read.
func (f *field) fault(value string) *trace.Reject {
	return &trace.Reject{
		Reason: f.typ.reason(),
		Detail: "field " + strconv.Quote(f.name) + ": want " + f.typ.want() + ", got " + quote(value),
	}
}

// whole are the fields that a record must have: see checkRecord.
var tuple = [4]string{"id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"}

// required holds the positions of the fields that checkRecord looks at.
type required struct {
	ts    int
	tuple []int
}

func newRequired(fields []field) required {
	q := required{ts: -1}
	for i, f := range fields {
		if f.name == "ts" && f.typ.base == "time" {
			q.ts = i
		}
		for _, n := range tuple {
			if f.name == n {
				q.tuple = append(q.tuple, i)
			}
		}
	}
	return q
}

// check says what a record lacks: its time, or one side of its connection.
func (q *required) check(row trace.Row, fields []field) *trace.Reject {
	if q.ts >= 0 && row[q.ts] == nil {
		return &trace.Reject{Reason: "no time", Detail: `field "ts" is not set`}
	}
	set, missing := 0, -1
	for _, i := range q.tuple {
		if row[i] != nil {
			set++
		} else if missing < 0 {
			missing = i
		}
	}
	if set > 0 && missing >= 0 {
		return &trace.Reject{
			Reason: "incomplete connection",
			Detail: "field " + strconv.Quote(fields[missing].name) + " is not set",
		}
	}
	return nil
}
