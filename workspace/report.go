package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"syscall"

	"netshare/eval"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// Reported is a report and the run that made it.
type Reported struct {
	*eval.Report
	Run int64
}

// Report measures a table of schema synth against one of schema raw; an empty
// name of the synthetic one is that of the real one. The scores are rows of
// netshare.scores. Where the real table is what Split left to learn from, the
// report has the scores against what was held out beside them.
func (w *Workspace) Report(ctx context.Context, real, synthetic string) (Reported, error) {
	rt, err := w.table(ctx, real, store.Raw)
	if err != nil {
		return Reported{}, err
	}
	if synthetic == "" {
		synthetic = rt.Name.Table
	}
	st, err := w.table(ctx, synthetic, store.Synth)
	if err != nil {
		return Reported{}, err
	}
	recipe, err := w.recipeOf(ctx, rt)
	if err != nil {
		return Reported{}, err
	}
	opts := eval.DefaultOptions()
	opts.Key, opts.Time, opts.Roles = recipe.KeyNames(), recipe.Time.Name, roles(recipe)
	var out Reported
	run := store.Run{Verb: "report", Table: st.Name.String(), Options: optionsJSON(opts), Seed: int64(opts.Seed)}
	err = w.step(ctx, run, func(id int64) error {
		out.Run = id
		a, err := w.column(ctx, rt, recipe)
		if err != nil {
			return err
		}
		b, err := w.column(ctx, st, recipe)
		if err != nil {
			return err
		}
		if out.Report, err = eval.Compare(ctx, a, b, opts); err != nil {
			return err
		}
		if out.TwoWay, err = eval.TwoWayOf(a, b, opts.Seed); err != nil {
			out.TwoWay = nil // one column has no pairs: no fault of the report
		}
		if out.Guarantee, err = w.guaranteeOf(ctx, st); err != nil {
			return err
		}
		if err := w.reportHoldout(ctx, out.Report, rt, recipe, a, b, opts); err != nil {
			return err
		}
		return w.db.SaveScores(ctx, id, scoreRows(rt, st, out.Report), true)
	})
	return out, err
}

// reportHoldout adds the scores against what Split held out of a real table.
func (w *Workspace) reportHoldout(ctx context.Context, r *eval.Report, real Table, recipe *trace.Recipe, a, b *eval.Trace, opts eval.Options) error {
	name, err := w.HoldoutOf(ctx, real.Name.String())
	if name == "" || err != nil {
		return err
	}
	ht, err := w.table(ctx, name, store.Raw)
	if err != nil {
		return err
	}
	h, err := w.column(ctx, ht, recipe)
	if err != nil {
		return err
	}
	return r.Against(ctx, a, h, b, opts)
}

// column reads a table's columns as they are compared: those that the recipe
// names, each of the kind that it gives.
func (w *Workspace) column(ctx context.Context, t Table, r *trace.Recipe) (*eval.Trace, error) {
	kinds := map[string]trace.Kind{}
	for _, f := range r.Declared() {
		kinds[f.Name] = f.Kind
	}
	var columns []trace.Column
	q := store.RowsQuery{Table: t.Name}
	for _, c := range t.Schema.Columns {
		if k, ok := kinds[c.Name]; ok {
			c.Kind = k
			columns = append(columns, c)
			q.Columns = append(q.Columns, c.Name)
		}
	}
	if r.HasTime() && t.Schema.Index(r.Time.Name) >= 0 {
		q.OrderBy = []string{r.Time.Name}
	}
	out := eval.NewTrace(t.Name.String(), columns)
	for row, err := range w.db.Rows(ctx, q) {
		if err != nil {
			return nil, err
		}
		if err := out.Append(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func scoreRows(real, synth Table, r *eval.Report) []store.Score {
	row := func(property, metric string) store.Score { return noScore(real, synth, property, metric) }
	overall := row("overall", "score")
	overall.Score, overall.Spread = r.Overall.Score, r.Overall.Spread
	rows := []store.Score{overall}
	for _, p := range r.Properties {
		s := row(p.Property, "score")
		if p.Counted > 0 {
			s.Score, s.Spread = p.Score, p.Spread
		}
		rows = append(rows, s)
	}
	for _, x := range r.Scores {
		s := row(x.Property, x.Metric)
		if s.Column = x.Target; len(x.Columns) > 1 {
			s.Column, s.Other = x.Columns[0], x.Columns[1]
		}
		s.Note = x.Note
		if x.Computed {
			s.Value, s.Baseline, s.BaselineSpread, s.Score = x.Value, x.Baseline, x.BaselineSpread, x.Score
		}
		rows = append(rows, s)
	}
	return rows
}

// noScore is a row of netshare.scores without figures.
func noScore(real, synth Table, property, metric string) store.Score {
	none := math.NaN()
	return store.Score{
		Real: real.Name.String(), Synthetic: synth.Name.String(), Property: property, Metric: metric,
		Value: none, Baseline: none, BaselineSpread: none, Score: none, Spread: none,
	}
}

// Write writes report.html, report.json and figures/ into a folder, which is
// made if it is absent.
func (r Reported) Write(dir string) (err error) {
	defer func() {
		if errors.Is(err, syscall.ENOSPC) {
			err = fmt.Errorf("%s: the disk is full: free some space and run again", dir)
		}
	}()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var html, js bytes.Buffer
	err = errors.Join(r.WriteHTML(&html), r.WriteJSON(&js))
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "report.html"), html.Bytes()); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "report.json"), js.Bytes()); err != nil {
		return err
	}
	return r.WriteFigures(filepath.Join(dir, "figures"))
}

// writeFile writes a whole file or none: it is made under another name first.
func writeFile(path string, data []byte) error {
	return whole(path, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	})
}

// whole makes a file beside path and gives it that name when fn has written
// all of it. What is no regular file, such as a device or a pipe, is written to
// as it is.
func whole(path string, fn func(*os.File) error) (err error) {
	defer func() {
		if errors.Is(err, syscall.ENOSPC) {
			err = fmt.Errorf("%s: the disk is full: free some space and run again", path)
		}
	}()
	if err := placeFor(path); err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(fn(f), f.Close())
	}
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to // the link stays one
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := fn(f); err != nil {
		f.Close()
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// placeFor says why no file can be made at path, nil where one can.
func placeFor(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory: name a file in it", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s: the folder %s does not exist: make it first", path, filepath.Dir(path))
	}
	return nil
}
