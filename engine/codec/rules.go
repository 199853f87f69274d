package codec

import (
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// Rule says what a field can be in the sessions of each value of a metadata
// category: what a protocol does not have, and what only it has. Rules are
// found in the real trace, where they hold without exception, and hold in
// every synthetic one.
//
// By a protocol, a field is missing only where it was, there only where it
// was, and of the classes it was seen in. By any other category it is missing
// or there, where the category settles which.
type Rule struct {
	Series bool // the field is one of the records
	Field  int  // position among the metadata or series fields
	By     int  // metadata field

	Values []string   // of the category, ascending
	Seen   []*Support // what the field was by each
}

// support returns what the field was by a value of the category, nil where the
// category had no such value.
func (r *Rule) support(value string) *Support {
	if i, found := slices.BinarySearch(r.Values, value); found {
		return r.Seen[i]
	}
	return nil
}

// Support is what a field was in the sessions of one value of a category.
type Support struct {
	Missing bool    // it was missing
	Classes []int32 // it was of these classes, ascending; nil for a number
	Codes   []Code  // of which these are examples; none where it was never there

	n int
}

// Code is a member's class and number.
type Code struct {
	Class int32
	Rank  float32
}

const (
	ruleValues   = 64  // most values of a category that a rule goes by
	ruleLeast    = 20  // fewest records with the field, and without, that make a rule of a category
	ruleExamples = 256 // kept of each value
)

// fitRules finds the rules of a recipe's fields, those by protocols first.
func (f *fitter) fitRules(recipe *trace.Recipe) {
	for _, protocol := range []bool{true, false} {
		for by, field := range recipe.Metadata {
			category := field.Kind == trace.KindCategory || field.Kind == trace.KindBoolean
			if protocol != (field.Kind == trace.KindProtocol) || !protocol && !category {
				continue
			}
			f.rulesBy(by, protocol, f.c.Meta, false)
			f.rulesBy(by, protocol, f.c.Series, true)
		}
	}
}

// rulesBy finds the rules of the fields of blocks by one metadata field. A
// field has one rule at most.
func (f *fitter) rulesBy(by int, protocol bool, blocks []Block, series bool) {
	for i := range blocks {
		for _, m := range blocks[i].Members {
			ruled := slices.ContainsFunc(f.c.Rules, func(r Rule) bool { return r.Series == series && r.Field == m.Field })
			if m.Field < 0 || !series && m.Field == by || ruled || m.Classes == nil && m.Number == nil {
				continue
			}
			if r := f.rule(by, m, series); r != nil && r.holds(protocol) {
				f.c.Rules = append(f.c.Rules, *r)
			}
		}
	}
}

// rule gathers what a field was by one metadata field, nil where that has too
// many values.
func (f *fitter) rule(by int, m Member, series bool) *Rule {
	r := &Rule{Series: series, Field: m.Field, By: by}
	for _, s := range f.sessions {
		key, _ := text(s.Meta[by])
		seen := r.support(key)
		if seen == nil {
			if len(r.Seen) == ruleValues {
				return nil
			}
			seen = &Support{}
			i, _ := slices.BinarySearch(r.Values, key)
			r.Values, r.Seen = slices.Insert(r.Values, i, key), slices.Insert(r.Seen, i, seen)
		}
		if !series {
			seen.note(m, s.Meta[m.Field], f.rand)
			continue
		}
		for _, rec := range s.Series {
			seen.note(m, rec[m.Field+1], f.rand)
		}
	}
	return r
}

// note takes one value of the field.
func (s *Support) note(m Member, v any, r *rand.Rand) {
	if v == nil {
		s.Missing = true
		return
	}
	c := Code{Class: int32(m.class(v))}
	if m.numeric() {
		c.Rank = m.Number.rankOf(v)
	}
	if m.Classes != nil {
		if i, found := slices.BinarySearch(s.Classes, c.Class); !found {
			s.Classes = slices.Insert(s.Classes, i, c.Class)
		}
	}
	s.n++
	if len(s.Codes) < ruleExamples {
		s.Codes = append(s.Codes, c)
	} else if i := r.IntN(s.n); i < ruleExamples { // all equally likely to be kept
		s.Codes[i] = c
	}
}

// holds reports whether what was gathered is a rule: by a protocol always, by
// another category where it settles whether the field is there.
func (r *Rule) holds(protocol bool) bool {
	if protocol {
		return true
	}
	with, without := 0, 0
	for _, s := range r.Seen {
		if s.Missing && s.n > 0 {
			return false
		}
		s.Classes = nil
		with += s.n
		without += boolInt(s.Missing)
	}
	return with >= ruleLeast && without > 0
}

// apply settles the fields of one decoded row, the metadata or a record.
func (c *Codec) apply(series bool, meta, row trace.Row, r *rand.Rand) (changed []int) {
	c.broken(series, meta, row, func(seen *Support, m *Member, at int) bool {
		changed = append(changed, m.Field)
		if len(seen.Codes) == 0 {
			row[at] = nil
			return true
		}
		code := seen.Codes[r.IntN(len(seen.Codes))]
		if m.Number != nil {
			row[at] = m.Number.decode(int(code.Class), code.Rank)
		} else {
			row[at] = m.Classes.draw(int(code.Class), r)
		}
		return true
	})
	return changed
}

// Holds reports whether a session's metadata keeps all rules.
func (c *Codec) Holds(meta trace.Row) bool { return c.holds(false, meta, meta) }

// HoldsRecord reports whether a record of a session keeps all rules.
func (c *Codec) HoldsRecord(meta, rec trace.Row) bool { return c.holds(true, meta, rec) }

func (c *Codec) holds(series bool, meta, row trace.Row) bool {
	holds := true
	c.broken(series, meta, row, func(*Support, *Member, int) bool {
		holds = false
		return false
	})
	return holds
}

// broken calls f for each rule that a row breaks, with the field's place in
// the row, until f returns false.
func (c *Codec) broken(series bool, meta, row trace.Row, f func(seen *Support, m *Member, at int) bool) {
	for i := range c.Rules {
		rule := &c.Rules[i]
		if rule.Series != series {
			continue
		}
		key, _ := text(meta[rule.By])
		seen := rule.support(key)
		if seen == nil {
			continue
		}
		blocks, at := c.Meta, rule.Field
		if series {
			blocks, at = c.Series, rule.Field+1
		}
		if m := member(blocks, rule.Field); !seen.allows(m, row[at]) && !f(seen, m, at) {
			return
		}
	}
}

// allows reports whether a value is like what was seen.
func (s *Support) allows(m *Member, v any) bool {
	if v == nil || len(s.Codes) == 0 || s.Classes == nil {
		return s.has(v != nil, 0)
	}
	return s.has(true, int32(m.class(v)))
}

// has reports whether the field was there, and of a class.
func (s *Support) has(there bool, class int32) bool {
	if !there {
		return s.Missing
	}
	if len(s.Codes) == 0 || s.Classes == nil {
		return len(s.Codes) > 0
	}
	_, found := slices.BinarySearch(s.Classes, class)
	return found
}

// member returns the member of a field.
func member(blocks []Block, field int) *Member {
	for i := range blocks {
		for j := range blocks[i].Members {
			if m := &blocks[i].Members[j]; m.Field == field {
				return m
			}
		}
	}
	return nil
}
