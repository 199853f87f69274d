package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/format"
	"go/scanner"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"netshare/workspace"
)

const recipeHelp = `Write and check recipes: .go files that say what is learnt of a trace.

A recipe is an ordinary Go package of one file with a variable Recipe:

    package recipe

    import "netshare/workspace/trace"

    var Recipe = trace.Recipe{
        Name:     "flows",
        Time:     trace.Epoch("ts", trace.Second),
        Metadata: []trace.Field{trace.IP("srcip"), trace.IP("dstip"), trace.Port("dstport")},
        Series:   []trace.Field{trace.Integer("bytes").Encode(trace.EncodeLog), trace.Category("state")},
    }

Kinds of fields: IP, Port, Protocol, Category (with its choices), Integer, Real,
Boolean, Text, Epoch (a time in units), Timestamp (a time in a layout of package
time), Attributes and Values (lists), Embedded. Their methods refine them:
Range, Clamp, Of, Encode, InBits, Embed, Pretrained, NA, FillMissing,
RejectMissing, Mend, Parse, Format, Transform, Derive. Of the recipe: Key, Derived, Drop, Filter, Sequences,
FlowID, Read, Write; and a function Run, which scripts the steps itself. The
manual is the documentation of package netshare/scripting; go doc
netshare/workspace/trace lists the vocabulary.`

func newRecipe(g *global) *cobra.Command {
	c := &cobra.Command{
		Use:   "recipe",
		Short: "Write and check recipes: new, check, import, fmt",
		Long:  recipeHelp,
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newRecipeNew(g), newRecipeCheck(g), newRecipeImport(g), newRecipeFmt(g))
	return c
}

// temporary opens a workspace that is gone when close is called.
func temporary(ctx context.Context, p *printer) (ws *workspace.Workspace, remove func() error, err error) {
	dir, err := os.MkdirTemp("", "netshare-*")
	if err != nil {
		return nil, nil, err
	}
	if ws, err = openWorkspace(ctx, filepath.Join(dir, "recipe.duckdb"), p, false); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return ws, func() error { return errors.Join(ws.Close(), os.RemoveAll(dir)) }, nil
}

func newRecipeNew(g *global) *cobra.Command {
	var out string
	var inputs inputFlags
	c := &cobra.Command{
		Use:   "new INPUT... [-o RECIPE.go]",
		Short: "Write a recipe from a trace: what synth infers of it, as code",
		Example: `  netshare recipe new flows.csv -o recipe.go
  netshare run recipe.go --input flows.csv`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			ctx := c.Context()
			p := newPrinter(g)
			if out != "" {
				if _, err := os.Stat(out); err == nil {
					return fmt.Errorf("%s exists: name another file, or remove it first", out)
				}
			}
			load := workspace.Load{Files: args, Progress: p.loading}
			plan, err := inputs.plan(ctx, p, load)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, plan.Close()) }()
			if load, err = plan.One(); err != nil {
				return err
			}
			load.Progress = p.loading
			ws, remove, err := temporary(ctx, p)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, remove()) }()
			loaded, err := ws.Load(ctx, load)
			if err != nil {
				return err
			}
			text, err := ws.RecipeSource(ctx, loaded.Table.Name.String())
			if err != nil {
				return err
			}
			p.endBar()
			p.event("recipe", map[string]any{"file": out, "text": text})
			if out == "" {
				if !p.json {
					fmt.Fprint(p.out, text)
				}
				return nil
			}
			if err := os.WriteFile(out, []byte(text), 0o666); err != nil {
				return err
			}
			p.result("%s: %s of %s", out, plural(len(loaded.Table.Schema.Columns), "column"), strings.Join(load.Files, ", "))
			return nil
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "file to write (default: standard output)")
	inputs.add(c)
	return c
}

// checkedRecords is how many records recipe check looks at.
const checkedRecords = 1000

func newRecipeCheck(g *global) *cobra.Command {
	var inputs []string
	c := &cobra.Command{
		Use:   "check RECIPE.go [--input FILE]",
		Short: "Check a recipe, and with a trace show what it makes of its first 1,000 records",
		Long: `Load and type-check a recipe. With --input, run it on the first 1,000 records
and print the fields with examples of their values in the file, as they are
loaded, and as a transform has them learnt; what is rejected and why; and the
columns that the recipe neither declares nor drops.`,
		Example: `  netshare recipe check recipe.go --input flows.csv`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			ctx := c.Context()
			p := newPrinter(g)
			script, err := loadRecipe(ctx, args[0])
			if err != nil {
				return err
			}
			what := plural(len(script.Recipe.Declared()), "field")
			if script.Runs() {
				what += ", and a function Run"
			}
			if len(inputs) == 0 {
				p.result("%s: %s", args[0], what)
				p.event("checked", map[string]any{"recipe": args[0], "fields": len(script.Recipe.Declared()), "runs": script.Runs()})
				return nil
			}
			if !script.Declares() {
				return fmt.Errorf("%s declares no recipe that --input could be loaded by: leave --input out", args[0])
			}
			ws, remove, err := temporary(ctx, p)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, remove()) }()
			load := workspace.Load{Files: inputs, Recipe: &script.Recipe, RecipeFile: args[0], RecipeText: script.Source, Stdin: os.Stdin}
			v, err := ws.Preview(ctx, load, checkedRecords)
			if err != nil {
				return err
			}
			p.result("%s: %s", args[0], what)
			return p.preview(v)
		},
	}
	c.Flags().StringArrayVar(&inputs, "input", nil, "file of the real trace")
	return c
}

// preview shows what a recipe makes of a trace's first records.
func (p *printer) preview(v workspace.Preview) error {
	p.event("checked", v)
	if p.json {
		return nil
	}
	kept := fmt.Sprintf("of %s %s kept", plural(v.Records, "record"), count(v.Kept))
	if v.Filtered > 0 {
		kept += fmt.Sprintf(", %s filtered out", count(v.Filtered))
	}
	p.result("%s, %s rejected", kept, count(len(v.Rejects)))
	for i, r := range v.Rejects {
		if i == 5 {
			p.result("  and %d more", len(v.Rejects)-i)
			break
		}
		p.result("  %s", printable(r.String()))
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\n  field\tpart\tkind\tlearnt by\tin the file\tloaded\tlearnt")
	for _, f := range v.Fields {
		kind := string(f.Column.Kind)
		if f.Column.Unit != "" {
			kind += " (" + string(f.Column.Unit) + ")"
		}
		cells := []string{f.Column.Name, f.Role, kind, f.Encoding, strings.Join(f.Before, ", "), strings.Join(f.After, ", "), strings.Join(f.Learnt, ", ")}
		for i := range cells {
			cells[i] = printable(cells[i])
		}
		fmt.Fprintln(w, "  "+strings.Join(cells, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		p.result("%s", strings.TrimRight(line, "\n "))
	}
	if len(v.Unnamed) > 0 {
		p.result("\nneither declared nor dropped, so left out: %s", printable(strings.Join(v.Unnamed, ", ")))
	}
	for _, n := range v.Notes {
		p.result("%s", printable(n))
	}
	if v.Kept == 0 {
		return errors.New("no record is left: see the reasons above")
	}
	return nil
}

func newRecipeFmt(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "fmt RECIPE.go...",
		Short: "Format recipes as gofmt does, in place",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p := newPrinter(g)
			for _, path := range args {
				if err := readable(path); err != nil {
					return err
				}
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				neat, err := format.Source(text)
				if err != nil {
					var list scanner.ErrorList
					if errors.As(err, &list) && len(list) > 0 {
						return fmt.Errorf("%s:%d:%d: %s", path, list[0].Pos.Line, list[0].Pos.Column, list[0].Msg)
					}
					return fmt.Errorf("%s: %w", path, err)
				}
				if bytes.Equal(neat, text) {
					continue
				}
				if err := os.WriteFile(path, neat, 0o666); err != nil {
					return err
				}
				p.result("%s", path)
				p.event("formatted", map[string]any{"file": path})
			}
			return nil
		},
	}
}
