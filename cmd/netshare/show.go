package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"netshare/engine"
	"netshare/scripting/symbols/verbs"
	"netshare/workspace"
)

// openWorkspace opens a workspace and says what an earlier process left undone.
func openWorkspace(ctx context.Context, path string, p *printer, readOnly bool) (*workspace.Workspace, error) {
	return openGiven(ctx, path, p, readOnly, workspace.Given{})
}

// openGiven opens a workspace for a recipe's Run.
func openGiven(ctx context.Context, path string, p *printer, readOnly bool, given workspace.Given) (*workspace.Workspace, error) {
	ws, err := workspace.Open(ctx, path, &workspace.Options{Version: version, ReadOnly: readOnly, Given: given, Recipes: verbs.Host()})
	if err != nil {
		return nil, err
	}
	for _, r := range ws.Interrupted() {
		p.event("interrupted", map[string]any{"run": r.ID, "verb": r.Verb, "table": r.Table, "started": r.Started})
		if r.Verb == "train" {
			p.note("%s: run %d (train %s) of %s was interrupted: go on with netshare ws train %s --resume %d", path, r.ID, r.Table,
				r.Started.Format("2006-01-02 15:04:05"), path, r.ID)
			continue
		}
		p.note("%s: run %d (%s %s) of %s was interrupted: its tables were not kept, run it again", path, r.ID, r.Verb, r.Table,
			r.Started.Format("2006-01-02 15:04:05"))
	}
	return ws, nil
}

// openExisting opens a workspace that must be there.
func openExisting(ctx context.Context, path string, p *printer, readOnly bool) (*workspace.Workspace, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such workspace: make it with netshare ws load %s INPUT", path, path)
	}
	return openWorkspace(ctx, path, p, readOnly)
}

// printLoaded says what was loaded and what was inferred of it.
func printLoaded(ctx context.Context, p *printer, ws *workspace.Workspace, l workspace.Loaded) {
	infos, err := ws.Describe(ctx, l.Table.Name.String())
	if err != nil {
		p.note("what was inferred can't be shown: %v", err)
		return
	}
	var files []string
	for _, s := range l.Table.Sources {
		files = append(files, s.File)
	}
	reasons := map[string]int64{}
	for _, r := range l.Reasons {
		reasons[r.Reason] = r.Count
	}
	p.event("loaded", map[string]any{
		"table": l.Table.Name.String(), "files": files, "format": l.Table.Schema.Format, "rows": l.Table.Rows, "added": l.Added,
		"sessions": l.Sessions, "rejected": l.Rejected, "skipped": l.Skipped, "protocol": l.Protocol, "reasons": reasons, "notes": l.Notes, "columns": infos, "run": l.Run,
	})
	if !p.quiet && l.Added < l.Table.Rows {
		p.result("%s: %s added to %s, now %s in %s", few(files[max(0, len(files)-l.Files):]), plural(l.Added, "record"), l.Table.Name,
			plural(l.Table.Rows, "record"), plural(l.Sessions, "session"))
	} else if !p.quiet {
		what := l.Table.Schema.Format + ", " + plural(l.Table.Rows, "record")
		switch l.Protocol {
		case "":
		case "flow":
			what = plural(l.Table.Rows, "flow record")
		default:
			what = plural(l.Table.Rows, l.Protocol+" event")
		}
		p.result("%s: %s in %s, loaded into %s", few(files), what, plural(l.Sessions, "session"), l.Table.Name)
	}
	printReasons(p, l)
	for i, n := range l.Notes {
		if i == 10 {
			p.note("  and %d notes more", len(l.Notes)-i)
			break
		}
		p.note("  note: %s", printable(n))
	}
	if !p.quiet && !p.json {
		printColumns(p, infos)
	}
}

// printReasons says why records were left out, by reason.
func printReasons(p *printer, l workspace.Loaded) {
	for i, r := range l.Reasons {
		example := ""
		for _, e := range l.Examples {
			if e.Reason == r.Reason {
				e.Reason, e.Detail = e.Detail, "" // the reason is told already
				example = ", for example " + strings.TrimSuffix(e.String(), ": ")
			}
		}
		if i == 10 {
			p.note("  and for %d reasons more: see netshare.rejects", len(l.Reasons)-i)
			break
		}
		if workspace.SkippedReason(r.Reason) {
			p.note("  %s skipped: %s", plural(r.Count, "frame"), r.Reason)
			continue
		}
		p.note("  %s rejected: %s%s", plural(r.Count, "record"), r.Reason, printable(example))
	}
}

// printColumns writes what is meant of each column as a table.
func printColumns(p *printer, infos []workspace.ColumnInfo) {
	p.endBar()
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\n  column\tpart\tkind\tlearnt by\tdistinct\tmissing\tfrequent values")
	for _, c := range infos {
		kind := string(c.Kind)
		if c.Unit != "" {
			kind += " (" + string(c.Unit) + ")"
		}
		missing := ""
		if c.Missing > 0 {
			missing = count(c.Missing)
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(c.Name), c.Role, kind, c.Encoding, count(c.Distinct), missing,
			printable(strings.Join(c.Examples, ", ")))
	}
	w.Flush()
	printLines(p, table.String())
}

// printLines writes a table's lines, cut to the width of the terminal.
func printLines(p *printer, table string) {
	width := columns(os.Stdout)
	for line := range strings.Lines(table) {
		line = strings.TrimRight(line, "\n ")
		if runes := []rune(line); len(runes) > width {
			line = string(runes[:width-1]) + "…"
		}
		fmt.Fprintln(p.out, line)
	}
	fmt.Fprintln(p.out)
}

// printProfile writes what each column holds as a table.
func printProfile(p *printer, profile workspace.Profile) {
	p.result("%s: %s, %s", profile.Table, plural(profile.Rows, "record"), plural(len(profile.Columns), "column"))
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\n  column\tpart\tkind\tmissing\tdistinct\tleast\tmiddle\tlargest\tshape\tfrequent values")
	for _, c := range profile.Columns {
		kind := string(c.Kind)
		if c.Unit != "" {
			kind += " (" + string(c.Unit) + ")"
		}
		missing, middle := "", ""
		if c.Missing > 0 {
			missing = share(c.MissingShare)
		}
		if len(c.Quartiles) > 0 {
			middle = c.Quartiles[1]
		}
		var top []string
		for _, v := range c.Top[:min(3, len(c.Top))] {
			top = append(top, fmt.Sprintf("%s (%s)", brief(v.Value, 32), share(v.Share)))
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(c.Name), c.Role, kind, missing, count(c.Distinct),
			brief(c.Min, 24), brief(middle, 24), brief(c.Max, 24), shape(c), strings.Join(top, ", "))
	}
	w.Flush()
	printLines(p, table.String())
}

// brief shortens a value to so many characters that a terminal can show.
func brief(s string, n int) string {
	if rs := []rune(printable(s)); len(rs) > n {
		return string(rs[:n-1]) + "…"
	}
	return printable(s)
}

// share writes a share as a percentage.
func share(x float64) string {
	if x > 0 && x < .0005 {
		return "<0.1 %"
	}
	return fmt.Sprintf("%.3g %%", 100*x)
}

// shape draws a histogram in a line of characters: a part in which there is
// anything has a bar, the fullest the highest one.
func shape(c workspace.ColumnProfile) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	var most int64
	for _, b := range c.Histogram {
		most = max(most, b.Count)
	}
	var out strings.Builder
	for _, b := range c.Histogram {
		if b.Count == 0 {
			out.WriteRune('·')
			continue
		}
		out.WriteRune(bars[int64(len(bars)-1)*b.Count/most])
	}
	if c.LogBins {
		out.WriteString(" log")
	}
	return out.String()
}

// printable takes what would steer a terminal out of a text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '·'
		}
		return r
	}, s)
}

// training shows how far training has come.
func (p *printer) training(t engine.Progress) error {
	if t.Fidelity != nil {
		p.fidelity = fmt.Sprintf("fidelity %.3f", t.Fidelity.Overall)
	}
	if p.json && t.EpochEnded {
		event := map[string]any{
			"epoch": t.Epoch, "epochs": t.Epochs, "iteration": t.Iteration, "seconds": t.Elapsed.Seconds(), "left": t.Left.Seconds(),
			"chunk": t.Chunk, "chunks": t.Chunks, "critic_loss": t.Losses.Critic, "generator_loss": t.Losses.Generator, "distance": t.Losses.Distance,
		}
		if f := t.Fidelity; f != nil {
			columns := map[string]float64{}
			for _, c := range f.Columns {
				columns[c.Name] = c.Value
			}
			event["fidelity"], event["pairs_fidelity"], event["variety"], event["columns"] = f.Overall, f.Pairs, f.Variety, columns
		}
		p.event("epoch", event)
	}
	share := -1.0
	if total := t.Elapsed + t.Left; total > 0 {
		share = t.Elapsed.Seconds() / total.Seconds()
	}
	rate := 0.0
	if s := t.Elapsed.Seconds(); s > 0 {
		rate = float64(t.Records) / s
	}
	chunk := ""
	if t.Chunks > 0 {
		chunk = fmt.Sprintf("chunk %d of %d, ", t.Chunk+1, t.Chunks)
	}
	p.progress("learning", share, chunk+fmt.Sprintf("epoch %d, %s records/s, %s", t.Epoch, count(int64(rate)), cmp.Or(p.fidelity, fmt.Sprintf("distance %.3f", t.Losses.Distance))), t.Left)
	return nil
}

// trained tells what was learnt.
func (p *printer) trained(t workspace.Trained) {
	p.event("trained", map[string]any{
		"run": t.Run, "model": t.ID, "table": t.Table, "epochs": t.Epochs, "iterations": t.Iterations, "rows": t.Records, "sessions": t.Sessions,
		"fidelity": t.Fidelity, "ended": t.Ended, "taken": t.Taken,
	})
	if t.Taken > 0 {
		p.note("  note: training began with %.0f %% of the networks' columns: those of values and numbers that both traces have", 100*t.Taken)
	}
	if t.Ended != "" {
		p.note("  note: training ended early: %s", printable(t.Ended))
	}
	p.guarantee(t.Privacy)
}

// printMade says what was generated and how much was corrected.
func printMade(p *printer, m workspace.Made) {
	p.event("generated", map[string]any{
		"table": m.Table.Name.String(), "sessions": m.Sessions, "rows": m.Records, "calibrated": m.Calibrated,
		"residual_before": m.Before, "residual_after": m.After, "effective": m.Effective, "run": m.Run,
		"pairs_before": m.PairsBefore, "pairs_after": m.PairsAfter, "made_up": m.MadeUp,
	})
	p.note("made     %s, %s into %s", plural(m.Sessions, "session"), plural(m.Records, "record"), m.Table.Name)
	if m.Calibrated && m.PairsBefore == 0 {
		p.note("         calibrated: margins from %.1f to %.1f times the real trace's noise", m.Before, m.After)
	} else if m.Calibrated {
		p.note("         calibrated: margins from %.1f to %.1f times the real trace's noise, pairs of columns from %.1f to %.1f",
			m.Before, m.After, m.PairsBefore, m.PairsAfter)
	}
	if len(m.MadeUp) > 0 {
		p.note("         names are made up, one for one: %s", printable(strings.Join(m.MadeUp, ", ")))
	}
}

// printReport writes the scores.
func (p *printer) printReport(r workspace.Reported, dir string) {
	p.endBar()
	p.event("report", map[string]any{"overall": r.Overall, "properties": r.Properties, "worst": r.Worst, "folder": dir, "run": r.Run})
	if p.json {
		return
	}
	if p.quiet {
		fmt.Fprintf(p.out, "%.1f\n", r.Overall.Score)
		return
	}
	if err := r.WriteText(p.out); err != nil {
		p.note("the scores can't be shown: %v", err)
	}
}

// printCompared says how several synthetic tables stand to each other.
func (p *printer) printCompared(c workspace.Compared, dir string) error {
	p.endBar()
	var tables []map[string]any
	for _, r := range c.Tables {
		tables = append(tables, map[string]any{"table": r.Synthetic.Name, "overall": r.Overall, "properties": r.Properties, "worst": r.Worst})
	}
	p.event("compared", map[string]any{"real": c.Real.Name, "tables": tables, "verdict": c.Verdict(), "tie": c.Tie(), "folder": dir})
	if p.json {
		return nil
	}
	if p.quiet {
		for _, r := range c.Tables {
			fmt.Fprintf(p.out, "%.1f %s\n", r.Overall.Score, printable(r.Synthetic.Name))
		}
		return nil
	}
	if err := c.WriteText(p.out); err != nil {
		return err
	}
	p.result("\nreport %s/report.html, and of each table %s/TABLE/report.html", dir, dir)
	return nil
}
