package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// countReader makes the numbers of a file that holds how many they are, with a
// reject for each that is divided by five and a foreign record by seven.
type countReader struct {
	path   string
	n      int
	schema trace.Schema
	open   *atomic.Int64
}

func (r *countReader) Schema() trace.Schema { return r.schema }
func (r *countReader) Close() error         { r.open.Add(-1); return nil }

func (r *countReader) Read(ctx context.Context, emit func(trace.Row) error, reject func(trace.Reject)) error {
	row := make(trace.Row, len(r.schema.Columns))
	for i := 1; i <= r.n; i++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case i == 5:
			reject(trace.Reject{File: r.path, Line: 5, Offset: -1, Reason: "a five"})
			continue
		case i == 7:
			reject(trace.Reject{File: r.path, Line: 7, Offset: -1, Reason: "foreign: a seven"})
			continue
		}
		row[0], row[1] = int64(i), "n"+strconv.Itoa(i)
		if len(row) > 2 {
			row[2] = testStart.Add(time.Duration(i))
		}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// countFunction is a file function over such files; how many are open is in
// the counter.
func countFunction(open *atomic.Int64) FileFunction {
	return FileFunction{
		Name: "read_count", Extensions: []string{".count"}, Parameters: []string{"columns"},
		Foreign: func(j trace.Reject) bool { return strings.HasPrefix(j.Reason, "foreign: ") },
		Open: func(_ context.Context, path string, params map[string]string) (trace.Reader, error) {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("%s: there is no such file", path)
			}
			n, err := strconv.Atoi(string(text))
			if err != nil {
				return nil, fmt.Errorf("%s: want a number, got %q", path, text)
			}
			columns := []trace.Column{{Name: "i", Type: trace.TypeInt}, {Name: "text", Type: trace.TypeText}, {Name: "t", Type: trace.TypeTime}}
			if params["columns"] == "two" || n == 2 {
				columns = columns[:2]
			}
			if n == 13 {
				columns[1].Name = "word"
			}
			open.Add(1)
			return &countReader{path, n, trace.Schema{Columns: columns}, open}, nil
		},
	}
}

// query returns the first row of a query's result as text, and what was left out.
func query(t *testing.T, db *DB, sql string) (string, []ReasonCount, error) {
	t.Helper()
	r, err := db.Query(t.Context(), sql)
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	row, err := r.Next()
	if err != nil {
		return "", nil, err
	}
	texts := make([]string, len(row))
	for i, v := range row {
		texts[i] = FormatValue(v, r.Columns[i].Type)
	}
	return strings.Join(texts, " "), r.Skipped, nil
}

func TestFileFunctions(t *testing.T) {
	var open atomic.Int64
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		"a.count": "4", "b.count": "2", "five.count": "6", "seven.count": "8", "big.count": "10000000", "word.x": "13", "bad.x": "x", "[1].count": "3",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "lab.duckdb")
	for _, readOnly := range []bool{false, true} {
		db, err := Open(t.Context(), path, Options{ReadOnly: readOnly, FileFunctions: []FileFunction{countFunction(&open)}})
		if err != nil {
			t.Fatal(err)
		}
		five := "ignore_errors := true leaves such records out"
		for _, tc := range []struct{ sql, want, fault string }{
			{sql: "SELECT count(*), sum(i), max(text), max(t) FROM read_count('a.count')", want: "4 10 n4 2024-05-01 12:00:00.123456793"},
			{sql: "SELECT max(t) FROM 'a.count'", want: "2024-05-01 12:00:00.123456793"},
			{sql: "SELECT count(*) FROM 'A.COUNT.gz'", fault: "A.COUNT.gz: there is no such file"},
			{sql: "SELECT count(*) FROM read_count('[ab].count')", want: "6"},
			{sql: "SELECT count(*) FROM read_count('[1].count')", want: "3"},
			{sql: "SELECT string_agg(filename || i, ',') FROM read_count('?.count', filename := true)", want: "a.count1,a.count2,a.count3,a.count4,b.count1,b.count2"},
			{sql: "SELECT count(t), count(*) FROM read_count('?.count')", want: "4 6"},
			{sql: "SELECT count(COLUMNS(*)) FROM read_count('a.count', columns := 'two')", want: "4 4"},
			{sql: "SELECT count(*) FROM read_count('a.count') x, read_count('b.count') y, read_count('a.count') z", want: "32"},
			{sql: "PREPARE q AS SELECT count(*) FROM read_count('a.count'); EXECUTE q; EXECUTE q", want: "4"},
			{sql: "SELECT i FROM read_count('big.count', ignore_errors := true) LIMIT 1", want: "1"},
			{sql: "SELECT count(*) FROM read_count('seven.count', ignore_errors := true)", want: "6"},
			{sql: "SELECT count(*) FROM read_count('five.count')", fault: "five.count:5: a five: " + five},
			{sql: "SELECT count(*) FROM read_count('no*.count')", fault: "no*.count: there is no such file"},
			{sql: "SELECT count(*) FROM read_count('no.count')", fault: "no.count: there is no such file"},
			{sql: "SELECT count(*) FROM read_count('bad.x')", fault: `bad.x: want a number, got "x"`},
			{sql: "SELECT count(*) FROM read_count('{a,word}.x')", fault: "there is no such file"},
			{sql: "SELECT count(*) FROM read_count('*.x')", fault: `bad.x: want a number`},
			{sql: "SELECT count(*) FROM read_count('[aw]*[tx]')", fault: `word.x has a column "word" of type VARCHAR, which a.count has not`},
			{sql: "SELECT count(*) FROM read_count('a.count', colums := 'two')", fault: "does not support the supplied arguments"},
			{sql: "SELECT count(*) FROM netshare_rows()", fault: "is what netshare loads tables with"},
		} {
			got, _, err := query(t, db, tc.sql)
			switch {
			case tc.fault == "" && (err != nil || got != tc.want):
				t.Errorf("%s: got %q, %v, want %q", tc.sql, got, err, tc.want)
			case tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)):
				t.Errorf("%s: got %v, want an error with %q", tc.sql, err, tc.fault)
			}
			if n := open.Load(); n != 0 && !strings.HasPrefix(tc.sql, "PREPARE") {
				t.Errorf("%s: %d files are open", tc.sql, n)
			}
			open.Store(0)
		}
		_, skipped, err := query(t, db, "SELECT count(*) FROM read_count('[fs]*en.count', ignore_errors := true), read_count('five.count', ignore_errors := true)")
		if want := []ReasonCount{{"a five", 2}, {"foreign: a seven", 1}}; err != nil || !slices.Equal(skipped, want) {
			t.Errorf("left out: %v, %v, want %v", skipped, err, want)
		}
		if !readOnly {
			if _, _, err := query(t, db, "CREATE TABLE main.x AS FROM read_count('seven.count', ignore_errors := true)"); err != nil {
				t.Error(err)
			}
		}
		if got, _, err := query(t, db, "SELECT string_agg(i ORDER BY rowid) FROM main.x"); got != "1,2,3,4,6,8" {
			t.Errorf("made of a file: %q, %v", got, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFileFunctionCancelled: a query over an endless file ends with its context.
func TestFileFunctionCancelled(t *testing.T) {
	var open atomic.Int64
	f := countFunction(&open)
	wait := make(chan struct{})
	read := f.Open
	f.Open = func(ctx context.Context, path string, params map[string]string) (trace.Reader, error) {
		r, err := read(ctx, path, params)
		return slowReader{r, wait}, err
	}
	db := openTest(t, Options{FileFunctions: []FileFunction{f}})
	file := filepath.Join(t.TempDir(), "x.count")
	if err := os.WriteFile(file, []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-wait; cancel() }()
	if _, err := db.Query(ctx, "FROM '"+file+"'"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := open.Load(); n != 0 {
		t.Errorf("%d files are open", n)
	}
}

// slowReader has nothing to say until it is cancelled.
type slowReader struct {
	trace.Reader
	began chan struct{}
}

func (r slowReader) Read(ctx context.Context, _ func(trace.Row) error, _ func(trace.Reject)) error {
	close(r.began)
	<-ctx.Done()
	return ctx.Err()
}
