package store

import (
	"context"
	"fmt"
)

// CountInverted returns how many rows of a table have a value in column start
// that is greater than that in column end.
func (db *DB) CountInverted(ctx context.Context, n Name, start, end string) (int64, error) {
	var rows int64
	err := db.sql.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM %s WHERE %s > %s", db.Qualify(n), Quote(start), Quote(end))).Scan(&rows)
	return rows, db.clean(err)
}
