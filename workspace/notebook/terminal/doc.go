// Package terminal is the notebook in a terminal: a shell for SQL with commands
// of its own, which begin with a dot, for a person at a prompt and for scripts.
//
// A Shell runs statements by its Engine, and with a Lab does what the cells of a
// notebook do. The package owns the keyboard, the prompt and what is drawn in
// characters; cells, jobs and documents are package notebook's.
package terminal

import (
	"context"

	"netshare/workspace/notebook/render"
)

// Engine runs a notebook's statements.
type Engine interface {
	// Query runs one SQL statement. The end of ctx stops it, and the reading
	// of its result. A result that Query gave before is closed by then.
	Query(ctx context.Context, sql string) (render.Result, error)

	// Complete returns what may come next in an SQL text that ends at the
	// cursor, best first.
	Complete(ctx context.Context, text string) ([]Completion, error)
}

// Completion is a text that may stand at the cursor.
type Completion struct {
	Text  string // replaces the text from Start on
	Start int    // a byte offset into the text to be completed
}
