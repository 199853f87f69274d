package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"netshare/engine"
	"netshare/engine/codec"
	"netshare/workspace"
)

// synthFlags are the options of synth and run.
type synthFlags struct {
	global     *global
	inputs     inputFlags
	out        string
	workspace  string
	report     string
	epochs     int
	time       time.Duration
	iterations int
	sessions   int
	calibrate  offFlag
	given      []string
	records    int
	from, to   string
	span       time.Duration
	memory     bytesFlag
	minSeen    int
	set        []string
	dp         dpFlags
	holdout    float64
	holdoutBy  string
	addresses  string
	text       string

	// Of a configuration of NetShare's:
	train *engine.Options  // instead of the options given
	try   []engine.Options // to learn with besides
	csv   bool             // what is written unless -o says otherwise
	keep  bool             // a table that is there is not replaced
	// events is the protocol whose events are made where the input turns out to
	// be captures, "" for none.
	events string
}

func (f *synthFlags) add(c *cobra.Command) {
	c.Flags().StringVarP(&f.out, "out", "o", "", "file of the synthetic trace (default: beside the workspace, NAME-synth.EXT)")
	c.Flags().StringVar(&f.workspace, "workspace", "", "workspace file (default: beside the input, NAME.duckdb)")
	c.Flags().StringVar(&f.report, "report", "", "folder of the report (default: beside the workspace, NAME-report)")
	f.addTraining(c)
	f.addGeneration(c)
	c.Flags().Float64Var(&f.holdout, "holdout", 0, "share of the hosts (or sessions) to hold out: the rest is learnt, and the report measures against both")
	c.Flags().StringVar(&f.holdoutBy, "holdout-by", "", "with --holdout: host, session, time or a column (default: host where there is one)")
	addressFlag(c, &f.addresses, workspace.AddressesAsGenerated, "what becomes of addresses in the file of the synthetic trace")
	f.inputs.add(c)
}

func (f *synthFlags) addTraining(c *cobra.Command) {
	c.Flags().IntVar(&f.epochs, "epochs", 0, "how many times to learn from each session (default: enough for --iterations)")
	c.Flags().IntVar(&f.iterations, "iterations", 0, "how many iterations to learn for, where neither epochs nor a time is given (default 2500)")
	c.Flags().DurationVar(&f.time, "time", 0, "wall-clock bound of training, for example 5m")
	c.Flags().Var(&f.memory, "memory", "about how much of the trace learning may keep in memory, for example 4GB, besides the networks and up to 1 GB of DuckDB's; distributions of a longer one are learnt from a sample of its sessions")
	c.Flags().IntVar(&f.minSeen, "min-seen", codec.DefaultOptions().MinSeen, "how many sessions must hold an address, port, name or other text for it to be repeated")
	c.Flags().StringArrayVar(&f.set, "set", nil, "setting of the networks or their training by NetShare's name, as batch_size=200; may be given several times (--set help lists them)")
	f.dp.add(c)
}

func (f *synthFlags) addGeneration(c *cobra.Command) {
	c.Flags().IntVar(&f.sessions, "sessions", 0, "how many sessions to generate (default: as many as the real trace has in such a time)")
	c.Flags().IntVar(&f.records, "records", 0, "how many records to generate, instead of --sessions")
	c.Flags().StringVar(&f.from, "from", "", "time that generation begins at, as the trace has it or 2006-01-02T15:04:05 in UTC (default: the trace's first); the trace's course repeats before and after it")
	c.Flags().StringVar(&f.to, "to", "", "time that it ends at (default: after as long as the trace, or --span)")
	c.Flags().DurationVar(&f.span, "span", 0, "how long a time is generated, for example 48h")
	textFlag(c, &f.text)
	c.Flags().Var(&f.calibrate, "calibrate", "whether sessions are chosen and changed to meet the real distributions, on or off: off takes the model's as they come")
	c.Flags().StringArrayVar(&f.given, "given", nil, "what sessions are to be: 'proto=UDP & dstport=53,5353', a range 'dstport=1024..65535', a prefix 'srcip=10.0.0.0/8'; with a share: 'dstport=53 : 10x' as many as there are, or ': 30%'; may be given several times")
}

// offFlag is a switch that is on unless it is said to be off.
type offFlag bool

func (o *offFlag) String() string {
	if *o {
		return "off"
	}
	return "on"
}

func (o *offFlag) Type() string { return "on|off" }

// Set reads on or off.
func (o *offFlag) Set(text string) error {
	if text != "on" && text != "off" {
		return fmt.Errorf("%q is neither on nor off", text)
	}
	*o = text == "off"
	return nil
}

// bytesFlag is a number of bytes, given with or without a unit.
type bytesFlag int64

func (b *bytesFlag) String() string { return "1GB" } // the default, for --help

func (b *bytesFlag) Type() string { return "size" }

// Set reads a size.
func (b *bytesFlag) Set(text string) error {
	n, err := workspace.ParseSize(text)
	if err == nil {
		*b = bytesFlag(n)
	}
	return err
}

// training returns the options of training, or what is wrong with them.
func (f *synthFlags) training() (engine.Options, error) {
	o := engine.DefaultOptions()
	o.Epochs, o.Time, o.Seed, o.Codec.MinSeen = f.epochs, f.time, f.global.seed, f.minSeen
	if f.iterations != 0 {
		o.Iterations = f.iterations
	}
	if f.memory > 0 {
		o.Memory = int64(f.memory)
	}
	if err := f.assign(&o); err != nil {
		return o, err
	}
	dp, err := f.dp.options()
	if err != nil {
		return o, usageError{err}
	}
	if o.DP = dp; !dp.On() && f.dp.pretrain != "" {
		o.Pretrain = f.dp.pretrain
	}
	if err := o.Validate(); err != nil {
		return o, usageError{err}
	}
	return o, nil
}

func newSynth(g *global) *cobra.Command {
	f := &synthFlags{global: g}
	c := &cobra.Command{
		Use:   "synth INPUT... [-o OUT]",
		Short: "Load, learn, generate and measure: from a real trace to a synthetic one",
		Long: `Make a synthetic trace of real ones, in one step and without configuration.

The format is told by the content: pcap, pcapng, Zeek logs (TSV and JSON), CSV
with any delimiter, JSON lines, Parquet; plain, gzip or zstd. What was inferred
of each column is printed, so that it can be checked. An INPUT is a file, a
folder, a pattern in quotes or - for standard input; several inputs of one kind
are one trace. netshare ws load --help says more of inputs.`,
		Example: `  netshare synth capture.pcap
  netshare synth conn.log -o conn-synth.log --time 5m
  netshare synth flows.csv --seed 7 --workspace lab.duckdb --report report/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), workspace.Load{Files: args})
		},
	}
	f.add(c)
	return c
}

// run does the steps of synth.
func (f *synthFlags) run(ctx context.Context, load workspace.Load) (err error) {
	p := newPrinter(f.global)
	opts, err := f.training()
	if err != nil {
		return err
	}
	if f.train != nil {
		opts = *f.train
	}
	if err := opts.Validate(); err != nil {
		return usageError{err}
	}
	if f.sessions < 0 {
		return usageError{fmt.Errorf("--sessions %d: want 0 or more", f.sessions)}
	}
	if f.holdout < 0 || f.holdout >= 1 {
		return usageError{fmt.Errorf("--holdout %v: want more than 0 and less than 1", f.holdout)}
	}
	if err := errors.Join(workspace.AddressPolicy(f.addresses).Validate(), workspace.TextPolicy(f.text).Validate()); err != nil {
		return usageError{err}
	}
	if f.holdoutBy != "" && f.holdout == 0 {
		return usageError{errors.New("--holdout-by without --holdout: add it")}
	}
	named := load.Files[0]
	plan, err := f.inputs.plan(ctx, p, load) // before a workspace is made for nothing
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plan.Close()) }()
	if load, err = plan.One(); err != nil {
		return err
	}
	if f.events != "" {
		f.eventsOf(&load, p)
	}
	if err := f.places(named, load, p); err != nil {
		return err
	}
	ws, err := openWorkspace(ctx, f.workspace, p, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave(ws, err)) }()
	load.Replace, load.Progress = !f.keep, p.loading
	s := workspace.Synth{Load: load, Holdout: f.holdout, HoldoutBy: f.holdoutBy, Addresses: workspace.AddressPolicy(f.addresses), Train: opts, Try: f.try, Output: f.out, Report: f.report}
	s.Generate = workspace.Generate{Replace: !f.keep, Text: workspace.TextPolicy(f.text), Options: f.generation(p)}
	s.Generate.Options.Sessions = f.sessions
	began := time.Now()
	s.Hooks = workspace.SynthHooks{
		Loaded: func(l workspace.Loaded) {
			printLoaded(ctx, p, ws, l)
			began = time.Now()
		},
		Split: p.split,
		Train: engine.Hooks{Progress: p.training},
		Trained: func(t workspace.Trained) {
			p.note("learnt   %s, %s in %s", plural(t.Epochs, "epoch"), plural(t.Iterations, "iteration"), short(time.Since(began)))
			p.trained(t)
		},
		Generated: func(m workspace.Made) { printMade(p, m) },
		Exported:  p.exported,
		Measuring: func() { p.note("measuring") },
		Tried: func(n, of int, t workspace.Trained) {
			to := "learnt"
			if t.Held {
				to = "held-out"
			}
			p.note("try %d of %d: fidelity %.3f to %s sessions", n, of, t.Fidelity, to)
			p.event("tried", map[string]any{"try": n, "of": of, "fidelity": t.Fidelity, "held_out": t.Held})
		},
		Chosen: func(n int, again bool) {
			if began = time.Now(); again {
				p.note("try %d is the best, and is learnt once more, of all sessions", n)
			} else {
				p.note("try %d is the best", n)
			}
			p.event("chosen", map[string]any{"try": n, "again": again})
		},
	}
	done, err := ws.Synth(ctx, s)
	if err != nil {
		if done.Trained.ID == 0 {
			return p.resumable(ctx, f.workspace, done.Trained.Run, err)
		}
		return err
	}
	p.printReport(done.Report, f.report)
	p.result("")
	p.result("synthetic trace  %s (%s)", f.out, plural(done.Exported.Rows, "record"))
	p.result("report           %s", filepath.Join(f.report, "report.html"))
	p.result("workspace        %s: %s and %s", f.workspace, done.Loaded.Table.Name, done.Made.Table.Name)
	if f.holdout > 0 {
		p.result("                 learnt %s, held out %s", done.Parts.Train.Name, done.Parts.Holdout.Name)
	}
	p.result("                 ask it in SQL: netshare ws open %s", f.workspace)
	p.event("done", map[string]any{
		"output": f.out, "report": f.report, "workspace": f.workspace,
		"real": done.Loaded.Table.Name.String(), "synthetic": done.Made.Table.Name.String(), "overall": done.Report.Overall,
	})
	return f.inputs.exceeded(done.Loaded.Rejected)
}

func (f *synthFlags) generation(p *printer) engine.GenerateOptions {
	g := engine.DefaultGenerateOptions()
	g.Seed, g.Raw, g.Given = f.global.seed, bool(f.calibrate), f.given
	g.Records, g.From, g.To, g.Span = f.records, f.from, f.to, f.span
	g.Progress = func(done, of int) {
		p.progress("generating", float64(done)/float64(max(1, of)), plural(done, "session"), 0)
	}
	return g
}

// readable says why a recipe or a configuration can't be read.
func readable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such file: check the name", path)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory: name the file in it", path)
	}
	return nil
}

// place is the folder, the name and the extension that the results are named
// by: of the input as it was named, where that is a file or a folder.
func place(named string, l workspace.Load) (dir, name, ext string) {
	input := named
	if info, err := os.Stat(named); err != nil || !info.IsDir() && !info.Mode().IsRegular() { // a pattern or a stream
		input = l.Files[0]
	}
	base := filepath.Base(filepath.Clean(input))
	if isDir(input) {
		if abs, err := filepath.Abs(input); err == nil {
			base = filepath.Base(abs)
		}
		return filepath.Dir(filepath.Clean(input)), base, l.Extension()
	}
	for _, packed := range []string{".gz", ".zst"} {
		base = strings.TrimSuffix(base, packed)
	}
	ext = filepath.Ext(base)
	name = strings.TrimSuffix(base, ext)
	switch {
	case !isFile(input): // a stream, or what zeek made
		return ".", l.Table, l.Extension()
	case len(l.Protocols) > 0:
		return filepath.Dir(input), l.Table, l.Extension()
	}
	return filepath.Dir(input), name, ext
}

// places fills in where results go: beside the input, or in the current folder
// where the input's can't be written to.
func (f *synthFlags) places(named string, l workspace.Load, p *printer) error {
	input := l.Files[0]
	dir, name, ext := place(named, l)
	if f.csv {
		ext = ".csv"
	}
	if f.workspace == "" {
		if !writable(dir) {
			p.note("%s can't be written to: results go to the current folder", dir)
			dir = "."
		}
		f.workspace = filepath.Join(dir, name+".duckdb")
	} else {
		dir = filepath.Dir(f.workspace)
	}
	if f.out == "" {
		f.out = filepath.Join(dir, name+"-synth"+ext)
	}
	if f.report == "" {
		f.report = filepath.Join(dir, name+"-report")
	}
	switch parent := filepath.Dir(f.out); {
	case same(f.out, input):
		return usageError{fmt.Errorf("-o %s is the input itself: name another file", f.out)}
	case same(f.workspace, input):
		return usageError{fmt.Errorf("--workspace %s is the input itself: name another file", f.workspace)}
	case isDir(f.out):
		return fmt.Errorf("%s is a directory: name a file in it", f.out)
	case !isDir(dir):
		return fmt.Errorf("%s: the folder %s does not exist: make it first", f.workspace, dir)
	case !isDir(parent):
		return fmt.Errorf("%s: the folder %s does not exist: make it first", f.out, parent)
	}
	return folder(f.report)
}

// folder says why a report can't be written into a folder, which need not exist.
func folder(path string) error {
	if _, err := os.Stat(path); err == nil && !isDir(path) {
		return fmt.Errorf("%s is a file: name a folder for the report", path)
	}
	return nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// writable reports whether a folder is meant to be written to: a read-only one
// is left alone by those who could write to it all the same.
func writable(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o222 == 0 {
		return false
	}
	probe, err := os.CreateTemp(dir, ".netshare-*")
	if err != nil {
		return false
	}
	probe.Close()
	os.Remove(probe.Name())
	return true
}
