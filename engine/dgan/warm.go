package dgan

import (
	"fmt"
	"slices"
	"strings"
)

// Columns says of each column of a model's samples which column of another's means the same, -1 for none.
type Columns struct {
	Meta   []int // [A]
	Series []int // [F], of one record
}

// TakeWeights takes the weights of a model of equal layers whose samples may have other columns: those of columns
// that it has not stay as they are. Records beyond its longest sample are new to the critic.
func (m *Model) TakeWeights(from *Model, c Columns) error {
	of := map[string]*param{}
	for _, p := range from.params() {
		of[p.name] = p
	}
	type pair struct {
		to, of     *param
		rows, cols []int
	}
	axes := m.axes(from, c)
	var pairs []pair
	for _, p := range m.params() {
		q, x := of[p.name], axes[p]
		delete(of, p.name)
		switch {
		case q == nil && x[0] != nil && x[1] != nil: // a chain, which a wide row has not
			continue
		case q == nil || x[0] == nil && p.rows != q.rows || x[1] == nil && p.cols != q.cols:
			return fmt.Errorf("dgan: weights %s %v are not those of the other model", p.name, p.dims)
		}
		pairs = append(pairs, pair{p, q, x[0], x[1]})
	}
	for name := range of {
		if !strings.HasSuffix(name, ".chain") {
			return fmt.Errorf("dgan: the other model has weights %s, and this one none", name)
		}
	}
	for _, x := range pairs {
		for i := range x.to.rows {
			for j := range x.to.cols {
				k, l := i, j
				if x.rows != nil {
					k = x.rows[i]
				}
				if x.cols != nil {
					l = x.cols[j]
				}
				if k >= 0 && l >= 0 {
					x.to.w[i*x.to.cols+j] = x.of.w[k*x.of.cols+l]
				}
			}
		}
	}
	for _, c := range []*chain{m.meta.chain, m.series.chain} {
		c.clear()
	}
	for i, x := range m.average {
		copy(x, m.params()[i].w)
	}
	m.frozen = nil
	return nil
}

// axes says of the weights whose rows, or columns, stand for columns of samples, which those are in another
// model's; nil where they stand for units.
func (m *Model) axes(from *Model, c Columns) map[*param][2][]int {
	record := slices.Clone(c.Series)
	for i := len(record); i < m.series.width; i++ { // the flag
		record = append(record, from.series.width-(m.series.width-i))
	}
	side := func(times int, of []int, width, most int) (out []int) {
		for t := range times {
			for _, at := range of {
				if at >= 0 && t < most {
					out = append(out, t*width+at)
				} else {
					out = append(out, -1)
				}
			}
		}
		return out
	}
	step := side(m.series.per, record, from.series.width, from.series.per)
	sample := side(m.series.records, record, from.series.width, from.series.records)
	a, f, k := from.shape.MetaWidth(), from.series.records*from.series.width, m.cfg.pack()
	metas, samples := side(k, c.Meta, a, from.cfg.pack()), side(k, sample, f, from.cfg.pack())
	for i, at := range samples {
		if at >= 0 {
			samples[i] = at + from.cfg.pack()*a
		}
	}
	last := len(m.meta.w) - 1
	x := map[*param][2][]int{
		m.meta.w[last]: {nil, c.Meta}, m.meta.b[last]: {nil, c.Meta},
		m.series.wa: {c.Meta, nil}, m.series.wo: {nil, step}, m.series.bo: {nil, step},
		m.critic.w[0]: {append(metas[:len(metas):len(metas)], samples...), nil},
	}
	if m.series.wf != nil {
		x[m.series.wf] = [2][]int{step, nil}
	}
	if m.meta.chain != nil {
		x[m.meta.chain.u] = [2][]int{c.Meta, c.Meta}
	}
	if m.series.chain != nil {
		x[m.series.chain.u] = [2][]int{record, record}
	}
	if m.attributeCritic != nil {
		x[m.attributeCritic.w[0]] = [2][]int{metas, nil}
	}
	return x
}
