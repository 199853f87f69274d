// Package workspace holds the verbs of netshare: Open, Load, Train, Generate,
// Report, Export, Query, Runs. All that any front end can do is here; they add
// nothing but ways to ask and to print. It joins the rooms below it (files,
// store, recipes, engine, evaluation), none of which knows another.
package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"netshare/scripting"
	"netshare/workspace/store"
	"netshare/workspace/tableio"
	"netshare/workspace/trace"
)

// Workspace is an open workspace: one DuckDB file. Close it. Its methods may
// be called one at a time, Query beside any other, and what only reads tables
// (Report, Audit without shadow models, Export, Publish) beside Train.
type Workspace struct {
	db      *store.DB
	version string
	made    bool // by Open

	readOnly bool

	given   Given
	recipes scripting.Host
	working atomic.Int32  // verbs at work
	calls   atomic.Uint64 // verbs that have begun

	// compiled holds the recipes that this process declared without a text, by
	// table: their functions are in this program only.
	compiled map[string]*trace.Recipe
}

// Options say how a workspace is opened. The zero value is good for use.
type Options struct {
	ReadOnly bool   // the file must exist, and nothing in it is changed
	Version  string // of the program, recorded with every run

	Given   Given          // what a recipe's function Run is to do
	Recipes scripting.Host // what recipes that are kept with tables may use
}

// Errors that a caller may branch on.
type (
	// InUseError says which process holds the workspace.
	InUseError = store.InUseError
	// FormatError says that a newer program wrote the workspace.
	FormatError = store.FormatError
)

// Open opens the workspace at path and makes it if it is absent; opts may be
// nil. Runs that were cut off when their process ended are marked interrupted,
// see Interrupted. Errors to branch on: *InUseError, *FormatError and those of
// package io/fs.
func Open(ctx context.Context, path string, opts *Options) (*Workspace, error) {
	if opts == nil {
		opts = &Options{}
	}
	if err := notOther(path); err != nil {
		return nil, err
	}
	_, absent := os.Stat(path)
	db, err := store.Open(ctx, path, store.Options{ReadOnly: opts.ReadOnly, Version: opts.Version, FileFunctions: fileFunctions()})
	if err != nil {
		return nil, err
	}
	return &Workspace{
		db: db, version: opts.Version, made: errors.Is(absent, fs.ErrNotExist), readOnly: opts.ReadOnly,
		given: opts.Given, recipes: opts.Recipes, compiled: map[string]*trace.Recipe{},
	}, nil
}

// notOther refuses a file that is not a DuckDB database: DuckDB opens a table
// in a text file by its name as if it were one, and keeps nothing.
func notOther(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil // store says why
	}
	defer f.Close()
	head := make([]byte, 12)
	switch n, err := io.ReadFull(f, head); {
	case n == 0 && !errors.Is(err, io.EOF): // a directory: store says so
	case string(head[8:]) != "DUCK":
		return fmt.Errorf("%s is %w: it is no DuckDB file: name another file, or one that does not exist yet", path, store.ErrNotWorkspace)
	}
	return nil
}

// Close leaves the workspace as one file.
func (w *Workspace) Close() error { return w.db.Close() }

// Abandon closes the workspace, and removes its file if Open made it and there
// is no table in it: what a step that failed on a new workspace leaves.
func (w *Workspace) Abandon() error {
	tables, err := w.db.Traces(context.Background())
	path := w.db.Path()
	if err := errors.Join(err, w.db.Close()); err != nil || !w.made || len(tables) > 0 {
		return err
	}
	return os.Remove(path)
}

// Path is the workspace's file.
func (w *Workspace) Path() string { return w.db.Path() }

// Run is one thing done with a workspace.
type Run = store.Run

// Runs lists all runs in the order they began.
func (w *Workspace) Runs(ctx context.Context) ([]Run, error) { return w.db.Runs(ctx) }

// Interrupted lists the runs that Open found cut off; none of them left a table.
func (w *Workspace) Interrupted() []Run { return w.db.Interrupted() }

// Table is what the workspace knows of a table of schema raw or synth.
type Table = store.Trace

// Tables lists the tables of raw, then those of synth.
func (w *Workspace) Tables(ctx context.Context) ([]Table, error) { return w.db.Traces(ctx) }

// table finds a table by its name, with or without schema.
func (w *Workspace) table(ctx context.Context, word, schema string) (Table, error) {
	n, err := w.db.Resolve(ctx, word, schema)
	if err != nil {
		return Table{}, err
	}
	t, err := w.db.Trace(ctx, n)
	if err == nil && madeInSQL(t) {
		for i, c := range t.Schema.Columns {
			t.Schema.Columns[i].Kind = tableio.ColumnOf(c.Name, string(c.Type)).Kind
		}
	}
	return t, err
}

// madeInSQL reports whether a table came of a statement and not of a load, so
// that nobody has noted what its columns mean.
func madeInSQL(t Table) bool { return t.Created.IsZero() }

// Recipe returns what is learnt of a table of schema raw: what its recipe
// declared, or what was inferred when it was loaded.
func (w *Workspace) Recipe(ctx context.Context, table string) (*trace.Recipe, error) {
	t, err := w.table(ctx, table, store.Raw)
	if err != nil {
		return nil, err
	}
	return w.recipeOf(ctx, t)
}

func (w *Workspace) recipeOf(ctx context.Context, t Table) (*trace.Recipe, error) {
	if len(t.Recipe) == 0 {
		return w.infer(ctx, t)
	}
	d, err := readDeclaration(t.Recipe)
	if err != nil {
		return nil, fmt.Errorf("%s: its recipe is damaged: %w", t.Name, err)
	}
	declared := t.Name.String()
	if t.Imitates != "" { // a synthetic table has the recipe of the real one
		declared = t.Imitates
	}
	return w.withFunctions(ctx, declared, d)
}

// step runs fn as a run of the workspace: it is marked done, cancelled or
// failed by how fn ends. fn may finish the run itself, in the transaction that
// makes its result visible.
func (w *Workspace) step(ctx context.Context, r store.Run, fn func(run int64) error) (err error) {
	defer w.busy()()
	id, err := w.db.StartRun(ctx, r)
	if err != nil {
		return err
	}
	return w.ended(ctx, id, fn)
}

// ended runs fn as a run that has begun, and marks how it ended.
func (w *Workspace) ended(ctx context.Context, id int64, fn func(run int64) error) (err error) {
	// How the run ended is recorded also when ctx is what ended it.
	background := context.WithoutCancel(ctx)
	defer func() {
		if p := recover(); p != nil {
			w.db.FinishRun(background, id, store.Failed, fmt.Errorf("panic: %v", p))
			panic(p)
		}
		status := store.Done
		switch {
		case err != nil && ctx.Err() != nil:
			status = store.Cancelled
		case err != nil:
			status = store.Failed
		}
		err = errors.Join(err, w.db.FinishRun(background, id, status, err))
	}()
	return fn(id)
}

// optionsJSON is a struct of plain options as JSON.
func optionsJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil { // only a type that JSON has no form for
		panic(fmt.Sprintf("workspace: %T as JSON: %v", v, err))
	}
	return b
}
