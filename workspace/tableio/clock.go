package tableio

import (
	"strings"
	"time"
)

// matcher reads the times of a layout whose parts have fixed widths, and takes
// a tenth of the time that package time needs.
type matcher struct {
	parts []matchPart
}

// matchPart is one part of a layout.
type matchPart struct {
	what byte // see matcherOf, or 'l' for a character that stands for itself
	char byte
}

// matcherOf returns the matcher of a base layout, nil where it has none.
func matcherOf(layout string) *matcher {
	parts := []struct {
		name string
		what byte
	}{
		{"2006", 'Y'},
		{"01", 'M'},
		{"02", 'D'},
		{"Jan", 'b'},
		{"15", 'H'},
		{"04", 'm'},
		{"05,000", ','},
		{"05", 'S'}, // and its fraction, if it has one
		{"Z07:00", 'Z'},
		{"-07:00", 'o'},
		{"-0700", 'O'},
	}
	m, year := &matcher{}, false
next:
	for rest := layout; rest != ""; {
		for _, p := range parts {
			if strings.HasPrefix(rest, p.name) {
				m.parts = append(m.parts, matchPart{what: p.what})
				rest = rest[len(p.name):]
				year = year || p.what == 'Y'
				continue next
			}
		}
		c := rest[0]
		if strings.HasPrefix(rest, "UTC") || strings.HasPrefix(rest, "GMT") {
			m.parts = append(m.parts, matchPart{'l', c}, matchPart{'l', rest[1]}, matchPart{'l', rest[2]})
			rest = rest[3:]
			continue
		}
		if strings.IndexByte(" -/.:TZ[]", c) < 0 {
			return nil
		}
		m.parts = append(m.parts, matchPart{'l', c})
		rest = rest[1:]
	}
	if !year {
		return nil
	}
	return m
}

// moment is a time taken apart.
type moment struct {
	year, month, day, hour, minute, second int
	fraction, digits                       int // of the second, as written
	nanos                                  int
	offset                                 int // from UTC, in seconds
	zoned                                  bool
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// pair reads two digits.
func pair(v []byte) (int, bool) {
	if len(v) < 2 {
		return 0, false
	}
	a, b := v[0]-'0', v[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// match reads v, which must be as the layout writes it to the letter.
func (m *matcher) match(v []byte, t *moment) bool {
	*t = moment{month: 1, day: 1}
	for _, p := range m.parts {
		var ok bool
		switch p.what {
		case 'l':
			if len(v) == 0 || v[0] != p.char {
				return false
			}
			v = v[1:]
			continue
		case 'Y':
			high, good := pair(v)
			if !good {
				return false
			}
			var low int
			low, ok = pair(v[2:])
			t.year = high*100 + low
			if !ok || t.year < 1678 || t.year > 2261 {
				return false
			}
			v = v[4:]
			continue
		case 'b':
			if len(v) < 3 {
				return false
			}
			at := strings.Index(months, string(v[:3]))
			if at < 0 || at%3 != 0 {
				return false
			}
			t.month = at/3 + 1
			v = v[3:]
			continue
		case 'Z', 'o', 'O':
			if v, ok = t.zone(v, p.what); !ok {
				return false
			}
			continue
		}
		n, ok := pair(v)
		if !ok {
			return false
		}
		v = v[2:]
		switch p.what {
		case 'M':
			t.month = n
		case 'D':
			t.day = n
		case 'H':
			t.hour = n
		case 'm':
			t.minute = n
		case ',':
			t.second = n
			if len(v) < 4 || v[0] != ',' {
				return false
			}
			for _, c := range v[1:4] {
				if c-'0' > 9 {
					return false
				}
				t.nanos = t.nanos*10 + int(c-'0')
			}
			t.nanos *= 1e6
			v = v[4:]
		case 'S':
			t.second = n
			if len(v) > 1 && v[0] == '.' {
				if v, ok = t.decimals(v[1:]); !ok {
					return false
				}
			}
		}
	}
	return len(v) == 0 && t.month >= 1 && t.month <= 12 && t.day >= 1 && t.day <= daysIn(t.year, t.month) &&
		t.hour < 24 && t.minute < 60 && t.second < 60
}

// decimals reads up to nine digits of a second's fraction.
func (t *moment) decimals(v []byte) ([]byte, bool) {
	i := 0
	for ; i < len(v) && v[i]-'0' <= 9; i++ {
		t.fraction = t.fraction*10 + int(v[i]-'0')
		if i >= 9 {
			return v, false
		}
	}
	t.digits, t.nanos = i, t.fraction
	for k := i; k < 9; k++ {
		t.nanos *= 10
	}
	return v[i:], i > 0
}

// zone reads an offset from UTC.
func (t *moment) zone(v []byte, what byte) ([]byte, bool) {
	t.zoned = true
	if what == 'Z' && len(v) > 0 && v[0] == 'Z' {
		return v[1:], true
	}
	long := what != 'O'
	if len(v) < 5 || long && len(v) < 6 || v[0] != '+' && v[0] != '-' || long && v[3] != ':' {
		return v, false
	}
	h, ok1 := pair(v[1:])
	at := 3
	if long {
		at = 4
	}
	m, ok2 := pair(v[at:])
	if t.offset = (h*60 + m) * 60; v[0] == '-' {
		t.offset = -t.offset
	}
	// Zero has one spelling in each layout, and hours end at 24.
	plain := t.offset != 0 || v[0] == '+' && what != 'Z'
	return v[at+2:], ok1 && ok2 && h < 24 && m < 60 && plain
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// time is the moment as a time.
func (t *moment) time() time.Time {
	loc := time.UTC
	if t.offset != 0 {
		loc = time.FixedZone("", t.offset)
	}
	return time.Date(t.year, time.Month(t.month), t.day, t.hour, t.minute, t.second, t.nanos, loc)
}

// appendStamp appends the moment as times are handed to the database.
func (t *moment) appendStamp(dst []byte) []byte {
	if t.offset != 0 {
		return t.time().UTC().AppendFormat(dst, stamp)
	}
	two := func(sep byte, n int) { dst = append(dst, sep, byte('0'+n/10), byte('0'+n%10)) }
	dst = append(dst, byte('0'+t.year/1000), byte('0'+t.year/100%10), byte('0'+t.year/10%10), byte('0'+t.year%10))
	two('-', t.month)
	two('-', t.day)
	two(' ', t.hour)
	two(':', t.minute)
	two(':', t.second)
	dst = append(dst, '.')
	for unit := 100_000_000; unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+t.nanos/unit%10))
	}
	return dst
}

// quickTime counts a time that one of the layouts met so far reads.
func (s *stats) quickTime(v []byte) bool {
	for i := range s.layouts {
		if s.layouts[i].matcher == nil {
			return false
		}
	}
	var t moment
	hit := false
	for i := range s.layouts {
		l := &s.layouts[i]
		if !l.matcher.match(v, &t) {
			continue
		}
		l.n++
		if !hit {
			hit = true
			s.addFraction(t.fraction, t.digits)
			if t.zoned {
				s.zones.addMoment(&t)
			}
		}
	}
	return hit
}
