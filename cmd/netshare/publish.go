package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"netshare/workspace"
)

func newPublish(g *global) *cobra.Command {
	var pub workspace.Publish
	var addresses, text string
	c := &cobra.Command{
		Use:   "publish W OUT --table S",
		Short: "Hand synthetic tables out: fresh files, searched for real values",
		Long: `Write synthetic tables to be handed out, with a report that has no real value in
it and a record of where they come from. OUT is a file (.duckdb, .parquet, .csv,
.pcap or any that ws export writes) or a folder, where each table is written in
its trace's own format.

Addresses, names and other free text are replaced, one for one and the same in
all tables: a synthetic trace repeats those that five sessions or more have. What
was written is read again and searched for every address, name and free text of
every table of schema raw; what is found is named, and nothing is left.

A workspace itself is not fit to be handed out, not even with its real tables
dropped: their bytes stay in the file.`,
		Example: `  netshare ws publish lab.duckdb branch.pcap --table branch
  netshare ws publish lab.duckdb shared/ --table conn --table dns
  netshare ws publish lab.duckdb lab-synth.duckdb --table branch --allow 8.8.8.8 --allow public-names.txt`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			pub.Out, pub.Addresses, pub.Text = filepath.Clean(args[1]), workspace.AddressPolicy(addresses), workspace.TextPolicy(text)
			if err := errors.Join(pub.Addresses.Validate(), pub.Text.Validate()); err != nil {
				return usageError{err}
			}
			return inWorkspace(c, g, args[0], false, func(p *printer, ws *workspace.Workspace) error {
				done, err := ws.Publish(c.Context(), pub)
				if err != nil {
					return err
				}
				p.published(done)
				return nil
			})
		},
	}
	c.Flags().StringArrayVar(&pub.Tables, "table", nil, "synthetic table to hand out; may be given several times")
	addressFlag(c, &addresses, workspace.AddressesKeepStructure, "what becomes of addresses")
	textFlag(c, &text)
	c.Flags().StringArrayVar(&pub.Allow, "allow", nil, "a real value that may be handed out, or a file of such values, one a line")
	c.Flags().BoolVar(&pub.Force, "force", false, "hand out all the same what real values are found in")
	c.Flags().BoolVar(&pub.Counts, "counts", false, "say in the report how many real records there are")
	c.Flags().BoolVar(&pub.Replace, "replace", false, "replace what is at OUT")
	required(c, "table")
	return c
}

// published tells what was handed out.
func (p *printer) published(d workspace.Published) {
	p.event("published", map[string]any{"path": d.Path, "files": d.Files, "searched": d.Searched, "found": d.Found, "notes": d.Notes, "run": d.Run})
	for i, l := range d.Found {
		if i == 10 {
			p.note("  and %d more", len(d.Found)-i)
			break
		}
		p.note("  real value %s of %s in %s", printable(l.Value), l.Of, printable(l.In))
	}
	for _, n := range d.Notes {
		p.note("  note: %s", printable(n))
	}
	for _, t := range d.Provenance.Tables {
		p.note("%s: %s; guarantee %s", t.Table, plural(t.Records, "record"), t.Guarantee)
	}
	found := "none found"
	if len(d.Found) > 0 {
		found = plural(len(d.Found), "place") + " found, handed out by --force"
	}
	p.result("%s: searched for %s, %s", d.Path, count(d.Searched)+" real addresses and names", found)
	for _, f := range d.Files {
		p.result("  %-28s %12s bytes", f.Name, count(f.Bytes))
	}
}
