package tableio

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"netshare/workspace/trace"
)

// direct has the database read the file itself, where it can be brought to see
// the same values in it as this package does, and reports whether it did. Then
// there is a table; otherwise there is none.
func (c *csvFile) direct(ctx context.Context, db DB, table string) (int64, bool, error) {
	query, counts, ok := c.directQuery()
	if !ok {
		return 0, false, nil
	}
	n, err := create(ctx, db, table, query)
	if err != nil {
		return 0, false, err
	}
	same := n == c.rows // the database leaves out lines that it can't read, though they are sound
	if same && len(counts) > 0 {
		same, err = filled(ctx, db, table, counts)
		if err != nil {
			return 0, false, err
		}
	}
	if !same {
		_, err = db.ExecContext(ctx, "DROP TABLE "+table)
	}
	return n, same, err
}

// filled reports whether a table's columns have as many values as they should.
func filled(ctx context.Context, db DB, table string, counts map[string]int64) (bool, error) {
	var terms []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		terms = append(terms, fmt.Sprintf("count(%s) = %d", Quote(name), counts[name]))
	}
	rows, err := db.QueryContext(ctx, "SELECT "+strings.Join(terms, " AND ")+" FROM "+table)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	same := false
	for rows.Next() {
		if err := rows.Scan(&same); err != nil {
			return false, err
		}
	}
	return same, rows.Err()
}

// directQuery is the query that reads the file, with the number of values of
// each column that is made from another type, and false where there is none.
func (c *csvFile) directQuery() (query string, counts map[string]int64, ok bool) {
	if c.unclean || c.odd || c.stray || c.irregular || len(c.names) < 2 {
		return "", nil, false
	}
	read := c.schema()
	exprs, made := make([]string, len(c.plans)), false
	counts = map[string]int64{}
	for i := range c.plans {
		p := &c.plans[i]
		if p.misfits {
			return "", nil, false
		}
		name := Quote(p.col.Name)
		exprs[i] = name
		from, expr, ok := p.sql(name)
		if !ok {
			return "", nil, false
		}
		if expr != "" {
			exprs[i] = expr + " AS " + name
			read.Columns[i].Type, made = from, true
			counts[p.col.Name] = p.filled
		}
	}
	list := "*"
	if made {
		list = strings.Join(exprs, ", ")
	}
	eol := "\\n"
	if c.props["eol"] == "crlf" {
		eol = "\\r\\n"
	}
	return "SELECT " + list + " FROM " + readCSV(c.path, read, c.d.delim, eol, c.d.header, true, c.longest), counts, true
}

// sql says as which type the database reads the column, and how its values are
// made of that; with an empty expression they are what was read.
func (p *plan) sql(name string) (from trace.Type, expr string, ok bool) {
	from = trace.TypeText
	value := name
	if p.nulls {
		var tokens []string
		for _, t := range p.tokens {
			tokens = append(tokens, literal(t))
		}
		value = "CASE WHEN " + name + " NOT IN (" + strings.Join(tokens, ", ") + ") THEN " + name + " END"
	}
	f := p.form
	switch {
	case f.integer: // the database takes longer over them than this package
		return "", "", false
	case f.epoch:
		if p.ragged {
			return "", "", false
		}
		zeros := strings.Repeat("0", 9-f.digits)
		return from, "make_timestamp_ns(TRY_CAST(replace(" + value + ", '.', '') || '" + zeros + "' AS BIGINT))", true
	case p.col.Type == trace.TypeTime && databaseTime(f.layout):
		if p.nulls {
			expr = "TRY_CAST(" + value + " AS TIMESTAMP_NS)"
		}
		return from, expr, true
	case p.col.Type == trace.TypeTime:
		format := strptimeFormat(f.layout, f.digits)
		if format == "" || p.ragged {
			return "", "", false
		}
		expr = "try_strptime(" + value + ", " + literal(format) + ")"
		if hasOffset(f.layout) {
			expr += " AT TIME ZONE 'UTC'"
		}
		return from, "(" + expr + ")::TIMESTAMP_NS", true
	case p.nulls && p.col.Type == trace.TypeText:
		return from, value, true
	case p.nulls:
		return from, "TRY_CAST(" + value + " AS " + string(p.col.Type) + ")", true
	}
	return from, "", true
}

// databaseTime reports whether DuckDB's own cast reads a layout's times, with
// or without fractions.
func databaseTime(layout string) bool {
	date, clock := layout, ""
	if len(layout) > 10 {
		date, clock = layout[:10], layout[10:]
	}
	if date != "2006-01-02" && date != "2006/01/02" {
		return false
	}
	if clock != "" && clock[0] == 'T' {
		clock = " " + clock[1:]
	}
	switch clock {
	case "", " 15:04", " 15:04:05", " 15:04:05Z07:00", " 15:04:05-07:00", " 15:04:05-0700", " 15:04:05 UTC":
		return true
	}
	return false
}

// strptimeFormat is a layout, whose seconds have so many digits of fraction, in
// the terms of DuckDB's strptime; "" where that has none.
func strptimeFormat(layout string, digits int) string {
	m := matcherOf(layout)
	fraction, known := map[int]string{0: "", 3: ".%g", 6: ".%f", 9: ".%n"}[digits]
	if m == nil || !known {
		return ""
	}
	var sb strings.Builder
	for _, part := range m.parts {
		switch part.what {
		case 'l':
			sb.WriteByte(part.char)
		case 'O':
			sb.WriteString("%z")
		case ',':
			sb.WriteString("%S,%g")
		case 'S':
			sb.WriteString("%S" + fraction)
		case 'Y', 'b', 'H':
			sb.WriteString("%" + string(part.what))
		case 'M':
			sb.WriteString("%m")
		case 'D':
			sb.WriteString("%d")
		case 'm':
			sb.WriteString("%M")
		default:
			return ""
		}
	}
	return sb.String()
}
