package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"netshare/workspace/notebook"
)

// book is the document that all windows share. What its file says counts: it
// is read again whenever something else has changed it.
type book struct {
	path, workspace, title string
	runner                 *notebook.Runner

	mu   sync.Mutex
	doc  *notebook.Document
	file []byte // as it was last read or written; nil while there is none
	seq  int64  // grows with each change, over restarts too
}

// maxNotebook is how large a document may be.
const maxNotebook = 64 << 20

// use calls fn with the document as its file has it. What fn changes is written
// where it says so.
func (b *book) use(ctx context.Context, fn func(d *notebook.Document) (changed bool, err error)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.read(ctx); err != nil {
		return err
	}
	changed, err := fn(b.doc)
	if err != nil || !changed {
		return err
	}
	if err := b.doc.Save(); err != nil {
		b.doc = nil // what the file says counts
		return fmt.Errorf("the notebook is not saved: %w", err)
	}
	b.file = b.doc.Bytes()
	b.seq++
	return b.runner.Place(ctx, b.doc)
}

// read brings the document to what its file says.
func (b *book) read(ctx context.Context) error {
	if info, err := os.Stat(b.path); err == nil && info.Size() > maxNotebook {
		return fmt.Errorf("%s is no notebook: it has %d bytes", b.path, info.Size())
	}
	data, err := os.ReadFile(b.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if b.doc == nil || b.file != nil {
			b.doc, b.file = notebook.NewDocument(b.path, b.workspace, b.title), nil
		}
		return nil
	case err != nil:
		return err
	case b.doc != nil && b.file != nil && bytes.Equal(data, b.file):
		return nil
	}
	d, err := notebook.ParseDocument(b.path, data)
	if err != nil {
		return err
	}
	if b.doc != nil {
		d.Identify(b.doc.Identities())
		err = b.runner.Place(ctx, d)
	} else {
		err = b.runner.Attach(ctx, d)
	}
	if err != nil {
		return err
	}
	b.doc, b.file = d, data
	b.seq++
	return nil
}

// edit is a change of the document by a window.
type edit struct {
	Op   string        `json:"op"` // text, insert, move, delete, kind
	ID   string        `json:"id"` // of the cell; of an insert, the one that stands before it, "" at the top
	Kind notebook.Kind `json:"kind"`
	Text string        `json:"text"`
	// Was is the text that the window knows of, where it changes or deletes it:
	// another that has been written since is not overwritten.
	Was string `json:"was"`
	By  int    `json:"by"` // how far a move goes: -1 up, 1 down
}

// clash says that a cell was changed elsewhere.
type clash struct {
	ID     string `json:"id"`
	Theirs string `json:"theirs"`
}

func (c *clash) Error() string { return "the cell was changed elsewhere meanwhile" }

// apply makes a change and returns the cell that it is about.
func (e edit) apply(d *notebook.Document) (cell string, err error) {
	if e.Op == "insert" {
		c, err := d.Insert(d.Index(e.ID)+1, e.Kind, e.Text)
		if err != nil {
			return "", err
		}
		return c.ID, nil
	}
	c, err := d.Cell(e.ID)
	if err != nil {
		return "", err
	}
	at := d.Index(e.ID)
	if (e.Op == "text" || e.Op == "delete") && c.Text != strings.TrimSuffix(e.Was, "\n") {
		return "", &clash{e.ID, c.Text}
	}
	switch e.Op {
	case "text":
		return e.ID, d.SetText(e.ID, e.Text)
	case "delete":
		return "", d.Delete(e.ID)
	case "move":
		if to := at + e.By; to >= 0 && to < len(d.Cells) {
			err = d.Move(e.ID, to)
		}
		return e.ID, err
	case "kind":
		if !slices.Contains(append(notebook.Kinds(), notebook.KindProse), e.Kind) {
			return "", fmt.Errorf("%q is no kind of cell", e.Kind)
		}
		made, err := d.Insert(at+1, e.Kind, c.Text)
		if err != nil {
			return "", err
		}
		return made.ID, d.Delete(e.ID)
	}
	return "", fmt.Errorf("%q is no change of a notebook", e.Op)
}

func (s *Server) postEdit(w http.ResponseWriter, r *http.Request) error {
	var e edit
	if err := readJSON(w, r, &e); err != nil {
		return err
	}
	var cell string
	err := s.book.use(r.Context(), func(d *notebook.Document) (bool, error) {
		var err error
		cell, err = e.apply(d)
		return err == nil, err
	})
	var c *clash
	if errors.As(err, &c) {
		writeJSON(w, http.StatusConflict, map[string]any{"error": c.Error(), "clash": c})
		return nil
	}
	if err != nil {
		return err
	}
	s.hub.send("book", map[string]string{"by": r.Header.Get("X-Window")})
	return s.sendBook(w, r.Context(), cell, e.Op != "text")
}

// getBook answers with the whole notebook and what its cells last showed.
func (s *Server) getBook(w http.ResponseWriter, r *http.Request) error {
	return s.sendBook(w, r.Context(), "", true)
}

// cellView is a cell as the page has it.
type cellView struct {
	ID    string        `json:"id"`
	Kind  notebook.Kind `json:"kind"`
	Text  string        `json:"text"`
	State *stateView    `json:"state,omitempty"`
	Job   *jobView      `json:"job,omitempty"`

	// Stopped is a training of the cell that was cut off with an earlier run of
	// the program, nil for none.
	Stopped *stoppedView `json:"stopped,omitempty"`
}

// sendBook answers with the document; with states also with what is kept of
// its cells, which takes longer.
func (s *Server) sendBook(w http.ResponseWriter, ctx context.Context, cell string, states bool) error {
	cells := []cellView{}
	var kept []notebook.CellState
	title, seq := "", int64(0)
	err := s.book.use(ctx, func(d *notebook.Document) (changed bool, err error) {
		for _, c := range d.Cells {
			cells = append(cells, cellView{ID: c.ID, Kind: c.Kind, Text: c.Text})
		}
		title, seq = d.Title, s.book.seq
		if states {
			kept, err = s.runner.States(ctx, d)
		}
		return false, err
	})
	if err != nil {
		return err
	}
	for i := range cells {
		cells[i].Job = s.running.view(cells[i].ID)
	}
	for i := range kept {
		cells[i].State = viewOf(&kept[i], true)
		if cells[i].Job == nil {
			cells[i].Stopped = stoppedOf(kept[i].Stopped)
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"title": title, "path": s.opts.Notebook, "kinds": notebook.Kinds(), "cells": cells, "cell": cell, "seq": seq,
	})
	return nil
}
