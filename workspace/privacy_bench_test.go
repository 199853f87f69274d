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

// BenchmarkPrivateModels sets models side by side on real traces: noised counts,
// networks of noised gradients, and those learnt first on a public trace of the
// same kind, at three budgets; noised columns each on their own; and the networks
// without privacy. Figures are two-way total variations, of two real halves and
// of independent real columns too. Run it with -benchtime 1x.
func BenchmarkPrivateModels(b *testing.B) {
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "shared", "data")
	}
	private := func(epsilon float64) engine.DP {
		return engine.DP{Budget: privacy.Budget{Epsilon: epsilon, Delta: 1e-5}}
	}
	type model struct {
		name string
		dp   engine.DP
	}
	var models []model
	for _, epsilon := range []float64{1, 2, 8} {
		d := private(epsilon)
		models = append(models, model{fmt.Sprintf("marginal/epsilon=%g", epsilon), d})
		d.Model, d.Force = engine.DPGAN, true
		models = append(models, model{fmt.Sprintf("gan/epsilon=%g", epsilon), d})
		d.Pretrain = "public" // the table that benchmarkPrivate loads
		models = append(models, model{fmt.Sprintf("pretrained/epsilon=%g", epsilon), d})
	}
	columns := private(2)
	columns.ColumnsOnly = true
	models = append(models, model{"columns/epsilon=2", columns}, model{"gan/public", engine.DP{}})
	for _, trace := range []struct{ file, public, protocol string }{
		{"flow-ctu-binetflow/test2-malicious.binetflow", "flow-ctu-binetflow/test3-mixed.binetflow", ""},
		{"zeek-zat-tsv-json/conn.log", "pcap-ctu-malware/test7-malicious.pcap", "conn"},
	} {
		file := filepath.Join(data, filepath.FromSlash(trace.file))
		public := workspace.Load{Table: "public", Files: []string{filepath.Join(data, filepath.FromSlash(trace.public))}}
		if trace.protocol != "" {
			public.Protocols = []string{trace.protocol}
		}
		for _, m := range models {
			b.Run(fmt.Sprintf("%s/%s", filepath.Base(file), m.name), func(b *testing.B) {
				if _, err := os.Stat(file); err != nil {
					b.Skipf("no real trace at %s: set NETSHARE_DATA", file)
				}
				for b.Loop() {
					benchmarkPrivate(b, file, public, m.dp)
				}
			})
		}
	}
}

func benchmarkPrivate(b *testing.B, file string, public workspace.Load, dp engine.DP) {
	ctx := context.Background()
	ws, err := workspace.Open(ctx, filepath.Join(b.TempDir(), "lab.duckdb"), nil)
	if err != nil {
		b.Fatal(err)
	}
	if dp.Pretrain != "" {
		if _, err := ws.Load(ctx, public); err != nil {
			b.Fatal(err)
		}
	}
	s := workspace.Synth{Load: workspace.Load{Files: []string{file}}, Train: engine.DefaultOptions()}
	s.Train.DP, s.Generate.Options = dp, engine.DefaultGenerateOptions()
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
