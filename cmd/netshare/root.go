package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

const longHelp = `netshare turns a real network trace or event log into a synthetic one.

It reads pcap, pcapng, Zeek logs, NetFlow CSV and any event table, learns it
with a time-series GAN, and writes a trace of the same format that can be
shared, with a report that says how faithful it is. Everything it does is a
table in one DuckDB file, the workspace.

Exit codes:
    0  done
    1  failed; the last line on standard error says where, what, and what to do
    2  the command line is wrong
    3  done, but more records were rejected than --max-rejects allows
   11  the workspace is in use by another process
  130  cancelled (Ctrl-C); the workspace is sound and the run is marked`

// global holds the options that every command takes.
type global struct {
	json  bool
	quiet bool
	seed  uint64
}

func newRoot() *cobra.Command {
	g := &global{}
	root := &cobra.Command{
		Use:           "netshare",
		Short:         "Make synthetic network traces that can be shared",
		Long:          longHelp,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().BoolVar(&g.json, "json", false, "write one JSON event a line to standard output")
	root.PersistentFlags().BoolVarP(&g.quiet, "quiet", "q", false, "write nothing but results and errors")
	root.PersistentFlags().Uint64Var(&g.seed, "seed", 1, "seed of everything random: the same seed gives the same trace")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newSynth(g), newRun(g), newRecipe(g), newWorkspace(g))
	root.CompletionOptions.HiddenDefaultCmd = true
	usageFaults(root)
	return root
}

// usageFaults marks wrong arguments of any command as faults of usage, and an
// unknown command below one that only groups others.
func usageFaults(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			if err != nil && c.HasSubCommands() && len(args) > 0 {
				err = fmt.Errorf("unknown command %q for %q", args[0], c.CommandPath())
			}
			if err == nil {
				err = c.ValidateRequiredFlags()
			}
			if err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		usageFaults(sub)
	}
}

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
