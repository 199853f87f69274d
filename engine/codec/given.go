package codec

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"netshare/workspace/trace"
)

// Condition is what a metadata field of generated sessions is to be: any of some
// values, in a range, in an address prefix, or missing.
type Condition struct {
	Field    int // position among the metadata fields
	Name     string
	Text     string // as it was written
	Values   []string
	Ranges   [][2]float64 // both ends included
	Prefixes []netip.Prefix
	Missing  bool
}

// ParseCondition reads FIELD=ITEM,ITEM where an item is a value, LOW..HIGH, an
// address prefix in CIDR notation, or nothing for a missing value.
func ParseCondition(text string, r *trace.Recipe) (Condition, error) {
	c := Condition{Field: -1, Text: strings.TrimSpace(text)}
	var names []string
	for i, f := range r.Metadata { // a name may have = in it
		names = append(names, f.Name)
		if rest, ok := strings.CutPrefix(c.Text, f.Name); ok && len(f.Name) > len(c.Name) && strings.HasPrefix(strings.TrimSpace(rest), "=") {
			c.Field, c.Name = i, f.Name
		}
	}
	if c.Field < 0 {
		name, _, ok := strings.Cut(c.Text, "=")
		if !ok {
			return c, fmt.Errorf("%q: want FIELD=VALUE", c.Text)
		}
		name = strings.TrimSpace(name)
		if slices.ContainsFunc(r.Series, func(f trace.Field) bool { return f.Name == name }) {
			return c, fmt.Errorf("%q: %s is of each record, and only what a session has once can be given: %s", c.Text, name, strings.Join(names, ", "))
		}
		return c, fmt.Errorf("%q: there is no field %q that a session has once: give one of %s", c.Text, name, strings.Join(names, ", "))
	}
	field := r.Metadata[c.Field]
	items := strings.TrimPrefix(strings.TrimSpace(c.Text[len(c.Name):]), "=")
	for item := range strings.SplitSeq(items, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			c.Missing = true
			continue
		}
		if p, err := netip.ParsePrefix(item); err == nil && field.Kind == trace.KindAddress {
			c.Prefixes = append(c.Prefixes, p.Masked())
			continue
		}
		if low, high, ok := strings.Cut(item, ".."); ok && field.Kind != trace.KindText {
			lo, errLow := strconv.ParseFloat(low, 64)
			hi, errHigh := strconv.ParseFloat(high, 64)
			if errLow != nil || errHigh != nil || !(lo <= hi) {
				return c, fmt.Errorf("%q: %s is no range: want LOW..HIGH in numbers", c.Text, item)
			}
			c.Ranges = append(c.Ranges, [2]float64{lo, hi})
			continue
		}
		c.Values = append(c.Values, item)
	}
	return c, nil
}

// Accepts reports whether a value is as it is to be.
func (c *Condition) Accepts(v any) bool {
	s, ok := text(v)
	if !ok {
		return c.Missing
	}
	x, isNumber := number(v)
	for _, want := range c.Values {
		if strings.EqualFold(want, s) {
			return true
		}
		if y, err := strconv.ParseFloat(want, 64); err == nil && isNumber && x == y {
			return true
		}
	}
	for _, g := range c.Ranges {
		if isNumber && x >= g[0] && x <= g[1] {
			return true
		}
	}
	if len(c.Prefixes) > 0 {
		a, err := netip.ParseAddr(s)
		return err == nil && slices.ContainsFunc(c.Prefixes, func(p netip.Prefix) bool { return p.Contains(a.WithZone("")) })
	}
	return false
}

// HeadLimit is what conditions leave of a metadata head: how much of each class
// is wanted, 0 to 1, or for a number its bounds.
type HeadLimit struct {
	Head      int
	Shares    []float64
	Low, High float32
}

// FieldLimit is the same of a field: of each of its classes, and of its number.
type FieldLimit struct {
	Field     int
	Shares    []float64
	Low, High float32
}

// Limits returns what conditions leave of the heads and of the fields. It fails
// where a condition asks for what the trace has never, or too rarely to be
// repeated, and names the nearest that there is.
func (c *Codec) Limits(conditions []Condition) (heads []HeadLimit, fields []FieldLimit, err error) {
	for i := range conditions {
		f, err := c.fieldLimit(&conditions[i])
		if err != nil {
			return nil, nil, err
		}
		fields = append(fields, f)
	}
	at := 0
	for i := range c.Meta {
		b := &c.Meta[i]
		limits := make([]*FieldLimit, len(b.Members))
		limited := false
		for j, m := range b.Members {
			for k := range fields {
				if fields[k].Field == m.Field && b.Length == nil {
					limits[j], limited = limitBoth(limits[j], &fields[k]), true
				}
			}
		}
		if limited {
			h, some := b.headLimits(at, limits)
			if !some {
				return nil, nil, fmt.Errorf("%s: no session has all of it", texts(conditions))
			}
			heads = append(heads, h...)
		}
		at += b.width()
	}
	return heads, fields, nil
}

func texts(conditions []Condition) string {
	var ts []string
	for _, c := range conditions {
		ts = append(ts, c.Text)
	}
	return strings.Join(ts, " & ")
}

// limitBoth is what two limits of one field leave of it.
func limitBoth(a, b *FieldLimit) *FieldLimit {
	if a == nil {
		return b
	}
	both := &FieldLimit{Field: a.Field, Low: max(a.Low, b.Low), High: min(a.High, b.High)}
	for i := range a.Shares {
		both.Shares = append(both.Shares, a.Shares[i]*b.Shares[i])
	}
	return both
}

// headLimits returns the limits of a block's heads, the first of which is at a
// place, given those of its members; false where nothing is left.
func (b *Block) headLimits(at int, members []*FieldLimit) (out []HeadLimit, some bool) {
	head := at
	some = true
	if n := b.classes(); n > 0 {
		shares := make([]float64, n)
		some = false
		for class := range shares {
			shares[class] = b.share(class, members)
			some = some || shares[class] > 0
		}
		out = append(out, HeadLimit{Head: head, Shares: shares})
		head++
	}
	for j := range b.Members {
		if m := &b.Members[j]; m.numeric() {
			if l := members[j]; l != nil && (l.Low > 0 || l.High < 1) && l.Low <= l.High {
				out = append(out, HeadLimit{Head: head, Low: l.Low, High: l.High})
			}
			head++
		}
	}
	return out, some
}

// share is how much of a class of the block the members' limits leave.
func (b *Block) share(class int, members []*FieldLimit) float64 {
	if b.Joint == nil {
		return members[0].Shares[class]
	}
	of := func(classes []int32) float64 {
		share := 1.
		for j, l := range members {
			switch {
			case l == nil:
			case classes[j] >= 0:
				share *= l.Shares[classes[j]]
			default:
				m := &b.Joint.Margins[j]
				var sum, all float64
				for i, k := range m.Classes {
					sum += l.Shares[k] * float64(m.Counts[i])
					all += float64(m.Counts[i])
				}
				share *= sum / all
			}
		}
		return share
	}
	if class < len(b.Joint.Tuples) {
		return of(b.Joint.Tuples[class])
	}
	var sum, all float64
	for i, t := range b.Joint.Rest {
		sum += of(t) * float64(b.Joint.Counts[i])
		all += float64(b.Joint.Counts[i])
	}
	return sum / all
}

// fieldLimit is what a condition leaves of its field.
func (c *Codec) fieldLimit(cond *Condition) (FieldLimit, error) {
	l := FieldLimit{Field: cond.Field, Low: 0, High: 1}
	m := member(c.Meta, cond.Field)
	if m == nil || m.Classes == nil && m.Number == nil {
		return l, fmt.Errorf("%s: the field is learnt by bits, and can't be given", cond.Text)
	}
	if m.Number != nil {
		m.Number.limit(cond, &l)
	} else {
		l.Shares = m.Classes.shares(cond)
	}
	if !slices.ContainsFunc(l.Shares, func(s float64) bool { return s > 0 }) && !(m.size() == 0 && l.Low <= l.High) {
		return l, fmt.Errorf("%s: no session of the trace has it, or fewer than the %d that a value must be in to be repeated; %s", cond.Text, c.Options.MinSeen, m.nearest(cond))
	}
	return l, nil
}

// shares returns how much of each class a condition leaves.
func (c *Classes) shares(cond *Condition) []float64 {
	shares := make([]float64, c.size())
	for i, s := range slices.Concat(c.Kept, c.Alias) {
		shares[i] = float64(boolInt(cond.Accepts(parse(s, c.Type))))
	}
	if c.Missing {
		shares[len(c.Kept)+len(c.Alias)] = float64(boolInt(cond.Missing))
	}
	rest := shares[min(c.missing(), len(shares)):]
	for i := range c.Prefixes {
		q := c.Prefixes[i].prefix()
		for _, p := range cond.Prefixes {
			if narrow := p.Bits() - q.Bits(); p.Overlaps(q) && narrow <= prefixWithin {
				rest[i] = min(1, rest[i]+math.Exp2(-float64(max(0, narrow))))
			}
		}
	}
	for i, g := range c.Ranges {
		for _, w := range cond.Ranges {
			lo, hi := max(w[0], float64(g.Min)), min(w[1], float64(g.Max))
			if w[0] < w[1] && lo <= hi {
				rest[i] = min(1, rest[i]+(math.Floor(hi)-math.Ceil(lo)+1)/float64(g.Max-g.Min+1))
			}
		}
	}
	if len(c.Others) > 0 {
		n := 0
		for _, s := range c.Others {
			n += boolInt(cond.Accepts(parse(s, c.Type)))
		}
		rest[len(rest)-1] = float64(n) / float64(len(c.Others))
	}
	return shares
}

// prefixWithin is how many bits longer a given prefix may be than the class of
// addresses that it is to be drawn from: beyond, few if any were seen in it.
const prefixWithin = 8

// limit sets what a condition leaves of a number's classes and of its rank.
func (n *Number) limit(cond *Condition, l *FieldLimit) {
	l.Shares = make([]float64, n.classes())
	for i, x := range n.Masses {
		if i < len(l.Shares) {
			l.Shares[i] = float64(boolInt(cond.Accepts(n.value(x))))
		}
	}
	if k := len(l.Shares) - 1; n.Missing && k >= 0 {
		l.Shares[k] = float64(boolInt(cond.Missing))
	}
	if !n.hasNumber() {
		return
	}
	ranges := slices.Clone(cond.Ranges)
	for _, v := range cond.Values {
		if x, err := strconv.ParseFloat(v, 64); err == nil {
			ranges = append(ranges, [2]float64{x, x})
		}
	}
	least, most := n.Min, n.Max
	if !n.minmax() {
		least, most = n.Knots[0], n.Knots[len(n.Knots)-1]
	}
	l.Low, l.High = 1, 0 // nothing yet
	for _, g := range ranges {
		lo, hi := max(g[0]-float64(n.Zero), least), min(g[1]-float64(n.Zero), most)
		if lo > hi {
			continue
		}
		l.Low, l.High = min(l.Low, n.rank(lo)), max(l.High, n.rank(hi))
	}
	if i := n.other(); i < len(l.Shares) && l.Low <= l.High {
		l.Shares[i] = min(1, max(1e-3, float64(l.High-l.Low)))
	}
}

// nearest names the values that are nearest to what a condition asks for.
func (m *Member) nearest(cond *Condition) string {
	if m.Number != nil {
		return fmt.Sprintf("it is from %v to %v", m.Number.value(m.Number.Min), m.Number.value(m.Number.Max))
	}
	kept := slices.Clone(m.Classes.Kept)
	if len(kept) == 0 {
		return "none of its values can be repeated"
	}
	want := cond.Text[strings.LastIndexAny(cond.Text, "=,")+1:]
	if len(cond.Values) > 0 {
		want = cond.Values[0]
	}
	distance := func(s string) float64 { return float64(edits(strings.ToLower(s), strings.ToLower(want))) }
	if x, err := strconv.ParseFloat(want, 64); err == nil {
		distance = func(s string) float64 {
			y, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return math.Inf(1)
			}
			return math.Abs(x - y)
		}
	}
	slices.SortStableFunc(kept, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	return "nearest are " + strings.Join(kept[:min(len(kept), 5)], ", ")
}

// edits is the number of letters that differ between two texts (Levenshtein).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			old := row[j+1]
			row[j+1] = min(old+1, row[j]+1, before+boolInt(a[i] != b[j]))
			before = old
		}
	}
	return row[len(b)]
}

// Settle draws values of classes that stand for many anew, within what is given,
// and reports whether the metadata then are as all conditions say.
func (c *Codec) Settle(meta trace.Row, conditions []Condition, r *rand.Rand) bool {
	for i := range conditions {
		cond := &conditions[i]
		if cond.Accepts(meta[cond.Field]) {
			continue
		}
		m := member(c.Meta, cond.Field)
		if m.Classes == nil {
			return false
		}
		class := m.Classes.class(meta[cond.Field]) - m.Classes.missing()
		if class < 0 || !m.Classes.within(class, cond, meta, r) {
			return false
		}
	}
	return true
}

// within draws a value of a class that stands for many within what is given.
func (c *Classes) within(class int, cond *Condition, meta trace.Row, r *rand.Rand) bool {
	switch {
	case class < len(c.Prefixes):
		q := c.Prefixes[class].prefix()
		for _, p := range cond.Prefixes {
			if p.Overlaps(q) {
				if q.Bits() > p.Bits() {
					p = q
				}
				narrow := Prefix{CIDR: p.String(), V6: p.Addr().Is6()}
				meta[cond.Field] = parse(narrow.draw(r), c.Type)
				return true
			}
		}
	case class < len(c.Ranges):
		g := c.Ranges[class]
		for _, w := range cond.Ranges {
			lo, hi := max(int64(math.Ceil(w[0])), g.Min), min(int64(math.Floor(w[1])), g.Max)
			if lo <= hi {
				meta[cond.Field] = parse(strconv.FormatInt(lo+r.Int64N(hi-lo+1), 10), c.Type)
				return true
			}
		}
	case c.Others != nil:
		for range 100 {
			v := parse(c.Others[r.IntN(len(c.Others))], c.Type)
			if cond.Accepts(v) {
				meta[cond.Field] = v
				return true
			}
		}
	}
	return false
}
