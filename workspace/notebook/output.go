package notebook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"netshare/eval"
	"netshare/eval/figure"
	"netshare/workspace"
	"netshare/workspace/notebook/render"
)

// Output is what a cell showed, in the order in which it came. It is kept as
// JSON in netshare.cells.
type Output struct {
	Parts []Part `json:"parts"`

	// Reads and Writes are the resources that the cell used: "raw.branch",
	// "model of raw.branch", "file captures/branch.pcap". To each that was read
	// belongs the version that it had.
	Reads  map[string]string `json:"reads,omitempty"`
	Writes []string          `json:"writes,omitempty"`

	// Stopped is the training that did not come to its end, nil for none.
	Stopped *StoppedTraining `json:"stopped,omitempty"`
}

// Part is one thing of an output: the field that is set says what.
type Part struct {
	Text   string  `json:"text,omitempty"`
	Run    int64   `json:"run,omitempty"` // besides Text, the training run that it tells of
	Table  *Page   `json:"table,omitempty"`
	Figure *Figure `json:"figure,omitempty"`
	Report *Report `json:"report,omitempty"`

	Audit *workspace.Audited `json:"audit,omitempty"` // besides Text, what it tells of
}

// Page is rows of a result, from Offset on.
type Page struct {
	SQL     string              `json:"sql,omitempty"` // gives the whole result again; "" where nothing does
	Columns []PageColumn        `json:"columns"`
	Rows    [][]json.RawMessage `json:"rows"` // a JSON value for each column; times and bytes are texts
	Offset  int64               `json:"offset"`
	Total   int64               `json:"total"`           // rows of the whole result; -1 where it was not counted
	Notes   []string            `json:"notes,omitempty"` // what read_pcap and its like left out
}

// PageColumn is a column of a page.
type PageColumn struct {
	Name string `json:"name"`
	Type string `json:"type"` // by DuckDB's name
}

// NewPage returns a page that is whole, of columns that are named each with its
// type, VARCHAR where none stands there: "rows BIGINT".
func NewPage(columns ...string) *Page {
	p := &Page{}
	for _, c := range columns {
		name, typ := c, "VARCHAR"
		if i := strings.LastIndexByte(c, ' '); i >= 0 && render.IsNumeric(c[i+1:]) {
			name, typ = c[:i], c[i+1:]
		}
		p.Columns = append(p.Columns, PageColumn{name, typ})
	}
	return p
}

// Add adds a row of a page that is whole.
func (p *Page) Add(row ...any) {
	p.Rows = append(p.Rows, jsonRow(row, make([]string, len(row))))
	p.Total = int64(len(p.Rows))
}

// Figure is a drawn chart.
type Figure struct {
	Title string        `json:"title,omitempty"`
	Alt   string        `json:"alt"`             // says in words what is to be seen
	SVG   string        `json:"svg"`             // whole document, colours of package figure
	Chart *figure.Chart `json:"chart,omitempty"` // what was drawn; nil of a report's and of losses
}

// Report is how faithful a synthetic table is.
type Report struct {
	Real       string               `json:"real"`
	Synthetic  string               `json:"synthetic"`
	Run        int64                `json:"run"` // whose scores are in netshare.scores
	Overall    eval.Overall         `json:"overall"`
	Properties []eval.PropertyScore `json:"properties"`
	Worst      []eval.Finding       `json:"worst"`
	Notes      []string             `json:"notes,omitempty"`
	Figures    []Figure             `json:"figures,omitempty"`
}

// PageRows is how many rows of a result a cell keeps.
const PageRows = 200

// reportFigures is how many figures of a report a cell keeps.
const reportFigures = 40

// textPart is a part of text, without newlines at its end.
func textPart(format string, args ...any) Part {
	return Part{Text: strings.TrimRight(fmt.Sprintf(format, args...), "\n")}
}

// querier runs SQL: a workspace, or a console of one.
type querier interface {
	Query(ctx context.Context, sql string) (*workspace.Result, error)
}

// ReadPage runs one statement and reads limit of its rows from offset on. Of a
// statement that asks, only those rows are made, and where there are more the
// rest is counted; any other runs as it is, and offset must be 0. The second
// result is false where the statement had nothing to show.
func ReadPage(ctx context.Context, q querier, sql string, offset, limit int64) (*Page, bool, error) {
	p := &Page{Offset: offset, Total: -1}
	text := sql
	if asks(sql) {
		p.SQL = sql
		text = fmt.Sprintf("SELECT * FROM (%s\n) LIMIT %d OFFSET %d", sql, limit+1, offset)
	} else if offset > 0 {
		return nil, false, fmt.Errorf("only a SELECT can be read from row %d on", offset)
	}
	r, err := q.Query(ctx, text)
	if err != nil && p.SQL != "" && ctx.Err() == nil {
		// Said of the statement as it was typed, and run as it is where it can't
		// stand within another.
		p.SQL = ""
		if r, err = q.Query(ctx, sql); err == nil && offset > 0 {
			r.Close()
			return nil, false, fmt.Errorf("this statement can't be read from row %d on", offset)
		}
	}
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	result := queried{r}
	types := result.Types()
	for i, name := range result.Columns() {
		p.Columns = append(p.Columns, PageColumn{name, types[i]})
	}
	for {
		row, err := r.Next()
		if err == io.EOF {
			p.Total = offset + int64(len(p.Rows))
			break
		}
		if err != nil {
			return nil, false, err
		}
		if int64(len(p.Rows)) == limit {
			break
		}
		p.Rows = append(p.Rows, jsonRow(row, types))
	}
	for _, s := range r.Skipped {
		p.Notes = append(p.Notes, fmt.Sprintf("left out of the files read: %s (%s)", s.Reason, render.Thousands(s.Count)))
	}
	if err := r.Close(); err != nil {
		return nil, false, err
	}
	if p.Total < 0 && p.SQL != "" {
		if p.Total, err = countRows(ctx, q, sql); err != nil {
			return nil, false, err
		}
	}
	names := result.Columns()
	shown := len(names) > 0 && (len(p.Rows) > 0 || !IsStatus(names)) && !(IsStatus(names) && IsChange(sql))
	return p, shown, nil
}

// countRows counts the rows that a statement gives.
func countRows(ctx context.Context, q querier, sql string) (int64, error) {
	r, err := q.Query(ctx, "SELECT count(*) FROM ("+sql+"\n)")
	if err != nil {
		return 0, err
	}
	defer r.Close()
	row, err := r.Next()
	if err != nil {
		return 0, err
	}
	n, _ := row[0].(int64)
	return n, nil
}

// asks reports whether a statement only asks, so that it can stand within
// another.
func asks(sql string) bool {
	switch firstWord(sql) {
	case "SELECT", "FROM", "WITH", "VALUES", "TABLE":
		return true
	}
	return false
}

// firstWord is the first word of a statement, in capitals, comments skipped.
func firstWord(sql string) string {
	for _, t := range sqlTokens(sql) {
		return strings.ToUpper(t.text)
	}
	return ""
}

// jsonRow writes a row's values as JSON.
func jsonRow(row []any, types []string) []json.RawMessage {
	out := make([]json.RawMessage, len(row))
	for i, v := range row {
		out[i] = render.AppendJSON(nil, v, types[i])
	}
	return out
}

// queried is a workspace's result as a notebook reads it.
type queried struct{ *workspace.Result }

// ResultOf makes a workspace's result one that render.Write writes.
func ResultOf(r *workspace.Result) render.Result { return queried{r} }

// Columns are the names of the columns.
func (r queried) Columns() []string {
	names := make([]string, len(r.Result.Columns))
	for i, c := range r.Result.Columns {
		names[i] = c.Name
	}
	return names
}

// Types are DuckDB's names of the columns' types.
func (r queried) Types() []string {
	types := make([]string, len(r.Result.Columns))
	for i, c := range r.Result.Columns {
		types[i] = c.Type
	}
	return types
}

// Result gives the page to render.Write. It has the rows of the page only.
func (p *Page) Result() render.Result { return &pageResult{page: p} }

type pageResult struct {
	page *Page
	next int
}

func (r *pageResult) Columns() []string {
	names := make([]string, len(r.page.Columns))
	for i, c := range r.page.Columns {
		names[i] = c.Name
	}
	return names
}

func (r *pageResult) Types() []string {
	types := make([]string, len(r.page.Columns))
	for i, c := range r.page.Columns {
		types[i] = c.Type
	}
	return types
}

func (r *pageResult) Next() ([]any, error) {
	if r.next == len(r.page.Rows) {
		return nil, io.EOF
	}
	row := make([]any, len(r.page.Columns))
	for i, raw := range r.page.Rows[r.next] {
		row[i] = jsonValue(raw)
	}
	r.next++
	return row, nil
}

func (r *pageResult) Close() error { return nil }

// jsonValue reads a value of a page; numbers stay as they are written.
func jsonValue(raw json.RawMessage) any {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return string(raw)
	}
	return v
}

// IsStatus reports whether a result looks like a statement's word that it is
// done: nothing, or how many rows it changed.
func IsStatus(columns []string) bool {
	return len(columns) == 0 || len(columns) == 1 && (columns[0] == "Count" || columns[0] == "Success")
}

// IsChange reports whether a statement changes something rather than asks. A
// script's results are not mixed with how much its changes changed.
func IsChange(sql string) bool {
	word, _, _ := strings.Cut(strings.Join(strings.Fields(sql), " "), " ")
	switch strings.ToUpper(word) {
	case "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "COPY":
		return true
	}
	return false
}
