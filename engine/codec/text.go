package codec

import "netshare/workspace/trace"

// Text returns a value's text, which Parse reads back, and false for a missing
// value.
func Text(v any) (string, bool) { return text(v) }

// Parse returns the value of a type that Text made a text of; what is none is
// missing.
func Parse(s string, t trace.Type) any { return parse(s, t) }

// Float returns a value as a number, and false where it is missing or no finite
// number. A time counts nanoseconds from 1970.
func Float(v any) (float64, bool) { return number(v) }
