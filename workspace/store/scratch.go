package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"netshare/workspace/trace"
)

// Scratch is a transaction whose tables nobody else sees and nobody keeps: a
// place to read a file into before its records go elsewhere. Close it.
type Scratch struct {
	db   *DB
	conn *sql.Conn
	tx   *sql.Tx
}

// Scratch begins a scratch transaction on a connection of its own.
func (db *DB) Scratch(ctx context.Context) (*Scratch, error) {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return nil, db.clean(err)
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, db.clean(errors.Join(err, conn.Close()))
	}
	s := &Scratch{db, conn, tx}
	if err := db.use(s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Tx is the transaction, for SQL.
func (s *Scratch) Tx() *sql.Tx { return s.tx }

// Close undoes all that was done in the transaction.
func (s *Scratch) Close() error {
	s.db.forget(s)
	err := s.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) {
		err = nil
	}
	return s.db.clean(errors.Join(err, s.conn.Close()))
}

// Rows streams the rows of a table of the transaction, named as in SQL. The
// row is used again for the next.
func (s *Scratch) Rows(ctx context.Context, table string, columns []trace.Column) iter.Seq2[trace.Row, error] {
	return func(yield func(trace.Row, error) bool) {
		rows, err := s.tx.QueryContext(ctx, "FROM "+table)
		if err != nil {
			yield(nil, s.db.clean(err))
			return
		}
		defer rows.Close()
		row := make(trace.Row, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				yield(nil, s.db.clean(err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, s.db.clean(err))
		}
	}
}

// RowsSQL returns the query behind Rows, for statements that take one.
func (db *DB) RowsSQL(ctx context.Context, q RowsQuery) (string, error) {
	columns, err := db.pick(ctx, q.Table, q.Columns)
	if err != nil {
		return "", db.clean(err)
	}
	view, err := db.isView(ctx, q.Table)
	if err != nil {
		return "", db.clean(err)
	}
	order, err := db.orderBy(ctx, q, view)
	if err != nil {
		return "", db.clean(err)
	}
	query := "SELECT "
	for i, c := range columns {
		if i > 0 {
			query += ", "
		}
		query += "t." + Quote(c.name)
	}
	query += " FROM " + db.Qualify(q.Table) + " AS t" + q.where()
	if order != "" {
		query += " ORDER BY " + order
	}
	return query, nil
}
