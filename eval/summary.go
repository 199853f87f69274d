package eval

import (
	"math"
	"slices"
)

// Finding is one thing that is off, for the summary.
type Finding struct {
	Target string  `json:"target"`
	Metric string  `json:"metric"`
	Score  float64 `json:"score"`
	Words  string  `json:"words"`
}

const (
	// lostLeast is the share of real records from which a value that the
	// synthetic trace lacks is named before what follows from it.
	lostLeast = 0.01
	// plainly is the score under which a column's own distribution explains
	// what is computed from it.
	plainly = 93
	// followed is how far back a finding goes whose cause has been named.
	followed = 60
)

// candidate is a finding with its place in the order: the least first.
type candidate struct {
	*Score
	place float64
}

// place orders findings: by score, what hangs on several columns or records
// after the columns it could have its fault from.
func place(s *Score) float64 {
	v := s.Score
	switch {
	case s.Metric == "presence":
		v -= 200
	case s.Property == Joint:
		v += 85
	case s.Metric == "equal": // says more than the association that it makes
		v += 40
	case s.Property == Pairs:
		v += 70
	case s.Property == Series:
		v = 90 + v/10
	case s.Property == Network:
		v += 30
	case s.Property == Coverage && !s.own():
		v += 40
	}
	if s.lost >= lostLeast {
		v -= 60
	}
	return v
}

// own reports whether a score is about its target itself, not about what
// follows from it.
func (s *Score) own() bool {
	return s.Property == Columns || s.Metric == "missing" || s.Metric == "lost_value" || s.Metric == "time_span" || s.Metric == "time_emd" || s.Metric == "time_ks"
}

// worst picks the n findings that matter most, one for each target: causes
// before what follows from them, else the lowest scores first.
func worst(scores []Score, n int) []Finding {
	var cand []candidate
	pull := map[string]float64{} // column -> the first place of what is computed from it
	for i := range scores {
		s := &scores[i]
		if !s.Computed || !s.Counted || s.Words == "" || s.Score >= 99 {
			continue
		}
		c := candidate{s, place(s)}
		cand = append(cand, c)
		if s.own() {
			continue
		}
		for _, name := range s.causes() {
			if at, ok := pull[name]; !ok || c.place < at {
				pull[name] = c.place
			}
		}
	}
	for i, c := range cand {
		if at, ok := pull[c.Target]; ok && c.own() && c.Score.Score < plainly {
			cand[i].place = min(c.place, at-1)
		}
		if c.Metric == "time_span" && c.Value > 0.1 { // says why all other times are off
			cand[i].place -= 50
		}
	}
	named := map[string]bool{}
	var out []Finding
	for len(out) < n {
		best, at := -1, math.Inf(1)
		for i, c := range cand {
			if c.known(named) {
				continue
			}
			p := c.place
			if !c.own() && slices.ContainsFunc(c.causes(), func(name string) bool { return named[name] }) {
				p += followed
			}
			if p < at {
				best, at = i, p
			}
		}
		if best < 0 {
			break
		}
		s := cand[best]
		named[s.Target] = true
		for _, c := range s.Columns {
			named[c] = true
		}
		out = append(out, Finding{Target: s.Target, Metric: s.Metric, Score: s.Score.Score, Words: s.Words})
	}
	return out
}

// causes are the columns and targets that a score would follow, were they off.
func (s *Score) causes() []string {
	if len(s.from) > 0 {
		return append(slices.Clone(s.from), s.Columns...)
	}
	return s.Columns
}

// known reports whether a finding would say nothing new.
func (c candidate) known(named map[string]bool) bool {
	if named[c.Target] {
		return true
	}
	return len(c.Columns) > 0 && !slices.ContainsFunc(c.Columns, func(name string) bool { return !named[name] })
}
