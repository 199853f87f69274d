package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// killEnv names the workspace to a process that is made to be killed.
const killEnv = "NETSHARE_STORE_KILL"

// TestMain is the killed process's main where killEnv is set.
func TestMain(m *testing.M) {
	if path := os.Getenv(killEnv); path != "" {
		if err := writeUntilKilled(path); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writeUntilKilled commits one table, and then appends to others without end:
// a new one, one that replaces a table, and one that is added to.
func writeUntilKilled(path string) error {
	ctx := context.Background()
	db, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	schema := trace.Schema{Format: "csv", Columns: flowColumns}
	for _, name := range []string{"first", "second", "third"} {
		w, err := db.NewTable(ctx, TableSpec{Name: Name{Raw, name}, Schema: schema})
		if err != nil {
			return err
		}
		for i := range 1000 {
			if err := w.Append(flow(i)); err != nil {
				return err
			}
		}
		if _, err := w.Commit(ctx); err != nil {
			return err
		}
	}
	run, err := db.StartRun(ctx, Run{Verb: "load", Table: "raw.big"})
	if err != nil {
		return err
	}
	var writers []*TableWriter
	for _, spec := range []TableSpec{
		{Name: Name{Raw, "big"}, Schema: schema, Run: run},
		{Name: Name{Raw, "second"}, Schema: schema, Mode: Replace},
		{Name: Name{Raw, "third"}, Schema: schema, Mode: Append},
	} {
		w, err := db.NewTable(ctx, spec)
		if err != nil {
			return err
		}
		writers = append(writers, w)
	}
	for i := 0; ; i++ {
		for _, w := range writers {
			if err := w.Append(flow(i)); err != nil {
				return err
			}
		}
		if i == 70000 { // 210,000 rows in all
			fmt.Println("appending")
		}
	}
}

func TestKilledWhileAppending(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lab.duckdb")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killEnv+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if strings.TrimSpace(line) != "appending" {
		t.Errorf("the process said %q, %v", line, err)
	}
	if _, err := Open(t.Context(), path, Options{}); err == nil {
		t.Error("the workspace was opened twice")
	} else if want := fmt.Sprintf("lab.duckdb is in use by process %d: close it, or use its notebook", child.Process.Pid); err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()

	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables, err := db.Traces(t.Context())
	if err != nil || len(tables) != 3 {
		t.Errorf("tables %+v, %v", tables, err)
	}
	all, _ := db.Tables(t.Context())
	if got := fmt.Sprint(all[:3]); got != "[raw.first raw.second raw.third]" || all[3].Schema != Meta {
		t.Errorf("tables %v", all)
	}
	for _, tr := range tables {
		i := 0
		for row, err := range db.Rows(t.Context(), RowsQuery{Table: tr.Name}) {
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(row) != fmt.Sprint(flow(i)) {
				t.Fatalf("%s: row %d is %v", tr.Name, i, row)
			}
			i++
		}
		if i != 1000 || tr.Rows != 1000 {
			t.Errorf("%s has %d rows, %d in the catalog", tr.Name, i, tr.Rows)
		}
	}
	if runs := db.Interrupted(); len(runs) != 1 || runs[0].Status != Interrupted || runs[0].Table != "raw.big" {
		t.Errorf("interrupted %+v", runs)
	}
	writeFlows(t, db, TableSpec{Name: Name{Raw, "big"}}, 10)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) != 1 {
		t.Errorf("left %q", left)
	}
}
