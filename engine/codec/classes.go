package codec

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// Classes turns a column's values into classes. Values seen often enough are
// classes of their own and are repeated in synthetic data; the others fall
// into classes that stand for many (an address prefix, a port range, any other
// text) and are drawn anew from there, or are replaced, one for one, by a made
// up value of their kind, so that how often a rare value recurs is kept and
// the value is not.
type Classes struct {
	Kind  trace.Kind
	Type  trace.Type
	Kept  []string // class i is value Kept[i]
	Alias []string // class len(Kept)+i is made-up value Alias[i]
	Times []int32  // how often the value was seen that Alias[i] stands for

	Missing  bool      // a class for missing values, after Alias
	Prefixes []Prefix  // a class each, of addresses, after Missing
	Ranges   []Range   // a class each, of ports, after Missing
	Template *Template // a class, of text, after Missing
	Others   []string  // a class, of a category with too many values: those that are no class

	Recurs []Recurrence // of the values of each class after Missing

	// Of the metadata, sessions of the same rare value have the same value in
	// field Beside as often as of Together of them that is so by no chance.
	Beside   int
	Together float64

	index map[string]int // value to class, of the fitted data; nil after loading
}

// Range is a class of ports or other whole numbers, both ends included.
type Range struct{ Min, Max int64 }

// Policy says what becomes of a column's values.
type Policy struct {
	MinSeen    int  // values seen less often are not repeated
	KeepAll    bool // all values are repeated: a category of public meaning
	MaxClasses int
}

// fitClasses learns the classes of a column. A value's count is the number of
// sessions, or records, that hold it. r draws the made-up values.
func fitClasses(kind trace.Kind, t trace.Type, values []any, choices []string, p Policy, r *rand.Rand) *Classes {
	c := &Classes{Kind: kind, Type: t, index: map[string]int{}}
	counts := map[string]int32{}
	for _, v := range values {
		if s, ok := text(v); ok {
			counts[s]++
		} else {
			c.Missing = true
		}
	}
	for _, s := range choices {
		counts[s] += 0
		c.Kept = append(c.Kept, s)
	}
	type seen struct {
		s string
		n int32
	}
	var all []seen
	for s, n := range counts {
		if !slices.Contains(choices, s) {
			all = append(all, seen{s, n})
		}
	}
	slices.SortFunc(all, func(a, b seen) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.s, b.s))
	})
	var rare, once []string
	for _, e := range all {
		room := len(c.Kept) < p.MaxClasses*3/4 || p.KeepAll && len(c.Kept) < p.MaxClasses-2
		switch {
		case p.KeepAll && !room:
			c.Others = append(c.Others, e.s)
		case (p.KeepAll || int(e.n) >= p.MinSeen || c.public(e.s)) && room:
			c.Kept = append(c.Kept, e.s)
		case e.n >= 2 && kind != trace.KindPort && len(rare) < p.MaxClasses/8:
			rare = append(rare, e.s)
		default:
			once = append(once, e.s)
		}
	}
	for i, s := range c.Kept {
		c.index[s] = i
	}
	c.fitRest(rare, once, counts, r)
	return c
}

// public reports whether a value may be repeated however rare it is, since it
// says nothing about anybody: words where a column otherwise has numbers.
func (c *Classes) public(s string) bool {
	if c.Kind != trace.KindPort {
		return false
	}
	_, isPort := portNumber(s)
	return !isPort
}

// fitRest learns the classes of the values that are not kept, and how often the
// rare ones were seen.
func (c *Classes) fitRest(rare, once []string, counts map[string]int32, r *rand.Rand) {
	rest := slices.Concat(rare, once)
	switch c.Kind {
	case trace.KindAddress:
		c.Prefixes = fitPrefixes(rest)
	case trace.KindPort:
		c.Ranges = fitRanges(rest)
	default:
		if len(rest) > 0 {
			c.Template = fitTemplate(rest)
		}
	}
	taken := map[string]bool{}
	for _, s := range rest {
		taken[s] = true
	}
	for _, s := range c.Kept {
		taken[s] = true
	}
	for i, s := range rare {
		alias := s
		for range 100 { // a made-up value is no real one, where there is room
			alias = c.like(s, r)
			if !taken[alias] {
				break
			}
		}
		taken[alias] = true
		c.Alias, c.Times = append(c.Alias, alias), append(c.Times, counts[s])
		c.index[s] = len(c.Kept) + i
		if _, real := c.index[alias]; !real {
			c.index[alias] = len(c.Kept) + i
		}
	}
}

// like draws a value of the same kind and neighbourhood as s.
func (c *Classes) like(s string, r *rand.Rand) string {
	if c.Kind == trace.KindAddress {
		if i := within(c.Prefixes, s); i >= 0 {
			return c.Prefixes[i].draw(r)
		}
	}
	if c.Template != nil {
		return c.Template.like(s, r)
	}
	return s
}

func (c *Classes) size() int {
	return max(1, c.missing()+len(c.Prefixes)+len(c.Ranges)+boolInt(c.Template != nil)+boolInt(c.Others != nil))
}

// missing returns the number of classes before those of Prefixes, Ranges,
// Template and Others.
func (c *Classes) missing() int { return len(c.Kept) + len(c.Alias) + boolInt(c.Missing) }

// class returns the class of a value; one that fits nowhere is of the nearest
// catch-all class, or of class 0.
func (c *Classes) class(v any) int {
	s, ok := text(v)
	if !ok {
		if c.Missing {
			return len(c.Kept) + len(c.Alias)
		}
		return 0
	}
	if c.index == nil {
		c.index = map[string]int{}
		for i, s := range slices.Concat(c.Kept, c.Alias) {
			c.index[s] = i
		}
	}
	if i, ok := c.index[s]; ok {
		return i
	}
	base := c.missing()
	if i := within(c.Prefixes, s); i >= 0 {
		return base + i
	}
	if n, ok := portNumber(s); ok {
		for i, g := range c.Ranges {
			if n >= g.Min && n <= g.Max {
				return base + i
			}
		}
	}
	if rest := c.size() - base; rest > 0 {
		return base + rest - 1
	}
	return 0
}

// draw returns a value of a class, nil for missing.
func (c *Classes) draw(class int, r *rand.Rand) any {
	if class < len(c.Kept) {
		if c.Kept[class] == sameText {
			return same{}
		}
		return parse(c.Kept[class], c.Type)
	}
	class -= len(c.Kept)
	if class < len(c.Alias) {
		return parse(c.Alias[class], c.Type)
	}
	class -= len(c.Alias)
	if c.Missing {
		if class == 0 {
			return nil
		}
		class--
	}
	switch {
	case class < len(c.Prefixes):
		return parse(c.Prefixes[class].draw(r), c.Type)
	case class < len(c.Ranges):
		g := c.Ranges[class]
		return parse(fmt.Sprint(g.Min+r.Int64N(g.Max-g.Min+1)), c.Type)
	case c.Template != nil:
		return parse(c.Template.draw(r), c.Type)
	case c.Others != nil:
		return parse(c.Others[r.IntN(len(c.Others))], c.Type)
	}
	return nil
}

// MadeUp reports whether a value of a metadata or series field is none that is
// repeated from the real trace. All are of a field that is coded without classes.
func (c *Codec) MadeUp(series bool, field int, v any) bool {
	of := c.classesOf(series, field)
	return of == nil || of.class(v) >= len(of.Kept)
}

// Repeats reports whether a value of a metadata or series field is one that is
// repeated from the real trace, or a number.
func (c *Codec) Repeats(series bool, field int, v any) bool {
	of := c.classesOf(series, field)
	return of == nil || of.class(v) < len(of.Kept)
}

// Takes reports whether a metadata or series field can have a value of another
// field: a category only one that it has in the real trace, too.
func (c *Codec) Takes(series bool, field int, v any) bool {
	of := c.classesOf(series, field)
	if of == nil || of.Kind != trace.KindCategory {
		return true
	}
	s, ok := text(v)
	return ok && (slices.Contains(of.Kept, s) || slices.Contains(of.Others, s))
}

// classesOf returns the classes of a field, nil where it has none.
func (c *Codec) classesOf(series bool, field int) *Classes {
	blocks := c.Meta
	if series {
		blocks = c.Series
	}
	if m := member(blocks, field); m != nil {
		return m.Classes
	}
	return nil
}

// Another returns another value of a metadata or series field, of those that are
// made up as v is, or a whole number that is a little greater.
func (c *Codec) Another(series bool, field int, v any, r *rand.Rand) any {
	if n, ok := v.(int64); ok {
		return n + 1 + r.Int64N(1000)
	}
	if of := c.classesOf(series, field); of != nil {
		return of.draw(max(of.class(v), of.missing()), r)
	}
	return v
}
