package notebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"netshare/scripting"
	"netshare/scripting/symbols/verbs"
	"netshare/workspace"
)

// Runner runs the cells of one notebook on a workspace and keeps what they
// show in netshare.cells. Its methods may be called by any goroutine: cells
// that ask SQL run beside all others, those that only read tables (report,
// audit, export, publish) beside a training, and the rest one at a time over the
// whole workspace. Close it before the workspace.
type Runner struct {
	// Now is the clock, nil for time.Now.
	Now func() time.Time
	// Transient has nothing kept of the cells that are run.
	Transient bool

	ws   *workspace.Workspace
	jobs *Jobs
	path string // of the document, as the user named it
	key  string // by which netshare.cells knows it

	sql     sync.Mutex // of console
	console *workspace.Console

	goes *goNotebook // used by who has the turn
}

// NewRunner returns a runner of the notebook at path, which need not exist, for
// an open workspace. All runners of a workspace share its Jobs.
func NewRunner(ws *workspace.Workspace, jobs *Jobs, path string) *Runner {
	return &Runner{ws: ws, jobs: jobs, path: path, key: notebookKey(ws.Path(), path)}
}

// notebookKey is the notebook's path from the workspace's folder, so that both
// can be moved together.
func notebookKey(ws, path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	rel, err := filepath.Rel(filepath.Dir(ws), abs)
	if err != nil {
		return filepath.ToSlash(abs)
	}
	return filepath.ToSlash(rel)
}

// Close gives back what the runner holds: variables of Go cells and settings
// of SQL cells end with it.
func (r *Runner) Close() error {
	r.sql.Lock()
	defer r.sql.Unlock()
	if r.console == nil {
		return nil
	}
	err := r.console.Close()
	r.console = nil
	return err
}

// CellError is why a cell failed, at its place in the document.
type CellError struct {
	File string
	Line int // in the document, from 1
	Err  error
}

func (e *CellError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }
func (e *CellError) Unwrap() error { return e.Err }

// Check reads the commands of all cells without running any, and joins their
// faults, each a *CellError.
func (r *Runner) Check(d *Document) error {
	var faults []error
	for _, c := range d.Cells {
		if err := r.CheckCell(*c); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// CheckCell reads the commands of a cell.
func (r *Runner) CheckCell(c Cell) error {
	var err error
	switch c.Kind {
	case KindLoad, KindSplit, KindTrain, KindGenerate, KindReport, KindAudit, KindExport, KindPublish:
		_, err = parseSteps(c.Kind, c.Text)
	case KindPlot:
		_, err = parsePlot(c.Text)
	}
	if err != nil {
		return r.place(c, err)
	}
	return nil
}

// Run runs a cell and keeps what it showed, whether it failed or not; of what
// was cut off by the end of ctx it is kept that it did not come to its end. tell, which may be nil, is told how
// far it has come, from other goroutines too. An error is a *CellError, but for
// that of ctx, and a *StoppedTraining of a training that ctx ended.
func (r *Runner) Run(ctx context.Context, c Cell, tell func(Progress)) (Output, error) {
	if !c.Runs() {
		return Output{}, nil
	}
	if tell == nil {
		tell = func(Progress) {}
	}
	return r.keep(ctx, c, func() ([]Part, error) { return r.run(ctx, c, tell) })
}

// keep runs a cell by do, and keeps what it showed. Of a cell that takes long it
// is kept that it has begun, with what it showed before, so that one whose
// program ended meanwhile is known.
func (r *Runner) keep(ctx context.Context, c Cell, do func() ([]Part, error)) (Output, error) {
	kept := workspace.Cell{Notebook: r.key, ID: c.ID, Position: c.Position, Kind: string(c.Kind), Text: c.Text, Started: r.now()}
	var out Output
	if r.Transient || r.ws.ReadOnly() {
		var err error
		if out.Parts, err = do(); err != nil && ctx.Err() == nil {
			err = r.place(c, err)
		}
		return out, err
	}
	defer r.jobs.running(r.key, c.ID)()
	view, err := r.view(ctx)
	if err != nil {
		return out, err
	}
	reads, writes := r.uses(c, view)
	out.Reads, out.Writes = map[string]string{}, writes
	for _, name := range reads {
		out.Reads[name] = view.version(name, c.Position, writes)
	}
	before := view.kept[c.ID].output
	before.Stopped = nil
	if c.takesLong() {
		if err := r.save(ctx, kept, before); err != nil {
			return out, err
		}
	}
	out.Parts, err = do()
	if err != nil && ctx.Err() != nil {
		var failed error
		if errors.As(err, &before.Stopped) || c.takesLong() {
			failed = r.save(ctx, kept, before)
		}
		if before.Stopped != nil {
			return out, errors.Join(before.Stopped, failed)
		}
		return out, errors.Join(context.Cause(ctx), failed)
	}
	if err != nil {
		err = r.place(c, err)
		kept.Error = err.Error()
	}
	kept.Finished = r.now()
	return out, errors.Join(err, r.save(ctx, kept, out))
}

// takesLong reports whether a cell may run for longer than a person waits.
func (c *Cell) takesLong() bool { return c.Kind != KindSQL && c.Kind != KindPlot }

// save keeps what a cell showed, also if ctx has ended.
func (r *Runner) save(ctx context.Context, kept workspace.Cell, out Output) (err error) {
	if kept.Output, err = json.Marshal(out); err != nil {
		return err
	}
	return r.ws.KeepCell(context.WithoutCancel(ctx), kept)
}

// Start runs a cell as a job in the background.
func (r *Runner) Start(ctx context.Context, c Cell) (*Job, error) {
	name := strings.TrimSpace(c.Text)
	if line, _, more := strings.Cut(name, "\n"); more {
		name = line + " …"
	}
	return r.jobs.Start(ctx, string(c.Kind)+" "+name, func(ctx context.Context, tell func(Progress)) (Output, error) {
		return r.Run(ctx, c, tell)
	})
}

func (r *Runner) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

// run runs a cell.
func (r *Runner) run(ctx context.Context, c Cell, tell func(Progress)) ([]Part, error) {
	switch c.Kind {
	case KindSQL:
		return r.runSQL(ctx, c.Text)
	case KindPlot:
		p, err := parsePlot(c.Text)
		if err != nil {
			return nil, err
		}
		part, err := r.plot(ctx, p)
		return []Part{part}, err
	case KindGo:
		return r.runGo(ctx, c.Text, tell)
	}
	steps, err := parseSteps(c.Kind, c.Text)
	if err != nil {
		return nil, err
	}
	var parts []Part
	for _, s := range steps {
		more, err := r.do(ctx, s, tell)
		parts = append(parts, more...)
		if err != nil {
			return parts, &lineError{s.line, err}
		}
	}
	return parts, nil
}

// runSQL runs the statements of a cell over the notebook's own connection.
func (r *Runner) runSQL(ctx context.Context, text string) ([]Part, error) {
	r.sql.Lock()
	defer r.sql.Unlock()
	if r.console == nil {
		console, err := r.ws.Console(ctx)
		if err != nil {
			return nil, err
		}
		r.console = console
		// Files named in SQL are beside the document, as those of other cells.
		if err := r.exec(ctx, "SET file_search_path = "+QuoteText(r.dir())); err != nil {
			return nil, err
		}
	}
	var parts []Part
	for _, st := range Split(text) {
		page, shown, err := ReadPage(ctx, r.console, st.Text, 0, PageRows)
		if err != nil {
			return parts, &lineError{st.Line - 1, err}
		}
		if shown {
			parts = append(parts, Part{Table: page})
		}
	}
	return parts, nil
}

func (r *Runner) exec(ctx context.Context, sql string) error {
	result, err := r.console.Query(ctx, sql)
	if err != nil {
		return err
	}
	return result.Close()
}

// Page reads rows of a result that a cell showed, from its SQL.
func (r *Runner) Page(ctx context.Context, sql string, offset, limit int64) (*Page, error) {
	r.sql.Lock()
	defer r.sql.Unlock()
	var q querier = r.ws
	if r.console != nil {
		q = r.console
	}
	page, _, err := ReadPage(ctx, q, sql, offset, limit)
	return page, err
}

// Plot draws what the text of a plot cell asks for, without keeping it.
func (r *Runner) Plot(ctx context.Context, text string) (*Figure, error) {
	p, err := parsePlot(text)
	if err != nil {
		return nil, err
	}
	part, err := r.plot(ctx, p)
	return part.Figure, err
}

// dir is the folder that a notebook's files are beside.
func (r *Runner) dir() string { return filepath.Dir(r.path) }

// file is a file named in a cell as a path from the current folder.
func (r *Runner) file(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.dir(), filepath.FromSlash(name))
}

// sqlLine is where DuckDB says that a statement is wrong.
var sqlLine = regexp.MustCompile(`\nLINE (\d+): `)

// place puts an error at its place in the document.
func (r *Runner) place(c Cell, err error) error {
	at := c.Line
	var line *lineError
	if errors.As(err, &line) {
		at, err = c.Line+line.line, line.err
		if m := sqlLine.FindStringSubmatch(err.Error()); m != nil && c.Kind == KindSQL {
			if n, bad := strconv.Atoi(m[1]); bad == nil {
				at += n - 1
			}
		}
	}
	var fault *scripting.Error
	if c.Kind == KindGo && errors.As(err, &fault) && fault.File == "" && fault.Line > 0 { // of the cell, and no recipe
		at, err = c.Line+fault.Line-1, errors.New(fault.Message)
	}
	return &CellError{File: r.path, Line: at, Err: err}
}

// host is what recipes and Go cells may use.
func host() scripting.Host { return verbs.Host() }
