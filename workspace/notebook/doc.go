// Package notebook is where a person talks to a workspace: notebooks kept as
// documents, the terminal notebook, a shell for SQL with a few commands of its
// own (Shell), and the ways to write a result down (Render).
//
// A Document is a Markdown file with fenced cells. A Runner runs its cells on a
// workspace, keeps what they show in netshare.cells and says which of it no
// longer holds (States). Jobs are what runs in the background. The terminal,
// the web page and netshare run do all through these three:
//
//	d, err := notebook.ReadDocument("lab.md")
//	ws, err := workspace.Open(ctx, d.WorkspacePath(), nil)
//	jobs := notebook.NewJobs() // one for the workspace
//	r := notebook.NewRunner(ws, jobs, d.Name)
//	err = r.Attach(ctx, d)     // cells get the IDs by which outputs are kept
//	states, err := r.States(ctx, d)
//	out, err := r.Run(ctx, *d.Cells[0], nil)
//	job, err := r.Start(ctx, *d.Cells[1]) // job.Changed, job.Status, job.Stop
//
// The package owns the reading of documents and statements, the keyboard, and
// the layout of results. The shell does not know the database: what runs its
// statements stands behind the Engine interface, and what they give behind
// Result.
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
