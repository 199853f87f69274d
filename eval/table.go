package eval

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// Column is one column of a trace held compactly: numbers as float64, every
// other value as a code into a dictionary of distinct texts. Numbers, times
// and counters take 8 bytes a row, all else 4 bytes a row and each distinct
// text once.
//
// Addresses, ports, protocols, categories, booleans and lists are texts here
// whatever the table holds, since they are compared by identity.
type Column struct {
	trace.Column

	numbers []float64 // NaN where missing; nil for a text column
	origin  int64     // added to numbers of an integer time, so that nanoseconds since 1970 stay exact
	begun   bool      // origin is set

	codes    []int32 // index into dict, -1 where missing; nil for a numeric column
	dict     []string
	byText   map[string]int32
	byNumber map[int64]int32
}

// NewColumn returns an empty column of the given shape.
func NewColumn(c trace.Column) Column { return Column{Column: c} }

// Numeric reports whether the column is compared as numbers: a quantity or a
// time that is not held as text.
func (c *Column) Numeric() bool {
	switch c.Kind {
	case trace.KindInteger, trace.KindReal, trace.KindTimestamp:
		return c.Type == trace.TypeInt || c.Type == trace.TypeReal || c.Type == trace.TypeTime || c.Type == trace.TypeBool
	}
	return false
}

// Temporal reports whether the column is a numeric time.
func (c *Column) Temporal() bool { return c.Kind == trace.KindTimestamp && c.Numeric() }

// Len returns the number of rows.
func (c *Column) Len() int {
	if c.Numeric() {
		return len(c.numbers)
	}
	return len(c.codes)
}

// Append adds one value: nil (missing), bool, any integer, float, string,
// time.Time, or []any of these. It errs where a numeric column meets a value
// that is no number.
func (c *Column) Append(v any) error {
	if c.Numeric() {
		return c.appendNumber(v)
	}
	c.appendText(v)
	return nil
}

func (c *Column) appendNumber(v any) error {
	x := math.NaN()
	switch v := v.(type) {
	case nil:
	case float64:
		x = v
	case float32:
		x = float64(v)
	case bool:
		x = 0
		if v {
			x = 1
		}
	case time.Time:
		x = c.sinceOrigin(v.UnixNano()) * 1e-9
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil {
			return fmt.Errorf("column %q, row %d: want a number, got %q", c.Name, len(c.numbers)+1, v)
		}
		x = f
	default:
		n, ok := integer(v)
		if !ok {
			return fmt.Errorf("column %q, row %d: want a number, got %T", c.Name, len(c.numbers)+1, v)
		}
		if c.Kind == trace.KindTimestamp {
			x = c.sinceOrigin(n)
		} else {
			x = float64(n)
		}
	}
	c.numbers = append(c.numbers, x)
	return nil
}

// sinceOrigin returns n less the column's first value, which becomes the
// origin.
func (c *Column) sinceOrigin(n int64) float64 {
	if !c.begun {
		c.origin, c.begun = n, true
	}
	return float64(n - c.origin)
}

func (c *Column) appendText(v any) {
	if v == nil {
		c.codes = append(c.codes, -1)
		return
	}
	if n, ok := integer(v); ok {
		if code, ok := c.byNumber[n]; ok {
			c.codes = append(c.codes, code)
			return
		}
		code := c.intern(strconv.FormatInt(n, 10))
		if c.byNumber == nil {
			c.byNumber = map[int64]int32{}
		}
		c.byNumber[n] = code
		c.codes = append(c.codes, code)
		return
	}
	if f, ok := v.(float64); ok && math.IsNaN(f) {
		c.codes = append(c.codes, -1)
		return
	}
	c.codes = append(c.codes, c.intern(text(v)))
}

func (c *Column) intern(s string) int32 {
	if code, ok := c.byText[s]; ok {
		return code
	}
	if c.byText == nil {
		c.byText = map[string]int32{}
	}
	code := int32(len(c.dict))
	s = strings.Clone(s)
	c.dict = append(c.dict, s)
	c.byText[s] = code
	return code
}

// Text returns row i as it reads in a report, and false where it is missing.
func (c *Column) Text(i int) (string, bool) {
	if c.Numeric() {
		x := c.numbers[i]
		if math.IsNaN(x) {
			return "", false
		}
		return strconv.FormatFloat(x+c.offset(), 'g', -1, 64), true
	}
	if c.codes[i] < 0 {
		return "", false
	}
	return c.dict[c.codes[i]], true
}

// offset is what to add to numbers to get the column's own values: seconds
// since 1970 for TypeTime, else the column's unit.
func (c *Column) offset() float64 {
	if c.Type == trace.TypeTime {
		return float64(c.origin) * 1e-9
	}
	return float64(c.origin)
}

// unitSeconds is the length of the unit of a time column's numbers.
func (c *Column) unitSeconds() float64 {
	if c.Type == trace.TypeTime {
		return 1
	}
	return c.Unit.Seconds()
}

// unitName is the unit of the column's numbers for axes and tables, "" where
// it is not known.
func (c *Column) unitName() string {
	switch {
	case !c.Temporal():
		return string(c.Unit)
	case c.Type == trace.TypeTime || c.Unit == "":
		return "s"
	}
	return string(c.Unit)
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case int16:
		return int64(v), true
	case int8:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v), true
		}
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), true
		}
	}
	return 0, false
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			if e != nil {
				parts[i] = text(e)
			}
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

// Trace is a table in memory, by columns.
type Trace struct {
	Name    string // as reports call it
	Rows    int
	Columns []Column
}

// NewTrace returns an empty trace with the given columns.
func NewTrace(name string, columns []trace.Column) *Trace {
	t := &Trace{Name: name, Columns: make([]Column, len(columns))}
	for i, c := range columns {
		t.Columns[i] = NewColumn(c)
	}
	return t
}

// FromRows returns a trace of the given rows.
func FromRows(name string, columns []trace.Column, rows []trace.Row) (*Trace, error) {
	t := NewTrace(name, columns)
	for _, r := range rows {
		if err := t.Append(r); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Append adds one row, a value for each column; it does not keep the row. After
// an error the trace is not to be used.
func (t *Trace) Append(row trace.Row) error {
	if len(row) != len(t.Columns) {
		return fmt.Errorf("table %q, row %d: %d values for %d columns", t.Name, t.Rows+1, len(row), len(t.Columns))
	}
	for i := range t.Columns {
		if err := t.Columns[i].Append(row[i]); err != nil {
			return fmt.Errorf("table %q: %w", t.Name, err)
		}
	}
	t.Rows++
	return nil
}

// Column returns the named column, or nil.
func (t *Trace) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// check reports columns of unequal length and columns named twice.
func (t *Trace) check() error {
	if t == nil {
		return fmt.Errorf("no table to compare: give a real and a synthetic one")
	}
	seen := map[string]bool{}
	for i := range t.Columns {
		c := &t.Columns[i]
		if seen[c.Name] {
			return fmt.Errorf("table %q: column %q occurs twice", t.Name, c.Name)
		}
		seen[c.Name] = true
		if c.Len() != t.Rows {
			return fmt.Errorf("table %q: column %q has %d values for %d rows", t.Name, c.Name, c.Len(), t.Rows)
		}
	}
	return nil
}
