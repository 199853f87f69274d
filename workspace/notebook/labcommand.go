package notebook

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"netshare/eval/figure"
	"netshare/workspace"
)

// labCommands are the commands that work with the workspace rather than with
// the shell.
func labCommands() []command {
	return []command{
		{"compare", "REAL [SYNTHETIC] [COLUMN]...", "two tables over each other, or columns of them", 1, 50, compare},
		{"export", "TABLE FILE", "write a table to a file; without a schema, of synth", 2, 2, func(ctx context.Context, s *Shell, args []string) error {
			return s.runCell(ctx, KindExport, quoteWords(args[:1])+" to "+quoteWords(args[1:]))
		}},
		{"generate", "TABLE [as S] [sessions N] [seed N]", "make a synthetic table with the model of a table", 1, 20, generateWords},
		{"jobs", "[N]", "what runs in the background, or the losses of one", 0, 1, listJobs},
		{"load", "FILE... [[as] TABLE] [OPTION...]", "load files: " + Grammar(KindLoad), 1, 100, loadWords},
		{"notebook", "FILE|run|off", "keep what is typed as cells of a Markdown file, or run its cells", 0, 1, openNotebook},
		{"plot", "SPEC", "draw " + plotGrammar, 1, 100, nil},
		{"profile", "TABLE", "what each column holds", 1, 1, profile},
		{"publish", "OUT TABLE...", "hand synthetic tables out: fresh files, searched for real values", 2, 50, publish},
		{"recipe", "FILE [TABLE]", "check a recipe, and have a table learnt by it", 1, 2, recipe},
		{"report", "REAL [SYNTHETIC]", "how faithful a synthetic table is", 1, 3, reportWords},
		{"sessions", "TABLE", "the longest sessions of a table", 1, 1, sessions},
		{"stop", "[N]", "stop a job; what a training learnt is kept", 0, 1, stopJob},
		{"train", "TABLE [OPTION...]", "learn a table in the background: " + strings.TrimPrefix(Grammar(KindTrain), "TABLE "), 1, 50, func(ctx context.Context, s *Shell, args []string) error {
			return s.background(ctx, KindTrain, quoteWords(args))
		}},
		{"ui", "", "serve the notebook as a page, until the shell ends", 0, 0, serveUI},
	}
}

// quoteWords joins words so that they are read as the same again.
func quoteWords(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		if strings.ContainsAny(w, " \t\"") || w == "" {
			w = "'" + w + "'"
		} else if strings.Contains(w, "'") {
			w = `"` + w + `"`
		}
		out[i] = w
	}
	return strings.Join(out, " ")
}

// loadWords loads files; the last word may be the table's name without as, if
// it is no file.
func loadWords(ctx context.Context, s *Shell, args []string) error {
	text := quoteWords(args)
	if n := len(args); n > 1 && !slices.Contains(args, "as") {
		if st, err := parseStep(KindLoad, args); err == nil && len(st.files) == n && !existsFile(args[n-1]) && !strings.ContainsAny(args[n-1], "/*?.") {
			text = quoteWords(args[:n-1]) + " as " + quoteWords(args[n-1:])
		}
	}
	return s.runCell(ctx, KindLoad, text)
}

func existsFile(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// generateWords generates; a name that is no table but may be a new one is that
// of the synthetic table, if there is one model only.
func generateWords(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	if !slices.Contains(args, "as") {
		stamps, err := l.Workspace.Stamps(ctx)
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(stamps, func(t workspace.TableStamp) bool {
			return strings.EqualFold(t.Name.String(), full(args[0], "raw"))
		})
		if !known {
			if m, err := l.Workspace.ModelOf(ctx, 0, ""); err == nil {
				args = append([]string{bare(m.Table), "as", args[0]}, args[1:]...)
			}
		}
	}
	return s.runCell(ctx, KindGenerate, quoteWords(args))
}

func reportWords(ctx context.Context, s *Shell, args []string) error {
	if len(args) == 2 {
		args = []string{args[0], "against", args[1]}
	}
	return s.runCell(ctx, KindReport, quoteWords(args))
}

// publish hands synthetic tables out, into a place that is not there yet.
func publish(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	var done workspace.Published
	err = s.interruptible(ctx, func(ctx context.Context) error {
		defer s.endProgress()
		give, err := l.Jobs.take(ctx, s.showProgress)
		if err != nil {
			return err
		}
		defer give()
		done, err = l.Workspace.Publish(ctx, workspace.Publish{Out: args[0], Tables: args[1:]})
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range done.Notes {
		fmt.Fprintf(s.out, "note: %s\n", harmless(n))
	}
	for _, t := range done.Provenance.Tables {
		fmt.Fprintf(s.out, "%s: %s; guarantee %s\n", t.Table, noun(t.Records, "record"), t.Guarantee)
	}
	fmt.Fprintf(s.out, "%s: searched for %s, none found\n", done.Path, noun(done.Searched, "real value"))
	return nil
}

// profile shows a table's columns.
func profile(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	var p workspace.Profile
	err = s.interruptible(ctx, func(ctx context.Context) (err error) {
		p, err = l.Workspace.Profile(ctx, args[0])
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: %s\n", p.Table, noun(p.Rows, "row"))
	return s.showPart(Part{Table: profilePage(p)})
}

// profilePage is a profile as a table.
func profilePage(p workspace.Profile) *Page {
	page := &Page{Total: int64(len(p.Columns))}
	for _, c := range []struct{ name, typ string }{
		{"column", "VARCHAR"},
		{"type", "VARCHAR"},
		{"missing", "VARCHAR"},
		{"distinct", "BIGINT"},
		{"range", "VARCHAR"},
		{"histogram", "VARCHAR"},
		{"frequent values", "VARCHAR"},
	} {
		page.Columns = append(page.Columns, PageColumn{c.name, c.typ})
	}
	for _, c := range p.Columns {
		var counts []float64
		for _, b := range c.Histogram {
			counts = append(counts, float64(b.Count))
		}
		shape := spark(counts)
		if c.LogBins {
			shape += " log"
		}
		var top []string
		for _, v := range c.Top[:min(3, len(c.Top))] {
			top = append(top, fmt.Sprintf("%s %s", v.Value, percent(v.Share)))
		}
		missing := ""
		if c.Missing > 0 {
			missing = percent(c.MissingShare)
		}
		span := ""
		if c.Min != "" || c.Max != "" {
			span = clip(c.Min, 26) + " … " + clip(c.Max, 26)
		}
		row := []any{c.Name, typeName(string(c.Type)), missing, c.Distinct, span, shape, strings.Join(top, ", ")}
		page.Rows = append(page.Rows, jsonRow(row, make([]string, len(row))))
	}
	return page
}

func percent(share float64) string {
	if share > 0 && share < 0.001 {
		return "<0.1%"
	}
	return fmt.Sprintf("%.3g%%", math.Round(share*1000)/10)
}

// sessions shows the longest sessions of a table.
func sessions(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	table := full(args[0], "raw")
	real := table
	if strings.HasPrefix(table, "synth.") { // what a session is, the real table says
		tables, err := l.Workspace.Tables(ctx)
		if err != nil {
			return err
		}
		for _, t := range tables {
			if strings.EqualFold(t.Name.String(), table) && t.Imitates != "" {
				real = t.Imitates
			}
		}
	}
	r, err := l.Workspace.Recipe(ctx, real)
	if err != nil {
		return err
	}
	keys := r.KeyNames()
	if len(keys) == 0 {
		return fmt.Errorf("%s has no sessions: each of its records is learnt alone", table)
	}
	for i := range keys {
		keys[i] = quoteName(keys[i])
	}
	list := strings.Join(keys, ", ")
	schema, name, _ := strings.Cut(table, ".")
	columns := "count(*) AS records"
	if r.HasTime() {
		t := quoteName(r.Time.Name)
		columns += fmt.Sprintf(", min(%s) AS begins, max(%s) - min(%s) AS lasts", t, t, t)
	}
	sql := fmt.Sprintf("SELECT %s, %s FROM %s.%s GROUP BY %s ORDER BY records DESC, %s", list, columns, quoteName(schema), quoteName(name), list, list)
	return s.statement(ctx, sql)
}

// recipe checks a recipe, and declares a table by it.
func recipe(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	script, err := host().Load(ctx, args[0])
	if err != nil {
		return err
	}
	if !script.Declares() {
		return fmt.Errorf("%s declares no fields: it is run with netshare run %s", args[0], args[0])
	}
	if len(args) == 2 {
		if err := l.Workspace.Declare(ctx, args[1], &script.Recipe, args[0], script.Source); err != nil {
			return err
		}
		infos, err := l.Workspace.Describe(ctx, args[1])
		if err != nil {
			return err
		}
		return s.showPart(Part{Table: columnsPage(infos)})
	}
	page := &Page{Columns: []PageColumn{{"field", "VARCHAR"}, {"kind", "VARCHAR"}}}
	for _, f := range script.Recipe.Fields() {
		page.Rows = append(page.Rows, jsonRow([]any{f.Name, string(f.Kind)}, make([]string, 2)))
	}
	page.Total = int64(len(page.Rows))
	fmt.Fprintf(s.out, "%s: recipe %s of %s\n", args[0], script.Recipe.Name, noun(len(page.Rows), "field"))
	return s.showPart(Part{Table: page})
}

// compare shows two tables over each other: all columns in a table with a
// histogram of each, or the columns named as charts.
func compare(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	real := full(args[0], "raw")
	synth := "synth." + bare(real)
	columns := args[1:]
	if len(args) > 1 {
		synth, columns = full(args[1], "synth"), args[2:]
	}
	infos, err := l.Workspace.Describe(ctx, real)
	if err != nil {
		return err
	}
	if len(columns) > 0 {
		for _, name := range columns {
			spec := plotSpec{kind: figure.BarChart, value: name, tables: []string{real, synth}, top: 10}
			if i := slices.IndexFunc(infos, func(c workspace.ColumnInfo) bool { return strings.EqualFold(c.Name, name) }); i >= 0 && isAmount(infos[i]) {
				spec.kind = figure.CDFChart
			}
			c, err := chartOf(ctx, l.Workspace, spec)
			if err != nil {
				return err
			}
			if err := s.showPart(Part{Figure: &Figure{Title: spec.title(), Chart: c}}); err != nil {
				return err
			}
		}
		return nil
	}
	page := &Page{Columns: []PageColumn{{"column", "VARCHAR"}, {real, "VARCHAR"}, {synth, "VARCHAR"}, {"apart", "VARCHAR"}}}
	err = s.interruptible(ctx, func(ctx context.Context) error {
		for _, info := range infos {
			row, err := comparedColumn(ctx, l.Workspace, info, real, synth)
			if err != nil {
				return err
			}
			if row != nil {
				page.Rows = append(page.Rows, jsonRow(row, make([]string, len(row))))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Total = int64(len(page.Rows))
	if err := s.showPart(Part{Table: page}); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "apart: of numbers the greatest distance between the distributions of the bins shown, of others half the\nsum of differences in share; 0 % is alike, 100 % nothing in common. .report measures more, against real halves.")
	return nil
}

// isAmount reports whether a column's values are amounts and not names.
func isAmount(c workspace.ColumnInfo) bool {
	switch c.Kind {
	case "integer", "real", "timestamp":
		return true
	}
	return false
}

// comparedColumn is a line of compare, nil where the tables don't both have the
// column.
func comparedColumn(ctx context.Context, ws *workspace.Workspace, info workspace.ColumnInfo, real, synth string) ([]any, error) {
	spec := plotSpec{kind: figure.HistogramChart, value: info.Name, tables: []string{real, synth}, bins: 20, top: 12}
	if !isAmount(info) {
		spec.kind = figure.BarChart
	}
	c, err := chartOf(ctx, ws, spec)
	if err != nil {
		if ctx.Err() != nil || strings.Contains(err.Error(), "does not exist") {
			return nil, err
		}
		return nil, nil
	}
	if len(c.Series) != 2 {
		return nil, nil
	}
	a, b := c.Series[0].Y, c.Series[1].Y
	apart, sumA, sumB := 0.0, 0.0, 0.0
	if spec.kind == figure.HistogramChart {
		for i := range a {
			sumA, sumB = sumA+a[i], sumB+b[i]
			apart = max(apart, math.Abs(sumA-sumB))
		}
		return []any{info.Name, spark(a), spark(b), percent(apart / 100)}, nil
	}
	for i := range a {
		sumA, sumB = sumA+a[i], sumB+b[i]
		apart += math.Abs(a[i] - b[i])
	}
	apart += math.Abs((100 - sumA) - (100 - sumB)) // all others
	top := func(y []float64) string {
		var parts []string
		for i, l := range c.Labels[:min(3, len(c.Labels))] {
			parts = append(parts, clip(harmless(l), 18)+" "+percent(y[i]/100))
		}
		return strings.Join(parts, ", ")
	}
	return []any{info.Name, top(a), top(b), percent(apart / 200)}, nil
}

// plotLine draws a chart of what follows .plot.
func (s *Shell) plotLine(ctx context.Context, text string) error {
	return s.runCell(ctx, KindPlot, text)
}

// listJobs lists the jobs, or draws the losses of one.
func listJobs(_ context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	if len(args) == 1 {
		job, err := s.job(args[0])
		if err != nil {
			return err
		}
		return s.showLosses(job)
	}
	page := &Page{Columns: []PageColumn{{"job", "BIGINT"}, {"what", "VARCHAR"}, {"state", "VARCHAR"}, {"progress", "VARCHAR"}, {"since", "VARCHAR"}}}
	for _, job := range l.Jobs.List() {
		st := job.Status()
		progress := st.Progress.Step + " " + st.Progress.Text
		if st.Progress.Share >= 0 {
			progress = fmt.Sprintf("%.0f %%, %s", st.Progress.Share*100, st.Progress.Text)
		}
		if st.State != JobRunning {
			progress = harmless(st.Error)
		}
		end := st.Finished
		if end.IsZero() {
			end = s.Now()
		}
		row := []any{int64(st.ID), st.Name, string(st.State), progress, end.Sub(st.Started).Round(time.Second).String()}
		page.Rows = append(page.Rows, jsonRow(row, make([]string, len(row))))
	}
	page.Total = int64(len(page.Rows))
	return s.showPart(Part{Table: page})
}

// job finds a job by its number as it is typed.
func (s *Shell) job(word string) (*Job, error) {
	n, err := strconv.Atoi(word)
	if err != nil {
		return nil, fmt.Errorf("%q is no number of a job: see .jobs", word)
	}
	return s.lab.Jobs.Job(n)
}

// showLosses draws a training's losses so far.
func (s *Shell) showLosses(job *Job) error {
	c := &figure.Chart{Kind: figure.LineChart, XLabel: "epoch", YLabel: "loss", Series: []figure.Curve{{Name: "critic"}, {Name: "generator"}, {Name: "distance"}}}
	for _, e := range job.Epochs() {
		for i, v := range []float64{e.Losses.Critic, e.Losses.Generator, e.Losses.Distance} {
			c.Series[i].X = append(c.Series[i].X, float64(e.Epoch))
			c.Series[i].Y = append(c.Series[i].Y, v)
		}
	}
	st := job.Status()
	fmt.Fprintf(s.out, "job %d, %s: %s  %s\n", st.ID, harmless(st.Name), st.State, progressLine(st.Progress))
	if len(c.Series[0].X) < 2 {
		return nil
	}
	return s.showPart(Part{Figure: &Figure{Chart: c}})
}

func stopJob(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	var job *Job
	if len(args) == 1 {
		if job, err = s.job(args[0]); err != nil {
			return err
		}
	} else {
		var running []*Job
		for _, j := range l.Jobs.List() {
			if j.Status().State == JobRunning {
				running = append(running, j)
			}
		}
		switch len(running) {
		case 0:
			return errors.New("no job is running")
		case 1:
			job = running[0]
		default:
			return fmt.Errorf("%d jobs are running: say which: .jobs lists them", len(running))
		}
	}
	job.Stop()
	return s.interruptible(ctx, func(ctx context.Context) error {
		_, err := job.Wait(ctx)
		if ctx.Err() != nil {
			return err
		}
		s.tellJobs()
		return nil
	})
}

// serveUI serves the page in the background.
func serveUI(ctx context.Context, s *Shell, _ []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	if l.UI == nil {
		return errors.New("this program has no page")
	}
	if l.address == "" {
		name := ""
		if l.doc != nil {
			name = l.doc.Name
		}
		if l.address, l.endUI, err = l.UI(ctx, name); err != nil {
			return err
		}
	}
	fmt.Fprintln(s.out, l.address)
	return nil
}

// openNotebook begins, runs or ends a notebook.
func openNotebook(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 0 && l.doc == nil:
		return errors.New("no notebook is open: .notebook FILE.md opens one")
	case len(args) == 0:
		return s.listCells(ctx)
	case args[0] == "off":
		l.doc = nil
		return nil
	case args[0] == "run":
		if l.doc == nil {
			return errors.New("no notebook is open: .notebook FILE.md opens one")
		}
		return s.runNotebook(ctx)
	}
	if err := l.openNotebook(ctx, args[0]); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: %s; what is typed from now on is added to it, .notebook run runs it, .notebook off ends that\n",
		args[0], noun(len(l.doc.Cells), "cell"))
	return nil
}

// listCells lists the notebook's cells and how they stand.
func (s *Shell) listCells(ctx context.Context) error {
	l := s.lab
	states, err := l.note.States(ctx, l.doc)
	if err != nil {
		return err
	}
	page := &Page{Columns: []PageColumn{{"line", "BIGINT"}, {"kind", "VARCHAR"}, {"cell", "VARCHAR"}, {"state", "VARCHAR"}}}
	for i, c := range l.doc.Cells {
		first, _, _ := strings.Cut(c.Text, "\n")
		state := string(states[i].Status)
		if states[i].Why != "" {
			state += ": " + states[i].Why
		}
		if !c.Runs() {
			state = ""
		}
		row := []any{int64(c.Line), string(c.Kind), first, state}
		page.Rows = append(page.Rows, jsonRow(row, make([]string, len(row))))
	}
	page.Total = int64(len(page.Rows))
	return s.showPart(Part{Table: page})
}

// runNotebook runs the cells of the notebook, up to the first that fails.
func (s *Shell) runNotebook(ctx context.Context) error {
	l := s.lab
	if err := l.note.Check(l.doc); err != nil {
		return err
	}
	return s.interruptible(ctx, func(ctx context.Context) error {
		for _, c := range l.doc.Cells {
			if !c.Runs() {
				continue
			}
			fmt.Fprintf(s.out, "-- %s, line %d\n%s\n", c.Kind, c.Line, harmlessLines(c.Text))
			out, err := l.note.Run(ctx, *c, s.showProgress)
			s.endProgress()
			if err := errors.Join(s.showOutput(out), err); err != nil {
				return err
			}
		}
		return nil
	})
}

// runShell runs a command of the system.
func runShell(ctx context.Context, s *Shell, args []string) error {
	return s.interruptible(ctx, func(ctx context.Context) error {
		c := exec.CommandContext(ctx, "sh", "-c", strings.Join(args, " "))
		c.Stdin, c.Stdout, c.Stderr = nil, s.out, s.errOut
		if s.interactive {
			c.Stdin = os.Stdin
		}
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		return nil
	})
}
