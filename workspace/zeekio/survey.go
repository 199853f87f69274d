package zeekio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
)

// survey learns the columns of a JSON log from its records, for each _path.
type survey struct {
	logs  map[string]*logSurvey
	order []string // of the paths, as met
	extra []string // keys kept out of the table, as met
	write stat     // of _write_ts
	known knownTable
	lines int // that hold something
}

// logSurvey is what is known of one _path.
type logSurvey struct {
	n     int
	index map[string]int
	stats []*stat
	after map[[2]int]bool // column a stood right before column b
}

func newSurvey() *survey { return &survey{logs: map[string]*logSurvey{}} }

func (s *survey) log(path string) *logSurvey {
	log := s.logs[path]
	if log == nil {
		log = &logSurvey{index: map[string]int{}, after: map[[2]int]bool{}}
		s.logs[path] = log
		s.order = append(s.order, path)
	}
	return log
}

func (l *logSurvey) column(name, in string) int {
	i, ok := l.index[name]
	if !ok {
		i = len(l.stats)
		l.index[name] = i
		l.stats = append(l.stats, &stat{name: name, in: in, minDigits: -1})
	}
	return i
}

// maxFields bounds the columns that a log can have.
const maxFields = 20_000

// all surveys a log to its end, or to where it is damaged: Read reports that,
// after the records before it.
func (s *survey) all(ctx context.Context, split *splitter) error {
	err := parallel(ctx, split, nil, func() func(*block) {
		p := &surveyor{ids: map[string][]int{}}
		return p.block
	}, func(b *block) error {
		s.add(b.survey)
		for _, l := range s.logs {
			if len(l.stats) > maxFields {
				return fmt.Errorf("more than %d different keys: %w", maxFields, ErrNotZeek)
			}
		}
		return nil
	})
	if s.lines > 0 && !errors.Is(err, ErrNotZeek) && ctx.Err() == nil {
		return nil
	}
	return err
}

// add takes in the survey of a later part of the log.
func (s *survey) add(part *survey) {
	s.lines += part.lines
	for _, path := range part.order {
		from, to := part.logs[path], s.log(path)
		to.n += from.n
		at := make([]int, len(from.stats))
		for i, t := range from.stats {
			at[i] = to.column(t.name, t.in)
			to.stats[at[i]].join(t)
		}
		for e := range from.after {
			to.after[[2]int{at[e[0]], at[e[1]]}] = true
		}
	}
	for _, e := range part.extra {
		if !slices.Contains(s.extra, e) {
			s.extra = append(s.extra, e)
		}
	}
	s.write.join(&part.write)
}

// surveyor surveys blocks.
type surveyor struct {
	flat flat
	s    *survey
	ids  map[string][]int // of each path, the column by a key's id, from 1; 0 where not known
	last []int            // the columns of the record last seen
	cur  []int
}

func (p *surveyor) block(b *block) {
	p.s = newSurvey()
	clear(p.ids)
	p.last = p.last[:0]
	b.survey = p.s
	b.each(func(_ int64, start, end int, _ bool) {
		line := b.data[start:end]
		if blank(line) {
			return
		}
		p.s.lines++
		if p.flat.record(line) == nil && len(p.flat.members) > 0 {
			p.record(p.flat.members)
		}
	})
}

func (p *surveyor) record(members []member) {
	path := ""
	for i := range members {
		if members[i].name == "_path" {
			path = members[i].val.text()
		}
	}
	log := p.s.log(path)
	log.n++
	ids := p.ids[path]
	p.cur = p.cur[:0]
	for i := range members {
		m := &members[i]
		for m.id >= len(ids) {
			ids = append(ids, 0)
			p.ids[path] = ids
		}
		col := ids[m.id] - 1
		switch {
		case col < 0 && isExtra(m.name):
			if !slices.Contains(p.s.extra, m.name) {
				p.s.extra = append(p.s.extra, m.name)
			}
			if m.name == "_write_ts" {
				p.s.write.add(m.val)
			}
			continue
		case col < 0:
			col = log.column(m.name, m.in)
			ids[m.id] = col + 1
		}
		log.stats[col].add(m.val)
		p.cur = append(p.cur, col)
	}
	if !slices.Equal(p.cur, p.last) {
		for i := 1; i < len(p.cur); i++ {
			log.after[[2]int{p.cur[i-1], p.cur[i]}] = true
		}
		p.last = append(p.last[:0], p.cur...)
	}
}

// isExtra reports whether a key is about the record and not of it.
func isExtra(name string) bool { return name == "_path" || name == "_write_ts" }

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
	s.known = newKnownTable()
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
