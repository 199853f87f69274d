package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"netshare/workspace"
)

func newCheck(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "check W",
		Short: "Read a workspace whole and say what is damaged or does not fit together",
		Long: `Read every block of every table, recipe and model of a workspace, and compare
them with its catalog. Exit code 1 where anything is wrong.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return inWorkspace(c, g, args[0], true, func(p *printer, ws *workspace.Workspace) error {
				found, err := ws.Check(c.Context())
				if err != nil {
					return err
				}
				p.event("check", map[string]any{
					"tables": found.Tables, "rows": found.Rows, "models": found.Models, "faults": found.Faults, "notes": found.Notes,
				})
				for _, n := range found.Notes {
					p.note("%s", printable(n))
				}
				for _, f := range found.Faults {
					p.result("%s", printable(f))
				}
				if n := len(found.Faults); n > 0 {
					return fmt.Errorf("%s: %s", args[0], plural(n, "fault"))
				}
				p.result("%s is sound: %s, %s, %s", args[0], plural(found.Tables, "table"), plural(found.Rows, "record"), plural(found.Models, "model"))
				return nil
			})
		},
	}
}
