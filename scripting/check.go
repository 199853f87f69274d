package scripting

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dialect is the end of every message about newer or left-out language.
const dialect = "recipes are Go 1.20 without generics"

// internalName is what recipes are called inside the interpreter, so that its
// messages can be taken apart whatever the user's file is called.
const internalName = "recipe.go"

// program is a recipe that passed every check that needs no running.
type program struct {
	file    string // as the user named it
	source  string
	fset    *token.FileSet
	syntax  *ast.File
	info    *types.Info
	recipe  *ast.Ident // the name in the declaration of Recipe, nil where there is none
	run     *ast.Ident // the name of the function Run, nil where there is none
	imports []string
	sizes   []sizeSite // where the program asks for memory by a computed size
	exports exports
	order   map[token.Pos]int // in which the variables of the package get their values, by the first name's position
}

// at gives the place of a position.
func (p *program) at(pos token.Pos) place { return placeOf(p.file, p.fset, pos) }

// check parses a recipe and checks its dialect, imports and types. Its first
// fault is returned.
func check(file, source string, h Host) (p *program, err error) {
	p = &program{file: file, source: source, fset: token.NewFileSet(), exports: h.exports()}
	defer func() {
		if v := recover(); v != nil { // a fault of the type checker must not end a notebook
			p, err = nil, place{file: file, line: 1, column: 1}.errorf("the type checker can't cope with this recipe: %v", v)
		}
	}()
	if p.syntax, err = parse(p.fset, source); err != nil {
		return nil, p.syntaxError(err)
	}
	for _, step := range []func() error{p.checkComments, p.checkImports, p.checkDialect, p.checkTypes, p.checkNames, p.checkRecipe, p.findSizes} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func parse(fset *token.FileSet, source string) (*ast.File, error) {
	return parser.ParseFile(fset, internalName, source, parser.SkipObjectResolution|parser.ParseComments)
}

// syntaxError is the first of the parser's errors.
func (p *program) syntaxError(err error) error {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return place{file: p.file}.errorf("%v", err)
	}
	list.Sort()
	at := place{file: p.file, line: list[0].Pos.Line, column: list[0].Pos.Column}
	return at.errorf("%s", list[0].Msg)
}

// checkComments refuses the comments that change how a file is read.
func (p *program) checkComments() error {
	p.syntax.GoVersion = "" // a build constraint must not raise the language's version
	for _, group := range p.syntax.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//line ") || strings.HasPrefix(c.Text, "/*line ") {
				return p.at(c.Pos()).errorf("line directive: messages would give wrong places: remove it")
			}
		}
	}
	return nil
}

// checkImports refuses imports outside the allow-list, by name and reason.
func (p *program) checkImports() error {
	for _, spec := range p.syntax.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return p.at(spec.Path.Pos()).errorf("import path %s: want a quoted path", spec.Path.Value)
		}
		if p.exports[name] == nil {
			return p.at(spec.Path.Pos()).errorf("import of %q is not open to recipes: %s", name, whyForbidden(name))
		}
		p.imports = append(p.imports, name)
	}
	return nil
}

// checkDialect refuses the syntax that recipes don't have.
func (p *program) checkDialect() error {
	name := p.syntax.Name
	if name.Name == "main" {
		return p.at(name.Pos()).errorf("package main: a recipe is a package of its own: call it %q", "recipe")
	}
	var fault error
	say := func(pos token.Pos, format string, args ...any) {
		if fault == nil {
			fault = p.at(pos).errorf(format, args...)
		}
	}
	ast.Inspect(p.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			say(n.Pos(), "go statement: recipes have no goroutines: call the function")
		case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
			say(n.Pos(), "channel: recipes have no goroutines, so nobody would be at the other end")
		case *ast.UnaryExpr:
			if n.Op == token.TILDE {
				say(n.Pos(), "type set with ~: %s", dialect)
			}
		case *ast.IndexListExpr:
			say(n.Pos(), "type arguments: %s", dialect)
		case *ast.FuncType:
			if n.TypeParams != nil {
				say(n.TypeParams.Pos(), "type parameters: %s", dialect)
			}
		case *ast.TypeSpec:
			if n.TypeParams != nil {
				say(n.TypeParams.Pos(), "type parameters: %s", dialect)
			}
		case *ast.InterfaceType:
			for _, m := range n.Methods.List {
				if b, ok := m.Type.(*ast.BinaryExpr); ok && b.Op == token.OR {
					say(b.Pos(), "type set with |: %s", dialect)
				}
				if id, ok := m.Type.(*ast.Ident); ok && id.Name == "comparable" {
					say(id.Pos(), "comparable: %s", dialect)
				}
			}
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				say(n.Name.Pos(), "func init: a recipe only declares: give variables their values where they are declared")
			}
			if n.Body == nil {
				say(n.Name.Pos(), "func %s has no body", n.Name.Name)
			}
		}
		return fault == nil
	})
	return fault
}

// checkTypes runs the type checker; of its errors the first in the file is
// returned, an unused name only where there is nothing worse.
func (p *program) checkTypes() error {
	p.info = &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	var faults []types.Error
	conf := types.Config{
		GoVersion: "go1.20",
		Importer:  newTypeImporter(p.exports),
		Sizes:     types.SizesFor("gc", "amd64"),
		Error: func(err error) {
			var te types.Error
			if errors.As(err, &te) && !strings.HasPrefix(te.Msg, "\t") { // a tab begins the second half of a message
				faults = append(faults, te)
			}
		},
	}
	_, err := conf.Check(p.syntax.Name.Name, p.fset, []*ast.File{p.syntax}, p.info)
	if err == nil {
		p.order = map[token.Pos]int{}
		for i, init := range p.info.InitOrder {
			p.order[init.Lhs[0].Pos()] = i + 1
		}
		return nil
	}
	if len(faults) == 0 {
		return place{file: p.file}.errorf("%v", err)
	}
	first := slices.MinFunc(faults, func(a, b types.Error) int {
		if a.Soft != b.Soft {
			if a.Soft {
				return 1
			}
			return -1
		}
		return int(a.Pos) - int(b.Pos)
	})
	return p.at(first.Pos).errorf("%s", p.typeMessage(first.Msg))
}

// newerGo matches how the type checker refuses what came after Go 1.20.
var newerGo = regexp.MustCompile(`^(.*?)(?: \((?:untyped |value |variable |constant ).*\))?:? requires go1\.\d+ or later.*$`)

// missingName matches a name that the interpreter's table of a package lacks.
var missingName = regexp.MustCompile(`^undefined: (\w+)\.(\w+)$`)

func (p *program) typeMessage(msg string) string {
	if m := newerGo.FindStringSubmatch(msg); m != nil {
		return m[1] + ": " + dialect
	}
	if m := missingName.FindStringSubmatch(msg); m != nil {
		for _, importPath := range p.imports {
			if path.Base(importPath) != m[1] || !ast.IsExported(m[2]) {
				continue
			}
			if why := refused()[m[1]+"."+m[2]]; why != "" {
				return m[1] + "." + m[2] + " is not open to recipes: " + why
			}
		}
	}
	return msg
}

// checkNames refuses what types alone don't tell: the printing builtins.
func (p *program) checkNames() error {
	for id, obj := range p.info.Uses {
		if b, ok := obj.(*types.Builtin); ok && (b.Name() == "print" || b.Name() == "println") {
			return p.at(id.Pos()).errorf("%s is not open to recipes: a recipe has no terminal: return an error instead", b.Name())
		}
	}
	return nil
}

// checkRecipe finds the declarations of Recipe and Run, and checks their types.
func (p *program) checkRecipe() error {
	for _, decl := range p.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "Run" {
			p.run = fn.Name
		}
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, spec := range gen.Specs {
			for _, id := range spec.(*ast.ValueSpec).Names {
				if id.Name == "Recipe" {
					p.recipe = id
				}
			}
		}
	}
	if p.run != nil {
		if got := types.TypeString(p.info.Defs[p.run].Type(), nameOf); got != runType {
			return p.at(p.run.Pos()).errorf("function Run is a %s: want a %s", got, runType)
		}
	}
	if p.recipe == nil {
		if p.run != nil {
			return nil
		}
		return p.at(p.syntax.Name.Pos()).errorf("the package declares no recipe: add var Recipe = trace.Recipe{...}")
	}
	t := p.info.Defs[p.recipe].Type()
	if n, ok := t.(*types.Named); !ok || n.Obj().Name() != "Recipe" || n.Obj().Pkg().Path() != tracePath {
		return p.at(p.recipe.Pos()).errorf("variable Recipe is a %s: want a trace.Recipe", types.TypeString(t, nameOf))
	}
	return p.checkNil()
}

// nameOf qualifies types in messages as the source does.
func nameOf(pkg *types.Package) string { return pkg.Name() }
