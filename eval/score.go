package eval

import (
	"math"
	"strconv"
)

// The properties of a trace that scores are about.
const (
	Columns   = "columns"  // each column on its own
	Coverage  = "coverage" // which values and ranges occur, and what is missing
	Pairs     = "pairs"    // association of two columns
	Joint     = "joint"    // several columns together, and what a detector finds
	Sessions  = "sessions" // length, duration and rhythm of sessions
	Series    = "series"   // how columns go on within a session
	Network   = "network"  // who talks to whom, and how much
	TimeOrder = "time"     // where in time the records lie
	Tasks     = "tasks"    // what the trace is used for; not part of the overall score
)

// properties lists the properties in the order of the report.
func properties() []string {
	return []string{Columns, Coverage, Pairs, Joint, Sessions, Series, Network, TimeOrder, Tasks}
}

// Score is one metric on one target.
type Score struct {
	Property string   `json:"property"`
	Metric   string   `json:"metric"`            // a name of Metrics
	Target   string   `json:"target"`            // a column, "a, b", or a property of sessions
	Columns  []string `json:"columns,omitempty"` // the columns concerned

	// Computed is false where the metric could not be computed, and Note says
	// why; all numbers are 0 then.
	Computed bool `json:"computed"`
	// Counted says that the score is part of its property's mean; where it is
	// computed and not counted, Note says why.
	Counted bool `json:"counted"`

	Value float64 `json:"value"`          // the distance, 0 for alike, in the metric's own range
	Raw   float64 `json:"raw,omitempty"`  // the distance in Unit where Value is normalised
	Unit  string  `json:"unit,omitempty"` // of Raw

	// Baseline is the distance between two halves of the real trace, the mean
	// over the halvings, and BaselineSpread its standard deviation.
	Baseline       float64 `json:"baseline"`
	BaselineSpread float64 `json:"baseline_spread"`
	// Yardstick is the distance that scores 0, and YardstickKind what it is
	// the distance of: uniform (noise), independent (columns) or worst (the
	// largest distance there is).
	Yardstick     float64 `json:"yardstick"`
	YardstickKind string  `json:"yardstick_kind,omitempty"`

	Score float64 `json:"score"`           // 0 to 100
	Words string  `json:"words,omitempty"` // what is off, for a person
	Note  string  `json:"note,omitempty"`

	bases []float64 // distance of each halving
	slack float64   // their standard deviation, on the scores' scale
	root  bool      // scores are made of square roots
	lost  float64   // share of real records of the value named in Words, where no synthetic record has it
	from  []string  // what else, beside Columns, this follows from
}

// measured is the raw outcome of one metric on one target.
type measured struct {
	value       float64
	bases       []float64
	uniform     float64 // NaN where it has no meaning
	independent float64 // NaN likewise
	worst       float64 // the metric's largest value
	root        bool    // scores are made of square roots
}

// settle fills the numbers of a score from what was measured: the mean and
// spread of the baseline, the yardstick, and the mapping to 0..100.
//
// The yardstick is the first of independent columns, uniform noise and the
// worst value that is clearly worse than two halves of the real trace: by
// three spreads, and by 5 % (independent) or 15 % (uniform) of what is left to
// the worst. One that is not can't tell a good trace from noise.
func (s *Score) settle(m measured) {
	if math.IsNaN(m.value) || math.IsInf(m.value, 0) {
		if s.Note == "" {
			s.Note = "too few values to compute it"
		}
		return
	}
	s.Computed, s.Value = true, m.value
	s.bases = m.bases[:0:0]
	for _, b := range m.bases {
		if finite(b) {
			s.bases = append(s.bases, b)
		}
	}
	s.root = m.root
	s.Baseline, s.BaselineSpread = meanSpread(s.bases)
	base, spread := meanSpread(s.scaled(s.bases...))
	w := s.scaled(m.worst, m.independent, m.uniform)
	clear := func(margin float64) float64 { return base + max(3*spread, margin*(w[0]-base)) }
	switch {
	case w[1] > clear(0.05):
		s.Yardstick, s.YardstickKind = m.independent, "independent"
	case w[2] > clear(0.15):
		s.Yardstick, s.YardstickKind = m.uniform, "uniform"
	default:
		s.Yardstick, s.YardstickKind = m.worst, "worst"
	}
	if y := s.scaled(s.Yardstick)[0]; y-base < 0.05*w[0] || base+spread >= y {
		s.Counted = false
		s.note("two halves of the real trace differ as much as noise does, so the score says nothing")
	}
	s.slack = spread
	s.Score = s.rate(m.value, base)
}

// scaled puts distances on the scale that scores are made on.
func (s *Score) scaled(x ...float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		if out[i] = v; s.root {
			out[i] = math.Sqrt(max(0, v)) // NaN stays
		}
	}
	return out
}

// rate is the score of a distance against a baseline on the scores' scale. A
// distance within the halvings' spread of the baseline is as good as real:
// without that slack chance could only ever cost points.
func (s *Score) rate(value, base float64) float64 {
	v := s.scaled(value, s.Yardstick)
	return scale(v[0], min(base+s.slack, v[1]), v[1])
}

// note adds a remark.
func (s *Score) note(n string) {
	if s.Note != "" {
		s.Note += "; "
	}
	s.Note += n
}

// scale maps a distance to 0..100: 100 at the baseline or nearer, 0 at the
// yardstick or beyond.
func scale(value, baseline, yardstick float64) float64 {
	switch {
	case value <= baseline:
		return 100
	case value >= yardstick:
		return 0
	}
	return 100 * (yardstick - value) / (yardstick - baseline)
}

// meanSpread returns the mean and standard deviation, 0 for none.
func meanSpread(x []float64) (mean, spread float64) {
	if len(x) == 0 {
		return 0, 0
	}
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	if len(x) < 2 {
		return mean, 0
	}
	for _, v := range x {
		spread += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(spread / float64(len(x)-1))
}

// PropertyScore is the mean over a property's counted scores.
type PropertyScore struct {
	Property string  `json:"property"`
	Score    float64 `json:"score"`
	// Spread is the standard deviation of Score when each halving of the real
	// trace serves as the baseline in turn.
	Spread float64 `json:"spread"`
	// Baseline is what one half of the real trace scores against the other.
	Baseline float64 `json:"baseline"`
	Counted  int     `json:"counted"` // scores in the mean
}

// Overall is the mean over properties that have a score.
type Overall struct {
	Score    float64 `json:"score"`    // 0 to 100
	Spread   float64 `json:"spread"`   // as PropertyScore.Spread
	Baseline float64 `json:"baseline"` // what one half of the real trace scores against the other
}

// summarise computes property scores and the overall score.
func summarise(scores []Score, splits int) (Overall, []PropertyScore) {
	var props []PropertyScore
	turns := make([][]float64, 0, len(properties())) // property -> score with each halving as baseline
	var all, allBase []float64
	for _, p := range properties() {
		var now, base []float64
		turn := make([][]float64, splits)
		for i := range scores {
			s := &scores[i]
			if s.Property != p || !s.Counted || !s.Computed {
				continue
			}
			now = append(now, s.Score)
			halves := s.scaled(s.bases...)
			mean, _ := meanSpread(halves)
			for k := range halves[:min(len(halves), splits)] {
				turn[k] = append(turn[k], s.rate(s.Value, halves[k]))
				base = append(base, s.rate(s.bases[k], mean))
			}
		}
		if len(now) == 0 {
			continue
		}
		ps := PropertyScore{Property: p, Counted: len(now), Baseline: 100}
		ps.Score, _ = meanSpread(now)
		if len(base) > 0 {
			ps.Baseline, _ = meanSpread(base)
		}
		var byTurn []float64
		for _, t := range turn {
			if len(t) > 0 {
				m, _ := meanSpread(t)
				byTurn = append(byTurn, m)
			}
		}
		_, ps.Spread = meanSpread(byTurn)
		turns = append(turns, byTurn)
		props = append(props, ps)
		all, allBase = append(all, ps.Score), append(allBase, ps.Baseline)
	}
	var o Overall
	o.Score, _ = meanSpread(all)
	o.Baseline, _ = meanSpread(allBase)
	var byTurn []float64
	for k := range splits {
		var m []float64
		for _, t := range turns {
			if k < len(t) {
				m = append(m, t[k])
			}
		}
		if len(m) > 0 {
			v, _ := meanSpread(m)
			byTurn = append(byTurn, v)
		}
	}
	_, o.Spread = meanSpread(byTurn)
	return o, props
}

// quote writes a name taken from data so that it can't be mistaken for text
// around it or upset a terminal.
func quote(s string) string {
	if plain(s) {
		return shorten(s, 40)
	}
	return strconv.Quote(shorten(s, 40))
}

func plain(s string) bool {
	if s == "" {
		return false
	}
	for _, r := range s {
		if r <= ' ' || r == '"' || r == ',' || !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}

// shorten cuts s to n characters.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
