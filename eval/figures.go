package eval

import "netshare/eval/figure"

// Figure is one figure of a report.
type Figure struct {
	Section string // the column that it is about, "" for the trace as a whole
	Title   string
	Alt     string // says in words what is to be seen
	Figure  figure.Figure
}

// Figures returns the figures of a report of Compare in the order of the page.
func (r *Report) Figures() []Figure {
	all := make([]Figure, len(r.charts))
	for i, c := range r.charts {
		all[i] = Figure{c.section, c.title, c.alt, c.figure}
	}
	return all
}
