package store

import (
	"context"
	"database/sql"
)

// registerFunctions adds the SQL functions of netshare to the instance.
func registerFunctions(ctx context.Context, db *sql.DB) error { return nil }
