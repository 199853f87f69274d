package eval

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"netshare/eval/figure"
)

// SideBySide is several synthetic tables measured against one real table, the
// best first, for choosing a model.
type SideBySide struct {
	Real   Side      `json:"real"`
	Tables []*Report `json:"tables"`
}

// NewSideBySide orders reports of one real table by their overall score.
func NewSideBySide(reports []*Report) (*SideBySide, error) {
	if len(reports) == 0 {
		return nil, fmt.Errorf("no synthetic table to compare: name one or several")
	}
	out := &SideBySide{Real: reports[0].Real, Tables: slices.Clone(reports)}
	for _, r := range reports {
		if r.Real != out.Real {
			return nil, fmt.Errorf("%s was measured against %s, %s against %s: compare tables with one real table",
				reports[0].Synthetic.Name, out.Real.Name, r.Synthetic.Name, r.Real.Name)
		}
	}
	slices.SortStableFunc(out.Tables, func(a, b *Report) int {
		switch {
		case a.Overall.Score > b.Overall.Score:
			return -1
		case a.Overall.Score < b.Overall.Score:
			return 1
		}
		return 0
	})
	return out, nil
}

// Tie reports whether the second table is as good as the first within their
// spreads.
func (c *SideBySide) Tie() bool {
	if len(c.Tables) < 2 {
		return false
	}
	a, b := c.Tables[0].Overall, c.Tables[1].Overall
	return a.Score-b.Score <= math.Hypot(a.Spread, b.Spread)
}

// Verdict says in a sentence which table is best.
func (c *SideBySide) Verdict() string {
	best := c.Tables[0]
	name := Printable(best.Synthetic.Name)
	if len(c.Tables) == 1 {
		return fmt.Sprintf("%s scores %.1f ± %.1f", name, best.Overall.Score, best.Overall.Spread)
	}
	next := c.Tables[1]
	if c.Tie() {
		return fmt.Sprintf("%s and %s are as good as each other within their spreads (%.1f ± %.1f, %.1f ± %.1f)", name, Printable(next.Synthetic.Name),
			best.Overall.Score, best.Overall.Spread, next.Overall.Score, next.Overall.Spread)
	}
	return fmt.Sprintf("%s is the best, %.1f ± %.1f; %s follows with %.1f ± %.1f", name,
		best.Overall.Score, best.Overall.Spread, Printable(next.Synthetic.Name), next.Overall.Score, next.Overall.Spread)
}

// comparedRow is one measure of all tables.
type comparedRow struct {
	Name   string
	Cells  []comparedCell
	Indent bool
}

type comparedCell struct {
	Score float64
	There bool
	Best  bool
}

// Properties are the property scores, a row each.
func (c *SideBySide) Properties() []comparedRow {
	var out []comparedRow
	for _, p := range properties() {
		if row, ok := c.row(p, func(r *Report) (float64, bool) {
			for _, s := range r.Properties {
				if s.Property == p {
					return s.Score, true
				}
			}
			return 0, false
		}); ok {
			out = append(out, row)
		}
	}
	return out
}

// row makes a row; ok is false where no table has it.
func (c *SideBySide) row(name string, of func(*Report) (float64, bool)) (row comparedRow, ok bool) {
	row.Name = name
	best := math.Inf(-1)
	for _, r := range c.Tables {
		v, there := of(r)
		row.Cells = append(row.Cells, comparedCell{Score: v, There: there})
		if there {
			best, ok = max(best, v), true
		}
	}
	for i := range row.Cells {
		row.Cells[i].Best = row.Cells[i].There && row.Cells[i].Score >= best-.05 && len(c.Tables) > 1
	}
	return row, ok
}

// apartRows is how many scores are listed that the tables differ in.
const apartRows = 25

// Apart are the scores that the tables differ in most.
func (c *SideBySide) Apart() []comparedRow {
	type place struct{ metric, target string }
	var order []place
	at := map[place][]*Score{}
	for k, r := range c.Tables {
		for i := range r.Scores {
			s := &r.Scores[i]
			if !s.Computed || !s.Counted {
				continue
			}
			p := place{s.Metric, s.Target}
			if at[p] == nil {
				at[p] = make([]*Score, len(c.Tables))
				order = append(order, p)
			}
			at[p][k] = s
		}
	}
	differ := func(p place) float64 {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, s := range at[p] {
			if s == nil {
				return 0 // counted in some tables only
			}
			lo, hi = min(lo, s.Score), max(hi, s.Score)
		}
		return hi - lo
	}
	order = slices.DeleteFunc(order, func(p place) bool { return differ(p) < 1 })
	slices.SortStableFunc(order, func(a, b place) int {
		switch x, y := differ(a), differ(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	var out []comparedRow
	for _, p := range order[:min(len(order), apartRows)] {
		k := -1
		row, _ := c.row(p.target+": "+lowerFirst(metricTitle(p.metric)), func(*Report) (float64, bool) {
			k++
			return at[p][k].Score, true
		})
		out = append(out, row)
	}
	return out
}

func lowerFirst(s string) string {
	if s == "" || strings.HasPrefix(s, "Jensen") || strings.HasPrefix(s, "Kolmogorov") {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// WriteJSON writes the tables' reports as one indented JSON object.
func (c *SideBySide) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(c)
}

// WriteText writes the comparison for a terminal.
func (c *SideBySide) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%-22s", sentence(c.Verdict()), "")
	for _, r := range c.Tables {
		fmt.Fprintf(&b, " %16s", figure.Label(r.Synthetic.Name, 16))
	}
	fmt.Fprintf(&b, " %10s\n%-22s", "real half", "overall")
	for _, r := range c.Tables {
		fmt.Fprintf(&b, " %16s", fmt.Sprintf("%.1f ± %.1f", r.Overall.Score, r.Overall.Spread))
	}
	fmt.Fprintf(&b, " %10.1f\n", c.Tables[0].Overall.Baseline)
	line := func(row comparedRow, width int) {
		fmt.Fprintf(&b, "%-*s", width, figure.Label(row.Name, width))
		for _, cell := range row.Cells {
			text := "-"
			if cell.There {
				if text = fmt.Sprintf("%.1f", cell.Score); cell.Best {
					text = "* " + text
				}
			}
			fmt.Fprintf(&b, " %16s", text)
		}
		b.WriteByte('\n')
	}
	for _, row := range c.Properties() {
		line(row, 22)
	}
	fmt.Fprintf(&b, "%-22s", "two-way distance")
	for _, r := range c.Tables {
		text := "-"
		if r.TwoWay != nil {
			text = fmt.Sprintf("%.3f", r.TwoWay.Value)
		}
		fmt.Fprintf(&b, " %16s", text)
	}
	b.WriteString("\n* is the best of a row\n")
	if rows := c.Apart(); len(rows) > 0 {
		b.WriteString("\nwhere they differ most\n")
		for _, row := range rows[:min(10, len(rows))] {
			line(row, 64)
		}
	}
	for _, r := range c.Tables {
		if len(r.Worst) > 0 {
			fmt.Fprintf(&b, "\n%s: %s (score %.0f)\n", sentence(r.Synthetic.Name), sentence(r.Worst[0].Words), r.Worst[0].Score)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

//go:embed sidebyside.gohtml
var sidePage string

// WriteHTML writes the comparison as one page without network or script. link
// is the address of a table's own report, "" for none.
func (c *SideBySide) WriteHTML(w io.Writer, link func(*Report) string) error {
	t, err := template.New("sidebyside").Funcs(pageFunctions()).Funcs(template.FuncMap{"link": link}).Parse(sidePage)
	if err != nil {
		return err
	}
	if _, err := t.New("style").Parse(stylePage); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}
