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
	"slices"
	"time"

	"netshare/workspace/trace"
)

// maxSource is the largest recipe file, in bytes.
const maxSource = 1 << 20

// limits bound what interpreted code may take.
type limits struct {
	load  time.Duration // evaluating the declarations
	call  time.Duration // one call of a parse or format function
	value time.Duration // added per value to one call of a transform
	heap  uint64        // growth of the heap during one call, in bytes
	stack uint64        // growth of the stacks during one call, in bytes
}

func defaultLimits() limits {
	return limits{
		load:  5 * time.Second,
		call:  2 * time.Second,
		value: 20 * time.Microsecond,
		heap:  maxBytes,
		stack: 192 << 20, // Go ends the process at 1,000 MB
	}
}

// Script is a recipe that was loaded: its declaration, whose functions run in
// interpreters that the script owns, and what a run records of it. It is safe
// for concurrent use, and needs no closing.
type Script struct {
	Recipe  trace.Recipe // ready for Parse, Format, Forward and Inverse
	File    string       // as the user named it
	Source  string       // the file's text
	Hash    string       // SHA-256 of Source, in hexadecimal
	Imports []string     // import paths, in the file's order
}

// Load reads, checks and interprets a recipe file. Faults of the recipe are
// *Error values, several joined where the declaration has several; faults in
// reading the file are the operating system's.
func Load(ctx context.Context, path string) (*Script, error) {
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
	return LoadSource(ctx, path, source)
}

// LoadSource is Load for a recipe in memory; name stands for the file in
// messages.
func LoadSource(ctx context.Context, name string, source []byte) (*Script, error) {
	return load(ctx, name, source, defaultLimits())
}

func load(ctx context.Context, name string, source []byte, lim limits) (*Script, error) {
	switch {
	case len(source) > maxSource:
		return nil, &Error{File: name, Message: fmt.Sprintf("more than %s: a recipe is a short Go file", inMiB(maxSource))}
	case len(bytes.TrimSpace(source)) == 0:
		return nil, &Error{File: name, Line: 1, Column: 1, Message: "the file is empty: a recipe declares var Recipe = trace.Recipe{...}"}
	}
	prog, err := check(name, string(source))
	if err != nil {
		return nil, err
	}
	first, err := newWorker(ctx, prog, lim)
	if err != nil {
		return nil, err
	}
	if err := prog.validate(&first.recipe); err != nil {
		return nil, err
	}
	p := &pool{prog: prog, limits: lim, idle: []*worker{first}}
	recipe, err := p.guardRecipe(&first.recipe)
	if err != nil {
		return nil, err
	}
	if err := p.tryTransforms(ctx, &recipe); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(source)
	return &Script{
		Recipe: recipe, File: name, Source: string(source),
		Hash: hex.EncodeToString(sum[:]), Imports: prog.imports,
	}, nil
}

// fieldAt returns the i-th field of a recipe: time, metadata, series.
func fieldAt(r *trace.Recipe, i int) *trace.Field {
	if i == 0 {
		return &r.Time
	}
	if i--; i < len(r.Metadata) {
		return &r.Metadata[i]
	}
	return &r.Series[i-len(r.Metadata)]
}

// guardRecipe copies a recipe as an interpreter gave it, with functions that
// run in the pool, and checks their signatures.
func (p *pool) guardRecipe(raw *trace.Recipe) (trace.Recipe, error) {
	r := *raw
	r.Metadata, r.Series = slices.Clone(raw.Metadata), slices.Clone(raw.Series)
	var faults []error
	for i := range 1 + len(r.Metadata) + len(r.Series) {
		f := fieldAt(&r, i)
		if len(f.Choices) == 0 {
			f.Choices = nil // interpreted, no choices are an empty list
		}
		if err := p.guardField(f, i); err != nil {
			faults = append(faults, err)
		}
	}
	return r, errors.Join(faults...)
}

func (p *pool) guardField(f *trace.Field, i int) error {
	guard := func(fn any, role, what string, pick func(*trace.Field) any) (any, error) {
		at := p.prog.functionPlace(f.Name, role)
		s, plain, err := shapeOf(fn)
		if err != nil {
			return nil, at.errorf("field %q: %s function %v", f.Name, what, err)
		}
		label := fmt.Sprintf("field %q: %s function", f.Name, what)
		return s.guard(p, label, at, plain, func(w *worker) any {
			_, plain, _ := shapeOf(pick(fieldAt(&w.recipe, i)))
			return plain
		}), nil
	}
	var err error
	if f.ParseFunc != nil {
		if f.ParseFunc, err = guard(f.ParseFunc, roleParse, "parse", func(f *trace.Field) any { return f.ParseFunc }); err != nil {
			return err
		}
		if err := checkKind(*f); err != nil {
			return p.prog.functionPlace(f.Name, roleParse).errorf("%v", err)
		}
	}
	if f.FormatFunc != nil {
		if f.FormatFunc, err = guard(f.FormatFunc, roleFormat, "format", func(f *trace.Field) any { return f.FormatFunc }); err != nil {
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

// tryTransforms runs each transform on a few values, so that one that panics,
// never ends or changes the number of values is found before a run.
func (p *pool) tryTransforms(ctx context.Context, r *trace.Recipe) error {
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
