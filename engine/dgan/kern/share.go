package kern

import (
	"runtime"
	"sync"
)

// share calls f on parts of 0..n that meet at multiples of grain, one for each thread, and waits for all.
func share(n, grain int, f func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), n/grain)
	if parts < 2 {
		f(0, n)
		return
	}
	size := ((n+parts-1)/parts + grain - 1) / grain * grain
	var wait sync.WaitGroup
	for from := size; from < n; from += size {
		wait.Go(func() { f(from, min(from+size, n)) })
	}
	f(0, size)
	wait.Wait()
}
