package eval

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"netshare/eval/figure"
)

//go:embed report.gohtml
var page string

//go:embed style.gohtml
var stylePage string

// pageFunctions are what the pages' templates call.
func pageFunctions() template.FuncMap {
	return template.FuncMap{
		"name":     Printable,
		"sentence": sentence,
		"score":    func(x float64) string { return fmt.Sprintf("%.1f", x) },
		"number":   short,
		"pct":      percent,
		"rank":     func(x *float64) string { return fmt.Sprintf("%.2f", *x) },
		"title":    metricTitle,
		"width":    func(x float64) string { return fmt.Sprintf("%.1f", max(0, min(100, x))) },
		"join":     func(s []string) string { return strings.Join(s, ", ") },
		"round":    func(x float64) string { return fmt.Sprintf("%.0f", math.Round(x)) },
	}
}

// WriteHTML writes the report as one file that needs nothing else: no network,
// no script, figures inside.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(pageFunctions()).Parse(page)
	if err != nil {
		return err
	}
	if _, err := t.New("style").Parse(stylePage); err != nil {
		return err
	}
	v := view{Report: r}
	for _, c := range r.charts {
		svg, err := inlineSVG(c)
		if err != nil {
			return fmt.Errorf("figure %s: %w", c.name, err)
		}
		d := drawn{Title: c.title, SVG: svg, Wide: isWide(c)}
		if c.section == "" {
			v.Whole = append(v.Whole, d)
			continue
		}
		if n := len(v.Columns); n == 0 || v.Columns[n-1].name != c.section {
			v.Columns = append(v.Columns, columnSection{Name: Printable(c.section), name: c.section, Scores: r.columnScores(c.section)})
		}
		last := &v.Columns[len(v.Columns)-1]
		last.Charts = append(last.Charts, d)
	}
	for _, p := range properties() {
		g := group{Property: p}
		for _, s := range r.Scores {
			if s.Property == p {
				g.Scores = append(g.Scores, s)
			}
		}
		if len(g.Scores) > 0 {
			v.Groups = append(v.Groups, g)
		}
	}
	v.Metrics = Metrics()
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// view is what the page shows.
type view struct {
	*Report
	Whole   []drawn
	Columns []columnSection
	Groups  []group
	Metrics []Metric
}

type drawn struct {
	Title string
	SVG   template.HTML
	Wide  bool
}

type columnSection struct {
	Name   string
	name   string
	Scores []Score
	Charts []drawn
}

type group struct {
	Property string
	Scores   []Score
}

func (r *Report) columnScores(name string) []Score {
	var out []Score
	for _, s := range r.Scores {
		if len(s.Columns) == 1 && s.Columns[0] == name && s.Computed && s.Counted {
			out = append(out, s)
		}
	}
	return out
}

func isWide(c chart) bool {
	switch f := c.figure.(type) {
	case figure.Heat:
		return len(f.Labels) > 4
	case figure.Map:
		return true
	}
	return false
}

// inlineSVG draws a chart for the page: without the XML header, in the page's
// ink, with a text for those who can't see it. The drawing's own texts were
// escaped when it was drawn.
func inlineSVG(c chart) (template.HTML, error) {
	var b bytes.Buffer
	if err := figure.SVG(&b, c.figure); err != nil {
		return "", err
	}
	s := b.String()
	at := strings.Index(s, "<svg")
	if at < 0 {
		return "", fmt.Errorf("drawing has no svg element")
	}
	s = s[at:]
	s = strings.Replace(s, "<svg", `<svg role="img" aria-label="`+template.HTMLEscapeString(c.alt)+`"`, 1)
	s = strings.ReplaceAll(s, figure.InkHex, "var(--ink)")
	s = strings.ReplaceAll(s, figure.GridHex, "var(--grid)")
	return template.HTML(s), nil
}

// metricTitle is a score's metric for people.
func metricTitle(name string) string {
	all := Metrics()
	for _, m := range all {
		if m.Name == name {
			return m.Title
		}
	}
	for _, m := range all {
		if rest, ok := strings.CutPrefix(name, m.Name+"_"); ok {
			return m.Title + ": " + strings.ToLower(metricTitle(rest)[:1]) + metricTitle(rest)[1:]
		}
	}
	return name
}
