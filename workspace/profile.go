package workspace

import (
	"context"
	"strconv"
	"time"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// Profile is a look at one table, for a person.
type Profile struct {
	Table   string          `json:"table"` // with its schema
	Rows    int64           `json:"rows"`
	Columns []ColumnProfile `json:"columns"`
}

// ColumnProfile is what a column holds.
type ColumnProfile struct {
	ColumnInfo
	MissingShare float64      `json:"missing_share"` // of the rows, 0 to 1
	Min          string       `json:"min"`           // "" where there is no value
	Max          string       `json:"max"`
	Top          []ValueShare `json:"top,omitempty"` // the ten most frequent values, the most frequent first

	// Of numbers and times:
	Quartiles []string `json:"quartiles,omitempty"` // lower, middle, upper
	Histogram []Bin    `json:"histogram,omitempty"` // 20 parts from the least number to the largest
	LogBins   bool     `json:"log_bins,omitempty"`  // their width grows: a few values are much larger than all others
}

// ValueShare is how often a value occurs.
type ValueShare struct {
	Value string  `json:"value"`
	Count int64   `json:"count"`
	Share float64 `json:"share"` // of all rows, missing values included, 0 to 1
}

// Bin is a part of a column's numbers: From <= x < To, in the last x <= To. A
// time is in seconds since 1970 UTC where the table has it as a time.
type Bin struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Count int64   `json:"count"`
}

// profileBins is how many parts a histogram of a profile has.
const profileBins = 20

// Profile describes what each column of a table holds: type, missing values,
// different values, range, quartiles, frequent values and a histogram. The table
// is of schema raw where it is not named otherwise. Columns of many different
// values in tables of more than a million rows are estimated, as
// store.ColumnStats and store.Distribution say.
func (w *Workspace) Profile(ctx context.Context, table string) (Profile, error) {
	defer w.busy()()
	infos, err := w.Describe(ctx, table)
	if err != nil {
		return Profile{}, err
	}
	t, err := w.table(ctx, table, store.Raw)
	if err != nil {
		return Profile{}, err
	}
	stats, err := w.db.Profile(ctx, t.Name) // known from Describe
	if err != nil {
		return Profile{}, err
	}
	out := Profile{Table: t.Name.String(), Columns: make([]ColumnProfile, len(infos))}
	var numbers []string
	var at []int
	for i, s := range stats {
		c := t.Schema.Columns[i]
		p := &out.Columns[i]
		out.Rows = s.Rows
		p.ColumnInfo = infos[i]
		rows := float64(max(1, s.Rows))
		p.MissingShare = float64(s.Nulls) / rows
		if s.Min != nil {
			p.Min, p.Max = clip(example(s.Min, c), 80), clip(example(s.Max, c), 80)
		}
		for _, v := range s.Top {
			p.Top = append(p.Top, ValueShare{Value: clip(example(v.Value, c), 80), Count: v.Count, Share: float64(v.Count) / rows})
		}
		switch s.Type {
		case trace.TypeInt, trace.TypeReal, trace.TypeTime:
			numbers, at = append(numbers, c.Name), append(at, i)
		}
	}
	found, err := w.db.Distributions(ctx, t.Name, numbers, profileBins)
	if err != nil {
		return Profile{}, err
	}
	for k, d := range found {
		if d.Counts == nil {
			continue
		}
		p, c := &out.Columns[at[k]], t.Schema.Columns[at[k]]
		for _, q := range d.Quartiles {
			p.Quartiles = append(p.Quartiles, quantile(q, c))
		}
		p.LogBins = d.Log
		for i, n := range d.Counts {
			p.Histogram = append(p.Histogram, Bin{From: d.Edges[i], To: d.Edges[i+1], Count: n})
		}
	}
	return out, nil
}

// quantile writes a quantile of a column as the column's values are written.
func quantile(x float64, c trace.Column) string {
	if c.Type == trace.TypeTime {
		return example(time.Unix(0, int64(x*1e9)).Round(time.Millisecond), c)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}
