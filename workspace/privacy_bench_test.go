package workspace_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"netshare/engine"
	"netshare/engine/privacy"
	"netshare/workspace"
)

// BenchmarkPrivateModels sets models side by side on real traces: noised counts
// at three budgets, noised columns each on their own, and the networks without
// privacy. Figures are two-way total variations, of two real halves and of
// independent real columns too. Run it with -benchtime 1x.
func BenchmarkPrivateModels(b *testing.B) {
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "shared", "data")
	}
	private := func(epsilon float64, alone bool) engine.DP {
		return engine.DP{Budget: privacy.Budget{Epsilon: epsilon, Delta: 1e-5}, ColumnsOnly: alone}
	}
	models := []struct {
		name string
		dp   engine.DP
	}{
		{"marginal/epsilon=1", private(1, false)},
		{"marginal/epsilon=2", private(2, false)},
		{"marginal/epsilon=8", private(8, false)},
		{"columns/epsilon=2", private(2, true)},
		{"gan", engine.DP{}},
	}
	for _, trace := range []string{"flow-ctu-binetflow/test2-malicious.binetflow", "zeek-zat-tsv-json/conn.log"} {
		file := filepath.Join(data, filepath.FromSlash(trace))
		for _, m := range models {
			b.Run(fmt.Sprintf("%s/%s", filepath.Base(file), m.name), func(b *testing.B) {
				if _, err := os.Stat(file); err != nil {
					b.Skipf("no real trace at %s: set NETSHARE_DATA", file)
				}
				ctx := context.Background()
				for b.Loop() {
					ws, err := workspace.Open(ctx, filepath.Join(b.TempDir(), "lab.duckdb"), nil)
					if err != nil {
						b.Fatal(err)
					}
					s := workspace.Synth{Load: workspace.Load{Files: []string{file}}, Train: engine.DefaultOptions()}
					s.Train.DP, s.Generate.Options = m.dp, engine.DefaultGenerateOptions()
					done, err := ws.Synth(ctx, s)
					if err != nil {
						b.Fatal(err)
					}
					if done.Report.TwoWay == nil {
						b.Fatal("the report has no two-way total variation")
					}
					b.ReportMetric(done.Report.TwoWay.Value, "two-way")
					b.ReportMetric(done.Report.TwoWay.Half, "real-half")
					b.ReportMetric(done.Report.TwoWay.Independent, "independent")
					if err := ws.Close(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
