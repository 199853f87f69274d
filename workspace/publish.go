package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"netshare/workspace/rename"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// Publish says what is handed out, and how.
type Publish struct {
	Tables []string // of schema synth
	// Out is a file, whose extension names the format: .duckdb for a database
	// that has the tables alone, or any that Export writes for one table; or a
	// folder, where each table is written in its trace's own format.
	Out       string
	Addresses AddressPolicy // "" for AddressesKeepStructure
	Text      TextPolicy    // "" for TextMadeUp
	Allow     []string      // real values that may be handed out; or files of such, one a line
	Force     bool          // real values that are found are told of, and handed out all the same
	Counts    bool          // the report says how many real records there are
	Replace   bool          // what is at Out is replaced
}

// Published is what was handed out.
type Published struct {
	Path       string
	Files      []PublishedFile // data, report and provenance
	Found      []Leak          // that were handed out all the same
	Searched   int             // real values that were looked for
	Provenance Provenance
	Notes      []string
	Run        int64
}

// PublishedFile is a file that was written.
type PublishedFile struct {
	Name    string   `json:"name"`
	Tables  []string `json:"tables,omitempty"`
	Records int64    `json:"records,omitempty"` // or packets
	Bytes   int64    `json:"bytes"`
	SHA256  string   `json:"sha256"`
}

// Publish writes synthetic tables to be handed out, with a report that has no
// real value and a record of where they come from, into new files that never
// held anything real: a workspace whose real tables are dropped still has their
// bytes. Addresses and names are replaced as the policies say, the same ones in
// all tables. What was written is read again and searched for every address,
// name and free text of every table of schema raw; what is found is an error, a
// *LeakError, and nothing is left, unless it is forced.
func (w *Workspace) Publish(ctx context.Context, p Publish) (out Published, err error) {
	if p.Addresses == "" {
		p.Addresses = AddressesKeepStructure
	}
	if p.Text == "" {
		p.Text = TextMadeUp
	}
	if err := errors.Join(p.Text.Validate(), p.Addresses.Validate()); err != nil {
		return out, err
	}
	tables, err := w.publishable(ctx, p)
	if err != nil {
		return out, err
	}
	if p.Allow, err = readAllowed(p.Allow); err != nil {
		return out, err
	}
	out.Path = p.Out
	var names []string
	for _, t := range tables {
		names = append(names, t.Name.String())
	}
	run := store.Run{Verb: "publish", Table: strings.Join(names, " "), Options: optionsJSON(p)}
	err = w.step(ctx, run, func(id int64) (err error) {
		out.Run = id
		j := publishJob{w: w, p: p, tables: tables, out: &out}
		if j.side, err = sideFolder(ctx, filepath.Dir(p.Out), "publish"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(j.side)) }()
		return j.run(ctx)
	})
	return out, err
}

// copiesFile is the workspace of what is handed out, in the folder at its side.
const copiesFile = "copies.duckdb"

// sideFolder makes a folder for what is being made, and removes those that
// processes left there which were killed. It is its owner's alone, since what is
// in it has not been searched yet.
func sideFolder(ctx context.Context, in, verb string) (string, error) {
	const fresh = time.Minute // another process may be about to open its file
	prefix := ".netshare-" + verb + "-"
	there, err := os.ReadDir(in)
	if err != nil {
		return "", err
	}
	for _, e := range there {
		info, err := e.Info()
		if err != nil || !strings.HasPrefix(e.Name(), prefix) || !info.IsDir() || time.Since(info.ModTime()) < fresh {
			continue
		}
		dir := filepath.Join(in, e.Name())
		ws, err := Open(ctx, filepath.Join(dir, copiesFile), &Options{ReadOnly: true})
		if inUse := (*InUseError)(nil); errors.As(err, &inUse) {
			continue
		}
		var closed error
		if err == nil {
			closed = ws.Close()
		}
		if err := errors.Join(closed, ctx.Err(), os.RemoveAll(dir)); err != nil {
			return "", fmt.Errorf("%s was left by a process that was killed, and can't be removed: %w", dir, err)
		}
	}
	return os.MkdirTemp(in, prefix+"*")
}

// publishable finds the tables, and says why they can't be handed out there.
func (w *Workspace) publishable(ctx context.Context, p Publish) ([]Table, error) {
	if len(p.Tables) == 0 {
		return nil, errors.New("no table is named: name one of schema synth")
	}
	var tables []Table
	for _, word := range p.Tables {
		t, err := w.table(ctx, word, store.Synth)
		if err != nil {
			return nil, err
		}
		if t.Name.Schema != store.Synth {
			return nil, fmt.Errorf("%s is no synthetic table, and only those are handed out: name one of schema synth", t.Name)
		}
		if slices.ContainsFunc(tables, func(u Table) bool { return u.Name == t.Name }) {
			return nil, fmt.Errorf("%s is named twice", t.Name)
		}
		tables = append(tables, t)
	}
	if parent := filepath.Dir(filepath.Clean(p.Out)); !isFolder(parent) {
		return nil, fmt.Errorf("%s: the folder %s does not exist: make it first", p.Out, parent)
	}
	_, err := os.Lstat(p.Out)
	switch {
	case err == nil && !p.Replace:
		return nil, fmt.Errorf("%s exists: choose another name, or replace it (--replace)", p.Out)
	case err == nil && isFolder(p.Out) != (filepath.Ext(p.Out) == ""):
		return nil, fmt.Errorf("%s is there and is no such thing: choose another name", p.Out)
	case filepath.Ext(p.Out) == "" || isDatabase(p.Out):
		return tables, nil
	case len(tables) > 1:
		return nil, fmt.Errorf("%s: a file of this kind has one table: name a folder, or a file .duckdb", p.Out)
	}
	_, err = w.export(ctx, tables[0].Name.String(), p.Out) // whether the extension names a format
	return tables, err
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isDatabase(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".duckdb" || ext == ".db"
}

// publishJob is one publishing under way.
type publishJob struct {
	w      *Workspace
	p      Publish
	tables []Table
	out    *Published
	side   string // folder that all is made in, beside Out
	ids    *identifiers
	copies *Workspace // of the tables as they are handed out, and of nothing else
}

func (j *publishJob) run(ctx context.Context) (err error) {
	if j.ids, err = j.w.identifiersOf(ctx, j.p.Allow); err != nil {
		return err
	}
	j.out.Searched = len(j.ids.of)
	if j.out.Searched == 0 {
		j.out.Notes = append(j.out.Notes, "the workspace has no real addresses or names to look for")
	}
	if err := j.copy(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.copies.Close()) }()
	made, err := j.write(ctx)
	if err != nil {
		return err
	}
	if err := j.document(ctx, made); err != nil {
		return err
	}
	for _, f := range j.out.Files {
		if err := j.ids.file(ctx, j.copies.db, filepath.Join(made, f.Name)); err != nil {
			return err
		}
	}
	if err := j.ids.err(); err != nil && !j.p.Force {
		return err
	}
	j.out.Found = j.ids.found
	return j.place(made)
}

// copy makes the workspace of what is handed out.
func (j *publishJob) copy(ctx context.Context) error {
	rng := unguessable()
	address, err := j.w.renamer(ctx, j.p.Addresses, rng, j.tables...)
	if err != nil {
		return err
	}
	if address == nil {
		address = func(s string) string { return s }
	}
	text := func(s string) string { return s }
	if j.p.Text == TextMadeUp {
		text = rename.NewText(func(s string) bool { _, real := j.ids.of[s]; return real }, address, rng).Rename
	}
	if j.copies, err = Open(ctx, filepath.Join(j.side, copiesFile), &Options{Version: j.w.version, Recipes: j.w.recipes}); err != nil {
		return err
	}
	for _, t := range j.tables {
		if err := j.copyTable(ctx, t, address, text); err != nil {
			return errors.Join(err, j.copies.Close())
		}
	}
	return nil
}

// copyTable copies one table, renamed.
func (j *publishJob) copyTable(ctx context.Context, t Table, address, text func(string) string) (err error) {
	recipe, err := j.w.recipeOf(ctx, t)
	if err != nil {
		recipe = &trace.Recipe{} // one that SQL made: its columns say what they are
	}
	fields := map[string]trace.Field{}
	for _, f := range recipe.Declared() {
		fields[f.Name] = f
	}
	change := make([]changer, len(t.Schema.Columns))
	where := make([]string, len(change))
	for i, c := range t.Schema.Columns {
		f, ok := fields[c.Name]
		if !ok {
			f = trace.Field{Name: c.Name, Kind: c.Kind}
		}
		where[i] = t.Name.String() + "." + c.Name
		change[i] = changerOf(f, address, text)
	}
	own, err := j.w.ownExtension(ctx, t)
	if err != nil {
		return err
	}
	spec := store.TableSpec{Name: t.Name, Schema: t.Schema, Recipe: t.Recipe}
	if own != "" {
		spec.Sources = []store.Source{{File: "trace" + own}} // what names the format of a file with that extension
	}
	if r := j.w.compiled[t.Imitates]; r != nil {
		j.copies.compiled[t.Name.String()] = r
	}
	writer, err := j.copies.db.NewTable(ctx, spec)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, writer.Abort()) }()
	row := make(trace.Row, len(change))
	for in, err := range j.w.db.Rows(ctx, store.RowsQuery{Table: t.Name}) {
		if err != nil {
			return err
		}
		copy(row, in)
		for i, fn := range change {
			if fn != nil && row[i] != nil {
				row[i] = fn(row[i])
			}
			for _, s := range texts(row[i]) {
				j.ids.check(s, where[i])
			}
		}
		if err := writer.Append(row); err != nil {
			return err
		}
	}
	_, err = writer.Commit(ctx)
	return err
}

// changed is a value, or a list element by element, after fn.
func changed(v any, fn func(string) string) any {
	switch v := v.(type) {
	case string:
		return fn(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = changed(e, fn)
		}
		return out
	}
	return v
}

// texts are a value's texts.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, texts(e)...)
		}
		return out
	}
	return nil
}

// write writes the data and returns the folder that it is in.
func (j *publishJob) write(ctx context.Context) (string, error) {
	made := filepath.Join(j.side, "made")
	if err := os.Mkdir(made, 0o777); err != nil {
		return "", err
	}
	if isDatabase(j.p.Out) {
		file := PublishedFile{Name: filepath.Base(j.p.Out)}
		var all []store.Name
		for _, t := range j.tables {
			all = append(all, t.Name)
			file.Tables = append(file.Tables, t.Name.Table)
			file.Records += t.Rows
		}
		j.out.Files = append(j.out.Files, file)
		return made, j.copies.db.WriteDatabase(ctx, filepath.Join(made, file.Name), all)
	}
	for _, t := range j.tables {
		name := filepath.Base(j.p.Out)
		if filepath.Ext(j.p.Out) == "" {
			ext, err := j.w.ownExtension(ctx, t)
			if err != nil {
				return "", err
			}
			if ext == "" {
				ext = ".csv"
			}
			name = t.Name.Table + ext
		}
		e, err := j.copies.Export(ctx, t.Name.String(), filepath.Join(made, name))
		if err != nil {
			return "", err
		}
		j.out.Notes = append(j.out.Notes, e.Warnings...)
		j.out.Files = append(j.out.Files, PublishedFile{Name: name, Tables: []string{t.Name.Table}, Records: e.Rows})
	}
	return made, nil
}

// place moves what was made to where it was asked for: a folder as a whole, a
// file with its report and provenance beside it.
func (j *publishJob) place(made string) error {
	if filepath.Ext(j.p.Out) == "" {
		if j.p.Replace {
			if err := os.RemoveAll(j.p.Out); err != nil {
				return err
			}
		}
		return os.Rename(made, j.p.Out)
	}
	for _, f := range j.out.Files {
		if err := os.Rename(filepath.Join(made, f.Name), filepath.Join(filepath.Dir(j.p.Out), f.Name)); err != nil {
			return err
		}
	}
	return nil
}
