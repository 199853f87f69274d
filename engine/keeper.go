package engine

import (
	"math"
	"math/rand/v2"
	"slices"

	"netshare/engine/codec"
	"netshare/workspace/rule"
	"netshare/workspace/trace"
)

// keeper makes generated sessions keep rules. Values that must give way are
// taken from other generated records that keep them, so that what is mended is
// distributed as the rest is.
type keeper struct {
	of    *rules
	codec *codec.Codec
	rand  *rand.Rand
	given bool // metadata are asked for, and stay

	classes []*rule.Classes // by column, nil for those of no table
	tables  [][]*rule.Rule  // by their later column
	meta    []*rule.Rule    // those of metadata alone that a session is refused by
	rest    []*rule.Rule    // of each record, in the order in which they are mended
	rising  []*rule.Rule
	unique  []*rule.Rule
	seen    []map[string]bool // of each unique rule

	about   [][]*rule.Rule // by column: those of each record that a change of it may break or mend, tables too
	follows []bool         // by column: whether others follow from it
	tried   checked

	hidden [][]bool // by column: classes whose value is not to be repeated
	others [][]any  // by column: values of none of its classes
	donors map[*rule.Rule][]donor
	clean  []trace.Row // records that keep all rules
}

// donor is a value of the column that a comparison is made to fit by, and the
// least or greatest that would have done.
type donor struct{ value, need float64 }

const (
	keeperValues = 64 // of each kind that are kept to be taken
	keeperRounds = 4  // what mends one rule may break another
	exchanges    = 64 // that are tried for a record
)

func newKeeper(r *rules, c *codec.Codec, rnd *rand.Rand) *keeper {
	k := &keeper{
		of: r, codec: c, rand: rnd,
		classes: make([]*rule.Classes, len(r.Types)), tables: make([][]*rule.Rule, len(r.Types)),
		others: make([][]any, len(r.Types)), donors: map[*rule.Rule][]donor{},
	}
	for i := range r.Rules {
		x := &r.Rules[i]
		switch {
		case x.Table != nil:
			a, b := x.Columns[0], x.Columns[1]
			k.tables[b] = append(k.tables[b], x)
			k.classes[a], k.classes[b] = &x.Table.A, &x.Table.B
		case x.Kind == trace.RuleUnique:
			k.unique, k.seen = append(k.unique, x), append(k.seen, map[string]bool{})
		case x.Kind == trace.RuleRising:
			k.rising = append(k.rising, x)
		default:
			k.rest = append(k.rest, x)
		}
		if x.Kind != trace.RuleHolds && x.Kind != trace.RuleUnique && x.Kind != trace.RuleRising && r.ofMeta(x) {
			k.meta = append(k.meta, x)
		}
	}
	for c := range r.Types {
		about, follows := k.rulesAbout(c)
		k.about, k.follows = append(k.about, about), append(k.follows, follows)
	}
	k.hidden = make([][]bool, len(r.Types))
	for column, classes := range k.classes {
		if classes == nil {
			continue
		}
		k.hidden[column] = make([]bool, classes.Size())
		for class := range k.hidden[column] {
			if v, ok := classes.Value(int32(class)); ok {
				k.hidden[column][class] = !k.repeats(column, v)
			}
		}
	}
	return k
}

// rulesAbout returns the rules of each record that a column's value decides, or
// that of a column which follows from it, and whether there is such a one.
func (k *keeper) rulesAbout(c int) (out []*rule.Rule, follows bool) {
	columns := []int{c}
	for i := 0; i < len(columns); i++ {
		for _, x := range k.rest {
			if x.Op != "=" || !x.Mentions(columns[i]) || !k.settable(x.Columns[0], 0) {
				continue
			}
			follows = true
			if to := x.Columns[0]; !slices.Contains(columns, to) {
				columns = append(columns, to)
			}
		}
	}
	for _, x := range slices.Concat(slices.Concat(k.tables...), k.rest) {
		if slices.ContainsFunc(columns, x.Mentions) {
			out = append(out, x)
		}
	}
	return out, follows
}

// repeats reports whether a value of a column may be repeated.
func (k *keeper) repeats(column int, value string) bool {
	v := rule.Parse(value, k.of.Types[column])
	if column < k.of.Meta {
		return k.codec.Repeats(false, column, v)
	}
	return k.codec.Repeats(true, column-k.of.Meta, v)
}

// valid reports whether a session's metadata keep the rules.
func (k *keeper) valid(meta trace.Row) bool {
	for _, x := range k.meta {
		if x.Table != nil {
			a, b := x.Columns[0], x.Columns[1]
			if x.Table.Apart(k.classes[a].Class(meta[a]), k.classes[b].Class(meta[b])) {
				return false
			}
		} else if !x.Holds(meta) {
			return false
		}
	}
	return true
}

// checked is a generated record as it is made to keep the rules.
type checked struct {
	session, record int
	row             trace.Row
	codes           []int32 // classes, by column
}

// hold makes sessions keep the rules: by exchanging values between their
// records, so that columns stay as they are distributed, and where none fits by
// other values.
func (k *keeper) hold(sessions []trace.Session) {
	if len(k.of.Rules) == 0 {
		return
	}
	var all []checked
	for i, s := range sessions {
		for _, x := range k.rising {
			k.rise(s, x.Columns[0]-k.of.Meta+1)
		}
		for j, rec := range s.Series {
			x := checked{i, j, k.of.join(s.Meta, rec), make([]int32, len(k.of.Types))}
			k.compute(x.row)
			k.code(&x, 0)
			all = append(all, x)
		}
	}
	var left []int
	for i := range all {
		if k.broken(&all[i]) == nil {
			k.learn(&all[i])
		} else {
			left = append(left, i)
		}
	}
	for _, i := range left {
		k.exchange(all, i)
	}
	for i := range all {
		x := &all[i]
		s := sessions[x.session]
		copy(x.row, s.Meta) // which the first record's may have changed
		if k.code(x, 0); k.broken(x) != nil {
			from := k.of.Meta
			if x.record == 0 && !k.given {
				from = 0 // what is no key of the session's may be mended, once
			}
			k.mend(x, from)
			copy(s.Meta, x.row)
		}
		copy(s.Series[x.record][1:], x.row[k.of.Meta:k.of.Meta+k.of.Series])
	}
}

// distinguish gives records other values where no two are to be alike.
func (k *keeper) distinguish(sessions []trace.Session) {
	for _, s := range sessions {
		for i, x := range k.unique {
			k.single(s, x, k.seen[i])
		}
	}
}

// compute gives the columns that follow from others by = their values.
func (k *keeper) compute(row trace.Row) {
	for _, x := range k.rest {
		if x.Op == "=" && !x.Holds(row) && k.settable(x.Columns[0], 0) {
			k.compare(row, x)
		}
	}
}

// rises reports whether a column's order in a session is settled.
func (k *keeper) rises(c int) bool {
	return slices.ContainsFunc(k.rising, func(x *rule.Rule) bool { return x.Columns[0] == c })
}

// settable reports whether a column may be mended, of those from one on.
func (k *keeper) settable(c, from int) bool {
	return c >= from && c < k.of.Meta+k.of.Series && !k.of.Key[c]
}

// exchange exchanges values of a record that breaks rules with those of others,
// where both then keep more of them and neither fewer: numbers with the one of
// those tried that is nearest.
func (k *keeper) exchange(all []checked, i int) {
	a := &all[i]
	for r := k.broken(a); r != nil; r = k.broken(a) {
		with, column := -1, 0
		least := math.Inf(1)
		breaks := make([]int, len(r.Columns)) // of a, by the rules about each
		for at, c := range r.Columns {
			breaks[at] = k.breaks(a, c)
		}
		for range exchanges {
			at := k.rand.IntN(len(r.Columns))
			j := k.rand.IntN(len(all))
			b, c := &all[j], r.Columns[at]
			if c < k.of.Meta || !k.settable(c, 0) || k.rises(c) || rule.Same(a.row[c], b.row[c]) {
				continue
			}
			far := 0.
			x, isNumber := rule.Number(a.row[c])
			if y, ok := rule.Number(b.row[c]); ok && isNumber {
				far = math.Abs(x - y)
			}
			if far >= least || k.breaksWith(a, b, c) >= breaks[at] || k.breaksWith(b, a, c) > k.breaks(b, c) {
				continue
			}
			if with, column, least = j, c, far; far == 0 {
				break
			}
		}
		if with < 0 {
			return
		}
		var x, y checked
		x.take(a, column, &all[with])
		y.take(&all[with], column, a)
		k.compute(x.row)
		k.compute(y.row)
		*a, all[with] = x, y // what they were is kept in clean
	}
}

// take makes x another record with the value of a column of a third one.
func (x *checked) take(of *checked, c int, from *checked) {
	x.session, x.record = of.session, of.record
	x.row, x.codes = append(x.row[:0], of.row...), append(x.codes[:0], of.codes...)
	x.row[c], x.codes[c] = from.row[c], from.codes[c]
}

// breaksWith counts the rules about a column that a record would break with
// another's value of it.
func (k *keeper) breaksWith(x *checked, from *checked, column int) int {
	if k.follows[column] {
		k.tried.take(x, column, from)
		k.compute(k.tried.row)
		return k.breaks(&k.tried, column)
	}
	value, code := x.row[column], x.codes[column]
	x.row[column], x.codes[column] = from.row[column], from.codes[column]
	n := k.breaks(x, column)
	x.row[column], x.codes[column] = value, code
	return n
}

// learn notes what of a record that keeps all rules may be taken by others.
func (k *keeper) learn(x *checked) {
	for c, v := range x.row {
		if k.classes[c] != nil && x.codes[c] == rule.ClassOther {
			k.others[c] = keep(k, k.others[c], v)
		}
	}
	for _, r := range k.rest {
		if r.Kind != trace.RuleHolds || r.Op == "=" || !r.Applies(x.row) {
			continue
		}
		d, _, ok := r.Difference(x.row)
		if v, is := rule.Number(x.row[r.Columns[0]]); ok && is {
			k.donors[r] = keep(k, k.donors[r], donor{v, v - d/r.Times[0]})
		}
	}
	k.clean = keep(k, k.clean, x.row)
}

// keep adds to values that are kept; of many, any are forgotten.
func keep[T any](k *keeper, list []T, v T) []T {
	if len(list) < keeperValues {
		return append(list, v)
	}
	list[k.rand.IntN(len(list))] = v
	return list
}

// code notes the classes of a record's columns from one on.
func (k *keeper) code(x *checked, from int) {
	for c := from; c < len(x.row); c++ {
		if k.classes[c] != nil {
			x.codes[c] = k.classes[c].Class(x.row[c])
		}
	}
}

// broken returns a rule that a record breaks, nil for none.
func (k *keeper) broken(x *checked) *rule.Rule {
	for c := range k.tables {
		if r := k.apart(x, c); r != nil {
			return r
		}
	}
	for _, r := range k.rest {
		if !r.Holds(x.row) {
			return r
		}
	}
	return nil
}

// breaks counts the rules about a column that a record breaks.
func (k *keeper) breaks(x *checked, column int) (n int) {
	for _, r := range k.about[column] {
		if r.Table != nil {
			n += boolInt(r.Table.Apart(x.codes[r.Columns[0]], x.codes[r.Columns[1]]))
		} else {
			n += boolInt(!r.Holds(x.row))
		}
	}
	return n
}

// apart returns a table by which a column's class is never together with that of
// a column before, nil for none.
func (k *keeper) apart(x *checked, column int) *rule.Rule {
	for _, r := range k.tables[column] {
		if r.Table.Apart(x.codes[r.Columns[0]], x.codes[column]) {
			return r
		}
	}
	return nil
}
