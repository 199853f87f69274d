package workspace

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// The ways to split a table; a column's name is one too: what has the same
// value in it stays together.
const (
	SplitByHost    = "host"    // all sessions of a source host stay together
	SplitBySession = "session" // sessions stay whole
	SplitByTime    = "time"    // the sessions that begin last are held out
)

// Split says how a table of schema raw is split into one to learn from and one
// that is held out, so that what is learnt can be told from what is true of any
// such trace.
type Split struct {
	Table   string
	By      string  // SplitByHost and its like, or a column; "" for the host where there is one, or else the session
	Share   float64 // of the hosts, sessions or values that is held out, above 0 and below 1; 0 means 0.2
	Seed    uint64  // settles which
	Replace bool    // tables of the parts' names are replaced; otherwise they must not exist

	Train, Holdout string // names of the parts; "" for the table's with _train and _holdout
}

// Parts are the two tables that a table was split into. Both have its columns
// and its recipe.
type Parts struct {
	Train, Holdout          Table
	By                      string // SplitByHost and its like
	Column                  string // whose values stayed together, "" for sessions
	TrainGroups, HeldGroups int    // hosts, values or sessions
	Run                     int64
	Notes                   []string // what to know of this split, a line each
}

// splitRun is what a run keeps of a split.
type splitRun struct {
	Of, By, Column string // Of is the table
	Share          float64
	Train, Holdout string
}

// Split splits a table before anything is learnt of it. The same seed splits
// the same table in the same way. Hosts, and values of a column, are drawn from
// those that have about as many records each, so that both parts have busy ones
// and quiet ones. A session is in one of the parts, wholly.
func (w *Workspace) Split(ctx context.Context, s Split) (out Parts, err error) {
	t, err := w.table(ctx, s.Table, store.Raw)
	if err != nil {
		return out, err
	}
	recipe, err := w.recipeOf(ctx, t)
	if err != nil {
		return out, err
	}
	if s.Share == 0 {
		s.Share = 0.2
	}
	if !(s.Share > 0 && s.Share < 1) {
		return out, fmt.Errorf("a share of %v to hold out: want more than 0 and less than 1", s.Share)
	}
	key, err := out.settle(s, t, recipe)
	if err != nil {
		return out, err
	}
	train, holdout := partName(s.Train, t.Name, "_train"), partName(s.Holdout, t.Name, "_holdout")
	if train.Schema != store.Raw || holdout.Schema != store.Raw || strings.EqualFold(train.Table, holdout.Table) ||
		strings.EqualFold(train.Table, t.Name.Table) || strings.EqualFold(holdout.Table, t.Name.Table) {
		return out, fmt.Errorf("parts %s and %s of %s: want two other names in schema raw", train, holdout, t.Name)
	}
	kept := splitRun{Of: t.Name.String(), By: out.By, Column: out.Column, Share: s.Share, Train: train.String(), Holdout: holdout.String()}
	run := store.Run{Verb: "split", Table: t.Name.String(), Options: optionsJSON(kept), Seed: int64(s.Seed), Inputs: t.Sources, RowsIn: t.Rows}
	err = w.step(ctx, run, func(id int64) error {
		out.Run = id
		order := ""
		if out.By == SplitByTime {
			order = recipe.Time.Name
		}
		groups, err := w.db.Groups(ctx, t.Name, key, order)
		if err != nil {
			return err
		}
		held := out.choose(groups, s)
		out.TrainGroups, out.HeldGroups = len(groups)-len(held), len(held)
		if len(held) == 0 || len(held) == len(groups) {
			return fmt.Errorf("%s has %d %s, too few to hold out some: split it by %s", t.Name, len(groups), out.what(), SplitBySession)
		}
		spec := store.TableSpec{Run: id, Recipe: t.Recipe, Sources: t.Sources}
		if s.Replace {
			spec.Mode = store.Replace
		}
		part := func(name store.Name, within bool) (Table, error) {
			spec.Name = name
			made, err := w.db.LoadTable(ctx, spec, func(ctx context.Context, to *store.TableWriter) error {
				return to.CopyGroups(ctx, t, key, held, within)
			})
			if err == nil && w.compiled[t.Name.String()] != nil {
				w.compiled[made.Name.String()] = w.compiled[t.Name.String()]
			}
			return made, err
		}
		spec.RunGoesOn = true
		if out.Train, err = part(train, false); err != nil {
			return err
		}
		spec.RunGoesOn = false
		if out.Holdout, err = part(holdout, true); err != nil {
			return errors.Join(err, w.db.DropTable(context.WithoutCancel(ctx), out.Train.Name))
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	if real := float64(out.Holdout.Rows) / float64(t.Rows); real > 2*s.Share || real < s.Share/2 {
		out.Notes = append(out.Notes, fmt.Sprintf("%.0f %% of the records are held out, not %.0f %%: few %s have most of them",
			100*real, 100*s.Share, out.what()))
	}
	if out.By == SplitByTime {
		out.Notes = append(out.Notes, "what is held out is later: what differs between the parts may be a change in time, and not what was learnt by heart")
	}
	return out, nil
}

// settle finds what stays together.
func (p *Parts) settle(s Split, t Table, r *trace.Recipe) (key []string, err error) {
	p.By = s.By
	host := hostColumn(r)
	if p.By == "" {
		p.By = SplitByHost
		if host == "" {
			p.By = SplitBySession
		}
	}
	switch p.By {
	case SplitBySession:
		return r.KeyNames(), nil
	case SplitByTime:
		if !r.HasTime() {
			return nil, fmt.Errorf("%s has no time to be split by: split it by %s", t.Name, SplitBySession)
		}
		return r.KeyNames(), nil
	case SplitByHost:
		if host == "" {
			return nil, fmt.Errorf("%s has no column of source hosts in its sessions: split it by %s, or name a column", t.Name, SplitBySession)
		}
		p.Column = host
	default:
		if t.Schema.Index(p.By) < 0 {
			return nil, fmt.Errorf("%s can't be split by %q: want %s, %s, %s or one of its columns: %s", t.Name, p.By, SplitByHost, SplitBySession, SplitByTime,
				strings.Join(t.Schema.Names(), ", "))
		}
		if !slices.ContainsFunc(r.Metadata, func(f trace.Field) bool { return f.Name == p.By }) {
			return nil, fmt.Errorf("%s can't be split by %q: it varies within a session, which has to stay whole: name a column of sessions", t.Name, p.By)
		}
		p.Column = p.By
	}
	return []string{p.Column}, nil
}

// what names what stays together, in the plural.
func (p *Parts) what() string {
	switch p.By {
	case SplitBySession, SplitByTime:
		return "sessions"
	case SplitByHost:
		return "hosts (" + p.Column + ")"
	}
	return "values of " + p.Column
}

// choose returns the first records of the groups that are held out. Of hosts it
// takes one of each 1/share that are nearest in records; one that alone has
// more than twice the share of all records is learnt from.
func (p *Parts) choose(groups []store.Group, s Split) (held []int64) {
	rng := rand.New(rand.NewPCG(s.Seed, 0x686f6c646f7574))
	n := len(groups)
	want := int(math.Round(s.Share * float64(n)))
	if p.By == SplitByTime {
		for _, g := range groups[n-want:] {
			held = append(held, g.First)
		}
		return held
	}
	if p.By != SplitBySession {
		var total int64
		for _, g := range groups {
			total += g.Records
		}
		groups = slices.DeleteFunc(slices.Clone(groups), func(g store.Group) bool { return float64(g.Records) > 2*s.Share*float64(total) })
	}
	rng.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	if p.By == SplitBySession {
		for _, g := range groups[:want] {
			held = append(held, g.First)
		}
		slices.Sort(held)
		return held
	}
	slices.SortStableFunc(groups, func(a, b store.Group) int { return cmp.Compare(b.Records, a.Records) })
	width, last := 1/s.Share, -1
	for i := 0.; i*width < float64(len(groups)); i++ {
		at := int((i + rng.Float64()) * width)
		if i == 0 { // one at least
			at = int(rng.Float64() * min(width, float64(len(groups))))
		}
		if at < len(groups) && at > last {
			held, last = append(held, groups[at].First), at
		}
	}
	slices.Sort(held)
	return held
}

// hostColumn is the column of a session's source host, "" where it has none.
func hostColumn(r *trace.Recipe) string {
	inMetadata := func(name string) bool {
		return name != "" && slices.ContainsFunc(r.Metadata, func(f trace.Field) bool { return f.Name == name })
	}
	if s := roles(r).Source; inMetadata(s) {
		return s
	}
	named := "" // a host that has a name and no address
	for _, f := range r.Metadata {
		if f.Kind == trace.KindAddress {
			return f.Name
		}
		if ws := wholes(f.Name); named == "" && (f.Kind == trace.KindText || f.Kind == trace.KindCategory) &&
			(anyOf(ws, sourceWords) || anyOf(ws, "host computer machine user device")) && !anyOf(ws, "port type bytes") {
			named = f.Name
		}
	}
	return named
}

// partName is the name of a part as it was given, or made of the table's.
func partName(word string, of store.Name, suffix string) store.Name {
	if word == "" {
		return store.Name{Schema: store.Raw, Table: of.Table + suffix}
	}
	return store.Parse(word, store.Raw)
}

// HoldoutOf returns the table that was held out when a table was made by Split,
// "" where it was not, or where that table is gone.
func (w *Workspace) HoldoutOf(ctx context.Context, table string) (string, error) {
	t, err := w.table(ctx, table, store.Raw)
	if err != nil {
		return "", err
	}
	kept, err := w.splitOf(ctx, t)
	if err != nil || kept == nil {
		return "", err
	}
	if _, err := w.db.Resolve(ctx, kept.Holdout, store.Raw); errors.Is(err, store.ErrNoTable) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return kept.Holdout, nil
}

// splitOf returns how a table came out of Split as the part that is learnt, nil
// where it did not.
func (w *Workspace) splitOf(ctx context.Context, t Table) (*splitRun, error) {
	if t.Run == 0 {
		return nil, nil
	}
	run, err := w.db.Run(ctx, t.Run)
	if err != nil || run.Verb != "split" {
		return nil, err
	}
	var kept splitRun
	if err := json.Unmarshal(run.Options, &kept); err != nil {
		return nil, fmt.Errorf("run %d: its options are damaged: %w", run.ID, err)
	}
	if kept.Train != t.Name.String() {
		return nil, nil
	}
	return &kept, nil
}
