package eval

import (
	"strings"
	"testing"
)

func TestTheReportSaysWhereNoiseHidesPairs(t *testing.T) {
	for _, c := range []struct {
		value, independent float64
		private, told      bool
	}{{.3, .2, true, true}, {.1, .2, true, false}, {.3, .2, false, false}} {
		r := &Report{TwoWay: &TwoWay{Value: c.value, Independent: c.independent}}
		if c.private {
			r.Guarantee = &Guarantee{Epsilon: 1, Means: "one session"}
		}
		var b strings.Builder
		if err := r.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "the noise hides what goes together"); got != c.told {
			t.Errorf("%+v: told %v in %s", c, got, b.String())
		}
	}
}
