package netsharecfg

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// directives are Python's, as package time writes them.
var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'f': "000000", 'j': "002",
	'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'p': "PM", 'z': "-0700", 'Z': "MST", '%': "%",
}

// layoutOf turns a layout of Python's strptime into one of package time.
func layoutOf(format string) (string, error) {
	var b, plain strings.Builder // plain is what must come out as it stands
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			plain.WriteByte(format[i])
			continue
		}
		if i++; i == len(format) {
			return "", fmt.Errorf("ends in a %% without its letter")
		}
		d, ok := directives[format[i]]
		if !ok {
			var known []string
			for k := range directives {
				known = append(known, "%"+string(k))
			}
			slices.Sort(known)
			return "", fmt.Errorf("%%%c is none of %s", format[i], strings.Join(known, " "))
		}
		if format[i] == 'f' && (i < 2 || format[i-2] != '.' && format[i-2] != ',') {
			return "", fmt.Errorf("%%f is to stand after a point: netshare reads fractions of a second there alone")
		}
		b.WriteString(d)
		plain.WriteByte(0)
	}
	layout := b.String()
	if !strings.Contains(plain.String(), "\x00") {
		return "", fmt.Errorf("has no part of a time in it: write such as %%Y-%%m-%%d %%H:%%M:%%S")
	}
	// What stands between must be the same at any time.
	for _, t := range []time.Time{time.Date(2019, 3, 8, 17, 45, 37, 123456000, time.UTC), time.Date(1987, 11, 23, 9, 12, 54, 654321000, time.UTC)} {
		got := t.Format(layout)
		for piece := range strings.SplitSeq(plain.String(), "\x00") {
			at := strings.Index(got, piece)
			if at < 0 {
				return "", fmt.Errorf("the text %q in it reads as a part of a time to netshare: use a recipe with a Parse function", piece)
			}
			got = got[at+len(piece):]
		}
	}
	return layout, nil
}
