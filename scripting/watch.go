package scripting

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"
)

// watchEvery is how often a running call is looked at.
const watchEvery = 5 * time.Millisecond

// watch looks at a worker's running call from outside and stops it when it
// takes too long or too much memory. The memory is the whole process's: others
// may be growing too, so the limits are generous.
type watch struct {
	worker *worker
	limits limits

	mu          sync.Mutex
	timer       *time.Timer
	running     bool
	until       time.Time
	limit       time.Duration
	waiting     string // what would have been progress, in messages
	heap, stack uint64 // at the first look
	looks       int
	beats       atomic.Uint64 // how far the call has come
	beaten      uint64        // beats at the last look
	outside     atomic.Int32  // calls of the program that the interpreted code waits for
	reason      error         // why it was stopped
}

func (x *watch) init(w *worker, lim limits) { x.worker, x.limits = w, lim }

// begin starts watching a call.
func (x *watch) begin(limit time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.running, x.looks, x.limit, x.reason = true, 0, limit, nil
	x.outside.Store(0)
	if x.timer == nil {
		x.timer = time.AfterFunc(watchEvery, x.look)
	} else {
		x.timer.Reset(watchEvery)
	}
}

// end ends the watching and returns why the call was stopped, nil where it
// ended by itself.
func (x *watch) end() error {
	x.timer.Stop()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.running = false
	return x.reason
}

// look is called by the timer.
func (x *watch) look() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.running {
		return
	}
	if x.reason != nil { // stopped between compiling and running: it must be told again
		x.stopLocked(x.reason)
		x.timer.Reset(watchEvery)
		return
	}
	heap, stack := memoryInUse()
	x.looks++
	beats := x.beats.Load()
	// Calls that end before the first look pay for no clock; those that come
	// forward have their time anew.
	if x.looks == 1 || beats != x.beaten || x.outside.Load() > 0 {
		x.beaten = beats
		x.heap, x.stack = heap, stack
		x.until = time.Now().Add(x.limit - watchEvery)
	}
	defer x.timer.Reset(watchEvery)
	switch {
	case heap > x.heap && heap-x.heap > x.limits.heap:
		x.stopLocked(fmt.Errorf("takes more than %s of memory: keep less at a time", inMiB(int64(x.limits.heap))))
	case stack > x.stack && stack-x.stack > x.limits.stack:
		x.stopLocked(errors.New("calls itself without end"))
	case !time.Now().Before(x.until):
		x.stopLocked(fmt.Errorf("runs for more than %v%s: look for a loop that never ends", x.limit.Round(time.Millisecond), x.waiting))
	}
}

// beat tells that the running call has come forward: its time begins anew.
func (x *watch) beat() { x.beats.Add(1) }

// away runs a function of the program that interpreted code called: while it
// runs, the interpreted code takes no time.
func (x *watch) away(fn func() error) error {
	x.outside.Add(1)
	defer func() {
		x.outside.Add(-1)
		x.beat()
	}()
	return fn()
}

// stop stops the running call for the given reason.
func (x *watch) stop(reason error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.running && x.reason == nil {
		x.stopLocked(reason)
	}
}

// unparsable is a text whose evaluation ends before it touches anything.
const unparsable = "("

// stopLocked makes the interpreter leave whatever it is doing. Its way to do so
// is unexported, but is taken when the context of an evaluation ends: so a text
// that can't be parsed is evaluated under a context that has ended. The
// evaluation may win the race against the context; then it is tried again.
func (x *watch) stopLocked(reason error) {
	x.reason = reason
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		if _, err := x.worker.interp.EvalWithContext(ctx, unparsable); errors.Is(err, context.Canceled) {
			return
		}
	}
}

// noFiles is the file system that the interpreter looks for sources in: there
// are none.
type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
