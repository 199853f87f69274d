package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"netshare/workspace/trace"
)

// errStop ends a stream whose reader wants no more.
var errStop = errors.New("stop")

// pageValues is about how many values are fetched at a time: the driver holds
// each result as a whole, so that large ones are read in pages.
const pageValues = 1 << 20

// pageRows is the length of a page of rows with so many columns.
func pageRows(columns int) int64 {
	return int64(min(max(pageValues/max(columns, 1), 2048), 122880))
}

// fetch runs a query on conn and calls fn with each row. fn must not keep the
// slice, and not use conn.
func fetch(ctx context.Context, conn *sql.Conn, query string, fn func([]driver.Value) error) error {
	return conn.Raw(func(c any) error {
		rows, err := c.(driver.QueryerContext).QueryContext(ctx, query, nil)
		if err != nil {
			return err
		}
		defer rows.Close()
		values := make([]driver.Value, len(rows.Columns()))
		for i := 0; ; i++ {
			if i%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := rows.Next(values); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := fn(values); err != nil {
				return err
			}
		}
	})
}

// fetchPages reads a table's columns in the order of its rows, page by page.
// All pages are of one moment if conn is in a transaction.
func fetchPages(ctx context.Context, conn *sql.Conn, table, columns string, count int, fn func([]driver.Value) error) error {
	var last sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT max(rowid) FROM "+table).Scan(&last); err != nil {
		return err
	}
	step := pageRows(count)
	for from := int64(0); last.Valid && from <= last.Int64; from += step {
		query := fmt.Sprintf("SELECT %s FROM %s WHERE rowid >= %d AND rowid < %d", columns, table, from, from+step)
		if err := fetch(ctx, conn, query, fn); err != nil {
			return err
		}
	}
	return nil
}

// streamTable holds the result of a query that is streamed, in DuckDB's
// temporary storage, which goes to disk where memory is short.
const streamTable = "temp.main.netshare_stream"

// streamQuery runs a query as a whole inside DuckDB, and calls fn with each row
// of its result, which never is in Go's memory as a whole.
func (db *DB) streamQuery(ctx context.Context, query string, count int, fn func([]driver.Value) error) error {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE netshare_stream AS "+query); err != nil {
		return err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+streamTable)
	return fetchPages(ctx, conn, streamTable, "*", count, fn)
}

// streamColumns reads expressions over a table in the order of its rows.
func (db *DB) streamColumns(ctx context.Context, n Name, expressions []string, fn func([]driver.Value) error) error {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fetchPages(ctx, conn, db.Qualify(n), strings.Join(expressions, ", "), len(expressions), fn)
}

// isView reports whether the name is a view's, which has no rows of its own.
func (db *DB) isView(ctx context.Context, n Name) (bool, error) {
	var views int
	err := db.sql.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_views()
		WHERE database_name = ? AND schema_name = ? AND lower(view_name) = lower(?)`, db.catalog, n.Schema, n.Table).Scan(&views)
	return views > 0, err
}

// RowsQuery says which rows of a table are read, and how.
type RowsQuery struct {
	Table   Name
	Columns []string // nil for all
	OrderBy []string // columns, ascending, missing values last; then the table's own order
	Where   string   // a condition in SQL that rows must meet; "" for all
}

// Rows streams a table's rows as values of the types that Trace gives its
// columns. The row is used again for the next: copy what is kept. All rows are
// of one moment, whatever is written meanwhile. They are read a little ahead, in
// a goroutine of their own that ends with the loop.
func (db *DB) Rows(ctx context.Context, q RowsQuery) iter.Seq2[trace.Row, error] {
	return func(yield func(trace.Row, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		blocks, used := make(chan []trace.Row, 2), make(chan []trace.Row, 4)
		var err error // once blocks is closed
		go func() {
			defer close(blocks)
			err = db.rowBlocks(ctx, q, blocks, used)
		}()
		defer func() {
			cancel()
			for range blocks { // until the goroutine has ended
			}
		}()
		for block := range blocks {
			for _, row := range block {
				if !yield(row, nil) {
					return
				}
			}
			used <- block // there are no more than four
		}
		if err != nil {
			yield(nil, db.clean(err))
		}
	}
}

// blockRows is how many rows of Rows are handed over together.
const blockRows = 1024

// rowBlocks sends the rows of a query by blocks, and takes used ones back.
func (db *DB) rowBlocks(ctx context.Context, q RowsQuery, blocks chan<- []trace.Row, used <-chan []trace.Row) error {
	var block []trace.Row
	n := 0 // rows in the block
	send := func() error {
		select {
		case blocks <- block[:n]:
			block, n = nil, 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := db.rows(ctx, q, func(values []driver.Value) error {
		if block == nil {
			select {
			case block = <-used:
				block = block[:cap(block)]
			default:
				block = newBlock(len(values))
			}
		}
		for i, v := range values {
			block[n][i] = v
		}
		if n++; n == len(block) {
			return send()
		}
		return nil
	})
	if err == nil && n > 0 {
		err = send()
	}
	return err
}

func newBlock(columns int) []trace.Row {
	block, cells := make([]trace.Row, blockRows), make([]any, blockRows*columns)
	for i := range block {
		block[i] = cells[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return block
}

func (db *DB) rows(ctx context.Context, q RowsQuery, fn func([]driver.Value) error) error {
	columns, err := db.pick(ctx, q.Table, q.Columns)
	if err != nil {
		return err
	}
	expressions := make([]string, len(columns))
	for i, c := range columns {
		expressions[i] = c.plain()
	}
	view, err := db.isView(ctx, q.Table)
	if err != nil {
		return err
	}
	if !view && len(q.OrderBy) == 0 && q.Where == "" {
		return db.streamColumns(ctx, q.Table, expressions, fn)
	}
	for i, c := range columns {
		expressions[i] += " AS " + Quote(c.name)
	}
	query := "SELECT " + strings.Join(expressions, ", ") + " FROM " + db.Qualify(q.Table) + " AS t" + q.where()
	if order, err := db.orderBy(ctx, q, view); err != nil {
		return err
	} else if order != "" {
		query += " ORDER BY " + order
	}
	return db.streamQuery(ctx, query, len(columns), fn)
}

// where is the condition as SQL has it after the table.
func (q RowsQuery) where() string {
	if q.Where == "" {
		return ""
	}
	return " WHERE (" + q.Where + "\n)"
}

func (db *DB) orderBy(ctx context.Context, q RowsQuery, view bool) (string, error) {
	if len(q.OrderBy) == 0 {
		return "", nil
	}
	by, err := db.pick(ctx, q.Table, q.OrderBy)
	if err != nil {
		return "", err
	}
	terms := make([]string, len(by))
	for i, c := range by {
		terms[i] = "t." + Quote(c.name) + " ASC NULLS LAST"
	}
	if !view {
		terms = append(terms, "t.rowid")
	}
	return strings.Join(terms, ", "), nil
}

// pick looks columns up by name, all of them where names is nil.
func (db *DB) pick(ctx context.Context, n Name, names []string) ([]tableColumn, error) {
	have, err := db.columns(ctx, db.sql, n)
	if err != nil {
		return nil, err
	}
	if len(have) == 0 {
		if _, err := db.Resolve(ctx, n.Table, n.Schema); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w %s", ErrNoTable, n)
	}
	if names == nil {
		return have, nil
	}
	picked := make([]tableColumn, 0, len(names))
	for _, name := range names {
		i := indexColumn(have, name)
		if i < 0 {
			all := make([]string, len(have))
			for i, c := range have {
				all[i] = c.name
			}
			return nil, fmt.Errorf("%s has no column %q: it has %s", n, name, strings.Join(all, ", "))
		}
		picked = append(picked, have[i])
	}
	return picked, nil
}

// indexColumn finds a column by name: exactly, or else whatever the case.
func indexColumn(have []tableColumn, name string) int {
	near := -1
	for i, c := range have {
		if c.name == name {
			return i
		}
		if near < 0 && strings.EqualFold(c.name, name) {
			near = i
		}
	}
	return near
}

// plain is the SQL that gives the column's values in a type of package trace.
func (c tableColumn) plain() string {
	if t := plainType(c.typ); string(t) != c.typ {
		return "CAST(" + Quote(c.name) + " AS " + string(t) + ")"
	}
	return Quote(c.name)
}
