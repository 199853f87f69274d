package kern

import (
	"runtime"
	"sync/atomic"
	"time"
)

// patience is how long a thread without work looks for some before it sleeps: waking it takes longer than most
// of the work between two kernels that are shared.
const patience = 200 * time.Microsecond

// Helpers are goroutines that run parts of kernels beside their callers, over all callers no more than there
// are threads for. One that has done its part is idle for a while, and then ends.
var (
	hired atomic.Int32 // parts that have a helper, or get one
	idle  atomic.Int32 // helpers that look for work that is not yet on its way
	parts = make(chan func(), 64)
)

// hire returns how many parts may have a helper now, at most n, and counts them.
func hire(n int) int {
	for {
		now := hired.Load()
		n = min(n, runtime.GOMAXPROCS(0)-1-int(now))
		if n <= 0 {
			return 0
		}
		if hired.CompareAndSwap(now, now+int32(n)) {
			return n
		}
	}
}

// claim takes one idle helper, and reports whether there was one.
func claim() bool {
	for {
		now := idle.Load()
		if now == 0 {
			return false
		}
		if idle.CompareAndSwap(now, now-1) {
			return true
		}
	}
}

// help runs a part and those that come soon after.
func help(f func()) {
	for {
		f()
		idle.Add(1)
		f = nil
		for began := time.Now(); f == nil; {
			select {
			case f = <-parts:
			default:
				if time.Since(began) < patience {
					continue
				}
				if claim() {
					return
				}
				f = <-parts // on its way
			}
		}
	}
}

// share calls f on parts of 0..n that meet at multiples of grain, one for each thread that is free, and waits
// for all.
func share(n, grain int, f func(from, to int)) {
	helpers := hire(n/grain - 1)
	if helpers == 0 {
		f(0, n)
		return
	}
	size := ((n+helpers)/(helpers+1) + grain - 1) / grain * grain
	var left atomic.Int32
	done := make(chan struct{})
	left.Store(int32((n - 1) / size))
	for from := size; from < n; from += size {
		part := func() {
			f(from, min(from+size, n))
			if left.Add(-1) == 0 {
				close(done)
			}
		}
		if claim() {
			parts <- part
		} else {
			go help(part)
		}
	}
	f(0, size)
	for began := time.Now(); left.Load() > 0; {
		if time.Since(began) > patience {
			<-done
		}
	}
	hired.Add(int32(-helpers))
}
