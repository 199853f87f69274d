package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"netshare/workspace"
)

func newSplit(g *global) *cobra.Command {
	var s workspace.Split
	c := &cobra.Command{
		Use:   "split W --table T",
		Short: "Hold some of a table out, before anything is learnt of it",
		Long: `Split a table of schema raw into T_train, to be learnt, and T_holdout, which
nothing is learnt of: the report of what was learnt of T_train measures against
both, and ws audit needs it to tell a leak from chance. Sessions stay whole, and
all those of a source host stay together where the table has hosts.`,
		Example: `  netshare ws split lab.duckdb --table branch --share 0.2
  netshare ws split lab.duckdb --table branch --by time --train early --holdout late`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if !(s.Share > 0 && s.Share < 1) {
				return usageError{fmt.Errorf("--share %v: want more than 0 and less than 1", s.Share)}
			}
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				s.Seed = g.seed
				parts, err := ws.Split(c.Context(), s)
				if err != nil {
					return err
				}
				p.split(parts)
				p.result("%s: %s to learn from\n%s: %s held out", parts.Train.Name, plural(parts.Train.Rows, "record"),
					parts.Holdout.Name, plural(parts.Holdout.Rows, "record"))
				return nil
			})
		},
	}
	c.Flags().StringVar(&s.Table, "table", "", "table to split")
	c.Flags().StringVar(&s.By, "by", "", "what stays together: host, session, time (the last are held out), or a column (default: host where there is one, else session)")
	c.Flags().Float64Var(&s.Share, "share", 0.2, "share of the hosts, sessions or values that is held out")
	c.Flags().StringVar(&s.Train, "train", "", "name of the table to learn from (default: T_train)")
	c.Flags().StringVar(&s.Holdout, "holdout", "", "name of what is held out (default: T_holdout)")
	c.Flags().BoolVar(&s.Replace, "replace", false, "replace tables of these names")
	required(c, "table")
	return c
}

// split tells how a table was split.
func (p *printer) split(s workspace.Parts) {
	p.event("split", map[string]any{
		"train": s.Train.Name.String(), "holdout": s.Holdout.Name.String(), "by": s.By, "column": s.Column,
		"train_rows": s.Train.Rows, "holdout_rows": s.Holdout.Rows, "train_groups": s.TrainGroups, "holdout_groups": s.HeldGroups, "notes": s.Notes, "run": s.Run,
	})
	what := "session"
	if s.Column != "" {
		what = "value"
	}
	if s.By == workspace.SplitByHost {
		what = "host"
	}
	p.note("held out %s, %s of %s", plural(s.HeldGroups, what), count(s.Holdout.Rows), plural(s.Train.Rows+s.Holdout.Rows, "record"))
	for _, n := range s.Notes {
		p.note("  note: %s", printable(n))
	}
}
