package store

import (
	"context"
	"iter"
	"strings"
)

// DistinctTexts streams the different values of a column as text, those of lists
// one by one, without the missing ones, in no order.
func (db *DB) DistinctTexts(ctx context.Context, table Name, column string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		cs, err := db.pick(ctx, table, []string{column})
		if err != nil {
			yield("", db.clean(err))
			return
		}
		value := Quote(cs[0].name)
		if strings.HasSuffix(cs[0].typ, "[]") {
			value = "unnest(" + value + ")"
		}
		rows, err := db.sql.QueryContext(ctx, "SELECT DISTINCT v::VARCHAR FROM (SELECT "+value+" AS v FROM "+db.Qualify(table)+") WHERE v IS NOT NULL")
		if err != nil {
			yield("", db.clean(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				yield("", db.clean(err))
				return
			}
			if !yield(s, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield("", db.clean(err))
		}
	}
}
