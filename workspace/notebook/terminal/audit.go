package terminal

import (
	"fmt"
	"strings"

	"netshare/workspace"
	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// showAudit shows what attacks found: the figures, and below them, where they
// are seen, the verdicts in words.
func (s *Shell) showAudit(a *workspace.Audited) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", strings.ToUpper(a.Verdict.String()), a.Words)
	figures := notebook.NewPage("attack", "figure", "value", "95 % interval", "by chance", "p")
	for _, x := range a.Blocks {
		fmt.Fprintf(&b, "%-9s  %s\n           %s\n", x.Mark(), x.Title, x.Words)
		for _, f := range x.Figures {
			p := ""
			if f.P < 1 {
				p = fmt.Sprintf("%.2g", f.P)
			}
			figures.Add(x.Name, f.Name, fmt.Sprintf("%.3g", f.Value), fmt.Sprintf("%.3g to %.3g", f.Low, f.High), fmt.Sprintf("%.3g", f.Chance), p)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", a.Guarantee)
	for _, n := range a.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	if err := s.showPart(notebook.Part{Table: figures}); err != nil {
		return err
	}
	return s.showPart(notebook.Part{Text: render.HarmlessLines(b.String())})
}
