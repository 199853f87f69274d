package workspace_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"netshare/workspace"
)

// one is the only value of a query.
func one(t testing.TB, ws *workspace.Workspace, query string) any {
	t.Helper()
	res, err := ws.Query(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	row, err := res.Next()
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return row[0]
}

func TestSplitKeepsHostsAndSessionsTogether(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	ws := open(t, filepath.Join(dir, "w.duckdb"))
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Table: "flows", Files: []string{flowsCSV(t, dir)}}); err != nil {
		t.Fatal(err)
	}
	all := one(t, ws, "select count(*) from raw.flows").(int64)
	shared := map[string]string{
		workspace.SplitByHost:    "srcip",
		workspace.SplitBySession: "(srcip, dstip, srcport, dstport, proto)",
		workspace.SplitByTime:    "(srcip, dstip, srcport, dstport, proto)",
		"dstport":                "dstport",
	}
	for by, columns := range shared {
		p, err := ws.Split(ctx, workspace.Split{Table: "flows", By: by, Share: 0.3, Seed: 7, Replace: true})
		if err != nil {
			t.Fatalf("by %s: %v", by, err)
		}
		if p.Train.Rows+p.Holdout.Rows != all || p.Train.Rows == 0 || p.Holdout.Rows == 0 {
			t.Errorf("by %s: %d and %d records of %d", by, p.Train.Rows, p.Holdout.Rows, all)
		}
		n := one(t, ws, "select count(*) from (select "+columns+" from raw.flows_train intersect select "+columns+" from raw.flows_holdout)").(int64)
		if n != 0 {
			t.Errorf("by %s: %d values of %s are in both parts", by, n, columns)
		}
		n = one(t, ws, "select count(*) from (from raw.flows except all (from raw.flows_train union all from raw.flows_holdout))").(int64)
		if n != 0 {
			t.Errorf("by %s: %d records are in neither part", by, n)
		}
		if share := float64(p.HeldGroups) / float64(p.HeldGroups+p.TrainGroups); by != "dstport" && (share < 0.2 || share > 0.4) {
			t.Errorf("by %s: %.2f of the groups are held out, want about 0.3", by, share)
		}
		if h, err := ws.HoldoutOf(ctx, "flows_train"); err != nil || h != "raw.flows_holdout" {
			t.Errorf("by %s: holdout %q, %v", by, h, err)
		}
		a, _ := ws.Recipe(ctx, "flows")
		b, err := ws.Recipe(ctx, "flows_holdout")
		if err != nil || strings.Join(a.KeyNames(), " ") != strings.Join(b.KeyNames(), " ") || len(a.Series) != len(b.Series) {
			t.Errorf("by %s: the part's recipe is another: %v", by, err)
		}
	}
}

func TestSplitBySeed(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	ws := open(t, filepath.Join(dir, "w.duckdb"))
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Table: "flows", Files: []string{flowsCSV(t, dir)}}); err != nil {
		t.Fatal(err)
	}
	held := func(seed uint64) string {
		if _, err := ws.Split(ctx, workspace.Split{Table: "flows", Seed: seed, Replace: true}); err != nil {
			t.Fatal(err)
		}
		return one(t, ws, "select string_agg(distinct srcip, ' ' order by srcip) from raw.flows_holdout").(string)
	}
	if a, b := held(1), held(1); a != b {
		t.Errorf("the same seed holds out %s, then %s", a, b)
	}
	if a, b := held(1), held(2); a == b {
		t.Errorf("two seeds hold out the same hosts: %s", a)
	}
	for _, bad := range []struct {
		split workspace.Split
		want  string
	}{
		{workspace.Split{Table: "flows"}, "exists"},
		{workspace.Split{Table: "flows", Share: 1.5}, "a share of 1.5 to hold out: want more than 0 and less than 1"},
		{workspace.Split{Table: "flows", By: "colour"}, `can't be split by "colour"`},
		{workspace.Split{Table: "flows", By: "byt"}, "varies within a session"},
		{workspace.Split{Table: "flows", Train: "flows", Replace: true}, "want two other names"},
		{workspace.Split{Table: "flows", Train: "synth.x"}, "want two other names"},
		{workspace.Split{Table: "nothing"}, "nothing"},
	} {
		if _, err := ws.Split(ctx, bad.split); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%+v: %v, want %q", bad.split, err, bad.want)
		}
	}
	if h, err := ws.HoldoutOf(ctx, "flows"); h != "" || err != nil {
		t.Errorf("a table that was not split has holdout %q, %v", h, err)
	}
}
