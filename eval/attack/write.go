package attack

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"text/tabwriter"
)

//go:embed audit.gohtml
var page string

// WriteHTML writes the audit as one file that needs nothing else.
func (o *Audit) WriteHTML(w io.Writer) error {
	t, err := template.New("audit").Funcs(template.FuncMap{"number": number, "chance": probability}).Parse(page)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, o); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// WriteJSON writes the audit as one indented JSON object.
func (o *Audit) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(o)
}

// WriteText writes the audit for a terminal: the verdict, that of each block in
// words, and the figures.
func (o *Audit) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", strings.ToUpper(o.Verdict.String()), o.Words)
	for _, x := range o.Blocks {
		fmt.Fprintf(&b, "%-9s  %s\n           %s\n", x.Mark(), x.Title, x.Words)
	}
	fmt.Fprintf(&b, "\n%s\n\n", o.Guarantee)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "attack\tfigure\tvalue\t95 % interval\tby chance\tp")
	for _, x := range o.Blocks {
		for _, f := range x.Figures {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s to %s\t%s\t%s\n", x.Name, shorter(f.Name), number(f.Value), number(f.Low), number(f.High), number(f.Chance), probability(f.P))
		}
	}
	t.Flush()
	for _, n := range o.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Mark is the verdict of a block for people: what raises no alarm passes
// nothing.
func (b Block) Mark() string {
	if b.Name == "distance" {
		if b.Alarm {
			return "alarm"
		}
		return "no alarm"
	}
	return b.Verdict.String()
}

// Tone is the class that the mark has on a page.
func (b Block) Tone() string {
	switch {
	case b.Alarm:
		return Fail.String()
	case b.Name == "distance":
		return "soft"
	}
	return b.Verdict.String()
}

func shorter(s string) string {
	if r := []rune(s); len(r) > 72 {
		return string(r[:71]) + "…"
	}
	return s
}

func number(x float64) string { return fmt.Sprintf("%.3g", x) }

func probability(p float64) string {
	switch {
	case p >= 1:
		return ""
	case p < .001:
		return "< 0.001"
	}
	return fmt.Sprintf("%.2g", p)
}
