package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"netshare/workspace/trace"
)

// Trace is what the catalog knows of a table of schema raw or synth.
type Trace struct {
	Name     Name
	Schema   trace.Schema
	Recipe   json.RawMessage // the fields that are learnt; nil where not known
	Sources  []Source
	Rows     int64
	Run      int64  // that wrote it last; 0 for none
	Model    int64  // that generated it; 0 for none
	Imitates string // the real table, of a synthetic one
	Created  time.Time
	Changed  time.Time
}

// querier is a connection pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Traces lists the catalog: raw before synth, by name.
func (db *DB) Traces(ctx context.Context) ([]Trace, error) {
	ts, err := db.traces(ctx, db.sql, "")
	return ts, db.clean(err)
}

// Trace returns the catalog's line of a table. A table that the user made in
// raw or synth by hand, and any of another schema, has a line made from its
// columns. An error wraps ErrNoTable.
func (db *DB) Trace(ctx context.Context, n Name) (Trace, error) {
	if n.Schema == Raw || n.Schema == Synth {
		ts, err := db.traces(ctx, db.sql, "WHERE schema_name = ? AND lower(table_name) = lower(?)", n.Schema, n.Table)
		if err != nil {
			return Trace{}, db.clean(err)
		}
		if len(ts) > 0 {
			return ts[0], nil
		}
	}
	return db.Found(ctx, n)
}

// Found describes a table as the database has it, whatever the catalog says of
// it: columns of no kind, and neither recipe nor run. An error wraps ErrNoTable.
func (db *DB) Found(ctx context.Context, n Name) (Trace, error) {
	columns, err := db.columns(ctx, db.sql, n)
	if err != nil {
		return Trace{}, db.clean(err)
	}
	if len(columns) == 0 {
		_, err := db.Resolve(ctx, n.Table, n.Schema)
		if err == nil {
			err = fmt.Errorf("%w %s", ErrNoTable, n)
		}
		return Trace{}, err
	}
	t := Trace{Name: Name{n.Schema, columns[0].table}}
	for _, c := range columns {
		t.Schema.Columns = append(t.Schema.Columns, trace.Column{Name: c.name, Type: plainType(c.typ)})
	}
	err = db.sql.QueryRowContext(ctx, "SELECT count(*) FROM "+db.Qualify(n)).Scan(&t.Rows)
	return t, db.clean(err)
}

// traces reads catalog lines whose table is still there.
func (db *DB) traces(ctx context.Context, q querier, where string, args ...any) ([]Trace, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT schema_name, table_name, columns::VARCHAR, recipe::VARCHAR, sources::VARCHAR, rows, coalesce(run, 0), coalesce(model, 0),
			coalesce(imitates, ''), created_at, changed_at
		FROM (FROM netshare.traces SEMI JOIN (FROM duckdb_tables() WHERE database_name = '`+escape(db.catalog)+`') d
			ON d.schema_name = traces.schema_name AND d.table_name = traces.table_name) t `+where+` ORDER BY schema_name, table_name`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ts []Trace
	for rows.Next() {
		var t Trace
		var columns string
		var recipe, sources sql.NullString
		err := rows.Scan(&t.Name.Schema, &t.Name.Table, &columns, &recipe, &sources, &t.Rows, &t.Run, &t.Model, &t.Imitates, &t.Created, &t.Changed)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(columns), &t.Schema); err != nil {
			return nil, fmt.Errorf("%s: columns in the catalog: %w", t.Name, err)
		}
		if sources.Valid {
			if err := json.Unmarshal([]byte(sources.String), &t.Sources); err != nil {
				return nil, fmt.Errorf("%s: sources in the catalog: %w", t.Name, err)
			}
		}
		if recipe.Valid {
			t.Recipe = json.RawMessage(recipe.String)
		}
		ts = append(ts, t)
	}
	return ts, rows.Err()
}

// saveTrace replaces a table's line in the catalog.
func (db *DB) saveTrace(ctx context.Context, tx *sql.Tx, t Trace) error {
	columns, err := json.Marshal(t.Schema)
	if err != nil {
		return err
	}
	sources, err := json.Marshal(t.Sources)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM netshare.traces WHERE schema_name = ? AND table_name = ?`, t.Name.Schema, t.Name.Table)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO netshare.traces
		(schema_name, table_name, format, columns, recipe, sources, rows, run, model, imitates, created_at, changed_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), ?, ?, ?)`,
		t.Name.Schema, t.Name.Table, t.Schema.Format, string(columns), nullable(string(t.Recipe)), string(sources), t.Rows, t.Run, t.Model,
		nullable(t.Imitates), t.Created, t.Changed)
	return err
}

// AddTable enters a table that was made in SQL in the catalog, with the kinds of
// its columns and its recipe.
func (db *DB) AddTable(ctx context.Context, t Trace) error {
	t.Created = db.now()
	t.Changed = t.Created
	return db.inTx(ctx, func(tx *sql.Tx) error { return db.saveTrace(ctx, tx, t) })
}

// SetRecipe records the fields that are learnt of a table, as JSON.
func (db *DB) SetRecipe(ctx context.Context, n Name, recipe json.RawMessage) error {
	_, err := db.sql.ExecContext(ctx, `UPDATE netshare.traces SET recipe = ? WHERE schema_name = ? AND table_name = ?`,
		nullable(string(recipe)), n.Schema, n.Table)
	return db.clean(err)
}

// DropTable drops a table of schema raw or synth with its line in the catalog;
// an error wraps ErrNoTable where there is none. Its bytes may stay in the file
// until they are written over: a workspace with dropped tables is not fit to be
// handed out.
func (db *DB) DropTable(ctx context.Context, n Name) error {
	if n.Schema != Raw && n.Schema != Synth {
		return fmt.Errorf("%s: only tables of raw and synth can be dropped: use SQL", n)
	}
	n, err := db.Resolve(ctx, n.Table, n.Schema)
	if err != nil {
		return err
	}
	defer db.profiles.forget()
	return db.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DROP TABLE "+db.Qualify(n)); err != nil {
			return err
		}
		if err := saveNames(ctx, tx, n, nil); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM netshare.traces WHERE schema_name = ? AND table_name = ?`, n.Schema, n.Table)
		return err
	})
}

// tableColumn is a column as DuckDB knows it.
type tableColumn struct {
	table, name, typ string
}

// columns lists the columns of a table or view, none where there is no such.
func (db *DB) columns(ctx context.Context, q querier, n Name) ([]tableColumn, error) {
	rows, err := q.QueryContext(ctx, `SELECT table_name, column_name, data_type FROM information_schema.columns
		WHERE table_catalog = ? AND table_schema = ? AND lower(table_name) = lower(?) ORDER BY ordinal_position`, db.catalog, n.Schema, n.Table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var cs []tableColumn
	for rows.Next() {
		var c tableColumn
		if err := rows.Scan(&c.table, &c.name, &c.typ); err != nil {
			return nil, err
		}
		cs = append(cs, c)
	}
	return cs, rows.Err()
}

// plainType is the type of package trace that holds a column of any DuckDB
// type: what cast converts it to.
func plainType(duck string) trace.Type {
	switch duck {
	case "BOOLEAN", "BIGINT", "DOUBLE", "VARCHAR", "TIMESTAMP_NS", "BOOLEAN[]", "BIGINT[]", "DOUBLE[]", "VARCHAR[]":
		return trace.Type(duck)
	case "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER":
		return trace.TypeInt
	case "UBIGINT", "HUGEINT", "UHUGEINT", "FLOAT":
		return trace.TypeReal
	case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "DATE", "TIMESTAMP WITH TIME ZONE":
		return trace.TypeTime
	}
	if len(duck) > 7 && duck[:7] == "DECIMAL" && duck[len(duck)-1] == ')' {
		return trace.TypeReal
	}
	return trace.TypeText
}

// escape doubles the quotes of a string within quotes.
func escape(s string) string {
	q := literal(s)
	return q[1 : len(q)-1]
}
