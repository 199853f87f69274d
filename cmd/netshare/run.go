package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"netshare/engine"
	"netshare/scripting"
	"netshare/scripting/symbols/verbs"
	"netshare/workspace"
)

func newRun(g *global) *cobra.Command {
	f := &synthFlags{global: g}
	var inputs []string
	var functions string
	c := &cobra.Command{
		Use:   "run RECIPE.go|CONFIG.json|NOTEBOOK.md [--input FILE] [-o OUT]",
		Short: "The steps of synth as a recipe, or a configuration of NetShare's, says; or a notebook's cells",
		Long: `Load, learn, generate and measure a trace whose fields a recipe declares.

A recipe is a .go file that names the fields, how they are parsed and how they
are transformed; netshare recipe new writes one from a trace. It is checked
before anything runs. Where it has a function

    func Run(ctx context.Context, ws *workspace.Workspace) error

that is called instead of the standard steps: ws.Given() is what the options
below say.

A .json file is a configuration of NetShare, the Python original, of either
generation: it is run as it stands, and the synthetic trace is a CSV with the
columns that it names. Keys that have nothing to act on are named. Parse
functions other than NetShare's own come from a .go file given with --recipe.

A .md file is a notebook: its cells are run from top to bottom, and the notebook
with what they show is written beside it as a page, NOTEBOOK.html or that of -o.
At the first cell that fails the run ends; what ran is kept in the workspace that
the notebook's header names.`,
		Example: `  netshare run examples/modbus/recipe.go --input modbus.log
  netshare run config.json --input flows.csv --epochs 40
  netshare run lab.md`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if isConfig(args[0]) {
				return f.runConfig(c.Context(), args[0], functions, inputs)
			}
			if isNotebook(args[0]) {
				var fault error
				c.Flags().Visit(func(flag *pflag.Flag) {
					if !slices.Contains([]string{"out", "workspace", "json", "quiet"}, flag.Name) && fault == nil {
						fault = usageError{fmt.Errorf("--%s is not for a notebook, whose cells say it: leave it out", flag.Name)}
					}
				})
				if fault != nil {
					return fault
				}
				return f.runNotebook(c.Context(), args[0])
			}
			if functions != "" {
				return usageError{errors.New("--recipe is for a configuration of NetShare's: a recipe has its functions itself")}
			}
			script, err := loadRecipe(c.Context(), args[0])
			if err != nil {
				return err
			}
			if script.Runs() {
				return f.runScript(c.Context(), script, inputs)
			}
			if len(inputs) == 0 {
				return usageError{errors.New("run needs the trace: give it with --input FILE")}
			}
			return f.run(c.Context(), workspace.Load{Files: inputs, Recipe: &script.Recipe, RecipeFile: args[0], RecipeText: script.Source})
		},
	}
	f.add(c)
	c.Flags().StringVar(&functions, "recipe", "", "of a configuration, a .go file with the parse functions that it names besides NetShare's own")
	c.Flags().StringArrayVar(&inputs, "input", nil, "file, folder, pattern or - of the real trace; may be given several times")
	return c
}

// loadRecipe reads and checks a recipe.
func loadRecipe(ctx context.Context, path string) (*scripting.Script, error) {
	if err := readable(path); err != nil {
		return nil, err
	}
	return verbs.Host().Load(ctx, path)
}

// runScript has a recipe script the steps itself.
func (f *synthFlags) runScript(ctx context.Context, script *scripting.Script, inputs []string) (err error) {
	p := newPrinter(f.global)
	opts, err := f.training()
	if err != nil {
		return err
	}
	if f.sessions < 0 {
		return usageError{fmt.Errorf("--sessions %d: want 0 or more", f.sessions)}
	}
	if f.holdout != 0 || f.holdoutBy != "" {
		return usageError{errors.New("--holdout with a recipe that scripts its steps: split the table there, with ws.Split")}
	}
	if workspace.AddressPolicy(f.addresses) != workspace.AddressesAsGenerated {
		return usageError{errors.New("--addresses with a recipe that scripts its steps: write the file there, with ws.ExportWith")}
	}
	if workspace.TextPolicy(f.text) != workspace.TextMadeUp {
		return usageError{errors.New("--text with a recipe that scripts its steps: set it there, as Text of ws.Generate")}
	}
	beside := script.File
	if len(inputs) > 0 && isFile(inputs[0]) {
		beside = inputs[0]
	}
	if f.workspace == "" {
		base := filepath.Base(beside)
		f.workspace = filepath.Join(filepath.Dir(beside), strings.TrimSuffix(base, filepath.Ext(base))+".duckdb")
	}
	given := workspace.Given{
		Inputs: inputs, Output: f.out, Report: f.report, Train: opts, Generate: f.generation(p),
		Hooks: engine.Hooks{Progress: p.training},
		Note: func(text string) {
			p.result("%s", printable(text))
			p.event("note", map[string]any{"text": text})
		},
	}
	given.Generate.Sessions = f.sessions
	ws, err := openGiven(ctx, f.workspace, p, false, given)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave(ws, err)) }()
	before, err := ws.Runs(ctx)
	if err != nil {
		return err
	}
	if err := script.Run(ctx, ws, ws.Busy); err != nil {
		return err
	}
	after, err := ws.Runs(ctx)
	if err != nil {
		return err
	}
	var rejected int64
	for _, r := range after[min(len(before), len(after)):] {
		p.result("run %d  %-8s %s: %s", r.ID, r.Verb, r.Table, r.Status)
		p.event("run", map[string]any{"run": r.ID, "verb": r.Verb, "table": r.Table, "status": r.Status, "rows": r.RowsIn, "rejected": r.RowsRejected})
		rejected += r.RowsRejected
		if r.Verb == "train" {
			if s, err := ws.StatementOf(ctx, r.ID, ""); err == nil { // none of a run that failed
				p.guarantee(s)
			}
		}
	}
	p.result("workspace  %s", f.workspace)
	p.event("done", map[string]any{"workspace": f.workspace})
	return f.inputs.exceeded(rejected)
}
