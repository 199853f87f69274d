package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/big"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// ResultColumn is a column of a query's result.
type ResultColumn struct {
	Name string
	Type string // by DuckDB's name: BIGINT, DECIMAL(18,3), VARCHAR[]
}

// Result is what a query gave. Close it.
type Result struct {
	Columns []ResultColumn

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
	rows, err := c.conn.QueryContext(ctx, text)
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
	r := &Result{console: c, rows: rows, values: make([]any, len(names)), into: make([]any, len(names))}
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

// plainValue turns the driver's own types into those of Go.
func plainValue(v any, typ string) any {
	switch v := v.(type) {
	case duckdb.Decimal:
		return json.Number(v.String())
	case duckdb.Interval:
		return intervalText(v)
	case duckdb.Union:
		return plainValue(v.Value, "")
	case duckdb.Map:
		m := make(map[string]any, len(v))
		for key, value := range v {
			m[fmt.Sprint(plainValue(key, ""))] = plainValue(value, "")
		}
		return m
	case duckdb.OrderedMap:
		m := make(map[string]any, v.Len())
		values := v.Values()
		for i, key := range v.Keys() {
			m[fmt.Sprint(plainValue(key, ""))] = plainValue(values[i], "")
		}
		return m
	case map[string]any:
		for key, value := range v {
			v[key] = plainValue(value, "")
		}
	case []any:
		elem := strings.TrimSuffix(typ, "[]")
		for i, value := range v {
			v[i] = plainValue(value, elem)
		}
	case []byte:
		if typ == "UUID" && len(v) == 16 {
			return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
		}
	case duckdb.UUID:
		return plainValue(v[:], "UUID")
	case time.Time:
		switch typ {
		case "TIME":
			return v.Format("15:04:05.999999")
		case "DATE":
			return v.Format(time.DateOnly)
		}
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
	}
	return v
}

// intervalText writes an interval as DuckDB does.
func intervalText(v duckdb.Interval) string {
	var parts []string
	part := func(n int32, unit string) {
		if n == 1 || n == -1 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit))
		} else if n != 0 {
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit))
		}
	}
	part(v.Months/12, "year")
	part(v.Months%12, "month")
	part(v.Days, "day")
	if v.Micros != 0 || len(parts) == 0 {
		sign, us := "", v.Micros
		if us < 0 {
			sign, us = "-", -us
		}
		text := fmt.Sprintf("%s%02d:%02d:%02d", sign, us/3600e6, us/60e6%60, us/1e6%60)
		if frac := us % 1e6; frac != 0 {
			text += strings.TrimRight(fmt.Sprintf(".%06d", frac), "0")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
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
