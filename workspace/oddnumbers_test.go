package workspace_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace"
)

// TestNumbersWithInfinities: numbers among which a file writes NaN and infinities
// are learnt and measured as numbers; these come back as they are written, about as
// often, and none where the real trace has none.
func TestNumbersWithInfinities(t *testing.T) {
	dir, r := t.TempDir(), rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("ts,srcip,dstport,rate,size\n")
	odd := map[string]int{}
	for i := range 800 {
		rate := strconv.FormatFloat(math.Round(1e3*math.Exp(6+2*r.NormFloat64()))/1e3, 'f', 3, 64)
		if u := r.IntN(20); u < 3 {
			rate = []string{"Infinity", "Infinity", "NaN"}[u]
			odd[rate]++
		}
		fmt.Fprintf(&b, "%d,10.0.%d.%d,%d,%s,%d.5\n", 1700000000+i, i/250, i%250, []int{53, 80, 443}[i%3], rate, r.IntN(500))
	}
	file := filepath.Join(dir, "rates.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	ws := open(t, filepath.Join(dir, "lab.duckdb"))
	defer ws.Close()
	o := quick()
	o.Epochs = 20
	out, err := ws.Synth(t.Context(), workspace.Synth{Load: workspace.Load{Files: []string{file}}, Train: o, Generate: workspace.Generate{Options: engine.DefaultGenerateOptions()}, Output: filepath.Join(dir, "synth.csv")})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "synth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]int{}
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		cells := strings.Split(line, ",")
		x, err := strconv.ParseFloat(cells[3], 64)
		if err != nil {
			t.Fatalf("record %d has the rate %q", i+1, cells[3])
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			made[cells[3]]++
		}
		if size, err := strconv.ParseFloat(cells[4], 64); err != nil || math.IsNaN(size) || math.IsInf(size, 0) {
			t.Fatalf("record %d has the size %q", i+1, cells[4])
		}
	}
	for word, want := range odd {
		if n := made[word]; n < want/2 || n > 2*want {
			t.Errorf("%s is there %d times, in the real trace %d", word, n, want)
		}
	}
	if len(made) != 2 {
		t.Errorf("numbers that are none: %v, want those of the real trace, %v", made, odd)
	}
	for _, s := range out.Report.Scores {
		if s.Target == "rate" && s.Metric == "emd" && s.Computed {
			return
		}
	}
	t.Error("rates are not compared as numbers")
}
