package codec

import (
	"math/rand/v2"

	"netshare/workspace/trace"
)

// Rule says that a field is missing in the sessions of some values of a
// metadata category, and in no others: what a protocol does not have. Rules
// are found in the real trace, where they hold without exception, and hold in
// every synthetic one.
type Rule struct {
	Series  bool // the field is one of the records
	Field   int  // position among the metadata or series fields
	By      int  // metadata field
	Missing map[string]bool

	// Present are codes of the field where it is there, for where it must be
	// and the networks made none.
	Present []Code
}

// Code is a member's class and number.
type Code struct {
	Class int32
	Rank  float32
}

const (
	ruleValues  = 64  // most values of a category that a rule goes by
	ruleLeast   = 20  // fewest sessions, with and without the field each
	rulePresent = 512 // codes kept
)

// fitRules finds the rules of a recipe's fields.
func (f *fitter) fitRules(recipe *trace.Recipe) {
	for by, field := range recipe.Metadata {
		if field.Kind != trace.KindProtocol && field.Kind != trace.KindCategory && field.Kind != trace.KindBoolean {
			continue
		}
		f.rulesBy(by, f.c.Meta, false)
		f.rulesBy(by, f.c.Series, true)
	}
}

// rulesBy finds the rules of the fields of blocks by one metadata field.
func (f *fitter) rulesBy(by int, blocks []Block, series bool) {
	for i := range blocks {
		for _, m := range blocks[i].Members {
			if m.Field < 0 || !series && m.Field == by || f.ruled(series, m.Field) {
				continue
			}
			if r := f.rule(by, m, series); r != nil {
				f.c.Rules = append(f.c.Rules, *r)
			}
		}
	}
}

// ruled reports whether a field has a rule already.
func (f *fitter) ruled(series bool, field int) bool {
	for _, r := range f.c.Rules {
		if r.Series == series && r.Field == field {
			return true
		}
	}
	return false
}

func (f *fitter) rule(by int, m Member, series bool) *Rule {
	if m.Classes == nil && m.Number == nil {
		return nil
	}
	r := &Rule{Series: series, Field: m.Field, By: by, Missing: map[string]bool{}}
	with, without := 0, 0
	for _, s := range f.sessions {
		key, _ := text(s.Meta[by])
		rows := []trace.Row{s.Meta}
		at := m.Field
		if series {
			rows, at = s.Series, m.Field+1
		}
		for _, row := range rows {
			v := row[at]
			if missing, known := r.Missing[key]; known && missing != (v == nil) {
				return nil
			}
			r.Missing[key] = v == nil
			if v == nil {
				without++
			} else if with++; len(r.Present) < rulePresent {
				c := Code{Class: int32(m.class(v))}
				if m.numeric() {
					c.Rank = m.Number.rankOf(v)
				}
				r.Present = append(r.Present, c)
			}
		}
		if len(r.Missing) > ruleValues {
			return nil
		}
	}
	if with < ruleLeast || without < ruleLeast {
		return nil
	}
	return r
}

// apply settles the fields of one decoded row, the metadata or a record.
func (c *Codec) apply(series bool, meta, row trace.Row, r *rand.Rand) {
	for i := range c.Rules {
		rule := &c.Rules[i]
		if rule.Series != series {
			continue
		}
		blocks, at := c.Meta, rule.Field
		if series {
			blocks, at = c.Series, rule.Field+1
		}
		key, _ := text(meta[rule.By])
		missing, known := rule.Missing[key]
		switch {
		case !known:
		case missing:
			row[at] = nil
		case row[at] == nil:
			code := rule.Present[r.IntN(len(rule.Present))]
			if m := member(blocks, rule.Field); m.Number != nil {
				row[at] = m.Number.decode(int(code.Class), code.Rank)
			} else {
				row[at] = m.Classes.draw(int(code.Class), r)
			}
		}
	}
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
