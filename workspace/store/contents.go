package store

import (
	"context"
	"fmt"
	"strings"
)

// Listed is a table or a view that is there, whoever made it.
type Listed struct {
	Name     Name
	View     bool
	Rows     int64  // -1 of a view, whose rows would have to be made to be counted
	Imitates string // the real table, of a synthetic one that the program made
	Columns  []ResultColumn
}

// Contents lists the tables and views of the schemas raw, synth, main and
// netshare, in this order and by name. Tables that are being written are not
// among them.
func (db *DB) Contents(ctx context.Context) ([]Listed, error) {
	rows, err := db.sql.QueryContext(ctx, `
		WITH t AS (
			SELECT schema_name, table_name, false AS view FROM duckdb_tables() WHERE database_name = $1
			UNION ALL
			SELECT schema_name, view_name, true FROM duckdb_views() WHERE database_name = $1 AND NOT internal
		)
		SELECT t.schema_name, t.table_name, t.view, coalesce(n.imitates, ''), c.column_name, c.data_type
		FROM t JOIN duckdb_columns() c ON c.database_name = $1 AND c.schema_name = t.schema_name AND c.table_name = t.table_name
		LEFT JOIN netshare.traces n ON n.schema_name = t.schema_name AND n.table_name = t.table_name
		WHERE t.schema_name IN ('raw', 'synth', 'main', 'netshare')
		ORDER BY list_position(['raw', 'synth', 'main', 'netshare'], t.schema_name), lower(t.table_name), t.table_name, c.column_index`, db.catalog)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var all []Listed
	for rows.Next() {
		var t Listed
		var c ResultColumn
		if err := rows.Scan(&t.Name.Schema, &t.Name.Table, &t.View, &t.Imitates, &c.Name, &c.Type); err != nil {
			return nil, db.clean(err)
		}
		if n := len(all); n == 0 || all[n-1].Name != t.Name {
			all = append(all, t)
		}
		last := &all[len(all)-1]
		last.Columns = append(last.Columns, c)
	}
	if err := rows.Err(); err != nil {
		return nil, db.clean(err)
	}
	return all, db.clean(db.countRows(ctx, all))
}

// countRows counts the rows of tables, which DuckDB does without reading them.
func (db *DB) countRows(ctx context.Context, all []Listed) error {
	var terms []string
	var into []any
	for i := range all {
		t := &all[i]
		if t.View {
			t.Rows = -1
			continue
		}
		terms = append(terms, fmt.Sprintf("(SELECT count(*) FROM %s)", db.Qualify(t.Name)))
		into = append(into, &t.Rows)
	}
	if len(terms) == 0 {
		return nil
	}
	return db.sql.QueryRowContext(ctx, "SELECT "+strings.Join(terms, ", ")).Scan(into...)
}
