package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"netshare/workspace/rule"
	"netshare/workspace/trace"
)

// RuleReport says what holds in every record, and how many obey.
type RuleReport struct {
	Declared int `json:"declared"` // rules of the recipe
	Found    int `json:"found"`    // rules that the real trace tells of itself
	// Real and Synthetic are the shares of records that obey all rules, of the
	// records looked at.
	Real      float64 `json:"real"`
	Synthetic float64 `json:"synthetic"`
	Looked    [2]int  `json:"records"` // real and synthetic
	// Rules are the declared ones, then those that synthetic records break, the
	// most often broken first, then the others.
	Rules []RuleShare `json:"rules"`
}

// RuleShare is one rule and the shares of records that obey, of those that it
// says something of or not.
type RuleShare struct {
	Rule      string  `json:"rule"`
	Declared  bool    `json:"declared,omitempty"`
	Real      float64 `json:"real"`
	Synthetic float64 `json:"synthetic"`
}

// ruleRows is how many records of each side rules are found and counted in, the
// first sessions.
const ruleRows = 1 << 17

// rules counts the records of both sides that obey what holds in every record.
func (c *comparison) rules() (*RuleReport, Score) {
	s := Score{Property: Coverage, Metric: "rules", Target: "records"}
	real, synth := c.ruleRecords(c.real, nil), c.ruleRecords(c.synth, nil)
	found := c.rulesOf(real)
	if len(found) == 0 {
		s.Note = "nothing was found to hold in every real record"
		return nil, s
	}
	r := &RuleReport{Looked: [2]int{len(real.Rows), len(synth.Rows)}}
	broken, bad := count(found, real)
	r.Real = 1 - share(bad, len(real.Rows))
	made, badMade := count(found, synth)
	r.Synthetic = 1 - share(badMade, len(synth.Rows))
	for i, x := range found {
		if x.Declared {
			r.Declared++
		} else {
			r.Found++
		}
		r.Rules = append(r.Rules, RuleShare{x.Text, x.Declared, 1 - share(broken[i], len(real.Rows)), 1 - share(made[i], len(synth.Rows))})
	}
	slices.SortStableFunc(r.Rules, func(a, b RuleShare) int {
		if a.Declared != b.Declared {
			return boolCompare(b.Declared, a.Declared)
		}
		return cmp.Compare(a.Synthetic, b.Synthetic)
	})
	if len(synth.Rows) == 0 {
		s.Note = "there is no synthetic record"
		return r, s
	}
	got := measured{value: 1 - r.Synthetic, uniform: math.NaN(), independent: math.NaN(), worst: 1}
	if c.halves.splits > 0 {
		a := c.ruleRecords(c.real, func(row int32) bool { return c.halves.row[row]&1 == 0 })
		b := c.ruleRecords(c.real, func(row int32) bool { return c.halves.row[row]&1 == 1 })
		_, bad := count(c.rulesOf(a), b)
		got.bases = append(got.bases, share(bad, len(b.Rows)))
	}
	s.Counted = badMade > 0
	if s.settle(got); badMade > 0 {
		worst := slices.MinFunc(r.Rules, func(a, b RuleShare) int { return cmp.Compare(a.Synthetic, b.Synthetic) })
		s.Words = percent(got.value) + " of synthetic records break what holds in every real one, such as " + worst.Rule
	} else {
		s.note("all synthetic records keep the rules")
	}
	return r, s
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func share(n, of int) float64 { return float64(n) / float64(max(1, of)) }

// rulesOf are the rules that are declared, and those that records tell.
func (c *comparison) rulesOf(in rule.Records) []rule.Rule {
	var names []string
	for _, col := range in.Columns {
		names = append(names, col.Name)
	}
	declared := rule.Compile(c.opts.Rules, names)
	for i := range declared {
		declared[i].Learn(in.Rows)
	}
	return append(declared, rule.Find(in)...)
}

// count returns how many records break each rule, and how many break any.
func count(rules []rule.Rule, in rule.Records) (each []int, any int) {
	each = make([]int, len(rules))
	seen := make([]map[string]bool, len(rules))
	for k, row := range in.Rows {
		bad := false
		for i := range rules {
			r := &rules[i]
			breaks := !r.Holds(row)
			switch r.Kind {
			case trace.RuleUnique:
				if !r.Applies(row) {
					break
				}
				if seen[i] == nil {
					seen[i] = map[string]bool{}
				}
				key := rule.Key(row, r.Columns)
				breaks = seen[i][key]
				seen[i][key] = true
			case trace.RuleRising:
				if k > 0 && in.Session[k] == in.Session[k-1] {
					x, ok := rule.Number(in.Rows[k-1][r.Columns[0]])
					y, also := rule.Number(row[r.Columns[0]])
					breaks = ok && also && y < x
				}
			}
			if breaks {
				each[i]++
				bad = true
			}
		}
		if bad {
			any++
		}
	}
	return each, any
}

// ruleRecords are a side's, as rules see them: of the first sessions, those that
// keep says, nil for all.
func (c *comparison) ruleRecords(s *side, keep func(row int32) bool) rule.Records {
	var out rule.Records
	values := make([][]any, len(c.fields)) // of the dictionaries
	for f := range c.fields {
		col := &c.fields[f].Column
		out.Columns = append(out.Columns, rule.Column{
			Name: col.Name, Kind: col.Kind, Session: s.constant(f), Key: slices.Contains(c.opts.Key, col.Name),
			List: strings.HasSuffix(string(col.Type), "[]"),
		})
		for _, v := range c.fields[f].values {
			values[f] = append(values[f], typed(v, col.Type))
		}
	}
	for _, row := range s.sess.order {
		if len(out.Rows) == ruleRows {
			break
		}
		if keep != nil && !keep(row) {
			continue
		}
		rec := make(trace.Row, len(c.fields))
		for f := range c.fields {
			switch fd := &c.fields[f]; {
			case !fd.numeric:
				if code := s.codes[f][row]; int(code) < len(values[f]) {
					rec[f] = values[f][code]
				}
			case !finite(s.numbers[f][row]):
			case fd.Column.Type == trace.TypeTime:
				rec[f] = time.Unix(0, int64(math.Round(s.numbers[f][row]*1e9))+s.origins[f]).UTC()
			case fd.Column.Type == trace.TypeInt:
				rec[f] = int64(s.numbers[f][row]) + s.origins[f]
			default:
				rec[f] = s.numbers[f][row] + float64(s.origins[f])
			}
		}
		out.Rows = append(out.Rows, rec)
		out.Session = append(out.Session, s.sess.of[row])
	}
	before, n := int32(-1), int32(-1)
	for i, id := range out.Session { // from 0, without those left out
		if id != before {
			before = id
			n++
		}
		out.Session[i] = n
	}
	return out
}

// constant reports whether a field is the same in all records of each session,
// where there are longer ones.
func (s *side) constant(f int) bool {
	for i := 1; i < len(s.sess.order); i++ {
		a, b := s.sess.order[i-1], s.sess.order[i]
		if s.sess.of[a] != s.sess.of[b] {
			continue
		}
		if s.codes[f] != nil && s.codes[f][a] != s.codes[f][b] || s.codes[f] == nil && s.numbers[f][a] != s.numbers[f][b] {
			return false
		}
	}
	return true
}

// typed is a text as the table holds it.
func typed(v string, t trace.Type) any {
	switch t {
	case trace.TypeInt:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	case trace.TypeReal:
		if x, err := strconv.ParseFloat(v, 64); err == nil {
			return x
		}
	case trace.TypeBool:
		return v == "true"
	}
	return v
}

// text writes what holds for a terminal.
func (r *RuleReport) text(w *strings.Builder) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "\nwhat holds in every record: %d declared rules, %d found; %s of real and %s of synthetic records obey all\n",
		r.Declared, r.Found, percent(r.Real), percent(r.Synthetic))
	for i, x := range r.Rules {
		if i < 8 && (x.Synthetic < 1 || x.Declared) {
			fmt.Fprintf(w, "  %-60s %10s %10s\n", sentence(x.Rule), percent(x.Real), percent(x.Synthetic))
		}
	}
}
