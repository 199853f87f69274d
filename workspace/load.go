package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"netshare/workspace/store"
	"netshare/workspace/tableio"
	"netshare/workspace/trace"
)

// Load says what is loaded, and where to.
type Load struct {
	Table   string   // in schema raw; "" for a name made from the first file's
	Files   []string // of one format and with the same columns
	Replace bool     // a table of that name is replaced; otherwise it must not exist

	// Recipe declares the fields that are loaded, and how; nil loads every
	// column and infers what is learnt. RecipeFile and RecipeText are the name
	// and the text of the .go file that declares it, "" for a recipe of a
	// compiled program, whose functions can't be kept with the table.
	Recipe                 *trace.Recipe
	RecipeFile, RecipeText string

	// Progress, where set, is told now and then how far loading has come.
	Progress func(LoadProgress)
}

// LoadProgress is how far a load has come.
type LoadProgress struct {
	File    string // being read
	Records int64  // loaded so far
}

// Loaded is what a load did.
type Loaded struct {
	Table    Table
	Recipe   *trace.Recipe // declared or inferred
	Sessions int64
	Rejected int64
	Reasons  []store.ReasonCount // why, the most frequent first
	Examples []trace.Reject      // the first of each reason
	Run      int64
}

// Load reads files into a table of schema raw. Records that can't be read are
// counted and kept in netshare.rejects. Nothing of the table is there before
// all of it is.
func (w *Workspace) Load(ctx context.Context, l Load) (Loaded, error) {
	if len(l.Files) == 0 {
		return Loaded{}, errors.New("no file to load: name at least one")
	}
	if l.Recipe != nil {
		if err := l.Recipe.Validate(); err != nil {
			return Loaded{}, err
		}
	}
	format, err := formatOf(l.Files)
	if err != nil {
		return Loaded{}, err
	}
	word := l.Table
	if word == "" {
		word = TableName(l.Files[0])
	}
	name := store.Parse(word, store.Raw)
	if name.Schema != store.Raw {
		return Loaded{}, fmt.Errorf("table %s: traces are loaded into schema raw: name it raw.%s", name, name.Table)
	}
	run := store.Run{Verb: "load", Table: name.String(), RecipeName: l.RecipeFile, RecipeText: l.RecipeText}
	for _, f := range l.Files {
		run.Inputs = append(run.Inputs, store.Source{File: f})
	}
	var out Loaded
	err = w.step(ctx, run, func(id int64) error {
		out.Run = id
		spec := store.TableSpec{Name: name, Run: id}
		if l.Recipe != nil { // kept with the table; what is inferred can be inferred again
			spec.Recipe = l.declaration(l.Recipe).json()
		}
		if l.Replace {
			spec.Mode = store.Replace
		}
		j := loadJob{w: w, Load: l, format: format, spec: spec}
		if err := j.run(ctx); err != nil {
			return err
		}
		out.Table, out.Reasons, out.Rejected, out.Examples = j.table, j.reasons, j.rejected, j.examples
		return w.describe(ctx, &out, l)
	})
	return out, err
}

// declaration is a recipe with the text that the load has of it.
func (l Load) declaration(r *trace.Recipe) declaration {
	return declaration{Recipe: *r, File: l.RecipeFile, Text: l.RecipeText}
}

// describe settles what is learnt of the loaded table.
func (w *Workspace) describe(ctx context.Context, out *Loaded, l Load) (err error) {
	if out.Recipe = l.Recipe; out.Recipe == nil {
		if out.Recipe, err = w.infer(ctx, out.Table); err != nil {
			return err
		}
		d := l.declaration(out.Recipe)
		if err := w.db.SetRecipe(ctx, out.Table.Name, d.json()); err != nil {
			return err
		}
		out.Table.Recipe = d.json()
	}
	w.remember(out.Table.Name.String(), l.declaration(out.Recipe))
	out.Sessions, err = w.countSessions(ctx, out.Table, out.Recipe)
	return err
}

func (w *Workspace) countSessions(ctx context.Context, t Table, r *trace.Recipe) (int64, error) {
	if len(r.KeyNames()) == 0 {
		return t.Rows, nil
	}
	sessions, _, err := w.db.CountSessions(ctx, store.SessionsOf(t.Name, r))
	return sessions, err
}

// Declare sets what is learnt of a table of schema raw.
func (w *Workspace) Declare(ctx context.Context, table string, r *trace.Recipe, file, text string) error {
	t, err := w.table(ctx, table, store.Raw)
	if err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return err
	}
	for _, f := range r.Fields() {
		if t.Schema.Index(f.Name) < 0 {
			return fmt.Errorf("field %q is no column of %s: it has %s", f.Name, t.Name, strings.Join(t.Schema.Names(), ", "))
		}
	}
	d := declaration{Recipe: *r, File: file, Text: text}
	w.remember(t.Name.String(), d)
	return w.db.SetRecipe(ctx, t.Name, d.json())
}

// TableName makes a table's name from a file's.
func TableName(file string) string {
	base := filepath.Base(file)
	if i := strings.IndexByte(base, '.'); i > 0 {
		base = base[:i]
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return '_'
	}, base)
	if name == "" || unicode.IsDigit(rune(name[0])) {
		name = "t" + name
	}
	return name
}

// formatOf returns the one format of all files.
func formatOf(files []string) (string, error) {
	format := ""
	for _, f := range files {
		got, err := detect(f)
		if err != nil {
			return "", err
		}
		if format == "" {
			format = got
		} else if got != format {
			return "", fmt.Errorf("%s is %s and %s is %s: load files of different formats into different tables", files[0], format, f, got)
		}
	}
	return format, nil
}

// loadJob is one load under way.
type loadJob struct {
	w *Workspace
	Load
	format string
	spec   store.TableSpec

	writer   *store.TableWriter
	schema   trace.Schema // of the files
	fields   *fieldParser // nil without a recipe
	read     int64
	loaded   int64 // by DuckDB itself
	reported time.Time

	table    Table
	reasons  []store.ReasonCount
	rejected int64
	examples []trace.Reject
}

func (j *loadJob) run(ctx context.Context) (err error) {
	for _, f := range j.Files {
		s, err := source(ctx, f)
		if err != nil {
			return err
		}
		j.spec.Sources = append(j.spec.Sources, s)
	}
	if err := j.w.db.SetRunInputs(ctx, j.spec.Run, j.spec.Sources); err != nil {
		return err
	}
	defer func() {
		if j.writer != nil {
			err = errors.Join(err, j.writer.Abort()) // nothing once it is committed
		}
	}()
	for i, f := range j.Files {
		if isTable(j.format) {
			err = j.loadTable(ctx, f, i)
		} else {
			err = j.loadRecords(ctx, f)
		}
		if err != nil {
			return err
		}
	}
	if j.writer == nil {
		return fmt.Errorf("%s: there is nothing to load", j.Files[0])
	}
	if j.fields != nil {
		if err := j.fields.flush(ctx); err != nil {
			return err
		}
	}
	j.reasons, j.rejected = j.writer.Rejects.Counts(), j.writer.Rejects.Total()
	if j.loaded+j.writer.Rows() == 0 {
		return fmt.Errorf("%s: no record could be loaded%s", strings.Join(j.Files, ", "), j.why())
	}
	j.table, err = j.writer.Commit(ctx)
	return err
}

// why says in a clause what was wrong with the rejected records.
func (j *loadJob) why() string {
	if len(j.reasons) == 0 {
		return ""
	}
	var parts []string
	for _, r := range j.reasons {
		parts = append(parts, fmt.Sprintf("%d: %s", r.Count, r.Reason))
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

// source describes a file for the catalog.
func source(ctx context.Context, path string) (store.Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return store.Source{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, &contextReader{ctx, f})
	return store.Source{File: path, Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}

// begin makes the table from the first file's schema, and holds the others to
// it.
func (j *loadJob) begin(ctx context.Context, file string, s trace.Schema) error {
	if j.writer != nil {
		return sameColumns(j.Files[0], j.schema, file, s)
	}
	j.schema, j.spec.Schema = s, s
	if j.Recipe != nil {
		p, err := newFieldParser(j.Recipe, s, file)
		if err != nil {
			return err
		}
		j.fields, j.spec.Schema = p, p.schema
	}
	writer, err := j.w.db.NewTable(ctx, j.spec)
	if err != nil {
		return err
	}
	j.writer = writer
	if j.fields != nil {
		j.fields.emit, j.fields.reject = writer.Append, j.reject
	}
	return nil
}

func sameColumns(first string, a trace.Schema, file string, b trace.Schema) error {
	for i := range max(len(a.Columns), len(b.Columns)) {
		if i >= len(a.Columns) || i >= len(b.Columns) || a.Columns[i].Name != b.Columns[i].Name || a.Columns[i].Type != b.Columns[i].Type {
			return fmt.Errorf("%s has other columns than %s (%s; %s): load them into different tables", file, first,
				strings.Join(b.Names(), ", "), strings.Join(a.Names(), ", "))
		}
	}
	return nil
}

func (j *loadJob) reject(r trace.Reject) {
	j.writer.Rejects.Add(r)
	for _, e := range j.examples {
		if e.Reason == r.Reason {
			return
		}
	}
	if len(j.examples) < 20 {
		j.examples = append(j.examples, r)
	}
}

// put takes a record of a file.
func (j *loadJob) put(ctx context.Context, file string, line int64, row trace.Row) error {
	j.read++
	if j.Progress != nil && j.read%1024 == 0 && time.Since(j.reported) > 200*time.Millisecond {
		j.reported = time.Now()
		j.Progress(LoadProgress{File: file, Records: j.read})
	}
	if j.fields != nil {
		return j.fields.add(ctx, file, line, row)
	}
	return j.writer.Append(row)
}

// loadRecords loads a file that is read record by record.
func (j *loadJob) loadRecords(ctx context.Context, file string) (err error) {
	r, err := openReader(file, j.format)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := j.begin(ctx, file, r.Schema()); err != nil {
		return err
	}
	var n int64
	return inFile(file, r.Read(ctx, func(row trace.Row) error {
		n++
		return j.put(ctx, file, n, row)
	}, j.reject))
}

// inFile names the file in an error that does not.
func inFile(file string, err error) error {
	if err == nil || strings.Contains(err.Error(), file) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// loadTable loads a file that DuckDB reads itself, into a table beside the one
// that it becomes part of, since its columns are known only then.
func (j *loadJob) loadTable(ctx context.Context, file string, i int) error {
	if j.writer == nil && j.Recipe == nil && len(j.Files) == 1 {
		return j.loadWhole(ctx, file)
	}
	side, err := j.w.db.Scratch(ctx)
	if err != nil {
		return err
	}
	defer side.Close()
	var rejects []trace.Reject
	table := tableio.Quote(fmt.Sprintf("load_%d", i))
	s, _, err := tableio.Load(ctx, side.Tx(), file, table, func(r trace.Reject) { rejects = append(rejects, r) })
	if err != nil {
		return inFile(file, err)
	}
	if err := j.begin(ctx, file, s); err != nil {
		return err
	}
	for _, r := range rejects {
		j.reject(r)
	}
	var n int64
	for row, err := range side.Rows(ctx, table, s.Columns) {
		if err != nil {
			return err
		}
		n++
		if err := j.put(ctx, file, n+1, row); err != nil {
			return err
		}
	}
	return nil
}

// loadWhole lets DuckDB make the table itself.
func (j *loadJob) loadWhole(ctx context.Context, file string) error {
	writer, err := j.w.db.NewTable(ctx, j.spec)
	if err != nil {
		return err
	}
	j.writer = writer
	s, n, err := tableio.Load(ctx, writer.Tx(), file, writer.Name(), j.reject)
	if err != nil {
		return inFile(file, err)
	}
	j.loaded = n
	writer.SetSchema(s)
	return nil
}
