package codec

import "slices"

// Conflict is which values of two metadata fields no session has together. Each
// value has a number, and many may have the same.
type Conflict struct {
	A, B     int // metadata fields
	OfA, OfB func(v any) int32
	Width    int    // numbers of B's values
	Never    []bool // of A's number a and B's number b, at a*Width + b
}

// Apart reports whether values of two numbers are never together.
func (c *Conflict) Apart(a, b int32) bool { return c.Never[int(a)*c.Width+int(b)] }

// Conflicts returns the rules of the metadata as conflicts: a session that is in
// none of them is one of which Holds is true.
func (c *Codec) Conflicts() (out []Conflict) {
	for i := range c.Rules {
		rule := &c.Rules[i]
		if rule.Series {
			continue
		}
		m := member(c.Meta, rule.Field)
		x := Conflict{A: rule.By, B: rule.Field, Width: 2}
		x.OfA = func(v any) int32 {
			key, _ := text(v)
			if k, found := slices.BinarySearch(rule.Values, key); found {
				return int32(k)
			}
			return int32(len(rule.Values))
		}
		x.OfB = func(v any) int32 { // 0 for missing
			switch {
			case v == nil:
				return 0
			case m.Classes == nil:
				return 1
			}
			return 1 + int32(m.class(v))
		}
		if m.Classes != nil {
			x.Width = 1 + m.size()
		}
		x.Never = make([]bool, (len(rule.Values)+1)*x.Width) // of other values of A nothing is known
		for k, seen := range rule.Seen {
			for b := range x.Width {
				x.Never[k*x.Width+b] = !seen.has(b > 0, int32(b)-1)
			}
		}
		out = append(out, x)
	}
	return out
}
