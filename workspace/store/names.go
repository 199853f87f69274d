package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
)

// SetNames says which made-up values of the table stand for which real ones;
// Commit keeps them beside the table.
func (w *TableWriter) SetNames(standsFor map[string]string) { w.names = standsFor }

// Names returns which made-up values of a synthetic table stand for which real
// ones, nil where none does.
func (db *DB) Names(ctx context.Context, n Name) (map[string]string, error) {
	if n.Schema != Synth {
		return nil, nil
	}
	rows, err := db.sql.QueryContext(ctx, `SELECT made_up, stands_for FROM netshare.names WHERE table_name = ?`, n.Table)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var out map[string]string
	for rows.Next() {
		var made, real string
		if err := rows.Scan(&made, &real); err != nil {
			return nil, db.clean(err)
		}
		if out == nil {
			out = map[string]string{}
		}
		out[strings.Clone(made)] = strings.Clone(real)
	}
	return out, db.clean(rows.Err())
}

// namesAtOnce is how many names one statement writes.
const namesAtOnce = 500

// saveNames replaces what is kept of a table's names.
func saveNames(ctx context.Context, tx *sql.Tx, n Name, standsFor map[string]string) error {
	if n.Schema != Synth {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM netshare.names WHERE table_name = ?`, n.Table); err != nil {
		return err
	}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(standsFor)), namesAtOnce) {
		var args []any
		for _, made := range some {
			args = append(args, n.Table, made, standsFor[made])
		}
		values := strings.TrimSuffix(strings.Repeat("(?, ?, ?), ", len(some)), ", ")
		if _, err := tx.ExecContext(ctx, `INSERT INTO netshare.names VALUES `+values, args...); err != nil {
			return err
		}
	}
	return nil
}
