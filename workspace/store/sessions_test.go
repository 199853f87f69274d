package store

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// writeSQL makes raw.t by SQL with the given columns, all plain.
func writeSQL(t testing.TB, db *DB, query string) Name {
	defer db.profiles.forget()
	t.Helper()
	n := Name{Raw, "t"}
	if _, err := db.sql.ExecContext(t.Context(), "CREATE OR REPLACE TABLE raw.t AS "+query); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSessions(t *testing.T) {
	db := openTest(t, Options{})
	// Rows out of time order, equal times, missing keys, times and values.
	n := writeSQL(t, db, `SELECT * FROM (VALUES
		('b', 1, 5.0, 'x'), ('a', 1, 9.0, 'p'), ('a', 1, 3.0, 'q'), (NULL, 1, 1.0, 'n'), ('b', 1, 5.0, 'y'),
		('a', 2, 1.0, 'r'), ('b', 1, NULL, 'z'), (NULL, 1, 0.5, 'm'), ('b', 1, 4.0, NULL)) AS v(src, port, ts, val)`)
	for name, test := range map[string]struct {
		q    SessionQuery
		want string
	}{
		"key and time": {
			SessionQuery{Time: "ts", Meta: []string{"src", "port"}, Series: []string{"val"}},
			"[b 1]: [4 <nil>] [5 x] [5 y] [<nil> z]; [a 1]: [3 q] [9 p]; [<nil> 1]: [0.5 m] [1 n]; [a 2]: [1 r]",
		},
		"no time": {
			SessionQuery{Meta: []string{"src"}, Series: []string{"val"}},
			"[b]: [<nil> x] [<nil> y] [<nil> z] [<nil> <nil>]; [a]: [<nil> p] [<nil> q] [<nil> r]; [<nil>]: [<nil> n] [<nil> m]",
		},
		"key of some metadata": {
			SessionQuery{Time: "ts", Meta: []string{"port", "src"}, Key: []string{"src"}, Series: []string{}},
			"[1 b]: [4] [5] [5] [<nil>]; [2 a]: [1] [3] [9]; [1 <nil>]: [0.5] [1]",
		},
		"one session": {
			SessionQuery{Time: "ts", Series: []string{"val"}},
			"[]: [0.5 m] [1 n] [1 r] [3 q] [4 <nil>] [5 x] [5 y] [9 p] [<nil> z]",
		},
		"series column in the key": {
			SessionQuery{Meta: []string{}, Key: []string{"port"}, Series: []string{"port"}},
			"[]: [<nil> 1] [<nil> 1] [<nil> 1] [<nil> 1] [<nil> 1] [<nil> 1] [<nil> 1] [<nil> 1]; []: [<nil> 2]",
		},
	} {
		test.q.Table = n
		var got []string
		records := 0
		for s, err := range db.Sessions(t.Context(), test.q) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			line := fmt.Sprint(s.Meta) + ":"
			for _, r := range s.Series {
				line += " " + fmt.Sprint(r)
			}
			records += len(s.Series)
			got = append(got, line)
		}
		if g := strings.Join(got, "; "); g != test.want {
			t.Errorf("%s: got %s, want %s", name, g, test.want)
		}
		if ns, nr, err := db.CountSessions(t.Context(), test.q); err != nil || ns != int64(len(got)) || nr != int64(records) {
			t.Errorf("%s: counted %d sessions of %d records, %v", name, ns, nr, err)
		}
	}
	for _, err := range db.Sessions(t.Context(), SessionQuery{Table: n, Meta: []string{"nope"}}) {
		if err == nil || err.Error() != `raw.t has no column "nope": it has src, port, ts, val` {
			t.Error(err)
		}
	}
	empty := writeSQL(t, db, "SELECT 1 AS a LIMIT 0")
	for s, err := range db.Sessions(t.Context(), SessionQuery{Table: empty, Meta: []string{"a"}}) {
		t.Error(s, err)
	}
}

func TestSessionsAcrossPages(t *testing.T) {
	db := openTest(t, Options{MemoryLimit: "200MB"})
	// 300,000 records: sessions of 1 and of 100,000, and pages in between.
	n := writeSQL(t, db, `SELECT CASE WHEN i < 100000 THEN -1 ELSE i % 50000 END AS k, -i AS ts, i AS v FROM range(300000) t(i)`)
	sessions, records := 0, 0
	for s, err := range db.Sessions(t.Context(), SessionQuery{Table: n, Time: "ts", Meta: []string{"k"}, Series: []string{"v"}}) {
		if err != nil {
			t.Fatal(err)
		}
		want := 4
		if s.Meta[0] == int64(-1) {
			want = 100000
		}
		if len(s.Series) != want {
			t.Fatalf("session %v has %d records, want %d", s.Meta, len(s.Series), want)
		}
		for i := 1; i < len(s.Series); i++ {
			if s.Series[i-1][0].(int64) >= s.Series[i][0].(int64) {
				t.Fatalf("session %v is out of order at %d", s.Meta, i)
			}
		}
		sessions++
		records += len(s.Series)
	}
	if sessions != 50001 || records != 300000 {
		t.Errorf("%d sessions, %d records", sessions, records)
	}
	stopped := 0
	for range db.Sessions(t.Context(), SessionQuery{Table: n, Meta: []string{"k"}}) {
		if stopped++; stopped == 3 {
			break
		}
	}
}

// TestReadWhileWriting streams one table while rows are added to it, another is
// written and epochs are recorded.
func TestReadWhileWriting(t *testing.T) {
	db := openTest(t, Options{})
	writeFlows(t, db, TableSpec{Name: Name{Raw, "a"}}, 150000)
	w, err := db.NewTable(t.Context(), TableSpec{Name: Name{Synth, "b"}, Schema: trace.Schema{Columns: flowColumns}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	rows := 0
	for row, err := range db.Rows(t.Context(), RowsQuery{Table: Name{Raw, "a"}}) {
		if err != nil {
			t.Fatal(err)
		}
		if rows%30000 == 0 {
			if err := db.AddEpoch(t.Context(), 1, Epoch{Epoch: rows, Values: map[string]float64{"loss": math.NaN(), "fid": 0.5}, Columns: map[string]float64{"src": .25}}); err != nil {
				t.Fatal(err)
			}
			writeFlows(t, db, TableSpec{Name: Name{Raw, "a"}, Mode: Append}, 10)
		}
		if err := w.Append(row); err != nil {
			t.Fatal(err)
		}
		rows++
	}
	tr, err := w.Commit(t.Context())
	if err != nil || rows != 150000 || tr.Rows != 150000 {
		t.Errorf("%d rows read, %d written, %v", rows, tr.Rows, err)
	}
	if es, err := db.Epochs(t.Context(), 1); err != nil || len(es) != 5 || es[1].Values["fid"] != 0.5 || es[1].Columns["src"] != .25 || !math.IsNaN(es[1].Values["loss"]) {
		t.Errorf("%+v, %v", es, err)
	}
}

func TestRowsAndColumnsOfViews(t *testing.T) {
	db := openTest(t, Options{})
	writeSQL(t, db, "SELECT i AS i, CASE WHEN i % 2 = 0 THEN 't' || (i % 3) END AS s, TIMESTAMP_NS '2024-01-01 00:00:00.5' AS ts, true AS b FROM range(10) t(i)")
	if _, err := db.sql.Exec("CREATE VIEW main.v AS SELECT *, [i, NULL] AS l FROM raw.t"); err != nil {
		t.Fatal(err)
	}
	vs, err := db.ReadColumns(t.Context(), Name{Main, "v"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if vs[0].Numbers[9] != 9 || vs[0].Valid != nil || vs[1].Texts[4] != "t1" || vs[1].IsValid(3) || !vs[1].IsValid(4) ||
		vs[2].Numbers[0] != float64(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Unix())+.5 || vs[3].Numbers[0] != 1 || vs[4].Texts[2] != "[2, NULL]" {
		t.Errorf("%+v", vs)
	}
	var got []any
	for row, err := range db.Rows(t.Context(), RowsQuery{Table: Name{Main, "v"}, Columns: []string{"s", "i"}, OrderBy: []string{"s", "i"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row[1])
	}
	if fmt.Sprint(got) != "[0 6 4 2 8 1 3 5 7 9]" {
		t.Error(got)
	}
}

func BenchmarkSessions(b *testing.B) {
	db := openTest(b, Options{})
	const n = 200000
	writeFlows(b, db, TableSpec{Name: Name{Raw, "t"}}, n)
	q := SessionQuery{Table: Name{Raw, "t"}, Time: "ts", Meta: []string{"srcip", "dstport"}, Series: []string{"bytes", "ok"}}
	for b.Loop() {
		for _, err := range db.Sessions(b.Context(), q) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkReadColumns(b *testing.B) {
	db := openTest(b, Options{})
	const n = 200000
	writeFlows(b, db, TableSpec{Name: Name{Raw, "t"}}, n)
	for b.Loop() {
		if _, err := db.ReadColumns(b.Context(), Name{Raw, "t"}, []string{"ts", "srcip", "bytes"}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
