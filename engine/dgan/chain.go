package dgan

import "netshare/engine/dgan/kern"

// maxChain is the most columns of a chain: its weights grow with their square.
const maxChain = 2048

// chain makes the heads of a row in order, each from logits to which a linear layer adds what the heads before
// it came out as: x_k = (what the network below gave) + sum over j < k of y_j U_jk, y the values that are
// handed on.
type chain struct {
	all  *kern.Heads
	each []*kern.Heads // one head each, in the rows of all
	hard bool          // y is one-hot, with the gradient of the softmax (straight-through)
	u    *param        // [n, n]; blocks on and below the diagonal are 0 and stay so
}

func newChain(name string, heads *kern.Heads, hard bool) *chain {
	c := &chain{all: heads, hard: hard, u: newParam(name, heads.Width(), heads.Width())}
	for k := range heads.Kind {
		c.each = append(c.each, heads.One(k))
	}
	return c
}

// with is the chain over other weights.
func (c *chain) with(u *param) *chain {
	t := *c
	t.u = u
	return &t
}

// forward activates m rows of logits x in place and writes the values that are handed on to y; noise and scale
// as for kern.Heads. limit narrows the heads; nil for none.
func (c *chain) forward(m int, x, y, noise []float32, scale float32, limit *limiter) {
	n := c.all.Width()
	if !c.hard {
		clear(y[:m*n])
	}
	for k, h := range c.each {
		off, size := int(h.Off[0]), int(h.Len[0])
		limit.before(k, x, n, off, size)
		h.Forward(m, x, noise, scale)
		limit.after(k, x, n, off)
		if c.hard {
			h.Harden(m, x, y)
		} else {
			for i := range m {
				copy(y[i*n+off:i*n+off+size], x[i*n+off:])
			}
		}
		if next := off + size; next < n {
			handOn(c.hard, m, n-next, size, y[off:], n, c.u.w[off*n+next:], n, x[next:], n)
		}
	}
}

// handOn adds a times b [k, n] to c [m, n]; sparse says that a [m, k] is made of one-hot heads.
func handOn(sparse bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	if sparse {
		kern.GemmSparse(m, n, k, a, lda, b, ldb, c, ldc)
	} else {
		kern.Gemm(false, false, m, n, k, 1, a, lda, b, ldb, 1, c, ldc)
	}
}

// back turns d, the gradient by y, into that by the logits, and adds the gradient by the weights to gu; x holds
// the activations.
func (c *chain) back(m int, x, y, d, gu []float32, scale float32) {
	n := c.all.Width()
	for k := len(c.each) - 1; k >= 0; k-- {
		h := c.each[k]
		off, size := int(h.Off[0]), int(h.Len[0])
		h.Back(m, x, d, scale)
		if off == 0 {
			continue
		}
		kern.Gemm(true, false, off, size, m, 1, y, n, d[off:], n, 1, gu[off:], n)
		kern.Gemm(false, true, m, off, size, 1, d[off:], n, c.u.w[off:], n, 1, d, n)
	}
}

// clear sets the weights of heads by themselves and those before to 0, as they stay. It does nothing where c is nil.
func (c *chain) clear() {
	if c == nil {
		return
	}
	n := c.all.Width()
	for _, h := range c.each {
		off, size := int(h.Off[0]), int(h.Len[0])
		for i := off; i < off+size; i++ {
			clear(c.u.w[i*n : i*n+off+size])
		}
	}
}
