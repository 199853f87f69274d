package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// Load says what is loaded, and where to.
type Load struct {
	Table   string   // in schema raw; "" for a name made from the files'
	Files   []string // files, folders, patterns, "-" for Stdin
	Replace bool     // a table of that name is replaced; otherwise it must not exist
	Append  bool     // records are added to a table of that name and of the same columns, which is made if there is none

	Header    string    // which IP header of tunnelled packets: HeaderOutermost (the default) or HeaderInnermost
	Protocols []string  // of captures, the events of these protocols instead of the packets; see Protocols
	WithZeek  bool      // events are made by an installed zeek: all its logs, or those of Protocols
	Stdin     io.Reader // what "-" names; read at most once

	// Recipe declares the fields that are loaded, and how; nil loads every
	// column and infers what is learnt. RecipeFile and RecipeText are the name
	// and the text of the .go file that declares it, "" for a recipe of a
	// compiled program, whose functions can't be kept with the table.
	Recipe                 *trace.Recipe
	RecipeFile, RecipeText string

	// Progress, where set, is told now and then how far loading has come.
	Progress func(LoadProgress)

	inputs []input // what Files are, once planned
}

// LoadProgress is how far a load has come.
type LoadProgress struct {
	File    string  // being read
	Records int64   // read so far
	Share   float64 // of the bytes of all files, 0 to 1; negative where unknown
}

// Loaded is what a load did.
type Loaded struct {
	Table    Table
	Recipe   *trace.Recipe // declared or inferred
	Sessions int64
	Protocol string // of events made of packets, "" of what files hold themselves
	Added    int64  // records that this load put into the table
	Files    int    // that they come from, the last of the table's sources

	// Rejected counts damaged records, Skipped frames that hold no IP packet
	// and are no fault of the capture. Both are kept in netshare.rejects.
	Rejected, Skipped int64
	Reasons           []store.ReasonCount // why, the most frequent first, both kinds
	Examples          []trace.Reject      // the first of each reason
	Notes             []string            // what was odd and is loaded all the same, a line each
	Run               int64
}

// ErrTableExists is what the error wraps of a table that is there and must not
// be replaced.
var ErrTableExists = store.ErrTableExists

// notIP is how the reasons of frames begin that hold no IP packet.
const notIP = "not IP"

// SkippedReason reports whether a reason is that of a frame without an IP
// packet, which is skipped and no damaged record.
func SkippedReason(reason string) bool { return strings.HasPrefix(reason, notIP) }

// Load reads files into a table of schema raw. Records that can't be read are
// counted and kept in netshare.rejects. Nothing of the table is there before
// all of it is. Files of several kinds are an error: see PlanLoad.
func (w *Workspace) Load(ctx context.Context, l Load) (out Loaded, err error) {
	if l.inputs == nil {
		plan, err := PlanLoad(ctx, l)
		if err != nil {
			return Loaded{}, err
		}
		defer func() { plan.Close() }()
		if l, err = plan.One(); err != nil {
			return Loaded{}, err
		}
	}
	name := store.Parse(l.Table, store.Raw)
	if name.Schema != store.Raw {
		return Loaded{}, fmt.Errorf("table %s: traces are loaded into schema raw: name it raw.%s", name, name.Table)
	}
	existing, err := w.appended(ctx, &l, name)
	if err != nil {
		return Loaded{}, err
	}
	run := store.Run{Verb: "load", Table: name.String(), RecipeName: l.RecipeFile, RecipeText: l.RecipeText}
	for _, f := range l.Files {
		run.Inputs = append(run.Inputs, store.Source{File: f})
	}
	err = w.step(ctx, run, func(id int64) error {
		out.Run = id
		spec := store.TableSpec{Name: name, Run: id}
		if l.Recipe != nil { // kept with the table; what is inferred can be inferred again
			spec.Recipe = l.declaration(l.Recipe).json()
		}
		switch {
		case l.Replace:
			spec.Mode = store.Replace
		case existing != nil:
			spec.Mode = store.Append
		}
		j := loadJob{w: w, Load: l, format: l.inputs[0].format, spec: spec, existing: existing}
		err := j.run(ctx)
		if len(j.sources) > 0 {
			// The run's row is the writer's until it is done.
			err = errors.Join(err, w.db.SetRunInputs(context.WithoutCancel(ctx), id, j.sources))
		}
		if err != nil {
			return err
		}
		if len(l.Protocols) > 0 {
			out.Protocol = l.Protocols[0]
		}
		out.Table, out.Added, out.Files, out.Notes = j.table, j.added, len(j.sources), j.notes
		out.Reasons, out.Rejected, out.Skipped, out.Examples = j.reasons, j.rejected, j.skipped, j.examples
		if out.Recipe = l.Recipe; existing != nil && l.Recipe == nil {
			if out.Recipe, err = w.kept(ctx, existing); err != nil {
				return err
			}
		}
		if err := w.describe(ctx, &out, l); err != nil {
			return err
		}
		out.Notes = append(out.Notes, w.oddities(ctx, out.Table)...)
		return nil
	})
	return out, err
}

// appended finds the table that a load adds to, nil where it makes one. A table
// that was loaded by a recipe is added to by the same.
func (w *Workspace) appended(ctx context.Context, l *Load, name store.Name) (*Table, error) {
	if !l.Append {
		return nil, nil
	}
	t, err := w.db.Trace(ctx, name)
	if errors.Is(err, store.ErrNoTable) {
		return nil, nil
	}
	if err != nil || len(t.Recipe) == 0 {
		return &t, err
	}
	d, err := readDeclaration(t.Recipe)
	if err != nil || l.Recipe != nil || d.File == "" && !d.Compiled || len(d.Recipe.Fields()) < len(t.Schema.Columns) {
		return &t, err
	}
	if l.Recipe, err = w.recipeOf(ctx, t); err != nil {
		return nil, err
	}
	l.RecipeFile, l.RecipeText = d.File, d.Text
	return &t, nil
}

// kept returns the recipe that somebody declared of a table, nil where it was
// inferred and is inferred anew with the records that came to it.
func (w *Workspace) kept(ctx context.Context, t *Table) (*trace.Recipe, error) {
	if len(t.Recipe) == 0 {
		return nil, nil
	}
	d, err := readDeclaration(t.Recipe)
	if err != nil || d.File == "" && !d.Compiled {
		return nil, err
	}
	return w.recipeOf(ctx, *t)
}

// declaration is a recipe with the text that the load has of it.
func (l Load) declaration(r *trace.Recipe) declaration {
	return declaration{Recipe: *r, File: l.RecipeFile, Text: l.RecipeText}
}

// describe settles what is learnt of the loaded table.
func (w *Workspace) describe(ctx context.Context, out *Loaded, l Load) (err error) {
	if out.Recipe == nil {
		if out.Recipe, err = w.infer(ctx, out.Table); err != nil {
			return err
		}
		d := l.declaration(out.Recipe)
		if err := w.db.SetRecipe(ctx, out.Table.Name, d.json()); err != nil {
			return err
		}
		out.Table.Recipe = d.json()
	}
	if l.Recipe != nil || !l.Append {
		w.remember(out.Table.Name.String(), l.declaration(out.Recipe))
	}
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

// Declare sets what is learnt of a table of schema raw: one that was loaded, or
// one that was made in SQL, whose columns then are of the kinds that the recipe
// gives. A recipe's functions for reading (Parse, Filter, Derive) are not called:
// the table is there.
func (w *Workspace) Declare(ctx context.Context, table string, r *trace.Recipe, file, text string) error {
	t, err := w.table(ctx, table, store.Raw)
	if err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return err
	}
	if t.Run == 0 { // SQL may have made it anew since it was declared
		if t, err = w.db.Found(ctx, t.Name); err != nil {
			return err
		}
	}
	for _, f := range r.Fields() {
		if t.Schema.Index(f.Name) < 0 {
			return fmt.Errorf("field %q is no column of %s: it has %s", f.Name, t.Name, strings.Join(t.Schema.Names(), ", "))
		}
	}
	d := declaration{Recipe: *r, File: file, Text: text}
	w.remember(t.Name.String(), d)
	if t.Run != 0 {
		return w.db.SetRecipe(ctx, t.Name, d.json())
	}
	for _, f := range r.Fields() {
		c := &t.Schema.Columns[t.Schema.Index(f.Name)]
		c.Kind, c.Unit = f.Kind, f.Unit
	}
	t.Recipe = d.json()
	return w.db.AddTable(ctx, t)
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
