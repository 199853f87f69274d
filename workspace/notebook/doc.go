// Package notebook is where a person talks to a workspace: the terminal
// notebook, a shell for SQL with a few commands of its own (Shell), and the
// ways to write a result down (Render).
//
// It owns the reading of statements, the keyboard, and the layout of results.
// It does not know the database: what runs the statements stands behind the
// Engine interface, and what they give behind Result.
package notebook

import "context"

// Engine runs a notebook's statements.
type Engine interface {
	// Query runs one SQL statement. The end of ctx stops it, and the reading
	// of its result. A result that Query gave before is closed by then.
	Query(ctx context.Context, sql string) (Result, error)

	// Complete returns what may come next in an SQL text that ends at the
	// cursor, best first.
	Complete(ctx context.Context, text string) ([]Completion, error)
}

// Result is what a statement gave.
type Result interface {
	Columns() []string // the names, in order
	Types() []string   // for each column its type by DuckDB's name: BIGINT, VARCHAR[]

	// Next returns the next row and io.EOF after the last; the row may be used
	// again for the one after. Values are bool, the integers of Go and
	// *big.Int, float32, float64, string, time.Time, []byte, json.Number,
	// []any, map[string]any or nil.
	Next() ([]any, error)
	Close() error
}

// Completion is a text that may stand at the cursor.
type Completion struct {
	Text  string // replaces the text from Start on
	Start int    // a byte offset into the text to be completed
}
