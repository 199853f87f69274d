package terminal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"netshare/eval/figure"
	"netshare/workspace"
	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// profile shows a table's columns.
func profile(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	var p workspace.Profile
	err = s.interruptible(ctx, func(ctx context.Context) (err error) {
		p, err = l.Workspace.Profile(ctx, args[0])
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: %s\n", p.Table, render.Noun(p.Rows, "row"))
	return s.showPart(notebook.Part{Table: profilePage(p, s.narrow())})
}

// profilePage is a profile as a table. One for a narrow terminal has what says
// most of a column: what is missing only where something is, histograms of half
// as many bins, and the frequent values of those columns that have no range.
func profilePage(p workspace.Profile, narrow bool) *notebook.Page {
	missing := slices.ContainsFunc(p.Columns, func(c workspace.ColumnProfile) bool { return c.Missing > 0 })
	page := notebook.NewPage("column", "type", "missing", "distinct BIGINT", "range", "histogram", "frequent values")
	if narrow {
		page = notebook.NewPage("column", "type", "distinct BIGINT", "range or values", "histogram")
		if missing {
			page = notebook.NewPage("column", "type", "missing", "distinct BIGINT", "range or values", "histogram")
		}
	}
	for _, c := range p.Columns {
		var counts []float64
		for i, b := range c.Histogram {
			if narrow && i%2 == 1 {
				counts[i/2] += float64(b.Count)
			} else {
				counts = append(counts, float64(b.Count))
			}
		}
		shape := spark(counts)
		if c.LogBins {
			shape += " log"
		}
		var top []string
		for _, v := range c.Top[:min(3, len(c.Top))] {
			top = append(top, fmt.Sprintf("%s %s", v.Value, percent(v.Share)))
		}
		absent := ""
		if c.Missing > 0 {
			absent = percent(c.MissingShare)
		}
		span, values := "", strings.Join(top, ", ")
		if c.Min != "" || c.Max != "" {
			span = render.Clip(c.Min, 26) + " … " + render.Clip(c.Max, 26)
		}
		typ := render.TypeName(string(c.Type))
		if narrow && len(c.Histogram) == 0 && values != "" {
			span = values
		}
		switch {
		case !narrow:
			page.Add(c.Name, typ, absent, c.Distinct, span, shape, values)
		case missing:
			page.Add(c.Name, typ, absent, c.Distinct, span, shape)
		default:
			page.Add(c.Name, typ, c.Distinct, span, shape)
		}
	}
	return page
}

// narrow reports whether tables are for a terminal that is not wide.
func (s *Shell) narrow() bool {
	_, style := s.target()
	return style.Mode == render.ModeDuckbox && style.Width > 0 && style.Width < 116
}

func percent(share float64) string {
	if share > 0 && share < 0.001 {
		return "<0.1%"
	}
	return fmt.Sprintf("%.3g%%", math.Round(share*1000)/10)
}

// sessions shows the longest sessions of a table.
func sessions(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	table := notebook.FullName(args[0], "raw")
	real := table
	if strings.HasPrefix(table, "synth.") { // what a session is, the real table says
		tables, err := l.Workspace.Tables(ctx)
		if err != nil {
			return err
		}
		for _, t := range tables {
			if strings.EqualFold(t.Name.String(), table) && t.Imitates != "" {
				real = t.Imitates
			}
		}
	}
	r, err := l.Workspace.Recipe(ctx, real)
	if err != nil {
		return err
	}
	keys := r.KeyNames()
	if len(keys) == 0 {
		return fmt.Errorf("%s has no sessions: each of its records is learnt alone", table)
	}
	for i := range keys {
		keys[i] = notebook.QuoteName(keys[i])
	}
	list := strings.Join(keys, ", ")
	shown := list
	if s.narrow() {
		shown = "concat_ws(' ', " + list + ") AS session"
	}
	schema, name, _ := strings.Cut(table, ".")
	span := ""
	if r.HasTime() {
		t := notebook.QuoteName(r.Time.Name)
		span = fmt.Sprintf(", min(%s) AS begins, max(%s) - min(%s) AS lasts", t, t, t)
	}
	sql := fmt.Sprintf("SELECT count(*) AS records, %s%s FROM %s.%s GROUP BY %s ORDER BY records DESC, %s", shown, span, notebook.QuoteName(schema), notebook.QuoteName(name), list, list)
	return s.statement(ctx, sql)
}

// compare shows two tables over each other: all columns in a table with a
// histogram of each, or the columns named as charts.
func compare(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	real := notebook.FullName(args[0], "raw")
	synth := "synth." + notebook.BareName(real)
	columns := args[1:]
	if len(args) > 1 {
		synth, columns = notebook.FullName(args[1], "synth"), args[2:]
	}
	if len(columns) > 0 {
		figures, err := l.runner.CompareColumns(ctx, real, synth, columns)
		for _, f := range figures {
			err = errors.Join(s.showPart(notebook.Part{Figure: &f}), err)
		}
		return err
	}
	page := notebook.NewPage("column", real, synth, "apart")
	err = s.interruptible(ctx, func(ctx context.Context) error {
		all, err := l.runner.Compare(ctx, real, synth)
		for _, c := range all {
			page.Add(c.Column, compared(c.Chart, 0), compared(c.Chart, 1), percent(c.Apart))
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.showPart(notebook.Part{Table: page}); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "apart: of numbers the greatest distance between the distributions of the bins shown, of others half the\nsum of differences in share; 0 % is alike, 100 % nothing in common. .report measures more, against real halves.")
	return nil
}

// compared is a series of a chart in a cell: a histogram in small, or the most
// frequent values.
func compared(c *figure.Chart, i int) string {
	y := c.Series[i].Y
	if c.Kind == figure.HistogramChart {
		return spark(y)
	}
	var parts []string
	for k, l := range c.Labels[:min(3, len(c.Labels))] {
		parts = append(parts, render.Clip(render.Harmless(l), 18)+" "+percent(y[k]/100))
	}
	return strings.Join(parts, ", ")
}
