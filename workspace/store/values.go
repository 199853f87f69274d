package store

import (
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

// encodeList checks a list, and makes its texts valid in a copy.
func encodeList(c *trace.Column, value any) ([]any, error) {
	list, ok := value.([]any)
	elem, isList := c.Type.Elem()
	if !ok || !isList {
		return nil, &ValueError{c.Name, string(c.Type), value, ""}
	}
	out := append(make([]any, 0, len(list)), list...) // a reader may use its list again
	for i, v := range list {
		ok := v == nil
		switch v := v.(type) {
		case bool:
			ok = elem == trace.TypeBool
		case int64:
			ok = elem == trace.TypeInt
		case float64:
			ok = elem == trace.TypeReal
		case string:
			ok = elem == trace.TypeText
			out[i] = validText(v)
		}
		if !ok {
			return nil, &ValueError{c.Name, string(elem), v, ""}
		}
	}
	return out, nil
}

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
