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

func TestWord(t *testing.T) {
	for word, want := range map[string]string{"batchsize": "batch_size", "bacth_size": "batch_size", "zzz": "", "Batch_Size": "batch_size"} {
		if got := Word(word, []string{"batch_size", "epochs"}); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}
