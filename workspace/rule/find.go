package rule

import (
	"slices"
	"strings"

	"netshare/workspace/trace"
)

const (
	leastRecords = 50  // fewest that tell of a rule
	leastRises   = 500 // of a number that never falls
	mostColumns  = 64  // that are looked at
	mostRules    = 256
	boundValues  = 32 // most values of a category that bounds go by
)

// Find returns what holds in all the records of a real trace, and so often that
// it is no chance: columns that are sums of others, bytes as many as packets
// need, numbers that are never less than others, bounds of numbers by protocol
// and category, and values that are never together. Sums come first, those found
// last of which the others may be computed from.
func Find(in Records) []Rule {
	if len(in.Rows) < leastRecords {
		return nil
	}
	f := &finder{Records: in, computed: map[int]bool{}, always: map[int]bool{}}
	for i := range in.Rows {
		f.all = append(f.all, i)
	}
	if n := len(in.Session); n > 0 {
		f.sessions = int(in.Session[n-1]) + 1
	}
	f.sums()
	f.leasts()
	f.orders()
	f.rising()
	f.unique()
	f.code()
	f.bounds()
	f.tables()
	for i := range f.found {
		f.found[i].Text = f.words(&f.found[i])
	}
	return f.found[:min(len(f.found), mostRules)]
}

// finder finds rules.
type finder struct {
	Records
	all      []int // positions of the records
	sessions int
	found    []Rule
	computed map[int]bool // columns that are sums, by some protocol
	always   map[int]bool // in all records
	ordered  map[[2]int]bool
	coded    []*coded // by column, nil for what has no classes
}

// numbers returns the columns that have such a number in each record, and more
// than one, but for those of the session's key.
func (f *finder) numbers(is func(c *Column, v any) bool) (out []int) {
	for i := range f.Columns {
		c := &f.Columns[i]
		several, all := false, true
		for _, row := range f.Rows {
			if all = row[i] != nil && is(c, row[i]); !all {
				break
			}
			several = several || !Same(row[i], f.Rows[0][i])
		}
		if all && several && !c.Key && !c.List {
			out = append(out, i)
		}
	}
	return out[:min(len(out), mostColumns)]
}

func wholeNumber(c *Column, v any) bool {
	_, ok := v.(int64)
	return ok && c.Kind == trace.KindInteger
}

// protocol is the column by which sums and least sizes may differ, -1 for none.
func (f *finder) protocol() int {
	return slices.IndexFunc(f.Columns, func(c Column) bool { return c.Kind == trace.KindProtocol && c.Session })
}

// byProtocol returns the records of each protocol that has enough, by name.
func (f *finder) byProtocol() (names []string, groups [][]int) {
	p := f.protocol()
	if p < 0 {
		return nil, nil
	}
	by := map[string][]int{}
	for i, row := range f.Rows {
		if name, ok := Text(row[p]); ok {
			if by[name] == nil {
				names = append(names, name)
			}
			by[name] = append(by[name], i)
		}
	}
	slices.Sort(names)
	names = slices.DeleteFunc(names, func(n string) bool { return len(by[n]) < leastRecords })
	for _, n := range names {
		groups = append(groups, by[n])
	}
	return names, groups
}

// follows reports whether a column may follow from another: what is the same in
// a session follows from what is, too.
func (f *finder) follows(of, from int) bool {
	return of != from && (!f.Columns[of].Session || f.Columns[from].Session)
}

// sums finds columns that are others and a constant, or the sum of two, of all
// records or those of a protocol.
func (f *finder) sums() {
	numbers := f.numbers(wholeNumber)
	names, groups := f.byProtocol()
	try := func(of int, when []Case, rows []int) bool {
		r, ok := f.sumOf(of, numbers, rows)
		if ok {
			r.When = when
			f.found = append(f.found, r)
		}
		return ok
	}
	for _, of := range slices.Backward(numbers) { // the later column follows from the earlier
		if !f.Columns[of].Bounded { // a sum knows no bounds
			f.always[of] = try(of, nil, f.all)
			f.computed[of] = f.always[of]
		}
	}
	for _, of := range slices.Backward(numbers) {
		if f.computed[of] || f.Columns[of].Bounded {
			continue
		}
		for i, name := range names {
			if try(of, []Case{{f.protocol(), []string{name}}}, groups[i]) {
				f.computed[of] = true
			}
		}
	}
	slices.Reverse(f.found)
}

// differs reports whether a column is other than a value in enough sessions of
// some records.
func (f *finder) differs(rows []int, column int, from any) bool {
	n, last := 0, int32(-1)
	for _, i := range rows {
		if f.Session[i] != last && !Same(f.Rows[i][column], from) {
			last = f.Session[i]
			n++
		}
	}
	return n >= leastRecords
}

func (f *finder) sumOf(of int, numbers, rows []int) (Rule, bool) {
	first := f.Rows[rows[0]]
	if !f.differs(rows, of, first[of]) {
		return Rule{}, false
	}
	holds := func(r Rule) bool {
		return !slices.ContainsFunc(rows, func(i int) bool { return !r.Holds(f.Rows[i]) })
	}
	free := func(i int) bool { return f.follows(of, i) && !f.computed[i] }
	for _, a := range numbers {
		if a >= of || !free(a) {
			continue
		}
		constant := first[a].(int64) - first[of].(int64)
		if r := comparison("=", of, 1, float64(constant), a, -1); holds(r) {
			return r, true
		}
	}
	for i, a := range numbers {
		for _, b := range numbers[i+1:] {
			if !free(a) || !free(b) {
				continue
			}
			r := comparison("=", of, 1, 0, a, -1)
			r.Columns, r.Times = append(r.Columns, b), append(r.Times, -1)
			if holds(r) && f.differs(rows, a, int64(0)) && f.differs(rows, b, int64(0)) {
				return r, true
			}
		}
	}
	return Rule{}, false
}

// comparison is column of times so much + a constant + another times so much,
// compared with 0.
func comparison(op string, of int, times, constant float64, by int, byTimes float64) Rule {
	return Rule{Kind: trace.RuleHolds, Op: op, Columns: []int{of, by}, Times: []float64{times, byTimes}, Constant: constant}
}

// leasts finds how many bytes packets need, and by how much one length is more
// than another, of all records and of those of each protocol.
func (f *finder) leasts() {
	numbers := f.numbers(wholeNumber)
	names, groups := f.byProtocol()
	f.ordered = map[[2]int]bool{}
	for _, of := range numbers {
		for _, by := range numbers {
			if !f.follows(of, by) || f.always[of] || f.always[by] {
				continue
			}
			r, ok := f.leastOf(of, by, f.all)
			if !ok {
				continue
			}
			f.ordered[[2]int{of, by}] = true
			f.found = append(f.found, r)
			for i, name := range names {
				if by, ok := f.leastOf(of, by, groups[i]); ok && (by.Constant != r.Constant || by.Times[1] != r.Times[1]) {
					r := by
					r.When = []Case{{f.protocol(), []string{name}}}
					f.found = append(f.found, r)
				}
			}
		}
	}
}

// leastOf says how much larger a column is than another where their names say
// that they are bytes and packets, or two lengths, and it always is.
func (f *finder) leastOf(of, by int, rows []int) (Rule, bool) {
	ofName, byName := f.Columns[of].Name, f.Columns[by].Name
	bytes := bytesOf(ofName, byName)
	if !bytes && !(lengthName(ofName) && lengthName(byName)) {
		return Rule{}, false
	}
	xs, session := make([]float64, 0, len(rows)), make([]int32, 0, len(rows))
	for _, i := range rows {
		x, n := f.Rows[i][of].(int64), f.Rows[i][by].(int64)
		switch {
		case !bytes:
			xs, session = append(xs, float64(x-n)), append(session, f.Session[i])
		case n > 0:
			xs, session = append(xs, float64(x)/float64(n)), append(session, f.Session[i])
		}
	}
	if len(xs) == 0 {
		return Rule{}, false
	}
	least := slices.Min(xs)
	if !reached(xs, session, least) { // fewer in a record that is not here
		i, found := slices.BinarySearch(headers, least)
		if !found {
			i--
		}
		if i < 0 {
			return Rule{}, false
		}
		least = headers[i]
	}
	switch {
	case bytes && least >= 1:
		return comparison(">=", of, 1, 0, by, -least), true
	case !bytes && least >= 0:
		return comparison(">=", of, 1, -least, by, -1), true
	}
	return Rule{}, false
}

// headers are the sizes of those that every packet has, some at least: none, a
// byte, UDP or ICMP, Ethernet, IP, IP and UDP, IP and TCP or IPv6.
var headers = []float64{0, 1, 8, 14, 20, 28, 40}

// lengthName reports whether a column is a length by its name: pkt_len, frame_len.
func lengthName(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "_len") || strings.HasSuffix(name, "length") && strings.Contains(name, "_")
}

// bytesOf reports whether, by their names, one column counts the bytes of the
// packets that the other counts: byt and pkt, orig_ip_bytes and orig_pkts.
func bytesOf(bytes, packets string) bool {
	rest := func(name string, words ...string) (string, bool) {
		name = strings.NewReplacer("_ip_", "_", "tot_", "", "total_", "").Replace(strings.ToLower(name))
		for _, w := range words {
			if i := strings.Index(name, w); i >= 0 {
				return name[:i] + name[i+len(w):], true
			}
		}
		return "", false
	}
	a, isBytes := rest(bytes, "bytes", "byte", "byts", "byt", "octets")
	b, isPackets := rest(packets, "packets", "packet", "pkts", "pkt")
	return isBytes && isPackets && a == b
}

// orders finds numbers, and times, that are never less than others: often enough
// more than those of another record, and equal in sessions enough, or of names
// that end alike: SrcPkts and TotPkts.
func (f *finder) orders() {
	var columns []int
	for i := range f.Columns {
		switch c := &f.Columns[i]; c.Kind {
		case trace.KindInteger, trace.KindReal, trace.KindTimestamp:
			if !c.List && !c.Key && !f.computed[i] {
				columns = append(columns, i)
			}
		}
	}
	for _, of := range columns {
		for _, by := range columns {
			if f.follows(of, by) && !f.ordered[[2]int{of, by}] && !f.Columns[of].Bounded && f.inOrder(of, by) {
				f.found = append(f.found, comparison(">=", of, 1, 0, by, -1))
			}
		}
	}
}

func (f *finder) inOrder(of, by int) bool {
	if (f.Columns[of].Kind == trace.KindTimestamp) != (f.Columns[by].Kind == trace.KindTimestamp) {
		return false
	}
	var highs, lows []float64
	equal, last := 0, int32(-1)
	n := 0
	before := int32(-1)
	for i, row := range f.Rows {
		x, ok := Number(row[of])
		y, also := Number(row[by])
		if !ok || !also {
			continue
		}
		if x < y {
			return false
		}
		if x == y && f.Session[i] != last && x != 0 {
			last = f.Session[i]
			equal++
		}
		if f.Session[i] != before {
			before = f.Session[i]
			n++
		}
		highs, lows = append(highs, x), append(lows, y)
	}
	if equal < classSessions && !endAlike(f.Columns[of].Name, f.Columns[by].Name) {
		return false
	}
	slices.Sort(highs)
	above := 0.
	for _, y := range lows { // how often another record's number would be less
		i, _ := slices.BinarySearch(highs, y)
		above += float64(i)
	}
	return above/float64(len(lows))/float64(len(highs))*float64(n) >= leastTogether
}

// endAlike reports whether two names end with the same word.
func endAlike(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return len(a) > 4 && len(b) > 4 && a[len(a)-4:] == b[len(b)-4:]
}

// rising finds numbers that never fall within a session, and rise.
func (f *finder) rising() {
	for i := range f.Columns {
		c := &f.Columns[i]
		if c.Session || c.List || f.computed[i] || c.Kind != trace.KindInteger && c.Kind != trace.KindReal {
			continue
		}
		rises, sessions, last := 0, 0, int32(-1)
		fell := false
		for k := 1; k < len(f.Rows) && !fell; k++ {
			a, ok := Number(f.Rows[k-1][i])
			b, also := Number(f.Rows[k][i])
			if !ok || !also || f.Session[k] != f.Session[k-1] {
				continue
			}
			fell = b < a
			if b > a {
				rises++
				if f.Session[k] != last {
					last = f.Session[k]
					sessions++
				}
			}
		}
		if !fell && rises >= leastRises && sessions >= leastRecords {
			f.found = append(f.found, Rule{Kind: trace.RuleRising, Columns: []int{i}})
		}
	}
}

// unique finds texts that no two records share: identifiers.
func (f *finder) unique() {
	for i := range f.Columns {
		if f.Columns[i].Kind != trace.KindText || f.Columns[i].List {
			continue
		}
		seen := map[any]bool{}
		for _, row := range f.Rows {
			if row[i] == nil || !hashable(row[i]) || seen[row[i]] {
				break
			}
			seen[row[i]] = true
		}
		if len(seen) == len(f.Rows) {
			f.found = append(f.found, Rule{Kind: trace.RuleUnique, Columns: []int{i}})
		}
	}
}
