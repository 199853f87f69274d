package engine

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"netshare/workspace/rule"
	"netshare/workspace/trace"
)

// mend mends a record's columns from one on.
func (k *keeper) mend(x *checked, from int) {
	row := x.row
	last := k.of.Meta + k.of.Series
	for range keeperRounds {
		for c := from; c < last; c++ {
			if !k.of.Key[c] {
				k.together(x, c)
			}
		}
		for _, r := range k.rest {
			if !r.Holds(row) {
				k.fit(row, r, from)
			}
		}
		k.code(x, from)
		if k.broken(x) == nil {
			return
		}
	}
	was := slices.Clone(row)
	for _, i := range k.rand.Perm(len(k.clean)) { // the records of another session go with this one
		copy(row[k.of.Meta:last], k.clean[i][k.of.Meta:last])
		if k.code(x, 0); k.broken(x) == nil {
			return
		}
	}
	copy(row, was)
	k.code(x, 0)
}

// together gives a column another value where it is never together with those of
// the columns before: of what is together with the one that says most, as often
// as it is in the real trace.
func (k *keeper) together(x *checked, column int) {
	if k.apart(x, column) == nil {
		return
	}
	var by *rule.Rule
	fewest := int32(math.MaxInt32)
	size := k.classes[column].Size()
	counts := func(r *rule.Rule) []int32 {
		at := int(x.codes[r.Columns[0]]) * size
		return r.Table.Count[at : at+size]
	}
	for _, r := range k.tables[column] {
		var sum int32
		for _, n := range counts(r) {
			sum += n
		}
		if r.Table.Apart(x.codes[r.Columns[0]], x.codes[column]) && sum < fewest {
			by, fewest = r, sum
		}
	}
	was := x.codes[column]
	weights := make([]float64, size)
	var sum float64
	for class, n := range counts(by) {
		if x.codes[column] = int32(class); n == 0 || k.hidden[column][class] || k.apart(x, column) != nil || class == rule.ClassOther && len(k.others[column]) == 0 {
			continue
		}
		weights[class] = float64(n)
		sum += float64(n)
	}
	x.codes[column] = was
	if sum == 0 {
		return
	}
	u := k.rand.Float64() * sum
	class := 0
	for i, w := range weights {
		if w > 0 {
			if class = i; u < w {
				break
			}
			u -= w
		}
	}
	x.codes[column] = int32(class)
	switch value, ok := k.classes[column].Value(int32(class)); {
	case ok:
		x.row[column] = rule.Parse(value, k.of.Types[column])
	case class == rule.ClassMissing:
		x.row[column] = nil
	default:
		x.row[column] = k.others[column][k.rand.IntN(len(k.others[column]))]
	}
}

// fit mends the record by one rule, changing columns from one on.
func (k *keeper) fit(row trace.Row, x *rule.Rule, from int) {
	settable := func(c int) bool { return k.settable(c, from) }
	switch x.Kind {
	case trace.RuleHolds:
		if settable(x.Columns[0]) {
			k.compare(row, x)
		}
	case trace.RuleAbsent:
		for _, c := range x.Columns {
			if settable(c) {
				row[c] = nil
			}
		}
	case trace.RulePresent, trace.RuleOneOf:
		for _, c := range x.Columns {
			if !settable(c) {
				continue
			}
			if len(x.Values) > 0 {
				row[c] = rule.Parse(x.Values[k.rand.IntN(len(x.Values))], k.of.Types[c])
			} else if row[c] == nil {
				for _, i := range k.rand.Perm(len(k.clean)) {
					if v := k.clean[i][c]; v != nil {
						row[c] = v
						break
					}
				}
			}
		}
	case trace.RuleTogether:
		k.combine(row, x, settable)
	}
}

// combine gives a record a combination of values that the real trace has, which
// begins as its own does for as many columns as may be. Values that are not to
// be repeated are not.
func (k *keeper) combine(row trace.Row, x *rule.Rule, settable func(int) bool) {
	best, most := []int{}, -1
	for i, c := range x.Combinations {
		same, fits := 0, true
		for j, column := range x.Columns {
			v, ok := rule.Text(row[column])
			equal := ok == !c.Missing[j] && v == c.Values[j]
			if equal && same == j {
				same++
			}
			fits = fits && (equal || settable(column) && (c.Missing[j] || k.repeats(column, c.Values[j])))
		}
		if !fits || same < most {
			continue
		}
		if same > most {
			best, most = best[:0], same
		}
		best = append(best, i)
	}
	if len(best) == 0 {
		return
	}
	total := 0
	for _, i := range best {
		total += x.Combinations[i].Records
	}
	n := k.rand.IntN(total)
	for _, i := range best {
		c := &x.Combinations[i]
		if n -= c.Records; n >= 0 {
			continue
		}
		for j, column := range x.Columns {
			if row[column] = nil; !c.Missing[j] {
				row[column] = rule.Parse(c.Values[j], k.of.Types[column])
			}
		}
		return
	}
}

// compare gives the first column of a comparison a number that fits: the only
// one, or one that is as much more or less than it must be as in a record that
// has to be nearly as much.
func (k *keeper) compare(row trace.Row, x *rule.Rule) {
	d, _, ok := x.Difference(row)
	of := x.Columns[0]
	v, is := rule.Number(row[of])
	if !ok || !is {
		return
	}
	by := -d / x.Times[0]
	need := v + by
	if x.Op == "=" {
		row[of] = moved(row[of], by, 0)
		return
	}
	up := 1
	if x.Op == "<=" {
		up = -1
	}
	if list := k.donors[x]; len(list) > 0 {
		give := list[k.rand.IntN(len(list))]
		if len(x.Columns) > 1 {
			give = slices.MinFunc(list, func(a, b donor) int {
				return cmp.Compare(math.Abs(a.need-need), math.Abs(b.need-need))
			})
		}
		more := give.value - give.need
		if _, isTime := row[of].(time.Time); !isTime && len(x.Columns) > 1 && give.need > 0 && need > 0 {
			more *= need / give.need
		}
		if x := need + more; x >= k.of.Low[of] && x <= k.of.High[of] {
			by += more
		}
	}
	row[of] = moved(row[of], by, up)
	if !x.Holds(row) {
		d, _, _ = x.Difference(row)
		row[of] = moved(row[of], -d/x.Times[0], up)
	}
}

// moved is a number, or a time, and so much more. Whole numbers stay whole, and
// are rounded up, down or to the nearest.
func moved(v any, by float64, up int) any {
	whole := func(x float64) float64 {
		switch {
		case up > 0:
			return math.Ceil(x - 1e-6)
		case up < 0:
			return math.Floor(x + 1e-6)
		}
		return math.Round(x)
	}
	switch v := v.(type) {
	case int64:
		return v + int64(whole(by))
	case time.Time:
		return v.Add(time.Duration(math.Round(by * 1e9)))
	case string:
		x, _ := rule.Number(v)
		return strconv.FormatFloat(whole(x+by), 'f', -1, 64)
	case float64:
		x := v + by
		for places := 1.; places <= 1e9; places *= 10 { // no more digits than are told apart
			if y := math.Round(x*places) / places; math.Abs(y-x) < 1e-10*max(1, math.Abs(x)) {
				return y
			}
		}
		return x
	}
	return v
}

// rise puts a session's numbers of a series field in ascending order.
func (k *keeper) rise(s trace.Session, field int) {
	var at []int
	var values []any
	for i, rec := range s.Series {
		if _, ok := rule.Number(rec[field]); ok {
			at, values = append(at, i), append(values, rec[field])
		}
	}
	slices.SortStableFunc(values, func(a, b any) int {
		x, _ := rule.Number(a)
		y, _ := rule.Number(b)
		return cmp.Compare(x, y)
	})
	for k, i := range at {
		s.Series[i][field] = values[k]
	}
}

// single gives records other values in the last column of a rule, until no two
// are alike.
func (k *keeper) single(s trace.Session, x *rule.Rule, seen map[string]bool) {
	column := x.Columns[len(x.Columns)-1]
	for i := range s.Series {
		row := k.of.join(s.Meta, s.Series[i])
		if !x.Applies(row) || row[column] == nil {
			continue
		}
		for try := 0; try < 100 && seen[rule.Key(row, x.Columns)] && column >= k.of.Meta && column < k.of.Meta+k.of.Series; try++ {
			row[column] = k.codec.Another(true, column-k.of.Meta, row[column], k.rand)
			s.Series[i][column-k.of.Meta+1] = row[column]
		}
		seen[rule.Key(row, x.Columns)] = true
	}
}
