package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// plainValue turns the driver's own types into those of Go.
func plainValue(v any, typ string) any {
	switch v := v.(type) {
	case duckdb.Decimal:
		return decimalText(v)
	case duckdb.Interval:
		return intervalText(v)
	case duckdb.Union:
		return plainValue(v.Value, "")
	case duckdb.Map:
		m := make(map[string]any, len(v))
		for key, value := range v {
			m[fmt.Sprint(plainValue(key, ""))] = plainValue(value, "")
		}
		return m
	case duckdb.OrderedMap:
		m := make(map[string]any, v.Len())
		values := v.Values()
		for i, key := range v.Keys() {
			m[fmt.Sprint(plainValue(key, ""))] = plainValue(values[i], "")
		}
		return m
	case map[string]any:
		for key, value := range v {
			v[key] = plainValue(value, "")
		}
	case []any:
		elem := strings.TrimSuffix(typ, "[]")
		for i, value := range v {
			v[i] = plainValue(value, elem)
		}
	case []byte:
		if typ == "UUID" && len(v) == 16 {
			return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
		}
	case duckdb.UUID:
		return plainValue(v[:], "UUID")
	case time.Time:
		switch typ {
		case "TIME":
			return v.Format("15:04:05.999999")
		case "DATE":
			return v.Format(time.DateOnly)
		}
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
	}
	return v
}

// intervalText writes an interval as DuckDB does.
func intervalText(v duckdb.Interval) string {
	var parts []string
	part := func(n int32, unit string) {
		if n == 1 || n == -1 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit))
		} else if n != 0 {
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit))
		}
	}
	part(v.Months/12, "year")
	part(v.Months%12, "month")
	part(v.Days, "day")
	if v.Micros != 0 || len(parts) == 0 {
		sign, us := "", v.Micros
		if us < 0 {
			sign, us = "-", -us
		}
		text := fmt.Sprintf("%s%02d:%02d:%02d", sign, us/3600e6, us/60e6%60, us/1e6%60)
		if frac := us % 1e6; frac != 0 {
			text += strings.TrimRight(fmt.Sprintf(".%06d", frac), "0")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

// decimalText writes a decimal with all the places of its type.
func decimalText(d duckdb.Decimal) json.Number {
	if d.Scale == 0 {
		return json.Number(d.Value.String())
	}
	sign, digits := "", d.Value.String()
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if short := int(d.Scale) + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	point := len(digits) - int(d.Scale)
	return json.Number(sign + digits[:point] + "." + digits[point:])
}

// FormatValue writes a value of a Result, or of a trace.Row, as DuckDB's shell
// shows it: 1.0 for a DOUBLE that is whole, 2024-05-01 12:00:00.5 for a time,
// [a, NULL] for a list. The type is by DuckDB's name, and tells times apart;
// nil is NULL.
func FormatValue(v any, typ string) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return v
	case float64:
		return formatFloat(v, 64)
	case float32:
		return formatFloat(float64(v), 32)
	case time.Time:
		switch typ {
		case "DATE":
			return v.Format(time.DateOnly)
		case "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE":
			return v.UTC().Format("2006-01-02 15:04:05.999999999+00")
		}
		return v.UTC().Format("2006-01-02 15:04:05.999999999")
	case []byte:
		var b strings.Builder
		for _, c := range v {
			if c >= ' ' && c < 0x7f && c != '\\' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, `\x%02X`, c)
			}
		}
		return b.String()
	case []any:
		elem := strings.TrimSuffix(typ, "[]")
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = FormatValue(e, elem)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		isMap := strings.HasPrefix(typ, "MAP")
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if isMap {
				parts = append(parts, key+"="+FormatValue(v[key], ""))
			} else {
				parts = append(parts, "'"+key+"': "+FormatValue(v[key], ""))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

func formatFloat(v float64, bits int) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(v, 'g', -1, bits)), "+")
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return strconv.FormatFloat(v, 'f', 1, bits)
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}
