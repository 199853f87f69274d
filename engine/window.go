package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"netshare/workspace/trace"
)

// window is the span of time that is generated, in ticks from the real trace's
// first record. Before and after the real trace its course repeats.
type window struct{ from, to float64 }

func (w window) span() float64 { return w.to - w.from }

// window returns what the options ask for; false for the real trace's own span.
func (m *Model) window(o GenerateOptions) (w window, asked bool, err error) {
	if o.From == "" && o.To == "" && o.Span == 0 {
		return w, false, nil
	}
	c := m.Codec.Clock
	if c == nil {
		return w, false, errors.New("the trace has no time column, so that it has no span of time to be generated")
	}
	if o.From != "" && o.To != "" && o.Span != 0 {
		return w, false, errors.New("from, to and span: two of them say all")
	}
	length := o.Span.Seconds() / c.Tick(m.Recipe.Time)
	if w.from, err = m.tick(o.From); err != nil {
		return w, false, err
	}
	switch {
	case o.To != "":
		if w.to, err = m.tick(o.To); err != nil {
			return w, false, err
		}
		if o.From == "" && o.Span != 0 {
			w.from = w.to - length
		}
	case o.Span != 0:
		w.to = w.from + length
	default:
		w.to = w.from + m.Codec.Span()
	}
	if !(w.to > w.from) {
		return w, false, fmt.Errorf("from %s to %s: the span that is generated must end after it begins", o.From, o.To)
	}
	return w, true, nil
}

// tick reads a time as the trace has them, or as a date and time of day where
// the trace counts from 1970; "" is the trace's first.
func (m *Model) tick(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	c, f := m.Codec.Clock, m.Recipe.Time
	if c.Type != trace.TypeTime {
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			return c.Ticks(x), nil
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if c.Type == trace.TypeTime {
			return c.Ticks(t.UTC()), nil
		}
		return c.Ticks(float64(t.UnixNano()) / 1e9 / f.Unit.Seconds()), nil
	}
	return 0, fmt.Errorf("%q is no time: want one such as 2006-01-02 15:04:05, or as the column %s has it", text, f.Name)
}

// before is the share of the sessions that begin in the trace before a time.
func (a *arrivals) before(t float64) float64 {
	k := len(a.Gaps)
	i, found := slices.BinarySearch(a.Edges, t)
	switch {
	case found && i < k:
		return float64(i) / float64(k)
	case i == 0:
		return 0
	case i >= len(a.Edges):
		return 1
	}
	lo, hi := a.Edges[i-1], a.Edges[i]
	return (float64(i-1) + (t-lo)/max(hi-lo, 1)) / float64(k)
}

// during is how many times all sessions of the trace begin in a window, in which
// the trace of a given length repeats.
func (a *arrivals) during(w window, length float64) float64 {
	upTo := func(t float64) float64 {
		whole := math.Floor(t / length)
		return whole + a.before(t-whole*length)
	}
	return upTo(w.to) - upTo(w.from)
}

// drawIn returns n starts in a window, ascending, in ticks from the window's
// begin; nil where nothing was learnt.
func (a *arrivals) drawIn(w window, length float64, n int, r *rand.Rand) []float64 {
	share := 0.
	if len(a.Gaps) > 0 {
		share = a.during(w, length)
	}
	if share <= 0 {
		return nil
	}
	each := max(1, int(math.Ceil(float64(n)/share)))
	var out []float64
	for round := 0; len(out) < n && round < 100; round++ {
		for k := math.Floor(w.from / length); k*length < w.to; k++ {
			for _, s := range a.draw(each, r) {
				if at := s + k*length - w.from; at >= 0 && at <= w.span() {
					out = append(out, at)
				}
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	for len(out) < n { // a window in which hardly any session begins
		out = append(out, out[r.IntN(len(out))])
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	out = out[:n]
	slices.Sort(out)
	return out
}

// move takes a start on the trace's clock into a window, from the window's begin:
// at the same place of a repetition of the trace, or where none is in the window
// at the same part of the way through it.
func (w window) move(start, length float64, r *rand.Rand) float64 {
	first := math.Ceil((w.from - start) / length)
	last := math.Floor((w.to - start) / length)
	if last < first {
		return start / length * w.span()
	}
	return start + (first+float64(r.IntN(int(last-first)+1)))*length - w.from
}

// recordsOf brings sessions to so many records: whole ones are left out at
// random, and one is cut. They must have as many.
func recordsOf(made []candidate, records, width int, r *rand.Rand) []candidate {
	have := 0
	for _, c := range made {
		have += c.Records
	}
	gone := map[int]bool{}
	for _, i := range r.Perm(len(made)) {
		over := have - records
		if over <= 0 {
			break
		}
		if c := &made[i]; c.Records <= over {
			gone[i] = true
			have -= c.Records
		} else {
			c.Records -= over
			c.series = c.series[:c.Records*width]
			have -= over
		}
	}
	kept := made[:0]
	for i, c := range made {
		if !gone[i] {
			kept = append(kept, c)
		}
	}
	return kept
}
