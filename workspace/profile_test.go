package workspace_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netshare/workspace"
)

func TestProfile(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	ws := open(t, filepath.Join(dir, "lab.duckdb"))
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Files: []string{flowsCSV(t, dir)}}); err != nil {
		t.Fatal(err)
	}
	p, err := ws.Profile(ctx, "flows")
	if err != nil {
		t.Fatal(err)
	}
	if p.Table != "raw.flows" || p.Rows != 300 || len(p.Columns) != 10 {
		t.Errorf("%s has %d rows, %d columns", p.Table, p.Rows, len(p.Columns))
	}
	for _, c := range p.Columns {
		var counted int64
		for i, b := range c.Histogram {
			counted += b.Count
			if b.To < b.From || i > 0 && b.From != c.Histogram[i-1].To {
				t.Errorf("%s: part %d is %v", c.Name, i, b)
			}
		}
		text := c.Type == "VARCHAR"
		if text != (len(c.Histogram) == 0) || !text && counted != 300 || text != (c.Quartiles == nil) {
			t.Errorf("%s %s: %d counted, quartiles %v", c.Name, c.Type, counted, c.Quartiles)
		}
		if len(c.Top) == 0 || c.Top[0].Share != float64(c.Top[0].Count)/300 || c.Min == "" || c.MissingShare != 0 {
			t.Errorf("%s: %+v", c.Name, c)
		}
	}
	for name, text := range map[string]string{"empty": "a,b\n", "holes": "a,b\n1,\n2,\n,\n,x\n"} {
		file := filepath.Join(dir, name+".csv")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ws.Load(ctx, workspace.Load{Files: []string{file}}); err != nil {
			if name == "empty" { // a load may refuse it
				continue
			}
			t.Fatal(err)
		}
		p, err := ws.Profile(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		if a := p.Columns[0]; name == "holes" && (a.MissingShare != .5 || a.Min != "1" || a.Max != "2" || a.Distinct != 2) {
			t.Errorf("holes: %+v", a)
		}
	}
	if _, err := ws.Profile(ctx, "nope"); err == nil || !strings.Contains(err.Error(), "no such table") {
		t.Errorf("a table that is not there: %v", err)
	}
}
