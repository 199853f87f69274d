package eval

import (
	"fmt"
	"io"
)

// Guarantee is what is promised of a synthetic table by how it was made. It is
// told, not measured: whoever calls Compare knows it.
type Guarantee struct {
	Model   string  `json:"model"`
	Epsilon float64 `json:"epsilon"`
	Delta   float64 `json:"delta"`
	Unit    string  `json:"unit"`
	Means   string  `json:"means"` // what the unit is, in words

	Parts    []GuaranteePart `json:"mechanisms"`
	Outside  []string        `json:"outside"`
	Warnings []string        `json:"warnings,omitempty"`
}

// GuaranteePart is one look at the real trace through noise.
type GuaranteePart struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Noise   string  `json:"noise"`   // how much, in words
	Epsilon float64 `json:"epsilon"` // its share of the whole
}

// drowned tells that noise has left nothing of what goes together, by what was
// measured; "" where it has left something or there is no noise.
func (r *Report) drowned() string {
	t := r.TwoWay
	if r.Guarantee == nil || t == nil || t.Value < t.Independent {
		return ""
	}
	return fmt.Sprintf("pairs of columns are off more (%.3f) than those of independent columns would be (%.3f): at this epsilon the noise hides what goes together in so short or so wide a trace", t.Value, t.Independent)
}

// Drowned is the same for the page.
func (v view) Drowned() string { return v.drowned() }

// text writes the guarantee for a terminal.
func (g *Guarantee) text(w io.Writer) {
	fmt.Fprintf(w, "\ndifferentially private: epsilon %.3g at delta %.3g for %s; %d looks at the real trace through noise; these scores are not private\n",
		g.Epsilon, g.Delta, g.Means, len(g.Parts))
	for _, s := range g.Warnings {
		fmt.Fprintf(w, "note: %s\n", sentence(s))
	}
}
