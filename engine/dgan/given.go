package dgan

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Limit narrows a head of the metadata.
type Limit struct {
	// Head is a position in Shape.Meta.
	Head int
	// Shares are, of a softmax head, how much of each class is wanted, 0 to 1: a class of share 0 is not drawn.
	Shares []float64
	// Low and High bound the number of a head of size 1 that is no softmax.
	Low, High float32
}

// MetasGiven makes n metadata rows as Metas does, whose heads keep the limits, and the weight of each: the chance
// that the generator would have kept them, given what it had drawn of the row before. Rows drawn with these weights
// are distributed as the generator's rows that keep the limits are; their mean is how many do. Numbers that are out
// of their bounds are drawn evenly within them and weigh nothing.
//
// Source: sequential importance sampling (Kong, Liu and Wong 1994), head by head.
func (m *Model) MetasGiven(n int, limits []Limit, r *rand.Rand) (rows []float32, weights []float64, err error) {
	s, err := m.sampler()
	if err != nil {
		return nil, nil, err
	}
	l := &limiter{of: make([]*Limit, len(m.shape.Meta)), rand: r, weights: make([]float64, s.meta.rows)}
	for i := range limits {
		x := &limits[i]
		if x.Head < 0 || x.Head >= len(l.of) {
			return nil, nil, fmt.Errorf("dgan: limit of head %d of %d", x.Head, len(l.of))
		}
		if h := m.shape.Meta[x.Head]; h.Kind == Softmax && len(x.Shares) != h.Size || h.Kind != Softmax && h.Size != 1 {
			return nil, nil, fmt.Errorf("dgan: limit of %d classes on head %d, %v of size %d", len(x.Shares), x.Head, h.Kind, h.Size)
		}
		l.of[x.Head] = x
	}
	s.meta.limit = l
	defer func() { s.meta.limit = nil }()
	a := m.shape.MetaWidth()
	for n > 0 {
		k := min(n, samplerRows)
		for i := range l.weights {
			l.weights[i] = 1
		}
		if err := s.metas(r); err != nil {
			return nil, nil, err
		}
		rows, weights = append(rows, s.meta.result()[:k*a]...), append(weights, l.weights[:k]...)
		n -= k
	}
	return rows, weights, nil
}

// limiter narrows heads as they are drawn.
type limiter struct {
	of      []*Limit // by head, nil where there is none
	weights []float64
	rand    *rand.Rand
}

// before narrows the logits x of a head at columns off to off+size of rows of n.
func (l *limiter) before(head int, x []float32, n, off, size int) {
	if l == nil || l.of[head] == nil || l.of[head].Shares == nil {
		return
	}
	shares := l.of[head].Shares
	for i := range l.weights {
		row := x[i*n+off : i*n+off+size]
		top := float64(row[0])
		for _, v := range row {
			top = max(top, float64(v))
		}
		var all, kept float64
		for k, v := range row {
			e := math.Exp(float64(v) - top)
			all += e
			kept += e * shares[k]
		}
		l.weights[i] *= kept / all
		for k, share := range shares {
			if share > 0 {
				row[k] += float32(math.Log(share))
			} else {
				row[k] = never
			}
		}
	}
}

// never is a logit that no Gumbel noise makes up for.
const never = -1e8

// after narrows the number that a head of column off came out as.
func (l *limiter) after(head int, x []float32, n, off int) {
	if l == nil || l.of[head] == nil || l.of[head].Shares != nil {
		return
	}
	lo, hi := l.of[head].Low, l.of[head].High
	for i := range l.weights {
		if v := &x[i*n+off]; *v < lo || *v > hi {
			*v = lo + l.rand.Float32()*(hi-lo)
		}
	}
}
