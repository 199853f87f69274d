package codec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// listSeparator joins a list's elements in the text of its value.
const listSeparator = "\x1f"

// emptyList is the text of an empty list, which is not a list of one empty text.
const emptyList = "\x1e"

// text returns the text of a value, and false for a missing one.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case same:
		return sameText, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	case bool:
		return strconv.FormatBool(v), true
	case time.Time:
		return strconv.FormatInt(v.UnixNano(), 10), true
	case []any:
		if len(v) == 0 {
			return emptyList, true
		}
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i], _ = text(e)
		}
		return strings.Join(parts, listSeparator), true
	}
	panic(fmt.Sprintf("codec: value of type %T", v))
}

// parse is the way back of text. What is no value of the type is missing.
func parse(s string, t trace.Type) any {
	if e, ok := t.Elem(); ok {
		if s == emptyList {
			return []any{}
		}
		var list []any
		for p := range strings.SplitSeq(s, listSeparator) {
			list = append(list, parse(p, e))
		}
		return list
	}
	switch t {
	case trace.TypeInt:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
		return nil
	case trace.TypeReal:
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			return x
		}
		return nil
	case trace.TypeBool:
		return s == "true"
	case trace.TypeTime:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return time.Unix(0, n).UTC()
		}
		return nil
	}
	return s
}

// number returns a value as a number, and false where it is missing or not
// finite. A time counts nanoseconds from 1970.
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
	case time.Time:
		return float64(v.UnixNano()), true
	case string:
		x, err := strconv.ParseFloat(v, 64)
		return x, err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
	}
	return 0, false
}
