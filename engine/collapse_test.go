package engine

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"netshare/engine/dgan"
	"netshare/workspace/trace"
)

// states is a trace of so many records, each a session.
type states int

func (n states) Sessions(context.Context) iter.Seq2[trace.Session, error] {
	return func(yield func(trace.Session, error) bool) {
		for i := range int(n) {
			s := trace.Session{Meta: trace.Row{[]any{"up", "down", "idle"}[i%3], float64(i) / 7}, Series: []trace.Row{{nil}}}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// statesLoop prepares the training on states.
func statesLoop(t *testing.T, o Options) *loop {
	t.Helper()
	r := trace.Recipe{Name: "states", Key: []string{}, Metadata: []trace.Field{trace.Category("state"), trace.Real("x")}}
	_, loops, err := newLoops(t.Context(), states(200), &r, map[string]trace.Type{"state": trace.TypeText, "x": trace.TypeReal}, o, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return loops[0]
}

// TestCollapse: where sessions are too alike, measurement after measurement, the
// run ends with the networks of before.
func TestCollapse(t *testing.T) {
	ctx := t.Context()
	l := statesLoop(t, DefaultOptions())
	m := l.m
	if e, err := l.measure(ctx); e != nil || err != nil || m.at.Kept.Networks == nil {
		t.Fatalf("%v, %v", e, err)
	}
	m.at.Kept.Iteration = -1
	l.yardstick.kinds *= 1000 // as if real sessions were of so many kinds more
	for i := 1; i < collapses; i++ {
		if e, err := l.measure(ctx); e != nil || err != nil {
			t.Fatalf("measurement %d: %v, %v", i, e, err)
		}
	}
	e, err := l.measure(ctx)
	if err != nil || e == nil || !e.spoilt {
		t.Fatalf("%v, %v", e, err)
	}
	if err := l.finish(e); err != nil || !strings.Contains(m.Ended, "collapsed") || !strings.Contains(m.Ended, "iteration -1") {
		t.Errorf("%v, %q", err, m.Ended)
	}
}

// TestDivergenceFallsBack: a loss that is no number leaves the last networks
// that were measured, where there are any.
func TestDivergenceFallsBack(t *testing.T) {
	for _, measure := range []int{0, 1} {
		o := DefaultOptions()
		o.Epochs, o.Measures, o.MeasureEpochs, o.GAN.CriticRate = 6, 0, measure, 1
		l := statesLoop(t, o)
		l.hooks.Progress = func(p Progress) error {
			if p.EpochEnded && p.Epoch == 3 { // no number of a real trace is as large
				for i := range l.data.Len() {
					code := l.data.coded(i)[1:]
					for k, h := range l.data.meta {
						if h.Classes == 0 {
							code[k] = 3e38
						}
					}
				}
			}
			return nil
		}
		err := l.run(t.Context())
		if measure == 0 {
			if !errors.Is(err, dgan.ErrDiverged) {
				t.Errorf("the error is %v", err)
			}
			continue
		}
		if err != nil || l.m.Epochs != 3 || !strings.Contains(l.m.Ended, "epoch 4, iteration 7: ") || !strings.Contains(l.m.Ended, "the model is that of iteration 6 in epoch 3") {
			t.Fatalf("%v; model of epoch %d, ended with %q", err, l.m.Epochs, l.m.Ended)
		}
		n := 0
		_, err = l.m.Generate(t.Context(), DefaultGenerateOptions(), count(func() { n++ }))
		if err != nil || n != 200 {
			t.Errorf("made %d sessions, %v", n, err)
		}
	}
}

// count is a Sink that counts.
type count func()

func (c count) Write(context.Context, trace.Session) error { c(); return nil }
