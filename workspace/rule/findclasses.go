package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"netshare/workspace/trace"
)

// code makes classes of the columns.
func (f *finder) code() {
	rows, session := f.Rows, f.Session
	f.coded = make([]*coded, len(f.Columns))
	for i := range f.Columns[:min(len(f.Columns), mostColumns)] {
		if f.computed[i] || f.Columns[i].Kind == trace.KindTimestamp {
			continue
		}
		values := make([]any, len(rows))
		for k, row := range rows {
			values[k] = row[i]
		}
		if c := codedOf(values, session, f.Columns[i].Kind, f.Columns[i].List); c.varies() {
			f.coded[i] = &c
		}
	}
}

// bounds finds numbers that in the records of a value of a category have another
// least or greatest value than in the others, which several sessions reach.
func (f *finder) bounds() {
	for by := range f.Columns {
		switch f.Columns[by].Kind {
		case trace.KindProtocol, trace.KindCategory, trace.KindBoolean:
		default:
			continue
		}
		c := f.coded[by]
		if c == nil || len(c.Values) > boundValues {
			continue
		}
		for of := range f.Columns {
			kind := f.Columns[of].Kind
			if !f.follows(of, by) || f.coded[of] == nil || f.Columns[of].Bounded || kind != trace.KindInteger && kind != trace.KindReal {
				continue
			}
			f.boundsBy(of, by)
		}
	}
}

func (f *finder) boundsBy(of, by int) {
	c := f.coded[by]
	groups := make([][]float64, c.Size())
	sessions := make([][]int32, c.Size())
	var all []float64
	for i, k := range c.of {
		if x, ok := Number(f.Rows[i][of]); ok {
			groups[k] = append(groups[k], x)
			sessions[k] = append(sessions[k], f.Session[i])
			all = append(all, x)
		}
	}
	slices.Sort(all)
	for k, xs := range groups {
		value, ok := c.Value(int32(k))
		n := len(slices.Compact(slices.Clone(sessions[k]))) // that have a number
		if !ok || n < leastRecords {
			continue
		}
		when := []Case{{by, []string{value}}}
		lo, hi := slices.Min(xs), slices.Max(xs)
		below, _ := slices.BinarySearch(all, lo)
		after, _ := slices.BinarySearchFunc(all, hi, func(x, hi float64) int {
			if x > hi {
				return 1
			}
			return -1
		})
		chance := func(outside int) bool { return float64(outside)/float64(len(all))*float64(n) < leastTogether }
		if !chance(below) && reached(xs, sessions[k], lo) {
			f.found = append(f.found, bound(">=", of, lo, when))
		}
		if !chance(len(all)-after) && reached(xs, sessions[k], hi) {
			f.found = append(f.found, bound("<=", of, hi, when))
		}
	}
}

func bound(op string, of int, at float64, when []Case) Rule {
	return Rule{Kind: trace.RuleHolds, Op: op, Columns: []int{of}, Times: []float64{1}, Constant: -at, When: when}
}

// reached reports whether enough sessions have a number: a least or greatest
// value that few have is theirs.
func reached(xs []float64, session []int32, x float64) bool {
	n, last := 0, int32(-1)
	for i := range xs {
		if xs[i] == x && session[i] != last {
			last = session[i]
			n++
		}
	}
	return n >= leastTogether
}

// tables finds values that are never together.
func (f *finder) tables() {
	type pair struct {
		rule  Rule
		never int
	}
	var all []pair
	for a := range f.Columns {
		for b := a + 1; b < len(f.Columns); b++ {
			x, y := f.coded[a], f.coded[b]
			if x == nil || y == nil {
				continue
			}
			if t := tableOf(x, y, f.Session, f.sessions); t != nil {
				n := 0
				for _, never := range t.Never {
					if never {
						n++
					}
				}
				all = append(all, pair{Rule{Kind: trace.RuleTogether, Columns: []int{a, b}, Table: t}, n})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b pair) int { return cmp.Compare(b.never, a.never) })
	for _, p := range all {
		f.found = append(f.found, p.rule)
	}
}

// words are a rule that was found as a recipe would declare it.
func (f *finder) words(r *Rule) string {
	name := func(i int) string {
		n := f.Columns[i].Name
		if strings.ContainsFunc(n, func(r rune) bool { return strings.ContainsRune(" -+*=<>\"/", r) }) {
			return strconv.Quote(n)
		}
		return n
	}
	d := trace.Rule{Kind: r.Kind}
	for _, c := range r.Columns {
		d.Columns = append(d.Columns, f.Columns[c].Name)
	}
	for _, c := range r.When {
		d.When = append(d.When, trace.Case{Column: f.Columns[c.Column].Name, Values: c.Values})
	}
	if r.Kind == trace.RuleHolds {
		text := name(r.Columns[0]) + " " + r.Op
		right := ""
		for i, c := range r.Columns[1:] {
			if i > 0 {
				right += " + "
			}
			if t := -r.Times[i+1]; t != 1 {
				right += fmt.Sprintf("%.6g * ", t)
			}
			right += name(c)
		}
		switch k := -r.Constant; {
		case right == "":
			right = number(k)
		case k > 0:
			right += " + " + number(k)
		case k < 0:
			right += " - " + number(-k)
		}
		d.Text = text + " " + right
	}
	return d.String()
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
