package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"iter"
	"strings"
)

// ResultColumn is a column of a query's result.
type ResultColumn struct {
	Name string
	Type string // by DuckDB's name: BIGINT, DECIMAL(18,3), VARCHAR[]
}

// Result is what a query gave. Close it.
type Result struct {
	Columns []ResultColumn
	// Skipped counts the records that the file functions of the SQL left out, by
	// reason, the most frequent first.
	Skipped []ReasonCount

	console *Console
	own     bool // the console is the result's own
	rows    *sql.Rows
	values  []any
	into    []any
}

// Console is a connection that keeps what a user sets on it: temporary tables,
// settings, a transaction begun. One statement runs on it at a time. Close it.
type Console struct {
	db     *DB
	conn   *sql.Conn
	result *Result // not yet closed
	closed bool
}

// Console opens a connection for a user's SQL.
func (db *DB) Console(ctx context.Context) (*Console, error) {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return nil, db.clean(err)
	}
	c := &Console{db: db, conn: conn}
	if err := db.use(c); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Close gives the connection back; a transaction left open is undone.
func (c *Console) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	if c.result != nil {
		c.result.rows.Close()
	}
	// The connection is not used again, so that nothing set on it lives on.
	err := c.conn.Raw(func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		err = nil
	}
	c.conn.Close()
	c.db.forget(c)
	return c.db.clean(err)
}

// Query runs the statements of text, separated by semicolons, in order, and
// returns the result of the last. A result that the console gave before is
// closed. The end of ctx interrupts a statement that is running.
func (c *Console) Query(ctx context.Context, text string) (*Result, error) {
	if c.result != nil {
		c.result.Close()
	}
	st := &statement{}
	defer c.db.profiles.forget() // who knows what it does
	rows, err := c.conn.QueryContext(context.WithValue(ctx, statementKey{}, st), text)
	st.end() // the driver has the whole result
	if err != nil {
		if strings.Contains(err.Error(), "empty query") {
			return nil, errors.New("there is no statement to run")
		}
		return nil, c.db.clean(err)
	}
	names, err := rows.Columns()
	if err != nil {
		rows.Close()
		return nil, c.db.clean(err)
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		rows.Close()
		return nil, c.db.clean(err)
	}
	r := &Result{Skipped: st.counts(), console: c, rows: rows, values: make([]any, len(names)), into: make([]any, len(names))}
	for i, n := range names {
		r.Columns = append(r.Columns, ResultColumn{n, types[i].DatabaseTypeName()})
		r.into[i] = &r.values[i]
	}
	c.result = r
	return r, nil
}

// Query runs statements on a connection of their own, as Console.Query does; a
// transaction that they leave open is undone when the result is closed.
func (db *DB) Query(ctx context.Context, text string) (*Result, error) {
	c, err := db.Console(ctx)
	if err != nil {
		return nil, err
	}
	r, err := c.Query(ctx, text)
	if err != nil {
		c.Close()
		return nil, err
	}
	r.own = true
	return r, nil
}

// Next returns the next row, and io.EOF after the last. The row is used again.
// Values are bool, integers of any size, *big.Int, float32, float64, string,
// time.Time, []byte, json.Number for DECIMAL, []any for lists, map[string]any
// for structs, or nil.
func (r *Result) Next() ([]any, error) {
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return nil, r.console.db.clean(err)
		}
		return nil, io.EOF
	}
	if err := r.rows.Scan(r.into...); err != nil {
		return nil, r.console.db.clean(err)
	}
	for i, v := range r.values {
		r.values[i] = plainValue(v, r.Columns[i].Type)
	}
	return r.values, nil
}

// Rows iterates over the rows that are left; each is used again for the next.
func (r *Result) Rows() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for {
			row, err := r.Next()
			if err == io.EOF || !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// Close ends the result.
func (r *Result) Close() error {
	err := r.console.db.clean(r.rows.Close())
	if r.console.result == r {
		r.console.result = nil
	}
	if r.own {
		return errors.Join(err, r.console.Close())
	}
	return err
}

// Completion is a word that may stand at the end of an unfinished statement.
type Completion struct {
	Text  string
	Start int // where in the statement the word to be replaced begins, in bytes
}

// Complete proposes what may stand at the end of text.
func (db *DB) Complete(ctx context.Context, text string) ([]Completion, error) {
	rows, err := db.sql.QueryContext(ctx, "SELECT suggestion, suggestion_start FROM sql_auto_complete("+literal(text)+")")
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var cs []Completion
	for rows.Next() {
		var c Completion
		if err := rows.Scan(&c.Text, &c.Start); err != nil {
			return nil, db.clean(err)
		}
		cs = append(cs, c)
	}
	return cs, db.clean(rows.Err())
}
