package privacy

/*
#cgo CFLAGS: -O3 -Wall
#include "lattice.h"
#cgo noescape ns_lattice
#cgo nocallback ns_lattice
*/
import "C"

import (
	"crypto/rand"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"runtime"
	"sync"
	"unsafe"
)

// Lattice adds Gaussian noise to vectors of floats, such as sums of clipped
// gradients. Each number is rounded to a multiple of a step that depends on the
// noise alone, and the noise is rounded to the same: what is released is a
// whole number of steps whatever the data, every whole number is reachable, and
// the noise is a post-processing of a Gaussian of standard deviation sigma on
// the rounded sums. The bits are ChaCha8's under a key of the operating
// system's randomness, drawn anew for every eight thousand numbers; no seed
// repeats them. A Lattice is safe for concurrent use.
//
// What this leaves open against an exact sampler: the Gaussian is Box and
// Muller's of two uniform numbers of 52 bits, so that its tails end at 8.4
// standard deviations, which misses a chance of 1e-17 a number, and chances
// within are off by some 1e-15 of themselves.
type Lattice struct{ sigma, step float64 }

const (
	latticeSteps = 1 << 20 // in a standard deviation
	keyNumbers   = 1 << 13 // drawn under one key
)

// NewLattice returns noise of standard deviation sigma, which must be positive.
func NewLattice(sigma float64) (*Lattice, error) {
	if !(sigma > 0) || math.IsInf(sigma, 1) {
		return nil, fmt.Errorf("the noise's standard deviation is %g: want more than 0", sigma)
	}
	_, exponent := math.Frexp(sigma / latticeSteps)
	return &Lattice{sigma: sigma, step: math.Ldexp(1, exponent-1)}, nil
}

// Rounding is the most by which rounding moves the Euclidean length of the
// difference of two vectors of n numbers: add it to their sensitivity.
func (l *Lattice) Rounding(n int) float64 { return l.step * math.Sqrt(float64(n)) }

// Add adds noise to every number of x and multiplies the result by factor.
func (l *Lattice) Add(x []float32, factor float64) {
	var wait sync.WaitGroup
	share := (len(x)/runtime.GOMAXPROCS(0)/keyNumbers + 1) * keyNumbers
	for len(x) > share {
		part := x[:share]
		wait.Go(func() { l.add(part, factor) })
		x = x[share:]
	}
	l.add(x, factor)
	wait.Wait()
}

// add is Add on this thread.
func (l *Lattice) add(x []float32, factor float64) {
	bits := make([]uint64, min(keyNumbers, len(x)+1))
	run := func(x []float32) {
		var key [32]byte
		rand.Read(key[:]) //nolint:errcheck // never fails, as crypto/rand documents
		stream := mathrand.NewChaCha8(key)
		for i := range x {
			bits[i] = stream.Uint64()
		}
		scale, inverse := l.sigma/l.step, 1/l.step // step is a power of two: its inverse is exact
		C.ns_lattice(C.long(len(x)), (*C.float)(unsafe.SliceData(x)), (*C.uint64_t)(unsafe.SliceData(bits)),
			C.double(scale), C.double(inverse), C.double(l.step*factor))
	}
	for len(x) > 1 {
		k := min(len(x)&^1, keyNumbers)
		run(x[:k])
		x = x[k:]
	}
	if len(x) == 1 { // two numbers are made at a time
		last := []float32{x[0], 0}
		run(last)
		x[0] = last[0]
	}
}
