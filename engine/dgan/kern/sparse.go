package kern

/*
#include "kern.h"
*/
import "C"

import "sync"

// Sparse lists the values of a matrix that are not zero, by rows. The zero value is ready for List.
type Sparse struct {
	rows, cols int
	start      []int32 // row i has start[i] to start[i+1] of the others
	col        []int32
	val        []float32
}

// sparseColumns is what one pass of the product covers: splits at its multiples change no sum.
const sparseColumns = 64

// List reads a [m, k], of row length lda, and reports whether it is sparse: with more than one value in five that
// is not zero the dense product is faster, and the list is spoilt.
func (s *Sparse) List(m, k int, a []float32, lda int) bool { return s.list(m, k, a, lda, m*k/5) }

func (s *Sparse) list(m, k int, a []float32, lda, most int) bool {
	check("a", a, m, k, lda, false)
	s.resize(m, k, most)
	var n C.long
	C.ns_sparse_list(C.long(m), C.long(k), ptr(a), C.long(lda), C.long(most), ints(s.start), ints(s.col), ptr(s.val), &n)
	return n >= 0
}

func (s *Sparse) resize(m, k, most int) {
	s.rows, s.cols = m, k
	if len(s.start) <= m {
		s.start = make([]int32, m+1)
	}
	if len(s.val) <= most { // one more than are kept is written
		s.col, s.val = make([]int32, most+1), make([]float32, most+1)
	}
}

// Transpose makes s the transpose of a.
func (s *Sparse) Transpose(a *Sparse) {
	n := a.start[a.rows]
	s.resize(a.cols, a.rows, int(n))
	clear(s.start)
	for _, c := range a.col[:n] {
		s.start[c+1]++
	}
	for i := range s.rows {
		s.start[i+1] += s.start[i]
	}
	for i := range a.rows {
		for t := a.start[i]; t < a.start[i+1]; t++ {
			at := &s.start[a.col[t]]
			s.col[*at], s.val[*at] = int32(i), a.val[t]
			*at++
		}
	}
	copy(s.start[1:s.rows+1], s.start[:s.rows])
	s.start[0] = 0
}

// AddProduct computes c += s b for b [cols, n] and c [rows, n], of row lengths ldb and ldc.
func (s *Sparse) AddProduct(n int, b []float32, ldb int, c []float32, ldc int) {
	if s.rows <= 0 || n <= 0 || s.cols <= 0 {
		return
	}
	check("b", b, s.cols, n, ldb, false)
	check("c", c, s.rows, n, ldc, false)
	part := func(from, to int) {
		C.ns_sparse_product(C.long(s.rows), C.long(to-from), ints(s.start), ints(s.col), ptr(s.val), ptr(b[from:]), C.long(ldb), ptr(c[from:]), C.long(ldc))
	}
	if int(s.start[s.rows])*n < splitWork {
		part(0, n)
		return
	}
	share(n, sparseColumns, part)
}

var lists = sync.Pool{New: func() any { return new(Sparse) }}

// GemmSparse computes c += a b for an a [m, k] of which most is zero, such as one-hot rows; b is [k, n], c
// [m, n]. lda, ldb and ldc are row lengths.
func GemmSparse(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	if m <= 0 || n <= 0 || k <= 0 {
		return
	}
	s := lists.Get().(*Sparse)
	s.list(m, k, a, lda, m*k)
	s.AddProduct(n, b, ldb, c, ldc)
	lists.Put(s)
}
