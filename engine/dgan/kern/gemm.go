// Package kern owns the float32 kernels under the networks of package dgan: matrix products, activations,
// normalisation, LSTM steps, Adam and random numbers, over row-major slices.
//
// They are C through cgo, built for AVX2 with FMA and for the baseline, chosen when the program starts.
// Where AVX2 is missing, matrix products are gonum's. Given the same processor, results don't depend on the
// number of threads. The package knows nothing of networks or gorgonia.
package kern

/*
#cgo CFLAGS: -O3 -Wall
#include "kern.h"
#cgo noescape ns_sgemm
#cgo nocallback ns_sgemm
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// avx2 says whether the C kernels for AVX2 run; set once here, and by tests that compare both builds.
var avx2 = choose(C.ns_detect() != 0)

// scratch holds packing buffers of ns_sgemm, one in use by each running product.
var scratch = sync.Pool{New: func() any { return new([]float32) }}

// splitWork is the number of multiplications from which a product is shared among threads.
const splitWork = 1 << 21

// The register tile: splits at its multiples change no sum.
const tileRows, tileColumns = 6, 16

// choose selects the build of all C kernels and returns its argument.
func choose(fast bool) bool {
	if fast {
		C.ns_select(1)
	} else {
		C.ns_select(0)
	}
	return fast
}

// Accelerated reports whether the AVX2 kernels are in use.
func Accelerated() bool { return avx2 }

// Gemm computes c = alpha op(a) op(b) + beta c, with op(a) [m, k], op(b) [k, n], c [m, n]; ta and tb say
// that a and b are stored transposed. lda, ldb and ldc are row lengths. With beta 0, c may hold anything.
// It panics where a slice is too short for its shape.
func Gemm(ta, tb bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if m <= 0 || n <= 0 {
		return
	}
	check("a", a, m, k, lda, ta)
	check("b", b, k, n, ldb, tb)
	check("c", c, m, n, ldc, false)
	if k <= 0 {
		for i := range m {
			scaleRow(c[i*ldc:i*ldc+n], beta)
		}
		return
	}
	if !avx2 {
		gemmGonum(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	if m*n*k < splitWork {
		gemmC(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	if m > n { // each thread packs its own part of the larger operand
		share(m, tileRows, func(from, to int) {
			gemmC(ta, tb, to-from, n, k, alpha, a[from*step(!ta, lda):], lda, b, ldb, beta, c[from*ldc:], ldc)
		})
		return
	}
	share(n, tileColumns, func(from, to int) {
		gemmC(ta, tb, m, to-from, k, alpha, a, lda, b[from*step(tb, ldb):], ldb, beta, c[from:], ldc)
	})
}

// step is the distance between columns of op(b), or, of the opposite, between rows of op(a).
func step(trans bool, ld int) int {
	if trans {
		return ld
	}
	return 1
}

// scaleRow multiplies by beta, clearing where beta is 0.
func scaleRow(c []float32, beta float32) {
	if beta == 0 {
		clear(c)
		return
	}
	for i := range c {
		c[i] *= beta
	}
}

// gemmC runs the C kernel on this thread.
func gemmC(ta, tb bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	buf := scratch.Get().(*[]float32)
	na, nb := int(C.ns_scratch_a()), int(C.ns_scratch_b(C.long(n)))
	if len(*buf) < na+nb {
		*buf = make([]float32, na+nb)
	}
	C.ns_sgemm(flag(ta), flag(tb), C.long(m), C.long(n), C.long(k), C.float(alpha), ptr(a), C.long(lda),
		ptr(b), C.long(ldb), C.float(beta), ptr(c), C.long(ldc), ptr(*buf), ptr((*buf)[na:]))
	scratch.Put(buf)
}

// gemmGonum is the product in Go.
func gemmGonum(ta, tb bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	trans := func(t bool) blas.Transpose {
		if t {
			return blas.Trans
		}
		return blas.NoTrans
	}
	if beta == 0 { // gonum scales, so that NaN in c would stay
		for i := range m {
			clear(c[i*ldc : i*ldc+n])
		}
	}
	gonum.Implementation{}.Sgemm(trans(ta), trans(tb), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// check panics where x can't hold rows x cols at row length ld.
func check(name string, x []float32, rows, cols, ld int, trans bool) {
	if trans {
		rows, cols = cols, rows
	}
	if rows > 0 && cols > 0 && (ld < cols || len(x) < (rows-1)*ld+cols) {
		panic(fmt.Sprintf("kern: matrix %s of %d values with row length %d is too short for [%d, %d]", name, len(x), ld, rows, cols))
	}
}

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

func ptr(x []float32) *C.float { return (*C.float)(unsafe.Pointer(unsafe.SliceData(x))) }
func ints(x []int32) *C.int32_t {
	return (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(x)))
}
