package store

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("a text file is no workspace\n", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty.duckdb")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path string
		opts Options
		is   error  // nil for none in particular
		want string // part of the message
	}{
		{"", Options{}, nil, "has no name"},
		{dir, Options{}, nil, "is a directory"},
		{os.DevNull, Options{}, nil, "not a regular file"},
		{filepath.Join(dir, "no", "lab.duckdb"), Options{}, os.ErrNotExist, "does not exist: make it first"},
		{filepath.Join(text, "lab.duckdb"), Options{}, nil, "notes.txt"},
		{filepath.Join(dir, "none.duckdb"), Options{ReadOnly: true}, os.ErrNotExist, "no such workspace"},
		{text, Options{}, ErrNotWorkspace, "notes.txt is not a workspace: it is no DuckDB file"},
		{empty, Options{}, ErrNotWorkspace, "empty.duckdb"},
		{filepath.Join(dir, "lab.duckdb"), Options{MemoryLimit: "lots"}, nil, "lots"},
	} {
		db, err := Open(t.Context(), test.path, test.opts)
		if err == nil {
			db.Close()
			t.Errorf("%q was opened", test.path)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %q, want %q in it, on one line", test.path, err, test.want)
		}
		if test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%q: %v is not %v", test.path, err, test.is)
		}
	}
	if b, err := os.ReadFile(text); err != nil || !strings.HasPrefix(string(b), "a text file") {
		t.Error("the text file was changed")
	}
}

// plainDuckDB makes a DuckDB file by the driver alone.
func plainDuckDB(t *testing.T, path string, statements ...string) {
	t.Helper()
	c, err := duckdb.NewConnector(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenAdoptsDuckDB(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.duckdb")
	plainDuckDB(t, path, "CREATE TABLE t AS SELECT 42 AS a", "CREATE SCHEMA raw", "CREATE TABLE raw.by_hand AS SELECT 1::INTEGER AS a, 2.5::DECIMAL(9,2) AS b, 'x' AS c")
	if _, err := Open(t.Context(), path, Options{ReadOnly: true}); !errors.Is(err, ErrNotWorkspace) {
		t.Errorf("opened for reading: %v", err)
	}
	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if tr, err := db.Trace(t.Context(), Name{Main, "t"}); err != nil || tr.Rows != 1 {
		t.Errorf("%+v, %v", tr, err)
	}
	tr, err := db.Trace(t.Context(), Name{Raw, "by_hand"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"BIGINT", "DOUBLE", "VARCHAR"} {
		if got := tr.Schema.Columns[i].Type; string(got) != want {
			t.Errorf("column %d is %s, want %s", i, got, want)
		}
	}
	for row, err := range db.Rows(t.Context(), RowsQuery{Table: tr.Name}) {
		if err != nil || row[0] != int64(1) || row[1] != 2.5 || row[2] != "x" {
			t.Errorf("%#v, %v", row, err)
		}
	}
}

func TestOpenRefusesNewerFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lab.duckdb")
	db, err := Open(t.Context(), path, Options{Version: "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	plainDuckDB(t, path, "INSERT INTO netshare.format VALUES (7, 'later', '9.1', now()::TIMESTAMP)")
	_, err = Open(t.Context(), path, Options{})
	var format *FormatError
	if !errors.As(err, &format) || format.Version != 7 || format.Program != "9.1" {
		t.Fatal(err)
	}
	want := fmt.Sprintf("lab.duckdb was written by netshare 9.1 in workspace format 7, and this program knows formats up to %d: use a newer netshare", FormatVersion)
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestMigrationsAreNumbered(t *testing.T) {
	ms, err := migrations()
	if err != nil || len(ms) != FormatVersion {
		t.Errorf("%d migrations for format %d, %v", len(ms), FormatVersion, err)
	}
}

func TestOpenRemovesSpill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lab[1].duckdb")
	spill := filepath.Join(path+".tmp", "duckdb_temp_storage_DEFAULT-0.tmp")
	if err := os.MkdirAll(filepath.Dir(spill), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(spill, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := os.Stat(path + ".tmp"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was spilled is still there: %v", err)
	}
}

func TestResolve(t *testing.T) {
	db := openTest(t, Options{})
	for _, n := range []Name{{Raw, "caida"}, {Raw, "conn.log"}, {Synth, "caida_synth"}} {
		writeFlows(t, db, TableSpec{Name: n}, 1)
	}
	for _, test := range []struct {
		word, schema, want string
	}{
		{"caida", Raw, "raw.caida"},
		{"CAIDA", Raw, "raw.caida"},
		{"raw.caida", Synth, "raw.caida"},
		{"Raw.Caida", Synth, "raw.caida"},
		{"conn.log", Raw, "raw.conn.log"},
		{"raw.conn.log", Synth, "raw.conn.log"},
		{"caida_synth", Synth, "synth.caida_synth"},
		{"netshare.runs", Raw, "netshare.runs"},
		{"caida", Synth, "no such table synth.caida: there is raw.caida: name it with its schema"},
		{"caidda", Raw, "no such table raw.caidda: schema raw has caida, conn.log"},
		{"x", Main, "no such table main.x: schema main is empty"},
	} {
		n, err := db.Resolve(t.Context(), test.word, test.schema)
		got := n.String()
		if err != nil {
			got = err.Error()
			if !errors.Is(err, ErrNoTable) {
				t.Errorf("%v is not ErrNoTable", err)
			}
		}
		if got != test.want {
			t.Errorf("Resolve(%q, %q) = %q, want %q", test.word, test.schema, got, test.want)
		}
	}
}

// TestFormat1IsMigrated: a file of the first format gets what later ones have,
// and keeps what is in it.
func TestFormat1IsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lab.duckdb")
	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.AddEpoch(t.Context(), 1, Epoch{Epoch: 1, Values: map[string]float64{"loss": 2}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	plainDuckDB(t, path, "ALTER TABLE netshare.epochs DROP COLUMN column_name; DROP TABLE netshare.samples; DROP TABLE netshare.names; DELETE FROM netshare.format WHERE version > 1")
	if db, err = Open(t.Context(), path, Options{}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.AddEpoch(t.Context(), 1, Epoch{Epoch: 2, Values: map[string]float64{"loss": 1}, Columns: map[string]float64{"port": .5}}); err != nil {
		t.Fatal(err)
	}
	es, err := db.Epochs(t.Context(), 1)
	if err != nil || len(es) != 2 || es[0].Values["loss"] != 2 || es[0].Columns != nil || es[1].Columns["port"] != .5 {
		t.Errorf("%+v, %v", es, err)
	}
	want := Samples{Epoch: 2, Columns: []string{"z", `a "b"`}, Sessions: []Sample{{true, 7, [][]*string{{&[]string{"1"}[0], nil}}}, {false, 1, [][]*string{{nil, nil}}}}}
	if err := db.SaveSamples(t.Context(), 1, want); err != nil {
		t.Fatal(err)
	}
	if s, err := db.Samples(t.Context(), 1); err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("%+v, %v", s, err)
	}
}
