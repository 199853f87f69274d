package dgan

import (
	"fmt"
	"math"
)

// quiet is what the output layers' weights are multiplied by where margins are set: little is left of what
// untrained layers below say.
const quiet = .2

// SetMargins makes the untrained generator begin with columns that have the given shares of classes, each on
// its own: meta and series hold, for each softmax head of the shape, the share of each class. What is to be
// learnt is then how columns go together.
func (m *Model) SetMargins(meta, series [][]float64) error {
	last := len(m.meta.w) - 1
	if err := setMargins(m.shape.Meta, meta, m.meta.b[last].w); err != nil {
		return err
	}
	w := m.series.width
	for k := range m.series.per {
		if err := setMargins(m.shape.Series, series, m.series.bo.w[k*w:(k+1)*w]); err != nil {
			return err
		}
	}
	for _, p := range []*param{m.meta.w[last], m.series.wo} {
		for i := range p.w {
			p.w[i] *= quiet
		}
	}
	for i, p := range m.generatorParams()[:len(m.average)] {
		copy(m.average[i], p.w)
	}
	m.frozen = nil
	return nil
}

func setMargins(heads []Head, shares [][]float64, bias []float32) error {
	at := 0
	for _, h := range heads {
		if h.Kind == Softmax {
			if len(shares) == 0 || len(shares[0]) != h.Size {
				return fmt.Errorf("dgan: shares for %d heads, the next of %d classes, don't fit", len(shares), h.Size)
			}
			for j, p := range shares[0] {
				bias[at+j] = float32(math.Log(max(p, 1e-6)))
			}
			shares = shares[1:]
		}
		at += h.Size
	}
	return nil
}
