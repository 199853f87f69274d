package engine

import (
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"netshare/workspace/trace"
)

// relations are what holds between the whole numbers of each record of the real
// trace, without exception, and therefore in each synthetic one: columns that are
// the sum of others are computed and not learnt, and bytes are as many as the
// packets need.
type relations struct {
	Meta, Series int // fields
	Sums         []sum
	Leasts       []least
}

// sum says that column Of is A + B + Constant; B is -1 for none. Columns are
// metadata fields, then series fields. Where When is not -1, it does so in the
// sessions whose protocol, the field When, is Value.
type sum struct {
	Of, A, B int
	Constant int64
	When     int
	Value    string
}

// least says that column Of is at least Times as large as column By, and Plus
// more: the least ratio of bytes and packets in the trace, or the least
// difference of two lengths, of all records or, with When and Value as those of a
// sum, by protocol.
type least struct {
	Of, By int
	Times  float64
	Plus   int64
	When   int
	Value  string
}

const (
	relationRecords = 50 // fewest records that tell of a relation
	relationFields  = 64 // most columns that are looked at
)

// fitRelations finds the relations of the sessions.
func fitRelations(r *trace.Recipe, sessions []trace.Session) relations {
	out := relations{Meta: len(r.Metadata), Series: len(r.Series)}
	fields := slices.Concat(r.Metadata, r.Series)
	var rows []trace.Row // of all columns
	for _, s := range sessions {
		for _, rec := range s.Series {
			rows = append(rows, out.join(s.Meta, rec))
		}
	}
	if len(rows) < relationRecords {
		return out
	}
	key := r.KeyNames()
	var numbers []int
	for i, f := range fields {
		if f.Kind == trace.KindInteger && (i >= out.Meta || !slices.Contains(key, f.Name)) && whole64(rows, i) {
			numbers = append(numbers, i)
		}
	}
	numbers = numbers[:min(len(numbers), relationFields)]
	computed := map[int]bool{}
	for _, of := range slices.Backward(numbers) { // the later column follows from the earlier
		if fields[of].Bounded { // a sum knows no bounds
			continue
		}
		if s, ok := out.sumOf(of, numbers, computed, rows); ok {
			s.When = -1
			out.Sums = append(out.Sums, s)
			computed[of] = true
		}
	}
	protocol := slices.IndexFunc(r.Metadata, func(f trace.Field) bool { return f.Kind == trace.KindProtocol })
	for _, of := range slices.Backward(numbers) {
		if protocol < 0 || computed[of] || fields[of].Bounded {
			continue
		}
		found := out.sumsBy(protocol, of, numbers, computed, rows)
		if computed[of] = len(found) > 0; computed[of] {
			out.Sums = append(out.Sums, found...)
		}
	}
	for _, of := range numbers {
		for _, by := range numbers {
			if of == by || of < out.Meta && by >= out.Meta {
				continue
			}
			l, ok := leastOf(of, by, fields[of].Name, fields[by].Name, rows)
			if !ok {
				continue
			}
			l.When = -1
			out.Leasts = append(out.Leasts, l)
			for name, group := range byProtocol(protocol, rows) {
				if l, ok := leastOf(of, by, fields[of].Name, fields[by].Name, group); ok && len(group) >= relationRecords {
					l.When, l.Value = protocol, name
					out.Leasts = append(out.Leasts, l)
				}
			}
		}
	}
	return out
}

// sumsBy finds what column of is the sum of by each protocol that has enough
// records.
func (r *relations) sumsBy(protocol, of int, numbers []int, computed map[int]bool, rows []trace.Row) (found []sum) {
	for name, group := range byProtocol(protocol, rows) {
		if len(group) < relationRecords || !whole64(group, of) {
			continue
		}
		if s, ok := r.sumOf(of, numbers, computed, group); ok {
			s.When, s.Value = protocol, name
			found = append(found, s)
		}
	}
	return found
}

// byProtocol yields the records of each protocol, by name.
func byProtocol(protocol int, rows []trace.Row) iter.Seq2[string, []trace.Row] {
	return func(yield func(string, []trace.Row) bool) {
		groups := map[string][]trace.Row{}
		for _, row := range rows {
			if protocol < 0 {
				return
			}
			if name, ok := row[protocol].(string); ok {
				groups[name] = append(groups[name], row)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(groups)) {
			if !yield(name, groups[name]) {
				return
			}
		}
	}
}

// leastOf says how much larger a column is than another where their names say
// that they are bytes and packets, or two lengths, and it always is.
func leastOf(of, by int, ofName, byName string, rows []trace.Row) (least, bool) {
	bytes := bytesOf(ofName, byName)
	if !bytes && !(lengthName(ofName) && lengthName(byName)) {
		return least{}, false
	}
	ratio, more := math.Inf(1), int64(math.MaxInt64)
	for _, row := range rows {
		x, n := row[of].(int64), row[by].(int64)
		if n > 0 {
			ratio = min(ratio, float64(x)/float64(n))
		}
		more = min(more, x-n)
	}
	switch {
	case bytes && ratio >= 1 && !math.IsInf(ratio, 1):
		return least{Of: of, By: by, Times: ratio}, true
	case !bytes && more >= 0:
		return least{Of: of, By: by, Times: 1, Plus: more}, true
	}
	return least{}, false
}

// lengthName reports whether a column is a length by its name: pkt_len, frame_len.
func lengthName(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "_len") || strings.HasSuffix(name, "length") && strings.Contains(name, "_")
}

// join is a record with its session's metadata.
func (r *relations) join(meta, rec trace.Row) trace.Row {
	return append(append(make(trace.Row, 0, r.Meta+r.Series), meta...), rec[1:]...)
}

// whole64 reports whether a column has a whole number in each record, and more
// than one.
func whole64(rows []trace.Row, column int) bool {
	several := false
	for _, row := range rows {
		if _, ok := row[column].(int64); !ok {
			return false
		}
		several = several || row[column] != rows[0][column]
	}
	return several
}

// sumOf finds what column of is the sum of: one that differs by a constant, or
// two others. What is in a session's metadata follows from metadata only.
func (r *relations) sumOf(of int, numbers []int, computed map[int]bool, rows []trace.Row) (sum, bool) {
	holds := func(s sum) bool {
		for _, row := range rows {
			if s.value(row) != row[of].(int64) {
				return false
			}
		}
		return true
	}
	free := func(i int) bool { return i != of && !computed[i] && (of >= r.Meta || i < r.Meta) }
	for _, a := range numbers {
		if s := (sum{Of: of, A: a, B: -1, Constant: rows[0][of].(int64) - rows[0][a].(int64)}); free(a) && a < of && holds(s) {
			return s, true
		}
	}
	for i, a := range numbers {
		for _, b := range numbers[i+1:] {
			if s := (sum{Of: of, A: a, B: b}); free(a) && free(b) && holds(s) {
				return s, true
			}
		}
	}
	return sum{}, false
}

func (s *sum) value(row trace.Row) int64 {
	x := row[s.A].(int64) + s.Constant
	if s.B >= 0 {
		x += row[s.B].(int64)
	}
	return x
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

// hold makes a generated session keep the relations.
func (r *relations) hold(s trace.Session) {
	if len(r.Sums)+len(r.Leasts) == 0 {
		return
	}
	for _, rec := range s.Series {
		row := r.join(s.Meta, rec)
		set := func(column int, v int64) {
			row[column] = v
			if column < r.Meta {
				s.Meta[column] = v
			} else {
				rec[column-r.Meta+1] = v
			}
		}
		for range 3 { // what one raises another may go by
			for i := range slices.Backward(r.Sums) { // found last, it may be what the first are computed from
				if x := &r.Sums[i]; x.known(row) {
					set(x.Of, x.value(row))
				}
			}
			for _, l := range r.Leasts {
				of, isOf := row[l.Of].(int64)
				by, isBy := row[l.By].(int64)
				if l.When >= 0 && row[l.When] != l.Value {
					continue
				}
				if need := int64(math.Ceil(float64(by)*l.Times-1e-6)) + l.Plus; isOf && isBy && of < need {
					set(l.Of, need)
				}
			}
		}
	}
}

// known reports whether a sum is of the record, and the columns that it is of
// are there.
func (s *sum) known(row trace.Row) bool {
	if s.When >= 0 && row[s.When] != s.Value {
		return false
	}
	_, a := row[s.A].(int64)
	if s.B < 0 {
		return a
	}
	_, b := row[s.B].(int64)
	return a && b
}
