package store

import (
	"context"
	"fmt"
	"strings"
)

// Group is the records of a table that have the same values in some columns.
type Group struct {
	First   int64 // row of its first record, which tells it from others
	Records int64
}

// groupOf is the SQL of a record's group: the row of the first record that has
// the same values in the columns, missing ones alike; without columns its own.
func (db *DB) groupOf(ctx context.Context, table Name, columns []string) (string, error) {
	if view, err := db.isView(ctx, table); err != nil {
		return "", err
	} else if view {
		return "", fmt.Errorf("%s is a view, and its records can't be told apart: create a table from it", table)
	}
	if len(columns) == 0 {
		return "rowid", nil
	}
	cs, err := db.pick(ctx, table, append([]string{}, columns...))
	if err != nil {
		return "", err
	}
	return "min(rowid) OVER (PARTITION BY " + quoted(cs) + ")", nil
}

// Groups lists the groups of a table's records by the values of columns, each
// record one of its own where there is no column. They come in the order of
// their earliest times, or where time is "" of their first records.
func (db *DB) Groups(ctx context.Context, table Name, columns []string, time string) ([]Group, error) {
	group, err := db.groupOf(ctx, table, columns)
	if err != nil {
		return nil, db.clean(err)
	}
	when := "NULL"
	if time != "" {
		t, err := db.pick(ctx, table, []string{time})
		if err != nil {
			return nil, db.clean(err)
		}
		when = t[0].plain()
	}
	rows, err := db.sql.QueryContext(ctx, "SELECT g, count(*) FROM (SELECT "+group+" AS g, "+when+" AS w FROM "+db.Qualify(table)+
		") GROUP BY g ORDER BY min(w) NULLS LAST, g")
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var groups []Group
	for rows.Next() {
		var g Group
		if err := rows.Scan(&g.First, &g.Records); err != nil {
			return nil, db.clean(err)
		}
		groups = append(groups, g)
	}
	return groups, db.clean(rows.Err())
}

// CopyGroups makes the writer's table of the records of another table that are
// in one of some groups, told by their first records, or where within is false
// in none of them. Their columns and their order stay. Call it once, and
// nothing else that fills the table.
func (w *TableWriter) CopyGroups(ctx context.Context, from Trace, columns []string, groups []int64, within bool) error {
	group, err := w.db.groupOf(ctx, from.Name, columns)
	if err != nil {
		return err
	}
	names := make([]string, len(from.Schema.Columns))
	for i, c := range from.Schema.Columns {
		names[i] = Quote(c.Name)
	}
	not := ""
	if !within {
		not = "NOT "
	}
	const g, row = `"netshare group"`, `"netshare row"`
	all := strings.Join(names, ", ")
	_, err = w.tx.ExecContext(ctx, "CREATE TABLE "+w.Name()+" AS SELECT "+all+" FROM (SELECT "+all+", "+group+" AS "+g+", rowid AS "+row+
		" FROM "+w.db.Qualify(from.Name)+") WHERE "+g+" "+not+"IN (SELECT unnest($1::BIGINT[])) ORDER BY "+row, groups)
	if err != nil {
		return err
	}
	w.SetSchema(from.Schema)
	return nil
}
