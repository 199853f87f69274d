package workspace_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/engine/privacy"
	"netshare/workspace"
	"netshare/workspace/trace"
)

// namesCSV writes a trace whose names are few and frequent, so that they would
// be repeated, each with a marker that no generator makes.
func namesCSV(t testing.TB, dir string) string {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("ts,client,port,mac,host,query,agent,state,app\n")
	for i := range 600 {
		who, site := r.IntN(12), r.IntN(8)
		fmt.Fprintf(&b, "%d,10.0.0.%d,%d,3c:22:fb:qx:00:%02x,zqxhost%d.corp.zqxbank.com,www.zqxsite%d.org,zqxbrowser/%d.%d (Windows NT; zqx%d),SF,zqxapp%d\n",
			1741075200+i, who+1, 40000+i/2, who, who, site, who%3, who, who, who%4)
	}
	text := strings.ReplaceAll(b.String(), ":qx:", ":7a:")
	path := filepath.Join(dir, "names.csv")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNamesAreMadeUp: no hardware address, host name, DNS name, user agent or
// other name of the real trace is in a synthetic one, by either model, unless it
// is declared public or asked for; equal names stay equal, and the report
// measures what they stand for.
func TestNamesAreMadeUp(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	ws := open(t, filepath.Join(dir, "w.duckdb"))
	defer ws.Close()
	recipe := trace.Recipe{
		Name: "names", Time: trace.Epoch("ts", trace.Second),
		Metadata: []trace.Field{trace.IP("client"), trace.Port("port"), trace.Text("mac"), trace.Category("host")},
		Series:   []trace.Field{trace.Text("query"), trace.Text("agent"), trace.Category("state"), trace.Text("app").Public()},
	}
	if _, err := ws.Load(ctx, workspace.Load{Table: "names", Recipe: &recipe, Files: []string{namesCSV(t, dir)}}); err != nil {
		t.Fatal(err)
	}
	model, err := ws.Train(ctx, "names", quick(), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	private := quick()
	private.Epochs, private.DP = 0, engine.DP{Budget: privacy.Budget{Epsilon: 50, Delta: 1e-5}}
	noised, err := ws.Train(ctx, "names", private, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	make := func(table string, model int64, text workspace.TextPolicy) workspace.Made {
		m, err := ws.Generate(ctx, model, workspace.Generate{Table: table, Text: text, Options: engine.DefaultGenerateOptions()})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	made := make("made", model.ID, "")
	if got, want := fmt.Sprint(made.MadeUp), "[mac host query agent]"; got != want {
		t.Errorf("made up are %s, want %s", got, want)
	}
	make("noised", noised.ID, "")
	make("plain", model.ID, workspace.TextAsGenerated)

	marked := func(table, columns string) int64 {
		return one(t, ws, "select count(*) from (select concat_ws(' ', "+columns+") as s from synth."+table+") where s like '%zqx%' or s like '3c:22:fb%' or s like '% 3c:22:fb%'").(int64)
	}
	for _, table := range []string{"made", "noised"} {
		if n := marked(table, "mac, host, query, agent"); n > 0 {
			t.Errorf("%d records of %s have real names: %v", n, table,
				one(t, ws, "select any_value(concat_ws(' ', mac, host, query, agent)) from synth."+table))
		}
	}
	for column, want := range map[string]bool{"host": true, "mac": true, "query": true, "agent": true} {
		if n := marked("plain", column); (n > 0) != want {
			t.Errorf("as generated, %d records have a real %s", n, column)
		}
		if n := one(t, ws, "select count(distinct "+column+") from synth.made").(int64); n != one(t, ws, "select count(distinct "+column+") from synth.plain").(int64) {
			t.Errorf("%s: %d different names, not as many as before", column, n)
		}
	}
	if n := one(t, ws, "select count(*) from synth.made where app like 'zqxapp%' and state = 'SF'").(int64); n == 0 {
		t.Error("public names and states are made up")
	}
	if n := one(t, ws, "select count(*) from synth.made where host not like '%.com' or query not like 'www.%.org' or mac not like '02:%' or agent not like '%(Windows NT;%'").(int64); n > 0 {
		t.Errorf("%d names have lost their shape", n)
	}
	if n := one(t, ws, "select count(distinct split_part(host, '.', 3)) from synth.made").(int64); n != 1 {
		t.Errorf("hosts of one domain are of %d", n)
	}

	// Measured, it is as if names had not been made up.
	got, err := ws.CompareTables(ctx, "names", []string{"made", "plain"}, workspace.ReportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := got.Each[0], got.Each[1]; a.Overall.Score != b.Overall.Score || a.TwoWay.Value != b.TwoWay.Value {
		t.Errorf("the report gives names that are made up %.3f, and as they were %.3f", a.Overall.Score, b.Overall.Score)
	}

	// The same seed makes the same names; what a replaced table's stood for is gone.
	was := one(t, ws, "select string_agg(concat_ws(' ', mac, host, query, agent) order by rowid) from synth.made")
	if _, err := ws.Generate(ctx, model.ID, workspace.Generate{Table: "made", Replace: true, Options: engine.DefaultGenerateOptions()}); err != nil {
		t.Fatal(err)
	}
	if now := one(t, ws, "select string_agg(concat_ws(' ', mac, host, query, agent) order by rowid) from synth.made"); now != was {
		t.Error("the same seed makes other names")
	}
	if _, err := ws.Generate(ctx, model.ID, workspace.Generate{Table: "made", Replace: true, Text: workspace.TextAsGenerated, Options: engine.DefaultGenerateOptions()}); err != nil {
		t.Fatal(err)
	}
	if n := one(t, ws, "select count(*) from netshare.names where table_name = 'made'").(int64); n != 0 {
		t.Errorf("%d names are kept of a table that is no more", n)
	}
	if _, err := ws.Generate(ctx, model.ID, workspace.Generate{Table: "x", Text: "none"}); err == nil || !strings.Contains(err.Error(), `text policy "none" is unknown`) {
		t.Errorf("an unknown policy: %v", err)
	}
}
