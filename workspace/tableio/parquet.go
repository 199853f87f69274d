package tableio

import (
	"context"
	"fmt"
	"strings"

	"netshare/workspace/trace"
)

// loadParquet has the database read the file; types that the vocabulary does
// not have become the nearest that loses nothing.
func loadParquet(ctx context.Context, db DB, path, table string) (trace.Schema, int64, error) {
	fail := func(err error) (trace.Schema, int64, error) {
		return trace.Schema{}, 0, fmt.Errorf("%s: %w", path, err)
	}
	from := " FROM read_parquet(" + literal(path) + ")"
	rows, err := db.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT *"+from+")")
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	schema := trace.Schema{Format: formatParquet, Props: map[string]string{}}
	var casts []string
	for rows.Next() {
		var name, typ string
		if err := rows.Scan(&name, &typ); err != nil {
			return fail(err)
		}
		c, cast := parquetColumn(name, typ)
		schema.Columns = append(schema.Columns, c)
		casts = append(casts, cast)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	n, err := create(ctx, db, table, "SELECT "+strings.Join(casts, ", ")+from)
	if err != nil {
		return fail(err)
	}
	if n == 0 {
		_, err := db.ExecContext(ctx, "DROP TABLE "+table)
		if err == nil {
			err = ErrNoRows
		}
		return fail(err)
	}
	return schema, n, nil
}

// ColumnOf is a column of DuckDB's type as the vocabulary has it, with the kind
// that its type and name suggest: of a table that somebody made in SQL.
func ColumnOf(name, typ string) trace.Column {
	c, _ := parquetColumn(name, typ)
	c.Format = ""
	return c
}

// parquetColumn maps a column of DuckDB's type; the type is its Format.
func parquetColumn(name, typ string) (trace.Column, string) {
	c := trace.Column{Name: name, Format: typ}
	elem, list := strings.CutSuffix(typ, "[]")
	h := hintsOf(name)
	switch base, _, _ := strings.Cut(elem, "("); base {
	case "BOOLEAN":
		c.Type, c.Kind = trace.TypeBool, trace.KindBoolean
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER":
		c.Type, c.Kind = trace.TypeInt, trace.KindInteger
		switch {
		case h.port:
			c.Kind = trace.KindPort
		case h.protocol:
			c.Kind = trace.KindProtocol
		}
	case "FLOAT", "DOUBLE", "DECIMAL":
		c.Type, c.Kind = trace.TypeReal, trace.KindReal
	case "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE":
		c.Type, c.Kind = trace.TypeTime, trace.KindTimestamp
		if list {
			c.Type, c.Kind = trace.TypeText, trace.KindText
		}
	default:
		c.Type, c.Kind = trace.TypeText, trace.KindText
		switch {
		case h.address:
			c.Kind = trace.KindAddress
		case h.protocol:
			c.Kind = trace.KindProtocol
		}
	}
	if list {
		c.Type += "[]"
		c.Kind = trace.KindText
	}
	q := Quote(name)
	if typ == "TIMESTAMP WITH TIME ZONE" { // a point in time: in UTC, whatever the session's zone
		return c, "(" + q + " AT TIME ZONE 'UTC')::TIMESTAMP_NS AS " + q
	}
	return c, q + "::" + string(c.Type) + " AS " + q
}

// ExportParquet writes the rows of a query as a Parquet file. To give a file
// that Load read its own types back, cast in the query: a Parquet column's
// Format is DuckDB's name of the type that the file had.
func ExportParquet(ctx context.Context, db DB, query, path string) error {
	if _, err := db.ExecContext(ctx, "COPY ("+query+") TO "+literal(path)+" (FORMAT parquet, COMPRESSION zstd)"); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
