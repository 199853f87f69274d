package engine

import (
	"errors"
	"fmt"
	"strings"

	"netshare/engine/codec"
	"netshare/engine/dgan"
	"netshare/workspace/trace"
)

// warm is the networks of another trace's model that a training begins with, and
// which of their columns mean the same as its own.
type warm struct {
	net     *dgan.Model
	columns dgan.Columns
}

// warmStart finds what of another model can be begun with: its networks, of its
// first chunk where it has several, and in them the columns of the values,
// networks, ranges and numbers that both traces have. Those that only one has
// begin, or are left out, as if nothing had been learnt of them.
func (m *Model) warmStart(other *Model) (*warm, error) {
	if other.Marginal != nil {
		return nil, errors.New("it was learnt under differential privacy, by other means: name a model that was not, or leave it out")
	}
	w := &warm{net: other.net}
	if other.chunks != nil {
		for _, data := range other.chunks.Networks {
			if w.net == nil && len(data) > 0 {
				var err error
				if w.net, err = dgan.Load(other.shape(), data); err != nil {
					return nil, err
				}
			}
		}
	}
	if w.net == nil {
		return nil, errors.New("it has no networks: name another model")
	}
	mine, its := m.labels(), other.labels()
	w.columns = dgan.Columns{Meta: sameColumns(mine[0], its[0]), Series: sameColumns(mine[1], its[1])}
	if some, of := w.shared(mine, true); some == 0 && of > 0 {
		return nil, fmt.Errorf("no column is learnt there as it is here: it learnt %s, and this trace has %s; name a model of such a trace, or leave it out", other.fieldNames(), m.fieldNames())
	}
	return w, nil
}

// share is how much of the columns begins as in the other model.
func (w *warm) share(mine [2][]codec.Label) float64 {
	some, of := w.shared(mine, false)
	return float64(some) / float64(max(1, of))
}

// shared counts the columns that both models have, and all, or all of fields.
func (w *warm) shared(mine [2][]codec.Label, ofFields bool) (some, of int) {
	for part, from := range [2][]int{w.columns.Meta, w.columns.Series} {
		for i, l := range mine[part] {
			if !ofFields || l.OfField() {
				some += boolInt(from[i] >= 0)
				of++
			}
		}
	}
	return some, of
}

// sameColumns finds the columns that mean the same.
func sameColumns(mine, its []codec.Label) []int {
	at := make([]int, len(mine))
	byName := map[string][]int{}
	for i, l := range its {
		byName[l.Name] = append(byName[l.Name], i)
	}
	for i, l := range mine {
		at[i] = -1
		for _, k := range byName[l.Name] {
			if at[i] < 0 && l.Means(its[k]) {
				at[i] = k
			}
		}
	}
	return at
}

// labels are those of the networks' columns, of metadata and of a record: the
// codec's, and the extras'. A number that is learnt by its place in its sample's
// range is another than the number itself.
func (m *Model) labels() (out [2][]codec.Label) {
	series := m.Codec.SeriesLabels(&m.Recipe)
	extra := func(format string, a ...any) {
		out[0] = append(out[0], codec.Label{Name: fmt.Sprintf(format, a...)})
	}
	for _, ls := range m.Codec.MetaLabels(&m.Recipe) {
		out[0] = append(out[0], ls...)
	}
	if m.Options.SelfNorm {
		for _, h := range m.Codec.SeriesNumbers() {
			l := &series[h.Head][0]
			extra("middle of %s", l.Name)
			extra("width of %s", l.Name)
			l.Name += " in its sample"
		}
	}
	if m.chunks != nil {
		for i, h := range m.chunks.heads() {
			for class := range h.Classes {
				extra("tag %d class %d", i, class)
			}
		}
	}
	for _, ls := range series {
		out[1] = append(out[1], ls...)
	}
	if out[1] == nil {
		out[1] = []codec.Label{{Name: "nothing"}} // as networkHeads has it
	}
	return out
}

// fieldNames are the names of the fields that a model learnt.
func (m *Model) fieldNames() string {
	var names []string
	for _, f := range append(append([]trace.Field{}, m.Recipe.Metadata...), m.Recipe.Series...) {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}
