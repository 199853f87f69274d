package eval_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"netshare/eval"
	"netshare/workspace/trace"
)

// drawn is a table whose two columns go together in a way that mood settles.
func drawn(t *testing.T, name string, n int, mood, seed uint64) *eval.Trace {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	out := eval.NewTrace(name, []trace.Column{
		{Name: "kind", Type: trace.TypeText, Kind: trace.KindCategory},
		{Name: "size", Type: trace.TypeReal, Kind: trace.KindReal},
	})
	for range n {
		k := r.IntN(4)
		if err := out.Append(trace.Row{string(rune('a' + k)), float64((k+int(mood))%4)*100 + r.NormFloat64()}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestAgainstHoldout(t *testing.T) {
	ctx := context.Background()
	opts := eval.DefaultOptions()
	learnt := drawn(t, "learnt", 600, 0, 1)
	for _, c := range []struct {
		name    string
		holdout *eval.Trace
		synth   *eval.Trace
		want    string
	}{
		{"all alike", drawn(t, "holdout", 200, 0, 2), drawn(t, "synth", 600, 0, 3), "is as close to records that nothing was learnt of"},
		{"another holdout", drawn(t, "holdout", 200, 1, 2), drawn(t, "synth", 600, 0, 3), "the parts differ themselves"},
	} {
		r, err := eval.Compare(ctx, learnt, c.synth, opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Against(ctx, learnt, c.holdout, c.synth, opts); err != nil {
			t.Fatal(err)
		}
		if got := r.Holdout.Words(r.Overall); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		var b strings.Builder
		if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), "200 records held out") {
			t.Errorf("%s: %v, %s", c.name, err, b.String())
		}
	}
}
