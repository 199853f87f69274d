package workspace_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/eval/attack"
	"netshare/workspace"
)

// run runs statements in a workspace.
func run(t testing.TB, ws *workspace.Workspace, sql string) {
	t.Helper()
	res, err := ws.Query(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	res.Close()
}

// threeParts loads a trace and splits it into raw.a, which is taken for learnt,
// raw.h, which is held out, and raw.b, which nobody knows.
func threeParts(t testing.TB, ws *workspace.Workspace, by string, files ...string) {
	t.Helper()
	ctx := context.Background()
	if _, err := ws.Load(ctx, workspace.Load{Table: "all", Files: files}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []workspace.Split{
		{Table: "all", By: by, Share: .33, Seed: 5, Train: "rest", Holdout: "b"},
		{Table: "rest", By: by, Share: .5, Seed: 5, Train: "a", Holdout: "h"},
	} {
		if _, err := ws.Split(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
}

func audited(t testing.TB, ws *workspace.Workspace, synthetic string) workspace.Audited {
	t.Helper()
	a, err := ws.Audit(context.Background(), workspace.Audit{Real: "a", Synthetic: synthetic, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := a.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %s", synthetic, b.String())
	return a
}

func block(a workspace.Audited, name string) attack.Block {
	for _, b := range a.Blocks {
		if b.Name == name {
			return b
		}
	}
	return attack.Block{}
}

// A part of the real trace that nobody knows passes where it is taken for a
// synthetic one; the same with a twentieth of what was learnt in it, and what
// was learnt itself, fail.
func leaksAreFound(t *testing.T, ws *workspace.Workspace) {
	t.Helper()
	run(t, ws, "create table synth.innocent as from raw.b")
	run(t, ws, "create table synth.leak as from raw.b union all (from raw.a order by hash(rowid) limit (select count(*) // 20 from raw.b))")
	run(t, ws, "create table synth.heart as from raw.a")
	if a := audited(t, ws, "innocent"); a.Verdict == attack.Fail {
		t.Error("real records that nobody knows fail: ", a.Words)
	}
	for _, name := range []string{"leak", "heart"} {
		// A twentieth of the records may be no whole session where those are long.
		if a := audited(t, ws, name); a.Verdict != attack.Fail || name == "heart" && block(a, "copies").Verdict != attack.Fail {
			t.Errorf("%s: %s, %s", name, a.Verdict, a.Words)
		}
	}
}

func TestAuditOfGeneratedTraffic(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	ws := open(t, filepath.Join(dir, "w.duckdb"))
	defer ws.Close()
	threeParts(t, ws, "", "../testdata/netflow.csv")
	leaksAreFound(t, ws)

	a, err := ws.Audit(ctx, workspace.Audit{Real: "a", Synthetic: "heart", Addresses: workspace.AddressesKeepStructure, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if words := block(a, "reuse").Words; strings.Contains(words, "addresses") || strings.Contains(words, "pairs") {
		t.Error("addresses that are replaced are found all the same: ", block(a, "reuse").Words)
	}
	if err := a.Write(filepath.Join(dir, "audit")); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(filepath.Join(dir, "audit", "audit.html"))
	if err != nil || !strings.Contains(string(html), "There is no formal guarantee") || !strings.Contains(string(html), "copies") {
		t.Error("the page lacks the verdict: ", err)
	}
	if n := one(t, ws, "select count(*) from netshare.scores where property = 'privacy' and metric = 'copies' and value is not null").(int64); n == 0 {
		t.Error("the figures are no scores")
	}
	run(t, ws, "create table synth.alone as from raw.all")
	a, err = ws.Audit(ctx, workspace.Audit{Real: "all", Synthetic: "alone"})
	if err != nil || a.Verdict != attack.Undecided {
		t.Errorf("without a holdout: %s, %v", a.Verdict, err)
	}
	for _, bad := range []workspace.Audit{
		{Real: "nothing", Synthetic: "leak"},
		{Real: "a", Synthetic: "nothing"},
		{Real: "a", Synthetic: "leak", Holdout: "a"},
		{Real: "a", Synthetic: "leak", Addresses: "none"},
	} {
		if _, err := ws.Audit(ctx, bad); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

func TestAuditOfRealTraces(t *testing.T) {
	if testing.Short() {
		t.Skip("real traces take a while")
	}
	for _, c := range []struct{ name, by string }{
		{"flow-ctu-binetflow/test2-malicious.binetflow", workspace.SplitBySession},
		{"zeek-wrccdc-tsv-json/tsv/dns.log", ""},
		{"events-lanl-cyber/auth.csv", ""},
	} {
		t.Run(filepath.Base(c.name), func(t *testing.T) {
			path := sharedTrace(t, c.name)
			ws := open(t, filepath.Join(t.TempDir(), "w.duckdb"))
			defer ws.Close()
			threeParts(t, ws, c.by, path)
			leaksAreFound(t, ws)
		})
	}
}

// sharedTrace is the path of a real trace; without it the test is skipped.
func sharedTrace(t testing.TB, name string) string {
	t.Helper()
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = "../../shared/data"
	}
	path := filepath.Join(data, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real trace at %s: set NETSHARE_DATA", path)
	}
	return path
}

func TestShadowModels(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	ws := open(t, filepath.Join(dir, "w.duckdb"))
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Table: "flows", Files: []string{flowsCSV(t, dir)}}); err != nil {
		t.Fatal(err)
	}
	for _, by := range []string{workspace.SplitByHost, workspace.SplitBySession} {
		if _, err := ws.Split(ctx, workspace.Split{Table: "flows", By: by, Share: .5, Seed: 2, Replace: true}); err != nil {
			t.Fatal(err)
		}
		model, err := ws.Train(ctx, "flows_train", quick(), engine.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ws.Generate(ctx, model.ID, workspace.Generate{Table: "s", Replace: true, Options: engine.DefaultGenerateOptions()}); err != nil {
			t.Fatal(err)
		}
		trained := 0
		a, err := ws.Audit(ctx, workspace.Audit{Real: "flows_train", Synthetic: "s", Seed: 1, Shadow: 4, Progress: func(done, of int) { trained = done }})
		if err != nil {
			t.Fatal(err)
		}
		b := block(a, "shadow")
		t.Logf("by %s: %s: %s", by, b.Verdict, b.Words)
		if trained != 4 || len(b.Figures) == 0 || b.Verdict == attack.Fail {
			t.Errorf("by %s: %d shadow models, %s: %s", by, trained, b.Verdict, b.Words)
		}
	}
	run(t, ws, "create table synth.own as from synth.s")
	for _, bad := range []workspace.Audit{
		{Real: "flows", Synthetic: "s", Shadow: 4},
		{Real: "flows_train", Synthetic: "s", Shadow: 1},
		{Real: "flows_train", Synthetic: "own", Shadow: 4},
	} {
		if _, err := ws.Audit(ctx, bad); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
