package workspace_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace"
	"netshare/workspace/trace"
)

// flowsCSV writes a small trace of made-up flows and returns its path.
func flowsCSV(t testing.TB, dir string) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("srcip,dstip,srcport,dstport,proto,ts,td,pkt,byt,type\n")
	ts := int64(1741075200000000)
	for range 300 {
		ts += r.Int64N(2000) * 1000
		port, proto, kind := 443, "TCP", "background"
		if r.IntN(3) == 0 {
			port, proto = 53, "UDP"
		} else if r.IntN(10) == 0 {
			port, kind = 22, "sshguess"
		}
		pkt := 1 + r.IntN(20)
		fmt.Fprintf(&b, "10.0.%d.%d,192.0.2.%d,%d,%d,%s,%d,%.3f,%d,%d,%s\n", r.IntN(2), 1+r.IntN(40), 1+r.IntN(5),
			49152+r.IntN(16000), port, proto, ts, float64(r.IntN(5000))/1000, pkt, pkt*(40+r.IntN(900)), kind)
	}
	path := filepath.Join(dir, "flows.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func quick() engine.Options {
	o := engine.DefaultOptions()
	o.Epochs = 2
	o.GAN.MetaUnits, o.GAN.CriticUnits, o.GAN.AttributeCriticUnits, o.GAN.LSTMUnits = 32, 32, 32, 16
	return o
}

func open(t testing.TB, path string) *workspace.Workspace {
	t.Helper()
	ws, err := workspace.Open(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// TestFromFileToMeasuredTrace does all steps as a program would.
func TestFromFileToMeasuredTrace(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	ws := open(t, filepath.Join(dir, "lab.duckdb"))
	defer ws.Close()
	loaded, err := ws.Load(ctx, workspace.Load{Files: []string{flowsCSV(t, dir)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(loaded.Recipe.Key, " "); got != "srcip dstip srcport dstport proto" || loaded.Recipe.Time.Name != "ts" {
		t.Errorf("inferred key %q and time %q", got, loaded.Recipe.Time.Name)
	}
	model, err := ws.Train(ctx, "flows", quick(), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := ws.Generate(ctx, model.ID, workspace.Generate{Options: engine.DefaultGenerateOptions()})
	if err != nil {
		t.Fatal(err)
	}
	if made.Table.Name.String() != "synth.flows" || made.Table.Rows < 270 || made.Table.Rows > 330 {
		t.Errorf("made %s of %d records, want synth.flows of about 300", made.Table.Name, made.Table.Rows)
	}
	report, err := ws.Report(ctx, "flows", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Write(filepath.Join(dir, "report")); err != nil {
		t.Fatal(err)
	}
	var saved struct {
		Overall struct{ Score, Spread *float64 } `json:"overall"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "report", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &saved); err != nil || saved.Overall.Score == nil || saved.Overall.Spread == nil {
		t.Errorf("report.json has no overall score and spread: %v", err)
	}
	for _, ext := range []string{"csv", "parquet", "jsonl"} {
		e, err := ws.Export(ctx, "flows", filepath.Join(dir, "out."+ext))
		if err != nil || e.Rows != made.Table.Rows {
			t.Errorf("export to %s: %d records, %v", ext, e.Rows, err)
		}
	}
	// What comes in and goes out untouched is equal.
	if _, err := ws.Export(ctx, "raw.flows", filepath.Join(dir, "again.csv")); err != nil {
		t.Fatal(err)
	}
	in, _ := os.ReadFile(filepath.Join(dir, "flows.csv"))
	out, _ := os.ReadFile(filepath.Join(dir, "again.csv"))
	if string(in) != string(out) {
		t.Error("the real trace is written otherwise than it was read")
	}
	runs, err := ws.Runs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, verb := range []string{"load", "train", "generate", "report"} {
		if i >= len(runs) || runs[i].Verb != verb || runs[i].Status != "done" {
			t.Errorf("run %d is not a %s that is done: %+v", i, verb, runs)
		}
	}
}

// TestRecipeWithFunctions: parse functions settle what is loaded, transforms
// what is learnt, format functions what is written.
func TestRecipeWithFunctions(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	codes := map[string]int64{"TCP": 6, "UDP": 17}
	each := func(f func(float64) float64) func([]float64) []float64 {
		return func(in []float64) []float64 {
			out := make([]float64, len(in))
			for i, x := range in {
				out[i] = f(x)
			}
			return out
		}
	}
	recipe := &trace.Recipe{
		Name: "flows", Time: trace.Epoch("ts", trace.Microsecond),
		Metadata: []trace.Field{
			trace.IP("srcip"), trace.IP("dstip"), trace.Port("dstport"),
			trace.Category("proto").Parse(func(s string) (int64, error) {
				if c, ok := codes[s]; ok {
					return c, nil
				}
				return 0, errors.New("no protocol")
			}).Format(func(c int64) string {
				if c == 6 {
					return "TCP"
				}
				return "UDP"
			}),
		},
		Series: []trace.Field{trace.Integer("byt").Range(0, 15000).Transform(each(math.Log1p), each(math.Expm1))},
	}
	ws := open(t, filepath.Join(dir, "lab.duckdb"))
	defer ws.Close()
	loaded, err := ws.Load(ctx, workspace.Load{Files: []string{flowsCSV(t, dir)}, Recipe: recipe})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Rejected == 0 || loaded.Table.Rows+loaded.Rejected != 300 {
		t.Errorf("%d records loaded and %d rejected, want 300 in all, some out of range", loaded.Table.Rows, loaded.Rejected)
	}
	if got := strings.Join(loaded.Table.Schema.Names(), " "); got != "srcip dstip dstport proto ts byt" {
		t.Errorf("columns %s, want those declared in the file's order", got)
	}
	model, err := ws.Train(ctx, "flows", quick(), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ws.Generate(ctx, model.ID, workspace.Generate{Options: engine.DefaultGenerateOptions()}); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.csv")
	if _, err := ws.Export(ctx, "flows", out); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		cells := strings.Split(line, ",")
		var bytes int
		if _, err := fmt.Sscan(cells[5], &bytes); err != nil || bytes < 0 || bytes > 15000 || cells[3] != "TCP" && cells[3] != "UDP" {
			t.Fatalf("line %d: %s", i+2, line)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	flows := flowsCSV(t, dir)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ws := open(t, filepath.Join(dir, "lab.duckdb"))
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Files: []string{flows}}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		do   func() error
		want string
	}{
		{"the table is there", func() error { _, err := ws.Load(ctx, workspace.Load{Files: []string{flows}}); return err }, "raw.flows"},
		{"no file", func() error { _, err := ws.Load(ctx, workspace.Load{}); return err }, "no file to load"},
		{"other columns", func() error {
			_, err := ws.Load(ctx, workspace.Load{Table: "x", Files: []string{flows, write("other.csv", "a,b\n1,2\n")}})
			return err
		}, "several kinds of trace"},
		{"text named pcap", func() error {
			_, err := ws.Load(ctx, workspace.Load{Files: []string{write("x.pcap", "hello\n")}})
			return err
		}, "not a pcap"},
		{"no such field", func() error {
			r := &trace.Recipe{Series: []trace.Field{trace.Real("nope")}}
			_, err := ws.Load(ctx, workspace.Load{Table: "x", Files: []string{flows}, Recipe: r})
			return err
		}, `field "nope" is no column`},
		{"synth is not loaded into", func() error {
			_, err := ws.Load(ctx, workspace.Load{Table: "synth.x", Files: []string{flows}})
			return err
		}, "schema raw"},
		{"no model", func() error { _, err := ws.ModelOf(ctx, 0, "flows"); return err }, "train one first"},
		{"no synthetic table", func() error { _, err := ws.Report(ctx, "flows", ""); return err }, "synth.flows"},
		{"odd extension", func() error { _, err := ws.Export(ctx, "raw.flows", filepath.Join(dir, "no", "x.csv")); return err }, "does not exist"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.do()
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line that says %q", err, tc.want)
			}
		})
	}
	tables, err := ws.Tables(ctx)
	if err != nil || len(tables) != 1 {
		t.Errorf("%d tables are left, want that of the first load: %v", len(tables), err)
	}
}
