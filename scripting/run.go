package scripting

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Runs reports whether the file has a function Run, which scripts the run
// itself.
func (s *Script) Runs() bool { return s.pool.prog.run != nil }

// Run calls the file's function Run with a workspace. What Run returns comes
// back with its place; a panic, or more than a minute of work without a call of
// the workspace, is an *Error. busy, which may be nil, tells whether a verb of
// the workspace is at work, and how many have been: their time is not Run's.
//
// Within Run, the variable Recipe has the same functions as Script.Recipe,
// which run in interpreters of their own.
func (s *Script) Run(ctx context.Context, ws any, busy func() (working bool, calls uint64)) error {
	if !s.Runs() {
		return fmt.Errorf("%s has no function Run", s.File)
	}
	at := s.pool.prog.at(s.pool.prog.run.Pos())
	t := &tracer{} // from the beginning: a run is not repeated to find a place
	w, err := startWorker(ctx, s.pool.prog, s.pool.limits, t)
	if err != nil {
		return err
	}
	w.watch.waiting = " without a call of the workspace"
	if s.Declares() {
		w.global("Recipe").Set(reflect.ValueOf(s.Recipe))
	}
	if busy != nil {
		stop := make(chan struct{})
		defer close(stop)
		go w.watch.follow(busy, stop)
	}
	var failed error
	t.at.Store(0)
	err = w.call(ctx, s.pool.limits.run, "Run", at, func() error {
		fn := w.global("Run")
		out := fn.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(ws)})
		if e, ok := out[0].Interface().(error); ok {
			failed = e
		}
		return nil
	})
	var fault *Error
	switch {
	case err != nil && t.pos().IsValid():
		return moved(err, s.pool.prog.at(t.pos()))
	case err != nil:
		return err
	case failed == nil || errors.As(failed, &fault):
		return failed
	}
	return fmt.Errorf("%s: Run: %w", s.File, failed)
}

// follow makes the watched call's time begin anew with each verb of the
// workspace that begins or ends, and stand still while one is at work.
func (x *watch) follow(busy func() (bool, uint64), stop <-chan struct{}) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var last uint64
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		if working, calls := busy(); working || calls != last {
			last = calls
			x.beat()
		}
	}
}
