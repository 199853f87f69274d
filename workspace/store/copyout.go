package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// WriteDatabase writes tables into a new DuckDB file, each under its own name in
// schema main, and nothing else of the workspace.
func (db *DB) WriteDatabase(ctx context.Context, path string, tables []Name) error {
	return db.attached(ctx, path, "", func(conn *sql.Conn, catalog string) error {
		for _, n := range tables {
			_, err := conn.ExecContext(ctx, "CREATE TABLE "+catalog+".main."+Quote(n.Table)+" AS FROM "+db.Qualify(n)+" ORDER BY rowid")
			if err != nil {
				return err
			}
		}
		_, err := conn.ExecContext(ctx, "CHECKPOINT "+catalog)
		return err
	})
}

// attached runs fn while another database file is attached.
func (db *DB) attached(ctx context.Context, path, mode string, fn func(conn *sql.Conn, catalog string) error) error {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return db.clean(err)
	}
	defer conn.Close()
	const catalog = `"netshare other"`
	if _, err := conn.ExecContext(ctx, "ATTACH "+literal(path)+" AS "+catalog+mode); err != nil {
		return db.clean(err)
	}
	err = fn(conn, catalog)
	_, bad := conn.ExecContext(context.WithoutCancel(ctx), "DETACH "+catalog)
	return db.clean(errors.Join(err, bad))
}

// TextsOfDatabase calls fn with each text in the tables of a database file, and
// with the table and the column that it is in; the same one may come again.
func (db *DB) TextsOfDatabase(ctx context.Context, path string, fn func(where, text string) error) error {
	return db.attached(ctx, path, " (READ_ONLY)", func(conn *sql.Conn, catalog string) error {
		rows, err := conn.QueryContext(ctx, `SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'netshare other'`)
		if err != nil {
			return err
		}
		var tables []Name
		for rows.Next() {
			var n Name
			if err := rows.Scan(&n.Schema, &n.Table); err != nil {
				return err
			}
			tables = append(tables, n)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, n := range tables {
			err := texts(ctx, conn, catalog+"."+Quote(n.Schema)+"."+Quote(n.Table), func(column, text string) error { return fn(n.Table+"."+column, text) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// TextsOf calls fn with each text that a table function gives of a file
// (read_parquet, read_pcap), and with the column that it is in.
func (db *DB) TextsOf(ctx context.Context, function, path string, fn func(column, text string) error) error {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return db.clean(err)
	}
	defer conn.Close()
	return db.clean(texts(ctx, conn, function+"("+literal(path)+")", fn))
}

// texts calls fn with the different texts of each column of text, or of lists
// of text, of what stands in a FROM clause.
func texts(ctx context.Context, conn *sql.Conn, from string, fn func(column, text string) error) error {
	rows, err := conn.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE FROM "+from+")")
	if err != nil {
		return err
	}
	type column struct{ name, typ string }
	var columns []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.typ); err != nil {
			return err
		}
		columns = append(columns, c)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, c := range columns {
		if !strings.HasPrefix(c.typ, "VARCHAR") {
			continue
		}
		value := Quote(c.name)
		if strings.HasSuffix(c.typ, "[]") {
			value = "unnest(" + value + ")"
		}
		rows, err := conn.QueryContext(ctx, "SELECT DISTINCT v FROM (SELECT "+value+" AS v FROM "+from+") WHERE v IS NOT NULL")
		if err != nil {
			return err
		}
		for rows.Next() {
			var s string
			if err = rows.Scan(&s); err == nil {
				err = fn(c.name, s)
			}
			if err != nil {
				break
			}
		}
		if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}
