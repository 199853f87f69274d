package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"netshare/engine"
	modbus "netshare/examples/modbus"
	netflow "netshare/examples/netflow"
	conn "netshare/examples/zeek-conn"
	"netshare/scripting/symbols/verbs"
	"netshare/workspace"
	"netshare/workspace/trace"
)

// TestExamplesBothWays holds that each example makes the same tables compiled
// and interpreted: loaded, generated and exported.
func TestExamplesBothWays(t *testing.T) {
	if testing.Short() {
		t.Skip("trains each example twice")
	}
	compiled := map[string]struct {
		recipe trace.Recipe
		sample string
	}{
		"modbus":    {modbus.Recipe, "modbus.log"},
		"netflow":   {netflow.Recipe, "netflow.csv"},
		"zeek-conn": {conn.Recipe, "conn.log"},
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", "recipe.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		name := filepath.Base(filepath.Dir(path))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, ok := compiled[name]
			if !ok {
				t.Skip("not in this test's list of compiled examples: add it")
			}
			script, err := verbs.Host().Load(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			sample := filepath.Join("..", "..", "testdata", c.sample)
			want, got := tablesOf(t, &c.recipe, sample), tablesOf(t, &script.Recipe, sample)
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("%s differ: interpreted %.300s, compiled %.300s", []string{"loaded tables", "generated tables", "exported files"}[i], got[i], want[i])
				}
			}
		})
	}
}

// tablesOf loads, learns and generates a sample by a recipe, and returns what
// came of it as text: the loaded table, the generated one, the exported file.
func tablesOf(t *testing.T, r *trace.Recipe, sample string) (out [3]string) {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	ws, err := workspace.Open(ctx, filepath.Join(dir, "w.duckdb"), &workspace.Options{Recipes: verbs.Host()})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Table: "t", Files: []string{sample}, Recipe: r}); err != nil {
		t.Fatal(err)
	}
	opts := engine.DefaultOptions()
	opts.Epochs = 1
	m, err := ws.Train(ctx, "t", opts, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	gen := engine.DefaultGenerateOptions()
	gen.Sessions = 300
	if _, err := ws.Generate(ctx, m.ID, workspace.Generate{Table: "t", Options: gen}); err != nil {
		t.Fatal(err)
	}
	for i, table := range []string{"raw.t", "synth.t"} {
		result, err := ws.Query(ctx, "from "+table)
		if err != nil {
			t.Fatal(err)
		}
		sum, rows := sha256.New(), 0
		for row, err := range result.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			rows++
			fmt.Fprintln(sum, row)
		}
		if err := result.Close(); err != nil {
			t.Fatal(err)
		}
		out[i] = fmt.Sprintf("%d rows %x", rows, sum.Sum(nil))
	}
	path := filepath.Join(dir, "out"+filepath.Ext(sample))
	if _, err := ws.Export(ctx, "t", path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out[2] = string(text)
	return out
}
