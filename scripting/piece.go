package scripting

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
)

// piece is a text of a session that was checked.
type piece struct {
	types map[string]variable // that its statements declare, and are new or of another type than before
	decls []decl              // its types and constants, its variables, its functions

	body      *ast.File // file of the function that its statements are, nil for none; in the interpreter's set
	bodySizes []sizeSite
	function  string
}

// chunk is a declaration or a statement at the top of a piece.
type chunk struct {
	begin, end int // bytes of the text
	kind       token.Token
}

// chunks cuts a text at the ends of its declarations and statements. The kind
// is IMPORT, TYPE, CONST, FUNC for a named function or a method, or ILLEGAL for
// a statement.
func chunks(text string) []chunk {
	var sc scanner.Scanner
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(text))
	sc.Init(file, []byte(text), func(token.Position, string) {}, 0)
	var all []chunk
	var toks []token.Token
	depth, begin, last := 0, -1, 0
	flush := func(end int) {
		if len(toks) > 0 {
			all = append(all, chunk{begin, end, kindOf(toks)})
		}
		toks, begin = nil, -1
	}
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			flush(last)
			return all
		}
		at := file.Offset(pos)
		if tok == token.SEMICOLON && depth == 0 {
			flush(min(len(text), last))
			continue
		}
		switch tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		}
		if begin < 0 {
			begin = at
		}
		toks = append(toks, tok)
		size := len(lit)
		if size == 0 || tok == token.SEMICOLON {
			size = len(tok.String())
			if tok == token.SEMICOLON && lit == "\n" {
				size = 0
			}
		}
		last = min(len(text), at+size)
	}
}

func kindOf(toks []token.Token) token.Token {
	switch toks[0] {
	case token.IMPORT, token.TYPE, token.CONST:
		return toks[0]
	case token.FUNC:
		if len(toks) > 1 && toks[1] == token.IDENT {
			return token.FUNC
		}
		if len(toks) > 1 && toks[1] == token.LPAREN { // a method has a name after its receiver
			depth := 0
			for i, t := range toks[1:] {
				switch t {
				case token.LPAREN:
					depth++
				case token.RPAREN:
					depth--
				}
				if depth == 0 {
					if i+2 < len(toks) && toks[i+2] == token.IDENT {
						return token.FUNC
					}
					break
				}
			}
		}
	}
	return token.ILLEGAL
}

// only keeps of a text the chunks that keep says, and blanks in place of the
// others, so that lines stay where they are.
func only(text string, all []chunk, keep func(chunk) bool) string {
	b := []byte(text)
	for i := range b {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
	for i, c := range all {
		if !keep(c) {
			continue
		}
		copy(b[c.begin:c.end], text[c.begin:c.end])
		next := len(text)
		if i+1 < len(all) {
			next = all[i+1].begin
		}
		if n := strings.IndexByte(text[c.end:next], ';'); n >= 0 && n == len(text[c.end:next])-len(strings.TrimLeft(text[c.end:next], " \t")) {
			b[c.end+n] = ';'
		}
	}
	return string(b)
}

// check reads a piece, checks all that needs no running, and makes of it what
// the interpreter takes.
func (s *Session) check(text string) (p *piece, err error) {
	defer func() {
		if v := recover(); v != nil { // a fault of the type checker must not end a notebook
			p, err = nil, place{line: 1, column: 1}.errorf("the type checker can't cope with this cell: %v", v)
		}
	}()
	if len(text) > maxSource {
		return nil, place{line: 1, column: 1}.errorf("more than %s: a cell is a short piece of Go", inMiB(maxSource))
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	all := chunks(text)
	is := func(kinds ...token.Token) func(chunk) bool {
		return func(c chunk) bool { return slices.Contains(kinds, c.kind) }
	}
	if err := s.imports(only(text, all, is(token.IMPORT))); err != nil {
		return nil, err
	}
	p = &piece{types: map[string]variable{}, function: fmt.Sprintf("Run%d", s.runs+1)}
	for _, kinds := range [][]token.Token{{token.TYPE, token.CONST}, {token.FUNC}} {
		if slices.ContainsFunc(all, is(kinds...)) {
			p.decls = append(p.decls, decl{source: s.file(only(text, all, is(kinds...)))})
		}
	}
	bodyText := only(text, all, is(token.ILLEGAL))
	var bodySource string
	if slices.ContainsFunc(all, is(token.ILLEGAL)) {
		open := "func " + p.function + "() {"
		f, _ := parser.ParseFile(token.NewFileSet(), internalName, "package "+sessionPackage+";"+open+bodyText+"\n}", parser.SkipObjectResolution)
		bodySource = "package " + sessionPackage + ";" + s.importing(f) + open + bodyText + "\n}"
	}
	if err := s.learnTypes(p, bodySource); err != nil {
		return nil, err
	}
	return p, s.checkPiece(p, bodySource)
}

// imports notes the imports of a piece.
func (s *Session) imports(text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, internalName, "package "+sessionPackage+";"+text, parser.ImportsOnly)
	if err != nil {
		return (&program{}).syntaxError(err)
	}
	p := &program{fset: fset, syntax: f, exports: s.exports}
	if err := p.checkImports(); err != nil {
		return err
	}
	for i, spec := range f.Imports {
		name := path.Base(p.imports[i])
		if spec.Name != nil {
			name = spec.Name.Name
		}
		s.names[name] = p.imports[i]
	}
	return nil
}

// known parses what the session has, but for what the piece declares anew.
func (s *Session) known(fset *token.FileSet, p *piece) ([]*ast.File, error) {
	var anew []string
	for _, d := range p.decls {
		anew = append(anew, d.names...)
	}
	var files []*ast.File
	for _, source := range append([]string{s.file(s.prelude)}, sourcesOf(s.decls)...) {
		f, err := parse(fset, source)
		if err != nil {
			return nil, (&program{}).syntaxError(err)
		}
		f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
			return slices.ContainsFunc(declaredNames(d), func(n string) bool { return slices.Contains(anew, n) })
		})
		files = append(files, f)
	}
	return files, nil
}

func sourcesOf(decls []decl) []string {
	out := make([]string, len(decls))
	for i, d := range decls {
		out[i] = d.source
	}
	return out
}

// typecheck checks files as one package and gives each fault to say.
func (s *Session) typecheck(fset *token.FileSet, files []*ast.File, say func(types.Error)) *types.Info {
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	conf := types.Config{
		GoVersion: "go1.20", Importer: newTypeImporter(s.exports), Sizes: types.SizesFor("gc", "amd64"),
		Error: func(err error) {
			if te, ok := err.(types.Error); ok && !strings.HasPrefix(te.Msg, "\t") && !strings.HasSuffix(te.Msg, "imported and not used") {
				say(te)
			}
		},
	}
	_, _ = conf.Check(sessionPackage, fset, files, info) // faults come one by one
	return info
}

// learnTypes finds the variables that a piece's statements declare at its top,
// and their types.
func (s *Session) learnTypes(p *piece, bodySource string) error {
	fset := token.NewFileSet()
	var files []*ast.File
	for i := range p.decls {
		f, err := parse(fset, p.decls[i].source)
		if err != nil {
			return (&program{}).syntaxError(err)
		}
		files = append(files, f)
		for _, d := range f.Decls {
			p.decls[i].names = append(p.decls[i].names, declaredNames(d)...)
		}
	}
	if bodySource == "" {
		return nil
	}
	body, err := parse(fset, bodySource)
	if err != nil {
		return (&program{}).syntaxError(err)
	}
	known, err := s.known(fset, p)
	if err != nil {
		return err
	}
	files = append(append(files, body), known...)
	info := s.typecheck(fset, files, func(types.Error) {})
	var vars []decl
	for _, id := range topNames(body) {
		obj := info.Defs[id]
		if obj == nil || obj.Type() == nil || id.Name == "_" || types.Typ[types.Invalid] == obj.Type() {
			continue
		}
		v, fault := s.typeText(obj.Type())
		at := place{line: fset.PositionFor(id.Pos(), false).Line, column: 1}
		if fault != nil {
			return at.errorf("%s %v: use it without keeping it", id.Name, fault)
		}
		old, known := s.vars[id.Name]
		if again, twice := p.types[id.Name]; twice && again.typ != v.typ {
			return at.errorf("%s is a %s above and a %s here: give one another name", id.Name, again.typ, v.typ)
		} else if twice || known && old.typ == v.typ {
			continue
		}
		if known && usesOld(info, body, id.Name) {
			return at.errorf("%s becomes a %s here, and is used as the %s that it was: give it another name", id.Name, v.typ, old.typ)
		}
		p.types[id.Name] = v
		vars = append(vars, decl{source: varFile(id.Name, v), names: []string{id.Name}})
	}
	at := 0 // after the types, before the functions
	if len(p.decls) > 0 && slices.ContainsFunc(files[0].Decls, func(d ast.Decl) bool { _, is := d.(*ast.FuncDecl); return !is && !isImport(d) }) {
		at = 1
	}
	p.decls = slices.Insert(p.decls, at, vars...)
	return nil
}

func isImport(d ast.Decl) bool {
	gen, ok := d.(*ast.GenDecl)
	return ok && gen.Tok == token.IMPORT
}

// usesOld reports whether a piece uses the variable of a name that an earlier
// one declared.
func usesOld(info *types.Info, body *ast.File, name string) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			if obj := info.Uses[id]; obj != nil && obj.Parent() == obj.Pkg().Scope() {
				found = true
			}
		}
		return !found
	})
	return found
}

// declaredNames are the names that a declaration declares, that of a method with
// its receiver's type.
func declaredNames(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || len(d.Recv.List) == 0 {
			return []string{d.Name.Name}
		}
		t := d.Recv.List[0].Type
		if star, ok := t.(*ast.StarExpr); ok {
			t = star.X
		}
		if id, ok := t.(*ast.Ident); ok {
			return []string{id.Name + "." + d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					names = append(names, id.Name)
				}
			}
		}
		return names
	}
	return nil
}

// statements are those of the function that a piece has become.
func statements(body *ast.File) *ast.BlockStmt {
	return body.Decls[len(body.Decls)-1].(*ast.FuncDecl).Body
}

// topNames are the names that statements at the top of a piece may declare.
func topNames(body *ast.File) []*ast.Ident {
	var names []*ast.Ident
	for _, st := range statements(body).List {
		switch st := st.(type) {
		case *ast.AssignStmt:
			if st.Tok == token.DEFINE {
				for _, e := range st.Lhs {
					if id, ok := e.(*ast.Ident); ok {
						names = append(names, id)
					}
				}
			}
		case *ast.DeclStmt:
			for _, spec := range st.Decl.(*ast.GenDecl).Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					names = append(names, v.Names...)
				}
			}
		}
	}
	return names
}

// checkPiece checks the piece as the interpreter will run it, with its
// variables outside of the function.
func (s *Session) checkPiece(p *piece, bodySource string) error {
	fset := token.NewFileSet()
	var own []*ast.File
	var first error
	var void *ast.CallExpr // the call of show that the last expression is given to
	say := func(e types.Error) {
		if void != nil && strings.HasSuffix(e.Msg, "(no value) used as value") && e.Pos >= void.Pos() && e.Pos < void.End() {
			return // it has none, and is called for what it does
		}
		if first == nil {
			first = place{line: fset.PositionFor(e.Pos, false).Line, column: 1}.errorf("%s", (&program{imports: slices.Collect(maps.Values(s.names))}).typeMessage(e.Msg))
		}
	}
	for _, d := range p.decls {
		f, err := parse(fset, d.source)
		if err != nil {
			return (&program{}).syntaxError(err)
		}
		own = append(own, f)
	}
	var err error
	var body *ast.File
	if bodySource != "" {
		if body, err = parse(fset, bodySource); err != nil {
			return (&program{}).syntaxError(err)
		}
		s.rewrite(body, p)
		void = lastShow(body)
		own = append(own, body)
	}
	known, err := s.known(fset, p)
	if err != nil {
		return err
	}
	files := append(slices.Clone(own), known...)
	for _, f := range own {
		prog := &program{fset: fset, syntax: f}
		f.Name.Name = "cell" // a recipe must not be package main
		err := prog.checkDialect()
		f.Name.Name = sessionPackage
		if err := errors.Join(err, prog.checkComments()); err != nil {
			return err
		}
	}
	info := s.typecheck(fset, files, say)
	if first != nil {
		return first
	}
	for i, f := range own {
		prog := &program{fset: fset, syntax: f, info: info}
		for _, step := range []func() error{prog.checkUsed, prog.findSizes} {
			if err := step(); err != nil {
				return err
			}
		}
		base := int(fset.File(f.Pos()).Base())
		sizes := shifted(prog.sizes, 2-base)
		if i < len(p.decls) {
			p.decls[i].sizes = sizes
		} else {
			p.bodySizes = sizes
		}
	}
	if body == nil {
		return nil
	}
	if p.body, err = s.parse(bodySource); err != nil {
		return err
	}
	s.rewrite(p.body, p)
	if void != nil && info.Types[void.Args[0]].IsVoid() {
		unshow(p.body)
	}
	p.bodySizes = shifted(p.bodySizes, int(s.worker.interp.FileSet().File(p.body.Pos()).Base()))
	return nil
}

// checkUsed refuses the printing builtins in the file that is checked.
func (p *program) checkUsed() error {
	var fault error
	ast.Inspect(p.syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && fault == nil {
			if b, ok := p.info.Uses[id].(*types.Builtin); ok && (b.Name() == "print" || b.Name() == "println") {
				fault = p.at(id.Pos()).errorf("%s writes past the notebook: use fmt.Println", b.Name())
			}
		}
		return fault == nil
	})
	return fault
}

// showName is the function of the prelude that is given the last value.
const showName = "show"

// rewrite makes assignments of the declarations of variables that the session
// keeps, and gives the last expression to show.
func (s *Session) rewrite(body *ast.File, p *piece) {
	kept := func(id *ast.Ident) bool {
		_, old := s.vars[id.Name]
		_, anew := p.types[id.Name]
		return old || anew || id.Name == "_"
	}
	block := statements(body)
	for i, st := range block.List {
		switch st := st.(type) {
		case *ast.AssignStmt:
			if st.Tok == token.DEFINE && !slices.ContainsFunc(st.Lhs, func(e ast.Expr) bool {
				id, ok := e.(*ast.Ident)
				return !ok || !kept(id)
			}) {
				st.Tok = token.ASSIGN
			}
		case *ast.DeclStmt:
			gen := st.Decl.(*ast.GenDecl)
			if gen.Tok != token.VAR {
				continue
			}
			var out []ast.Stmt
			for _, spec := range gen.Specs {
				v := spec.(*ast.ValueSpec)
				if len(v.Values) == 0 {
					continue
				}
				var lhs []ast.Expr
				for _, id := range v.Names {
					lhs = append(lhs, id)
				}
				out = append(out, &ast.AssignStmt{Lhs: lhs, TokPos: v.Pos(), Tok: token.ASSIGN, Rhs: v.Values})
			}
			block.List[i] = &ast.BlockStmt{Lbrace: st.Pos(), List: out, Rbrace: st.End()}
		}
	}
	if n := len(block.List); n > 0 {
		if e, ok := block.List[n-1].(*ast.ExprStmt); ok && !prints(e.X) {
			pos := e.Pos()
			e.X = &ast.CallExpr{Fun: &ast.Ident{NamePos: pos, Name: showName}, Lparen: pos, Args: []ast.Expr{e.X}, Rparen: e.End()}
		}
	}
}

// prints reports whether an expression is a call of fmt.Print or its like, whose
// values nobody wants to see.
func prints(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == "fmt" && strings.HasPrefix(sel.Sel.Name, "Print")
}

// lastShow is the call of show at the end of a piece, nil where there is none.
func lastShow(body *ast.File) *ast.CallExpr {
	list := statements(body).List
	if len(list) == 0 {
		return nil
	}
	if e, ok := list[len(list)-1].(*ast.ExprStmt); ok {
		if call, ok := e.X.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == showName && len(call.Args) == 1 {
				return call
			}
		}
	}
	return nil
}

// unshow takes the call of show away again.
func unshow(body *ast.File) {
	if call := lastShow(body); call != nil {
		list := statements(body).List
		list[len(list)-1].(*ast.ExprStmt).X = call.Args[0]
	}
}
