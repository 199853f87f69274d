package workspace

import (
	"context"

	"netshare/workspace/store"
)

// Cell is what a notebook's cell last showed.
type Cell = store.Cell

// Cells lists what is kept of the cells of a notebook, in their order.
func (w *Workspace) Cells(ctx context.Context, notebook string) ([]Cell, error) {
	return w.db.Cells(ctx, notebook)
}

// KeepCell keeps what a cell showed, in place of what is kept of it.
func (w *Workspace) KeepCell(ctx context.Context, c Cell) error { return w.db.SaveCell(ctx, c) }

// PlaceCells notes the order of a notebook's cells, and forgets what is kept of
// others.
func (w *Workspace) PlaceCells(ctx context.Context, notebook string, ids []string) error {
	return w.db.PlaceCells(ctx, notebook, ids)
}

// TableStamp tells one state of a table from another.
type TableStamp = store.TableStamp

// Stamps lists the tables and views of raw, synth and main with what tells
// their states apart, without looking into them.
func (w *Workspace) Stamps(ctx context.Context) ([]TableStamp, error) { return w.db.Stamps(ctx) }

// ReadOnly reports whether the workspace was opened without the right to
// change anything.
func (w *Workspace) ReadOnly() bool { return w.readOnly }

// SchemaOf returns the schema that a table's name stands in and its own name: a
// name without one is of the schema given.
func SchemaOf(word, schema string) (string, string) {
	n := store.Parse(word, schema)
	return n.Schema, n.Table
}
