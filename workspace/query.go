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
