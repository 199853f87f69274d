package tableio

import (
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // offsets that change with the seasons are written back by place
)

// baseLayouts are the time formats that are recognised, the likelier first;
// each may carry fractions of its second. Of dates that could be day first or
// month first, the one that fits every value is taken, month first if both do.
func baseLayouts() []string {
	var all []string
	for _, date := range []string{"2006-01-02", "2006/01/02"} {
		for _, t := range []string{" 15:04:05", "T15:04:05"} {
			for _, zone := range []string{"", "Z07:00", "-07:00", "-0700", " -0700", " -07:00", " UTC", "-07"} {
				all = append(all, date+t+zone)
			}
		}
		all = append(all, date+" 15:04:05,000", date, date+" 15:04", date+"T15:04")
	}
	return append(all,
		"02/Jan/2006:15:04:05 -0700", "02/Jan/2006:15:04:05", "[02/Jan/2006:15:04:05",
		"01/02/2006 15:04:05", "02/01/2006 15:04:05", "1/2/2006 15:04:05", "2/1/2006 15:04:05",
		"01/02/2006 15:04", "02/01/2006 15:04", "1/2/2006 15:04", "2/1/2006 15:04",
		"1/2/2006 {h}:04", "2/1/2006 {h}:04", "1/2/2006 {h}:04:05", "2/1/2006 {h}:04:05",
		"01/02/2006 03:04:05 PM", "02/01/2006 03:04:05 PM", "1/2/2006 3:04:05 PM", "2/1/2006 3:04:05 PM",
		"01/02/2006 03:04 PM", "02/01/2006 03:04 PM", "1/2/2006 3:04 PM", "2/1/2006 3:04 PM",
		"02.01.2006 15:04:05", "02.01.2006 15:04", "02-Jan-2006 15:04:05", "02-01-2006 15:04:05",
		"Mon Jan 02 15:04:05 2006", "Mon Jan _2 15:04:05 2006", "Mon, 02 Jan 2006 15:04:05 -0700",
		"Mon, 02 Jan 2006 15:04:05 GMT", "Jan 02 2006 15:04:05", "Jan _2 2006 15:04:05",
		"Jan 2, 2006 15:04:05", "Jan _2, 2006 15:04:05", "Jan 2, 2006 15:04:05 UTC", "Jan _2, 2006 15:04:05 UTC",
		"Jan 02 15:04:05", "Jan _2 15:04:05", "01.02 15:04:05",
		"20060102T150405Z", "20060102T150405", "2006-01-02-15.04.05", "01/02/2006", "02/01/2006",
	)
}

// timeLike is a cheap test that spares other text the parsers.
func timeLike(s string) bool {
	if len(s) < 8 || len(s) > 40 {
		return false
	}
	s = strings.TrimPrefix(s, "[")
	c := s[0]
	if c >= '0' && c <= '9' {
		return strings.ContainsAny(s[1:min(len(s), 9)], "-/.T:") || len(s) > 8 && s[8] == 'T'
	}
	return (c == 'J' || c == 'F' || c == 'M' || c == 'A' || c == 'S' || c == 'O' || c == 'N' || c == 'D' || c == 'T' || c == 'W') &&
		strings.IndexByte(s, ':') > 0
}

// layoutsOf returns the layouts that read s and write it again as it is.
func layoutsOf(s string) []string {
	if !timeLike(s) {
		return nil
	}
	var fit []string
	for _, l := range baseLayouts() {
		if _, _, ok := parseExact(l, s); ok {
			fit = append(fit, l)
		}
	}
	return fit
}

// yearless is the year of times that have none: 1972, a leap year that every
// timestamp type holds.
const yearless = 1972

// bareHour stands in layouts for an hour from 0 to 23 without leading zero,
// which package time has no name for.
const bareHour = "{h}"

// parseExact reads s with a base layout that writes it as it is, and counts its
// digits of fraction. The time keeps the offset that it was written with.
func parseExact(layout, s string) (t time.Time, digits int, ok bool) {
	t, err := time.Parse(strings.Replace(layout, bareHour, "15", 1), s)
	if err != nil {
		return t, 0, false
	}
	if t.Year() == 0 {
		t = t.AddDate(yearless, 0, 0)
	}
	if y := t.Year(); y < 1678 || y > 2261 {
		return t, 0, false
	}
	if strings.Contains(layout, "05") && len(s) > len(layout)-12 {
		if dot := fractionAt(s); dot > 0 {
			for i := dot + 1; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
				digits++
			}
		}
	}
	var buf [64]byte
	return t, digits, digits <= 9 && string(appendTime(buf[:0], t, withFraction(layout, digits))) == s
}

// appendTime writes a time as its layout says.
func appendTime(dst []byte, t time.Time, layout string) []byte {
	before, after, bare := strings.Cut(layout, bareHour)
	dst = t.AppendFormat(dst, before)
	if bare {
		dst = t.AppendFormat(strconv.AppendInt(dst, int64(t.Hour()), 10), after)
	}
	return dst
}

// fractionAt finds the point before the fraction of a second: the one that
// follows the last colon's two digits.
func fractionAt(s string) int {
	for i := len(s) - 2; i >= 5; i-- {
		if s[i] == '.' && s[i-3] == ':' {
			return i
		}
	}
	return -1
}

// withFraction is the layout with that many digits after its second.
func withFraction(layout string, digits int) string {
	if digits <= 0 {
		return layout
	}
	return strings.Replace(layout, "05", "05."+strings.Repeat("0", digits), 1)
}

// hasOffset reports whether a layout writes a time's offset from UTC.
func hasOffset(layout string) bool { return strings.Contains(layout, "07") }

// zoneNames are the time zones tried for files whose offsets change with the
// seasons; one for each rule and offset.
func zoneNames() []string {
	return []string{
		"Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago",
		"America/Denver", "America/Los_Angeles", "America/Halifax", "Australia/Sydney", "Pacific/Auckland",
		"America/Sao_Paulo", "Asia/Jerusalem", "America/Santiago", "Africa/Cairo",
	}
}

// zones are the places whose clocks agree with every offset seen so far.
type zones struct {
	alive  []*time.Location
	fixed  int // the offset that all times have
	any    bool
	varies bool
	last   [5]int // the hour and offset last seen, which say all again
}

// addMoment is add for a time that is taken apart.
func (z *zones) addMoment(t *moment) {
	if hour := [5]int{t.year, t.month, t.day, t.hour, t.offset}; hour != z.last {
		z.last = hour
		z.add(t.time())
	}
}

func (z *zones) add(t time.Time) {
	_, off := t.Zone()
	if !z.any {
		z.any, z.fixed = true, off
		for _, n := range zoneNames() {
			if l, err := time.LoadLocation(n); err == nil {
				z.alive = append(z.alive, l)
			}
		}
	}
	z.varies = z.varies || off != z.fixed
	keep := z.alive[:0]
	for _, l := range z.alive {
		if _, o := t.In(l).Zone(); o == off {
			keep = append(keep, l)
		}
	}
	z.alive = keep
}

// merge takes in the zones of other times.
func (z *zones) merge(o *zones) {
	switch {
	case !o.any:
		return
	case !z.any:
		*z = *o
		return
	}
	z.varies = z.varies || o.varies || z.fixed != o.fixed
	z.alive = slices.DeleteFunc(z.alive, func(l *time.Location) bool {
		return !slices.ContainsFunc(o.alive, func(k *time.Location) bool { return k.String() == l.String() })
	})
}

// name returns the zone to write times in: "+02:00", a place, or "" for UTC.
func (z *zones) name() string {
	switch {
	case !z.any || !z.varies && z.fixed == 0:
		return ""
	case !z.varies:
		return time.Unix(0, 0).In(time.FixedZone("", z.fixed)).Format("-07:00")
	case len(z.alive) > 0:
		return z.alive[0].String()
	}
	return ""
}

// location is name's way back.
func location(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	if t, err := time.Parse("-07:00", name); err == nil {
		_, off := t.Zone()
		return time.FixedZone("", off)
	}
	if l, err := time.LoadLocation(name); err == nil {
		return l
	}
	return time.UTC
}
