package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"netshare/engine"
	"netshare/workspace"
	"netshare/workspace/notebook/render"
)

func newWorkspace(g *global) *cobra.Command {
	c := &cobra.Command{
		Use:   "ws",
		Short: "Work with a workspace: load, train, generate, report, export, SQL",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newOpen(g), newLoad(g), newSplit(g), newTrain(g), newGenerate(g), newReport(g), newAudit(g), newPublish(g), newExport(g), newProfile(g), newSQL(g), newRuns(g), newInfo(g), newCheck(g))
	return c
}

// inWorkspace runs fn on the workspace at path, which must exist.
func inWorkspace(c *cobra.Command, g *global, path string, readOnly bool, fn func(*printer, *workspace.Workspace) error) error {
	p := newPrinter(g)
	ws, err := openExisting(c.Context(), path, p, readOnly)
	if err != nil {
		return err
	}
	return errors.Join(fn(p, ws), ws.Close())
}

func newTrain(g *global) *cobra.Command {
	f := &synthFlags{global: g}
	var table, recipe string
	var resume int64
	c := &cobra.Command{
		Use:   "train W --table T | --resume RUN",
		Short: "Learn a table of schema raw",
		Long: `Learn a table of schema raw.

A run that was cancelled, or cut off with its process, can be gone on with:
--resume RUN comes to the model that the run would have come to, bit for bit,
as long as table, recipe and program are the same. Its options are its own.
netshare ws runs W lists the runs.`,
		Example: `  netshare ws train lab.duckdb --table branch --time 2m
  netshare ws train lab.duckdb --resume 3`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			opts, err := f.training()
			if err != nil {
				return err
			}
			resumed := c.Flags().Changed("resume")
			if err := resumeAlone(c, resumed); err != nil {
				return err
			}
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				if recipe != "" {
					script, err := loadRecipe(c.Context(), recipe)
					if err != nil {
						return err
					}
					if err := ws.Declare(c.Context(), table, &script.Recipe, recipe, script.Source); err != nil {
						return err
					}
				}
				began := time.Now()
				var t workspace.Trained
				if resumed {
					t, err = ws.Resume(c.Context(), resume, engine.Hooks{Progress: p.training})
				} else {
					t, err = ws.Train(c.Context(), table, opts, engine.Hooks{Progress: p.training})
				}
				if err != nil {
					return p.resumable(c.Context(), args[0], t.Run, err)
				}
				p.trained(t)
				p.result("run %d: learnt %s: %s, %s in %s", t.Run, t.Table, plural(t.Epochs, "epoch"), plural(t.Iterations, "iteration"), short(time.Since(began)))
				return nil
			})
		},
	}
	c.Flags().StringVar(&table, "table", "", "table to learn")
	c.Flags().StringVar(&recipe, "recipe", "", "recipe that declares what is learnt of the table (default: as it was loaded)")
	c.Flags().Int64Var(&resume, "resume", 0, "training run to go on with, in place of all other options")
	f.addTraining(c)
	return c
}

// resumeAlone refuses what a resumed run can't change, and a training of no
// table.
func resumeAlone(c *cobra.Command, resumed bool) error {
	if !resumed {
		if !c.Flags().Changed("table") {
			return usageError{errors.New(`required flag(s) "table" not set`)}
		}
		return nil
	}
	var others []string
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "resume" && f.Name != "json" && f.Name != "quiet" {
			others = append(others, "--"+f.Name)
		}
	})
	if len(others) > 0 {
		return usageError{fmt.Errorf("--resume goes on with the run's own options: leave out %s", strings.Join(others, ", "))}
	}
	return nil
}

// resumable tells of a training that was cancelled how to go on with it.
func (p *printer) resumable(ctx context.Context, path string, run int64, err error) error {
	if run > 0 && cancelled(ctx, err) {
		p.note("run %d can be gone on with: netshare ws train %s --resume %d", run, path, run)
	}
	return err
}

func newGenerate(g *global) *cobra.Command {
	f := &synthFlags{global: g}
	var run int64
	var table, of string
	var replace bool
	c := &cobra.Command{
		Use:     "generate W --table S",
		Short:   "Generate a synthetic table of schema synth with a trained model",
		Example: `  netshare ws generate lab.duckdb --table branch --sessions 2000`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if f.sessions < 0 {
				return usageError{fmt.Errorf("--sessions %d: want 0 or more", f.sessions)}
			}
			given := f.generation(nil)
			given.Sessions = f.sessions
			if err := errors.Join(given.Validate(), workspace.TextPolicy(f.text).Validate()); err != nil {
				return usageError{err}
			}
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				model, err := ws.ModelOf(c.Context(), run, of)
				if err != nil {
					return err
				}
				opts := f.generation(p)
				opts.Sessions = f.sessions
				m, err := ws.Generate(c.Context(), model.ID, workspace.Generate{Table: table, Replace: replace, Text: workspace.TextPolicy(f.text), Options: opts})
				if err != nil {
					return err
				}
				printMade(p, m)
				p.result("%s: %s, %s", m.Table.Name, plural(m.Sessions, "session"), plural(m.Records, "record"))
				return nil
			})
		},
	}
	c.Flags().StringVar(&table, "table", "", "table to make")
	c.Flags().Int64Var(&run, "run", 0, "training run whose model is used (default: the latest)")
	c.Flags().StringVar(&of, "of", "", "real table whose latest model is used")
	f.addGeneration(c)
	c.Flags().BoolVar(&replace, "replace", false, "replace the table if it exists")
	required(c, "table")
	return c
}

func newReport(g *global) *cobra.Command {
	var real, synthetic, dir string
	var compare []string
	var o workspace.ReportOptions
	c := &cobra.Command{
		Use:   "report W --real T --synthetic S -o DIR",
		Short: "Measure a synthetic table against a real one",
		Long: `Measure a synthetic table against a real one and write DIR/report.html,
DIR/report.json and DIR/figures. With --compare several synthetic tables stand
side by side, the best first, and each has a report in a folder of its own.

--tasks also does what the trace is used for: five classifiers predict the kind of
traffic (--label), learning from the synthetic trace and from the real one; three
sketches estimate heavy hitters; five detectors look for anomalies.`,
		Example: `  netshare ws report lab.duckdb --real branch --synthetic branch -o report
  netshare ws report lab.duckdb --real branch --compare small large private -o choice
  netshare ws report lab.duckdb --real flows --tasks --label type -o report`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) > 1 && len(compare) == 0:
				return usageError{fmt.Errorf("%q: want one workspace; name several tables with --compare", args[1])}
			case len(compare) > 0 && synthetic != "":
				return usageError{errors.New("--synthetic and --compare: use one of them")}
			case o.Label != "" && !o.Tasks:
				return usageError{errors.New("--label is for --tasks: add it")}
			}
			compare = append(compare, args[1:]...)
			if err := folder(dir); err != nil {
				return err
			}
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				if len(compare) > 0 {
					r, err := ws.CompareTables(c.Context(), real, compare, o)
					if err != nil {
						return err
					}
					if err := r.Write(dir); err != nil {
						return err
					}
					return p.printCompared(r, dir)
				}
				r, err := ws.ReportWith(c.Context(), real, synthetic, o)
				if err != nil {
					return err
				}
				if err := r.Write(dir); err != nil {
					return err
				}
				p.printReport(r, dir)
				p.result("\nreport %s/report.html", dir)
				return nil
			})
		},
	}
	c.Flags().StringVar(&real, "real", "", "the real table")
	c.Flags().StringVar(&synthetic, "synthetic", "", "the synthetic table (default: that of the same name)")
	c.Flags().StringSliceVar(&compare, "compare", nil, "several synthetic tables side by side: --compare A B C")
	c.Flags().BoolVar(&o.Tasks, "tasks", false, "also do what the trace is used for: prediction, sketches, anomaly detection")
	c.Flags().StringVar(&o.Label, "label", "", "with --tasks, the column that is predicted (default: a category by its name, else the protocol)")
	c.Flags().StringVarP(&dir, "out", "o", "", "folder to write to")
	required(c, "real", "out")
	return c
}

func newExport(g *global) *cobra.Command {
	var table, format, addresses string
	var model int64
	c := &cobra.Command{
		Use:   "export W --table S | --model RUN OUT",
		Short: "Write a table to a file: .pcap .pcapng .csv .parquet .jsonl .log; or a model",
		Long: `Write a table to a file. The extension names the format, with .gz or .zst after
it a compressed one; where it is that of the trace itself, values are written as
the trace's own file had them. A flow table is written to a capture in packets
that sum up to it. With - for OUT it goes to standard output, in the format that
--format names as an extension would.

With --model it is the model of a training run that is written. ws load brings
it into another workspace, where ws generate needs no real trace.`,
		Example: `  netshare ws export lab.duckdb --table branch branch-synth.pcap
  netshare ws export lab.duckdb --table flows flows-synth.pcap.gz
  netshare ws export lab.duckdb --table raw.flows - --format csv | head
  netshare ws export lab.duckdb --model 3 flows.model`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("model") == c.Flags().Changed("table") {
				return usageError{errors.New(`one of "table" and "model" not set: name a table, or a training run`)}
			}
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				if table == "" {
					m, err := ws.ExportModel(c.Context(), model, args[1])
					if err != nil {
						return err
					}
					p.event("exported", map[string]any{"path": args[1], "format": "model", "run": m.Run, "table": m.Table, "bytes": m.Bytes})
					p.result("%s: model of %s, run %d, %s bytes", args[1], m.Table, m.Run, count(m.Bytes))
					return nil
				}
				if args[1] == "-" {
					if addresses != string(workspace.AddressesAsGenerated) {
						return errors.New("--addresses is for a file: name one")
					}
					if format == "" {
						return errors.New("- has no extension: name its format: --format csv")
					}
					e, err := ws.ExportTo(c.Context(), table, os.Stdout, format)
					for _, warning := range e.Warnings {
						p.note("%s", warning)
					}
					return err
				}
				e, err := ws.ExportWith(c.Context(), table, args[1], workspace.ExportOptions{Addresses: workspace.AddressPolicy(addresses)})
				if err != nil {
					return err
				}
				p.exported(e)
				p.result("%s: %s, %s", e.Path, e.Format, plural(e.Rows, "record"))
				return nil
			})
		},
	}
	c.Flags().StringVar(&table, "table", "", "table to write; without its schema, of synth")
	c.Flags().Int64Var(&model, "model", 0, "training run whose model is written, instead of a table")
	c.Flags().StringVar(&format, "format", "", "format of standard output: csv, tsv, jsonl, log, pcap, pcapng")
	addressFlag(c, &addresses, workspace.AddressesAsGenerated, "what becomes of a synthetic table's addresses")
	return c
}

// exported tells of a file that was written.
func (p *printer) exported(e workspace.Exported) {
	for _, warning := range e.Warnings {
		p.note("%s", warning)
	}
	fields := map[string]any{"path": e.Path, "format": e.Format, "rows": e.Rows}
	if len(e.Warnings) > 0 {
		fields["warnings"] = e.Warnings
	}
	p.event("exported", fields)
}

func newProfile(g *global) *cobra.Command {
	var table string
	c := &cobra.Command{
		Use:   "profile W --table T",
		Short: "What each column of a table holds",
		Long: `What each column of a table holds: its part in what is learnt, its kind, how many
values are missing and different, least, middle and largest value, a histogram
(on a logarithmic scale where a few values are much larger than all others), and
the most frequent values with their share of the rows. --json has more of each,
and how it is learnt.`,
		Example: `  netshare ws profile lab.duckdb --table branch
  netshare ws profile lab.duckdb --table synth.branch`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				profile, err := ws.Profile(c.Context(), table)
				if err != nil {
					return err
				}
				p.event("profile", profile)
				if !p.json {
					printProfile(p, profile)
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&table, "table", "", "table to look at; without its schema, of raw")
	required(c, "table")
	return c
}

func newRuns(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "runs W",
		Short: "All that was done with a workspace",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				runs, err := ws.Runs(c.Context())
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
				if !p.json {
					fmt.Fprintln(w, "run\tverb\ttable\tstatus\tbegan\ttook\trecords\trejected\tseed\terror")
				}
				for _, r := range runs {
					took := ""
					if !r.Finished.IsZero() {
						took = short(r.Finished.Sub(r.Started))
					}
					if p.json {
						p.event("run", map[string]any{
							"run": r.ID, "verb": r.Verb, "table": r.Table, "status": r.Status, "started": r.Started,
							"took": took, "rows": r.RowsIn, "rejected": r.RowsRejected, "seed": r.Seed, "error": r.Error,
						})
						continue
					}
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", r.ID, r.Verb, r.Table, r.Status,
						r.Started.Format("2006-01-02 15:04:05"), took, count(r.RowsIn), count(r.RowsRejected), r.Seed, printable(r.Error))
				}
				return w.Flush()
			})
		},
	}
}

func newInfo(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "info W",
		Short: "What a workspace holds",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				tables, err := ws.Tables(c.Context())
				if err != nil {
					return err
				}
				info, err := os.Stat(args[0])
				if err != nil {
					return err
				}
				p.result("%s: %s bytes, %s", args[0], count(info.Size()), plural(len(tables), "table"))
				w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
				if !p.json && len(tables) > 0 {
					fmt.Fprintln(w, "table\trecords\tcolumns\tformat\tfrom\tchanged")
				}
				for _, t := range tables {
					from := t.Imitates
					for _, s := range t.Sources {
						from = s.File
					}
					if p.json {
						p.event("table", map[string]any{
							"table": t.Name.String(), "rows": t.Rows, "columns": t.Schema.Columns, "format": t.Schema.Format,
							"sources": t.Sources, "imitates": t.Imitates, "changed": t.Changed,
						})
						continue
					}
					fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", t.Name, count(t.Rows), len(t.Schema.Columns), t.Schema.Format, printable(from), t.Changed.Format("2006-01-02 15:04:05"))
				}
				if err := w.Flush(); err != nil {
					return err
				}
				return p.models(c.Context(), ws)
			})
		},
	}
}

// models lists the models of a workspace.
func (p *printer) models(ctx context.Context, ws *workspace.Workspace) error {
	models, err := ws.Models(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	if !p.json && len(models) > 0 {
		fmt.Fprintln(w, "\nmodel\trun\tof\tepochs\tsessions\trecords\tbytes\tprivacy\tmade")
	}
	for _, m := range models {
		epsilon := ""
		if m.Privacy != nil {
			epsilon = fmt.Sprintf("epsilon %g", m.Privacy.Epsilon)
		}
		if p.json {
			p.event("model", map[string]any{
				"model": m.ID, "run": m.Run, "table": m.Table, "epochs": m.Epochs, "sessions": m.Sessions, "rows": m.Records,
				"bytes": m.Bytes, "privacy": m.Privacy, "created": m.Created,
			})
			continue
		}
		fmt.Fprintf(w, "%d\t%d\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", m.ID, m.Run, m.Table, m.Epochs, count(m.Sessions), count(m.Records),
			count(m.Bytes), epsilon, m.Created.Format("2006-01-02 15:04:05"))
	}
	return w.Flush()
}

func newSQL(g *global) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "sql W QUERY",
		Short:   "Ask a workspace in SQL",
		Example: `  netshare ws sql lab.duckdb "select dstport, count(*) from synth.branch group by all" --format csv`,
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			mode, err := render.ParseMode(format)
			if err != nil {
				return usageError{err}
			}
			if g.json && !c.Flags().Changed("format") {
				mode = render.ModeJSONLines
			}
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				return query(c.Context(), ws, args[1], mode, p.out)
			})
		},
	}
	c.Flags().StringVar(&format, "format", "duckbox", "how the result is written: duckbox, box, csv, tabs, json, jsonlines, markdown, line, list")
	return c
}

func required(c *cobra.Command, names ...string) {
	for _, n := range names {
		if err := c.MarkFlagRequired(n); err != nil {
			panic(err)
		}
	}
}
