package terminal

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"netshare/workspace"
	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// TestDrawChart holds that every kind of chart is drawn in characters as wide
// as was asked for and no wider.
func TestDrawChart(t *testing.T) {
	ws, err := workspace.Open(t.Context(), filepath.Join(t.TempDir(), "lab.duckdb"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	r := notebook.NewRunner(ws, notebook.NewJobs(), "terminal")
	defer r.Close()
	for _, sql := range []string{`create table raw.t as select i as n, i % 4 as k, 'v' || (i % 3) as s, i / 10 as x,
		make_timestamp(1700000000000000 + i * 1000000) as at from range(100) r(i)`, "create table synth.t as select * from raw.t where n < 50"} {
		result, err := ws.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		result.Close()
	}
	for _, text := range []string{"cdf of n in t", "histogram of n in t", "histogram of n in t, synth.t", "bar of s in t, synth.t", "line of records by at in t", "scatter of n by k in t", "heat of s and k in t"} {
		f, err := r.Plot(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{40, 80} {
			var b bytes.Buffer
			drawChart(&b, f.Chart, chartStyle{title: text, width: width})
			for line := range strings.Lines(b.String()) {
				if w := render.Width(strings.TrimRight(line, "\n")); w > width+8 {
					t.Errorf("%s at width %d has a line of %d: %s", text, width, w, line)
				}
			}
		}
	}
}
