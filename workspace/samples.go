package workspace

import (
	"context"
	"slices"

	"netshare/engine"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// Samples are sessions to look at, of a training run's last measurement: real
// ones, and ones that the networks made then, uncalibrated.
type Samples = store.Samples

// Samples returns the samples of a training run, none where nothing was
// measured. They hold real records.
func (w *Workspace) Samples(ctx context.Context, run int64) (Samples, error) {
	return w.db.Samples(ctx, run)
}

// saveSamples keeps the examples that progress comes with, as records of the
// table. What can't be shown is no reason to end a training.
func (j *training) saveSamples(ctx context.Context, p engine.Progress) error {
	if p.Examples == nil {
		return nil
	}
	recipe := j.source.recipe
	schema := columnsOf(j.table.Schema, recipe.Fields())
	k := newTableSink(recipe, j.source.learning, schema, nil)
	s := Samples{Epoch: p.Epoch}
	for _, c := range schema.Columns {
		s.Columns = append(s.Columns, c.Name)
	}
	for i, e := range slices.Concat(p.Examples.Real, p.Examples.Made) {
		x := store.Sample{Real: i < len(p.Examples.Real), Records: e.Records}
		copied := trace.Session{Meta: slices.Clone(e.Meta)} // which transforms change
		for _, rec := range e.Series {
			copied.Series = append(copied.Series, slices.Clone(rec))
		}
		rows, err := k.records(ctx, []trace.Session{j.source.learning.collapse(copied)})
		if err != nil {
			return ctx.Err()
		}
		for _, row := range rows[0] {
			texts := make([]*string, len(row))
			for c, v := range row {
				if v != nil {
					text := store.FormatValue(v, string(schema.Columns[c].Type))
					texts[c] = &text
				}
			}
			x.Rows = append(x.Rows, texts)
		}
		s.Sessions = append(s.Sessions, x)
	}
	return j.w.db.SaveSamples(ctx, p.Run, s)
}

// columnsOf is a schema with those columns that are among the fields.
func columnsOf(s trace.Schema, fields []trace.Field) trace.Schema {
	all := s.Columns
	s.Columns = nil
	for _, c := range all {
		if slices.ContainsFunc(fields, func(f trace.Field) bool { return f.Name == c.Name }) {
			s.Columns = append(s.Columns, c)
		}
	}
	return s
}
