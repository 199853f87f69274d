package terminal

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"netshare/engine"
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
		{"audit", "REAL [SYNTHETIC] [OPTION...]", "attack a synthetic table, in the background" + grammar(notebook.KindAudit), 1, 20, func(ctx context.Context, s *Shell, args []string) error {
			return s.background(ctx, notebook.KindAudit, notebook.QuoteWords(against(args)))
		}},
		{"export", "TABLE FILE [OPTION...]", "write a table to a file; without a schema, of synth" + grammar(notebook.KindExport), 2, 10, func(ctx context.Context, s *Shell, args []string) error {
			return s.runCell(ctx, notebook.KindExport, notebook.QuoteWords(withWord(args, 1, "to")))
		}},
		{"generate", "TABLE [as S] [OPTION...]", "make a synthetic table with the model of a table" + grammar(notebook.KindGenerate), 1, 40, generateWords},
		{"jobs", "[N]", "what runs in the background, or the losses of one", 0, 1, listJobs},
		{"load", "FILE... [[as] TABLE] [OPTION...]", "load files" + grammar(notebook.KindLoad), 1, 100, loadWords},
		{"notebook", "FILE|run|off", "keep what is typed as cells of a Markdown file, or run its cells", 0, 1, openNotebook},
		{"plot", "SPEC", "draw " + notebook.PlotGrammar, 1, 100, nil},
		{"profile", "TABLE", "what each column holds", 1, 1, profile},
		{"publish", "OUT TABLE... [OPTION...]", "hand synthetic tables out, fresh files, searched for real values" + grammar(notebook.KindPublish), 2, 100, publish},
		{"recipe", "FILE [TABLE]", "check a recipe, and have a table learnt by it", 1, 2, recipe},
		{"report", "REAL [SYNTHETIC] [OPTION...]", "how faithful a synthetic table is" + grammar(notebook.KindReport), 1, 10, func(ctx context.Context, s *Shell, args []string) error {
			return s.runCell(ctx, notebook.KindReport, notebook.QuoteWords(against(args)))
		}},
		{"sessions", "TABLE", "the longest sessions of a table", 1, 1, sessions},
		{"split", "TABLE [OPTION...]", "hold some of a table out before it is learnt" + grammar(notebook.KindSplit), 1, 20, func(ctx context.Context, s *Shell, args []string) error {
			return s.runCell(ctx, notebook.KindSplit, notebook.QuoteWords(args))
		}},
		{"stop", "[N]", "stop a job; what a training learnt is kept", 0, 1, stopJob},
		{"train", "TABLE [OPTION...]", "learn a table in the background" + grammar(notebook.KindTrain), 1, 100, trainWords},
		{"ui", "", "serve the notebook as a page, until the shell ends", 0, 0, serveUI},
	}
}

// grammar is what a kind of cell takes, as a command's help has it.
func grammar(kind notebook.Kind) string { return grammarMark + notebook.Grammar(kind) }

// trainWords trains in the background, or lists the settings that can be given.
func trainWords(ctx context.Context, s *Shell, args []string) error {
	if n := len(args); n > 1 && strings.TrimPrefix(args[n-2], "--") == "set" && args[n-1] == "help" {
		fmt.Fprintln(s.out, engine.SettingsHelp())
		return nil
	}
	return s.background(ctx, notebook.KindTrain, notebook.QuoteWords(args))
}

// withWord puts a word before the argument at i, if it does not stand there.
func withWord(args []string, i int, word string) []string {
	if len(args) <= i || slices.Contains(args, word) {
		return args
	}
	return slices.Insert(slices.Clone(args), i, word)
}

// against reads REAL SYNTHETIC as REAL against SYNTHETIC.
func against(args []string) []string {
	if len(args) > 1 && !notebook.IsOption(notebook.KindReport, args[1]) && !notebook.IsOption(notebook.KindAudit, args[1]) {
		return withWord(args, 1, "against")
	}
	return args
}

// loadWords loads files; the last name may be the table's without as, if it is
// no file.
func loadWords(ctx context.Context, s *Shell, args []string) error {
	names := notebook.LoadFiles(args)
	if n := len(names); n > 1 && !slices.Contains(args, "as") && !existsFile(names[n-1]) && !strings.ContainsAny(names[n-1], "/*?.") {
		args = withWord(args, n-1, "as")
	}
	return s.runCell(ctx, notebook.KindLoad, notebook.QuoteWords(args))
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

// publish hands synthetic tables out; the place may stand first.
func publish(ctx context.Context, s *Shell, args []string) error {
	if !slices.Contains(args, "to") {
		names, options := notebook.PublishTables(args)
		if len(names) < 2 {
			return fmt.Errorf("publish of no table: want .publish OUT TABLE [TABLE], or %s", notebook.Grammar(notebook.KindPublish))
		}
		args = slices.Concat(names[1:], []string{"to", names[0]}, options)
	}
	return s.runCell(ctx, notebook.KindPublish, notebook.QuoteWords(args))
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
