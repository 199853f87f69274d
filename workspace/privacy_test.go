package workspace_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/engine/privacy"
	"netshare/workspace"
)

// A private model is learnt, kept, and generates when the real table is gone;
// the report says what is guaranteed.
func TestPrivateModelOutlivesItsTable(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "lab.duckdb")
	ws := open(t, path)
	loaded, err := ws.Load(ctx, workspace.Load{Files: []string{flowsCSV(t, dir)}})
	if err != nil {
		t.Fatal(err)
	}
	table := loaded.Table.Name.Table
	o := engine.DefaultOptions()
	o.DP = engine.DP{Budget: privacy.Budget{Epsilon: 8, Delta: 1e-5}}
	trained, err := ws.Train(ctx, table, o, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if trained.Privacy == nil || trained.Privacy.Epsilon > 8 {
		t.Fatalf("the guarantee is %+v", trained.Privacy)
	}
	kept, err := ws.StatementOf(ctx, trained.Run, "")
	if err != nil || kept == nil || len(kept.Mechanisms) != len(trained.Privacy.Mechanisms) {
		t.Errorf("kept is %+v, %v", kept, err)
	}
	g := workspace.Generate{Options: engine.DefaultGenerateOptions()}
	if _, err := ws.Generate(ctx, trained.ID, g); err != nil {
		t.Fatal(err)
	}
	report, err := ws.Report(ctx, table, "")
	if err != nil {
		t.Fatal(err)
	}
	if report.Guarantee == nil || report.Guarantee.Epsilon != trained.Privacy.Epsilon || report.TwoWay == nil {
		t.Errorf("the report says %+v, %+v", report.Guarantee, report.TwoWay)
	}
	out := filepath.Join(dir, "report")
	if err := report.Write(out); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(filepath.Join(out, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Differentially private", "column dstport: ranges", "Outside the guarantee"} {
		if !bytes.Contains(html, []byte(want)) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if _, err := ws.Query(ctx, "drop table raw."+table); err != nil {
		t.Fatal(err)
	}
	g.Table = "again"
	made, err := ws.Generate(ctx, trained.ID, g)
	if err != nil {
		t.Fatal(err)
	}
	if made.Sessions == 0 || strings.Join(made.Table.Schema.Names(), " ") != "srcip dstip srcport dstport proto ts td pkt byt type" {
		t.Errorf("made %+v", made)
	}
	if err := ws.Close(); err != nil {
		t.Fatal(err)
	}
}

// Choosing among models by their scores is outside any budget.
func TestPrivateModelsAreNotChosenByScores(t *testing.T) {
	dir := t.TempDir()
	ws := open(t, filepath.Join(dir, "lab.duckdb"))
	o := engine.DefaultOptions()
	o.DP = engine.DP{Budget: privacy.Budget{Epsilon: 8, Delta: 1e-5}}
	s := workspace.Synth{Load: workspace.Load{Files: []string{flowsCSV(t, dir)}}, Train: o, Try: []engine.Options{o}}
	if _, err := ws.Synth(context.Background(), s); err == nil || !strings.Contains(err.Error(), "2 settings to choose from can't be learnt under differential privacy") {
		t.Errorf("two private settings: %v", err)
	}
}

// A script can't learn without privacy where its caller asked for it.
func TestScriptsKeepThePrivacyThatWasAskedFor(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	asked := engine.DefaultOptions()
	asked.DP = engine.DP{Budget: privacy.Budget{Epsilon: 8, Delta: 1e-5}}
	ws, err := workspace.Open(ctx, filepath.Join(dir, "lab.duckdb"), &workspace.Options{Given: workspace.Given{Train: asked}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	loaded, err := ws.Load(ctx, workspace.Load{Files: []string{flowsCSV(t, dir)}})
	if err != nil {
		t.Fatal(err)
	}
	table := loaded.Table.Name.Table
	if _, err := ws.Train(ctx, table, engine.DefaultOptions(), engine.Hooks{}); err == nil || !strings.Contains(err.Error(), "asked for differential privacy") {
		t.Errorf("learnt without: %v", err)
	}
	if _, err := ws.Train(ctx, table, ws.Given().Train, engine.Hooks{}); err != nil {
		t.Error(err)
	}
}
