package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"netshare/workspace/notebook"
)

// isNotebook reports whether a file is a notebook by its name.
func isNotebook(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".md" || ext == ".markdown"
}

// runNotebook runs the cells of a notebook from top to bottom and writes it with
// what they show as a page beside it, whether all went well or not.
func (f *synthFlags) runNotebook(ctx context.Context, path string) (err error) {
	p := newPrinter(f.global)
	doc, err := notebook.ReadDocument(path)
	if err != nil {
		return err
	}
	for _, doubt := range doc.Doubts() {
		p.note("note: %s", printable(doubt))
	}
	place := f.workspace
	if place == "" {
		place = doc.WorkspacePath()
	}
	if place == "" {
		return usageError{fmt.Errorf("%s names no workspace: add a header with workspace: lab.duckdb, or give --workspace", path)}
	}
	out := f.out
	if out == "" {
		out = strings.TrimSuffix(path, filepath.Ext(path)) + ".html"
	}
	if same(out, path) {
		return usageError{fmt.Errorf("-o %s is the notebook itself: name another file", out)}
	}
	ws, err := openWorkspace(ctx, place, p, false)
	if err != nil {
		return err
	}
	jobs := notebook.NewJobs()
	r := notebook.NewRunner(ws, jobs, path)
	defer func() { err = errors.Join(err, r.Close(), leave(ws, err)) }()
	if err := r.Check(doc); err != nil { // before an hour of training is spent
		return err
	}
	if err := r.Attach(ctx, doc); err != nil {
		return err
	}
	failed := f.runCells(ctx, p, r, doc)
	// What ran is shown, even if the run was cut off.
	states, err := r.States(context.WithoutCancel(ctx), doc)
	if err == nil {
		err = writePage(out, doc, states)
	}
	if failed != nil || err != nil {
		return errors.Join(failed, err)
	}
	p.result("%s", out)
	p.event("done", map[string]any{"notebook": path, "page": out, "workspace": place})
	return nil
}

// runCells runs the cells up to the first that fails.
func (f *synthFlags) runCells(ctx context.Context, p *printer, r *notebook.Runner, doc *notebook.Document) error {
	total := 0
	for _, c := range doc.Cells {
		if c.Runs() {
			total++
		}
	}
	n := 0
	for _, c := range doc.Cells {
		if !c.Runs() {
			continue
		}
		n++
		began := time.Now()
		name := strings.TrimSpace(c.Text)
		if first, _, more := strings.Cut(name, "\n"); more {
			name = first + " …"
		}
		_, err := r.Run(ctx, *c, func(q notebook.Progress) {
			p.progress(q.Step, q.Share, printable(q.Text), q.Left)
		})
		p.event("cell", map[string]any{"line": c.Line, "kind": c.Kind, "seconds": time.Since(began).Seconds(), "failed": err != nil})
		if err != nil {
			return err
		}
		p.note("[%d/%d] %s: %s (%s)", n, total, c.Kind, printable(name), short(time.Since(began)))
	}
	return nil
}

// writePage writes a notebook's page, whole or not at all.
func writePage(path string, doc *notebook.Document, states []notebook.CellState) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	err = notebook.WriteHTML(f, doc, states)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
