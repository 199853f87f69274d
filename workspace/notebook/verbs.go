package notebook

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"netshare/eval/figure"
	"netshare/workspace"
	"netshare/workspace/notebook/render"
)

// do runs one command of a cell when it is its turn.
func (r *Runner) do(ctx context.Context, s step, tell func(Progress)) ([]Part, error) {
	if s.kind == KindTrain && s.recipe != "" {
		if err := r.declare(ctx, s, tell); err != nil {
			return nil, err
		}
	}
	give, err := r.jobs.take(ctx, s.turn(), tell)
	if err != nil {
		return nil, err
	}
	defer give()
	switch s.kind {
	case KindLoad:
		return r.load(ctx, s, tell)
	case KindSplit:
		return r.split(ctx, s)
	case KindTrain:
		return r.train(ctx, s, tell)
	case KindGenerate:
		return r.generate(ctx, s, tell)
	case KindReport:
		tell(Progress{Step: "measuring", Share: -1, Text: s.table + " against " + s.other})
		return r.report(ctx, s)
	case KindAudit:
		return r.audit(ctx, s, tell)
	case KindExport:
		tell(Progress{Step: "exporting", Share: -1, Text: s.to})
		return r.export(ctx, s)
	case KindPublish:
		return r.publish(ctx, s, tell)
	}
	return nil, fmt.Errorf("%q is no kind of command", s.kind)
}

// turn is what a command has to itself.
func (s *step) turn() turn {
	switch s.kind {
	case KindTrain:
		return learning
	case KindReport, KindExport, KindPublish:
		return reading
	case KindAudit:
		if s.audit.Shadow == 0 { // shadow models are trained
			return reading
		}
	}
	return alone
}

// declare has a table learnt by a recipe.
func (r *Runner) declare(ctx context.Context, s step, tell func(Progress)) error {
	script, err := host().Load(ctx, r.file(s.recipe))
	if err != nil {
		return err
	}
	give, err := r.jobs.take(ctx, alone, tell)
	if err != nil {
		return err
	}
	defer give()
	return r.ws.Declare(ctx, s.table, &script.Recipe, s.recipe, script.Source)
}

// load loads files into a table, in place of one that is there: a notebook that
// runs again gives the same.
func (r *Runner) load(ctx context.Context, s step, tell func(Progress)) (parts []Part, err error) {
	l := s.load
	for _, f := range s.files {
		l.Files = append(l.Files, r.file(f))
	}
	if len(s.files) == 1 && workspace.IsModelFile(l.Files[0]) {
		m, err := r.ws.ImportModel(ctx, l.Files[0], s.table)
		if err != nil {
			return nil, err
		}
		return []Part{textPart("%s: model of %s, now run %d: generate %s run %d", s.files[0], m.Table, m.Run, BareName(m.Table), m.Run)}, nil
	}
	l.Table, l.Replace = s.table, !l.Append
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
		return nil, r.misspelt(s, err)
	}
	defer plan.Close()
	var rejected int64
	for _, skipped := range plan.Skipped {
		parts = append(parts, textPart("left out: %s: %s", skipped.File, skipped.Reason))
	}
	for _, l := range plan.Loads {
		loaded, err := r.ws.Load(ctx, l)
		if err != nil {
			return parts, err
		}
		rejected += loaded.Rejected
		more, err := r.loaded(ctx, loaded)
		parts = append(parts, more...)
		if err != nil {
			return parts, err
		}
	}
	if s.rejects >= 0 && rejected > s.rejects {
		return parts, fmt.Errorf("%s rejected, more than max-rejects %d: see netshare.rejects", render.Noun(rejected, "record"), s.rejects)
	}
	return parts, nil
}

// misspelt says of a file that is not there which option it may have been meant
// for.
func (r *Runner) misspelt(s step, err error) error {
	for _, f := range s.files[1:] {
		if _, absent := os.Stat(r.file(f)); absent == nil || strings.ContainsAny(f, "./*?[") {
			continue
		}
		if word := nearest(optionName(f), s.loadOptions()); word != "" {
			return fmt.Errorf("%w; or is %s the option %s?", err, f, word)
		}
	}
	return err
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

// split holds some of a table out, in place of parts that are there.
func (r *Runner) split(ctx context.Context, s step) ([]Part, error) {
	parts, err := r.ws.Split(ctx, s.split)
	if err != nil {
		return nil, err
	}
	what := "session"
	switch {
	case parts.By == workspace.SplitByHost:
		what = "host"
	case parts.Column != "":
		what = "value"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s to learn from\n%s: %s held out, of %s", parts.Train.Name, render.Noun(parts.Train.Rows, "record"),
		parts.Holdout.Name, render.Noun(parts.Holdout.Rows, "record"), render.Noun(parts.HeldGroups, what))
	for _, n := range parts.Notes {
		fmt.Fprintf(&b, "\nnote: %s", n)
	}
	return []Part{textPart("%s", render.HarmlessLines(b.String()))}, nil
}

func (r *Runner) train(ctx context.Context, s step, tell func(Progress)) ([]Part, error) {
	if file, rest, found := strings.Cut(s.train.DP.Pretrain, ".duckdb:"); found { // of another workspace
		s.train.DP.Pretrain = r.file(file+".duckdb") + ":" + rest
	}
	l := newCurves(ctx, r.ws, tell)
	var t workspace.Trained
	var err error
	if s.run > 0 {
		t, err = r.ws.Resume(ctx, s.run, l.hooks())
	} else {
		t, err = r.ws.Train(ctx, s.table, s.train, l.hooks())
	}
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
	g := workspace.Generate{Table: s.other, Replace: true, Text: s.text, Options: s.generate}
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
	rep, err := r.ws.ReportWith(ctx, s.table, s.other, s.report)
	if err != nil {
		return nil, err
	}
	out, err := reportOf(rep)
	parts := []Part{{Report: out}}
	if err == nil && s.to != "" {
		err = rep.Write(r.file(s.to))
		parts = append(parts, textPart("%s", filepath.ToSlash(filepath.Join(s.to, "report.html"))))
	}
	return parts, err
}

// audit attacks a synthetic table.
func (r *Runner) audit(ctx context.Context, s step, tell func(Progress)) ([]Part, error) {
	done, err := r.attack(ctx, s.audit, tell)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if err := done.WriteText(&b); err != nil {
		return nil, err
	}
	text := textPart("%s", render.HarmlessLines(b.String()))
	text.Audit = &done
	parts := []Part{text}
	if s.to != "" {
		err = done.Write(r.file(s.to))
		parts = append(parts, textPart("%s", filepath.ToSlash(filepath.Join(s.to, "audit.html"))))
	}
	return parts, err
}

// attack makes an audit.
func (r *Runner) attack(ctx context.Context, a workspace.Audit, tell func(Progress)) (workspace.Audited, error) {
	tell(Progress{Step: "attacking", Share: -1, Text: cmp.Or(a.Synthetic, a.Real)})
	a.Progress = func(done, of int) {
		tell(Progress{Step: "attacking", Share: float64(done) / float64(of), Text: render.Noun(done, "shadow model")})
	}
	return r.ws.Audit(ctx, a)
}

// publish hands synthetic tables out.
func (r *Runner) publish(ctx context.Context, s step, tell func(Progress)) ([]Part, error) {
	p := s.publish
	p.Out, p.Allow = s.to, slices.Clone(p.Allow)
	for i, v := range p.Allow { // a file is beside the notebook
		if _, err := os.Stat(r.file(v)); err == nil {
			p.Allow[i] = r.file(v)
		}
	}
	return r.handOut(ctx, p, tell)
}

// handOut publishes, and says what was found and written.
func (r *Runner) handOut(ctx context.Context, p workspace.Publish, tell func(Progress)) ([]Part, error) {
	given := p.Out
	p.Out = r.file(p.Out)
	tell(Progress{Step: "publishing", Share: -1, Text: given})
	done, err := r.ws.Publish(ctx, p)
	if err != nil {
		return nil, err
	}
	found := "none found"
	if n := len(done.Found); n > 0 {
		found = render.Noun(n, "place") + " found, handed out by force"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: searched for %s real addresses and names, %s\n", given, render.Thousands(int64(done.Searched)), found)
	for i, l := range done.Found {
		if i == 10 {
			fmt.Fprintf(&b, "and %d more\n", len(done.Found)-i)
			break
		}
		fmt.Fprintf(&b, "real value %s of %s in %s\n", l.Value, l.Of, l.In)
	}
	for _, t := range done.Provenance.Tables {
		fmt.Fprintf(&b, "%s: %s; guarantee %s\n", t.Table, render.Noun(t.Records, "record"), t.Guarantee)
	}
	for _, f := range done.Files {
		fmt.Fprintf(&b, "%s: %s bytes\n", f.Name, render.Thousands(f.Bytes))
	}
	for _, n := range done.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return []Part{textPart("%s", render.HarmlessLines(b.String()))}, nil
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
	e, err := r.ws.ExportWith(ctx, s.table, r.file(s.to), s.export)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%s: %s, %s", s.to, e.Format, render.Noun(e.Rows, "record"))
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
