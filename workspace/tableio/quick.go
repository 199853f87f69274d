package tableio

import (
	"math"
	"slices"
)

// cell takes in one value of a CSV file. Most values are counted by a glance at
// their bytes; the others are gathered until the next flush, so that one that
// comes often is looked at once.
func (s *stats) cell(v []byte, quoted bool) {
	s.n++
	if len(v) == 0 {
		s.empty++
		if quoted {
			s.emptyQuoted++
		}
		return
	}
	if quoted {
		s.quoted++
	} else {
		s.bare++
	}
	if c := v[0]; c-'0' <= 9 || c == '-' {
		if s.quick(v) {
			return
		}
		if len(s.layouts) > 0 && s.quickTime(v) {
			s.class[isText]++
			return
		}
	}
	s.often.add(s, v)
}

// quick counts whole numbers, decimals and IPv4 addresses that are written in
// the plainest way; it leaves all others alone.
func (s *stats) quick(v []byte) bool {
	if len(v) > 18 {
		return false
	}
	i, n := 0, int64(0)
	negative := v[0] == '-'
	if negative {
		i = 1
	}
	first := i
	for ; i < len(v); i++ {
		d := v[i] - '0'
		if d > 9 {
			break
		}
		n = n*10 + int64(d)
	}
	digits := i - first
	if digits == 0 || digits > 1 && v[first] == '0' || negative && v[first] == '0' {
		return false
	}
	if i == len(v) {
		if digits > 15 {
			return false
		}
		if negative {
			n = -n
		}
		s.class[isInt]++
		if s.lowInt > n {
			s.lowInt = n
		}
		if s.highInt < n {
			s.highInt = n
		}
		if s.watched {
			s.watch(float64(n), 1)
			s.watchInt(n, 1)
		}
		return true
	}
	if v[i] != '.' || i+1 == len(v) {
		return false
	}
	dot := i
	for i++; i < len(v); i++ {
		d := v[i] - '0'
		if d > 9 {
			if v[i] == '.' && !negative && isIPv4(v) {
				s.class[isText]++
				s.address++
				return true
			}
			return false
		}
		n = n*10 + int64(d)
	}
	decimals := len(v) - dot - 1
	f := float64(n) / math.Pow10(decimals)
	switch {
	case s.hints.port:
		return false
	case digits+decimals <= 15 && len(v) <= 16:
	case decimals == 1 && n%10 == 0 && n/10 < 1<<53: // a whole number as Python writes it
		f = float64(n / 10)
	default:
		return false
	}
	s.class[isReal]++
	s.style.exact(v, decimals)
	s.addDecimals(decimals)
	if negative {
		f = -f
	}
	s.lowest, s.highest = min(s.lowest, f), max(s.highest, f)
	if s.watched {
		s.watch(f, 1)
	}
	return true
}

// isIPv4 reports whether v is a dotted quad without leading zeros.
func isIPv4(v []byte) bool {
	if len(v) < 7 || len(v) > 15 {
		return false
	}
	parts, n, digits := 1, 0, 0
	for _, c := range v {
		switch d := c - '0'; {
		case d <= 9:
			if digits > 0 && n == 0 {
				return false
			}
			n = n*10 + int(d)
			digits++
			if n > 255 {
				return false
			}
		case c == '.' && digits > 0:
			parts, n, digits = parts+1, 0, 0
		default:
			return false
		}
	}
	return parts == 4 && digits > 0
}

// watch takes in a number of a column whose name says what numbers may be.
func (s *stats) watch(f float64, n int64) {
	if s.clock && f == math.Trunc(f/1000)*1000 {
		s.thousands += n
	}
	if f < 0 {
		s.negative += n
	}
	if s.moment || s.nameless {
		for i, u := range units() {
			if sec := f * u.Seconds(); sec > 631152000 && sec < 4102444800 { // 1990 to 2100
				s.plausible[i] += n
			}
		}
	}
	if s.hints.address && f == 0 {
		s.link += n
	}
	if s.hints.protocol && f >= 0 && f <= 255 {
		s.protocol += n
	}
}

func (s *stats) watchInt(v, n int64) {
	if v >= 0 && v <= 65535 {
		s.port += n
	}
	if v >= 1<<24 {
		s.big32 += n
	}
	if v < 0 || v >= 1<<32 {
		s.over32 += n
	}
}

// word takes in a string of a JSON file: never a number, even if it looks like
// one.
func (s *stats) word(v []byte) {
	s.n++
	s.stringy++
	if len(v) == 0 { // present, though empty
		s.class[isText]++
		return
	}
	s.bare++
	switch {
	case v[0]-'0' > 9:
	case isIPv4(v):
		s.class[isText]++
		s.address++
		return
	case len(s.layouts) > 0 && s.quickTime(v):
		s.class[isText]++
		return
	}
	s.words.add(s, v)
}

// often gathers the values of a column by a table of their hashes.
type often struct {
	strings bool // they are never numbers
	values  [][]byte
	counts  []int64
	order   []uint8 // of the places, by when they were taken
}

const oftenLen = 64

// add counts a value; what had its place is taken in by s.
func (o *often) add(s *stats, v []byte) {
	if len(v) > 64 {
		s.look(v, 1, o.strings)
		return
	}
	if o.values == nil {
		o.values, o.counts = make([][]byte, oftenLen), make([]int64, oftenLen)
	}
	h := uint32(len(v))
	for _, c := range v {
		h = h*31 + uint32(c)
	}
	at := (h ^ h>>8 ^ h>>16) % oftenLen
	if o.counts[at] > 0 {
		if string(o.values[at]) == string(v) {
			o.counts[at]++
			return
		}
		s.look(o.values[at], o.counts[at], o.strings)
	} else {
		o.order = append(o.order, uint8(at))
	}
	o.values[at], o.counts[at] = append(o.values[at][:0], v...), 1
}

// flush takes in what was gathered.
func (s *stats) flush() {
	for _, o := range []*often{&s.often, &s.words} {
		for _, at := range o.order {
			s.look(o.values[at], o.counts[at], o.strings)
			o.counts[at] = 0
		}
		o.order = o.order[:0]
	}
}

// fork returns stats for another part of the column, which looks for the same
// layouts of times.
func (s *stats) fork(name string) *stats {
	f := newStats(name)
	f.nameless, f.watched = s.nameless, s.watched
	for _, l := range s.layouts {
		f.layouts = append(f.layouts, layoutStat{layout: l.layout, matcher: l.matcher})
	}
	return f
}

// merge takes in what was learnt of another part of the column.
func (s *stats) merge(o *stats) {
	s.n, s.empty = s.n+o.n, s.empty+o.empty
	for t, n := range o.nulls {
		s.nulls[t] += n
	}
	for i := range s.class {
		s.class[i] += o.class[i]
	}
	for i := range s.booleans {
		s.booleans[i] += o.booleans[i]
	}
	for i := range s.plausible {
		s.plausible[i] += o.plausible[i]
	}
	for _, p := range []struct {
		to   *int64
		from int64
	}{
		{&s.address, o.address},
		{&s.link, o.link},
		{&s.protocol, o.protocol},
		{&s.transport, o.transport},
		{&s.thousands, o.thousands},
		{&s.port, o.port},
		{&s.portWord, o.portWord},
		{&s.negative, o.negative},
		{&s.big32, o.big32},
		{&s.over32, o.over32},
		{&s.decimalComma, o.decimalComma},
		{&s.exponents, o.exponents},
		{&s.formulas, o.formulas},
		{&s.quoted, o.quoted},
		{&s.bare, o.bare},
		{&s.emptyQuoted, o.emptyQuoted},
		{&s.jsonText, o.jsonText},
		{&s.stringy, o.stringy},
	} {
		*p.to += p.from
	}
	s.lowest, s.highest = min(s.lowest, o.lowest), max(s.highest, o.highest)
	s.lowInt, s.highInt = min(s.lowInt, o.lowInt), max(s.highInt, o.highInt)
	s.decimals, s.fewest = max(s.decimals, o.decimals), min(s.fewest, o.fewest)
	s.minFrac, s.maxFrac = min(s.minFrac, o.minFrac), max(s.maxFrac, o.maxFrac)
	s.trimmed, s.leftOut = s.trimmed && o.trimmed, s.leftOut && o.leftOut
	s.style.merge(&o.style)
	s.filling.merge(&o.filling)
	s.zones.merge(&o.zones)
	for _, l := range o.layouts {
		at := slices.IndexFunc(s.layouts, func(k layoutStat) bool { return k.layout == l.layout })
		if at < 0 {
			s.layouts = append(s.layouts, l)
		} else {
			s.layouts[at].n += l.n
		}
	}
}

// settle brings the figures of whole numbers and of others together, once all
// values are in.
func (s *stats) settle() {
	s.flush()
	if s.lowInt <= s.highInt {
		s.lowest, s.highest = min(s.lowest, float64(s.lowInt)), max(s.highest, float64(s.highInt))
	}
	if s.class[isInt] > 0 && s.style.started { // beside decimals
		s.style.python = false
		s.style.fixed = s.style.fixed && s.style.decimals <= 0
	}
}
