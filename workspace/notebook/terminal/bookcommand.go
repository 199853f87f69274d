package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// serveUI serves the page in the background.
func serveUI(ctx context.Context, s *Shell, _ []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	if l.UI == nil {
		return errors.New("this program has no page")
	}
	if l.address == "" {
		name := ""
		if l.doc != nil {
			name = l.doc.Name
		}
		if l.address, l.endUI, err = l.UI(ctx, name); err != nil {
			return err
		}
	}
	fmt.Fprintln(s.out, l.address)
	return nil
}

// openNotebook begins, runs or ends a notebook.
func openNotebook(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 0 && l.doc == nil:
		return errors.New("no notebook is open: .notebook FILE.md opens one")
	case len(args) == 0:
		if err := l.renew(ctx); err != nil {
			return err
		}
		return s.listCells(ctx)
	case args[0] == "off":
		l.doc = nil
		return nil
	case args[0] == "run":
		if l.doc == nil {
			return errors.New("no notebook is open: .notebook FILE.md opens one")
		}
		if err := l.renew(ctx); err != nil {
			return err
		}
		return s.runNotebook(ctx)
	}
	if err := l.openNotebook(ctx, args[0]); err != nil {
		return err
	}
	for _, doubt := range l.doc.Doubts() {
		fmt.Fprintf(s.errOut, "note: %s\n", render.Harmless(doubt))
	}
	fmt.Fprintf(s.out, "%s: %s; what is typed from now on is added to it, .notebook run runs it, .notebook off ends that\n",
		args[0], render.Noun(len(l.doc.Cells), "cell"))
	return nil
}

// listCells lists the notebook's cells and how they stand.
func (s *Shell) listCells(ctx context.Context) error {
	l := s.lab
	states, err := l.note.States(ctx, l.doc)
	if err != nil {
		return err
	}
	page := notebook.NewPage("line BIGINT", "kind", "cell", "state")
	for i, c := range l.doc.Cells {
		first, _, _ := strings.Cut(c.Text, "\n")
		state := string(states[i].Status)
		if states[i].Why != "" {
			state += ": " + states[i].Why
		}
		if !c.Runs() {
			state = ""
		}
		page.Add(int64(c.Line), string(c.Kind), first, state)
	}
	return s.showPart(notebook.Part{Table: page})
}

// runNotebook runs the cells of the notebook, up to the first that fails.
func (s *Shell) runNotebook(ctx context.Context) error {
	l := s.lab
	if err := l.note.Check(l.doc); err != nil {
		return err
	}
	return s.interruptible(ctx, func(ctx context.Context) error {
		for _, c := range l.doc.Cells {
			if !c.Runs() {
				continue
			}
			fmt.Fprintf(s.out, "-- %s, line %d\n%s\n", c.Kind, c.Line, render.HarmlessLines(c.Text))
			out, err := l.note.Run(ctx, *c, s.showProgress)
			s.endProgress()
			if err := errors.Join(s.showOutput(out), err); err != nil {
				return err
			}
		}
		return nil
	})
}

// renew rereads the document, and notes where its cells stand now.
func (l *lab) renew(ctx context.Context) error {
	if err := l.reread(); err != nil {
		return err
	}
	return l.note.Place(ctx, l.doc)
}

// openNotebook begins to write what is typed into a document.
func (l *lab) openNotebook(ctx context.Context, path string) error {
	if filepath.Ext(path) != ".md" {
		return fmt.Errorf("%s: a notebook is a Markdown file: name one that ends in .md", path)
	}
	d, err := notebook.ReadDocument(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		d = notebook.NewDocument(path, l.Workspace.Path(), strings.TrimSuffix(filepath.Base(path), ".md"))
	case err != nil:
		return err
	}
	r := notebook.NewRunner(l.Workspace, l.Jobs, path)
	if err := r.Attach(ctx, d); err != nil {
		return errors.Join(err, r.Close())
	}
	if l.note != nil {
		if err := l.note.Close(); err != nil {
			return err
		}
	}
	l.doc, l.note, l.file = d, r, d.Bytes()
	return nil
}
