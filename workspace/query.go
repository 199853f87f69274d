package workspace

import (
	"context"

	"netshare/workspace/store"
)

// Result is a query's result, read row by row. Close it.
type Result = store.Result

// Completion is a way to go on with a query.
type Completion = store.Completion

// Query runs one or several statements and returns the result of the last. It
// ends promptly when ctx does.
func (w *Workspace) Query(ctx context.Context, sql string) (*Result, error) {
	defer w.busy()()
	return w.db.Query(ctx, sql)
}

// Complete returns ways to go on with the text of a query.
func (w *Workspace) Complete(ctx context.Context, text string) ([]Completion, error) {
	return w.db.Complete(ctx, text)
}

// Console is a connection that keeps what its statements set. Close it.
type Console = store.Console

// Console opens a connection for statements that belong together.
func (w *Workspace) Console(ctx context.Context) (*Console, error) { return w.db.Console(ctx) }

// Window reads any part of a query's result. Close it.
type Window = store.Window

// Window prepares the reading of parts of one query's result, of any size.
func (w *Workspace) Window(ctx context.Context, query string) (*Window, error) {
	return w.db.Window(ctx, query)
}

// Listed is a table or a view of the workspace.
type Listed = store.Listed

// Contents lists all tables and views: those of raw, then synth, main and
// netshare, by name.
func (w *Workspace) Contents(ctx context.Context) ([]Listed, error) { return w.db.Contents(ctx) }
