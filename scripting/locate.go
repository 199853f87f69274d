package scripting

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"

	"netshare/workspace/trace"
)

// roles are the functions that a field may have: the method that sets each,
// and the arguments by which it is set.
const (
	roleParse   = "Parse"
	roleFormat  = "Format"
	roleForward = "Transform" // first argument
	roleInverse = "Inverse"   // second argument of Transform
	roleDerive  = "Derive"
	roleFilter  = "Keep" // first argument of trace.Where; of the recipe, as those that follow
	roleRead    = "Read"
	roleWrite   = "Write"
)

// functionArgs calls visit for each argument that sets a field's function, by
// a method (Parse, Format, Transform) or by name in a literal, with the
// field's name where the source tells it.
func (p *program) functionArgs(visit func(field, role string, arg ast.Expr)) {
	ast.Inspect(p.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if ok && sel.Sel.Name == "Where" && len(n.Args) > 0 && p.isType(n, "Filter") {
				visit("", roleFilter, n.Args[0])
			}
			if !ok || !p.isField(sel.X) {
				break
			}
			switch sel.Sel.Name {
			case "Parse", "Format", "Derive":
				visit(p.fieldName(sel.X), sel.Sel.Name, n.Args[0])
			case "Transform":
				if len(n.Args) == 2 {
					visit(p.fieldName(sel.X), roleForward, n.Args[0])
					visit(p.fieldName(sel.X), roleInverse, n.Args[1])
				}
			}
		case *ast.CompositeLit:
			var byKey map[string]string
			switch {
			case p.isField(n):
				byKey = map[string]string{
					"ParseFunc": roleParse, "FormatFunc": roleFormat, "DeriveFunc": roleDerive, "Forward": roleForward, "Inverse": roleInverse,
				}
			case p.isType(n, "Recipe"):
				byKey = map[string]string{"Read": roleRead, "Write": roleWrite}
			case p.isType(n, "Filter"):
				byKey = map[string]string{"Keep": roleFilter}
			}
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if id, ok := kv.Key.(*ast.Ident); ok && byKey[id.Name] != "" {
						visit(p.fieldName(n), byKey[id.Name], kv.Value)
					}
				}
			}
		}
		return true
	})
}

// isField tells whether an expression is a trace.Field.
func (p *program) isField(e ast.Expr) bool { return p.isType(e, "Field") }

// isType tells whether an expression is of a type of package trace.
func (p *program) isType(e ast.Expr, name string) bool {
	n, ok := p.info.Types[e].Type.(*types.Named)
	return ok && n.Obj().Name() == name && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == tracePath
}

// fieldName returns the name that a chain such as trace.Port("id.orig_p").
// Range(1, 2) begins with, or that a literal gives, or "".
func (p *program) fieldName(e ast.Expr) string {
	name, _ := p.fieldStart(e)
	return name
}

func (p *program) fieldStart(e ast.Expr) (string, token.Pos) {
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		sel, ok := e.Fun.(*ast.SelectorExpr)
		if ok && p.isField(sel.X) {
			return p.fieldStart(sel.X)
		}
		if len(e.Args) > 0 {
			return p.text(e.Args[0]), e.Args[0].Pos()
		}
	case *ast.CompositeLit:
		for _, elt := range e.Elts {
			kv, ok := elt.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			if id, ok := kv.Key.(*ast.Ident); ok && id.Name == "Name" {
				return p.text(kv.Value), kv.Value.Pos()
			}
		}
	}
	return "", token.NoPos
}

// text returns the value of a constant string, or "".
func (p *program) text(e ast.Expr) string {
	c := p.info.Types[e].Value
	if c == nil || c.Kind() != constant.String {
		return ""
	}
	return constant.StringVal(c)
}

// checkNil refuses functions that are plainly nil.
func (p *program) checkNil() error {
	var fault error
	p.functionArgs(func(field, role string, arg ast.Expr) {
		if fault != nil || !p.info.Types[arg].IsNil() {
			return
		}
		switch role {
		case roleFilter, roleRead, roleWrite:
			fault = p.at(arg.Pos()).errorf("%s is nil: name a function or leave it out", role)
		case roleForward, roleInverse:
			fault = p.at(arg.Pos()).errorf("field %q: transform function is nil: a transform needs both its forward and its inverse function", field)
		default:
			fault = p.at(arg.Pos()).errorf("field %q: %s function is nil: name a function or drop the call", field, strings.ToLower(role))
		}
	})
	return fault
}

// functionPlace is where a field's function is set, or the field's name, or
// the declaration of Recipe.
func (p *program) functionPlace(field, role string) place {
	pos := token.NoPos
	p.functionArgs(func(name, r string, arg ast.Expr) {
		if name == field && r == role && !pos.IsValid() {
			pos = arg.Pos()
		}
	})
	if pos.IsValid() {
		return p.at(pos)
	}
	if field == "" {
		return p.declared()
	}
	return p.namePlace(field, false)
}

// declared is where the recipe is declared, or its function Run.
func (p *program) declared() place {
	if p.recipe != nil {
		return p.at(p.recipe.Pos())
	}
	return p.at(p.run.Pos())
}

// namePlace is where a string of the given value stands first, or last: where
// a field is declared, or declared again, or named as a key.
func (p *program) namePlace(name string, last bool) place {
	pos := token.NoPos
	ast.Inspect(p.syntax, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok && p.text(e) == name && p.info.Types[e].Value != nil {
			if c := p.info.Types[e].Value; c.Kind() == constant.String && (last || !pos.IsValid()) {
				pos = e.Pos()
			}
		}
		return true
	})
	if !pos.IsValid() {
		return p.declared()
	}
	return p.at(pos)
}

// quotedName matches the field or key that a fault of trace.Recipe.Validate
// begins with.
var quotedName = regexp.MustCompile(`^(field|session key|dropped column|column|rule) ("(?:[^"\\]|\\.)*")`)

// validate puts a place before each fault of a declaration.
func (p *program) validate(r *trace.Recipe) error {
	err := r.Validate()
	if err == nil {
		return nil
	}
	list := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		list = many.Unwrap()
	}
	faults := make([]error, len(list))
	for i, err := range list {
		at := p.declared()
		if strings.HasPrefix(err.Error(), "the filter ") {
			at = p.functionPlace("", roleFilter)
		}
		if m := quotedName.FindStringSubmatch(err.Error()); m != nil {
			if name, e := strconv.Unquote(m[2]); e == nil {
				again := m[1] != "field" || strings.HasSuffix(err.Error(), "twice")
				at = p.namePlace(name, again)
			}
		}
		faults[i] = at.errorf("%v", err)
	}
	return errors.Join(faults...)
}
