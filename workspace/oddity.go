package workspace

import (
	"context"
	"fmt"

	"netshare/workspace/trace"
)

// oddities says what of a loaded table is likely to be wrong although each
// value is sound: records that end before they begin.
func (w *Workspace) oddities(ctx context.Context, t Table) []string {
	var starts, ends []trace.Column
	for _, c := range t.Schema.Columns {
		if c.Kind != trace.KindTimestamp {
			continue
		}
		switch ws := wholes(c.Name); {
		case anyOf(ws, "start begin first starttime firstseen flowstart"):
			starts = append(starts, c)
		case anyOf(ws, "end last finish stop endtime lastseen flowend"):
			ends = append(ends, c)
		}
	}
	var notes []string
	for _, s := range starts {
		for _, e := range ends {
			if s.Type != e.Type || s.Type == trace.TypeText || len(starts) > 1 && len(ends) > 1 {
				continue
			}
			n, err := w.db.CountInverted(ctx, t.Name, s.Name, e.Name)
			if err != nil || n == 0 {
				continue // a table that can't be asked fails elsewhere
			}
			what := "records end"
			if n == 1 {
				what = "record ends"
			}
			notes = append(notes, fmt.Sprintf("%d %s before it begins: column %q is after %q", n, what, s.Name, e.Name))
		}
	}
	return notes
}
