package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"netshare/workspace/trace"
)

// Mode says what NewTable does where the table exists.
type Mode int

// The modes: refuse (the default), replace the table, add to it.
const (
	Create Mode = iota
	Replace
	Append
)

// TableSpec says which table is written, and what the catalog is to know of it.
type TableSpec struct {
	Name Name // in schema raw or synth
	Mode Mode

	// Schema gives the columns to make. Where it has none, the caller makes the
	// table by SQL on Tx, and says with SetSchema what it made.
	Schema trace.Schema

	Recipe  json.RawMessage // the fields that are learnt; nil where not known yet
	Sources []Source        // the files it comes from

	Run       int64 // that writes it, and is done when it is committed; 0 for none
	RunGoesOn bool  // the run is not done by then: it writes other tables too

	Imitates string // the real table, of a synthetic one
	Model    int64  // that generated it; 0 for none
}

// TableWriter writes one table in one transaction: until Commit nobody else
// sees anything of it, and if the process ends before, it was never there. It
// is not for use by several goroutines at once.
type TableWriter struct {
	// Rejects gathers what could not be read; Commit keeps it with the run.
	Rejects Rejects

	db     *DB
	spec   TableSpec
	conn   *sql.Conn
	tx     *sql.Tx
	feed   *feed             // once a row was appended
	rows   int64             // appended
	before Trace             // what is there already, in mode Append
	names  map[string]string // see SetNames
	closed bool
}

// NewTable begins to write a table. Commit or Abort the writer. Its run must
// have been started before, and not be changed until the writer is done.
//
// The error wraps ErrTableExists where the table exists and Mode is Create. In
// mode Append the columns must be those of the table, in names and types.
func (db *DB) NewTable(ctx context.Context, spec TableSpec) (_ *TableWriter, err error) {
	if db.opts.ReadOnly {
		return nil, fmt.Errorf("%s: the workspace is open for reading only: open it for writing", spec.Name)
	}
	if spec.Name.Table == "" || (spec.Name.Schema != Raw && spec.Name.Schema != Synth) {
		return nil, fmt.Errorf("table %q: want a name in schema raw or synth", spec.Name.String())
	}
	w := &TableWriter{db: db, spec: spec}
	// The transaction must not be rolled back behind the appender's back when
	// ctx ends: Append looks at ctx itself.
	background := context.WithoutCancel(ctx)
	if w.conn, err = db.sql.Conn(ctx); err != nil {
		return nil, db.clean(err)
	}
	if w.tx, err = w.conn.BeginTx(background, nil); err != nil {
		w.conn.Close()
		return nil, db.clean(err)
	}
	if err := db.use(w); err != nil {
		w.release()
		return nil, err
	}
	if err := w.prepare(ctx); err != nil {
		w.Abort()
		return nil, db.clean(err)
	}
	return w, nil
}

// prepare makes room for the table, and the table where its columns are known.
func (w *TableWriter) prepare(ctx context.Context) error {
	existing, columns, err := w.existing(ctx)
	if err != nil {
		return err
	}
	switch {
	case existing && w.spec.Mode == Create:
		return fmt.Errorf("%s: %w: choose another name, or replace it (--replace)", w.spec.Name, ErrTableExists)
	case existing && w.spec.Mode == Replace:
		if _, err := w.tx.ExecContext(ctx, "DROP TABLE "+w.Name()); err != nil {
			return err
		}
	case existing:
		if err := w.sameColumns(columns); err != nil {
			return err
		}
	}
	if w.spec.Mode != Append || !existing {
		if len(w.spec.Schema.Columns) == 0 {
			return nil // the caller makes it
		}
		if err := checkColumns(w.spec.Name, w.spec.Schema.Columns); err != nil {
			return err
		}
		defs := make([]string, len(w.spec.Schema.Columns))
		for i, c := range w.spec.Schema.Columns {
			defs[i] = Quote(c.Name) + " " + string(c.Type)
		}
		if _, err := w.tx.ExecContext(ctx, "CREATE TABLE "+w.Name()+" ("+strings.Join(defs, ", ")+")"); err != nil {
			return err
		}
	}
	return nil
}

// existing looks the table up in the transaction, and in the catalog.
func (w *TableWriter) existing(ctx context.Context) (bool, []trace.Column, error) {
	columns, err := w.db.columns(ctx, w.tx, w.spec.Name)
	if err != nil || len(columns) == 0 {
		return false, nil, err
	}
	found, err := w.db.traces(ctx, w.tx, "WHERE schema_name = ? AND table_name = ?", w.spec.Name.Schema, columns[0].table)
	if err != nil {
		return false, nil, err
	}
	w.spec.Name.Table = columns[0].table // as it was written first
	if len(found) > 0 {
		w.before = found[0]
	}
	cs := make([]trace.Column, len(columns))
	for i, c := range columns {
		cs[i] = trace.Column{Name: c.name, Type: trace.Type(c.typ)}
	}
	return true, cs, nil
}

// sameColumns compares the table's columns with those to be appended.
func (w *TableWriter) sameColumns(have []trace.Column) error {
	want := w.spec.Schema.Columns
	if len(want) == 0 {
		return nil
	}
	if len(want) != len(have) {
		return fmt.Errorf("%s has %d columns, and what is to be appended has %d: load it under another name", w.spec.Name, len(have), len(want))
	}
	for i, c := range want {
		if !strings.EqualFold(c.Name, have[i].Name) || c.Type != have[i].Type {
			return fmt.Errorf("%s: column %d is %q of type %s, and what is to be appended has %q of type %s: load it under another name",
				w.spec.Name, i+1, have[i].Name, have[i].Type, c.Name, c.Type)
		}
	}
	return nil
}

// Name returns the table's full name, quoted for SQL.
func (w *TableWriter) Name() string { return w.db.Qualify(w.spec.Name) }

// Tx returns the transaction that the table is written in, for SQL that makes
// or fills the table. Don't end it; don't use it after the first Append.
func (w *TableWriter) Tx() *sql.Tx { return w.tx }

// SetSchema says what the caller's SQL has made. Columns whose types are not
// those of package trace are an error on Commit.
func (w *TableWriter) SetSchema(s trace.Schema) { w.spec.Schema = s }

// SetSources replaces the files that the table comes from.
func (w *TableWriter) SetSources(s []Source) { w.spec.Sources = s }

// SetRecipe sets the fields that are learnt, as JSON.
func (w *TableWriter) SetRecipe(r json.RawMessage) { w.spec.Recipe = r }

// Rows returns how many rows were appended so far by Append.
func (w *TableWriter) Rows() int64 { return w.rows }

// Append adds a row; it does not keep it. A *ValueError says that a value does
// not fit its column: the row is left out, and the writer goes on. Text that is
// no UTF-8 is held with the odd bytes as \xNN. Another error, of this row or of
// ones before, ends the writer: rows are written behind the caller's back.
func (w *TableWriter) Append(row trace.Row) error {
	if w.feed == nil || w.closed {
		if err := w.startFeed(); err != nil {
			return err
		}
	}
	if len(row) != len(w.spec.Schema.Columns) {
		return fmt.Errorf("%s: a row has %d values, want %d", w.spec.Name, len(row), len(w.spec.Schema.Columns))
	}
	if err := w.feed.add(row); err != nil {
		return w.db.clean(err)
	}
	w.rows++
	return nil
}

func (w *TableWriter) startFeed() error {
	if w.closed {
		return fmt.Errorf("%s: the writer is closed", w.spec.Name)
	}
	if len(w.spec.Schema.Columns) == 0 {
		return fmt.Errorf("%s: rows are appended to a table whose columns nobody named", w.spec.Name)
	}
	if err := w.db.lend(context.Background()); err != nil {
		return w.db.clean(err)
	}
	w.feed = startFeed(context.Background(), w.tx, w.Name(), w.spec.Schema.Columns)
	return nil
}

// Commit makes the table, its line in the catalog, its rejects and the end of
// its run visible, all at once, and returns the catalog's line. After an error
// nothing of it is there, and the run is still running.
func (w *TableWriter) Commit(ctx context.Context) (_ Trace, err error) {
	if w.closed {
		return Trace{}, fmt.Errorf("%s: the writer is closed", w.spec.Name)
	}
	defer func() {
		if err != nil {
			err = errors.Join(w.db.clean(err), w.Abort())
		}
	}()
	if err := ctx.Err(); err != nil {
		return Trace{}, err
	}
	if w.feed != nil {
		if err := w.feed.finish(ctx); err != nil {
			return Trace{}, err
		}
	}
	t, err := w.register(ctx)
	if err != nil {
		return Trace{}, err
	}
	if err := w.endRun(ctx, t.Rows-w.before.Rows); err != nil {
		return Trace{}, err
	}
	if err := w.tx.Commit(); err != nil {
		return Trace{}, err
	}
	return t, w.db.clean(w.release())
}

// register writes the table's line in netshare.traces.
func (w *TableWriter) register(ctx context.Context) (Trace, error) {
	have, err := w.db.columns(ctx, w.tx, w.spec.Name)
	if err != nil {
		return Trace{}, err
	}
	if len(have) == 0 {
		return Trace{}, fmt.Errorf("%w %s: it was never made", ErrNoTable, w.spec.Name)
	}
	if len(have) != len(w.spec.Schema.Columns) {
		return Trace{}, fmt.Errorf("%s has %d columns, and its schema names %d", w.spec.Name, len(have), len(w.spec.Schema.Columns))
	}
	for i, c := range w.spec.Schema.Columns {
		if !strings.EqualFold(have[i].name, c.Name) || have[i].typ != string(c.Type) {
			return Trace{}, fmt.Errorf("%s: column %d is %q of type %s, and its schema says %q of type %s", w.spec.Name, i+1, have[i].name, have[i].typ, c.Name, c.Type)
		}
	}
	now := w.db.now()
	t := Trace{
		Name: w.spec.Name, Schema: w.spec.Schema, Recipe: w.spec.Recipe, Sources: w.spec.Sources, Run: w.spec.Run,
		Model: w.spec.Model, Imitates: w.spec.Imitates, Created: now, Changed: now,
	}
	if w.spec.Mode != Append {
		w.before = Trace{} // replaced
	} else if w.before.Name != (Name{}) {
		t.Schema, t.Created = w.before.Schema, w.before.Created
		t.Sources = append(w.before.Sources, t.Sources...)
		if t.Recipe == nil {
			t.Recipe = w.before.Recipe
		}
	}
	if err := w.tx.QueryRowContext(ctx, "SELECT count(*) FROM "+w.Name()).Scan(&t.Rows); err != nil {
		return Trace{}, err
	}
	if w.spec.Mode != Append {
		if err := saveNames(ctx, w.tx, t.Name, w.names); err != nil {
			return Trace{}, err
		}
	}
	return t, w.db.saveTrace(ctx, w.tx, t)
}

// endRun keeps the rejects and marks the run done.
func (w *TableWriter) endRun(ctx context.Context, rows int64) error {
	if err := w.Rejects.save(ctx, w.tx, w.spec.Run); err != nil || w.spec.Run == 0 {
		return err
	}
	_, err := w.tx.ExecContext(ctx, `UPDATE netshare.runs SET rows_in = rows_in + ?, rows_rejected = rows_rejected + ? WHERE run = ?`,
		rows, w.Rejects.Total(), w.spec.Run)
	if err != nil || w.spec.RunGoesOn {
		return err
	}
	_, err = w.tx.ExecContext(ctx, `UPDATE netshare.runs SET status = 'done', finished_at = ? WHERE run = ? AND status = 'running'`,
		w.db.now(), w.spec.Run)
	return err
}

// Abort leaves nothing of the table, and the run running: FinishRun says why.
// After Commit, or a second time, it does nothing.
func (w *TableWriter) Abort() error {
	if w.closed {
		return nil
	}
	if w.feed != nil {
		w.feed.abort()
	}
	err := w.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) {
		err = nil
	}
	return w.db.clean(errors.Join(err, w.release()))
}

// Close is Abort, so that it can be deferred.
func (w *TableWriter) Close() error { return w.Abort() }

// release gives back what the writer holds, when its transaction has ended.
func (w *TableWriter) release() error {
	w.closed = true
	w.db.profiles.forget()
	w.conn.Close()
	w.db.forget(w)
	if w.feed == nil {
		return nil
	}
	return w.db.takeBack(context.Background())
}

// LoadTable writes a table by SQL: load makes and fills w.Name() on w.Tx(), and
// calls w.SetSchema. Then the table is committed as a TableWriter commits it;
// after an error of load nothing of it is there.
func (db *DB) LoadTable(ctx context.Context, spec TableSpec, load func(ctx context.Context, w *TableWriter) error) (Trace, error) {
	w, err := db.NewTable(ctx, spec)
	if err != nil {
		return Trace{}, err
	}
	defer w.Abort()
	if err := load(ctx, w); err != nil {
		return Trace{}, db.clean(err)
	}
	return w.Commit(ctx)
}
