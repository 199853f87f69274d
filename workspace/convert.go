package workspace

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// convert makes a value of the file one of its field's kind; it is never called
// with a missing one. nil leaves values as they are.
type convert func(v any) (any, error)

// converterOf returns how the values of a column become those of a field that
// has no function of its own, and the column that they make.
func converterOf(f trace.Field, c trace.Column) (convert, trace.Column, error) {
	text := c.Type == trace.TypeText
	if text && f.Delimiter == "" && f.Assign == "" && (f.Encoding == trace.EncodeAttributes || f.Encoding == trace.EncodeValues) {
		return nil, c, fmt.Errorf("field %q: the file has the list as text: say what parts its elements", f.Name)
	}
	if f.Delimiter != "" && text { // of the elements, when they are learnt
		return nil, c, nil
	}
	number := c.Type == trace.TypeInt || c.Type == trace.TypeReal
	switch f.Kind {
	case trace.KindInteger:
		switch {
		case text:
			c.Type = trace.TypeInt
			return toInteger, c, nil
		case c.Type == trace.TypeReal:
			return wholeNumber, c, nil
		}
	case trace.KindReal:
		if text {
			c.Type = trace.TypeReal
			return toReal, c, nil
		}
	case trace.KindPort:
		if number {
			return port, c, nil
		}
	case trace.KindAddress:
		switch {
		case text:
			return address, c, nil
		case number:
			c.Type, c.Format = trace.TypeText, withFormat(c.Format, "ipv4-integer")
			return dotted, c, nil
		}
	case trace.KindTimestamp:
		return timeConverter(f, c)
	}
	return nil, c, nil
}

// timeConverter is converterOf for times.
func timeConverter(f trace.Field, c trace.Column) (convert, trace.Column, error) {
	_, list := c.Type.Elem()
	switch {
	case c.Type == trace.TypeTime:
		// Where the reader took a date for another, the recipe knows better.
		was := layoutOf(c.Format)
		if f.Layout == "" || was == "" || strings.TrimRight(was, "0") == strings.TrimRight(f.Layout, "0") {
			return nil, c, nil
		}
		c.Format = withFormat(c.Format, "time:"+f.Layout)
		return func(v any) (any, error) {
			if t, ok := v.(time.Time); ok {
				v = t.Format(was)
			}
			return timeIn(f.Layout, v)
		}, c, nil
	case c.Type == trace.TypeBool || list:
		return nil, c, fmt.Errorf("field %q: want times, the column has values of type %s", f.Name, c.Type)
	case f.Layout != "":
		c.Type, c.Unit, c.Format = trace.TypeTime, "", withFormat(c.Format, "time:"+f.Layout)
		return func(v any) (any, error) { return timeIn(f.Layout, v) }, c, nil
	case c.Type != trace.TypeText:
		return nil, c, nil
	case f.Unit != "":
		c.Type = trace.TypeReal
		return toReal, c, nil
	}
	return nil, c, nil
}

// timeIn reads a time as a layout writes it.
func timeIn(layout string, v any) (any, error) {
	t, err := time.Parse(layout, plainText(v))
	if err != nil && strings.Contains(layout, ".000000") { // fewer digits, as Python reads them
		t, err = time.Parse(strings.Replace(layout, ".000000", ".999999", 1), plainText(v))
	}
	if err != nil {
		return nil, fmt.Errorf("want a time as %q, got %q", layout, plainText(v))
	}
	return t.UTC(), nil
}

// layoutOf is the layout in how a file writes a column, "" where it has none.
func layoutOf(format string) string {
	for part := range strings.SplitSeq(format, ";") {
		if layout, ok := strings.CutPrefix(part, "time:"); ok {
			return layout
		}
	}
	return ""
}

// withFormat adds to how a file writes a column's values; how it wrote numbers
// is of no use any more.
func withFormat(format, item string) string {
	kept := []string{item}
	for part := range strings.SplitSeq(format, ";") {
		if part == "quoted" || part == "bare-missing" || strings.HasPrefix(part, "null=") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ";")
}

func toInteger(v any) (any, error) {
	s := strings.TrimSpace(plainText(v))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	if x, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case math.IsNaN(x):
			return nil, nil
		case x == math.Trunc(x) && math.Abs(x) < 1<<63:
			return int64(x), nil
		}
	}
	return nil, fmt.Errorf("want a whole number, got %q", s)
}

func toReal(v any) (any, error) {
	s := strings.TrimSpace(plainText(v))
	x, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil:
		return nil, fmt.Errorf("want a number, got %q", s)
	case math.IsNaN(x):
		return nil, nil
	}
	return x, nil
}

func wholeNumber(v any) (any, error) {
	if x, ok := v.(float64); ok && x != math.Trunc(x) && !math.IsNaN(x) {
		return nil, fmt.Errorf("want a whole number, got %v", x)
	}
	return v, nil
}

func port(v any) (any, error) {
	if x, ok := numberOf(v); !ok || x < 0 || x > 65535 || x != math.Trunc(x) {
		return nil, fmt.Errorf("want a port from 0 to 65535, got %v", v)
	}
	return v, nil
}

func address(v any) (any, error) {
	if _, err := netip.ParseAddr(plainText(v)); err != nil {
		if plainText(v) == "" {
			return nil, nil
		}
		return nil, fmt.Errorf("want an IP address, got %q", plainText(v))
	}
	return v, nil
}

// dotted is the address that a number stands for.
func dotted(v any) (any, error) {
	x, _ := numberOf(v)
	if x < 0 || x > math.MaxUint32 || x != math.Trunc(x) {
		return nil, fmt.Errorf("want an IPv4 address as a number below 2^32, got %v", v)
	}
	n := uint32(x)
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String(), nil
}

// valueOf is a text as a value of a type.
func valueOf(s string, t trace.Type) (any, error) {
	switch t {
	case trace.TypeInt:
		return toInteger(s)
	case trace.TypeReal:
		return toReal(s)
	case trace.TypeBool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return nil, fmt.Errorf("want true or false, got %q", s)
		}
		return b, nil
	case trace.TypeTime:
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, fmt.Errorf("want a time such as 2006-01-02T15:04:05Z, got %q", s)
		}
		return at.UTC(), nil
	case trace.TypeText:
		return s, nil
	}
	return nil, fmt.Errorf("a list can't be filled in")
}

// plainText is a value's text as a file would have it.
func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}
