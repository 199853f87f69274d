package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"netshare/engine"
	callgraph "netshare/examples/alibaba/call-graph"
	metrics "netshare/examples/alibaba/metrics"
	node "netshare/examples/alibaba/node"
	resource "netshare/examples/alibaba/resource"
	access "netshare/examples/http-access-log"
	journey "netshare/examples/jpm-customer-journey"
	auth "netshare/examples/lanl-cyber-security-events/auth"
	dns "netshare/examples/lanl-cyber-security-events/dns"
	flow "netshare/examples/lanl-cyber-security-events/flows"
	proc "netshare/examples/lanl-cyber-security-events/proc"
	redteam "netshare/examples/lanl-cyber-security-events/redteam"
	modbus "netshare/examples/modbus"
	netflow "netshare/examples/netflow"
	lists "netshare/examples/packet-lists"
	pcap "netshare/examples/pcap"
	sqlonly "netshare/examples/sql-only"
	syslog "netshare/examples/syslog"
	conn "netshare/examples/zeek-conn"
	"netshare/scripting/symbols/verbs"
	"netshare/workspace"
	"netshare/workspace/trace"
)

// example is a compiled example: its recipe or, where it scripts the run, its
// function Run.
type example struct {
	recipe   *trace.Recipe
	run      func(context.Context, *workspace.Workspace) error
	sample   string // in testdata
	protocol string // whose events a capture is read for, "" for its packets
	tables   []string
	traces   []realTrace // real ones, in the folder of the data
}

// realTrace is a real trace that an example runs on.
type realTrace struct{ file, protocol string }

// examples are all examples by their folder.
func examples() map[string]example {
	of := func(r *trace.Recipe, sample, protocol string, traces ...realTrace) example {
		return example{recipe: r, sample: sample, protocol: protocol, tables: []string{"raw.t", "synth.t"}, traces: traces}
	}
	table := func(r *trace.Recipe, sample, real string) example { return of(r, sample, "", realTrace{file: real}) }
	scripted := func(run func(context.Context, *workspace.Workspace) error, sample, table, real string) example {
		return example{run: run, sample: sample, tables: []string{"raw." + table, "synth." + table}, traces: []realTrace{{file: real}}}
	}
	const lanl, alibaba = "lanl-cyber-security-events/", "alibaba/"
	return map[string]example{
		"netflow": table(&netflow.Recipe, "netflow.csv", "flow-ugr16-small/raw.csv"),
		"modbus": of(&modbus.Recipe, "modbus.log", "",
			realTrace{file: "zeek-modbus-json/original.log"}, realTrace{file: "pcap-modbus-ics/modbus_test_2.pcap", protocol: "modbus"}),
		"zeek-conn": of(&conn.Recipe, "conn.log", "",
			realTrace{file: "zeek-zat-tsv-json/conn.log"}, realTrace{file: "zeek-slips-mixed-json/conn.log"}),
		"pcap":                 of(&pcap.Recipe, "web.pcap", "", realTrace{file: "pcap-caida-backbone/raw.pcap"}),
		"syslog":               of(&syslog.Recipe, "syslog.pcap", "syslog", realTrace{file: "pcap-netshare-syslog/syslog.pcap", protocol: "syslog"}),
		"http-access-log":      of(&access.Recipe, "access.log", ""),
		"packet-lists":         of(&lists.Recipe, "packets.csv", ""),
		alibaba + "call-graph": table(&callgraph.Recipe, "alibaba/call-graph.csv", "events-alibaba-cluster/call-graph.csv"),
		alibaba + "metrics":    table(&metrics.Recipe, "alibaba/metrics.csv", "events-alibaba-cluster/metrics.csv"),
		alibaba + "node":       table(&node.Recipe, "alibaba/node.csv", "events-alibaba-cluster/node.csv"),
		alibaba + "resource":   table(&resource.Recipe, "alibaba/resource.csv", "events-alibaba-cluster/resource.csv"),
		lanl + "auth":          table(&auth.Recipe, "lanl/auth.csv", "events-lanl-cyber/auth.csv"),
		lanl + "proc":          table(&proc.Recipe, "lanl/proc.csv", "events-lanl-cyber/proc.csv"),
		lanl + "flows":         table(&flow.Recipe, "lanl/flows.csv", "events-lanl-cyber/flows.csv"),
		lanl + "dns":           table(&dns.Recipe, "lanl/dns.csv", "events-lanl-cyber/dns.csv"),
		lanl + "redteam":       table(&redteam.Recipe, "lanl/redteam.csv", "events-lanl-cyber/redteam.csv"),
		"jpm-customer-journey": scripted(journey.Run, "journeys.csv", "events", "events-jpm-journey/journey-small.csv"),
		"sql-only":             scripted(sqlonly.Run, "conn.log", "visits", ""),
	}
}

// recipeFiles are the examples' folders, by their path below examples.
func recipeFiles(t *testing.T) []string {
	t.Helper()
	root := os.DirFS(filepath.Join("..", "..", "examples"))
	var names []string
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "recipe.go" {
			names = append(names, filepath.ToSlash(filepath.Dir(path)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestExamplesBothWays holds that each example makes the same tables compiled
// and interpreted: loaded, generated and exported.
func TestExamplesBothWays(t *testing.T) {
	if testing.Short() {
		t.Skip("trains each example twice")
	}
	compiled := examples()
	names := recipeFiles(t)
	for name := range compiled {
		if !slices.Contains(names, name) {
			t.Errorf("examples/%s has no recipe.go", name)
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, ok := compiled[name]
			if !ok {
				t.Fatal("not in this test's list of compiled examples: add it")
			}
			got := want
			script, err := verbs.Host().Load(t.Context(), filepath.Join("..", "..", "examples", name, "recipe.go"))
			if err != nil {
				t.Fatal(err)
			}
			if want.run == nil {
				got.recipe = &script.Recipe
			} else {
				got.run = func(ctx context.Context, ws *workspace.Workspace) error { return script.Run(ctx, ws, ws.Busy) }
			}
			sample := filepath.Join("..", "..", "testdata", filepath.FromSlash(want.sample))
			a, _ := want.tablesOf(t, sample, want.protocol)
			b, _ := got.tablesOf(t, sample, want.protocol)
			for i := range a {
				if b[i] != a[i] {
					t.Errorf("%s differ: interpreted %.300s, compiled %.300s", []string{"loaded tables", "generated tables", "exported files"}[i], b[i], a[i])
				}
			}
		})
	}
}

// TestExamplesOnRealTraces runs the examples on the traces that they are made
// for.
func TestExamplesOnRealTraces(t *testing.T) {
	if testing.Short() {
		t.Skip("trains on real traces")
	}
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(data); err != nil {
		t.Skip("no real traces: set NETSHARE_DATA to their folder")
	}
	for name, e := range examples() {
		for _, r := range e.traces {
			if r.file == "" {
				continue
			}
			t.Run(name+"/"+filepath.Base(r.file), func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(data, filepath.FromSlash(r.file))
				if _, err := os.Stat(file); err != nil {
					t.Skipf("no %s", r.file)
				}
				_, loaded := e.tablesOf(t, file, r.protocol)
				if loaded.Rejected > 0 {
					t.Errorf("%d of %d records rejected: %v", loaded.Rejected, loaded.Table.Rows, loaded.Examples)
				}
			})
		}
	}
}

// tablesOf runs an example, and returns what came of it as text: the loaded
// table, the generated one, the exported file.
func (e example) tablesOf(t *testing.T, sample, protocol string) (out [3]string, loaded workspace.Loaded) {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	path := filepath.Join(dir, "out"+filepath.Ext(sample))
	if protocol != "" || e.run != nil {
		path = filepath.Join(dir, "out.csv")
	}
	opts := engine.DefaultOptions()
	opts.Epochs = 1
	gen := engine.DefaultGenerateOptions()
	gen.Sessions = 100
	given := workspace.Given{Inputs: []string{sample}, Output: path, Train: opts, Generate: gen}
	ws, err := workspace.Open(ctx, filepath.Join(dir, "w.duckdb"), &workspace.Options{Recipes: verbs.Host(), Given: given})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if e.run != nil {
		err = e.run(ctx, ws)
	} else {
		loaded, err = e.steps(ctx, ws, given, protocol)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, table := range e.tables {
		out[i] = digest(t, ws, table)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out[2] = string(text)
	return out, loaded
}

// steps are those of netshare run for a recipe that does not script them.
func (e example) steps(ctx context.Context, ws *workspace.Workspace, given workspace.Given, protocol string) (workspace.Loaded, error) {
	load := workspace.Load{Table: "t", Files: given.Inputs, Recipe: e.recipe}
	if protocol != "" {
		load.Protocols = []string{protocol}
	}
	loaded, err := ws.Load(ctx, load)
	if err != nil {
		return loaded, err
	}
	m, err := ws.Train(ctx, "t", given.Train, engine.Hooks{})
	if err != nil {
		return loaded, err
	}
	if _, err := ws.Generate(ctx, m.ID, workspace.Generate{Table: "t", Options: given.Generate}); err != nil {
		return loaded, err
	}
	_, err = ws.Export(ctx, "t", given.Output)
	return loaded, err
}

// digest sums up a table's rows.
func digest(t *testing.T, ws *workspace.Workspace, table string) string {
	t.Helper()
	result, err := ws.Query(t.Context(), "from "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	sum, rows := sha256.New(), 0
	for row, err := range result.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		fmt.Fprintln(sum, row)
	}
	if rows == 0 {
		t.Errorf("%s has no rows", table)
	}
	return fmt.Sprintf("%d rows %x", rows, sum.Sum(nil))
}
