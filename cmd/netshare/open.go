package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"netshare/workspace"
	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
	"netshare/workspace/notebook/terminal"
)

func newOpen(g *global) *cobra.Command {
	var bail, page, readOnly bool
	var port int
	var file string
	var script scriptFlag
	c := &cobra.Command{
		Use:   "open W",
		Short: "The notebook in the terminal: SQL over the workspace",
		Long: `Open a workspace, which is made if it is absent, and ask it in SQL.

A statement ends with a semicolon and may go over several lines. Commands begin
with a dot: .help lists them; .load, .train, .report and their like do what the
program's other commands do. Go stands between a line go and a line end.
Statements and commands may also come from -c, from a file, or from standard
input.`,
		Example: `  netshare ws open lab.duckdb
  netshare ws open lab.duckdb -c "select count(*) from raw.branch" -c ".profile branch"
  netshare ws open lab.duckdb -f steps.sql
  echo "select count(*) from raw.branch;" | netshare ws open lab.duckdb --readonly`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			if page {
				if readOnly || len(script.sources) > 0 {
					return usageError{errors.New("--readonly, -c and -f are of the terminal: leave out --web")}
				}
				p := newPrinter(g)
				ws, err := openWorkspace(ctx, args[0], p, false)
				if err != nil {
					return err
				}
				return errors.Join(serveWeb(ctx, ws, file, port, p), ws.Close())
			}
			if port != 0 || file != "" {
				return usageError{errors.New("--port and --notebook are of the page: add --web")}
			}
			if len(script.sources) == 0 && terminal.Interactive(os.Stdin, os.Stdout) {
				// Ctrl-C is the notebook's: it stops a statement, not the program.
				ctx = context.WithoutCancel(ctx)
				signal.Reset(os.Interrupt)
			}
			p := newPrinter(g)
			ws, err := openWorkspace(ctx, args[0], p, readOnly)
			if err != nil {
				return err
			}
			defer ws.Close()
			engine := &shellEngine{ws: ws}
			defer engine.close()
			jobs := notebook.NewJobs()
			history, err := terminal.HistoryFile()
			if err != nil {
				history = ""
			}
			shell := terminal.Shell{
				Engine: engine, Name: strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])),
				History: history, Bail: bail, Script: script.sources, Quit: len(script.sources) > 0,
				Lab: &terminal.Lab{Workspace: ws, Jobs: jobs, UI: func(ctx context.Context, file string) (string, func(), error) {
					return serveBeside(ctx, ws, jobs, file)
				}},
			}
			return shell.Run(ctx, os.Stdin, os.Stdout, os.Stderr)
		},
	}
	c.Flags().BoolVar(&page, "web", false, "serve the notebook as a page for this machine's browser instead, until Ctrl-C")
	c.Flags().IntVar(&port, "port", 0, "port of the page; by default one that stays the same for a workspace")
	c.Flags().StringVar(&file, "notebook", "", "the page's document, a Markdown file; by default beside the workspace, with its name")
	c.Flags().BoolVar(&bail, "bail", false, "end at the first statement that fails of -c, -f or standard input")
	c.Flags().VarP(&script, "command", "c", "run statements or commands with a dot, and end; may be given several times")
	c.Flags().VarP(script.files(), "file", "f", "run a file of statements and commands, and end; may be given several times")
	c.Flags().BoolVar(&readOnly, "readonly", false, "change nothing in the workspace, which must exist")
	return c
}

// scriptFlag gathers what -c and -f give, in the order in which they stand.
type scriptFlag struct {
	sources []terminal.Source
	file    bool
	all     *scriptFlag // of -f, where to gather; nil for itself
}

// files returns the flag of files that gathers in f.
func (f *scriptFlag) files() *scriptFlag { return &scriptFlag{file: true, all: f} }

func (f *scriptFlag) String() string { return "" }

func (f *scriptFlag) Type() string {
	if f.file {
		return "file"
	}
	return "text"
}

func (f *scriptFlag) Set(value string) error {
	if f.file {
		f.all.sources = append(f.all.sources, terminal.Source{File: value})
		return nil
	}
	f.sources = append(f.sources, terminal.Source{Text: value})
	return nil
}

// shellEngine lets the notebook speak to a workspace over one connection, so
// that what a statement sets holds for those after it.
type shellEngine struct {
	ws      *workspace.Workspace
	console *workspace.Console
}

func (e *shellEngine) Query(ctx context.Context, sql string) (render.Result, error) {
	if e.console == nil {
		c, err := e.ws.Console(ctx)
		if err != nil {
			return nil, err
		}
		e.console = c
	}
	r, err := e.console.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	tellSkipped(os.Stderr, r)
	return shellResult{r}, nil
}

// tellSkipped says what read_pcap and its like left out of a query.
func tellSkipped(w io.Writer, r *workspace.Result) {
	if len(r.Skipped) == 0 {
		return
	}
	var parts []string
	for _, s := range r.Skipped {
		parts = append(parts, fmt.Sprintf("%s (%s)", printable(s.Reason), count(s.Count)))
	}
	fmt.Fprintf(w, "left out of the files read: %s\n", strings.Join(parts, ", "))
}

func (e *shellEngine) Complete(ctx context.Context, text string) ([]terminal.Completion, error) {
	found, err := e.ws.Complete(ctx, text)
	if err != nil {
		return nil, err
	}
	out := make([]terminal.Completion, len(found))
	for i, f := range found {
		out[i] = terminal.Completion{Text: f.Text, Start: f.Start}
	}
	return out, nil
}

func (e *shellEngine) close() {
	if e.console != nil {
		e.console.Close()
	}
}

// shellResult is a workspace's result as the notebook reads it.
type shellResult struct{ *workspace.Result }

func (r shellResult) Columns() []string {
	names := make([]string, len(r.Result.Columns))
	for i, c := range r.Result.Columns {
		names[i] = c.Name
	}
	return names
}

func (r shellResult) Types() []string {
	types := make([]string, len(r.Result.Columns))
	for i, c := range r.Result.Columns {
		types[i] = c.Type
	}
	return types
}

// query writes the result of a query.
func query(ctx context.Context, ws *workspace.Workspace, sql string, mode render.Mode, w io.Writer) error {
	r, err := ws.Query(ctx, sql)
	if err != nil {
		return err
	}
	tellSkipped(os.Stderr, r)
	style := render.DefaultStyle()
	style.Mode = mode
	_, err = render.Write(w, shellResult{r}, style)
	return errors.Join(err, r.Close())
}
