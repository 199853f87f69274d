package workspace

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// RealTraces are the real traces that models are measured on.
var RealTraces = []string{
	"flow-ugr16-small/raw.csv",
	"pcap-caida-backbone/raw.pcap",
	"zeek-modbus-json/original.log",
	"flow-ctu-binetflow/test2-malicious.binetflow",
	"events-lanl-cyber/auth.csv",
	"zeek-wrccdc-tsv-json/tsv/dns.log",
	"events-process-mining/receipt.csv",
}

// generatedIterations is how long the models are learnt: enough for sessions of
// the real lengths whose records mostly keep the rules, on which speed depends.
const generatedIterations = 600

// BenchmarkGenerate measures, in records a second, how fast a model of each
// real trace makes records: "sample" 100,000 that the networks make, decoded;
// "calibrated" with all that brings them to the real trace, as many as that has;
// "table" the same as ws generate does it, into a table of the workspace; and
// "calibrated/100000" so many, but for -short. -bench Generate/TRACE takes one
// trace. Run it with -benchtime 1x -timeout 0.
func BenchmarkGenerate(b *testing.B) {
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "shared", "data")
	}
	const many = 100_000
	for _, name := range RealTraces {
		b.Run(strings.ReplaceAll(name, "/", "_"), func(b *testing.B) {
			ctx := context.Background()
			file := filepath.Join(data, filepath.FromSlash(name))
			if _, err := os.Stat(file); err != nil {
				b.Skipf("no real trace at %s: set NETSHARE_DATA", file)
			}
			ws, err := Open(ctx, filepath.Join(b.TempDir(), "lab.duckdb"), nil)
			if err != nil {
				b.Fatal(err)
			}
			defer ws.Close()
			if _, err := ws.Load(ctx, Load{Files: []string{file}, Table: "t"}); err != nil {
				b.Fatal(err)
			}
			opts := engine.DefaultOptions()
			opts.Iterations, opts.Measures = generatedIterations, 0
			trained, err := ws.Train(ctx, "t", opts, engine.Hooks{})
			if err != nil {
				b.Fatal(err)
			}
			kept, err := ws.db.Model(ctx, trained.ID)
			if err != nil {
				b.Fatal(err)
			}
			model := new(engine.Model)
			if err := model.UnmarshalBinary(kept.Data); err != nil {
				b.Fatal(err)
			}
			measure := func(name string, records int, raw bool, generate func(engine.GenerateOptions) (engine.Generated, error)) {
				b.Run(name, func(b *testing.B) {
					made := 0
					for b.Loop() {
						opts := engine.DefaultGenerateOptions()
						opts.Records, opts.Raw = records, raw
						g, err := generate(opts)
						if err != nil {
							b.Fatal(err)
						}
						made += g.Records
					}
					b.ReportMetric(float64(made)/b.Elapsed().Seconds(), "records/s")
				})
			}
			away := func(o engine.GenerateOptions) (engine.Generated, error) { return model.Generate(ctx, o, nowhere{}) }
			if _, err := model.Generate(ctx, engine.GenerateOptions{Sessions: 1, Raw: true}, nowhere{}); err != nil { // networks are frozen once
				b.Fatal(err)
			}
			measure("sample", many, true, away)
			measure("calibrated", 0, false, away)
			measure("table", 0, false, func(o engine.GenerateOptions) (engine.Generated, error) {
				made, err := ws.Generate(ctx, trained.ID, Generate{Table: "s", Replace: true, Options: o})
				return made.Generated, err
			})
			if !testing.Short() {
				measure("calibrated/100000", many, false, away)
			}
		})
	}
}

// nowhere takes sessions and forgets them.
type nowhere struct{}

func (nowhere) Write(context.Context, trace.Session) error { return nil }
