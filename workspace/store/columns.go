package store

import (
	"context"
	"database/sql/driver"
	"math"
	"strings"

	"netshare/workspace/trace"
)

// Vector is a whole column in memory.
type Vector struct {
	Name string
	Type trace.Type // of the column

	// Numbers are the values of a BOOLEAN (0 and 1), BIGINT, DOUBLE or
	// TIMESTAMP_NS (seconds since 1970) column, NaN where missing; nil for others.
	Numbers []float64
	// Texts are the values of any other column, "" where missing; lists are as
	// DuckDB writes them: [a, b].
	Texts []string
	// Valid tells missing values apart; nil where none is missing.
	Valid []bool
}

// Len returns the number of rows.
func (v *Vector) Len() int { return max(len(v.Numbers), len(v.Texts)) }

// IsValid reports whether the value of row i is there.
func (v *Vector) IsValid(i int) bool { return v.Valid == nil || v.Valid[i] }

// maxInterned bounds the texts of a column that are kept once for all rows.
const maxInterned = 1 << 16

// ReadColumns reads whole columns, all of them where names is nil, in the order
// of the table's rows. Equal texts share their memory.
func (db *DB) ReadColumns(ctx context.Context, table Name, names []string) ([]Vector, error) {
	columns, err := db.pick(ctx, table, names)
	if err != nil {
		return nil, db.clean(err)
	}
	vectors := make([]Vector, len(columns))
	expressions := make([]string, len(columns))
	interned := make([]map[string]string, len(columns))
	for i, c := range columns {
		t := plainType(c.typ)
		vectors[i] = Vector{Name: c.name, Type: t}
		switch t {
		case trace.TypeBool, trace.TypeInt, trace.TypeReal:
			expressions[i] = "CAST(" + c.plain() + " AS DOUBLE)"
			vectors[i].Numbers = []float64{}
		case trace.TypeTime:
			expressions[i] = "epoch_ns(" + c.plain() + ") / 1e9"
			vectors[i].Numbers = []float64{}
		default:
			expressions[i] = "CAST(" + Quote(c.name) + " AS VARCHAR)"
			vectors[i].Texts = []string{}
			interned[i] = map[string]string{}
		}
	}
	add := func(values []driver.Value) error {
		for i, value := range values {
			v := &vectors[i]
			v.note(value != nil)
			if v.Numbers != nil {
				x, ok := value.(float64)
				if !ok {
					x = math.NaN()
				}
				v.Numbers = append(v.Numbers, x)
				continue
			}
			s, _ := value.(string)
			if known, ok := interned[i][s]; ok {
				s = known
			} else if len(interned[i]) < maxInterned {
				interned[i][s] = s
			}
			v.Texts = append(v.Texts, s)
		}
		return nil
	}
	view, err := db.isView(ctx, table)
	if err != nil {
		return nil, db.clean(err)
	}
	if view {
		for i, c := range columns {
			expressions[i] += " AS " + Quote(c.name)
		}
		err = db.streamQuery(ctx, "SELECT "+strings.Join(expressions, ", ")+" FROM "+db.Qualify(table), len(columns), add)
	} else {
		err = db.streamColumns(ctx, table, expressions, add)
	}
	return vectors, db.clean(err)
}

// note records whether the next row's value is there.
func (v *Vector) note(valid bool) {
	if v.Valid == nil {
		if valid {
			return
		}
		v.Valid = make([]bool, v.Len(), v.Len()+1)
		for i := range v.Valid {
			v.Valid[i] = true
		}
	}
	v.Valid = append(v.Valid, valid)
}
