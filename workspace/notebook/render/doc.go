// Package render writes results of statements down: as tables for people, cut
// to a terminal's width, and as CSV, JSON, Markdown and their like for programs.
// It owns the layout and the look of values, and knows no database: what a
// statement gave stands behind Result.
package render

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
