package notebook

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"netshare/eval/figure"
	"netshare/workspace"
	"netshare/workspace/notebook/render"
)

// do runs one command of a cell.
func (r *Runner) do(ctx context.Context, s step, tell func(Progress)) ([]Part, error) {
	switch s.kind {
	case KindLoad:
		return r.load(ctx, s, tell)
	case KindTrain:
		return r.train(ctx, s, tell)
	case KindGenerate:
		return r.generate(ctx, s, tell)
	case KindReport:
		tell(Progress{Step: "measuring", Share: -1, Text: s.table + " against " + s.other})
		return r.report(ctx, s)
	case KindExport:
		tell(Progress{Step: "exporting", Share: -1, Text: s.other})
		return r.export(ctx, s)
	}
	return nil, fmt.Errorf("%q is no kind of command", s.kind)
}

// load loads files into a table, in place of one that is there: a notebook that
// runs again gives the same.
func (r *Runner) load(ctx context.Context, s step, tell func(Progress)) (parts []Part, err error) {
	l := s.load
	for _, f := range s.files {
		l.Files = append(l.Files, r.file(f))
	}
	l.Table, l.Replace = s.table, true
	l.Progress = func(p workspace.LoadProgress) { tell(loadingProgress(p)) }
	if s.recipe != "" {
		script, err := host().Load(ctx, r.file(s.recipe))
		if err != nil {
			return nil, err
		}
		l.Recipe, l.RecipeFile, l.RecipeText = &script.Recipe, s.recipe, script.Source
	}
	plan, err := workspace.PlanLoad(ctx, l)
	if err != nil {
		return nil, err
	}
	defer plan.Close()
	for _, skipped := range plan.Skipped {
		parts = append(parts, textPart("left out: %s: %s", skipped.File, skipped.Reason))
	}
	for _, l := range plan.Loads {
		loaded, err := r.ws.Load(ctx, l)
		if err != nil {
			return parts, err
		}
		more, err := r.loaded(ctx, loaded)
		parts = append(parts, more...)
		if err != nil {
			return parts, err
		}
	}
	return parts, nil
}

// loaded tells what a load did, and what is meant of each column.
func (r *Runner) loaded(ctx context.Context, l workspace.Loaded) ([]Part, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s in %s, from %s\n", l.Table.Name, render.Noun(l.Table.Rows, "record"), render.Noun(l.Sessions, "session"), l.Table.Schema.Format)
	for _, reason := range l.Reasons {
		what := "rejected"
		if workspace.SkippedReason(reason.Reason) {
			what = "skipped"
		}
		fmt.Fprintf(&b, "%s %s: %s\n", render.Noun(reason.Count, "record"), what, reason.Reason)
	}
	for _, n := range l.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	parts := []Part{textPart("%s", render.HarmlessLines(b.String()))}
	infos, err := r.ws.Describe(ctx, l.Table.Name.String())
	if err != nil {
		return parts, err
	}
	return append(parts, Part{Table: ColumnsPage(infos)}), nil
}

// ColumnsPage is what is meant of a table's columns, as a table.
func ColumnsPage(infos []workspace.ColumnInfo) *Page {
	p := NewPage("column", "part", "kind", "learnt by", "distinct BIGINT", "missing BIGINT", "frequent values")
	for _, c := range infos {
		kind := string(c.Kind)
		if c.Unit != "" {
			kind += " (" + string(c.Unit) + ")"
		}
		p.Add(c.Name, c.Role, kind, c.Encoding, c.Distinct, c.Missing, strings.Join(c.Examples, ", "))
	}
	return p
}

func (r *Runner) train(ctx context.Context, s step, tell func(Progress)) ([]Part, error) {
	if s.recipe != "" {
		script, err := host().Load(ctx, r.file(s.recipe))
		if err != nil {
			return nil, err
		}
		if err := r.ws.Declare(ctx, s.table, &script.Recipe, s.recipe, script.Source); err != nil {
			return nil, err
		}
	}
	if file, rest, found := strings.Cut(s.train.DP.Pretrain, ".duckdb:"); found { // of another workspace
		s.train.DP.Pretrain = r.file(file+".duckdb") + ":" + rest
	}
	l := newLearning(tell)
	t, err := r.ws.Train(ctx, s.table, s.train, l.hooks())
	if err != nil {
		return nil, r.stopped(ctx, t, err)
	}
	return l.parts(t)
}

// generate makes a synthetic table, in place of one that is there.
func (r *Runner) generate(ctx context.Context, s step, tell func(Progress)) ([]Part, error) {
	model, err := r.ws.ModelOf(ctx, s.run, s.table)
	if err != nil {
		return nil, err
	}
	g := workspace.Generate{Table: s.other, Replace: true, Options: s.generate}
	g.Options.Progress = func(done, of int) {
		tell(Progress{Step: "generating", Share: float64(done) / float64(max(1, of)), Text: fmt.Sprintf("%s of %s", render.Thousands(int64(done)), render.Noun(of, "session"))})
	}
	m, err := r.ws.Generate(ctx, model.ID, g)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("made %s: %s, %s", m.Table.Name, render.Noun(m.Sessions, "session"), render.Noun(m.Records, "record"))
	if m.Calibrated {
		text += fmt.Sprintf("\ncalibrated: margins from %.1f to %.1f times the real trace's noise, pairs of columns from %.1f to %.1f",
			m.Before, m.After, m.PairsBefore, m.PairsAfter)
	}
	return []Part{textPart("%s", text)}, nil
}

func (r *Runner) report(ctx context.Context, s step) ([]Part, error) {
	rep, err := r.ws.Report(ctx, s.table, s.other)
	if err != nil {
		return nil, err
	}
	out, err := reportOf(rep)
	return []Part{{Report: out}}, err
}

// reportOf is what a cell keeps of a report.
func reportOf(rep workspace.Reported) (*Report, error) {
	out := &Report{
		Real: rep.Real.Name, Synthetic: rep.Synthetic.Name, Run: rep.Run,
		Overall: rep.Overall, Properties: rep.Properties, Worst: rep.Worst, Notes: rep.Notes,
	}
	for i, f := range rep.Figures() {
		if i == reportFigures {
			break
		}
		drawn, err := draw(f.Title, f.Alt, f.Figure, nil)
		if err != nil {
			return nil, fmt.Errorf("figure %s: %w", f.Title, err)
		}
		out.Figures = append(out.Figures, *drawn)
	}
	return out, nil
}

func (r *Runner) export(ctx context.Context, s step) ([]Part, error) {
	e, err := r.ws.Export(ctx, s.table, r.file(s.other))
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%s: %s, %s", s.other, e.Format, render.Noun(e.Rows, "record"))
	for _, w := range e.Warnings {
		text += "\nnote: " + w
	}
	return []Part{textPart("%s", text)}, nil
}

// draw draws a figure.
func draw(title, alt string, f figure.Figure, chart *figure.Chart) (*Figure, error) {
	var b bytes.Buffer
	if err := figure.SVG(&b, f); err != nil {
		return nil, err
	}
	return &Figure{Title: title, Alt: alt, SVG: b.String(), Chart: chart}, nil
}
