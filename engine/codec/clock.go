package codec

import (
	"math"
	"time"

	"netshare/workspace/trace"
)

// Clock turns the trace's times, whatever holds them, into ticks since its
// first record, and back. A tick is the finest step that all times share, so
// that a trace in whole milliseconds is imitated in whole milliseconds.
type Clock struct {
	Type trace.Type
	Zero int64   // ticks since 1970, or since the column's own zero, of tick 0
	Step float64 // nanoseconds a tick of TypeTime, else units of the column a tick
	Last float64 // of the trace, in ticks
}

// steps are the resolutions tried for times that are not whole numbers.
var decimals = []float64{1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9}

// fitClock learns the clock of a trace from all its times.
func fitClock(t trace.Type, times []any) *Clock {
	c := &Clock{Type: t, Step: 1}
	var whole []int64
	if t == trace.TypeTime {
		for _, v := range times {
			if x, ok := v.(time.Time); ok {
				whole = append(whole, x.UnixNano())
			}
		}
	} else {
		c.Step = resolution(times)
		for _, v := range times {
			if x, ok := number(v); ok {
				whole = append(whole, int64(math.Round(x/c.Step)))
			}
		}
	}
	if len(whole) == 0 {
		return c
	}
	lo, hi := whole[0], whole[0]
	for _, x := range whole {
		lo, hi = min(lo, x), max(hi, x)
	}
	// Only what a person would have rounded to is a grid: powers of ten. A few
	// times off it are the noise of other programs' arithmetic.
	tick := int64(1)
	for tick < maxTick && onGrid(whole, tick*10) {
		tick *= 10
	}
	c.Step *= float64(tick)
	c.Zero = floorDiv(lo, tick)
	c.Last = float64(floorDiv(hi, tick) - c.Zero)
	return c
}

// maxTick is the coarsest grid: an hour in nanoseconds, in round figures.
const maxTick = 1_000_000_000_000

// onGrid reports whether nearly all times are multiples of tick.
func onGrid(times []int64, tick int64) bool {
	off := 0
	for _, x := range times {
		if x%tick != 0 {
			off++
		}
	}
	return off*100 <= len(times)
}

func floorDiv(x, d int64) int64 {
	q := x / d
	if x%d < 0 {
		q--
	}
	return q
}

// resolution returns the coarsest of 1, 0.1, ... 1e-9 of which nearly all
// values are multiples, up to the noise of binary fractions.
func resolution(values []any) float64 {
	for _, d := range decimals {
		off, n := 0, 0
		for _, v := range values {
			x, ok := number(v)
			if !ok {
				continue
			}
			n++
			q := x / d
			if math.Abs(q-math.Round(q)) > 1e-6+1e-15*math.Abs(q) {
				off++
			}
		}
		if off*1000 <= n {
			return d
		}
	}
	return decimals[len(decimals)-1]
}

// ticks returns a time on the clock; a missing time counts as the first.
func (c *Clock) ticks(v any) float64 {
	if c.Type == trace.TypeTime {
		if t, ok := v.(time.Time); ok {
			return float64(floorDiv(t.UnixNano()+int64(c.Step)/2, int64(c.Step)) - c.Zero)
		}
		return 0
	}
	x, ok := number(v)
	if !ok {
		return 0
	}
	return math.Round(x/c.Step) - float64(c.Zero)
}

// value is the way back of ticks.
func (c *Clock) value(ticks float64) any {
	switch c.Type {
	case trace.TypeTime:
		return time.Unix(0, (c.Zero+int64(math.Round(ticks)))*int64(c.Step)).UTC()
	case trace.TypeInt:
		return int64(math.Round((float64(c.Zero) + math.Round(ticks)) * c.Step))
	}
	n := float64(c.Zero) + math.Round(ticks)
	if c.Step < 1 { // divide by a whole number: multiples of 0.1 are no binary fractions
		return n / math.Round(1/c.Step)
	}
	return n * c.Step
}

// Times returns the times of a session's records, in ticks.
func (c *Clock) Times(records []trace.Row) []float64 {
	ts := make([]float64, len(records))
	for i, r := range records {
		ts[i] = c.ticks(r[0])
	}
	return ts
}

// stamp sets the records' times from the session's start and the gaps between
// records, in ticks of a clock that begins shift ticks after the trace. A session
// that would end after room ticks begins earlier, and one that is longer is
// compressed to it.
func (c *Clock) stamp(rows []trace.Row, start float64, gaps []float64, room, shift float64) {
	var span float64
	for i := 1; i < len(gaps); i++ {
		span += gaps[i]
	}
	scale := 1.0
	if span > room {
		scale = room / span
		span = room
	}
	t := min(max(start, 0), room-span)
	for i, r := range rows {
		if i > 0 {
			t += gaps[i] * scale
		}
		r[0] = c.value(min(t, room) + shift)
	}
}

// Ticks returns a time of the trace on the clock.
func (c *Clock) Ticks(v any) float64 { return c.ticks(v) }

// Tick is the length of a tick in seconds, of a trace with that time field.
func (c *Clock) Tick(f trace.Field) float64 {
	if c.Type == trace.TypeTime {
		return c.Step / 1e9
	}
	return c.Step * f.Unit.Seconds()
}
