package workspace

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"netshare/scripting"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// tableSource yields a table's sessions as its recipe declares them; it is
// what the engine reads.
type tableSource struct {
	db       *store.DB
	table    Table
	recipe   *trace.Recipe
	learning *learning
	sessions int64  // in the table; needed where the recipe wants a sample
	seed     uint64 // of the sample
}

// Sessions implements engine.Source: those that the recipe wants learnt, each
// as long as it wants.
func (s tableSource) Sessions(ctx context.Context) iter.Seq2[trace.Session, error] {
	all := s.all(ctx)
	if s.recipe.Sample == 0 && s.recipe.Cut == 0 {
		return all
	}
	return func(yield func(trace.Session, error) bool) {
		r := rand.New(rand.NewPCG(s.seed, 0x73616d706c65))
		left, wanted := s.sessions, int64(s.recipe.Sample)
		for x, err := range all {
			if err == nil && wanted > 0 { // selection sampling: each as likely, in their order
				taken := r.Int64N(max(1, left)) < wanted
				left--
				if !taken {
					continue
				}
				wanted--
			} else if err == nil && s.recipe.Sample > 0 {
				return
			}
			if n := s.recipe.Cut; n > 0 && len(x.Series) > n {
				x.Series = x.Series[:n]
			}
			if !yield(x, err) {
				return
			}
		}
	}
}

// transformedAtOnce is how many sessions go through a recipe's transforms
// together.
const transformedAtOnce = 1 << 12

// all yields all sessions of the table.
func (s tableSource) all(ctx context.Context) iter.Seq2[trace.Session, error] {
	plain := s.plain(ctx)
	if !transforms(s.recipe) && !s.learning.lists() {
		return plain
	}
	return func(yield func(trace.Session, error) bool) {
		var waiting []trace.Session
		flush := func() bool {
			if err := transform(ctx, s.recipe, waiting, true); err != nil {
				yield(trace.Session{}, err)
				return false
			}
			for _, x := range waiting {
				if !yield(s.learning.expand(x), nil) {
					return false
				}
			}
			waiting = waiting[:0]
			return true
		}
		for x, err := range plain {
			if err != nil {
				yield(x, err)
				return
			}
			if waiting = append(waiting, x); len(waiting) == transformedAtOnce && !flush() {
				return
			}
		}
		flush()
	}
}

func (s tableSource) plain(ctx context.Context) iter.Seq2[trace.Session, error] {
	if len(s.recipe.KeyNames()) > 0 {
		return s.db.Sessions(ctx, store.SessionsOf(s.table.Name, s.recipe))
	}
	// Without a key each record is a session.
	q := store.RowsQuery{Table: s.table.Name}
	if s.recipe.HasTime() {
		q.Columns = []string{s.recipe.Time.Name}
		q.OrderBy = q.Columns
	}
	for _, f := range s.recipe.Metadata {
		q.Columns = append(q.Columns, f.Name)
	}
	return func(yield func(trace.Session, error) bool) {
		for row, err := range s.db.Rows(ctx, q) {
			if err != nil {
				yield(trace.Session{}, err)
				return
			}
			x := trace.Session{Series: []trace.Row{{nil}}}
			if s.recipe.HasTime() {
				x.Series[0][0], row = row[0], row[1:]
			}
			x.Meta = append(trace.Row(nil), row...)
			if !yield(x, nil) {
				return
			}
		}
	}
}

func transforms(r *trace.Recipe) bool {
	for _, f := range r.Fields() {
		if f.Forward != nil {
			return true
		}
	}
	return false
}

// transform applies the fields' forward functions to the sessions' values, or
// their inverse ones.
func transform(ctx context.Context, r *trace.Recipe, sessions []trace.Session, forward bool) error {
	apply := func(f trace.Field, cells []*any) error {
		var xs []float64
		var at []*any
		for _, c := range cells {
			if x, ok := numberOf(*c); ok {
				xs, at = append(xs, x), append(at, c)
			}
		}
		fn := scripting.Inverse
		if forward {
			fn = scripting.Forward
		}
		out, err := fn(ctx, f, xs)
		if err != nil {
			return err
		}
		for i, c := range at {
			if math.IsNaN(out[i]) || math.IsInf(out[i], 0) {
				return fmt.Errorf("field %q: the transform makes %v of %v: want a finite number", f.Name, out[i], xs[i])
			}
			*c = out[i]
		}
		return nil
	}
	for i, f := range r.Metadata {
		if f.Forward == nil {
			continue
		}
		var cells []*any
		for k := range sessions {
			cells = append(cells, &sessions[k].Meta[i])
		}
		if err := apply(f, cells); err != nil {
			return err
		}
	}
	for i, f := range r.Series {
		if f.Forward == nil {
			continue
		}
		var cells []*any
		for k := range sessions {
			for _, rec := range sessions[k].Series {
				cells = append(cells, &rec[i+1])
			}
		}
		if err := apply(f, cells); err != nil {
			return err
		}
	}
	return nil
}

// tableSink writes generated sessions as records of a table, in the order of
// their times.
type tableSink struct {
	recipe   *trace.Recipe
	learning *learning
	writer   *store.TableWriter
	schema   trace.Schema
	names    *nameMaker // nil where names stay as they are

	meta, series []int // column of each field; series of the time first, -1 without
	waiting      []trace.Session
	open         queue // records of sessions that others may come before
	order        int
}

func newTableSink(r *trace.Recipe, l *learning, s trace.Schema, w *store.TableWriter) *tableSink {
	k := &tableSink{recipe: r, learning: l, writer: w, schema: s}
	for _, f := range r.Metadata {
		k.meta = append(k.meta, s.Index(f.Name))
	}
	k.series = append(k.series, -1)
	if r.HasTime() {
		k.series[0] = s.Index(r.Time.Name)
	}
	for _, f := range r.Series {
		k.series = append(k.series, s.Index(f.Name))
	}
	return k
}

// Write implements engine.Sink; sessions come in the order of their starts.
func (k *tableSink) Write(ctx context.Context, s trace.Session) error {
	k.waiting = append(k.waiting, k.learning.collapse(s))
	if len(k.waiting) < transformedAtOnce {
		return nil
	}
	return k.flush(ctx)
}

// records makes rows of sessions, whose values it transforms, without the columns
// that follow from others.
func (k *tableSink) records(ctx context.Context, sessions []trace.Session) ([][]trace.Row, error) {
	if err := transform(ctx, k.recipe, sessions, false); err != nil {
		return nil, err
	}
	rows := make([][]trace.Row, len(sessions))
	for n, s := range sessions {
		for _, rec := range s.Series {
			row := make(trace.Row, len(k.schema.Columns))
			for i, c := range k.meta {
				row[c] = k.fit(c, s.Meta[i])
			}
			for i, c := range k.series {
				if c >= 0 {
					row[c] = k.fit(c, rec[i])
				}
			}
			k.names.row(row)
			rows[n] = append(rows[n], row)
		}
	}
	return rows, nil
}

func (k *tableSink) flush(ctx context.Context) error {
	rows, err := k.records(ctx, k.waiting)
	if err != nil {
		return err
	}
	if err := k.derive(ctx, rows); err != nil {
		return err
	}
	for n, s := range k.waiting {
		if err := k.emitBefore(s.Series[0][0]); err != nil {
			return err
		}
		for i, rec := range s.Series {
			k.order++
			k.open.push(queued{time: rec[0], order: k.order, row: rows[n][i]})
		}
	}
	k.waiting = k.waiting[:0]
	return nil
}

// derive computes the columns of rows that follow from others.
func (k *tableSink) derive(ctx context.Context, sessions [][]trace.Row) error {
	if len(k.recipe.Derived) == 0 {
		return nil
	}
	rows := slices.Concat(sessions...)
	order, err := k.recipe.DeriveOrder()
	if err != nil {
		return err
	}
	for _, f := range order {
		if !slices.ContainsFunc(k.recipe.Derived, func(d trace.Field) bool { return d.Name == f.Name }) {
			continue
		}
		in := make([][]any, len(f.From))
		for i, name := range f.From {
			c := k.schema.Index(name)
			if c < 0 {
				return fmt.Errorf("field %q is computed from %q, which is not learnt: declare it as a field too", f.Name, name)
			}
			in[i] = make([]any, len(rows))
			for j, row := range rows {
				in[i][j] = row[c]
			}
		}
		out, errs, err := scripting.Derive(ctx, f, f.From, in, len(rows))
		if err != nil {
			return err
		}
		at := k.schema.Index(f.Name)
		for j, row := range rows {
			if errs != nil && errs[j] != nil {
				return fmt.Errorf("field %q of a synthetic record: %w", f.Name, errs[j])
			}
			if row[at], err = emitted(out[j], k.schema.Columns[at].Type); err != nil {
				return fmt.Errorf("field %q of a synthetic record: %w", f.Name, err)
			}
		}
	}
	return nil
}

// fit gives a number that an inverse transform made the type of its column.
func (k *tableSink) fit(column int, v any) any {
	if x, ok := v.(float64); ok && k.schema.Columns[column].Type == trace.TypeInt {
		return int64(math.Round(x))
	}
	return v
}

// emitBefore writes the records before a time, all of them where it is nil.
func (k *tableSink) emitBefore(t any) error {
	for k.open.Len() > 0 && (t == nil || compareTimes(k.open.first().time, t) < 0) {
		if err := k.writer.Append(k.open.pop().row); err != nil {
			return err
		}
	}
	return nil
}

// end writes what is left.
func (k *tableSink) end(ctx context.Context) error {
	if err := k.flush(ctx); err != nil {
		return err
	}
	return k.emitBefore(nil)
}
