package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// openTest opens a workspace in a folder of the test's own.
func openTest(t testing.TB, opts Options) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "lab.duckdb"), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

var flowColumns = []trace.Column{
	{Name: "ts", Type: trace.TypeTime, Kind: trace.KindTimestamp},
	{Name: "srcip", Type: trace.TypeText, Kind: trace.KindAddress},
	{Name: "dstport", Type: trace.TypeInt, Kind: trace.KindPort},
	{Name: "bytes", Type: trace.TypeReal, Kind: trace.KindReal},
	{Name: "ok", Type: trace.TypeBool, Kind: trace.KindBoolean},
	{Name: "names", Type: trace.TypeTextList, Kind: trace.KindText},
}

var testStart = time.Date(2024, 5, 1, 12, 0, 0, 123456789, time.UTC)

// flow is the i-th row of a made-up flow table: 10 sources in turn.
func flow(i int) trace.Row {
	row := trace.Row{
		testStart.Add(time.Duration(i) * time.Millisecond), fmt.Sprintf("10.0.0.%d", i%10), int64(i % 7), float64(i) / 2, i%2 == 0,
		[]any{"a", fmt.Sprint(i % 3)},
	}
	if i%11 == 0 {
		row[3] = nil
	}
	return row
}

// writeFlows writes a table of n flows.
func writeFlows(t testing.TB, db *DB, spec TableSpec, n int) Trace {
	t.Helper()
	spec.Schema = trace.Schema{Format: "csv", Columns: flowColumns}
	w, err := db.NewTable(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i := range n {
		if err := w.Append(flow(i)); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := w.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestOpenNames(t *testing.T) {
	for _, name := range []string{"lab.duckdb", "raw.duckdb", "synth.db", "netshare", "temp.duckdb", "a b'%.x", "q?.duckdb", "memory", "main.main"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			db, err := Open(t.Context(), path, Options{Version: "1.0"})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { db.Close() }()
			writeFlows(t, db, TableSpec{Name: Name{Raw, "t"}}, 10)
			res, err := db.Query(t.Context(), "SELECT count(*) FROM raw.t")
			if err != nil {
				t.Fatal(err)
			}
			res.Close()
			var inUse *InUseError
			if _, err := Open(t.Context(), path, Options{}); !errors.As(err, &inUse) || inUse.PID != os.Getpid() {
				t.Errorf("second open: %v", err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
			if len(left) != 1 {
				t.Errorf("after close there are %q", left)
			}
			db, err = Open(t.Context(), path, Options{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			if tr, err := db.Trace(t.Context(), Name{Raw, "T"}); err != nil || tr.Rows != 10 {
				t.Errorf("%+v, %v", tr, err)
			}
			if _, err := db.StartRun(t.Context(), Run{Verb: "load"}); err == nil {
				t.Error("a run was started in a read-only workspace")
			}
		})
	}
}

func TestWriteAndRead(t *testing.T) {
	db := openTest(t, Options{})
	run, err := db.StartRun(t.Context(), Run{Verb: "load", Table: "raw.flows"})
	if err != nil {
		t.Fatal(err)
	}
	const n = 3000
	tr := writeFlows(t, db, TableSpec{Name: Name{Raw, "flows"}, Run: run, Sources: []Source{{"f.csv", 12, "ab"}}}, n)
	if tr.Rows != n || tr.Run != run {
		t.Fatalf("%+v", tr)
	}
	i := 0
	for row, err := range db.Rows(t.Context(), RowsQuery{Table: Name{Raw, "flows"}}) {
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprintf("%#v", row), fmt.Sprintf("%#v", flow(i)); got != want {
			t.Fatalf("row %d: got %s, want %s", i, got, want)
		}
		i++
	}
	if i != n {
		t.Fatalf("%d rows", i)
	}
	r, err := db.Run(context.Background(), run)
	if err != nil || r.Status != Done || r.RowsIn != n || r.Finished.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
	vs, err := db.ReadColumns(t.Context(), Name{Raw, "flows"}, []string{"bytes", "names"})
	if err != nil || vs[0].Len() != n || vs[0].IsValid(11) || vs[0].Numbers[12] != 6 || vs[1].Texts[5] != "[a, 2]" {
		t.Errorf("%v", err)
	}
	k := 0
	q := SessionQuery{Table: Name{Raw, "flows"}, Time: "ts", Meta: []string{"srcip"}, Series: []string{"bytes", "names"}}
	for s, err := range db.Sessions(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(flow(k)[1]); s.Meta[0] != want || len(s.Series) != n/10 || s.Series[0][0] != flow(k)[0] {
			t.Errorf("session %d is %v of %d records, from %v", k, s.Meta, len(s.Series), s.Series[0])
		}
		k++
	}
	if k != 10 {
		t.Errorf("%d sessions", k)
	}
}
