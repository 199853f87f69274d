package scripting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"io"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"netshare/workspace/trace"
)

// worker is one interpreter that has evaluated a program. It runs one call at
// a time.
type worker struct {
	prog   *program
	interp *interp.Interpreter
	log    *panicLog
	recipe trace.Recipe // with the interpreter's own functions
	watch  watch
	tracer *tracer // nil unless the worker is there to find a place
}

// panicLog keeps the beginning of what the interpreter writes on a panic: the
// place where it happened.
type panicLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *panicLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if room := 4096 - l.buf.Len(); room > 0 {
		l.buf.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

func (l *panicLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// newWorker interprets a program anew. Faults are *Error values, or that of
// the context.
func newWorker(ctx context.Context, prog *program, lim limits) (*worker, error) {
	w, err := startWorker(ctx, prog, lim, nil)
	if err != nil && ctx.Err() == nil {
		t := &tracer{}
		if _, again := startWorker(ctx, prog, lim, t); again != nil && t.pos().IsValid() {
			return nil, moved(err, prog.at(t.pos()))
		}
	}
	return w, err
}

// moved puts a fault at a better place, unless the interpreter itself named one
// within the same line.
func moved(err error, at place) error {
	var fault *Error
	if !errors.As(err, &fault) || fault.Line == at.line && fault.exact {
		return err
	}
	return at.errorf("%s", fault.Message)
}

func startWorker(ctx context.Context, prog *program, lim limits, t *tracer) (*worker, error) {
	w := &worker{prog: prog, log: &panicLog{}, tracer: t}
	w.watch.init(w, lim)
	w.interp = interp.New(interp.Options{
		Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: w.log,
		Args: []string{}, GoPath: "", SourcecodeFilesystem: noFiles{},
	})
	// The first file of the set, so that positions are those of the check.
	file, err := parse(w.interp.FileSet(), prog.source)
	if err != nil {
		return nil, prog.syntaxError(err)
	}
	if err := w.instrument(file); err != nil {
		return nil, err
	}
	_, _ = w.interp.Compile(unparsable) // so that it has a name before stopLocked may give it one, concurrently
	at := prog.declared()
	if err := w.use(prog.exports); err != nil {
		return nil, at.errorf("the interpreter refuses its symbols: %v", err)
	}
	var value any
	err = w.call(ctx, lim.load, "a declaration", at, func() error {
		compiled, err := w.interp.CompileAST(file)
		if err != nil {
			return err
		}
		if _, err = w.interp.Execute(compiled); err != nil {
			return err
		}
		if v := w.global("Recipe"); v.IsValid() {
			value = v.Interface()
		}
		return nil
	})
	if err != nil || prog.recipe == nil {
		return w, err
	}
	r, ok := value.(trace.Recipe)
	if !ok {
		return nil, at.errorf("the interpreter made a %T of Recipe: want a trace.Recipe", value)
	}
	w.recipe = r
	return w, nil
}

// global returns a variable or function of the recipe's package.
func (w *worker) global(name string) reflect.Value {
	pkg := w.prog.syntax.Name.Name
	return w.interp.Symbols(pkg)[pkg][name]
}

// instrument puts into the interpreter's copy of the program what bounds it.
func (w *worker) instrument(file *ast.File) error {
	if missed := guardSizes(file, w.prog.sizes); missed > 0 {
		return place{file: w.prog.file}.errorf("%d computed sizes could not be guarded: this is a fault of netshare: report it", missed)
	}
	if w.tracer != nil {
		noteStatements(file, w.prog.order)
	}
	if w.tracer != nil || len(w.prog.sizes) > 0 {
		importGuard(file)
	}
	return nil
}

// use gives the interpreter its symbols. The keys have a double slash before
// the package's name, so that yaegi doesn't recognise the standard library's
// fmt and put back the functions that were left out.
func (w *worker) use(e exports) error {
	table := interp.Exports{".": stdlib.Symbols["."]}
	for importPath, names := range guardExports(e, w.tracer) {
		base := importPath[strings.LastIndexByte(importPath, '/')+1:]
		table[importPath+"//"+base] = names
	}
	return w.interp.Use(table)
}

// call runs a function that runs interpreted code, under recover and under the
// watch: it is stopped at the end of the time, of the context and of what
// memory it may take. A worker that fails must not be used again. what names
// the function in messages, at is the place for faults that have none.
func (w *worker) call(ctx context.Context, limit time.Duration, what string, at place, fn func() error) (err error) {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	w.watch.begin(limit)
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { w.watch.stop(context.Cause(ctx)) })()
	}
	defer func() {
		v := recover()
		reason := w.watch.end()
		switch {
		case reason != nil && ctx.Err() != nil:
			err = reason
		case reason != nil:
			err = at.errorf("%s %v", what, reason)
		case v != nil:
			err = w.panicked(v, what, at)
		case err != nil:
			err = w.failed(err, what, at)
		}
	}()
	return fn()
}

// panicLine matches what yaegi writes of a panic, innermost call first.
var panicLine = regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(internalName) + `:(\d+):(\d+): panic`)

// panicked makes an error of a panic of interpreted code.
func (w *worker) panicked(v any, what string, at place) error {
	if m := panicLine.FindStringSubmatch(w.log.text()); m != nil {
		at.line, _ = strconv.Atoi(m[1])
		at.column, _ = strconv.Atoi(m[2])
	}
	text := fmt.Sprint(v)
	exact := false
	if m := located.FindStringSubmatch(text); m != nil {
		at.line, _ = strconv.Atoi(m[1])
		at.column, _ = strconv.Atoi(m[2])
		text, exact = m[3], true
	}
	if strings.HasSuffix(text, "on zero Value") {
		text = "nil pointer dereference"
	}
	text = reflectPrefix.ReplaceAllString(strings.TrimPrefix(text, "runtime error: "), "")
	fault := at.errorf("%s panics: %s", what, clip(text))
	fault.exact = exact
	return fault
}

// reflectPrefix matches what the interpreter's own means put before a message.
var reflectPrefix = regexp.MustCompile(`^reflect(?:\.Value\.\w+)?: `)

// located matches the interpreter's own errors.
var located = regexp.MustCompile(`(?s)^(?:` + regexp.QuoteMeta(internalName) + `:)?(\d+):(\d+): (.*)$`)

// failed makes an error of what the interpreter said against the program.
func (w *worker) failed(err error, what string, at place) error {
	var p interp.Panic
	if errors.As(err, &p) {
		return w.panicked(p.Value, what, at)
	}
	text := err.Error()
	if m := located.FindStringSubmatch(text); m != nil {
		at.line, _ = strconv.Atoi(m[1])
		at.column, _ = strconv.Atoi(m[2])
		text = m[3]
	}
	return at.errorf("the interpreter can't run this: %s", clip(text))
}

// clip keeps messages to one line of reasonable length.
func clip(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "..."
	}
	return s
}

// pool lends interpreters of one program to concurrent calls.
type pool struct {
	prog   *program
	limits limits
	trying bool // transforms, with values that the trace need not have

	mu   sync.Mutex
	idle []*worker
}

// take returns a worker that nobody else uses, a new one where all are busy.
func (p *pool) take() (*worker, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return w, nil
	}
	return newWorker(context.Background(), p.prog, p.limits)
}

// call runs fn with a worker of its own. A worker whose call fails is dropped,
// and the call repeated to find its place in the source: fn must not mind.
func (p *pool) call(limit time.Duration, what string, at place, fn func(*worker)) error {
	ctx := context.Background()
	w, err := p.take()
	if err != nil {
		return err
	}
	err = w.call(ctx, limit, what, at, func() error { fn(w); return nil })
	if err == nil {
		p.mu.Lock()
		p.idle = append(p.idle, w)
		p.mu.Unlock()
		return nil
	}
	t := &tracer{}
	runtime.GC() // what the failed call held may be large
	if w, e := startWorker(ctx, p.prog, p.limits, t); e == nil {
		t.at.Store(0)
		if w.call(ctx, limit, what, at, func() error { fn(w); return nil }) != nil && t.pos().IsValid() {
			return moved(err, p.prog.at(t.pos()))
		}
	}
	return err
}
