package workspace

import (
	"context"
	"fmt"
	"slices"

	"netshare/engine"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// Checked is what Check found.
type Checked struct {
	Tables, Models int
	Rows           int64    // of the tables that are not the program's own
	Faults         []string // what is wrong, and what to do
	Notes          []string // what is worth to know and no fault
}

// Check reads a workspace whole: every block of every table, against what the
// catalog says of it; recipes and models, as later steps would. Faults are in
// what it returns; an error is for what keeps it from checking.
func (w *Workspace) Check(ctx context.Context) (out Checked, err error) {
	known, err := w.db.Traces(ctx)
	if err != nil {
		return out, err
	}
	contents, err := w.db.Contents(ctx)
	if err != nil {
		return out, err
	}
	for _, c := range contents {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if c.View {
			continue
		}
		out.Tables++
		rows, err := w.db.Verify(ctx, c.Name)
		if err != nil {
			if ctx.Err() != nil {
				return out, err
			}
			out.fault("%v: load or generate it again", err)
			continue
		}
		if c.Name.Schema != store.Meta {
			out.Rows += rows
		}
		i := slices.IndexFunc(known, func(t Table) bool { return t.Name == c.Name })
		switch {
		case i >= 0:
			out.table(known[i], c, rows)
		case c.Name.Schema == store.Raw || c.Name.Schema == store.Synth:
			out.note("%s was made in SQL: what its columns mean is told by their names", c.Name)
		}
	}
	if err := w.checkModels(ctx, &out); err != nil {
		return out, err
	}
	runs, err := w.db.Runs(ctx)
	for _, r := range runs {
		if r.Status == store.Interrupted && r.Verb == "train" {
			out.note("run %d (%s %s) was interrupted: netshare ws train %s --resume %d goes on with it", r.ID, r.Verb, r.Table, w.Path(), r.ID)
		}
	}
	return out, err
}

func (c *Checked) fault(format string, args ...any) {
	c.Faults = append(c.Faults, fmt.Sprintf(format, args...))
}

func (c *Checked) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

// table compares a table with the catalog's line of it.
func (c *Checked) table(t Table, has store.Listed, rows int64) {
	if t.Rows != rows {
		c.fault("%s has %d records and the catalog says %d: a statement changed it; load or generate it again, or keep it under another name", t.Name, rows, t.Rows)
	}
	var there []string
	for _, col := range has.Columns {
		there = append(there, col.Name)
	}
	if names := t.Schema.Names(); !slices.Equal(names, there) {
		c.fault("%s has the columns %q and the catalog says %q: a statement changed it; load or generate it again", t.Name, there, names)
	}
	if len(t.Recipe) == 0 {
		return
	}
	d, err := readDeclaration(t.Recipe)
	if err != nil {
		c.fault("%s: its recipe can't be read (%v): declare it again with ws train --recipe", t.Name, err)
		return
	}
	for _, f := range d.Recipe.Declared() {
		if !slices.ContainsFunc(t.Schema.Columns, func(col trace.Column) bool { return col.Name == f.Name }) {
			c.fault("%s: its recipe declares %q, which is no column: declare it again with ws train --recipe", t.Name, f.Name)
		}
	}
}

// checkModels decodes every model.
func (w *Workspace) checkModels(ctx context.Context, out *Checked) error {
	models, err := w.db.Models(ctx)
	if err != nil {
		return err
	}
	for _, listed := range models {
		out.Models++
		m, err := w.db.Model(ctx, listed.ID)
		if err == nil {
			err = new(engine.Model).UnmarshalBinary(m.Data)
		}
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			out.fault("the model of run %d can't be used (%v): train %s again", listed.Run, err, listed.Table)
		}
	}
	return nil
}
