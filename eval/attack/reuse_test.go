package attack

import (
	"fmt"
	"math"
	"testing"
)

// names are identifiers prefix from..to-1.
func names(prefix string, from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(prefix, i))
	}
	return out
}

func join(lists ...[]string) []string {
	var out []string
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

func TestMeasureReuse(t *testing.T) {
	train, holdout := names("t", 0, 1000), names("h", 0, 1000)
	fresh := names("s", 0, 1000)
	for _, c := range []struct {
		name                      string
		train, holdout, synthetic []string
		want                      Verdict
	}{
		{"a twentieth copied", train, holdout, join(fresh[:950], train[:50]), Fail},
		{"all copied", train, holdout, train, Fail},
		{"nothing shared", train, holdout, fresh, Pass},
		{"as much of the holdout as of the training data", train, holdout, join(fresh, train[:40], holdout[:40]), Pass},
		{"a small holdout weighs by its size", train, holdout[:100], join(fresh, train[:100], holdout[:10]), Pass},
		{"known to both sides", join(train, names("b", 0, 50)), join(holdout, names("b", 0, 50)), join(fresh, names("b", 0, 50)), Pass},
		{"no holdout", train, nil, fresh, Undecided},
		{"nothing synthetic", train, holdout, nil, Undecided},
		{"too few hits to tell", train, holdout, join(fresh, train[:3]), Undecided},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := MeasureReuse(c.train, c.holdout, c.synthetic)
			if got.Verdict != c.want {
				t.Errorf("verdict %d, want %d: %+v", got.Verdict, c.want, got)
			}
			if got.Low > got.Share || got.Share > got.High {
				t.Errorf("share %g is outside its interval %g to %g", got.Share, got.Low, got.High)
			}
		})
	}
}

// The exact interval of 0 of n is known in closed form: 1 - (level)^(1/n) at its upper end.
func TestClopperPearson(t *testing.T) {
	low, high := clopperPearson(0, 10)
	if want := 1 - math.Pow(level, 0.1); low != 0 || math.Abs(high-want) > 1e-9 {
		t.Errorf("0 of 10: %g to %g, want 0 to %g", low, high, want)
	}
}
