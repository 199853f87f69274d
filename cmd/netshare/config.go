package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"netshare/scripting/netsharecfg"
	"netshare/scripting/symbols/verbs"
	"netshare/workspace"
)

// isConfig reports whether a file is one of NetShare's configurations by its
// name.
func isConfig(path string) bool { return strings.EqualFold(filepath.Ext(path), ".json") }

// readConfig reads a configuration of NetShare's.
func readConfig(path, functions string) (*netsharecfg.Config, error) {
	for _, file := range []string{path, functions} {
		if file == "" {
			continue
		}
		if err := readable(file); err != nil {
			return nil, err
		}
	}
	return netsharecfg.Read(path, functions)
}

// runConfig does the standard steps as a configuration of NetShare's says.
func (f *synthFlags) runConfig(ctx context.Context, path, functions string, inputs []string) error {
	c, err := readConfig(path, functions)
	if err != nil {
		return err
	}
	if len(inputs) == 0 {
		inputs = c.Inputs
		if len(inputs) == 1 && strings.Contains(filepath.Base(inputs[0]), "*") {
			f.beside(filepath.Dir(inputs[0]))
		}
	}
	if len(inputs) == 0 {
		return usageError{errors.New("run needs the trace: give it with --input FILE, or name it in the configuration as original_data_file")}
	}
	p := newPrinter(f.global)
	for _, n := range c.Notes {
		p.note("%s: %s", path, n)
	}
	name := path
	if functions != "" {
		name = functions
	}
	script, err := verbs.Host().LoadSource(ctx, name, []byte(c.Text))
	if err != nil {
		return err
	}
	load := workspace.Load{Files: inputs, Recipe: &script.Recipe, RecipeFile: name, RecipeText: script.Source}
	switch {
	case len(f.inputs.protocols) > 0: // the command line comes first
	case f.inputs.withZeek && c.Protocol != "":
		f.inputs.protocols = []string{c.Protocol}
	default:
		f.events = c.Protocol
	}
	f.keep = !c.Overwrite
	f.csv = true
	given, err := f.training()
	if err != nil {
		return err
	}
	opts := c.Options(given)
	for i := range opts {
		if f.iterations != 0 && f.epochs == 0 { // the command line comes first
			opts[i].Epochs, opts[i].Iterations = 0, f.iterations
		}
		if err := f.assign(&opts[i]); err != nil {
			return err
		}
	}
	f.train, f.try = &opts[0], opts[1:]
	err = f.run(ctx, load)
	if errors.Is(err, workspace.ErrTableExists) {
		return fmt.Errorf("%s has the trace already, and %s says not to overwrite: name another --workspace, or say overwrite true in global_config", f.workspace, path)
	}
	return err
}

// beside has results go beside a folder, named after it, and not into it where
// they would be found as inputs.
func (f *synthFlags) beside(folder string) {
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	f.workspace = cmp.Or(f.workspace, folder+".duckdb")
	f.out = cmp.Or(f.out, folder+"-synth.csv")
	f.report = cmp.Or(f.report, folder+"-report")
}

// eventsOf has events be made of a planned load's captures; other inputs are
// read as they are.
func (f *synthFlags) eventsOf(l *workspace.Load, p *printer) {
	if ext := l.Extension(); ext != ".pcap" && ext != ".pcapng" {
		p.note("the input is no capture: it is read as it is, and no %s events are made", f.events)
		return
	}
	l.Protocols = []string{f.events}
	l.Table += "_" + f.events
}

func newRecipeImport(g *global) *cobra.Command {
	var out, functions string
	c := &cobra.Command{
		Use:   "import CONFIG.json [-o RECIPE.go]",
		Short: "Write the recipe that a configuration of NetShare's comes to",
		Long: `Read a configuration of NetShare's, the Python original, of either generation,
and write it as a recipe: its fields, the functions that they need, and a
function Run that learns with the configuration's settings. netshare run
CONFIG.json does the same without the detour. go doc
netshare/scripting/netsharecfg says what becomes of each key.`,
		Example: `  netshare recipe import config.json > recipe.go
  netshare recipe import config.json --recipe parse.go -o recipe.go`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			p := newPrinter(g)
			config, err := readConfig(args[0], functions)
			if err != nil {
				return err
			}
			text := config.Script()
			if _, err := verbs.Host().LoadSource(c.Context(), "the recipe of "+args[0], []byte(text)); err != nil {
				return err
			}
			for _, n := range config.Notes {
				p.note("%s: %s", args[0], n)
			}
			p.event("recipe", map[string]any{"file": out, "text": text})
			if out == "" {
				if !p.json {
					fmt.Fprint(p.out, text)
				}
				return nil
			}
			if _, err := os.Stat(out); err == nil {
				return fmt.Errorf("%s exists: name another file, or remove it first", out)
			}
			if err := os.WriteFile(out, []byte(text), 0o666); err != nil {
				return err
			}
			p.result("%s: the recipe of %s", out, args[0])
			return nil
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "file to write (default: standard output)")
	c.Flags().StringVar(&functions, "recipe", "", ".go file with the parse functions that the configuration names besides NetShare's own")
	return c
}
