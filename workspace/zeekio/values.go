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
		if t, ok := parseISO(s); ok {
			return t, true
		}
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil && abs(t.Unix()) <= maxUnix {
			return t.UTC(), true
		}
	}
	if plain, ok := expand(s); ok {
		return parseEpoch(plain)
	}
	return time.Time{}, false
}

// parseISO reads what Zeek writes, 2018-03-24T17:15:20.865716Z, of the years
// 1970 to 2099; other forms are left to package time.
func parseISO(s string) (time.Time, bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[len(s)-1] != 'Z' {
		return time.Time{}, false
	}
	ok := true
	two := func(i int) int {
		a, b := s[i]-'0', s[i+1]-'0'
		ok = ok && a <= 9 && b <= 9
		return int(a)*10 + int(b)
	}
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	if !ok || year < 1970 || year > 2099 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false // the ends of months too
	}
	ns, scale := 0, 1_000_000_000
	if len(s) > 20 {
		if s[19] != '.' || len(s) == 21 || len(s) > 30 {
			return time.Time{}, false
		}
		for _, c := range []byte(s[20 : len(s)-1]) {
			if c -= '0'; c > 9 {
				return time.Time{}, false
			}
			scale /= 10
			ns += int(c) * scale
		}
	}
	// Days since 1970 of the first of March, in years that begin then.
	y, m := year, month-3
	if m < 0 {
		y, m = y-1, m+12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*m+2)/5 + day - 1 - 719468
	return time.Unix(int64(days)*86400+int64(hour*3600+minute*60+second), int64(ns)).UTC(), true
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

// parseInt reads a whole number.
func parseInt(s string) (int64, bool) {
	digits := s
	if len(s) > 0 && s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil
	}
	n := int64(0)
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			n, err := strconv.ParseInt(s, 10, 64)
			return n, err == nil
		}
		n = n*10 + int64(d)
	}
	if len(digits) < len(s) {
		n = -n
	}
	return n, true
}

// parsePort reads a number from 0 to 65535, without a sign.
func parsePort(s string) (int64, bool) {
	n := int64(0)
	for i := range len(s) {
		d := s[i] - '0'
		if n = n*10 + int64(d); d > 9 || n > 65535 {
			return 0, false
		}
	}
	return n, len(s) > 0
}

// powers are those of ten that a double holds and that a fraction needs.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// parseReal reads a finite decimal number. Up to fifteen digits, number and
// power of ten are exact in a double, and so is their quotient (Clinger, "How
// to read floating point numbers accurately", 1990).
func parseReal(s string) (float64, bool) {
	digits := s
	if len(s) > 0 && s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 16 {
		return parseAnyReal(s)
	}
	n, point := int64(0), len(digits)-1
	for i := range len(digits) {
		if d := digits[i] - '0'; d <= 9 {
			n = n*10 + int64(d)
		} else if digits[i] == '.' && point == len(digits)-1 && 0 < i && i < point {
			point = i
		} else {
			return parseAnyReal(s)
		}
	}
	if len(digits) == 16 && point == 15 { // sixteen digits and no point
		return parseAnyReal(s)
	}
	f := float64(n) / powers[len(digits)-1-point]
	if len(digits) < len(s) {
		f = -f
	}
	return f, true
}

func parseAnyReal(s string) (float64, bool) {
	for i := range len(s) { // no hex, underscores, NaN or Inf
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// isAddr reports whether a text is an IPv4 or IPv6 address.
func isAddr(s string) bool {
	octet, digits, dots := 0, 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c-'0' <= 9 && (digits == 0 || octet > 0) && octet < 26:
			octet, digits = octet*10+int(c-'0'), digits+1
		case c == '.' && digits > 0 && octet < 256 && dots < 3:
			octet, digits, dots = 0, 0, dots+1
		default:
			_, err := netip.ParseAddr(s)
			return err == nil
		}
	}
	return dots == 3 && digits > 0 && octet < 256
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
