package terminal

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"netshare/scripting/symbols/verbs"
	"netshare/workspace"
	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// labCommands are the commands that work with the workspace rather than with
// the shell.
func labCommands() []command {
	return []command{
		{"compare", "REAL [SYNTHETIC] [COLUMN]...", "two tables over each other, or columns of them", 1, 50, compare},
		{"export", "TABLE FILE", "write a table to a file; without a schema, of synth", 2, 2, func(ctx context.Context, s *Shell, args []string) error {
			return s.runCell(ctx, notebook.KindExport, notebook.QuoteWords(args[:1])+" to "+notebook.QuoteWords(args[1:]))
		}},
		{"generate", "TABLE [as S] [sessions N] [seed N]", "make a synthetic table with the model of a table", 1, 20, generateWords},
		{"jobs", "[N]", "what runs in the background, or the losses of one", 0, 1, listJobs},
		{"load", "FILE... [[as] TABLE] [OPTION...]", "load files: " + notebook.Grammar(notebook.KindLoad), 1, 100, loadWords},
		{"notebook", "FILE|run|off", "keep what is typed as cells of a Markdown file, or run its cells", 0, 1, openNotebook},
		{"plot", "SPEC", "draw " + notebook.PlotGrammar, 1, 100, nil},
		{"profile", "TABLE", "what each column holds", 1, 1, profile},
		{"publish", "OUT TABLE...", "hand synthetic tables out: fresh files, searched for real values", 2, 50, publish},
		{"recipe", "FILE [TABLE]", "check a recipe, and have a table learnt by it", 1, 2, recipe},
		{"report", "REAL [SYNTHETIC]", "how faithful a synthetic table is", 1, 3, reportWords},
		{"sessions", "TABLE", "the longest sessions of a table", 1, 1, sessions},
		{"stop", "[N]", "stop a job; what a training learnt is kept", 0, 1, stopJob},
		{"train", "TABLE [OPTION...]", "learn a table in the background: " + strings.TrimPrefix(notebook.Grammar(notebook.KindTrain), "TABLE "), 1, 50, func(ctx context.Context, s *Shell, args []string) error {
			return s.background(ctx, notebook.KindTrain, notebook.QuoteWords(args))
		}},
		{"ui", "", "serve the notebook as a page, until the shell ends", 0, 0, serveUI},
	}
}

// loadWords loads files; the last word may be the table's name without as, if
// it is no file.
func loadWords(ctx context.Context, s *Shell, args []string) error {
	text := notebook.QuoteWords(args)
	if n := len(args); n > 1 && !slices.Contains(args, "as") {
		if len(notebook.LoadFiles(args)) == n && !existsFile(args[n-1]) && !strings.ContainsAny(args[n-1], "/*?.") {
			text = notebook.QuoteWords(args[:n-1]) + " as " + notebook.QuoteWords(args[n-1:])
		}
	}
	return s.runCell(ctx, notebook.KindLoad, text)
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
			return strings.EqualFold(t.Name.String(), notebook.FullName(args[0], "raw"))
		})
		if !known {
			if m, err := l.Workspace.ModelOf(ctx, 0, ""); err == nil {
				args = append([]string{notebook.BareName(m.Table), "as", args[0]}, args[1:]...)
			}
		}
	}
	return s.runCell(ctx, notebook.KindGenerate, notebook.QuoteWords(args))
}

func reportWords(ctx context.Context, s *Shell, args []string) error {
	if len(args) == 2 {
		args = []string{args[0], "against", args[1]}
	}
	return s.runCell(ctx, notebook.KindReport, notebook.QuoteWords(args))
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
		give, err := l.Jobs.Take(ctx, s.showProgress)
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
		fmt.Fprintf(s.out, "note: %s\n", render.Harmless(n))
	}
	for _, t := range done.Provenance.Tables {
		fmt.Fprintf(s.out, "%s: %s; guarantee %s\n", t.Table, render.Noun(t.Records, "record"), t.Guarantee)
	}
	fmt.Fprintf(s.out, "%s: searched for %s, none found\n", done.Path, render.Noun(done.Searched, "real value"))
	return nil
}

// recipe checks a recipe, and declares a table by it.
func recipe(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	script, err := verbs.Host().Load(ctx, args[0])
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
		return s.showPart(notebook.Part{Table: notebook.ColumnsPage(infos)})
	}
	page := notebook.NewPage("field", "kind")
	for _, f := range script.Recipe.Fields() {
		page.Add(f.Name, string(f.Kind))
	}
	fmt.Fprintf(s.out, "%s: recipe %s of %s\n", args[0], script.Recipe.Name, render.Noun(len(page.Rows), "field"))
	return s.showPart(notebook.Part{Table: page})
}

// plotLine draws a chart of what follows .plot.
func (s *Shell) plotLine(ctx context.Context, text string) error {
	return s.runCell(ctx, notebook.KindPlot, text)
}
