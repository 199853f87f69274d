package scripting

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"path"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/traefik/yaegi/interp"
)

// sessionPackage is what the pieces of a session are the package of: the only
// one whose variables the interpreter gives out.
const sessionPackage = "main"

// Session is an interpreter that runs pieces of Go, one after another, and
// keeps what they declare: variables, functions, types. A piece is a list of
// statements and declarations as they might stand in a function or outside of
// one; packages that are open to recipes need no import. The value of an
// expression at the end is shown.
//
// The same holds as for recipes: no file, socket, process or goroutine, and a
// bound on time and memory. A Session is for one goroutine.
type Session struct {
	limits  limits
	exports exports
	prelude string                   // declares the variables that the program gives
	values  map[string]reflect.Value // of them
	busy    func() (bool, uint64)

	worker *worker
	tracer *tracer
	vars   map[string]variable
	decls  []decl            // all that was declared so far, in order
	names  map[string]string // import paths by the names that pieces use
	files  int               // that the interpreter has been given
	runs   int
}

// variable is one that a piece declared.
type variable struct {
	typ     string            // in Go
	imports map[string]string // that typ needs, path by name
}

// decl is declarations of a piece: its types and constants, its functions, or
// one variable.
type decl struct {
	source string     // a whole file
	names  []string   // see declaredNames
	sizes  []sizeSite // as places of a file that begins at 1
}

// SessionOptions say what a session is given.
type SessionOptions struct {
	// Out takes what fmt.Print and its like write.
	Out io.Writer
	// Show takes the value of an expression at the end of a piece, several of a
	// call that gives several; pieces may call it too, as show.
	Show func(values ...any)
	// Prelude declares variables without values, such as
	// "var ws *workspace.Workspace", and Values holds their values by name.
	Prelude string
	Values  map[string]any
	// Busy is as for Script.Run, nil for none.
	Busy func() (working bool, calls uint64)
}

// NewSession starts an interpreter.
func (h Host) NewSession(ctx context.Context, o SessionOptions) (*Session, error) {
	s := &Session{
		limits: defaultLimits(), exports: h.exports(), prelude: "var show func(values ...any);" + o.Prelude, values: map[string]reflect.Value{}, busy: o.Busy,
		vars: map[string]variable{}, names: map[string]string{},
	}
	s.values[showName] = reflect.ValueOf(o.Show)
	for name, v := range o.Values {
		s.values[name] = reflect.ValueOf(v)
	}
	print := map[string]reflect.Value{
		"Print":   reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprint(o.Out, a...) }),
		"Printf":  reflect.ValueOf(func(format string, a ...any) (int, error) { return fmt.Fprintf(o.Out, format, a...) }),
		"Println": reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprintln(o.Out, a...) }),
	}
	for name, v := range s.exports["fmt"] {
		print[name] = v
	}
	s.exports["fmt"] = print
	for importPath := range s.exports {
		s.names[path.Base(importPath)] = importPath
	}
	for _, shorter := range []string{"path", "strings", "bytes", "html"} { // and not the last part of a longer path
		s.names[shorter] = shorter
	}
	return s, s.start(ctx)
}

// start makes the interpreter and gives it what the session has so far.
func (s *Session) start(ctx context.Context) error {
	s.tracer = &tracer{}
	prog := &program{file: "", exports: s.exports}
	w := &worker{prog: prog, log: &panicLog{}, tracer: s.tracer}
	w.watch.init(w, s.limits)
	w.interp = interp.New(interp.Options{
		Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: w.log,
		Args: []string{}, GoPath: "", SourcecodeFilesystem: noFiles{},
	})
	_, _ = w.interp.Compile(unparsable) // as in startWorker
	if err := w.use(s.exports); err != nil {
		return fmt.Errorf("the interpreter refuses its symbols: %w", err)
	}
	s.worker = w
	if err := s.execute(ctx, s.file(s.prelude), nil); err != nil {
		return err
	}
	for name, v := range s.values {
		s.global(name).Set(v)
	}
	for _, d := range s.decls {
		if err := s.execute(ctx, d.source, d.sizes); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) global(name string) reflect.Value { return s.worker.interp.Globals()[name] }

// restart begins with a new interpreter after a piece was stopped: functions of
// one that was stopped don't run again. Variables keep their values, but for
// functions in them.
func (s *Session) restart() error {
	values := map[string]reflect.Value{}
	for name := range s.vars {
		if v := s.global(name); v.IsValid() && v.Kind() != reflect.Func {
			values[name] = v
		}
	}
	if err := s.start(context.Background()); err != nil {
		return err
	}
	for name, v := range values {
		func() {
			defer func() { _ = recover() }() // of a type that the new interpreter made anew: it begins empty
			s.global(name).Set(v)
		}()
	}
	return nil
}

// Run runs a piece. An error of the piece is an *Error whose line is counted in
// it, from 1; its File is "". After one, what came before it holds.
func (s *Session) Run(ctx context.Context, text string) error {
	p, err := s.check(text)
	if err != nil {
		var fault *Error
		if errors.As(err, &fault) { // the end of the text is found missing after it
			fault.Line = min(fault.Line, 1+strings.Count(strings.TrimRight(text, "\n"), "\n"))
		}
		return worded(err)
	}
	s.runs++
	for _, d := range p.decls {
		if err := s.execute(ctx, d.source, d.sizes); err != nil {
			return worded(err)
		}
		s.keep(d)
	}
	for name, v := range p.types {
		s.vars[name] = v
	}
	if p.body == nil {
		return nil
	}
	if err := s.executeFile(ctx, p.body, p.bodySizes); err != nil {
		return worded(err)
	}
	err = s.call(ctx, p.function)
	if err != nil {
		if failed := s.restart(); failed != nil {
			err = errors.Join(err, failed)
		}
	}
	return worded(err)
}

// inCell matches a place that the interpreter names in a message.
var inCell = regexp.MustCompile(`(?s)^(.*?)cell\d+\.go:(\d+):\d+: (.*)$`)

// worded has messages that are made for recipes speak of cells.
func worded(err error) error {
	var fault *Error
	if errors.As(err, &fault) {
		e := *fault
		if m := inCell.FindStringSubmatch(e.Message); m != nil {
			e.Line, _ = strconv.Atoi(m[2])
			e.Message = m[1] + m[3]
		}
		e.Message = strings.NewReplacer("recipes", "cells", "a recipe", "a cell", "Recipe", "cell").Replace(e.Message)
		return &e
	}
	return err
}

// keep notes what was declared, in place of what had all its names.
func (s *Session) keep(d decl) {
	s.decls = append(slices.DeleteFunc(s.decls, func(old decl) bool {
		return !slices.ContainsFunc(old.names, func(n string) bool { return !slices.Contains(d.names, n) })
	}), d)
}

// call calls the function that a piece has become.
func (s *Session) call(ctx context.Context, function string) error {
	w := s.worker
	w.watch.waiting = " without a call of the workspace"
	if s.busy != nil {
		stop := make(chan struct{})
		defer close(stop)
		go w.watch.follow(s.busy, stop)
	}
	s.tracer.at.Store(0)
	at := place{line: 1, column: 1}
	err := w.call(ctx, s.limits.run, "the cell", at, func() error {
		w.interp.Symbols(sessionPackage)[sessionPackage][function].Call(nil)
		return nil
	})
	if err == nil {
		return nil
	}
	var fault *Error
	if errors.As(err, &fault) && !fault.exact && s.tracer.pos().IsValid() {
		fault.Line = w.interp.FileSet().PositionFor(s.tracer.pos(), false).Line
	}
	runtime.GC() // what the failed call held may be large
	return err
}

// file makes a file of declarations, with the imports that they need.
func (s *Session) file(declarations string) string {
	head := "package " + sessionPackage + ";"
	f, err := parser.ParseFile(token.NewFileSet(), internalName, head+declarations, parser.SkipObjectResolution)
	if err != nil && f == nil {
		return head + declarations
	}
	return head + s.importing(f) + declarations
}

// importing is the import declaration that a file needs, in a line.
func (s *Session) importing(f *ast.File) string {
	var specs []string
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		importPath, known := s.names[id.Name]
		if _, own := s.vars[id.Name]; !known || own {
			return true
		}
		if spec := id.Name + " " + strconv.Quote(importPath); !slices.Contains(specs, spec) {
			specs = append(specs, spec)
		}
		return true
	})
	if specs == nil {
		return ""
	}
	return "import (" + strings.Join(specs, ";") + ");"
}

// varFile is the file that declares a variable.
func varFile(name string, v variable) string {
	var specs []string
	for base, importPath := range v.imports {
		specs = append(specs, base+" "+strconv.Quote(importPath))
	}
	slices.Sort(specs)
	imports := ""
	if specs != nil {
		imports = "import (" + strings.Join(specs, ";") + ");"
	}
	return "package " + sessionPackage + ";" + imports + "var " + name + " " + v.typ
}

// execute has the interpreter take a file.
func (s *Session) execute(ctx context.Context, source string, sizes []sizeSite) error {
	file, err := s.parse(source)
	if err != nil {
		return err
	}
	base := int(s.worker.interp.FileSet().File(file.Pos()).Base())
	return s.executeFile(ctx, file, shifted(sizes, base))
}

// parse reads a file for the interpreter, under a name of its own: the
// interpreter takes imports to be those of a file's name.
func (s *Session) parse(source string) (*ast.File, error) {
	s.files++
	file, err := parser.ParseFile(s.worker.interp.FileSet(), fmt.Sprintf("cell%d.go", s.files), source, parser.SkipObjectResolution)
	if err != nil {
		return nil, (&program{}).syntaxError(err)
	}
	return file, nil
}

// shifted are places of a file that stands first in its set as those of one
// that begins at base.
func shifted(sizes []sizeSite, base int) []sizeSite {
	out := slices.Clone(sizes)
	for i := range out {
		out[i].arg += token.Pos(base - 1)
		out[i].end += token.Pos(base - 1)
	}
	return out
}

func (s *Session) executeFile(ctx context.Context, file *ast.File, sizes []sizeSite) error {
	if missed := guardSizes(file, sizes); missed > 0 {
		return place{}.errorf("%d computed sizes could not be guarded: this is a fault of netshare: report it", missed)
	}
	noteStatements(file, nil)
	importGuard(file)
	w := s.worker
	return w.call(ctx, s.limits.load, "a declaration", place{line: 1, column: 1}, func() error {
		compiled, err := w.interp.CompileAST(file)
		if err == nil {
			_, err = w.interp.Execute(compiled)
		}
		return err
	})
}

// typeText writes a type as a file of the session can name it.
func (s *Session) typeText(t types.Type) (variable, error) {
	v := variable{imports: map[string]string{}}
	text := types.TypeString(t, func(pkg *types.Package) string {
		switch {
		case pkg.Path() == sessionPackage:
			return ""
		case s.exports[pkg.Path()] == nil:
			return "<" + pkg.Path() + ">"
		}
		v.imports[pkg.Name()] = pkg.Path()
		return pkg.Name()
	})
	var fault error
	v.typ = elsewhere.ReplaceAllStringFunc(text, func(name string) string {
		m := elsewhere.FindStringSubmatch(name)
		importPath, alias := s.alias(m[1], m[2])
		if alias == "" {
			fault = fmt.Errorf("is of a type of package %s, which is not open to recipes", m[1])
			return name
		}
		v.imports[path.Base(importPath)] = importPath
		return path.Base(importPath) + "." + alias
	})
	return v, fault
}

// elsewhere matches a type of a package that is not open.
var elsewhere = regexp.MustCompile(`<([^<>]+)>\.(\w+)`)

// alias finds the name by which an open package offers a type of one that is
// not.
func (s *Session) alias(importPath, name string) (string, string) {
	for open, names := range s.exports {
		for n, v := range names {
			if v.Kind() == reflect.Pointer && v.IsNil() {
				if t := v.Type().Elem(); t.PkgPath() == importPath && t.Name() == name && ast.IsExported(n) {
					return open, n
				}
			}
		}
	}
	return "", ""
}

// Set gives a variable of the prelude another value.
func (s *Session) Set(name string, value any) {
	s.values[name] = reflect.ValueOf(value)
	s.global(name).Set(s.values[name])
}
