package workspace

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// The parts a column can have in what is learnt.
const (
	RoleTime     = "time"    // orders the records
	RoleKey      = "key"     // tells sessions apart
	RoleMetadata = "session" // constant within a session
	RoleSeries   = "record"  // varies from record to record
	RoleDerived  = "derived" // computed from others of the record
	RoleUnused   = "unused"  // not learnt, and not in the synthetic trace
)

// ColumnInfo is what is known and meant of one column, for a person to check.
type ColumnInfo struct {
	Name     string     `json:"name"`
	Role     string     `json:"role"`
	Kind     trace.Kind `json:"kind"`
	Type     trace.Type `json:"type"`
	Unit     trace.Unit `json:"unit,omitempty"`
	Encoding string     `json:"encoding"` // in words
	Distinct int64      `json:"distinct"`
	Missing  int64      `json:"missing"`
	Examples []string   `json:"examples,omitempty"` // frequent values
}

// Describe returns what is known and meant of a table's columns, in their
// order. The table is of schema raw where it is not named otherwise.
func (w *Workspace) Describe(ctx context.Context, table string) ([]ColumnInfo, error) {
	t, err := w.table(ctx, table, store.Raw)
	if err != nil {
		return nil, err
	}
	r, err := w.recipeOf(ctx, t)
	if err != nil {
		return nil, err
	}
	stats, err := w.db.Profile(ctx, t.Name)
	if err != nil {
		return nil, err
	}
	infos := make([]ColumnInfo, len(stats))
	for i, s := range stats {
		c := t.Schema.Columns[i]
		infos[i] = ColumnInfo{Name: c.Name, Role: RoleUnused, Kind: c.Kind, Type: c.Type, Unit: c.Unit, Distinct: s.Distinct, Missing: s.Nulls}
		f, role := find(r, c.Name)
		if infos[i].Role = role; role != RoleUnused {
			infos[i].Kind = f.Kind
			infos[i].Encoding = encodingWords(f, role)
		}
		for _, v := range s.Top[:min(3, len(s.Top))] {
			infos[i].Examples = append(infos[i].Examples, clip(example(v.Value, c), 32))
		}
	}
	return infos, nil
}

// example writes a value for a person: a time in numbers without an exponent.
func example(v any, c trace.Column) string {
	if x, ok := v.(float64); ok && c.Kind == trace.KindTimestamp {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return store.FormatValue(v, string(c.Type))
}

func clip(s string, n int) string {
	if rs := []rune(s); len(rs) > n {
		return string(rs[:n-1]) + "…"
	}
	return s
}

// find returns a column's field and its role.
func find(r *trace.Recipe, name string) (trace.Field, string) {
	named := func(f trace.Field) bool { return f.Name == name }
	if r.Time.Name == name {
		return r.Time, RoleTime
	}
	if i := slices.IndexFunc(r.Metadata, named); i >= 0 {
		if slices.Contains(r.KeyNames(), name) {
			return r.Metadata[i], RoleKey
		}
		return r.Metadata[i], RoleMetadata
	}
	if i := slices.IndexFunc(r.Series, named); i >= 0 {
		return r.Series[i], RoleSeries
	}
	if i := slices.IndexFunc(r.Derived, named); i >= 0 {
		return r.Derived[i], RoleDerived
	}
	return trace.Field{}, RoleUnused
}

// encodingWords says how a field is learnt.
func encodingWords(f trace.Field, role string) string {
	if f.Encoding != trace.EncodeAuto {
		return strings.ReplaceAll(string(f.Encoding), "_", " ")
	}
	if role == RoleDerived {
		return "computed"
	}
	if role == RoleTime {
		return "start and gaps, by rank"
	}
	switch f.Kind {
	case trace.KindAddress:
		return "frequent ones, prefixes"
	case trace.KindPort:
		return "frequent ones, ranges"
	case trace.KindText:
		return "frequent ones, template"
	case trace.KindInteger, trace.KindReal, trace.KindTimestamp:
		return "rank, frequent values"
	}
	return "categories"
}
