package scripting

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"time"

	"netshare/workspace/trace"
)

// maxSource is the largest recipe file, in bytes.
const maxSource = 1 << 20

// limits bound what interpreted code may take.
type limits struct {
	load  time.Duration // evaluating the declarations
	call  time.Duration // one call of a parse, format or derive function; between two lines that are read
	run   time.Duration // Run, between two calls of the workspace
	value time.Duration // added per value to one call of a transform
	heap  uint64        // growth of the heap during one call, in bytes
	stack uint64        // growth of the stacks during one call, in bytes
}

func defaultLimits() limits {
	return limits{
		load:  5 * time.Second,
		call:  2 * time.Second,
		run:   time.Minute,
		value: 20 * time.Microsecond,
		heap:  maxBytes,
		stack: 192 << 20, // Go ends the process at 1,000 MB
	}
}

// Script is a recipe that was loaded: its declaration, whose functions run in
// interpreters that the script owns, and what a run records of it. It is safe
// for concurrent use, and needs no closing.
type Script struct {
	Recipe  trace.Recipe // ready for Parse, Derive and their like; zero where the file declares none
	File    string       // as the user named it
	Source  string       // the file's text
	Hash    string       // SHA-256 of Source, in hexadecimal
	Imports []string     // import paths, in the file's order

	pool *pool
}

// Host is what a program lends to its recipes besides the vocabulary and the
// standard library. The zero value lends nothing: recipes declare, and a
// function Run is refused.
type Host struct {
	// Symbols are the packages that a recipe's Run may use, as yaegi codes them:
	// names by import path and package name joined.
	Symbols map[string]map[string]reflect.Value
}

// Load reads, checks and interprets a recipe file that only declares; see
// Host.Load.
func Load(ctx context.Context, path string) (*Script, error) { return Host{}.Load(ctx, path) }

// LoadSource is Load for a recipe in memory; name stands for the file in
// messages.
func LoadSource(ctx context.Context, name string, source []byte) (*Script, error) {
	return Host{}.LoadSource(ctx, name, source)
}

// Load reads, checks and interprets a recipe file. Faults of the recipe are
// *Error values, several joined where the declaration has several; faults in
// reading the file are the operating system's.
func (h Host) Load(ctx context.Context, path string) (*Script, error) {
	source, err := readSource(path)
	if err != nil {
		return nil, err
	}
	return h.LoadSource(ctx, path, source)
}

func readSource(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &Error{File: path, Message: "is a directory: name the recipe's .go file in it"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return source, nil
}

// LoadSource is Load for a recipe in memory; name stands for the file in
// messages.
func (h Host) LoadSource(ctx context.Context, name string, source []byte) (*Script, error) {
	return h.load(ctx, name, source, defaultLimits())
}

func (h Host) load(ctx context.Context, name string, source []byte, lim limits) (*Script, error) {
	switch {
	case len(source) > maxSource:
		return nil, &Error{File: name, Message: fmt.Sprintf("more than %s: a recipe is a short Go file", inMiB(maxSource))}
	case len(bytes.TrimSpace(source)) == 0:
		return nil, &Error{File: name, Line: 1, Column: 1, Message: "the file is empty: a recipe declares var Recipe = trace.Recipe{...}"}
	}
	prog, err := check(name, string(source), h)
	if err != nil {
		return nil, err
	}
	first, err := newWorker(ctx, prog, lim)
	if err != nil {
		return nil, err
	}
	p := &pool{prog: prog, limits: lim, idle: []*worker{first}}
	sum := sha256.Sum256(source)
	script := &Script{File: name, Source: string(source), Hash: hex.EncodeToString(sum[:]), Imports: prog.imports, pool: p}
	if prog.recipe == nil {
		return script, nil
	}
	if err := prog.validate(&first.recipe); err != nil {
		return nil, err
	}
	if script.Recipe, err = p.guardRecipe(&first.recipe); err != nil {
		return nil, err
	}
	script.Recipe.File, script.Recipe.Text = name, string(source)
	return script, p.tryTransforms(ctx, &script.Recipe)
}

// Declares reports whether the file declares a recipe; one that has a function
// Run need not.
func (s *Script) Declares() bool { return s.pool.prog.recipe != nil }

// fieldAt returns the i-th field of a recipe: time, metadata, series, derived.
func fieldAt(r *trace.Recipe, i int) *trace.Field {
	if i == 0 {
		return &r.Time
	}
	if i--; i < len(r.Metadata) {
		return &r.Metadata[i]
	}
	if i -= len(r.Metadata); i < len(r.Series) {
		return &r.Series[i]
	}
	return &r.Derived[i-len(r.Series)]
}

// guardRecipe copies a recipe as an interpreter gave it, with functions that
// run in the pool, and checks their signatures.
func (p *pool) guardRecipe(raw *trace.Recipe) (trace.Recipe, error) {
	r := *raw
	r.Metadata, r.Series, r.Derived = slices.Clone(raw.Metadata), slices.Clone(raw.Series), slices.Clone(raw.Derived)
	var faults []error
	for i := range 1 + len(r.Metadata) + len(r.Series) + len(r.Derived) {
		f := fieldAt(&r, i)
		noEmpty(f)
		if err := p.guardField(f, i); err != nil {
			faults = append(faults, err)
		}
	}
	p.guardFile(&r)
	return r, errors.Join(faults...)
}

// noEmpty makes nil what compiled code has as nil: interpreted, arguments that
// are not given are an empty list.
func noEmpty(f *trace.Field) {
	for _, list := range []*[]string{&f.Choices, &f.Absent, &f.From} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	if len(f.Elements) == 0 {
		f.Elements = nil
	}
	f.Elements = slices.Clone(f.Elements)
	for i := range f.Elements {
		noEmpty(&f.Elements[i])
	}
}

func (p *pool) guardField(f *trace.Field, i int) error {
	guard := func(fn any, role, what string, find func(any) (shape, any, error), pick func(*trace.Field) any) (any, error) {
		at := p.prog.functionPlace(f.Name, role)
		s, _, err := find(fn)
		if err != nil {
			return nil, at.errorf("field %q: %s function %v", f.Name, what, err)
		}
		return &bound{
			shape: s, pool: p, what: fmt.Sprintf("field %q: %s function", f.Name, what), at: at,
			pick: func(w *worker) any {
				_, plain, _ := find(pick(fieldAt(&w.recipe, i)))
				return plain
			},
		}, nil
	}
	kind := func(fn any, role, what string) error {
		if err := checkKind(*f, what, fn.(*bound).shape); err != nil {
			return p.prog.functionPlace(f.Name, role).errorf("%v", err)
		}
		return nil
	}
	var err error
	if f.ParseFunc != nil {
		if f.ParseFunc, err = guard(f.ParseFunc, roleParse, "parse", shapeOf, func(f *trace.Field) any { return f.ParseFunc }); err != nil {
			return err
		}
		if err := kind(f.ParseFunc, roleParse, "parse"); err != nil {
			return err
		}
	}
	if f.DeriveFunc != nil {
		if f.DeriveFunc, err = guard(f.DeriveFunc, roleDerive, "derive", deriveShapeOf, func(f *trace.Field) any { return f.DeriveFunc }); err != nil {
			return err
		}
		if err := kind(f.DeriveFunc, roleDerive, "derive"); err != nil {
			return err
		}
	}
	if f.FormatFunc != nil {
		if f.FormatFunc, err = guard(f.FormatFunc, roleFormat, "format", shapeOf, func(f *trace.Field) any { return f.FormatFunc }); err != nil {
			return err
		}
		if err := checkFormat(*f); err != nil {
			return p.prog.functionPlace(f.Name, roleFormat).errorf("%v", err)
		}
	}
	if f.Forward != nil && f.Inverse != nil {
		f.Forward = p.guardTransform(f.Name, roleForward, func(w *worker) transform { return fieldAt(&w.recipe, i).Forward })
		f.Inverse = p.guardTransform(f.Name, roleInverse, func(w *worker) transform { return fieldAt(&w.recipe, i).Inverse })
	}
	return nil
}

// guardFile guards the functions that are the recipe's and no field's. They
// panic with a fault.
func (p *pool) guardFile(r *trace.Recipe) {
	must := func(fault error) {
		if fault != nil {
			panic(fault)
		}
	}
	if r.Filter.Keep != nil {
		at := p.prog.functionPlace("", roleFilter)
		r.Filter.Keep = func(rec trace.Record) (keep bool) {
			must(p.call(p.limits.call, "filter", at, func(w *worker) { keep = w.recipe.Filter.Keep(rec) }))
			return keep
		}
	}
	if r.Write != nil {
		at := p.prog.functionPlace("", roleWrite)
		r.Write = func(rec trace.Record) (line string) {
			must(p.call(p.limits.call, "Write", at, func(w *worker) { line = w.recipe.Write(rec) }))
			return line
		}
	}
	if r.Read != nil {
		at := p.prog.functionPlace("", roleRead)
		r.Read = func(in *trace.Input, emit func(trace.Row) error) (err error) {
			calls := 0
			must(p.call(p.limits.call, "Read", at, func(w *worker) {
				if calls++; calls > 1 { // to find the place of a fault: nothing is emitted twice
					if in.Again == nil {
						return
					}
					if in, err = in.Again(); err != nil {
						return
					}
					emit = func(trace.Row) error { return nil }
				}
				in.Progress = w.watch.beat
				err = w.recipe.Read(in, func(row trace.Row) error { return w.watch.away(func() error { return emit(row) }) })
			}))
			return err
		}
	}
}

// tryTransforms runs each transform on a few values, so that one that panics,
// never ends or changes the number of values is found before a run.
func (p *pool) tryTransforms(ctx context.Context, r *trace.Recipe) error {
	p.trying = true
	defer func() { p.trying = false }()
	var faults []error
	for _, f := range r.Fields() {
		if f.Forward == nil {
			continue
		}
		role := roleForward
		values, err := runTransform(ctx, f, "forward", f.Forward, []float64{1, 2, 3})
		if err == nil {
			role = roleInverse
			_, err = runTransform(ctx, f, "inverse", f.Inverse, values)
		}
		if err == nil {
			continue
		}
		var placed *Error
		if !errors.As(err, &placed) && ctx.Err() == nil {
			err = p.prog.functionPlace(f.Name, role).errorf("%v", err)
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
