package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
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

// Compared is several synthetic tables side by side, and the report of each in
// the order in which they were named.
type Compared struct {
	*eval.SideBySide
	Each []Reported
}

// Write writes the comparison as report.html, report.json and figures/ into a
// folder, and the report of each table into a folder of its own in it.
func (c Compared) Write(dir string) error {
	folders := map[*eval.Report]string{}
	for _, r := range c.Each {
		name := folderName(r.Synthetic.Name)
		folders[r.Report] = name
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		if err := r.Write(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	var html, js bytes.Buffer
	link := func(r *eval.Report) string { return url.PathEscape(folders[r]) + "/report.html" }
	if err := errors.Join(c.WriteHTML(&html, link), c.WriteJSON(&js)); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "report.html"), html.Bytes()); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "report.json"), js.Bytes()); err != nil {
		return err
	}
	return c.WriteFigures(filepath.Join(dir, "figures"))
}

// folderName makes a folder's name of a table's.
func folderName(table string) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.TrimPrefix(table, store.Synth+"."))
	if strings.Trim(name, ".") == "" || name == "figures" {
		return "_" + name
	}
	return name
}

// ReportOptions says what is measured beside the scores. The zero value adds
// nothing.
type ReportOptions struct {
	// Tasks does what the trace is used for, too: prediction of the kind of
	// traffic, heavy hitters by sketches, anomaly detection.
	Tasks bool
	// Label is the column that says what kind of traffic a record is; "" chooses
	// a category by its name, else the protocol, else any category.
	Label string
}

// Report measures a table of schema synth against one of schema raw; an empty
// name of the synthetic one is that of the real one. The scores are rows of
// netshare.scores.
func (w *Workspace) Report(ctx context.Context, real, synthetic string) (Reported, error) {
	return w.ReportWith(ctx, real, synthetic, ReportOptions{})
}

// ReportWith is Report with options.
func (w *Workspace) ReportWith(ctx context.Context, real, synthetic string, o ReportOptions) (Reported, error) {
	m, err := w.measurer(ctx, real, o)
	if err != nil {
		return Reported{}, err
	}
	return m.report(ctx, synthetic)
}

// CompareTables measures several tables of schema synth against one of schema
// raw, which is read once, and sets them side by side.
func (w *Workspace) CompareTables(ctx context.Context, real string, synthetic []string, o ReportOptions) (Compared, error) {
	m, err := w.measurer(ctx, real, o)
	if err != nil {
		return Compared{}, err
	}
	var out Compared
	var reports []*eval.Report
	for i, name := range synthetic {
		if slices.Contains(synthetic[:i], name) {
			return Compared{}, fmt.Errorf("table %s is named twice: name each table once", name)
		}
	}
	for _, name := range synthetic {
		r, err := m.report(ctx, name)
		if err != nil {
			return Compared{}, err
		}
		out.Each = append(out.Each, r)
		reports = append(reports, r.Report)
	}
	out.SideBySide, err = eval.NewSideBySide(reports)
	return out, err
}

// measurer measures synthetic tables against one real one.
type measurer struct {
	w      *Workspace
	table  Table
	recipe *trace.Recipe
	opts   eval.Options
	real   *eval.Trace // once it has been read
}

func (w *Workspace) measurer(ctx context.Context, real string, o ReportOptions) (*measurer, error) {
	t, err := w.table(ctx, real, store.Raw)
	if err != nil {
		return nil, err
	}
	recipe, err := w.recipeOf(ctx, t)
	if err != nil {
		return nil, err
	}
	opts := eval.DefaultOptions()
	opts.Key, opts.Time, opts.Roles, opts.Rules = recipe.KeyNames(), recipe.Time.Name, roles(recipe), recipe.Rules
	if opts.Tasks = o.Tasks; o.Label != "" {
		if !slices.ContainsFunc(recipe.Declared(), func(f trace.Field) bool { return f.Name == o.Label }) {
			return nil, fmt.Errorf("%s: the label %q is no column that is learnt: name one of its categories", t.Name, o.Label)
		}
		opts.Roles.Label = o.Label
	}
	return &measurer{w: w, table: t, recipe: recipe, opts: opts}, nil
}

// Of tables of many rows, a report's short-lived columns would double what is in
// memory before they are collected: they are collected earlier.
const (
	manyRows   = 1 << 19
	manyRowsGC = 40 // percent of growth between collections; 100 is Go's default
)

// report measures a table; an empty name is that of the real one.
func (m *measurer) report(ctx context.Context, synthetic string) (Reported, error) {
	if synthetic == "" {
		synthetic = m.table.Name.Table
	}
	st, err := m.w.table(ctx, synthetic, store.Synth)
	if err != nil {
		return Reported{}, err
	}
	var out Reported
	run := store.Run{Verb: "report", Table: st.Name.String(), Options: optionsJSON(m.opts), Seed: int64(m.opts.Seed)}
	err = m.w.step(ctx, run, func(id int64) error {
		out.Run = id
		if m.table.Rows+st.Rows > manyRows {
			defer debug.SetGCPercent(debug.SetGCPercent(manyRowsGC))
		}
		if m.real == nil {
			if m.real, err = m.column(ctx, m.table); err != nil {
				return err
			}
		}
		b, err := m.column(ctx, st)
		if err != nil {
			return err
		}
		if out.Report, err = eval.Compare(ctx, m.real, b, m.opts); err != nil {
			return err
		}
		if out.TwoWay, err = eval.TwoWayOf(m.real, b, m.opts.Seed); err != nil {
			out.TwoWay = nil // one column has no pairs: no fault of the report
		}
		if out.Guarantee, err = m.w.guaranteeOf(ctx, st); err != nil {
			return err
		}
		if err := m.holdout(ctx, out.Report, st, b); err != nil {
			return err
		}
		if err := m.w.addTraining(ctx, st, out.Report); err != nil {
			return err
		}
		others, err := m.w.othersOf(ctx, m.table, st)
		if err != nil {
			return err
		}
		out.AddEpsilons(others)
		if names, err := m.w.db.Names(ctx, st.Name); err != nil {
			return err
		} else if names != nil {
			out.Notes = append(out.Notes, "names are made up in the synthetic table, and measured as the real ones that they stand for")
		}
		return m.w.db.SaveScores(ctx, id, scoreRows(m.table, st, out.Report), true)
	})
	return out, err
}

// holdout adds the scores against what Split held out of the real table, and what
// attacks find beside it.
func (m *measurer) holdout(ctx context.Context, r *eval.Report, synth Table, b *eval.Trace) error {
	name, err := m.w.HoldoutOf(ctx, m.table.Name.String())
	if name == "" || err != nil {
		return err
	}
	ht, err := m.w.table(ctx, name, store.Raw)
	if err != nil {
		return err
	}
	h, err := m.column(ctx, ht)
	if err != nil {
		return err
	}
	if r.Audit, err = m.w.attack(ctx, m.table, &ht, synth, Audit{Seed: m.opts.Seed}, m.w); err != nil {
		return err
	}
	return r.Against(ctx, m.real, h, b, m.opts)
}

// addTraining draws the epochs of the run that learnt a synthetic table's model.
func (w *Workspace) addTraining(ctx context.Context, t Table, r *eval.Report) error {
	if t.Model == 0 {
		return nil
	}
	m, err := w.db.Model(ctx, t.Model)
	if errors.Is(err, store.ErrNotFound) || err == nil && m.Run == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	found, err := w.db.Epochs(ctx, m.Run)
	if err != nil {
		return err
	}
	epochs, values := make([]float64, len(found)), map[string][]float64{}
	for i, e := range found {
		epochs[i] = float64(e.Epoch)
		for name, v := range e.Values {
			if values[name] == nil {
				values[name] = make([]float64, len(found))
				for k := range values[name] {
					values[name][k] = math.NaN()
				}
			}
			values[name][i] = v
		}
	}
	r.AddTraining(epochs, values)
	return nil
}

// column reads a table that is compared. Of one that was made in SQL nobody has
// noted what the numbers of a time count: it is what those of the real table do.
func (m *measurer) column(ctx context.Context, t Table) (*eval.Trace, error) {
	if madeInSQL(t) {
		t.Schema.Columns = slices.Clone(t.Schema.Columns)
		for i, c := range t.Schema.Columns {
			if k := m.table.Schema.Index(c.Name); k >= 0 && c.Unit == "" && m.table.Schema.Columns[k].Type == c.Type {
				t.Schema.Columns[i].Unit = m.table.Schema.Columns[k].Unit
			}
		}
	}
	return m.w.column(ctx, t, m.recipe)
}

// column reads a table's columns as they are compared: those that the recipe
// names, each of the kind that it gives, made-up names as what they stand for.
func (w *Workspace) column(ctx context.Context, t Table, r *trace.Recipe) (*eval.Trace, error) {
	kinds := map[string]trace.Kind{}
	for _, f := range r.Declared() {
		kinds[f.Name] = f.Kind
	}
	var columns []trace.Column
	var odd []int // of text that is numbers but for NaN and infinities, which are compared as missing
	q := store.RowsQuery{Table: t.Name}
	for _, c := range t.Schema.Columns {
		if k, ok := kinds[c.Name]; ok {
			if c.Kind = k; k == trace.KindReal && c.Type == trace.TypeText {
				c.Type, odd = trace.TypeReal, append(odd, len(columns))
			}
			columns = append(columns, c)
			q.Columns = append(q.Columns, c.Name)
		}
	}
	if r.HasTime() && t.Schema.Index(r.Time.Name) >= 0 {
		q.OrderBy = []string{r.Time.Name}
	}
	standing, err := w.standing(ctx, t, r, q.Columns)
	if err != nil {
		return nil, err
	}
	out := eval.NewTrace(t.Name.String(), columns)
	for row, err := range w.db.Rows(ctx, q) {
		if err != nil {
			return nil, err
		}
		if standing != nil {
			standing(row)
		}
		for _, i := range odd {
			text, _ := row[i].(string)
			if row[i] = nil; text != "" {
				if x, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
					row[i] = x
				}
			}
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
	if t := r.TwoWay; t != nil {
		s := row("joint", twoWayMetric)
		s.Value, s.Baseline = t.Value, t.Half
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
