package trace

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Rule is what holds in every record of a trace, and therefore in every
// synthetic one. Make it with Holds, Absent, Present, OneOf, Together, Unique
// or Rising; Where limits it to some records.
//
// Rules of columns that have no value in a record say nothing of it, but for
// those that are about missing values.
type Rule struct {
	Kind    RuleKind
	Text    string   // of a comparison, as it is written
	Columns []string // that it is about; of a comparison those that it names
	Values  []string // of OneOf
	When    []Case   // all of which a record must be for the rule to say anything
}

// RuleKind is what a rule says.
type RuleKind string

// The kinds of rules.
const (
	RuleHolds    RuleKind = "holds"    // a comparison of numbers
	RuleAbsent   RuleKind = "absent"   // no value
	RulePresent  RuleKind = "present"  // a value
	RuleOneOf    RuleKind = "one of"   // some values
	RuleTogether RuleKind = "together" // values that the real trace has together
	RuleUnique   RuleKind = "unique"   // no value twice in the trace
	RuleRising   RuleKind = "rising"   // from record to record of a session
)

// Case is a column that has one of some values.
type Case struct {
	Column string
	Values []string
}

// Holds declares a comparison of numbers and times: sums of columns, numbers
// and columns times numbers on both sides of =, <= or >=.
//
//	trace.Holds("end = start + duration")
//	trace.Holds("end = start + duration within 0.001")
//	trace.Holds("bytes >= 20 * packets + 8").Where("proto", "UDP")
//
// Times count in their unit, those without one in seconds. Names of other than
// letters, digits, _ . and : stand in double quotes. A synthetic record that
// does not obey is given another value of the first column on the left; one that
// follows from others by = is computed and need not be learnt well.
func Holds(comparison string) Rule { return Rule{Kind: RuleHolds, Text: comparison} }

// Absent declares columns that have no value, by Where in some records.
func Absent(columns ...string) Rule { return Rule{Kind: RuleAbsent, Columns: columns} }

// Present declares columns that have a value, by Where in some records.
func Present(columns ...string) Rule { return Rule{Kind: RulePresent, Columns: columns} }

// OneOf declares the values that a column can have, by Where in some records.
// A missing value is none of them, and allowed.
func OneOf(column string, values ...any) Rule {
	return Rule{Kind: RuleOneOf, Columns: []string{column}, Values: texts(values)}
}

// Together declares columns of which only those combinations of values occur
// that the real trace has. A synthetic record that has another is given other
// values of the later columns.
func Together(columns ...string) Rule { return Rule{Kind: RuleTogether, Columns: columns} }

// Unique declares columns that no two records of the trace have in common.
func Unique(columns ...string) Rule { return Rule{Kind: RuleUnique, Columns: columns} }

// Rising declares a number that does not fall from record to record of a
// session.
func Rising(column string) Rule { return Rule{Kind: RuleRising, Columns: []string{column}} }

// Where limits a rule to the records in which a column has one of some values.
// Several of them all hold.
func (r Rule) Where(column string, values ...any) Rule {
	r.When = append(slices.Clip(r.When), Case{column, texts(values)})
	return r
}

func texts(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprint(v)
	}
	return out
}

// String is the rule in words.
func (r Rule) String() string {
	columns := strings.Join(r.Columns, ", ")
	s := columns + " " + string(r.Kind)
	switch r.Kind {
	case RuleHolds:
		s = r.Text
	case RuleOneOf:
		s = columns + " one of " + strings.Join(r.Values, ", ")
	case RuleTogether:
		s = strings.Join(r.Columns, " and ") + " together as in the real trace"
	}
	for i, c := range r.When {
		word := " and "
		if i == 0 {
			word = " where "
		}
		s += word + c.Column + " = " + strings.Join(c.Values, ", ")
	}
	return s
}

// Comparison is a comparison of numbers, read: the sum of all terms and the
// constant compared with 0.
type Comparison struct {
	Terms    []Term // the first is that of the column which is made to fit
	Constant float64
	Op       string  // =, <= or >=
	Within   float64 // how far from = a sum may be
}

// Term is a column times a number.
type Term struct {
	Column string
	Times  float64
}

// Comparison reads the text of a rule made with Holds.
func (r Rule) Comparison() (Comparison, error) {
	c, err := readComparison(r.Text)
	if err != nil {
		return c, fmt.Errorf("%w: want a comparison such as %q", err, "end = start + duration")
	}
	return c, nil
}

func readComparison(text string) (c Comparison, err error) {
	words, err := ruleWords(text)
	if err != nil {
		return c, err
	}
	side, sign, some := 1., 1., false // some: an operand is there since the last operator
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w.text == "+" || w.text == "-":
			if w.text == "-" {
				sign = -sign
			}
			some = false
		case w.text == "=" || w.text == "<=" || w.text == ">=":
			if c.Op != "" || !some {
				return c, fmt.Errorf("%q stands where a column or a number is wanted", w.text)
			}
			c.Op, side, sign, some = w.text, -1, 1, false
		case w.text == "within" && !w.quoted && some && c.Op != "" && i+2 == len(words):
			if c.Within, err = strconv.ParseFloat(words[i+1].text, 64); err != nil || !(c.Within >= 0) || c.Op != "=" {
				return c, fmt.Errorf("within %q: want a number, after =", words[i+1].text)
			}
			i++
		case some || !w.operand():
			return c, fmt.Errorf("%q stands where +, -, = , <= or >= is wanted", w.text)
		default:
			t, n, err := readTerm(words[i:])
			if err != nil {
				return c, err
			}
			i += n - 1
			t.Times *= side * sign
			if t.Column == "" {
				c.Constant += t.Times
			} else {
				c.Terms = append(c.Terms, t)
			}
			sign, some = 1, true
		}
	}
	switch {
	case c.Op == "":
		return c, fmt.Errorf("%q has no =, <= or >=", text)
	case !some:
		return c, fmt.Errorf("%q has nothing behind its last operator", text)
	case len(c.Terms) == 0 || words[0].number() && words[1].text != "*":
		return c, fmt.Errorf("%q does not begin with a column", text)
	}
	return c.added()
}

// added adds up terms of one column.
func (c Comparison) added() (Comparison, error) {
	var terms []Term
	for _, t := range c.Terms {
		i := slices.IndexFunc(terms, func(u Term) bool { return u.Column == t.Column })
		if i < 0 {
			terms = append(terms, t)
		} else {
			terms[i].Times += t.Times
		}
	}
	c.Terms = terms
	if terms[0].Times == 0 {
		return c, fmt.Errorf("column %q is on both sides", terms[0].Column)
	}
	return c, nil
}

// readTerm reads a number, a column, or both multiplied, of the first n words.
func readTerm(words []ruleWord) (t Term, n int, err error) {
	t, n = Term{Times: 1}, 1
	take := func(w ruleWord) {
		if w.number() {
			x, _ := strconv.ParseFloat(w.text, 64)
			t.Times *= x
		} else {
			t.Column = w.text
		}
	}
	take(words[0])
	if len(words) > 1 && words[1].text == "*" && !words[1].quoted {
		if len(words) < 3 || !words[2].operand() || words[0].number() == words[2].number() {
			return t, n, fmt.Errorf("%q is not multiplied by a number", words[0].text)
		}
		take(words[2])
		n = 3
	}
	return t, n, nil
}

// exponent matches a number with one, whose sign ends no word.
var exponent = regexp.MustCompile(`^[0-9.]+[eE][+-]?[0-9]+`)

type ruleWord struct {
	text   string
	quoted bool
}

func (w ruleWord) operand() bool { return w.quoted || !strings.ContainsAny(w.text[:1], "+-*=<>") }

func (w ruleWord) number() bool {
	return !w.quoted && w.text[0] >= '0' && w.text[0] <= '9'
}

// ruleWords parts a comparison into names, numbers and operators.
func ruleWords(text string) (out []ruleWord, err error) {
	rest := strings.TrimSpace(text)
	for rest != "" {
		n := 1
		switch r := []rune(rest)[0]; {
		case r == '"':
			q, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("a name in quotes does not end: %s", rest)
			}
			name, err := strconv.Unquote(q)
			if err != nil || name == "" {
				return nil, fmt.Errorf("%s is no name", q)
			}
			out = append(out, ruleWord{name, true})
			rest = strings.TrimSpace(rest[len(q):])
			continue
		case strings.HasPrefix(rest, "<=") || strings.HasPrefix(rest, ">="):
			n = 2
		case strings.ContainsRune("+-*=", r):
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			if n = strings.IndexFunc(rest, func(r rune) bool {
				return !(r == '_' || r == '.' || r == ':' || unicode.IsLetter(r) || unicode.IsDigit(r))
			}); n < 0 {
				n = len(rest)
			}
		default:
			return nil, fmt.Errorf("%q is not understood", string(r))
		}
		if x := exponent.FindString(rest); len(x) >= n {
			n = len(x)
		}
		w := ruleWord{text: rest[:n]}
		if _, err := strconv.ParseFloat(w.text, 64); err != nil && w.number() {
			w.quoted = true // a name that begins with a digit
		}
		out = append(out, w)
		rest = strings.TrimSpace(rest[n:])
	}
	if len(out) < 3 {
		return nil, fmt.Errorf("%q is no comparison", text)
	}
	return out, nil
}

// validateRules checks what the rules say of the recipe's columns.
func (r *Recipe) validateRules() (errs []error) {
	meta := map[string]bool{}
	for _, f := range r.Metadata {
		meta[f.Name] = true
	}
	fields := map[string]Field{}
	var names []string
	for _, f := range r.Fields() {
		fields[f.Name] = f
		names = append(names, f.Name)
	}
	for _, rule := range r.Rules {
		fault := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("rule %q: "+format, append([]any{rule.place()}, args...)...))
		}
		columns, numbers := rule.Columns, false
		switch rule.Kind {
		case RuleHolds:
			c, err := rule.Comparison()
			if err != nil {
				fault("%w", err)
				continue
			}
			numbers, columns = true, nil
			for _, t := range c.Terms {
				columns = append(columns, t.Column)
			}
			if columns[0] == r.Time.Name {
				fault("%q orders the records and is made before: begin the comparison with another column", columns[0])
			}
		case RuleRising:
			numbers = true
		case RuleAbsent, RulePresent, RuleUnique:
		case RuleOneOf:
			if len(rule.Values) == 0 {
				fault("it names no value")
			}
		case RuleTogether:
			if len(columns) < 2 {
				fault("want two columns or more")
			}
		default:
			fault("unknown kind %q", rule.Kind)
		}
		if len(columns) == 0 {
			fault("it names no column")
			continue
		}
		for _, c := range rule.When {
			if len(c.Values) == 0 {
				fault("Where names no value of %q", c.Column)
			}
			columns = append(slices.Clip(columns), c.Column)
		}
		for i, name := range columns {
			f, ok := fields[name]
			switch {
			case !ok:
				fault("%q is no field that is learnt: %s", name, strings.Join(names, ", "))
			case f.Forward != nil:
				fault("%q is transformed before it is learnt, and rules are of what is learnt: leave out one of both", name)
			case f.Encoding == EncodeAttributes || f.Encoding == EncodeValues:
				fault("%q is a list, of which each part is learnt on its own: rules are of other columns", name)
			case numbers && i < len(columns)-len(rule.When) && !f.Numeric() && f.Kind != KindPort:
				fault("%q is a %s: want a number", name, f.Kind)
			case i > 0 && meta[columns[0]] && !meta[name] && rule.Kind != RuleTogether && rule.Kind != RuleUnique:
				fault("%q is one of a session and can't follow from %q, which each record has another of", columns[0], name)
			}
		}
	}
	return errs
}

// place is the text in the source by which a rule is found.
func (r Rule) place() string {
	if r.Kind == RuleHolds {
		return r.Text
	}
	if len(r.Columns) > 0 {
		return r.Columns[0]
	}
	return string(r.Kind)
}
