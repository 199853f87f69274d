package main

import (
	"strings"

	"github.com/spf13/cobra"

	"netshare/workspace"
)

// addressFlag is the option of what becomes of addresses.
func addressFlag(c *cobra.Command, to *string, standard workspace.AddressPolicy, what string) {
	var words []string
	for _, p := range workspace.AddressPolicies() {
		words = append(words, string(p))
	}
	c.Flags().StringVar(to, "addresses", string(standard), what+": "+strings.Join(words, ", "))
}

// textFlag adds --text.
func textFlag(c *cobra.Command, to *string) {
	c.Flags().StringVar(to, "text", string(workspace.TextMadeUp),
		"what becomes of names and other free text: "+string(workspace.TextMadeUp)+", "+string(workspace.TextAsGenerated)+" (those that five sessions or more have are then real ones)")
}

func newAudit(g *global) *cobra.Command {
	var a workspace.Audit
	var dir, addresses string
	c := &cobra.Command{
		Use:   "audit W --real T --synthetic S [--holdout H] -o DIR",
		Short: "Attack a synthetic table: what it gives away of the real one",
		Long: `Attack a synthetic table and write DIR/audit.html and DIR/audit.json: identifiers
that are repeated, copies of sessions, membership, singling out, linking,
inferring attributes, distance to the closest record. Every attack is made on
sessions that were learnt and on sessions that were held out (ws split, synth
--holdout), and fails the trace where it works better on the former than chance
explains. Without a holdout nothing can pass. No attack is a guarantee: --dp is.`,
		Example: `  netshare ws split lab.duckdb --table branch
  netshare ws train lab.duckdb --table branch_train
  netshare ws generate lab.duckdb --table branch
  netshare ws audit lab.duckdb --real branch_train --synthetic branch -o audit`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a.Seed, a.Addresses = g.seed, workspace.AddressPolicy(addresses)
			if err := a.Addresses.Validate(); err != nil {
				return usageError{err}
			}
			if err := folder(dir); err != nil {
				return err
			}
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				a.Progress = func(done, of int) {
					p.progress("shadows", float64(done)/float64(of), plural(done, "shadow model"), 0)
				}
				r, err := ws.Audit(c.Context(), a)
				if err != nil {
					return err
				}
				if err := r.Write(dir); err != nil {
					return err
				}
				p.audited(r, dir)
				p.result("audit %s/audit.html", dir)
				return nil
			})
		},
	}
	c.Flags().StringVar(&a.Real, "real", "", "the real table that was learnt")
	c.Flags().StringVar(&a.Synthetic, "synthetic", "", "the synthetic table (default: that of the same name)")
	c.Flags().StringVar(&a.Holdout, "holdout", "", "a real table that nothing was learnt of (default: what ws split held out)")
	c.Flags().IntVar(&a.Shadow, "shadow", 0, "train so many models on halves of the real sessions, for the shadow-model attack; each takes as long as the training did")
	addressFlag(c, &addresses, workspace.AddressesAsGenerated, "what becomes of the synthetic addresses before they are attacked")
	c.Flags().StringVarP(&dir, "out", "o", "", "folder to write to")
	required(c, "real", "out")
	return c
}

// audited tells what attacks found.
func (p *printer) audited(r workspace.Audited, dir string) {
	p.endBar()
	p.event("audit", map[string]any{"verdict": r.Verdict, "words": r.Words, "blocks": r.Blocks, "guarantee": r.Guarantee, "folder": dir, "run": r.Run})
	switch {
	case p.json:
	case p.quiet:
		p.result("%s", r.Verdict)
	default:
		if err := r.WriteText(p.out); err != nil {
			p.note("the audit can't be shown: %v", err)
		}
	}
}
