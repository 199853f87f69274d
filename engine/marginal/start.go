package marginal

import (
	"math"

	"netshare/workspace/trace"
)

// When sessions begin is learnt in two steps: a window that holds nearly all of
// them, by cutting the time from 1970 on again and again, and a histogram of the
// window.
const (
	firstSpan   = 1 << 32 // seconds: 136 years
	lastSpan    = 1 << 60 // for times in other units, or of another zero
	windowCuts  = 16
	windowRun   = 4    // neighbouring parts that are the next window, at most
	windowHolds = .9   // of the sessions
	windowShare = .5   // of the budget, for windowMost cuts
	windowMost  = 16   // down to some milliseconds
	windowLeast = 1e-3 // seconds
	startCells  = 64
)

// span is an interval of time in seconds, up to but not hi.
type span struct{ lo, hi float64 }

// fitStart learns when sessions begin.
func (f *fitter) fitStart(a *attribute, values []weighted, rho float64) error {
	window, left, err := f.window(values, rho)
	if err != nil {
		return err
	}
	exact := make([]int64, startCells)
	for _, v := range values {
		if i := window.part(v.value.number, startCells); i >= 0 {
			exact[i] += v.weight
		}
	}
	noised, sigma, err := f.look.counts("session starts: histogram", left, 1, exact)
	if err != nil {
		return err
	}
	trim(noised, sigma, f.sessions)
	settle(noised, f.sessions)
	for i, x := range noised {
		if x > 0 {
			a.Leaves = append(a.Leaves, leaf{Kind: interval, Lo: window.at(i, startCells), Hi: window.at(i+1, startCells), Mass: x})
		}
	}
	return nil
}

// window finds an interval that holds nearly all starts, and returns what of the
// budget is left.
func (f *fitter) window(values []weighted, rho float64) (span, float64, error) {
	if t := f.model.Time; t.Bounded && t.Min < t.Max && !math.IsInf(float64(t.Min), 0) && !math.IsInf(float64(t.Max), 0) {
		unit := t.Unit.Seconds()
		return span{float64(t.Min) * unit, math.Nextafter(float64(t.Max)*unit, math.Inf(1))}, rho, nil // given by the recipe
	}
	each := rho * windowShare / windowMost
	// The first cut is by powers of sixteen.
	spans := []span{{0, firstSpan}}
	for hi := float64(firstSpan); hi < lastSpan; hi *= windowCuts {
		spans = append(spans, span{hi, hi * windowCuts})
	}
	best := 0
	if f.model.TimeType != trace.TypeTime { // a number may have another zero
		exact := make([]int64, len(spans))
		for _, v := range values {
			t := min(max(v.value.number, 0), lastSpan-1)
			for i, s := range spans {
				if t >= s.lo && t < s.hi {
					exact[i] += v.weight
				}
			}
		}
		noised, _, err := f.look.counts("session starts: age", each, 1, exact)
		if err != nil {
			return span{}, 0, err
		}
		rho -= each
		for i, x := range noised {
			if x > noised[best] {
				best = i
			}
		}
	}
	window := spans[best]
	for range windowMost - 1 {
		if window.hi-window.lo < windowLeast*windowCuts {
			break
		}
		exact := make([]int64, windowCuts)
		for _, v := range values {
			if i := window.part(v.value.number, windowCuts); i >= 0 {
				exact[i] += v.weight
			}
		}
		noised, _, err := f.look.counts("session starts: window", each, 1, exact)
		if err != nil {
			return span{}, 0, err
		}
		rho -= each
		from, n := shortest(noised, windowHolds*f.sessions)
		if n == 0 {
			break
		}
		window = span{window.at(from, windowCuts), window.at(from+n, windowCuts)}
	}
	return window, rho, nil
}

// shortest returns the shortest run of neighbours, of windowRun at most, that
// hold so much; none where no run does.
func shortest(x []float64, least float64) (from, n int) {
	for n := 1; n <= windowRun; n++ {
		best, most := -1, least
		for i := 0; i+n <= len(x); i++ {
			if s := sumOf(x[i : i+n]); s >= most {
				best, most = i, s
			}
		}
		if best >= 0 {
			return best, n
		}
	}
	return 0, 0
}

// at is where the i-th of n parts begins.
func (s span) at(i, n int) float64 { return s.lo + (s.hi-s.lo)*float64(i)/float64(n) }

// part returns which of n parts a time is in, -1 for none.
func (s span) part(t float64, n int) int {
	i := math.Floor((t - s.lo) / (s.hi - s.lo) * float64(n))
	if !(i >= 0 && i < float64(n)) {
		return -1
	}
	return int(i)
}
