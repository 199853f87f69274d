package near

import "testing"

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"flows", "flows", 0},
		{"Flows", "fLOWS", 0},
		{"", "dns", 3},
		{"flow", "flows", 1},
		{"batch_sise", "batch_size", 1},
		{"encodnig", "encoding", 1},
		{"bits", "bit", 1},
		{"conn", "dns", 3},
	} {
		if got := Distance(c.a, c.b); got != c.want || Distance(c.b, c.a) != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
