package tableio_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"netshare/workspace/tableio"
	"netshare/workspace/trace"
)

// TestMergePutsPartsTogether: by name, with what is missing, and without values
// of another type.
func TestMergePutsPartsTogether(t *testing.T) {
	ctx := context.Background()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // temporary tables are a connection's own
	var parts []tableio.Part
	n, text := trace.Column{Name: "n", Type: trace.TypeInt}, trace.Column{Name: "s", Type: trace.TypeText}
	for i, p := range []struct {
		values  string
		columns []trace.Column
	}{
		{"(VALUES (1, 'a'), (2, 'b')) v(n, s)", []trace.Column{n, text}},
		{"(VALUES ('c', 2.5::DOUBLE), ('d', 3), ('4', NULL)) v(S, n)", []trace.Column{{Name: "S", Type: trace.TypeText}, {Name: "n", Type: trace.TypeReal}}},
		{"(VALUES (7)) v(n)", []trace.Column{n}},
	} {
		part := tableio.Part{File: fmt.Sprintf("%d.csv", i), Table: tableio.Quote(fmt.Sprintf("part %d", i)), Schema: trace.Schema{Columns: p.columns}}
		if _, err := db.Exec("CREATE TEMP TABLE " + part.Table + " AS FROM " + p.values); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	var rejects []trace.Reject
	rows, err := tableio.Merge(ctx, db, parts, "merged", []trace.Column{n, text}, true, func(r trace.Reject) { rejects = append(rejects, r) })
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := db.QueryRow("SELECT string_agg(coalesce(n::VARCHAR, '-') || coalesce(s, '-'), ' ' ORDER BY rowid) FROM merged").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if rows != 5 || got != "1a 2b 3d -4 7-" {
		t.Errorf("%d rows: %s, want 5: 1a 2b 3d -4 7-", rows, got)
	}
	if len(rejects) != 1 || !strings.Contains(rejects[0].String(), `1.csv: value of another type than the table's: record 1: field "n": want BIGINT, got "2.5"`) {
		t.Errorf("rejects %v", rejects)
	}
	for column, want := range map[string]bool{"s": false, "n": false} {
		if empty, err := tableio.Empty(ctx, db, "merged", column); err != nil || empty != want {
			t.Errorf("column %s empty: %v, %v", column, empty, err)
		}
	}
}
