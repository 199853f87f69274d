// Package rule is what holds in every record of a trace: the rules that a
// recipe declares, and those that a real trace tells of itself. The engine
// makes records by them and the report counts records by them, so that both
// mean the same. It checks and finds, and changes nothing.
package rule

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/trace"
)

// Rule is a rule of columns by their positions in a record.
type Rule struct {
	Kind     trace.RuleKind
	Text     string // in words
	Declared bool   // by a recipe; found in a real trace otherwise
	When     []Case // all of which a record must be

	Columns []int // that it is about
	Values  []string

	// Of a comparison: the sum of the terms and the constant is compared with 0.
	// The column of the first term, Columns[0], is the one that is made to fit.
	Times    []float64 // of Columns
	Constant float64
	Op       string
	Within   float64

	Combinations []Combination // of a declared Together
	Table        *Table        // of one that was found

	seen  map[string]bool   // Combinations by key
	known []map[string]bool // values of each column
}

// Case is a column that has one of some values.
type Case struct {
	Column int
	Values []string
}

// Combination is what values columns have together, "" and Missing for none,
// and in how many records.
type Combination struct {
	Values  []string
	Missing []bool
	Records int
}

// Compile makes the rules that a recipe declares ready for records of the given
// columns. A rule that names another column is left out.
func Compile(declared []trace.Rule, columns []string) []Rule {
	var out []Rule
	for _, d := range declared {
		r := Rule{Kind: d.Kind, Text: d.String(), Declared: true, Values: d.Values}
		names := d.Columns
		if d.Kind == trace.RuleHolds {
			c, err := d.Comparison()
			if err != nil {
				continue // of a recipe that was never checked
			}
			names = nil
			for _, t := range c.Terms {
				names = append(names, t.Column)
				r.Times = append(r.Times, t.Times)
			}
			r.Constant, r.Op, r.Within = c.Constant, c.Op, c.Within
			if r.Times[0] < 0 && r.Op != "=" {
				r.Op = map[string]string{"<=": ">=", ">=": "<="}[r.Op]
				r.Constant = -r.Constant
				for i := range r.Times {
					r.Times[i] = -r.Times[i]
				}
			}
		}
		known := true
		at := func(name string) int {
			i := slices.Index(columns, name)
			known = known && i >= 0
			return i
		}
		for _, name := range names {
			r.Columns = append(r.Columns, at(name))
		}
		for _, c := range d.When {
			r.When = append(r.When, Case{at(c.Column), c.Values})
		}
		if known {
			out = append(out, r)
		}
	}
	return out
}

// Copy returns a rule that can be asked at the same time as r.
func (r *Rule) Copy() Rule {
	c := *r
	c.seen, c.known = nil, nil
	if r.Table != nil {
		t := *r.Table
		t.A.index, t.B.index = nil, nil
		c.Table = &t
	}
	return c
}

// Mentions reports whether a rule reads a column, by its position.
func (r *Rule) Mentions(column int) bool {
	return slices.Contains(r.Columns, column) || slices.ContainsFunc(r.When, func(c Case) bool { return c.Column == column })
}

// Applies reports whether a rule says anything of a record.
func (r *Rule) Applies(rec trace.Row) bool {
	for _, c := range r.When {
		v, ok := Text(rec[c.Column])
		if !ok || !slices.Contains(c.Values, v) {
			return false
		}
	}
	return true
}

// Holds reports whether a record obeys. Unique and Rising are of several
// records, and hold of each one.
func (r *Rule) Holds(rec trace.Row) bool {
	if !r.Applies(rec) {
		return true
	}
	switch r.Kind {
	case trace.RuleHolds:
		d, tolerance, ok := r.Difference(rec)
		switch {
		case !ok:
			return true
		case r.Op == "<=":
			return d <= tolerance
		case r.Op == ">=":
			return d >= -tolerance
		}
		return math.Abs(d) <= tolerance+r.Within
	case trace.RuleAbsent, trace.RulePresent:
		for _, c := range r.Columns {
			if (rec[c] == nil) != (r.Kind == trace.RuleAbsent) {
				return false
			}
		}
	case trace.RuleOneOf:
		v, ok := Text(rec[r.Columns[0]])
		return !ok || slices.Contains(r.Values, v)
	case trace.RuleTogether:
		if r.Table != nil {
			return !r.Table.Apart(r.Table.A.Class(rec[r.Columns[0]]), r.Table.B.Class(rec[r.Columns[1]]))
		}
		return r.combined(rec)
	}
	return true
}

// combined reports whether the real trace has a record's values together, or
// lacks one of them altogether: what is made up goes with anything.
func (r *Rule) combined(rec trace.Row) bool {
	if r.seen == nil {
		r.seen, r.known = map[string]bool{}, make([]map[string]bool, len(r.Columns))
		for i := range r.Columns {
			r.known[i] = map[string]bool{}
		}
		for _, c := range r.Combinations {
			r.seen[c.key()] = true
			for i, v := range c.Values {
				if !c.Missing[i] {
					r.known[i][v] = true
				}
			}
		}
	}
	if r.seen[Key(rec, r.Columns)] {
		return true
	}
	for i, c := range r.Columns {
		if v, ok := Text(rec[c]); ok && !r.known[i][v] {
			return true
		}
	}
	return false
}

func (c *Combination) key() string {
	var b strings.Builder
	for i, v := range c.Values {
		keyPart(&b, v, !c.Missing[i])
	}
	return b.String()
}

// Key is a text that is the same for the same values of some columns.
func Key(rec trace.Row, columns []int) string {
	var b strings.Builder
	for _, c := range columns {
		v, ok := Text(rec[c])
		keyPart(&b, v, ok)
	}
	return b.String()
}

func keyPart(b *strings.Builder, v string, ok bool) {
	if !ok {
		b.WriteByte(1)
	}
	b.WriteString(v)
	b.WriteByte(0)
}

// Difference returns the sum of a comparison's terms and constant, how exact it
// is, and whether all columns have numbers. Whole numbers and times are added
// exactly.
func (r *Rule) Difference(rec trace.Row) (d, tolerance float64, ok bool) {
	var whole, nanos int64
	sum, size := 0., 0.
	exact := r.Constant == math.Trunc(r.Constant)
	for i, c := range r.Columns {
		t := r.Times[i]
		integral := t == math.Trunc(t) && math.Abs(t) < 1<<20
		switch v := rec[c].(type) {
		case int64:
			if integral {
				whole += v * int64(t)
				continue
			}
			sum += float64(v) * t
		case time.Time:
			if integral {
				nanos += v.UnixNano() * int64(t)
			} else {
				sum += float64(v.UnixNano()) * t * 1e-9
			}
		default:
			x, is := Number(rec[c])
			if !is {
				return 0, 0, false
			}
			sum += x * t
			size += math.Abs(x * t)
		}
		exact = false
	}
	if exact {
		return float64(whole + int64(r.Constant)), 0, true
	}
	return sum + r.Constant + float64(whole) + float64(nanos)*1e-9, 1e-9 + 4e-15*size, true
}

// Number returns a value as a number; of a time, the seconds since 1970.
func Number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v)
	case time.Time:
		return float64(v.UnixNano()) * 1e-9, true
	case string:
		x, err := strconv.ParseFloat(v, 64)
		return x, err == nil
	}
	return 0, false
}

// Text returns a value as text, and whether there is one.
func Text(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), !math.IsNaN(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), true
	}
	return fmt.Sprint(v), true
}

// Parse returns the value of a type that Text wrote; the text where it is none.
func Parse(s string, t trace.Type) any {
	switch t {
	case trace.TypeInt:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	case trace.TypeReal:
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			return x
		}
	case trace.TypeBool:
		if b, err := strconv.ParseBool(s); err == nil {
			return b
		}
	case trace.TypeTime:
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t
		}
	}
	return s
}

// Learn takes up what declared rules leave to the real trace: the combinations
// of Together.
func (r *Rule) Learn(records []trace.Row) {
	if r.Kind != trace.RuleTogether || r.Table != nil {
		return
	}
	at := map[string]int{}
	for _, rec := range records {
		if !r.Applies(rec) {
			continue
		}
		k := Key(rec, r.Columns)
		i, ok := at[k]
		if !ok {
			i, at[k] = len(r.Combinations), len(r.Combinations)
			c := Combination{}
			for _, col := range r.Columns {
				v, ok := Text(rec[col])
				c.Values, c.Missing = append(c.Values, v), append(c.Missing, !ok)
			}
			r.Combinations = append(r.Combinations, c)
		}
		r.Combinations[i].Records++
	}
	r.seen = nil
}

// Same reports whether two values are the same; no two lists are.
func Same(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if t, ok := a.(time.Time); ok {
		u, ok := b.(time.Time)
		return ok && t.Equal(u)
	}
	return hashable(a) && hashable(b) && a == b
}
