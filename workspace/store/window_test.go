package store

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
)

// TestWindow: any part of a result is what the whole of it has there.
func TestWindow(t *testing.T) {
	db := openTest(t, Options{})
	n := writeSQL(t, db, "SELECT i, i % 1000 AS g, 'host ' || i AS h FROM range(50000) x(i)")
	table := db.Qualify(n)
	for _, tt := range []struct {
		query string
		scan  bool
		rows  int64
		at    int64
		first any
	}{
		{"from " + table, true, 50000, 49990, int64(49990)},
		{"select h, i from " + table + " where g < 10; ", true, 500, 10, "host 1000"},
		{"select i from " + table + " order by i desc -- the last first", false, 50000, 40000, int64(9999)},
		{"select g, count(*) as n from " + table + " group by g order by g", false, 1000, 999, int64(999)},
		{"select 1 as one", false, 1, 0, int32(1)},
		{"from " + table + " limit 7", false, 7, 5, int64(5)},
	} {
		w, err := db.Window(t.Context(), tt.query)
		if err != nil {
			t.Fatalf("%s: %v", tt.query, err)
		}
		if w.Scan != tt.scan {
			t.Errorf("%s: scan %v, want %v", tt.query, w.Scan, tt.scan)
		}
		if rows, err := w.Count(t.Context()); err != nil || rows != tt.rows {
			t.Errorf("%s: %d rows, %v; want %d", tt.query, rows, err, tt.rows)
		}
		page, err := w.Page(t.Context(), tt.at, 5)
		if err != nil || len(page) == 0 || len(page) > 5 || !reflect.DeepEqual(page[0][0], tt.first) {
			t.Errorf("%s: from %d: %v, %v; want %v", tt.query, tt.at, page, err, tt.first)
		}
		if page, err := w.Page(t.Context(), tt.rows, 5); err != nil || len(page) != 0 {
			t.Errorf("%s: beyond the end: %v, %v", tt.query, page, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if _, err := w.Page(t.Context(), 0, 1); err == nil {
			t.Errorf("%s: a closed window gave rows", tt.query)
		}
	}
}

// TestWindowOrder: pages of a query without an order are parts of one result.
func TestWindowOrder(t *testing.T) {
	db := openTest(t, Options{Threads: 4})
	n := writeSQL(t, db, "SELECT hash(i) % 40000 AS v FROM range(200000) x(i)")
	w, err := db.Window(t.Context(), "select distinct v from "+db.Qualify(n))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	seen := map[any]bool{}
	rows, err := w.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < rows; at += 997 {
		page, err := w.Page(t.Context(), at, 997)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			if seen[r[0]] {
				t.Fatalf("%v comes twice", r[0])
			}
			seen[r[0]] = true
		}
	}
	if int64(len(seen)) != rows {
		t.Errorf("%d different values, want %d", len(seen), rows)
	}
}

func TestWindowRefuses(t *testing.T) {
	db := openTest(t, Options{})
	for _, query := range []string{"create table main.t as select 1", "insert into main.t values (1)", "from nowhere", "", "select 1; select 2"} {
		if w, err := db.Window(t.Context(), query); err == nil {
			w.Close()
			t.Errorf("%q has a window", query)
		}
	}
	w, err := db.Window(t.Context(), "select count(*) from range(4000000000) a, range(100) b where hash(a.range + b.range) = 1")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Count(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWindowParquet(t *testing.T) {
	db := openTest(t, Options{})
	w, err := db.Window(t.Context(), "select i, 'x' || i as s from range(1000) x(i) order by i desc")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	path := filepath.Join(t.TempDir(), "it's.parquet")
	if err := w.WriteParquet(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	back, err := db.Window(t.Context(), "from "+literal(path))
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	page, err := back.Page(t.Context(), 999, 10)
	if err != nil || !reflect.DeepEqual(page, [][]any{{int64(0), "x0"}}) {
		t.Errorf("the file ends in %v, %v", page, err)
	}
}
