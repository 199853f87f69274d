package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"netshare/workspace"
)

// inputFlags are the options of what is read, and how.
type inputFlags struct {
	header     string
	protocols  []string
	withZeek   bool
	maxRejects int64
}

func (f *inputFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.header, "header", workspace.HeaderOutermost, "of tunnelled packets (GRE, IP in IP, VXLAN, GTP ...), the IP header that is loaded: outermost, innermost")
	c.Flags().StringSliceVar(&f.protocols, "protocol", nil, "of captures, load events of these protocols in the columns of Zeek's logs: "+strings.Join(workspace.Protocols(), ", "))
	c.Flags().BoolVar(&f.withZeek, "with-zeek", false, "of captures, load the logs that an installed zeek makes of them: all, or those of --protocol")
	c.Flags().Int64Var(&f.maxRejects, "max-rejects", -1, "exit with 3 if more damaged records than this are left out (default: no limit)")
}

// on completes a load with the options.
func (f *inputFlags) on(l workspace.Load) workspace.Load {
	l.Header, l.Protocols, l.WithZeek, l.Stdin = f.header, f.protocols, f.withZeek, os.Stdin
	return l
}

// plan finds out what the inputs are. Faults of the command line alone are
// faults of usage.
func (f *inputFlags) plan(ctx context.Context, p *printer, l workspace.Load) (*workspace.Plan, error) {
	if f.header != workspace.HeaderOutermost && f.header != workspace.HeaderInnermost {
		return nil, usageError{fmt.Errorf("--header %s: choose %s or %s", f.header, workspace.HeaderOutermost, workspace.HeaderInnermost)}
	}
	for _, in := range l.Files {
		if in == workspace.StandardInput && isTerminal(os.Stdin) {
			return nil, usageError{errors.New("- is standard input, which is a terminal: pipe a trace into it")}
		}
	}
	plan, err := workspace.PlanLoad(ctx, f.on(l))
	if err == nil {
		p.planned(plan)
	}
	return plan, err
}

// exceeded is the error for more rejects than are allowed, nil for fewer.
func (f *inputFlags) exceeded(rejected int64) error {
	if f.maxRejects >= 0 && rejected > f.maxRejects {
		return rejectsError{rejected, f.maxRejects}
	}
	return nil
}

const loadHelp = `Load files into tables of schema raw.

The format is told by the content, whatever the file is called: pcap, pcapng,
Zeek logs (TSV and JSON), CSV with any delimiter, JSON lines, Parquet; plain,
gzip or zstd. An INPUT is a file, a folder (the traces in it, in natural order;
other files are named and left out), a pattern in quotes ('captures/*.pcap', **
for any depth), or - for standard input.

Files of one kind are one table: all captures, the Zeek logs of one path however
they were rotated, tables with the same columns. Of several kinds each is loaded
into a table of its own, named after its log or file; the plan is printed.

Tunnels: a packet's row is made of the outermost IP header, or with --header
innermost of the one within GRE, ERSPAN, IP in IP, 6in4, VXLAN, Geneve or GTP.

Records that can't be read are counted by reason and kept in netshare.rejects
with file, place and reason. Frames that hold no IP packet (ARP, LLDP, STP ...)
are skipped: they are kept and counted there too, but are no damage, and don't
count towards --max-rejects.

A model that ws export --model wrote is loaded too: ws generate then needs no
real trace. --table renames the table that it has learnt.`

func newLoad(g *global) *cobra.Command {
	var load workspace.Load
	var recipe string
	f := &inputFlags{}
	c := &cobra.Command{
		Use:   "load W INPUT...",
		Short: "Load files, folders or standard input into tables of schema raw",
		Long:  loadHelp,
		Example: `  netshare ws load lab.duckdb capture.pcap --table branch
  netshare ws load lab.duckdb 'captures/*.pcap.gz' --table branch --append
  netshare ws load lab.duckdb /var/log/zeek/2024-05-01
  netshare ws load lab.duckdb capture.pcap --protocol dns,conn
  netshare ws load other.duckdb flows.model
  tcpdump -w - -c 10000 | netshare ws load lab.duckdb - --table live`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			load.Files = args[1:]
			if len(load.Files) == 1 && workspace.IsModelFile(load.Files[0]) {
				return loadModel(c.Context(), newPrinter(g), args[0], load.Files[0], load.Table)
			}
			if load.Replace && load.Append {
				return usageError{errors.New("--replace and --append: a table is replaced or appended to, not both")}
			}
			if recipe != "" {
				script, err := loadRecipe(c.Context(), recipe)
				if err != nil {
					return err
				}
				load.Recipe, load.RecipeFile, load.RecipeText = &script.Recipe, recipe, script.Source
			}
			return f.load(c.Context(), newPrinter(g), args[0], load)
		},
	}
	c.Flags().StringVar(&load.Table, "table", "", "name of the table (default: the file's, of several kinds that of each log)")
	c.Flags().BoolVar(&load.Replace, "replace", false, "replace the table if it exists")
	c.Flags().BoolVar(&load.Append, "append", false, "add to the table if it exists; the columns must be the same")
	c.Flags().StringVar(&recipe, "recipe", "", "recipe that declares the fields (default: all columns, inferred)")
	f.add(c)
	return c
}

// loadModel brings a model into a workspace.
func loadModel(ctx context.Context, p *printer, path, file, table string) (err error) {
	ws, err := openWorkspace(ctx, path, p, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ws.Close()) }()
	m, err := ws.ImportModel(ctx, file, table)
	if err != nil {
		return err
	}
	p.event("imported", map[string]any{"run": m.Run, "model": m.ID, "table": m.Table, "bytes": m.Bytes})
	p.result("%s: model of %s, now run %d: generate with netshare ws generate %s --run %d --table %s", file, m.Table, m.Run, path, m.Run,
		strings.TrimPrefix(m.Table, "raw."))
	return nil
}

// load does the loads of a plan one after another. One that fails does not keep
// the others from being loaded, but the command fails.
func (f *inputFlags) load(ctx context.Context, p *printer, path string, l workspace.Load) (err error) {
	plan, err := f.plan(ctx, p, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plan.Close()) }()
	ws, err := openWorkspace(ctx, path, p, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave(ws, err)) }()
	var faults []error
	var rejected int64
	for _, one := range plan.Loads {
		one.Progress = p.loading
		done, err := ws.Load(ctx, one)
		if ctx.Err() != nil && err != nil {
			return err
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		printLoaded(ctx, p, ws, done)
		rejected += done.Rejected
	}
	switch len(plan.Loads) {
	case 1:
		err = errors.Join(faults...)
	default:
		if len(faults) > 0 {
			err = fmt.Errorf("%d of %d tables could not be loaded: %w", len(faults), len(plan.Loads), errors.Join(faults...))
		}
	}
	if err != nil {
		return err
	}
	return f.exceeded(rejected)
}

// leave closes a workspace. After a failure, one that this command made and
// that holds nothing is removed again.
func leave(ws *workspace.Workspace, failed error) error {
	var rejects rejectsError
	if failed == nil || errors.As(failed, &rejects) {
		return ws.Close()
	}
	return ws.Abandon()
}

// loading shows how far a load has come.
func (p *printer) loading(l workspace.LoadProgress) {
	p.progress("loading", l.Share, count(l.Records)+" records", 0)
}

// planned says what a load comes to, where it is more than one table of files
// that were named.
func (p *printer) planned(plan *workspace.Plan) {
	for _, s := range plan.Skipped {
		p.event("skipped", s)
		p.note("  left out %s: %s", printable(s.File), printable(s.Reason))
	}
	if len(plan.Loads) < 2 {
		return
	}
	for _, l := range plan.Loads {
		p.event("planned", map[string]any{"table": "raw." + l.Table, "files": l.Files})
		p.note("  raw.%s: %s", l.Table, few(l.Files))
	}
}

// few names the first of many files.
func few(files []string) string {
	if len(files) > 4 {
		return printable(fmt.Sprintf("%s and %d files more", strings.Join(files[:3], ", "), len(files)-3))
	}
	return printable(strings.Join(files, ", "))
}
