package scripting

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"sync/atomic"
)

// The interpreter tells of a panic only the function it happened in, and of a
// loop that was stopped nothing. Since the functions of recipes are pure, the
// call is repeated in a second interpreter, whose copy of the program notes
// each statement before it runs: the last note is the place. Calls that go
// well pay nothing.

// tracer holds the position of the statement that runs.
type tracer struct{ at atomic.Int64 }

// note notes that the statement at a position begins to run.
func (t *tracer) note(pos int) int { t.at.Store(int64(pos)); return pos }

// pos returns the position of the last statement that began to run.
func (t *tracer) pos() token.Pos {
	if t == nil {
		return token.NoPos
	}
	return token.Pos(t.at.Load())
}

// noteCall is the call that notes a position.
func noteCall(pos token.Pos) *ast.CallExpr {
	return &ast.CallExpr{
		Fun:    &ast.SelectorExpr{X: &ast.Ident{NamePos: pos, Name: guardName}, Sel: &ast.Ident{NamePos: pos, Name: "At"}},
		Lparen: pos, Rparen: pos,
		Args: []ast.Expr{&ast.BasicLit{ValuePos: pos, Kind: token.INT, Value: strconv.Itoa(int(pos))}},
	}
}

// noteStatements puts a note before each statement of a program, and before
// each variable of the package, which are put in the order in which they get
// their values: by the position of the first name, 0 for those without one.
func noteStatements(file *ast.File, order map[token.Pos]int) {
	noted := func(list []ast.Stmt) []ast.Stmt {
		var out []ast.Stmt
		for _, s := range list {
			out = append(out, &ast.ExprStmt{X: noteCall(s.Pos())}, s)
		}
		return out
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			cases := false
			for _, s := range n.List {
				if _, ok := s.(*ast.CaseClause); ok {
					cases = true
				}
			}
			if !cases {
				n.List = noted(n.List)
			}
		case *ast.CaseClause:
			n.Body = noted(n.Body)
		}
		return true
	})
	var decls []ast.Decl
	var vars []ast.Spec
	for _, d := range file.Decls {
		if gen, ok := d.(*ast.GenDecl); ok && gen.Tok == token.VAR {
			vars = append(vars, gen.Specs...)
		} else {
			decls = append(decls, d)
		}
	}
	rank := func(s ast.Spec) int { return order[s.(*ast.ValueSpec).Names[0].Pos()] }
	slices.SortStableFunc(vars, func(a, b ast.Spec) int { return rank(a) - rank(b) })
	for _, s := range vars {
		name := &ast.Ident{NamePos: s.Pos(), Name: guardName + strconv.Itoa(int(s.Pos()))}
		note := &ast.ValueSpec{Names: []*ast.Ident{name}, Values: []ast.Expr{noteCall(s.Pos())}}
		decls = append(decls,
			&ast.GenDecl{TokPos: s.Pos(), Tok: token.VAR, Specs: []ast.Spec{note}},
			&ast.GenDecl{TokPos: s.Pos(), Tok: token.VAR, Specs: []ast.Spec{s}})
	}
	file.Decls = decls
}
