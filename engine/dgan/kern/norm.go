package kern

/*
#include "kern.h"
*/
import "C"

// BatchStats writes mean and variance (over m, not m-1) of the columns of x [m, n].
func BatchStats(m, n int, x, mean, variance []float32) {
	want("x", x, m*n)
	want("mean", mean, n)
	want("variance", variance, n)
	C.ns_batch_stats(C.long(m), C.long(n), ptr(x), ptr(mean), ptr(variance))
}

// BatchForward writes normed = (x - mean) istd and y = gain normed + shift, by column; all of x, normed and
// y are [m, n], the others [n].
func BatchForward(m, n int, x, mean, istd, gain, shift, normed, y []float32) {
	for _, s := range [][]float32{x, normed, y} {
		want("rows", s, m*n)
	}
	for _, s := range [][]float32{mean, istd, gain, shift} {
		want("columns", s, n)
	}
	C.ns_batch_forward(C.long(m), C.long(n), ptr(x), ptr(mean), ptr(istd), ptr(gain), ptr(shift), ptr(normed), ptr(y))
}

// BatchBack is the gradient of batch normalisation by the batch's own statistics: d [m, n] in place, dgain
// and dshift [n] out.
func BatchBack(m, n int, normed, istd, gain, d, dgain, dshift []float32) {
	want("normed", normed, m*n)
	want("d", d, m*n)
	for _, s := range [][]float32{istd, gain, dgain, dshift} {
		want("columns", s, n)
	}
	C.ns_batch_back(C.long(m), C.long(n), ptr(normed), ptr(istd), ptr(gain), ptr(d), ptr(dgain), ptr(dshift))
}

// LayerForward normalises each row of x [m, n]; istd [m], normed and y [m, n] out.
func LayerForward(m, n int, x, gain, shift, istd, normed, y []float32) {
	for _, s := range [][]float32{x, normed, y} {
		want("rows", s, m*n)
	}
	want("istd", istd, m)
	want("gain", gain, n)
	want("shift", shift, n)
	C.ns_layer_forward(C.long(m), C.long(n), ptr(x), ptr(gain), ptr(shift), ptr(istd), ptr(normed), ptr(y))
}

// LayerBack is the gradient of LayerForward: d [m, n] in place, dgain and dshift [n] out.
func LayerBack(m, n int, normed, istd, gain, d, dgain, dshift []float32) {
	want("normed", normed, m*n)
	want("d", d, m*n)
	want("istd", istd, m)
	for _, s := range [][]float32{gain, dgain, dshift} {
		want("columns", s, n)
	}
	C.ns_layer_back(C.long(m), C.long(n), ptr(normed), ptr(istd), ptr(gain), ptr(d), ptr(dgain), ptr(dshift))
}

// Key names a stream of random numbers: the same key gives the same numbers. Draw it from a seeded source.
type Key [2]uint64

// words spreads the key over the states of eight generators by splitmix64.
func (k Key) words() *[32]uint32 {
	var w [32]uint32
	s := k[0]
	for i := 0; i < len(w); i += 2 {
		if i == len(w)/2 {
			s = k[1] ^ 0x6a09e667f3bcc909
		}
		s += 0x9e3779b97f4a7c15
		z := s ^ k[1]
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		w[i], w[i+1] = uint32(z), uint32(z>>32)
	}
	return &w
}

// Uniform fills x with numbers in (0, 1).
func (k Key) Uniform(x []float32) {
	w := k.words()
	C.ns_uniform(C.long(len(x)), ptr(x), (*C.uint32_t)(&w[0]))
}

// Normal fills x with standard normal numbers.
func (k Key) Normal(x []float32) {
	w := k.words()
	C.ns_normal(C.long(len(x)), ptr(x), (*C.uint32_t)(&w[0]))
}

// Gumbel fills x with standard Gumbel numbers.
func (k Key) Gumbel(x []float32) {
	w := k.words()
	C.ns_gumbel(C.long(len(x)), ptr(x), (*C.uint32_t)(&w[0]))
}
