package store

import (
	"database/sql/driver"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"netshare/workspace/trace"
)

// Times that TIMESTAMP_NS can hold, without its two infinities.
var (
	earliest = time.Unix(0, math.MinInt64+2).UTC()
	latest   = time.Unix(0, math.MaxInt64-1).UTC()
)

// checkColumns says what is wrong with the columns of a table to be made.
func checkColumns(n Name, columns []trace.Column) error {
	if len(columns) == 0 {
		return fmt.Errorf("%s: a table needs at least one column", n)
	}
	seen := map[string]string{}
	for _, c := range columns {
		lower := strings.ToLower(c.Name)
		if c.Name == "" {
			return fmt.Errorf("%s: a column of type %s has no name", n, c.Type)
		}
		if other, ok := seen[lower]; ok {
			return fmt.Errorf("%s: columns %q and %q differ in case only: rename one", n, other, c.Name)
		}
		seen[lower] = c.Name
		switch c.Type {
		case trace.TypeBool, trace.TypeInt, trace.TypeReal, trace.TypeText, trace.TypeTime,
			trace.TypeBoolList, trace.TypeIntList, trace.TypeRealList, trace.TypeTextList:
		default:
			return fmt.Errorf("%s: column %q: unknown type %q: want BOOLEAN, BIGINT, DOUBLE, VARCHAR, TIMESTAMP_NS or a list of them", n, c.Name, c.Type)
		}
	}
	return nil
}

// encode turns a value of a row into what the appender takes for a column. It
// checks before the appender sees anything, since a row that the appender
// refuses half-way spoils the next one.
func encode(c *trace.Column, value any) (driver.Value, error) {
	if value == nil {
		return nil, nil
	}
	switch c.Type {
	case trace.TypeBool:
		if _, ok := value.(bool); ok {
			return value, nil
		}
	case trace.TypeInt:
		if _, ok := value.(int64); ok {
			return value, nil
		}
	case trace.TypeReal:
		if _, ok := value.(float64); ok {
			return value, nil
		}
	case trace.TypeText:
		if s, ok := value.(string); ok {
			return encodeText(s, value), nil
		}
	case trace.TypeTime:
		if t, ok := value.(time.Time); ok {
			if t.Before(earliest) || t.After(latest) {
				return nil, &ValueError{c.Name, string(c.Type), value, "outside the years 1678 to 2262 that nanoseconds reach"}
			}
			return value, nil
		}
	default:
		return encodeList(c, value)
	}
	return nil, &ValueError{c.Name, string(c.Type), value, ""}
}

func encodeList(c *trace.Column, value any) (driver.Value, error) {
	list, ok := value.([]any)
	elem, isList := c.Type.Elem()
	if !ok || !isList {
		return nil, &ValueError{c.Name, string(c.Type), value, ""}
	}
	e := trace.Column{Name: c.Name, Type: elem}
	var changed []any
	for i, v := range list {
		w, err := encode(&e, v)
		if err != nil {
			return nil, err
		}
		if s, ok := v.(string); ok && elem == trace.TypeText && needsCare(s) {
			if changed == nil {
				changed = append([]any(nil), list...)
			}
			changed[i] = w
		}
	}
	if changed != nil {
		return changed, nil
	}
	return list, nil
}

// encodeText returns the boxed string as it is where DuckDB takes it so.
func encodeText(s string, boxed any) driver.Value {
	if !needsCare(s) {
		return boxed
	}
	return []byte(validText(s)) // the appender takes strings with zero bytes as bytes only
}

func needsCare(s string) bool { return strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) }

// validText writes the bytes of s that are no UTF-8 as \xNN, as Zeek does:
// VARCHAR holds UTF-8 only, and would be NULL instead.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
				continue
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
