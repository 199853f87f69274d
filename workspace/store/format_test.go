package store

import (
	"testing"
)

// TestFormatValue compares with what DuckDB itself writes.
func TestFormatValue(t *testing.T) {
	db := openTest(t, Options{})
	for _, expr := range []string{
		"1", "1::DOUBLE", "0.25::DOUBLE", "-3.5::FLOAT", "123456.789::DOUBLE", "'inf'::DOUBLE", "'-inf'::DOUBLE", "'nan'::DOUBLE", "true", "'text'",
		"TIMESTAMP_NS '2024-05-01 12:00:00.123456789'", "TIMESTAMP '2024-05-01 12:00:00'", "TIMESTAMP '2024-05-01 12:00:00.25'", "DATE '2024-05-01'",
		"TIME '12:30:00'", "[1, NULL, 3]", "['a', 'b']", "[[1.0::DOUBLE], []]", "{'a': 1, 'b': NULL}", "-0.05::DECIMAL(9,2)", "12::DECIMAL(4,0)",
		"INTERVAL '-90 minutes'", "INTERVAL '14 months'", "170141183460469231731687303715884105727::HUGEINT", "'\\x00a\\xFF'::BLOB", "MAP {'k': 2}",
		"TIMESTAMPTZ '2024-05-01 12:00:00+02'",
	} {
		var want string
		if err := db.sql.QueryRow("SELECT CAST((" + expr + ") AS VARCHAR)").Scan(&want); err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		r, err := db.Query(t.Context(), "SELECT "+expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		row, err := r.Next()
		if err != nil {
			t.Errorf("%s: %v", expr, err)
		} else if got := FormatValue(row[0], r.Columns[0].Type); got != want {
			t.Errorf("%s: got %q, DuckDB writes %q", expr, got, want)
		}
		r.Close()
	}
	if got := FormatValue(nil, "BIGINT"); got != "NULL" {
		t.Error(got)
	}
}
