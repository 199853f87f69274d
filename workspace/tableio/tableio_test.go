package tableio

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the database that the tests load into

	"netshare/workspace/trace"
)

// shared returns the folder of real traces, or skips.
func shared(t testing.TB) string {
	dir := os.Getenv("NETSHARE_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real traces: set NETSHARE_DATA (%v)", err)
	}
	return dir
}

func database(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

type loaded struct {
	schema  trace.Schema
	rows    []trace.Row
	rejects []trace.Reject
	notes   []string
}

func load(db *sql.DB, path string) (loaded, error) {
	var out loaded
	table := Quote("t" + fmt.Sprint(time.Now().UnixNano()))
	schema, n, err := Load(context.Background(), db, path, table, func(j trace.Reject) { out.rejects = append(out.rejects, j) },
		func(n string) { out.notes = append(out.notes, n) })
	if err != nil {
		return out, err
	}
	out.schema = schema
	rows, err := db.Query("SELECT * FROM " + table)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		row := make(trace.Row, len(schema.Columns))
		ptrs := make([]any, len(row))
		for i := range row {
			ptrs[i] = &row[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return out, err
		}
		out.rows = append(out.rows, row)
	}
	if int64(len(out.rows)) != n {
		return out, fmt.Errorf("%d rows said, %d there", n, len(out.rows))
	}
	return out, rows.Err()
}

func loadText(t testing.TB, name, text string) (loaded, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return load(database(t), path)
}

func written(t testing.TB, l loaded) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, l.schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range l.rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func difference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			other := "nothing"
			if i < len(y) {
				other = y[i]
			}
			return fmt.Sprintf("line %d\n%.600q\nthen\n%.600q", i+1, x[i], other)
		}
	}
	return fmt.Sprintf("%d lines, then %d", len(x), len(y))
}

// TestByteEqual loads every table of the real traces, writes it and compares
// the bytes.
func TestByteEqual(t *testing.T) {
	dir := shared(t)
	var paths []string
	for _, glob := range []string{"*/*.csv", "*/*.binetflow", "table-nsl-kdd/*.txt"} {
		p, _ := filepath.Glob(filepath.Join(dir, glob))
		paths = append(paths, p...)
	}
	if len(paths) < 40 {
		t.Fatalf("only %d tables", len(paths))
	}
	db := database(t)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			l, err := load(db, path)
			if err != nil {
				t.Fatal(err)
			}
			for i, j := range l.rejects {
				if i < 3 {
					t.Errorf("%v", j)
				}
			}
			if testing.Verbose() && !strings.Contains(path, "flows.csv") {
				for _, c := range l.schema.Columns {
					t.Logf("%-28s %-12s %-10s %s %s", c.Name, c.Type, c.Kind, c.Unit, c.Format)
				}
			}
			if out := written(t, l); !bytes.Equal(raw, out) {
				t.Errorf("%s", difference(raw, out))
			}
		})
	}
}

// TestHostile loads every malformed table with the outcome that was agreed.
func TestHostile(t *testing.T) {
	dir := filepath.Join(shared(t), "..", "hostile")
	raw, err := os.ReadFile(filepath.Join(dir, "EXPECT.json"))
	if err != nil {
		t.Skip("no malformed inputs")
	}
	want := map[string]struct {
		rows    int
		rejects []string // "line reason"
		err     string
	}{
		"100-good.csv":                 {rows: 50},
		"102-header-only.csv":          {err: "no rows"},
		"103-one-row.csv":              {rows: 1},
		"105-quoted-newlines.csv":      {rows: 3},
		"106-unterminated-quote.csv":   {err: ":2: quote is never closed"},
		"108-utf16le-bom.csv":          {rows: 50},
		"109-latin1.csv":               {rows: 2},
		"111-duplicate-headers.csv":    {err: `names "ip" twice`},
		"112-blank-headers.csv":        {rows: 2},
		"114-negative-numbers.csv":     {rows: 1, rejects: []string{"2 negative quantity", "3 negative quantity", "4 negative quantity", "5 not a port"}},
		"115-time-extremes.csv":        {rows: 3, rejects: []string{"4 time out of range", "5 time out of range", "6 not a number"}},
		"117-invalid-ips.csv":          {rows: 4, rejects: []string{"2 not an address", "3 not an address", "4 not an address", "7 not an address", "9 not an address"}},
		"118-ports.csv":                {rows: 6, rejects: []string{"2 not a port"}},
		"120-tab.csv":                  {rows: 50},
		"121-crlf.csv":                 {rows: 50},
		"123-nul-bytes.csv":            {rows: 2, rejects: []string{"3 NUL byte"}},
		"124-mixed-time-formats.csv":   {rows: 1, rejects: []string{"3 not a time in the column's format", "4 not a time in the column's format", "5 not a time in the column's format", "6 not a time in the column's format", "7 not a time in the column's format"}},
		"126-constant-and-unique.csv":  {rows: 200},
		"127-4000-columns.csv":         {rows: 3},
		"129-decimal-comma.csv":        {rows: 2},
		"130-big-ints.csv":             {rows: 4},
		"132-good.csv.gz":              {rows: 50},
		"133-escape-codes.csv":         {rows: 8},
		"134-blank-lines-comments.csv": {rows: 2},
		"136-all-missing-column.csv":   {rows: 30},
		"137-inverted-interval.csv":    {rows: 2},
		"139-directory.csv":            {err: "is a directory"},
	}
	var expect []struct{ File, Expect string }
	if err := json.Unmarshal(raw, &expect); err != nil {
		t.Fatal(err)
	}
	db := database(t)
	for _, e := range expect {
		name, ok := strings.CutPrefix(strings.TrimSuffix(e.File, "/keep"), "csv/")
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w, ok := want[name]
			if !ok {
				t.Fatal("no outcome written down for this file")
			}
			if e.Expect == "accept" && (w.err != "" || w.rejects != nil) || e.Expect == "reject" && w.err == "" {
				t.Fatalf("outcome must be %s", e.Expect)
			}
			l, err := load(db, filepath.Join(dir, "csv", name))
			if w.err != "" {
				if err == nil || !strings.Contains(err.Error(), w.err) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
					t.Fatalf("%v, want %q", err, w.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, j := range l.rejects {
				got = append(got, fmt.Sprint(j.Line, " ", j.Reason))
				if j.Line == 0 || j.Offset < 0 || j.File == "" {
					t.Errorf("reject without its place: %+v", j)
				}
			}
			if len(l.rows) != w.rows || fmt.Sprint(got) != fmt.Sprint(w.rejects) {
				t.Errorf("%d rows, %q, want %d, %q", len(l.rows), got, w.rows, w.rejects)
				for _, c := range l.schema.Columns[:min(12, len(l.schema.Columns))] {
					t.Logf("%-20s %-12s %-10s %s %s", c.Name, c.Type, c.Kind, c.Unit, c.Format)
				}
				for _, j := range l.rejects {
					t.Log(j)
				}
			}
			if len(w.rejects) == 0 && !strings.HasSuffix(name, ".gz") && !strings.HasPrefix(name, "134") && !strings.HasPrefix(name, "105") {
				raw, _ := os.ReadFile(filepath.Join(dir, "csv", name))
				if out := written(t, l); !bytes.Equal(raw, out) {
					t.Errorf("%s", difference(raw, out))
				}
			}
		})
	}
}
