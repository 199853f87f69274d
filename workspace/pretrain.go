package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"netshare/engine"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// publicMost is how many sessions of a public trace are learnt, the first; more
// say little that the private trace would leave.
const publicMost = 20000

// made are sessions in memory.
type made []trace.Session

// Sessions implements engine.Source.
func (m *made) Sessions(context.Context) iter.Seq2[trace.Session, error] {
	return func(yield func(trace.Session, error) bool) {
		for _, s := range *m {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// Write implements engine.Sink.
func (m *made) Write(_ context.Context, s trace.Session) error {
	*m = append(*m, s)
	return nil
}

// pretrained returns the model whose networks a training begins with: of a run, by
// its number, also of another workspace (W.duckdb:RUN), or of a model file.
func (w *Workspace) pretrained(ctx context.Context, name string) (_ *engine.Model, err error) {
	var data []byte
	if IsModelFile(name) {
		file, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if _, data, err = readModelFile(file); err != nil {
			return nil, err
		}
	} else {
		from, word, leave, err := w.elsewhere(ctx, name)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, leave()) }()
		run, bad := strconv.ParseInt(word, 10, 64)
		if bad != nil {
			return nil, errors.New("want the number of a training run (ws runs lists them), W.duckdb:RUN of another workspace, or a file that ws export --model wrote; models of the Python original can't be read")
		}
		kept, err := from.db.ModelOfRun(ctx, run)
		if err != nil {
			return nil, err
		}
		data = kept.Data
	}
	m := new(engine.Model)
	return m, m.UnmarshalBinary(data)
}

// elsewhere parts the name of a workspace, W.duckdb:NAME, from what it names
// there, and opens it; leave closes it again. Without one it is this workspace.
func (w *Workspace) elsewhere(ctx context.Context, name string) (from *Workspace, word string, leave func() error, err error) {
	stay := func() error { return nil }
	file, rest, found := strings.Cut(name, ".duckdb:")
	if !found {
		return w, name, stay, nil
	}
	if file += ".duckdb"; file == w.Path() {
		return w, rest, stay, nil
	}
	if _, err := os.Stat(file); err != nil { // Open would make it
		return nil, "", stay, fmt.Errorf("there is no workspace %s: %w", file, err)
	}
	from, err = Open(ctx, file, nil)
	if err != nil {
		return nil, "", stay, err
	}
	return from, rest, from.Close, nil
}

// public returns the sessions that a private model learns first, in the fields
// that are learnt: of a run, whose model makes them, or of a table, by name; of
// another workspace where the name begins with its file and a colon.
func (w *Workspace) public(ctx context.Context, name string, like *training) (_ engine.Source, err error) {
	from, word, leave, err := w.elsewhere(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("pretraining on %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, leave()) }()
	var all *made
	if run, bad := strconv.ParseInt(word, 10, 64); bad == nil {
		all, err = from.ofRun(ctx, run, like)
	} else {
		all, err = from.ofTable(ctx, word, like)
	}
	if err != nil {
		return nil, fmt.Errorf("pretraining on %s: %w", name, err)
	}
	return all, nil
}

// sameTrace reports whether two tables have a file in common, as the parts of a
// trace have that was split.
func sameTrace(a, b Table) bool {
	return slices.ContainsFunc(a.Sources, func(x store.Source) bool {
		return x.SHA256 != "" && slices.ContainsFunc(b.Sources, func(y store.Source) bool { return x.SHA256 == y.SHA256 })
	})
}

// ofTable reads sessions of a table by another's recipe.
func (w *Workspace) ofTable(ctx context.Context, word string, like *training) (*made, error) {
	t, err := w.table(ctx, word, store.Raw)
	if err != nil {
		return nil, err
	}
	if w == like.w && t.Name == like.table.Name || sameTrace(t, like.table) {
		return nil, errors.New("that is the private trace itself, or a part of it: name a public one")
	}
	l, err := w.learn(ctx, t, like.source.recipe, namesKnown(like.opts))
	if err != nil {
		return nil, err
	}
	for name, want := range like.source.learning.types {
		if got := l.types[name]; got != want {
			return nil, fmt.Errorf("column %q is of type %s, and of type %s in the private trace: load it alike", name, got, want)
		}
	}
	src := tableSource{db: w.db, table: t, recipe: like.source.recipe, learning: l}
	all := new(made)
	for s, err := range src.all(ctx) {
		if err != nil {
			return nil, err
		}
		if *all = append(*all, s); len(*all) == publicMost {
			break
		}
	}
	return all, nil
}

// ofRun has the model of a run make sessions.
func (w *Workspace) ofRun(ctx context.Context, run int64, like *training) (*made, error) {
	kept, err := w.db.ModelOfRun(ctx, run)
	if err != nil {
		return nil, err
	}
	learnt, err := w.imitated(ctx, kept)
	if err != nil {
		return nil, err
	}
	if found, bad := w.table(ctx, kept.Table, store.Raw); bad == nil {
		learnt = found
	}
	if w == like.w && learnt.Name == like.table.Name || sameTrace(learnt, like.table) {
		return nil, errors.New("that run learnt the private trace itself, or a part of it: name one of a public trace")
	}
	m := new(engine.Model)
	if err := m.UnmarshalBinary(kept.Data); err != nil {
		return nil, err
	}
	meta, err := places(m.Recipe, like.source.learning.plain.Metadata)
	if err != nil {
		return nil, err
	}
	series, err := places(m.Recipe, like.source.learning.plain.Series)
	if err != nil {
		return nil, err
	}
	if a, b := m.Recipe.Time, like.source.learning.plain.Time; a.Name != b.Name || a.Unit != b.Unit {
		return nil, fmt.Errorf("its time is %q (unit %s), that of the private trace %q (unit %s): load it alike", a.Name, cmp.Or(string(a.Unit), "none"), b.Name, cmp.Or(string(b.Unit), "none"))
	}
	all := new(made)
	opts := engine.DefaultGenerateOptions()
	opts.Seed, opts.Sessions = like.opts.Seed, min(m.Sessions, publicMost)
	if _, err := m.Generate(ctx, opts, all); err != nil {
		return nil, err
	}
	for i, s := range *all {
		(*all)[i].Meta = pick(s, 0, meta)
		(*all)[i].Series = make([]trace.Row, len(s.Series))
		for k, rec := range s.Series {
			(*all)[i].Series[k] = append(trace.Row{rec[0]}, pick(s, k, series)...)
		}
	}
	return all, nil
}

// place is where in a session a field is: among the metadata, or else in each
// record.
type place struct {
	meta bool
	at   int
}

// places says where the fields of a recipe are that have the names of others. A
// field that one trace has once in a session, and the other in each record, is
// found all the same.
func places(have trace.Recipe, want []trace.Field) (at []place, err error) {
	byName := map[string]place{}
	for i, f := range have.Series {
		byName[f.Name] = place{at: 1 + i}
	}
	for i, f := range have.Metadata {
		byName[f.Name] = place{meta: true, at: i}
	}
	for _, f := range want {
		p, ok := byName[f.Name]
		if !ok {
			return nil, fmt.Errorf("its model has no field %q, only %s", f.Name, strings.Join(slices.Sorted(maps.Keys(byName)), ", "))
		}
		at = append(at, p)
	}
	return at, nil
}

// pick takes values of a record of a session from their places.
func pick(s trace.Session, record int, at []place) (out trace.Row) {
	for _, p := range at {
		if p.meta {
			out = append(out, s.Meta[p.at])
		} else {
			out = append(out, s.Series[record][p.at])
		}
	}
	return out
}
