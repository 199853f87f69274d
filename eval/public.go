package eval

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"netshare/eval/attack"
)

// Public is a report that can be handed out with the synthetic tables: scores
// and verdicts, and no real value, no figure in a real column's own unit, and no
// count of real records unless it is asked for.
type Public struct {
	Tables          []PublicTable
	Addresses, Text string // what became of them
	Counts          bool   // of real records and sessions
}

// PublicTable is one table's part.
type PublicTable struct {
	Name      string
	Records   int64 // synthetic
	Guarantee string
	Report    *Report // nil where nothing was measured
	Note      string
}

//go:embed public.gohtml
var publicPage string

// WriteHTML writes the report as one file that needs nothing else.
func (p Public) WriteHTML(w io.Writer) error {
	t, err := template.New("public").Funcs(template.FuncMap{
		"name": Printable, "title": metricTitle, "score": func(x float64) string { return fmt.Sprintf("%.1f", x) },
	}).Parse(publicPage)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Counted are the scores that the mean is of.
func (t PublicTable) Counted() []Score {
	var out []Score
	for _, s := range t.Report.Scores {
		if s.Computed && s.Counted {
			out = append(out, s)
		}
	}
	return out
}

// Verdicts are the blocks of the audit, without their words, which have counts.
func (t PublicTable) Verdicts() []attack.Block {
	if t.Report.Audit == nil {
		return nil
	}
	return t.Report.Audit.Blocks
}
