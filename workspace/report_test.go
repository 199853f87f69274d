package workspace_test

import (
	"context"
	"path/filepath"
	"testing"

	"netshare/workspace"
)

// TestReportOfTableMadeInSQL holds that a table that a statement made of a
// loaded one, whose times count what those count, is as good as that one.
func TestReportOfTableMadeInSQL(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	ws := open(t, filepath.Join(dir, "lab.duckdb"))
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Files: []string{flowsCSV(t, dir)}}); err != nil {
		t.Fatal(err)
	}
	r, err := ws.Query(ctx, "create table main.again as select * from raw.flows")
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	report, err := ws.Report(ctx, "flows", "main.again")
	if err != nil {
		t.Fatal(err)
	}
	if report.Overall.Score < 99 {
		t.Errorf("a copy scores %.1f: want 99 or more", report.Overall.Score)
	}
}
