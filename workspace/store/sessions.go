package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"iter"
	"strings"

	"netshare/workspace/trace"
)

// SessionQuery says how a table's records make sessions.
type SessionQuery struct {
	Table  Name
	Time   string   // orders a session's records; "" for the table's own order
	Meta   []string // columns whose values are the session's
	Series []string // columns whose values are the records'
	Key    []string // tells sessions apart; nil for all of Meta; all records are one session where both are empty
}

// SessionsOf is the query for the sessions that a recipe declares.
func SessionsOf(table Name, r *trace.Recipe) SessionQuery {
	q := SessionQuery{Table: table, Time: r.Time.Name, Key: r.KeyNames()}
	for _, f := range r.Metadata {
		q.Meta = append(q.Meta, f.Name)
	}
	for _, f := range r.Series {
		q.Series = append(q.Series, f.Name)
	}
	return q
}

// key returns the session key's columns.
func (q SessionQuery) key() []string {
	if q.Key == nil {
		return q.Meta
	}
	return q.Key
}

// Sessions streams a table's sessions. They come in the order of their first
// records in the table; within a session the records are ordered by time, those
// without a time last, and those of equal time as in the table. Meta has the
// values of the session's first record in that order; each row of Series begins
// with the record's time, which is nil where the query names no time column.
// Missing values in the key belong together. A session may be kept.
//
// The sorting is done within DuckDB, which goes to disk beyond its memory
// limit; Go holds one session and a page of rows.
func (db *DB) Sessions(ctx context.Context, q SessionQuery) iter.Seq2[trace.Session, error] {
	return func(yield func(trace.Session, error) bool) {
		query, err := db.sessionSQL(ctx, q)
		if err != nil {
			yield(trace.Session{}, db.clean(err))
			return
		}
		const noSession = -1
		var s trace.Session
		var id int64 = noSession
		nm, ns := len(q.Meta), len(q.Series)
		err = db.streamQuery(ctx, query, 2+nm+ns, func(v []driver.Value) error {
			if first := v[0].(int64); first != id {
				if id != noSession && !yield(s, nil) {
					return errStop
				}
				id = first
				s = trace.Session{Meta: appendRow(make(trace.Row, 0, nm), v[2:2+nm])}
			}
			record := append(make(trace.Row, 0, 1+ns), v[1])
			s.Series = append(s.Series, appendRow(record, v[2+nm:]))
			return nil
		})
		switch {
		case err == errStop:
		case err != nil:
			yield(trace.Session{}, db.clean(err))
		case id != noSession:
			yield(s, nil)
		}
	}
}

func appendRow(row trace.Row, values []driver.Value) trace.Row {
	for _, v := range values {
		row = append(row, v)
	}
	return row
}

// sessionSQL selects session, time, metadata and series, in the order that
// Sessions promises. A session's number is the row of its first record.
func (db *DB) sessionSQL(ctx context.Context, q SessionQuery) (string, error) {
	if view, err := db.isView(ctx, q.Table); err != nil {
		return "", err
	} else if view {
		return "", fmt.Errorf("%s is a view, and sessions need a table: create one from it", q.Table)
	}
	wanted := append(append([]string{}, q.Meta...), q.Series...)
	columns, err := db.pick(ctx, q.Table, wanted)
	if err != nil {
		return "", err
	}
	keys, err := db.pick(ctx, q.Table, append([]string{}, q.key()...))
	if err != nil {
		return "", err
	}
	when, order := "NULL", ""
	if q.Time != "" {
		t, err := db.pick(ctx, q.Table, []string{q.Time})
		if err != nil {
			return "", err
		}
		when, order = t[0].plain(), "record_time ASC NULLS LAST, "
	}
	var b strings.Builder
	b.WriteString("SELECT * EXCLUDE (record_row) FROM (SELECT ")
	if len(keys) == 0 {
		b.WriteString("0::BIGINT")
	} else {
		b.WriteString("min(rowid) OVER (PARTITION BY " + quoted(keys) + ")")
	}
	b.WriteString(" AS session_row, " + when + " AS record_time")
	for i, c := range columns {
		fmt.Fprintf(&b, ", %s AS v%d", c.plain(), i)
	}
	b.WriteString(", rowid AS record_row FROM " + db.Qualify(q.Table))
	b.WriteString(") ORDER BY session_row, " + order + "record_row")
	return b.String(), nil
}

// CountSessions returns how many sessions and records Sessions would yield.
func (db *DB) CountSessions(ctx context.Context, q SessionQuery) (sessions, records int64, err error) {
	if sessions, err = db.CountDistinct(ctx, q.Table, q.key()...); err != nil {
		return 0, 0, err
	}
	err = db.sql.QueryRowContext(ctx, "SELECT count(*) FROM "+db.Qualify(q.Table)).Scan(&records)
	return sessions, records, db.clean(err)
}
