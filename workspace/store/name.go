package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"netshare/workspace/trace/near"
)

// The schemas of a workspace.
const (
	Raw   = "raw"      // traces as loaded
	Synth = "synth"    // generated tables
	Meta  = "netshare" // the program's own
	Main  = "main"     // the user's
)

// Name is a table's name: its schema and its own.
type Name struct {
	Schema, Table string
}

// String returns the name as users type it: raw.caida.
func (n Name) String() string { return n.Schema + "." + n.Table }

// Quote quotes an SQL identifier.
func Quote(identifier string) string {
	return `"` + strings.ReplaceAll(identifier, `"`, `""`) + `"`
}

// literal quotes an SQL string, for the statements that take no parameters.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// quoted lists the columns' names, quoted and separated by commas.
func quoted(columns []tableColumn) string {
	qs := make([]string, len(columns))
	for i, c := range columns {
		qs[i] = Quote(c.name)
	}
	return strings.Join(qs, ", ")
}

// Qualify returns the table's full name, quoted, with the catalog first: a
// workspace file may itself be called raw.duckdb.
func (db *DB) Qualify(n Name) string {
	return Quote(db.catalog) + "." + Quote(n.Schema) + "." + Quote(n.Table)
}

// Tables lists every table and view of the schemas raw, synth, main and
// netshare, in this order and by name.
func (db *DB) Tables(ctx context.Context) ([]Name, error) {
	rows, err := db.sql.QueryContext(ctx, `
		SELECT table_schema, table_name FROM information_schema.tables
		WHERE table_catalog = ? AND table_schema IN ('raw', 'synth', 'main', 'netshare')
		ORDER BY list_position(['raw', 'synth', 'main', 'netshare'], table_schema), table_name`, db.catalog)
	if err != nil {
		return nil, db.clean(err)
	}
	defer rows.Close()
	var names []Name
	for rows.Next() {
		var n Name
		if err := rows.Scan(&n.Schema, &n.Table); err != nil {
			return nil, db.clean(err)
		}
		names = append(names, n)
	}
	return names, db.clean(rows.Err())
}

// Resolve finds the table that the user's word means: "T" in defaultSchema,
// "raw.T", "synth.S", "main.T" or "netshare.T" where they say. Case does not
// matter, as in DuckDB. An error wraps ErrNoTable and lists what there is.
func (db *DB) Resolve(ctx context.Context, word, defaultSchema string) (Name, error) {
	want := Parse(word, defaultSchema)
	tables, err := db.Tables(ctx)
	if err != nil {
		return Name{}, err
	}
	for _, t := range tables {
		if strings.EqualFold(t.Schema, want.Schema) && strings.EqualFold(t.Table, want.Table) {
			return t, nil
		}
	}
	var same, known []string
	for _, t := range tables {
		if strings.EqualFold(t.Table, want.Table) {
			same = append(same, t.String())
		}
		if t.Schema == want.Schema {
			known = append(known, t.Table)
		}
	}
	const most = 10
	switch {
	case len(same) > 0:
		return Name{}, fmt.Errorf("%w %s: there is %s: name it with its schema", ErrNoTable, want, strings.Join(same, " and "))
	case len(known) == 0:
		return Name{}, fmt.Errorf("%w %s: schema %s is empty", ErrNoTable, want, want.Schema)
	}
	slices.SortStableFunc(known, func(a, b string) int { return near.Distance(a, want.Table) - near.Distance(b, want.Table) })
	more := ""
	if len(known) > most {
		more = fmt.Sprintf(" and %d more", len(known)-most)
		known = known[:most]
	}
	return Name{}, fmt.Errorf("%w %s: schema %s has %s%s", ErrNoTable, want, want.Schema, strings.Join(known, ", "), more)
}

// Parse splits a table's name as a user types it; a first part that is none of
// the workspace's schemas belongs to the table's own name.
func Parse(word, defaultSchema string) Name {
	schema, table, ok := strings.Cut(word, ".")
	if ok && table != "" {
		for _, s := range []string{Raw, Synth, Meta, Main} {
			if strings.EqualFold(s, schema) {
				return Name{s, strings.Trim(table, `"`)}
			}
		}
	}
	return Name{defaultSchema, strings.Trim(word, `"`)}
}
