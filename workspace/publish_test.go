package workspace_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netshare/engine"
	"netshare/workspace"
)

// marker is a text that nobody else has.
func marker(i int) string { return fmt.Sprintf("host%06d.zqxj-secret.net", i) }

// everyByte returns what is in all files below a folder, but for some.
func everyByte(t *testing.T, dir string, but ...string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, b := range but {
			if strings.HasPrefix(filepath.Base(path), b) {
				return nil
			}
		}
		data, err := os.ReadFile(path)
		out[path] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// 200,000 names in a real table, some of which a synthetic one repeats: none is
// in any byte of what is published, in any format, nor in what is left behind.
func TestPublishedFilesHoldNothingReal(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var b strings.Builder
	b.WriteString("srcip,dstip,srcport,dstport,proto,ts,host,pkts,bytes\n")
	n := 200000
	if testing.Short() {
		n = 20000
	}
	for i := range n {
		fmt.Fprintf(&b, "198.18.%d.%d,203.0.113.%d,%d,443,TCP,%d,%s,%d,%d\n", i/256%256, i%256, i%200, 1024+i%60000, 1700000000+i, marker(i), 1+i%3, 200+i%1000)
	}
	source := filepath.Join(dir, "real.csv")
	if err := os.WriteFile(source, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	ws := open(t, filepath.Join(dir, "w.duckdb"))
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Table: "real", Files: []string{source}}); err != nil {
		t.Fatal(err)
	}
	run(t, ws, "create table synth.made as from raw.real where rowid % 40 = 0 limit 500")

	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.duckdb", "a.parquet", "a.csv", "a.jsonl", "a.csv.gz", "a.pcap", "folder"} {
		done, err := ws.Publish(ctx, workspace.Publish{Tables: []string{"made"}, Out: filepath.Join(out, name)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if done.Searched < n || len(done.Found) > 0 {
			t.Errorf("%s: searched for %d values, found %v", name, done.Searched, done.Found)
		}
	}
	for _, name := range []string{"a.parquet", "a.csv.gz"} { // what compression hides
		n := one(t, ws, "select count(*) from '"+filepath.Join(out, name)+"' p semi join raw.real r on p.host = r.host or p.srcip = r.srcip").(int64)
		if rows := one(t, ws, "select count(*) from '"+filepath.Join(out, name)+"'").(int64); n != 0 || rows != 500 {
			t.Errorf("%s: %d of %d records have a real host", name, n, rows)
		}
	}
	for path, data := range everyByte(t, dir, "real.csv", "w.duckdb") {
		for _, secret := range []string{"zqxj", "secret", "198.18.", "203.0.113.", "real.csv", dir} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
		if strings.Contains(path, "netshare-publish") || strings.Contains(path, "copies") {
			t.Errorf("%s was left behind", path)
		}
	}

	// What is renamed stays equal where it was equal, in all tables together.
	run(t, ws, "create table synth.other as from synth.made")
	both := filepath.Join(out, "both.duckdb")
	if _, err := ws.Publish(ctx, workspace.Publish{Tables: []string{"made", "other"}, Out: both}); err != nil {
		t.Fatal(err)
	}
	run(t, ws, "attach '"+both+"' as pair (read_only)")
	if n := one(t, ws, "select count(*) from pair.main.made m join pair.main.other o using (srcip, dstip, host, srcport, ts)").(int64); n != 500 {
		t.Errorf("%d of 500 records are the same in two tables that were", n)
	}
	if n := one(t, ws, "select count(distinct table_schema) from information_schema.tables where table_catalog = 'pair'").(int64); n != 1 {
		t.Errorf("the database has %d schemas, want main alone", n)
	}
	run(t, ws, "detach pair")

	// As generated it is refused, and nothing is left; forced it is told.
	p := workspace.Publish{Tables: []string{"made"}, Out: filepath.Join(out, "b.csv"), Addresses: workspace.AddressesAsGenerated, Text: workspace.TextAsGenerated}
	_, err := ws.Publish(ctx, p)
	var leak *workspace.LeakError
	if !errors.As(err, &leak) || !strings.Contains(err.Error(), "of raw.real.srcip in synth.made.srcip") {
		t.Errorf("real values are published: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(out, "*b.csv*")); len(left) > 0 {
		t.Errorf("%v was left behind", left)
	}
	p.Force = true
	if done, err := ws.Publish(ctx, p); err != nil || len(done.Found) < 1000 {
		t.Errorf("forced: %d values told, %v", len(done.Found), err)
	}
}

func TestPublishAllowsAndRefuses(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	ws := open(t, filepath.Join(dir, "w.duckdb"))
	defer ws.Close()
	if _, err := ws.Load(ctx, workspace.Load{Table: "flows", Files: []string{flowsCSV(t, dir)}}); err != nil {
		t.Fatal(err)
	}
	model, err := ws.Train(ctx, "flows", quick(), engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ws.Generate(ctx, model.ID, workspace.Generate{Table: "s", Options: engine.DefaultGenerateOptions()}); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "s.csv")
	run(t, ws, "create table synth.one as select '10.0.0.3' as srcip, 'x' as kind")
	p := workspace.Publish{Tables: []string{"one"}, Out: out, Addresses: workspace.AddressesAsGenerated}
	if _, err := ws.Publish(ctx, p); err == nil || !strings.Contains(err.Error(), `"10.0.0.3" of raw.flows.srcip in synth.one.srcip`) {
		t.Errorf("a real address is published: %v", err)
	}
	list := filepath.Join(dir, "allow.txt")
	if err := os.WriteFile(list, []byte("10.0.0.3\n192.0.2.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, allow := range []string{"10.0.0.3", list} {
		p.Allow, p.Replace = []string{allow}, i > 0
		if _, err := ws.Publish(ctx, p); err != nil {
			t.Errorf("allowed by %s: %v", allow, err)
		}
	}

	done, err := ws.Publish(ctx, workspace.Publish{Tables: []string{"s"}, Out: filepath.Join(dir, "shared"), Addresses: workspace.AddressesCryptoPAn})
	if err != nil {
		t.Fatal(err)
	}
	from := done.Provenance.Tables[0]
	if from.TrainSeed == nil || from.GenerateSeed == nil || from.RecipeSHA256 == "" || from.RealRecords != 0 || from.Score == nil || from.Privacy != nil {
		t.Errorf("provenance is %+v", from)
	}
	page, err := os.ReadFile(filepath.Join(dir, "shared", "report.html"))
	if err != nil || !bytes.Contains(page, []byte("Guarantee:</b> none")) || bytes.Contains(page, []byte("real records in")) {
		t.Errorf("the report has no guarantee, or counts: %v", err)
	}
	for _, bad := range []struct {
		p    workspace.Publish
		want string
	}{
		{workspace.Publish{Out: "x.csv"}, "no table is named"},
		{workspace.Publish{Tables: []string{"raw.flows"}, Out: filepath.Join(dir, "x.csv")}, "raw.flows is no synthetic table"},
		{workspace.Publish{Tables: []string{"nope"}, Out: filepath.Join(dir, "x.csv")}, "no such table synth.nope"},
		{workspace.Publish{Tables: []string{"s"}, Out: out}, "exists: choose another name"},
		{workspace.Publish{Tables: []string{"s", "s"}, Out: filepath.Join(dir, "x")}, "named twice"},
		{workspace.Publish{Tables: []string{"s", "one"}, Out: filepath.Join(dir, "x.csv")}, "has one table"},
		{workspace.Publish{Tables: []string{"s"}, Out: filepath.Join(dir, "x.doc")}, "names no format"},
		{workspace.Publish{Tables: []string{"s"}, Out: filepath.Join(dir, "no", "x.csv")}, "does not exist: make it first"},
		{workspace.Publish{Tables: []string{"s"}, Out: filepath.Join(dir, "x"), Addresses: "none"}, "is unknown"},
		{workspace.Publish{Tables: []string{"s"}, Out: filepath.Join(dir, "x"), Text: "none"}, "is unknown"},
	} {
		if _, err := ws.Publish(ctx, bad.p); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%+v: %v, want %q", bad.p, err, bad.want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".netshare-publish-*")); len(left) > 0 {
		t.Errorf("%v was left behind", left)
	}
}

// TestPublishClearsWhatAKilledOneLeft: a folder at the side that nobody works in
// goes, one that may just have been made stays.
func TestPublishClearsWhatAKilledOneLeft(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	ws := open(t, filepath.Join(dir, "w.duckdb"))
	defer ws.Close()
	run(t, ws, "create table synth.one as select '192.0.2.1' as srcip")
	old := time.Now().Add(-time.Hour)
	side := func(name string, made time.Time) string {
		path := filepath.Join(dir, ".netshare-publish-"+name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		copies, err := workspace.Open(ctx, filepath.Join(path, "copies.duckdb"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := copies.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, made, made); err != nil {
			t.Fatal(err)
		}
		return path
	}
	killed, fresh := side("killed", old), side("fresh", time.Now())
	empty := filepath.Join(dir, ".netshare-publish-empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(empty, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := ws.Publish(ctx, workspace.Publish{Tables: []string{"one"}, Out: filepath.Join(dir, "out.csv")}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{killed: false, empty: false, fresh: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
}
