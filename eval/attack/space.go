package attack

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// Column is one thing that attacks know of a session.
type Column struct {
	Name    string
	Numeric bool // a float64; otherwise a category, as text
}

// Space is what attacks know of sessions, and how far apart two of them are:
// the sum over columns of the difference of ranks among real sessions (0 to 1)
// for a number, of 1 for categories that differ, and 1 where one is missing.
type Space struct {
	Columns []Column
	codes   []map[string]int32
	groups  map[string]int32
	ranks   [][]float64 // of each number among real sessions, ascending
	order   []int       // columns, the numbers first
	numbers int
}

// NewSpace returns a space of columns.
func NewSpace(columns []Column) *Space {
	s := &Space{Columns: columns, codes: make([]map[string]int32, len(columns)), groups: map[string]int32{}, ranks: make([][]float64, len(columns))}
	for i, c := range columns {
		s.codes[i] = map[string]int32{}
		if c.Numeric {
			s.order = append(s.order, i)
		}
	}
	s.numbers = len(s.order)
	for i, c := range columns {
		if !c.Numeric {
			s.order = append(s.order, i)
		}
	}
	return s
}

// Sample is the sessions of one table in a space.
type Sample struct {
	space  *Space
	values [][]float64 // by column: the number, or the category's code; NaN where missing
	group  []int32     // of each session: its host
	points []float32   // [session * columns], once placed
}

// NewSample returns a sample without sessions.
func (s *Space) NewSample() *Sample {
	return &Sample{space: s, values: make([][]float64, len(s.Columns))}
}

// Len is the number of sessions.
func (x *Sample) Len() int { return len(x.group) }

// Append adds a session: for each column a float64, a string, or nil where it
// is missing. group is its host; "" for one of its own.
func (x *Sample) Append(values []any, group string) error {
	x.extend()
	return x.set(x.Len()-1, values, group)
}

// Replace puts a session in the place of another.
func (x *Sample) Replace(at int, values []any, group string) error { return x.set(at, values, group) }

func (x *Sample) extend() {
	for i := range x.values {
		x.values[i] = append(x.values[i], math.NaN())
	}
	x.group = append(x.group, 0)
}

func (x *Sample) set(at int, values []any, group string) error {
	s := x.space
	if len(values) != len(s.Columns) {
		return fmt.Errorf("a session has %d values, want %d", len(values), len(s.Columns))
	}
	for i, v := range values {
		out := math.NaN()
		switch v := v.(type) {
		case nil:
		case float64:
			if !s.Columns[i].Numeric {
				return fmt.Errorf("column %q: want a text, got %v", s.Columns[i].Name, v)
			}
			out = v
		case string:
			if s.Columns[i].Numeric {
				return fmt.Errorf("column %q: want a number, got %q", s.Columns[i].Name, v)
			}
			code, ok := s.codes[i][v]
			if !ok {
				code = int32(len(s.codes[i]))
				s.codes[i][v] = code
			}
			out = float64(code)
		default:
			return fmt.Errorf("column %q: want a number or a text, got %T", s.Columns[i].Name, v)
		}
		x.values[i][at] = out
	}
	if group == "" {
		group = fmt.Sprintf("\x00%d", len(s.groups))
	}
	g, ok := s.groups[group]
	if !ok {
		g = int32(len(s.groups))
		s.groups[group] = g
	}
	x.group[at] = g
	return nil
}

// missing is the place of a number that is missing: more than 1 from all
// others.
const missing = 3

// rank learns the ranks of numbers among real sessions.
func (s *Space) rank(real ...*Sample) {
	for i, c := range s.Columns {
		if !c.Numeric {
			continue
		}
		var all []float64
		for _, x := range real {
			for _, v := range x.values[i] {
				if !math.IsNaN(v) {
					all = append(all, v)
				}
			}
		}
		slices.Sort(all)
		s.ranks[i] = all
	}
}

// place settles where a sample's sessions are.
func (x *Sample) place() {
	s := x.space
	w := len(s.order)
	x.points = make([]float32, x.Len()*w)
	for k, i := range s.order {
		for row, v := range x.values[i] {
			p := v // of a category, the code
			switch all := s.ranks[i]; {
			case math.IsNaN(v) && s.Columns[i].Numeric:
				p = missing
			case math.IsNaN(v):
				p = -1
			case s.Columns[i].Numeric && len(all) > 0:
				lo := sort.SearchFloat64s(all, v)
				hi := sort.Search(len(all), func(k int) bool { return all[k] > v })
				p = float64(lo+hi) / 2 / float64(len(all))
			}
			x.points[row*w+k] = float32(p)
		}
	}
}

// at is where a session is.
func (x *Sample) at(row int) []float32 {
	w := len(x.space.order)
	return x.points[row*w : row*w+w]
}

// far is the distance of two sessions, or any number above most where it is
// greater than that.
func (s *Space) far(a, b []float32, most float32) float32 {
	var d float32
	n := s.numbers
	for i, x := range a[:n] {
		u := x - b[i]
		if u < 0 {
			u = -u
		}
		if u > 1 {
			u = 1
		}
		d += u
	}
	if d > most {
		return d
	}
	for i, x := range a[n:] {
		if x != b[n+i] {
			d++
		}
	}
	return d
}

// nearest returns the session of a sample that is nearest to a point, without
// the one at except, and how far it is; -1 where there is none.
func (x *Sample) nearest(p []float32, except int) (int, float32) {
	best, far := -1, float32(math.Inf(1))
	for row := range x.Len() {
		if row == except {
			continue
		}
		if d := x.space.far(p, x.at(row), far); d < far {
			best, far = row, d
		}
	}
	return best, far
}

// pick returns a sample of the given sessions.
func (x *Sample) pick(rows []int) *Sample {
	out := x.space.NewSample()
	for i := range x.values {
		for _, row := range rows {
			out.values[i] = append(out.values[i], x.values[i][row])
		}
	}
	for _, row := range rows {
		out.group = append(out.group, x.group[row])
	}
	return out
}

// some returns at most n of a sample's sessions, and at most share of them, or
// 20, of one host.
func (x *Sample) some(n int, share float64, rng *rand.Rand) *Sample {
	most := max(20, int(share*float64(min(n, x.Len()))))
	of := map[int32]int{}
	var rows []int
	for _, row := range rng.Perm(x.Len()) {
		if g := x.group[row]; of[g] < most && len(rows) < n {
			of[g]++
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return x.pick(rows)
}
