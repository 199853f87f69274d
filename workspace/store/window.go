package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Window reads any part of a query's result without holding the whole of it in
// the program's memory. A query that does no more than go through a table is
// asked again for each part; any other is run once, when a part is first
// asked for, into DuckDB's temporary storage, which goes to disk where memory
// is short. It may be used by several goroutines, which wait for each other.
// Close it.
type Window struct {
	Columns []ResultColumn
	// Tables are those that the query reads, as schema.table, each once.
	Tables []string
	// Scan says that the query only goes through one table: each of its rows
	// is one of the table's.
	Scan bool

	db     *DB
	mu     sync.Mutex
	conn   *sql.Conn
	from   string // what parts are selected from
	kept   bool   // from is a temporary table
	rows   int64  // of the whole result, -1 until counted
	closed bool
}

// Window prepares the reading of one query's result; it does not run it. What
// is no query, such as INSERT, is an error.
func (db *DB) Window(ctx context.Context, query string) (*Window, error) {
	query = strings.TrimRight(strings.TrimSpace(query), "; \n\t")
	if strings.HasPrefix(strings.ToLower(query), "create") {
		return nil, errors.New("a statement that makes something has no rows to go through")
	}
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return nil, db.clean(err)
	}
	w := &Window{db: db, conn: conn, from: "(" + query + "\n)", rows: -1}
	if err := errors.Join(w.prepare(ctx, query), db.use(w)); err != nil {
		conn.Close()
		return nil, db.clean(err)
	}
	return w, nil
}

// prepare learns the result's columns, and from its plan what it reads.
func (w *Window) prepare(ctx context.Context, query string) error {
	rows, err := w.conn.QueryContext(ctx, "SELECT * FROM "+w.from+" LIMIT 0")
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	for i, n := range names {
		w.Columns = append(w.Columns, ResultColumn{n, types[i].DatabaseTypeName()})
	}
	var key, text string
	if err := w.conn.QueryRowContext(ctx, "EXPLAIN (FORMAT json) "+query).Scan(&key, &text); err != nil {
		return err
	}
	var plan []planNode
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return fmt.Errorf("the plan of the query: %w", err)
	}
	w.Scan = len(plan) == 1
	for _, n := range plan {
		w.read(n)
	}
	w.Scan = w.Scan && len(w.Tables) == 1
	return nil
}

// planNode is a step of a query's plan.
type planNode struct {
	Name     string `json:"name"`
	Children []planNode
	Extra    map[string]any `json:"extra_info"`
}

// read notes the tables that a plan reads, and whether it is a plain scan.
func (w *Window) read(n planNode) {
	switch name := strings.TrimSpace(n.Name); {
	case name == "SEQ_SCAN":
		table, _ := n.Extra["Table"].(string)
		table = strings.TrimPrefix(table, w.db.catalog+".")
		if table != "" && !slices.Contains(w.Tables, table) {
			w.Tables = append(w.Tables, table)
		}
	case name == "PROJECTION", name == "FILTER":
	default:
		w.Scan = false
	}
	for _, c := range n.Children {
		w.read(c)
	}
}

// Page returns rows of the result from offset (0 for the first) on, at most
// limit; fewer only at the end. Values are those of Result.
func (w *Window) Page(ctx context.Context, offset, limit int64) ([][]any, error) {
	var out [][]any
	err := w.Each(ctx, "*", fmt.Sprintf("LIMIT %d OFFSET %d", limit, offset), func(_ []ResultColumn, row []any) error {
		out = append(out, slices.Clone(row))
		return nil
	})
	return out, err
}

// Count returns how many rows the result has.
func (w *Window) Count(ctx context.Context) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rows >= 0 {
		return w.rows, nil
	}
	if err := w.keep(ctx); err != nil {
		return 0, err
	}
	var n int64
	if err := w.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+w.from).Scan(&n); err != nil {
		return 0, w.db.clean(err)
	}
	w.rows = n
	return n, nil
}

// Each selects expressions over the result, with what may follow FROM in SQL,
// and calls fn with each row, which is used again for the next. What is
// selected should be small, or be read in parts: it is in memory as a whole.
func (w *Window) Each(ctx context.Context, expressions, rest string, fn func(columns []ResultColumn, row []any) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.keep(ctx); err != nil {
		return err
	}
	rows, err := w.conn.QueryContext(ctx, "SELECT "+expressions+" FROM "+w.from+" "+rest)
	if err != nil {
		return w.db.clean(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return w.db.clean(err)
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return w.db.clean(err)
	}
	columns := make([]ResultColumn, len(names))
	values, into := make([]any, len(names)), make([]any, len(names))
	for i, n := range names {
		columns[i] = ResultColumn{n, types[i].DatabaseTypeName()}
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return w.db.clean(err)
		}
		for i, v := range values {
			values[i] = plainValue(v, columns[i].Type)
		}
		if err := fn(columns, values); err != nil {
			return err
		}
	}
	return w.db.clean(rows.Err())
}

// WriteParquet writes the whole result to a file. Parquet has no integers of 128
// bits, which sums are, and DuckDB would write them as floating-point numbers:
// they are decimals without places, or texts where one has more than 38 digits.
func (w *Window) WriteParquet(ctx context.Context, path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.keep(ctx); err != nil {
		return err
	}
	var err error
	for _, as := range []string{"DECIMAL(38,0)", "VARCHAR"} {
		var other []string
		for _, c := range w.Columns {
			if c.Type == "HUGEINT" || c.Type == "UHUGEINT" {
				other = append(other, fmt.Sprintf("CAST(%[1]s AS %[2]s) AS %[1]s", Quote(c.Name), as))
			}
		}
		all := "*"
		if other != nil {
			all += " REPLACE (" + strings.Join(other, ", ") + ")"
		}
		_, err = w.conn.ExecContext(ctx, "COPY (SELECT "+all+" FROM "+w.from+") TO "+literal(path)+" (FORMAT parquet, COMPRESSION zstd)")
		if err == nil || other == nil || ctx.Err() != nil {
			break
		}
	}
	return w.db.clean(err)
}

// keep runs a query that can't be asked again for parts of it.
func (w *Window) keep(ctx context.Context) error {
	switch {
	case w.closed:
		return errors.New("the result is closed: run the query again")
	case w.Scan || w.kept:
		return nil
	}
	if _, err := w.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE netshare_window AS SELECT * FROM "+w.from); err != nil {
		return w.db.clean(err)
	}
	w.from, w.kept = "temp.main.netshare_window", true
	return nil
}

// Close ends the window and frees what was kept of its result.
func (w *Window) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	// The connection is not used again: its temporary table goes with it.
	err := w.conn.Raw(func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		err = nil
	}
	w.conn.Close()
	w.db.forget(w)
	return w.db.clean(err)
}
