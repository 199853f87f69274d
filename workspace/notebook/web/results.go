package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"netshare/workspace"
	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// windows are the results that are being looked at, each under its query. The
// least looked at of many is closed, once nobody reads it.
type windows struct {
	mu    sync.Mutex
	open  []*window // the last used at the end
	ended bool
}

type window struct {
	*workspace.Window
	query   string
	readers int
	dropped bool // to be closed by its last reader
}

// keptWindows is how many results stay open.
const keptWindows = 8

// of returns the window of a query, and what gives it back.
func (ws *windows) of(ctx context.Context, w *workspace.Workspace, query string) (*workspace.Window, func(), error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.ended {
		return nil, nil, errors.New("the program ends")
	}
	var o *window
	if i := slices.IndexFunc(ws.open, func(o *window) bool { return o.query == query }); i >= 0 {
		o = ws.open[i]
		ws.open = slices.Delete(ws.open, i, i+1)
	} else {
		made, err := w.Window(ctx, query)
		if err != nil {
			return nil, nil, err
		}
		o = &window{Window: made, query: query}
		if len(ws.open) == keptWindows {
			ws.drop(ws.open[0])
			ws.open = ws.open[1:]
		}
	}
	ws.open = append(ws.open, o)
	o.readers++
	return o.Window, func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		if o.readers--; o.dropped {
			ws.drop(o)
		}
	}, nil
}

// drop closes a window when nobody reads it any more.
func (ws *windows) drop(o *window) {
	o.dropped = true
	if o.readers == 0 {
		o.Close() // nothing was written: there is nothing that could be lost
	}
}

// forget lets go of all: what they read may have changed.
func (ws *windows) forget() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, o := range ws.open {
		ws.drop(o)
	}
	ws.open = nil
}

// close is forget for good.
func (ws *windows) close() {
	ws.forget()
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.ended = true
}

// lastQuery is the statement whose result a cell's text shows.
func lastQuery(text string) (string, error) {
	all := notebook.Split(text)
	if len(all) == 0 {
		return "", errors.New("there is no statement")
	}
	return all[len(all)-1].Text, nil
}

// column is a column of a result.
type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// page is a part of a result: each value as text, null where there is none.
type page struct {
	SQL     string      `json:"sql,omitempty"` // of the whole result; "" where nothing gives it again
	Columns []column    `json:"columns"`
	Rows    [][]*string `json:"rows"`
	Offset  int64       `json:"offset"`
	Total   int64       `json:"total"` // rows of the whole result; -1 where nobody has counted
}

// texts writes a row's values as they are shown.
func texts(row []any, columns []column) []*string {
	out := make([]*string, len(row))
	for i, v := range row {
		if v == nil {
			continue
		}
		text := render.Text(v, columns[i].Type)
		if runes := []rune(text); len(runes) > clipped {
			text = string(runes[:clipped]) + "…"
		}
		out[i] = &text
	}
	return out
}

// clipped is how many characters of a value are sent to be shown.
const clipped = 1000

func (s *Server) postPage(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		SQL           string
		Offset, Limit int64
	}
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	win, done, err := s.window(r.Context(), q.SQL)
	if err != nil {
		return err
	}
	defer done()
	rows, err := win.Page(r.Context(), max(q.Offset, 0), min(max(q.Limit, 1), 1000))
	if err != nil {
		return err
	}
	p := page{SQL: q.SQL, Offset: max(q.Offset, 0), Total: -1, Rows: make([][]*string, len(rows)), Columns: columnsOf(win)}
	for i, row := range rows {
		p.Rows[i] = texts(row, p.Columns)
	}
	writeJSON(w, http.StatusOK, p)
	return nil
}

func columnsOf(win *workspace.Window) []column {
	out := make([]column, len(win.Columns))
	for i, c := range win.Columns {
		out[i] = column(c)
	}
	return out
}

// window returns the window of the query that a text shows the result of, and
// what gives it back.
func (s *Server) window(ctx context.Context, text string) (*workspace.Window, func(), error) {
	query, err := lastQuery(text)
	if err != nil {
		return nil, nil, err
	}
	return s.windows.of(ctx, s.ws, query)
}

func (s *Server) postCount(w http.ResponseWriter, r *http.Request) error {
	var q struct{ SQL string }
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	win, done, err := s.window(r.Context(), q.SQL)
	if err != nil {
		return err
	}
	defer done()
	n, err := win.Count(r.Context())
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]int64{"rows": n})
	return nil
}

// downloads are the formats that a result is had in.
var downloads = map[string]struct {
	mode      render.Mode
	mime, ext string
}{
	"csv":      {render.ModeCSV, "text/csv; charset=utf-8", ".csv"},
	"json":     {render.ModeJSON, "application/json", ".json"},
	"markdown": {render.ModeMarkdown, "text/markdown; charset=utf-8", ".md"},
	"parquet":  {"", "application/vnd.apache.parquet", ".parquet"},
}

// postDownload gives a whole result as a file. It begins with the first rows
// at once, however many there are.
func (s *Server) postDownload(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		SQL, Format string
		Limit       int64 // of rows, 0 for all
	}
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	f, ok := downloads[q.Format]
	if !ok {
		return fmt.Errorf("format %q: want csv, json, markdown or parquet", q.Format)
	}
	win, done, err := s.window(r.Context(), q.SQL)
	if err != nil {
		return err
	}
	defer done()
	w.Header().Set("Content-Disposition", `attachment; filename="result`+f.ext+`"`)
	if q.Format == "parquet" {
		return sendParquet(w, r, win)
	}
	w.Header().Set("Content-Type", f.mime)
	style := render.DefaultStyle()
	style.Mode = f.mode
	res := &pagedResult{ctx: r.Context(), win: win, left: q.Limit}
	if q.Limit <= 0 {
		res.left = 1 << 62
	}
	if _, err := render.Write(w, res, style); err != nil {
		panic(http.ErrAbortHandler) // the file is cut, and the browser says so
	}
	return nil
}

// sendParquet writes the file to disk first, as the format's end says where
// its parts are.
func sendParquet(w http.ResponseWriter, r *http.Request, win *workspace.Window) error {
	dir, err := os.MkdirTemp("", "netshare-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "result.parquet")
	if err := win.WriteParquet(r.Context(), path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Content-Type", downloads["parquet"].mime)
	if _, err := io.Copy(w, f); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// pagedResult reads a window from its first row to its last, or so many.
type pagedResult struct {
	ctx  context.Context
	win  *workspace.Window
	rows [][]any
	at   int64
	left int64
}

// readAhead is how many rows are read at a time.
const readAhead = 20000

// Columns returns the names.
func (p *pagedResult) Columns() []string {
	var out []string
	for _, c := range p.win.Columns {
		out = append(out, c.Name)
	}
	return out
}

// Types returns DuckDB's types.
func (p *pagedResult) Types() []string {
	var out []string
	for _, c := range p.win.Columns {
		out = append(out, c.Type)
	}
	return out
}

// Next returns the next row.
func (p *pagedResult) Next() ([]any, error) {
	if len(p.rows) == 0 {
		n := min(readAhead, p.left)
		if n == 0 {
			return nil, io.EOF
		}
		rows, err := p.win.Page(p.ctx, p.at, n)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return nil, io.EOF
		}
		p.rows, p.at, p.left = rows, p.at+int64(len(rows)), p.left-int64(len(rows))
	}
	row := p.rows[0]
	p.rows = p.rows[1:]
	return row, nil
}

// Close leaves the window open for its next reader.
func (p *pagedResult) Close() error { return nil }

// postPlot draws the text of a plot cell.
func (s *Server) postPlot(w http.ResponseWriter, r *http.Request) error {
	var q struct{ Text string }
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	f, err := s.runner.Plot(r.Context(), q.Text)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, f)
	return nil
}

// postComplete proposes how an SQL text goes on at its end.
func (s *Server) postComplete(w http.ResponseWriter, r *http.Request) error {
	var q struct{ Text string }
	if err := readJSON(w, r, &q); err != nil {
		return err
	}
	before := len(q.Text) // of the statement at the end
	if all := notebook.Split(q.Text); len(all) > 0 && !strings.HasSuffix(strings.TrimSpace(q.Text), ";") {
		before = strings.LastIndex(q.Text, all[len(all)-1].Text)
	}
	found, err := s.ws.Complete(r.Context(), q.Text[before:])
	if err != nil {
		return err
	}
	type proposal struct {
		Text  string `json:"text"`
		Start int    `json:"start"` // in characters of UTF-16, as browsers count
	}
	out := make([]proposal, 0, len(found))
	for _, f := range found {
		start := min(max(f.Start, 0)+before, len(q.Text))
		out = append(out, proposal{f.Text, utf16Len(q.Text[:start])})
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// utf16Len is how long a text is for a browser.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}
