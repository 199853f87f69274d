package engine_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"netshare/engine"
)

// count returns how many records there are, and their first and last time.
func count(l list) (records int, first, last float64) {
	first = math.Inf(1)
	last = math.Inf(-1)
	for _, s := range l {
		for _, rec := range s.Series {
			records++
			first, last = min(first, rec[0].(float64)), max(last, rec[0].(float64))
		}
	}
	return records, first, last
}

func TestExactlySoManyRecords(t *testing.T) {
	m := train(t, services(600), options(4))
	for _, n := range []int{1, 7, 500, 4000} {
		for _, given := range [][]string{nil, {"dport=443"}, {"dport=123 : 30%"}} {
			o := engine.DefaultGenerateOptions()
			o.Records, o.Given = n, given
			if got, _, _ := count(generate(t, m, o)); got != n {
				t.Errorf("given %v: made %d records, want %d", given, got, n)
			}
		}
	}
}

// TestWindow: sessions of any span of time, as many as the trace would have in
// it, and at no other time. The trace is of an hour and begins some seconds
// after 0.
func TestWindow(t *testing.T) {
	m := train(t, services(300), options(3))
	for _, c := range []struct {
		from, to string
		span     time.Duration
		lo, hi   float64
		sessions float64
	}{
		{"", "", 2 * time.Hour, 0, 7200, 600},
		{"3600", "", 0, 3600, 7200, 300},
		{"-1800", "1800", 0, -1800, 1800, 300},
		{"", "900", 0, 0, 900, 75},
		{"", "86400", time.Hour, 82800, 86400, 300},
		{"1970-01-01T10:00:00", "1970-01-01 12:00", 0, 36000, 43200, 600},
	} {
		for _, given := range [][]string{nil, {"dport=53"}} {
			o := engine.DefaultGenerateOptions()
			o.From, o.To, o.Span, o.Given = c.from, c.to, c.span, given
			out := generate(t, m, o)
			_, first, last := count(out)
			name := fmt.Sprintf("from %q to %q for %v, given %v", c.from, c.to, c.span, given)
			if first < c.lo-.001 || last > c.hi+40 || last-first > c.hi-c.lo+.001 || last-first < .7*(c.hi-c.lo) {
				t.Errorf("%s: records are from %.1f to %.1f, want %v to %v", name, first, last, c.lo, c.hi)
			}
			if d := float64(len(out))/c.sessions - 1; math.Abs(d) > .2 {
				t.Errorf("%s: made %d sessions, want about %v", name, len(out), c.sessions)
			}
			at := math.Inf(-1)
			for _, s := range out {
				if x := s.Series[0][0].(float64); x < at {
					t.Errorf("%s: a session at %v comes after one at %v", name, x, at)
				} else {
					at = x
				}
			}
		}
	}
	for _, c := range []struct {
		from, to string
		span     time.Duration
		message  string
	}{
		{"soon", "", 0, `"soon" is no time`},
		{"100", "50", 0, "must end after it begins"},
		{"0", "50", time.Hour, "two of them say all"},
		{"", "", -1, "span is -1ns"},
	} {
		o := engine.DefaultGenerateOptions()
		o.From, o.To, o.Span = c.from, c.to, c.span
		if _, err := m.Generate(context.Background(), o, new(list)); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("from %q to %q for %v: got error %v, want %q", c.from, c.to, c.span, err, c.message)
		}
	}
}
