package kern

/*
#include "kern.h"
*/
import "C"

import "fmt"

// splitValues is the number of values that are worth a thread, where parts meet at its multiples: a multiple
// of the vectors that kernels step by, so that splits change no sum.
const splitValues = 1 << 15

// want panics where a slice has not the length that its shape asks for: the C side trusts it.
func want(what string, x []float32, n int) {
	if len(x) < n {
		panic(fmt.Sprintf("kern: %s has %d values, want %d", what, len(x), n))
	}
}

// Bias adds b [n] to every row of c [m, n].
func Bias(m, n int, c, b []float32) {
	want("c", c, m*n)
	want("b", b, n)
	C.ns_bias(C.long(m), C.long(n), ptr(c), ptr(b))
}

// BiasReLU adds b [n] to every row of c [m, n] and multiplies negative results by slope.
func BiasReLU(m, n int, c, b []float32, slope float32) {
	want("c", c, m*n)
	want("b", b, n)
	C.ns_bias_relu(C.long(m), C.long(n), ptr(c), ptr(b), C.float(slope))
}

// ReLUBack multiplies the gradient d by slope where the activation a is not positive.
func ReLUBack(d, a []float32, slope float32) {
	want("a", a, len(d))
	C.ns_relu_back(C.long(len(d)), ptr(d), ptr(a), C.float(slope))
}

// Axpby computes y = alpha x + beta y.
func Axpby(alpha float32, x []float32, beta float32, y []float32) {
	want("x", x, len(y))
	C.ns_axpby(C.long(len(y)), C.float(alpha), ptr(x), C.float(beta), ptr(y))
}

// Lerp computes o = x + t (y - x).
func Lerp(x, y []float32, t float32, o []float32) {
	want("x", x, len(o))
	want("y", y, len(o))
	C.ns_lerp(C.long(len(o)), ptr(x), ptr(y), C.float(t), ptr(o))
}

// SumSquares writes the sum of squares of each row of x [m, n] to o [m].
func SumSquares(m, n int, x, o []float32) {
	want("x", x, m*n)
	want("o", o, m)
	C.ns_sumsq(C.long(m), C.long(n), ptr(x), ptr(o))
}

// RowDot writes the inner products of the rows of x and y [m, n] to o [m].
func RowDot(m, n int, x, y, o []float32) {
	want("x", x, m*n)
	want("y", y, m*n)
	want("o", o, m)
	C.ns_rowdot(C.long(m), C.long(n), ptr(x), ptr(y), ptr(o))
}

// RowScale multiplies each row of x [m, n] by its factor of f [m].
func RowScale(m, n int, x, f []float32) {
	want("x", x, m*n)
	want("f", f, m)
	C.ns_row_scale(C.long(m), C.long(n), ptr(x), ptr(f))
}

// ColSum computes y = alpha times the column sums of x [m, n], plus beta y.
func ColSum(m, n int, x []float32, alpha, beta float32, y []float32) {
	want("x", x, m*n)
	want("y", y, n)
	C.ns_colsum(C.long(m), C.long(n), ptr(x), C.float(alpha), C.float(beta), ptr(y))
}

// AdamStep holds the constants of one step of Adam (Kingma and Ba 2015, algorithm 1).
type AdamStep struct {
	Rate, Beta1, Beta2, Epsilon float32
	Fix1, Fix2                  float32 // 1/(1-beta1^t) and 1/sqrt(1-beta2^t)
}

// Adam moves the parameters p along the gradient g, keeping the moments m and v.
func (s AdamStep) Adam(p, g, m, v []float32) {
	want("gradient", g, len(p))
	want("first moment", m, len(p))
	want("second moment", v, len(p))
	share(len(p), splitValues, func(from, to int) {
		C.ns_adam(C.long(to-from), ptr(p[from:]), ptr(g[from:]), ptr(m[from:]), ptr(v[from:]), C.float(s.Rate),
			C.float(s.Beta1), C.float(s.Beta2), C.float(s.Epsilon), C.float(s.Fix1), C.float(s.Fix2))
	})
}

// AMSGrad is Adam with the largest second moment so far, kept in top, in place of the second moment (Reddi,
// Kale and Kumar 2018).
func (s AdamStep) AMSGrad(p, g, m, v, top []float32) {
	want("gradient", g, len(p))
	for _, x := range [][]float32{m, v, top} {
		want("moment", x, len(p))
	}
	share(len(p), splitValues, func(from, to int) {
		C.ns_amsgrad(C.long(to-from), ptr(p[from:]), ptr(g[from:]), ptr(m[from:]), ptr(v[from:]), ptr(top[from:]), C.float(s.Rate),
			C.float(s.Beta1), C.float(s.Beta2), C.float(s.Epsilon), C.float(s.Fix1), C.float(s.Fix2))
	})
}

// LSTMForward runs one step of m rows: z [m, 4h] holds the input, forget, cell and output gates before, and
// afterwards behind, their activation; c0 is the cell before; c, out and tanhc [m, h] take the cell, the
// output and the cell's tanh.
func LSTMForward(m, h int, z, c0, c, out, tanhc []float32) {
	want("z", z, 4*m*h)
	for _, x := range [][]float32{c0, c, out, tanhc} {
		want("state", x, m*h)
	}
	C.ns_lstm_forward(C.long(m), C.long(h), ptr(z), ptr(c0), ptr(c), ptr(out), ptr(tanhc))
}

// LSTMBack is the gradient of LSTMForward: dout [m, h] in, dc [m, h] the later step's cell gradient in and
// this one's out, dz [m, 4h] out.
func LSTMBack(m, h int, z, c0, tanhc, dout, dc, dz []float32) {
	want("z", z, 4*m*h)
	want("dz", dz, 4*m*h)
	for _, x := range [][]float32{c0, tanhc, dout, dc} {
		want("state", x, m*h)
	}
	C.ns_lstm_back(C.long(m), C.long(h), ptr(z), ptr(c0), ptr(tanhc), ptr(dout), ptr(dc), ptr(dz))
}

// Heads lays output activations out over the columns of a matrix. Kinds: 0 softmax over Len columns,
// 1 sigmoid, 2 tanh.
type Heads struct {
	Kind, Off, Len []int32
	Stride         int // columns of a row, where there are more than those of the heads
}

// Add appends a head of n columns.
func (h *Heads) Add(kind, n int) {
	h.Off = append(h.Off, int32(h.Width()))
	h.Kind, h.Len = append(h.Kind, int32(kind)), append(h.Len, int32(n))
}

// grain is the number of rows that are worth a thread: an exponential takes as long as several steps of Adam.
func (h *Heads) grain() int {
	values := 0
	for _, l := range h.Len {
		values += int(l)
	}
	return splitValues/(4*values) + 1
}

// One is head k alone, in the rows of all.
func (h *Heads) One(k int) *Heads {
	return &Heads{Kind: h.Kind[k : k+1], Off: h.Off[k : k+1], Len: h.Len[k : k+1], Stride: h.Width()}
}

// Width is the number of columns of a row.
func (h *Heads) Width() int {
	if h.Stride > 0 {
		return h.Stride
	}
	n := len(h.Off)
	if n == 0 {
		return 0
	}
	return int(h.Off[n-1] + h.Len[n-1])
}

// Forward activates m rows of x in place. Softmax logits get noise added (nil for none; shaped as x) and are
// multiplied by scale, which is 1/temperature.
func (h *Heads) Forward(m int, x, noise []float32, scale float32) {
	n := h.Width()
	want("x", x, m*n)
	if noise != nil {
		want("noise", noise, m*n)
	}
	if m == 0 || n == 0 {
		return
	}
	share(m, h.grain(), func(from, to int) {
		part := noise
		if noise != nil {
			part = noise[from*n:]
		}
		C.ns_heads_forward(C.long(to-from), C.long(n), ptr(x[from*n:]), ptr(part), C.float(scale), C.long(len(h.Kind)), ints(h.Kind), ints(h.Off), ints(h.Len))
	})
}

// Back turns d, the gradient by the activations y, into the gradient by what Forward got.
func (h *Heads) Back(m int, y, d []float32, scale float32) {
	n := h.Width()
	want("y", y, m*n)
	want("d", d, m*n)
	if m == 0 || n == 0 {
		return
	}
	share(m, h.grain(), func(from, to int) {
		C.ns_heads_back(C.long(to-from), C.long(n), ptr(y[from*n:]), ptr(d[from*n:]), C.float(scale), C.long(len(h.Kind)), ints(h.Kind), ints(h.Off), ints(h.Len))
	})
}

// Harden writes x to y with softmax heads one-hot at their first largest class; both may be the same slice.
func (h *Heads) Harden(m int, x, y []float32) {
	n := h.Width()
	want("x", x, m*n)
	want("y", y, m*n)
	if m == 0 || n == 0 {
		return
	}
	if &x[0] == &y[0] {
		x = append([]float32(nil), x[:m*n]...)
	}
	C.ns_heads_hard(C.long(m), C.long(n), ptr(x), ptr(y), C.long(len(h.Kind)), ints(h.Kind), ints(h.Off), ints(h.Len))
}
