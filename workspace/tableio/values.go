package tableio

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// stamp is how times are handed to the database.
const stamp = "2006-01-02 15:04:05.000000000"

// missing reports whether v stands for no value in the column.
func (p *plan) missing(v []byte) bool {
	return len(v) == 0 || p.nulls && len(v) <= 4 && isNullToken(string(v))
}

// value appends what the database is given for a present value, or says why
// there is nothing to give.
func (p *plan) value(dst, v []byte) (out []byte, reason, want string) {
	switch {
	case p.col.Type == trace.TypeTime && p.form.epoch:
		out, ok := appendEpochStamp(dst, v)
		if !ok {
			return dst, "not a time in range", "seconds since 1970"
		}
		return out, "", ""
	case p.col.Type == trace.TypeTime:
		if p.form.matcher != nil {
			var m moment
			if p.form.matcher.match(v, &m) && m.digits <= p.form.digits {
				return m.appendStamp(dst), "", ""
			}
		}
		t, digits, ok := parseExact(p.form.layout, string(v))
		if !ok || digits > p.form.digits {
			return dst, "not a time in the column's format", "a time such as " + strconv.Quote(withFraction(p.form.layout, p.form.digits))
		}
		return t.UTC().AppendFormat(dst, stamp), "", ""
	case p.form.integer:
		n, err := strconv.ParseUint(string(v), 10, 32)
		if err != nil {
			return dst, "not an address", "a 32-bit address"
		}
		return dotted(dst, uint32(n)), "", ""
	case p.col.Kind == trace.KindAddress && p.check:
		if !isAddress(string(v)) && !isLinkAddress(string(v)) {
			return dst, "not an address", "an address"
		}
	case p.col.Kind == trace.KindPort && p.check && p.col.Type == trace.TypeText:
		if n, err := strconv.ParseUint(string(v), 10, 16); (err != nil || n > 65535) && !portWord(string(v)) {
			return dst, "not a port", "a port"
		}
	case p.col.Type == trace.TypeInt || p.col.Type == trace.TypeReal:
		if p.check {
			if reason, want := p.number(v); reason != "" {
				return dst, reason, want
			}
		}
		if len(v) > 0 && v[0] <= ' ' && len(bytes.TrimSpace(v)) == 0 {
			return dst, "", "" // a quoted blank or line end
		}
		return append(dst, v...), "", ""
	}
	return appendCSV(dst, v, ',', !plainCSV(v)), "", ""
}

// number says why v is no value of a numeric column.
func (p *plan) number(v []byte) (reason, want string) {
	c := numberClass(v)
	kind := "a number"
	switch p.col.Kind {
	case trace.KindTimestamp:
		kind = "a time"
	case trace.KindPort:
		kind = "a port from 0 to 65535"
	}
	switch {
	case c == isHuge || c == isOutside:
		return "number out of range", kind + " in range"
	case c != isInt && (c != isReal || p.col.Type == trace.TypeInt):
		if p.col.Kind == trace.KindPort {
			return "not a port", kind
		}
		return "not a number", kind
	}
	f, _ := strconv.ParseFloat(string(v), 64)
	switch {
	case f >= p.lo && f <= p.hi:
		return "", ""
	case p.col.Kind == trace.KindPort:
		return "not a port", kind
	case p.col.Kind == trace.KindTimestamp:
		return "time out of range", "a time from 1678 to 2261"
	}
	return "negative quantity", "a number from 0"
}

// appendEpochStamp turns decimal seconds since 1970 into a stamp, exactly.
func appendEpochStamp(dst, v []byte) ([]byte, bool) {
	if numberClass(v) != isReal && numberClass(v) != isInt || bytes.ContainsAny(v, "eE") {
		return dst, false
	}
	whole, frac, _ := strings.Cut(string(v), ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || sec > 9223372035 || sec < -9223372035 || len(frac) > 9 {
		return dst, false
	}
	ns, err := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
	if err != nil {
		return dst, false
	}
	if v[0] == '-' {
		ns = -ns
	}
	return time.Unix(sec, ns).UTC().AppendFormat(dst, stamp), true
}

// plainCSV reports whether v needs no quotes in the files that are handed to
// the database.
func plainCSV(v []byte) bool {
	if len(v) == 0 || v[0] == ' ' || v[len(v)-1] == ' ' {
		return false
	}
	for _, c := range v {
		if c == ',' || c == '"' || c == '\n' || c == '\r' || c == '\\' || c == '\'' || c == '#' {
			return false
		}
	}
	return true
}

// appendCSV appends a field, in quotes if quoted is set or CSV needs them.
func appendCSV(dst, v []byte, delim byte, quoted bool) []byte {
	if !quoted {
		for _, c := range v {
			if c == delim || c == '"' || c == '\n' || c == '\r' {
				quoted = true
				break
			}
		}
	}
	if !quoted {
		return append(dst, v...)
	}
	dst = append(dst, '"')
	for _, c := range v {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// show is a value in a message, shortened.
func show(v []byte) string {
	const most = 60
	if len(v) > most {
		return strconv.Quote(string(v[:most])) + "..."
	}
	return strconv.Quote(string(v))
}
