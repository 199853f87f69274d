package store

import (
	"context"
	"testing"
)

func TestCountInverted(t *testing.T) {
	ctx := context.Background()
	db := openTest(t, Options{})
	if _, err := db.sql.ExecContext(ctx, `CREATE TABLE raw.t AS SELECT * FROM (VALUES (1, 2), (3, 2), (NULL, 2), (2, 2)) v("the start", "end")`); err != nil {
		t.Fatal(err)
	}
	n, err := db.CountInverted(ctx, Name{Schema: Raw, Table: "t"}, "the start", "end")
	if err != nil || n != 1 {
		t.Errorf("got %d, %v, want 1", n, err)
	}
}
