package tableio

import (
	"context"
	"fmt"
	"strings"

	"netshare/workspace/trace"
)

// Part is a table that Load made and that Merge puts into another.
type Part struct {
	File   string // as the user named it
	Table  string // quoted, and qualified where it needs to be
	Schema trace.Schema
}

// Merge inserts the records of parts, in their order, into a table with the
// given columns, which is made where create says so, and returns how many. A
// column that a part lacks is missing there; a value that is not of its
// column's type makes its record a reject. Names are told apart as the database
// does, whatever their case.
func Merge(ctx context.Context, db DB, parts []Part, table string, columns []trace.Column, create bool, reject func(trace.Reject)) (int64, error) {
	if create {
		defs := make([]string, len(columns))
		for i, c := range columns {
			defs[i] = Quote(c.Name) + " " + string(c.Type)
		}
		if _, err := db.ExecContext(ctx, "CREATE TABLE "+table+" ("+strings.Join(defs, ", ")+")"); err != nil {
			return 0, err
		}
	}
	var total int64
	for _, p := range parts {
		values, checks := p.values(columns)
		for _, c := range checks {
			if err := p.refuse(ctx, db, c, reject); err != nil {
				return 0, err
			}
		}
		where := ""
		for i, c := range checks {
			word := " AND "
			if i == 0 {
				word = " WHERE "
			}
			where += word + "NOT (" + c.wrong + ")"
		}
		res, err := db.ExecContext(ctx, "INSERT INTO "+table+" SELECT "+strings.Join(values, ", ")+" FROM "+p.Table+where)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", p.File, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// check tells the records of a part that have a value of the wrong type.
type check struct {
	column trace.Column
	wrong  string // SQL
	value  string // SQL
}

// values returns for each column the SQL that makes its values from the part's,
// and the checks that this needs.
func (p *Part) values(columns []trace.Column) (values []string, checks []check) {
	for _, c := range columns {
		at := -1
		for i, have := range p.Schema.Columns {
			if have.Name == c.Name || at < 0 && strings.EqualFold(have.Name, c.Name) {
				at = i
			}
		}
		if at < 0 {
			values = append(values, "NULL")
			continue
		}
		name, from := Quote(p.Schema.Columns[at].Name), p.Schema.Columns[at].Type
		if from == c.Type {
			values = append(values, name)
			continue
		}
		cast := fmt.Sprintf("TRY_CAST(%s AS %s)", name, c.Type)
		values = append(values, cast)
		switch {
		case c.Type == trace.TypeText || from == trace.TypeInt && c.Type == trace.TypeReal:
		case from == trace.TypeReal && c.Type == trace.TypeInt:
			checks = append(checks, check{c, fmt.Sprintf("coalesce(%s IS DISTINCT FROM trunc(%s) OR %s IS NULL AND %s IS NOT NULL, false)", name, name, cast, name), name})
		default:
			checks = append(checks, check{c, fmt.Sprintf("%s IS NULL AND %s IS NOT NULL", cast, name), name})
		}
	}
	return values, checks
}

// refuse tells the records that a check finds.
func (p *Part) refuse(ctx context.Context, db DB, c check, reject func(trace.Reject)) error {
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT record, value::VARCHAR FROM (SELECT row_number() OVER () AS record, %s AS value, %s AS wrong FROM %s) WHERE wrong",
		c.value, c.wrong, p.Table))
	if err != nil {
		return fmt.Errorf("%s: %w", p.File, err)
	}
	defer rows.Close()
	for rows.Next() {
		var record int64
		var value string
		if err := rows.Scan(&record, &value); err != nil {
			return err
		}
		reject(trace.Reject{
			File: p.File, Offset: -1, Reason: "value of another type than the table's",
			Detail: fmt.Sprintf("record %d: field %q: want %s, got %q", record, c.column.Name, c.column.Type, value),
		})
	}
	return rows.Err()
}

// Empty reports whether a column of a table has no value at all.
func Empty(ctx context.Context, db DB, table, column string) (bool, error) {
	rows, err := db.QueryContext(ctx, "SELECT count("+Quote(column)+") FROM "+table)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return false, err
		}
	}
	return n == 0, rows.Err()
}
