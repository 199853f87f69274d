package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"

	"netshare/workspace/trace"
)

// Distribution is how the finite numbers of a column lie. A time is in seconds
// since 1970, a boolean 0 or 1.
type Distribution struct {
	Quartiles [3]float64 // lower, middle, upper
	// Edges bound the parts that Counts count, from the least number to the
	// largest; a number on an edge belongs to the part above, the largest to
	// the last. The parts are equally wide or, where a few large values would
	// leave all others in one part, equally wide in log(1 + x/s), s being the
	// twentieth part from below of the positive numbers; Log says so.
	Edges  []float64
	Counts []int64
	Log    bool
}

// Distributions returns the distribution of each named column of numbers or
// times in so many parts, an empty one where a column holds something else or
// no finite number. Quartiles of tables of more than a million rows are
// estimated (by t-digest of one row in sixteen, some percent of a rank off);
// counts are exact.
func (db *DB) Distributions(ctx context.Context, table Name, names []string, parts int) ([]Distribution, error) {
	columns, err := db.pick(ctx, table, append([]string{}, names...))
	if err != nil {
		return nil, db.clean(err)
	}
	out := make([]Distribution, len(columns))
	var numeric []int
	for i, c := range columns {
		switch plainType(c.typ) {
		case trace.TypeBool, trace.TypeInt, trace.TypeReal, trace.TypeTime:
			numeric = append(numeric, i)
		}
	}
	var rows int64
	if err := db.sql.QueryRowContext(ctx, "SELECT count(*) FROM "+db.Qualify(table)).Scan(&rows); err != nil {
		return nil, db.clean(err)
	}
	view, err := db.isView(ctx, table)
	if err != nil {
		return nil, db.clean(err)
	}
	quantile, few, step := "approx_quantile", "", together
	if rows <= exactRows { // which keeps the numbers in memory
		quantile, step = "quantile_cont", int(max(1, min(together, 4*exactRows/max(1, rows))))
	} else if !view {
		few = fmt.Sprintf(" WHERE hash(rowid) %% %d = 0", sampled) // rows at regular distances could be all alike
	}
	for at := 0; at < len(numeric); at += step {
		part := numeric[at:min(len(numeric), at+step)]
		if err := db.distributions(ctx, table, columns, part, quantile, few, parts, out); err != nil {
			return nil, fmt.Errorf("distributions of %s: %w", table, db.clean(err))
		}
	}
	return out, nil
}

// number is the expression of a column's value as DOUBLE.
func (c tableColumn) number() string {
	if plainType(c.typ) == trace.TypeTime {
		return "epoch_ns(" + c.plain() + ") / 1e9"
	}
	return "CAST(" + c.plain() + " AS DOUBLE)"
}

// distributions fills in those of the columns at the places in part. Where few
// is set, it is the condition of the rows that quantiles are of.
func (db *DB) distributions(ctx context.Context, table Name, columns []tableColumn, part []int, quantile, few string, parts int, out []Distribution) error {
	var values, terms, bounds []string
	var into, ends []any
	found := make([][6]sql.NullFloat64, len(part))
	for i, at := range part {
		v := fmt.Sprintf("v%d", i)
		values = append(values, columns[at].number()+" AS "+v)
		bounds = append(bounds, fmt.Sprintf("min(%[1]s) FILTER (isfinite(%[1]s)), max(%[1]s) FILTER (isfinite(%[1]s))", v))
		terms = append(terms, fmt.Sprintf("%s(%s, [.25, .5, .75]) FILTER (isfinite(%[2]s))", quantile, v))
		terms = append(terms, fmt.Sprintf("%s(%s, .05) FILTER (isfinite(%[2]s) AND %[2]s > 0)", quantile, v))
		ends = append(ends, &found[i][0], &found[i][1])
		three := threeFloats(found[i][2:5])
		into = append(into, &three, &found[i][5])
	}
	source := " FROM (SELECT " + strings.Join(values, ", ") + " FROM " + db.Qualify(table)
	from := source + ")"
	if few == "" {
		terms, into = append(terms, bounds...), append(into, ends...)
	} else if err := db.sql.QueryRowContext(ctx, "SELECT "+strings.Join(bounds, ", ")+from).Scan(ends...); err != nil {
		return err
	}
	if err := db.sql.QueryRowContext(ctx, "SELECT "+strings.Join(terms, ", ")+source+few+")").Scan(into...); err != nil {
		return err
	}
	terms, into = terms[:0], into[:0]
	counted := make([]any, len(part))
	var of []int
	for i, at := range part {
		lo, hi := found[i][0].Float64, found[i][1].Float64
		if !found[i][0].Valid {
			continue
		}
		d := &out[at]
		for k := range d.Quartiles {
			d.Quartiles[k] = found[i][2+k].Float64
		}
		scale := found[i][5].Float64
		d.Log = lo >= 0 && hi > 20*d.Quartiles[2] && scale > 0 && plainType(columns[at].typ) != trace.TypeTime
		d.Edges, d.Counts = edges(lo, hi, scale, d.Log, parts), make([]int64, parts)
		x := fmt.Sprintf("v%d", i)
		if d.Log {
			x, lo, hi = fmt.Sprintf("ln(1 + v%d / %s)", i, literalFloat(scale)), math.Log1p(lo/scale), math.Log1p(hi/scale)
		}
		// Halves: the difference of the two largest numbers of either sign is none.
		bin := fmt.Sprintf("greatest(0, least(%d, floor((%s / 2 - %s) / %s)))::INTEGER",
			parts-1, x, literalFloat(lo/2), literalFloat(max((hi/2-lo/2)/float64(parts), math.SmallestNonzeroFloat64)))
		if few != "" { // grouping is faster than histogram, and needs a statement for each column
			err := db.sql.QueryRowContext(ctx, fmt.Sprintf("SELECT list({'key': k, 'value': n::UBIGINT}) FROM (SELECT %s AS k, count(*) AS n%s WHERE isfinite(v%d) GROUP BY k)", bin, from, i)).Scan(&counted[i])
			if err != nil {
				return err
			}
		} else {
			terms = append(terms, fmt.Sprintf("map_entries(histogram(%s) FILTER (isfinite(v%d)))", bin, i))
			into = append(into, &counted[i])
		}
		of = append(of, i)
	}
	if len(terms) > 0 {
		if err := db.sql.QueryRowContext(ctx, "SELECT "+strings.Join(terms, ", ")+from).Scan(into...); err != nil {
			return err
		}
	}
	for _, i := range of {
		list, _ := counted[i].([]any)
		for _, e := range list {
			m, _ := e.(map[string]any)
			k, _ := m["key"].(int32)
			n, _ := m["value"].(uint64)
			out[part[i]].Counts[k] += int64(n)
		}
	}
	return nil
}

// threeFloats takes a list of three numbers, or of none.
type threeFloats []sql.NullFloat64

// Scan implements sql.Scanner.
func (f *threeFloats) Scan(v any) error {
	list, _ := v.([]any)
	for i, x := range list {
		if i < len(*f) {
			(*f)[i].Float64, (*f)[i].Valid = x.(float64)
		}
	}
	return nil
}

// edges are those of parts of equal width, or of equal width in log(1 + x/scale).
func edges(lo, hi, scale float64, log bool, parts int) []float64 {
	if log {
		lo, hi = math.Log1p(lo/scale), math.Log1p(hi/scale)
	}
	out := make([]float64, parts+1)
	for i := range out {
		share := float64(i) / float64(parts)
		if out[i] = lo*(1-share) + hi*share; log {
			out[i] = math.Expm1(out[i]) * scale
		}
	}
	return out
}

// literalFloat writes a finite number so that SQL reads it as it is.
func literalFloat(x float64) string { return fmt.Sprintf("%.17g::DOUBLE", x) }
