package tableio

import (
	"context"
	"database/sql"
	"strings"
)

// DB is what loading and exporting need of a DuckDB connection; *sql.DB,
// *sql.Conn and *sql.Tx all do.
type DB interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Quote returns an identifier in quotes, whatever characters it has.
func Quote(identifier string) string {
	return `"` + strings.ReplaceAll(identifier, `"`, `""`) + `"`
}

// literal returns text as an SQL string.
func literal(text string) string { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }

// count returns the number of rows of a table whose name is quoted already.
func count(ctx context.Context, db DB, table string) (int64, error) {
	rows, err := db.QueryContext(ctx, "SELECT count(*) FROM "+table)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}
