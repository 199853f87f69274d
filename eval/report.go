package eval

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"netshare/eval/attack"
	"netshare/eval/figure"
)

// Side is one of the two tables.
type Side struct {
	Name     string `json:"name"`
	Rows     int    `json:"rows"`
	Columns  int    `json:"columns"`
	Sessions int    `json:"sessions"` // rows where there is no session key
}

// Report is the outcome of Compare. Its methods write it in the four forms;
// figures are there in a Report of Compare only, not in one read from JSON.
type Report struct {
	Overall    Overall         `json:"overall"`
	Properties []PropertyScore `json:"properties"`
	Worst      []Finding       `json:"worst"` // at most five, the worst first
	Real       Side            `json:"real"`
	Synthetic  Side            `json:"synthetic"`
	Key        []string        `json:"key,omitempty"`
	Time       string          `json:"time,omitempty"`
	Seed       uint64          `json:"seed"`
	Splits     int             `json:"splits"` // halvings of the real trace
	Scores     []Score         `json:"scores"`
	SDMetrics  *SDMetrics      `json:"sdmetrics,omitempty"`
	Notes      []string        `json:"notes,omitempty"`
	Rules      *RuleReport     `json:"rules,omitempty"`
	Tasks      *TaskReport     `json:"tasks,omitempty"`
	TwoWay     *TwoWay         `json:"two_way,omitempty"`
	Guarantee  *Guarantee      `json:"guarantee,omitempty"` // of the synthetic table; nil for none
	Holdout    *Holdout        `json:"holdout,omitempty"`   // against records held out; nil where there are none
	Audit      *attack.Audit   `json:"audit,omitempty"`     // what attacks found; nil where nothing was held out

	charts []chart
}

// WriteJSON writes the report as one indented JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// WriteFigures writes every figure as SVG and PNG into dir, which is made
// where it is not there.
func (r *Report) WriteFigures(dir string) error { return writeFigures(dir, r.charts) }

func writeFigures(dir string, charts []chart) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := clearFigures(dir); err != nil {
		return err
	}
	for _, c := range charts {
		for ext, draw := range map[string]func(io.Writer, figure.Figure) error{".svg": figure.SVG, ".png": figure.PNG} {
			if err := writeFile(filepath.Join(dir, c.name+ext), func(w io.Writer) error { return draw(w, c.figure) }); err != nil {
				return fmt.Errorf("figure %s: %w", c.name, err)
			}
		}
	}
	return nil
}

// clearFigures removes an earlier report's figures, which are numbered.
func clearFigures(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	figures := regexp.MustCompile(`^(\d\d+|epochs|epsilon)-.*\.(svg|png)$`)
	for _, f := range files {
		if figures.MatchString(f.Name()) {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// WriteText writes the report for a terminal: the summary, what is worst, and
// the scores of each column and property.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "overall %.1f ± %.1f of 100   (half of the real trace: %.1f)\n\n", r.Overall.Score, r.Overall.Spread, r.Overall.Baseline)
	fmt.Fprintf(&b, "%-12s %10s %10s\n", "", "real", "synthetic")
	fmt.Fprintf(&b, "%-12s %10d %10d\n", "records", r.Real.Rows, r.Synthetic.Rows)
	if len(r.Key) > 0 {
		fmt.Fprintf(&b, "%-12s %10d %10d\n", "sessions", r.Real.Sessions, r.Synthetic.Sessions)
	}
	fmt.Fprintf(&b, "\n%-12s %7s %8s %9s %7s\n", "property", "score", "spread", "real half", "scores")
	for _, p := range r.Properties {
		fmt.Fprintf(&b, "%-12s %7.1f %8s %9.1f %7d\n", p.Property, p.Score, fmt.Sprintf("±%.1f", p.Spread), p.Baseline, p.Counted)
	}
	if m := r.SDMetrics; m != nil {
		fmt.Fprintf(&b, "\nas SDMetrics counts: quality %.3f (column shapes %.3f, column pair trends %.3f), diagnostic %.3f\n",
			m.Quality, m.ColumnShapes, m.ColumnPairTrends, m.Diagnostic)
	}
	if t := r.TwoWay; t != nil {
		fmt.Fprintf(&b, "\ntwo-way total variation %.3f (two real halves %.3f, independent columns %.3f)\n", t.Value, t.Half, t.Independent)
	}
	r.Rules.text(&b)
	if r.Holdout != nil {
		r.Holdout.text(&b, r.Overall)
	}
	if r.Guarantee != nil {
		r.Guarantee.text(&b)
		if d := r.drowned(); d != "" {
			fmt.Fprintf(&b, "note: %s\n", sentence(d))
		}
	}
	if r.Audit != nil {
		fmt.Fprintf(&b, "\nprivacy, by attack: %s: %s\n", r.Audit.Verdict, sentence(r.Audit.Words))
		for _, x := range r.Audit.Blocks {
			fmt.Fprintf(&b, "%-9s  %s\n", x.Mark(), x.Title)
		}
	}
	r.Tasks.text(&b)
	if len(r.Worst) > 0 {
		b.WriteString("\nwhat is off most\n")
		for i, f := range r.Worst {
			fmt.Fprintf(&b, "%d. %s (score %.0f)\n", i+1, sentence(f.Words), f.Score)
		}
	}
	fmt.Fprintf(&b, "\n%-26s %-22s %9s %9s %9s %6s\n", "target", "metric", "value", "baseline", "yardstick", "score")
	left := 0
	for i := range r.Scores {
		s := &r.Scores[i]
		if !s.Computed || s.Property == Pairs || s.Property == Joint {
			if !s.Computed {
				left++
			}
			continue
		}
		mark := ""
		if !s.Counted {
			mark = " -"
		}
		fmt.Fprintf(&b, "%-26s %-22s %9.3g %9.3g %9.3g %6.1f%s\n", figure.Label(s.Target, 26), s.Metric, s.Value, s.Baseline, s.Yardstick, s.Score, mark)
	}
	fmt.Fprintf(&b, "- is shown only, not counted; pairs and joints are in the full report; %d scores could not be computed\n", left)
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", sentence(n))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// sentence is Printable for a sentence: not shortened.
func sentence(s string) string { return figure.Label(s, 400) }
