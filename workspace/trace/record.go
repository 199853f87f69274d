package trace

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Record is what a recipe's functions see of one record: the columns that they
// named. Asking it for another panics.
type Record struct {
	names  []string
	values Row
}

// NewRecord makes a record of columns and their values, which it keeps.
func NewRecord(names []string, values Row) Record { return Record{names, values} }

// Value returns a column's value: string, int64, float64, bool, time.Time, a
// []any of these, or nil where it is missing.
func (r Record) Value(name string) any {
	i := slices.Index(r.names, name)
	if i < 0 {
		panic(fmt.Sprintf("the record has no column %q: it has %s: name it where the function is set", name, strings.Join(r.names, ", ")))
	}
	return r.values[i]
}

// Missing reports whether a column's value is missing.
func (r Record) Missing(name string) bool { return r.Value(name) == nil }

// Text returns a column's value as text, "" where it is missing.
func (r Record) Text(name string) string {
	switch v := r.Value(name).(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}

// Real returns a column's value as a number, NaN where it is none; of a time,
// the seconds since 1970.
func (r Record) Real(name string) float64 {
	switch v := r.Value(name).(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	case bool:
		if v {
			return 1
		}
		return 0
	case time.Time:
		return float64(v.UnixNano()) / 1e9
	case string:
		if x, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			return x
		}
	}
	return math.NaN()
}

// Int returns a column's value as a whole number, rounded, 0 where it is none.
func (r Record) Int(name string) int64 {
	switch v := r.Value(name).(type) {
	case int64:
		return v
	case string:
		if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil {
			return n
		}
	}
	x := math.Round(r.Real(name))
	if math.IsNaN(x) || math.Abs(x) >= 1<<63 {
		return 0
	}
	return int64(x)
}

// Bool returns a column's value as true or false, false where it is neither.
func (r Record) Bool(name string) bool {
	switch v := r.Value(name).(type) {
	case bool:
		return v
	case int64:
		return v != 0
	case string:
		b, err := strconv.ParseBool(v)
		return err == nil && b
	}
	return false
}

// Time returns a column's value as a time, the zero time where it is none.
func (r Record) Time(name string) time.Time {
	t, _ := r.Value(name).(time.Time)
	return t
}

// Filter says which records of a file are loaded. Make it with Where.
type Filter struct {
	From []string          // columns of the file that Keep looks at
	Keep func(Record) bool `json:"-"`
}

// Where loads only the records that keep returns true of. It sees the columns
// from as the file has them, before any field is parsed, and is called once for
// each combination of their values.
func Where(keep func(Record) bool, from ...string) Filter { return Filter{From: from, Keep: keep} }
