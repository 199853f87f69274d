package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// Cell is what a notebook's cell last showed.
type Cell struct {
	Notebook string // the document; see package notebook
	ID       string
	Position int // among the document's cells, from 0
	Kind     string
	Text     string          // that was run
	Output   json.RawMessage // nil where there is none
	Error    string          // why it failed, "" where it did not
	Started  time.Time
	Finished time.Time // zero where it did not come to its end
}

// SaveCell keeps what a cell showed in place of what is kept of it.
func (db *DB) SaveCell(ctx context.Context, c Cell) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM netshare.cells WHERE notebook = ? AND cell = ?`, c.Notebook, c.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO netshare.cells (notebook, cell, position, kind, text, output, error, started_at, finished_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			c.Notebook, c.ID, c.Position, c.Kind, c.Text, nullable(string(c.Output)), nullable(c.Error), c.Started.UTC(), nullableTime(c.Finished))
		return err
	})
}

// nullableTime is NULL for the zero time.
func nullableTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// Cells lists what is kept of a notebook's cells, in their order.
func (db *DB) Cells(ctx context.Context, notebook string) ([]Cell, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT cell, position, kind, text, output::VARCHAR, coalesce(error, ''), started_at, finished_at
		FROM netshare.cells WHERE notebook = ? ORDER BY position, finished_at`, notebook)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var cells []Cell
	for rows.Next() {
		c := Cell{Notebook: notebook}
		var output sql.NullString
		var started, finished sql.NullTime
		if err := rows.Scan(&c.ID, &c.Position, &c.Kind, &c.Text, &output, &c.Error, &started, &finished); err != nil {
			return nil, db.clean(err)
		}
		if output.Valid {
			c.Output = json.RawMessage(output.String)
		}
		c.Started, c.Finished = started.Time, finished.Time
		cells = append(cells, c)
	}
	return cells, db.clean(rows.Err())
}

// PlaceCells notes where the cells of a notebook stand now, and forgets those
// that are not among them.
func (db *DB) PlaceCells(ctx context.Context, notebook string, ids []string) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT cell, position FROM netshare.cells WHERE notebook = ?`, notebook)
		if err != nil {
			return err
		}
		at := map[string]int{}
		for rows.Next() {
			var id string
			var position int
			if err := rows.Scan(&id, &position); err != nil {
				rows.Close()
				return err
			}
			at[id] = position
		}
		if err := rows.Close(); err != nil {
			return err
		}
		for i, id := range ids {
			was, ok := at[id]
			delete(at, id)
			if !ok || was == i {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE netshare.cells SET position = ? WHERE notebook = ? AND cell = ?`, i, notebook, id); err != nil {
				return err
			}
		}
		for id := range at {
			if _, err := tx.ExecContext(ctx, `DELETE FROM netshare.cells WHERE notebook = ? AND cell = ?`, notebook, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// TableStamp tells one state of a table from another.
type TableStamp struct {
	Name    Name
	Rows    int64     // as DuckDB counts them; -1 of a view
	Columns int64     // how many
	Run     int64     // that wrote it last; 0 of a table made in SQL
	Changed time.Time // zero of a table made in SQL
}

// Stamps lists the tables and views of raw, synth and main, in this order and
// by name, without looking into them.
func (db *DB) Stamps(ctx context.Context) ([]TableStamp, error) {
	rows, err := db.sql.QueryContext(ctx, `
		SELECT t.schema_name, t.name, t.rows, t.columns, coalesce(c.run, 0), c.changed_at FROM (
			SELECT schema_name, table_name AS name, estimated_size AS rows, column_count AS columns FROM duckdb_tables() WHERE database_name = ?
			UNION ALL
			SELECT schema_name, view_name, -1, column_count FROM duckdb_views() WHERE NOT internal AND database_name = ?) t
		LEFT JOIN netshare.traces c ON c.schema_name = t.schema_name AND c.table_name = t.name
		WHERE t.schema_name IN ('raw', 'synth', 'main')
		ORDER BY list_position(['raw', 'synth', 'main'], t.schema_name), t.name`, db.catalog, db.catalog)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var stamps []TableStamp
	for rows.Next() {
		var s TableStamp
		var changed sql.NullTime
		if err := rows.Scan(&s.Name.Schema, &s.Name.Table, &s.Rows, &s.Columns, &s.Run, &changed); err != nil {
			return nil, db.clean(err)
		}
		s.Changed = changed.Time
		stamps = append(stamps, s)
	}
	return stamps, db.clean(rows.Err())
}
