package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"

	"netshare/workspace/trace"
)

// ValueCount is a value and how often it occurs.
type ValueCount struct {
	Value any
	Count int64
}

// ColumnStats is what is in a column.
//
// Distinct and Top are exact, except in tables of more than a million rows for
// a column in which a value comes less than 16 times on average: there Distinct
// is estimated (by HyperLogLog, some percent off), and Top is that of every
// sixteenth row, its counts times 16.
type ColumnStats struct {
	Name     string
	Type     trace.Type
	Rows     int64
	Nulls    int64        // missing values
	Distinct int64        // different values, missing ones apart
	Min, Max any          // nil where there is none; finite ones of a DOUBLE
	Top      []ValueCount // the ten most frequent values, the most frequent first
	MeanLen  float64      // characters of a VARCHAR, elements of a list, else 0
}

const (
	exactRows = 1 << 20 // up to which every column is grouped as a whole
	everyRows = 1 << 18 // up to which every session is looked at
	sampled   = 16      // one row in so many is looked at beyond
	fewRows   = 1 << 14 // up to which columns are counted together
	together  = 64      // columns that one statement counts
	wide      = 256     // columns that one statement looks at: beyond, planning takes longer than looking
)

// Profile describes every column of a table. What it finds is kept until the
// table may have changed.
func (db *DB) Profile(ctx context.Context, table Name) ([]ColumnStats, error) {
	if stats := db.profiles.get(table); stats != nil {
		return stats, nil
	}
	moment := db.profiles.moment()
	columns, err := db.pick(ctx, table, nil)
	if err != nil {
		return nil, db.clean(err)
	}
	view, err := db.isView(ctx, table)
	if err != nil {
		return nil, db.clean(err)
	}
	var stats []ColumnStats
	for part := range slices.Chunk(columns, wide) {
		more, err := db.profileRows(ctx, table, part)
		if err != nil {
			return nil, fmt.Errorf("profile of %s: %w", table, db.clean(err))
		}
		stats = append(stats, more...)
	}
	if stats[0].Rows <= fewRows {
		if err := db.profileFew(ctx, table, columns, stats); err != nil {
			return nil, fmt.Errorf("profile of %s: %w", table, db.clean(err))
		}
	} else {
		for i, c := range columns {
			if err := db.profileValues(ctx, table, c, &stats[i], view); err != nil {
				return nil, fmt.Errorf("profile of %s, column %q: %w", table, c.name, db.clean(err))
			}
		}
	}
	db.profiles.put(table, stats, moment)
	return stats, nil
}

// profileRows finds what one look at all rows tells.
func (db *DB) profileRows(ctx context.Context, table Name, columns []tableColumn) ([]ColumnStats, error) {
	stats := make([]ColumnStats, len(columns))
	var rows int64
	terms, into := []string{"count(*)"}, []any{&rows}
	lengths := make([]sql.NullFloat64, len(columns))
	filled := make([]int64, len(columns))
	for i, c := range columns {
		s, v := &stats[i], c.plain()
		s.Name, s.Type = c.name, plainType(c.typ)
		finite, length := "", "NULL::DOUBLE"
		switch _, list := s.Type.Elem(); {
		case s.Type == trace.TypeReal:
			finite = " FILTER (isfinite(" + v + "))"
		case s.Type == trace.TypeText:
			length = "avg(length(" + v + "))"
		case list:
			length = "avg(len(" + v + "))"
		}
		terms = append(terms, "count("+v+")", "min("+v+")"+finite, "max("+v+")"+finite, length)
		into = append(into, &filled[i], &s.Min, &s.Max, &lengths[i])
	}
	query := "SELECT " + strings.Join(terms, ", ") + " FROM " + db.Qualify(table)
	if err := db.sql.QueryRowContext(ctx, query).Scan(into...); err != nil {
		return nil, err
	}
	for i := range stats {
		stats[i].Rows, stats[i].Nulls, stats[i].MeanLen = rows, rows-filled[i], lengths[i].Float64
	}
	return stats, nil
}

// profileValues counts a column's different values.
func (db *DB) profileValues(ctx context.Context, table Name, c tableColumn, s *ColumnStats, view bool) error {
	from, times := db.Qualify(table)+" WHERE "+Quote(c.name)+" IS NOT NULL", int64(1)
	estimate := int64(0)
	if s.Rows > exactRows && !view {
		err := db.sql.QueryRowContext(ctx, "SELECT approx_count_distinct("+c.plain()+") FROM "+db.Qualify(table)).Scan(&estimate)
		if err != nil {
			return err
		}
		if estimate > s.Rows/sampled {
			from, times = from+fmt.Sprintf(" AND rowid %% %d = 0", sampled), sampled
		}
	}
	var top any
	err := db.sql.QueryRowContext(ctx, `WITH g AS MATERIALIZED (SELECT v, count(*) AS n FROM (SELECT `+c.plain()+` AS v FROM `+from+`) GROUP BY v)
		SELECT (SELECT count(*) FROM g), (SELECT list({'v': v, 'n': n} ORDER BY n DESC, v) FROM (FROM g ORDER BY n DESC, v LIMIT 10))`).Scan(&s.Distinct, &top)
	if err != nil {
		return err
	}
	if times > 1 {
		s.Distinct = min(estimate, s.Rows-s.Nulls)
	}
	s.Top = valueCounts(top, times)
	return nil
}

// profileFew counts the different values of many columns of few rows: there,
// one statement for each column would take most of the time to be planned.
func (db *DB) profileFew(ctx context.Context, table Name, columns []tableColumn, stats []ColumnStats) error {
	for at := 0; at < len(columns); at += together {
		part := columns[at:min(len(columns), at+together)]
		counts, terms := make([]string, len(part)), make([]string, len(part))
		top, into := make([]any, len(part)), make([]any, 0, 2*len(part))
		for i, c := range part {
			count, key := "histogram("+c.plain()+")", "e.key"
			if plainType(c.typ) == trace.TypeReal { // histogram takes a bare NaN for any number
				count, key = fmt.Sprintf("histogram({'x': %s}) FILTER (%[1]s IS NOT NULL)", c.plain()), "e.key.x"
			}
			counts[i] = fmt.Sprintf("map_entries(%s) AS h%d", count, i)
			terms[i] = fmt.Sprintf(`coalesce(len(h%[1]d), 0), list_transform(list_sort(list_transform(h%[1]d,
				lambda e: {'less': -e.value::BIGINT, 'v': %[2]s}))[:10], lambda e: {'v': e.v, 'n': -e.less})`, i, key)
			into = append(into, &stats[at+i].Distinct, &top[i])
		}
		query := "SELECT " + strings.Join(terms, ", ") + " FROM (SELECT " + strings.Join(counts, ", ") + " FROM " + db.Qualify(table) + ")"
		if err := db.sql.QueryRowContext(ctx, query).Scan(into...); err != nil {
			return err
		}
		for i := range part {
			stats[at+i].Top = valueCounts(top[i], 1)
		}
	}
	return nil
}

// valueCounts reads a list of values with how often they occur in one row of so
// many.
func valueCounts(top any, times int64) []ValueCount {
	var out []ValueCount
	list, _ := top.([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		n, _ := m["n"].(int64)
		out = append(out, ValueCount{m["v"], n * times})
	}
	return out
}

// profiles keeps the profiles of tables while nothing can have changed them.
type profiles struct {
	mu      sync.Mutex
	changes int
	known   map[string][]ColumnStats
}

func (p *profiles) get(table Name) []ColumnStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.known[strings.ToLower(table.String())])
}

func (p *profiles) moment() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changes
}

// put keeps a profile that was made since the moment.
func (p *profiles) put(table Name, stats []ColumnStats, moment int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changes != moment {
		return
	}
	if p.known == nil {
		p.known = map[string][]ColumnStats{}
	}
	p.known[strings.ToLower(table.String())] = slices.Clone(stats)
}

// forget is called where tables may change.
func (p *profiles) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changes++
	p.known = nil
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

// Numbers counts the values of a VARCHAR column that are finite numbers, and those
// that are NaN or infinities.
func (db *DB) Numbers(ctx context.Context, table Name, column string) (finite, odd int64, err error) {
	picked, err := db.pick(ctx, table, []string{column})
	if err != nil {
		return 0, 0, db.clean(err)
	}
	x := "try_cast(" + quoted(picked) + " AS DOUBLE)"
	err = db.sql.QueryRowContext(ctx, "SELECT count(*) FILTER (isfinite("+x+")), count(*) FILTER (NOT isfinite("+x+")) FROM "+db.Qualify(table)).Scan(&finite, &odd)
	return finite, odd, db.clean(err)
}

// ConstantWithin returns, for each column, the share of the sessions with more
// than one record in which the column has one value only (or is missing
// throughout), and the number of those sessions. A column with share 1 is the
// session's rather than the record's. In tables of more than 262,144
// rows every sixteenth session is looked at.
func (db *DB) ConstantWithin(ctx context.Context, table Name, key, columns []string) (share map[string]float64, sessions int64, err error) {
	keys, err := db.pick(ctx, table, append([]string{}, key...))
	if err != nil {
		return nil, 0, db.clean(err)
	}
	picked, err := db.pick(ctx, table, append([]string{}, columns...))
	if err != nil {
		return nil, 0, db.clean(err)
	}
	from := db.Qualify(table)
	if len(keys) > 0 {
		var rows int64
		if err := db.sql.QueryRowContext(ctx, "SELECT count(*) FROM "+from).Scan(&rows); err != nil {
			return nil, 0, db.clean(err)
		}
		if rows > everyRows {
			from += fmt.Sprintf(" WHERE hash(%s) %% %d = 0", quoted(keys), sampled)
		}
		from += " GROUP BY " + quoted(keys)
	}
	inner, outer := []string{"count(*) AS n"}, []string{"count(*)"}
	for i, c := range picked {
		q := Quote(c.name)
		inner = append(inner, fmt.Sprintf("(count(%s) = 0 OR (count(%s) = count(*) AND min(%s) = max(%s))) AS k%d", q, q, q, q, i))
		outer = append(outer, fmt.Sprintf("count(*) FILTER (k%d)", i))
	}
	query := "SELECT " + strings.Join(outer, ", ") + " FROM (SELECT " + strings.Join(inner, ", ") + " FROM " + from + ") WHERE n > 1"
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
