package zeekio

import (
	"errors"
	"io"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"time"
)

// survey learns the columns of a JSON log from its records, for each _path.
type survey struct {
	logs  map[string]*logSurvey
	order []string // of the paths, as met
	extra []string // keys kept out of the table, as met
	write stat     // of _write_ts
	flat  flat
	known knownTable
}

// logSurvey is what is known of one _path.
type logSurvey struct {
	n     int
	index map[string]int
	stats []*stat
	after map[[2]int]bool // column a stood right before column b
	last  []int           // the columns of the record last seen
	cur   []int
}

// stat is what the values of one column look like.
type stat struct {
	name, in                     string
	str, whole, real, bool, list int
	neg                          int // numbers below zero
	iso, addr                    int // strings that are a time, an address
	minDigits, maxDigits         int // of the fractions of ISO times
	large                        int // whole numbers that are milliseconds if they are a time
	nested                       int // lists with a list or an object in them
	elem                         *stat
}

func newSurvey() *survey { return &survey{logs: map[string]*logSurvey{}, known: newKnownTable()} }

// all surveys the lines that are records, up to most unless that is negative.
func (s *survey) all(l *lines, most int) error {
	for n := 0; n != most; n++ {
		line, _, err := l.line()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, errLong):
			continue
		case err != nil:
			if n > 0 {
				return nil // Read reports it, after the records before it
			}
			return err
		}
		if s.flat.record(line) == nil && len(s.flat.members) > 0 {
			s.record(s.flat.members)
		}
	}
	return nil
}

func (s *survey) record(members []member) {
	path := ""
	for _, m := range members {
		if string(m.name) == "_path" {
			path = m.val.text()
		}
	}
	log := s.logs[path]
	if log == nil {
		log = &logSurvey{index: map[string]int{}, after: map[[2]int]bool{}}
		s.logs[path] = log
		s.order = append(s.order, path)
	}
	log.n++
	log.cur = log.cur[:0]
	for _, m := range members {
		if isExtra(m.name) {
			if !slices.Contains(s.extra, string(m.name)) {
				s.extra = append(s.extra, string(m.name))
			}
			if string(m.name) == "_write_ts" {
				s.write.add(m.val)
			}
			continue
		}
		i, ok := log.index[string(m.name)]
		if !ok {
			i = len(log.stats)
			log.index[string(m.name)] = i
			log.stats = append(log.stats, &stat{name: string(m.name), in: string(m.in), minDigits: -1})
		}
		log.stats[i].add(m.val)
		log.cur = append(log.cur, i)
	}
	if !slices.Equal(log.cur, log.last) {
		for i := 1; i < len(log.cur); i++ {
			log.after[[2]int{log.cur[i-1], log.cur[i]}] = true
		}
		log.last = append(log.last[:0], log.cur...)
	}
}

// isExtra reports whether a key is about the record and not of it.
func isExtra(name []byte) bool { return string(name) == "_path" || string(name) == "_write_ts" }

func (t *stat) add(v jval) {
	switch v.kind {
	case 's':
		t.str++
		if t.iso == t.str-1 && len(v.raw) >= 19 && v.raw[4] == '-' {
			if _, err := time.Parse(time.RFC3339Nano, string(v.raw)); err == nil {
				t.iso++
				d := 0
				if dot := strings.IndexByte(string(v.raw), '.'); dot > 0 {
					d = len(strings.TrimRight(string(v.raw[dot+1:]), "Z"))
				}
				if t.minDigits < 0 || d < t.minDigits {
					t.minDigits = d
				}
				t.maxDigits = max(t.maxDigits, d)
			}
		}
		if t.addr == t.str-1 {
			if _, err := netip.ParseAddr(string(v.raw)); err == nil {
				t.addr++
			}
		}
	case '0':
		if v.real {
			t.real++
		} else {
			t.whole++
			if len(v.raw) >= 12 {
				t.large++
			}
		}
		if v.raw[0] == '-' {
			t.neg++
		}
	case 't', 'f':
		t.bool++
	case '[':
		t.list++
		if t.elem == nil {
			t.elem = &stat{minDigits: -1}
		}
		c := scanner{s: v.raw}
		_ = c.array(func(e jval) error {
			if e.kind == '[' || e.kind == '{' {
				t.nested++
			}
			t.elem.add(e)
			return nil
		})
	}
}

// fits reports whether nearly all values can be of a type.
func (t *stat) fits(z zeekType) bool {
	if z.list {
		return t.list > 0 && t.list >= 20*(t.str+t.whole+t.real+t.bool) && t.nested == 0 && (t.elem == nil || t.elem.count() == 0 || t.elem.fits(zeekType{base: z.base}))
	}
	good := 0
	switch z.base {
	case "time":
		good = t.iso + t.real + t.whole
	case "interval", "double":
		good = t.real + t.whole
	case "count", "port":
		good = t.whole - t.neg
	case "int":
		good = t.whole
	case "bool":
		good = t.bool
	case "addr", "enum", "string":
		good = t.str
	}
	return 10*good >= 9*t.count() || good > 0 && t.count()-good <= 1
}

func (t *stat) count() int { return t.str + t.whole + t.real + t.bool + t.list }

// typeName chooses the Zeek type that the log would have declared.
func (t *stat) typeName(known string) string {
	if known != "" && (t.count() == 0 || t.fits(parseType(known))) {
		return known
	}
	switch {
	case t.count() == 0:
		return "string"
	case t.nested > 0:
		return "vector[any]"
	case t.list == t.count():
		return "vector[" + t.elem.shape() + "]"
	}
	return t.shape()
}

func (t *stat) shape() string {
	var best string
	switch n := t.count(); {
	case n == 0:
		return "string"
	case t.iso == n:
		return "time"
	case t.addr == n:
		return "addr"
	case t.neg > 0:
		best = "int"
	default:
		best = "count"
	}
	for _, s := range []string{best, "double", "bool", "string"} {
		if t.fits(zeekType{base: s}) {
			return s
		}
	}
	return "any"
}

// main returns the path most records have.
func (s *survey) main() string {
	best := ""
	for i, p := range s.order {
		if i == 0 || s.logs[p].n > s.logs[best].n {
			best = p
		}
	}
	return best
}

// fields returns the columns of the log at path, in an order that keeps to the
// order of the keys in every record.
func (s *survey) fields(path string) []field {
	log := s.logs[path]
	if log == nil {
		return nil
	}
	rank := make([]int, len(log.stats)) // ties go by Zeek's own order, then by first sight
	for i, t := range log.stats {
		if rank[i] = s.known.place(path, t.name); rank[i] < 0 {
			rank[i] = 1<<20 + i
		}
	}
	before := make([]int, len(log.stats))
	next := make([][]int, len(log.stats))
	for e := range log.after {
		before[e[1]]++
		next[e[0]] = append(next[e[0]], e[1])
	}
	left := make([]int, len(log.stats))
	for i := range left {
		left[i] = i
	}
	sort.SliceStable(left, func(a, b int) bool { return rank[left[a]] < rank[left[b]] })
	var fs []field
	for len(left) > 0 {
		pick := 0 // where records contradict each other, the rank decides
		for k, i := range left {
			if before[i] == 0 {
				pick = k
				break
			}
		}
		i := left[pick]
		left = slices.Delete(left, pick, pick+1)
		for _, n := range next[i] {
			before[n]--
		}
		fs = append(fs, log.stats[i].field(s.known.typeOf(path, log.stats[i].name)))
	}
	return fs
}

// field is the column that the values make, given the type known for its name.
func (t *stat) field(known string) field {
	f := newField(t.name, t.typeName(known))
	if f.typ.base == "time" {
		switch {
		case t.iso > 0:
			f.iso = true
			if t.minDigits == t.maxDigits {
				f.digits = t.maxDigits
			}
		case t.large > 0 && t.real == 0:
			f.millis = true
		}
	}
	if t.in != "" {
		f.in = strings.Split(t.in, "/")
		f.key = strings.TrimPrefix(t.name, strings.Join(f.in, ".")+".")
	}
	return f
}
