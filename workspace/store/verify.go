package store

import (
	"context"
	"fmt"
)

// Verify reads every value of a table and returns its rows. DuckDB compares the
// checksum of each block on the way, so that a damaged one is an error.
func (db *DB) Verify(ctx context.Context, n Name) (rows int64, err error) {
	err = db.sql.QueryRowContext(ctx, "SELECT count(hash(t)) FROM "+db.Qualify(n)+" t").Scan(&rows)
	if err != nil {
		return 0, fmt.Errorf("%s can't be read whole: %w", n, db.clean(err))
	}
	return rows, nil
}
