package store

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strings"

	"netshare/workspace/trace"
)

// ValueCount is a value and how often it occurs.
type ValueCount struct {
	Value any
	Count int64
}

// ColumnStats is what is in a column.
type ColumnStats struct {
	Name     string
	Type     trace.Type
	Rows     int64
	Nulls    int64        // missing values
	Distinct int64        // different values, exactly, missing ones apart
	Min, Max any          // nil where there is none; finite ones of a DOUBLE
	Top      []ValueCount // the ten most frequent values, the most frequent first

	// AllInteger reports that every value is a whole number: of a BIGINT
	// always, of a DOUBLE by value, of a VARCHAR by its text.
	AllInteger bool
	// AllNumeric is the same for numbers of any kind.
	AllNumeric bool
	NonFinite  int64   // NaN and infinities of a DOUBLE
	Mean, Std  float64 // of the finite numbers of a BIGINT or DOUBLE, else 0
	MeanLen    float64 // characters of a VARCHAR, elements of a list, else 0
	// Sorted reports that no value is less than the one in the row before.
	Sorted bool
}

//go:embed profile.sql
var profileSQL string

// Profile describes every column of a table. It reads the table once for each.
func (db *DB) Profile(ctx context.Context, table Name) ([]ColumnStats, error) {
	columns, err := db.pick(ctx, table, nil)
	if err != nil {
		return nil, db.clean(err)
	}
	view, err := db.isView(ctx, table)
	if err != nil {
		return nil, db.clean(err)
	}
	stats := make([]ColumnStats, len(columns))
	for i, c := range columns {
		if stats[i], err = db.profileColumn(ctx, table, c, view); err != nil {
			return nil, fmt.Errorf("profile of %s, column %q: %w", table, c.name, db.clean(err))
		}
	}
	return stats, nil
}

func (db *DB) profileColumn(ctx context.Context, table Name, c tableColumn, view bool) (ColumnStats, error) {
	s := ColumnStats{Name: c.name, Type: plainType(c.typ)}
	finite, integer, numeric, number, length := "v IS NOT NULL", "false", "false", "NULL::DOUBLE", "NULL"
	switch s.Type {
	case trace.TypeInt:
		integer, numeric, number = "true", "true", "v::DOUBLE"
	case trace.TypeReal:
		finite, integer, numeric = "isfinite(v)", "isfinite(v) AND v = floor(v)", "true"
		number = "CASE WHEN isfinite(v) THEN v END"
	case trace.TypeText:
		length = "length(v)"
		integer = `regexp_full_match(v, '\s*[+-]?[0-9]+\s*') AND try_cast(v AS BIGINT) IS NOT NULL`
		numeric = "try_cast(v AS DOUBLE) IS NOT NULL"
	default:
		if _, list := s.Type.Elem(); list {
			length = "len(v)"
		}
	}
	row, order := "rowid", "ORDER BY r"
	if view {
		row, order = "0", ""
	}
	query := strings.NewReplacer("{column}", c.plain(), "{table}", db.Qualify(table), "{finite}", finite, "{integer}", integer,
		"{numeric}", numeric, "{number}", number, "{length}", length, "{order}", order, "{rowid}", row).Replace(profileSQL)
	var top any
	var mean, std, meanLen sql.NullFloat64
	err := db.sql.QueryRowContext(ctx, query).Scan(&s.Rows, &s.Nulls, &s.Distinct, &s.Min, &s.Max, &s.AllInteger, &s.AllNumeric,
		&s.NonFinite, &mean, &std, &meanLen, &top, &s.Sorted)
	if err != nil {
		return s, err
	}
	s.Mean, s.Std, s.MeanLen = mean.Float64, std.Float64, meanLen.Float64
	list, _ := top.([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		n, _ := m["n"].(int64)
		s.Top = append(s.Top, ValueCount{m["v"], n})
	}
	return s, nil
}

// CountDistinct returns how many different combinations of values the columns
// have, missing values being a value like any other. Without columns it is 1,
// or 0 for an empty table.
func (db *DB) CountDistinct(ctx context.Context, table Name, columns ...string) (int64, error) {
	picked, err := db.pick(ctx, table, append([]string{}, columns...))
	if err != nil {
		return 0, db.clean(err)
	}
	what := "1"
	if len(picked) > 0 {
		what = quoted(picked)
	}
	var n int64
	err = db.sql.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT DISTINCT "+what+" FROM "+db.Qualify(table)+")").Scan(&n)
	return n, db.clean(err)
}

// ConstantWithin returns, for each column, the share of the sessions with more
// than one record in which the column has one value only (or is missing
// throughout), and the number of those sessions. A column with share 1 is the
// session's rather than the record's.
func (db *DB) ConstantWithin(ctx context.Context, table Name, key, columns []string) (share map[string]float64, sessions int64, err error) {
	keys, err := db.pick(ctx, table, append([]string{}, key...))
	if err != nil {
		return nil, 0, db.clean(err)
	}
	picked, err := db.pick(ctx, table, append([]string{}, columns...))
	if err != nil {
		return nil, 0, db.clean(err)
	}
	group := ""
	if len(keys) > 0 {
		group = " GROUP BY " + quoted(keys)
	}
	inner, outer := []string{"count(*) AS n"}, []string{"count(*)"}
	for i, c := range picked {
		q := Quote(c.name)
		inner = append(inner, fmt.Sprintf("(count(%s) = 0 OR (count(%s) = count(*) AND min(%s) = max(%s))) AS k%d", q, q, q, q, i))
		outer = append(outer, fmt.Sprintf("count(*) FILTER (k%d)", i))
	}
	query := "SELECT " + strings.Join(outer, ", ") + " FROM (SELECT " + strings.Join(inner, ", ") + " FROM " + db.Qualify(table) + group + ") WHERE n > 1"
	counts := make([]int64, len(picked)+1)
	into := make([]any, len(counts))
	for i := range counts {
		into[i] = &counts[i]
	}
	if err := db.sql.QueryRowContext(ctx, query).Scan(into...); err != nil {
		return nil, 0, db.clean(err)
	}
	share = make(map[string]float64, len(picked))
	for i, name := range columns {
		share[name] = 1
		if counts[0] > 0 {
			share[name] = float64(counts[i+1]) / float64(counts[0])
		}
	}
	return share, counts[0], nil
}
