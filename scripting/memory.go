package scripting

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"math"
	"reflect"
	"runtime/metrics"
	"strconv"
	"strings"
)

// maxBytes is the most memory that a recipe may ask for at once, and hold.
const maxBytes = 512 << 20

// maxArray is the largest array type of a recipe, in bytes: arrays are values,
// and the interpreter makes room for each variable of each call.
const maxArray = 16 << 20

// sizeSite is an argument by which a program asks for memory: the length in
// make, for instance. The interpreter's copy of the program gets a check put
// around it.
type sizeSite struct {
	arg token.Pos // where the argument begins
	end token.Pos
	max int64 // the most that it may be
}

// sized returns the functions that ask for memory by a number, with the index
// of that argument, by the name that go/types gives them.
func sized() map[string]int {
	return map[string]int{
		"(*strings.Builder).Grow": 0, "(*bytes.Buffer).Grow": 0,
		"bufio.NewReaderSize": 1, "bufio.NewWriterSize": 1,
	}
}

// findSizes refuses sizes that are too large already in the source and notes
// those that are only known when the program runs.
func (p *program) findSizes() error {
	sizes := types.SizesFor("gc", "amd64")
	var fault error
	limit := func(arg ast.Expr, unit int64) {
		most := int64(maxBytes) / max(unit, 1)
		if c := p.info.Types[arg].Value; c != nil {
			if n, ok := constant.Float64Val(constant.ToFloat(c)); (!ok && math.IsInf(n, 0)) || n > float64(most) {
				fault = p.at(arg.Pos()).errorf("size %s is more than the %d that fit in the %s a recipe may hold", c, most, inMiB(maxBytes))
			}
			return
		}
		p.sizes = append(p.sizes, sizeSite{arg: arg.Pos(), end: arg.End(), max: most})
	}
	known := sized()
	ast.Inspect(p.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if tv := p.info.Types[n.Fun]; tv.IsBuiltin() {
				if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok && id.Name == "make" {
					unit := elementSize(sizes, p.info.Types[n.Args[0]].Type)
					for _, arg := range n.Args[1:] {
						limit(arg, unit)
					}
				}
				break
			}
			if fn, ok := p.callee(n).(*types.Func); ok {
				if i, ok := known[fn.FullName()]; ok && i < len(n.Args) {
					limit(n.Args[i], 1)
				}
			}
		case *ast.ArrayType:
			if t := p.info.Types[n].Type; n.Len != nil && t != nil {
				if size := sizes.Sizeof(t); size < 0 || size > maxArray {
					fault = p.at(n.Pos()).errorf("array of more than %s: make a slice", inMiB(maxArray))
				}
			}
		case *ast.CompositeLit:
			t := p.info.Types[n].Type
			if t == nil {
				break
			}
			if _, ok := t.Underlying().(*types.Slice); ok {
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok && fault == nil {
						if c, ok := constant.Int64Val(constant.ToInt(p.info.Types[kv.Key].Value)); !ok || c > maxArray {
							fault = p.at(kv.Pos()).errorf("index %s makes a slice of more than %s elements: fill it in a loop", p.info.Types[kv.Key].Value, inMiB(maxArray))
						}
					}
				}
			}
		}
		return fault == nil
	})
	return fault
}

// callee returns the function or method that a call names, or nil.
func (p *program) callee(call *ast.CallExpr) types.Object {
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		return p.info.Uses[fun]
	case *ast.SelectorExpr:
		return p.info.Uses[fun.Sel]
	}
	return nil
}

// elementSize is the number of bytes of one element of what make makes.
func elementSize(sizes types.Sizes, t types.Type) int64 {
	if t == nil {
		return 1
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return sizes.Sizeof(u.Elem())
	case *types.Map:
		return sizes.Sizeof(u.Key()) + sizes.Sizeof(u.Elem()) + 1
	}
	return 1
}

// guardName is the interpreter's name for the checks put into programs. No
// source can spell it.
const guardName = "size guard"

const guardPath = "netshare/scripting/guard"

// guardSizes puts the checks around the sizes noted in a fresh parse of the
// same source, and returns how many it could not find.
func guardSizes(file *ast.File, sites []sizeSite) (missed int) {
	most := map[[2]token.Pos]int64{}
	for _, s := range sites {
		most[[2]token.Pos{s.arg, s.end}] = s.max
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		for i, arg := range call.Args {
			m, ok := most[[2]token.Pos{arg.Pos(), arg.End()}]
			if !ok {
				continue
			}
			delete(most, [2]token.Pos{arg.Pos(), arg.End()})
			pos := arg.Pos()
			call.Args[i] = &ast.CallExpr{
				Fun:    &ast.SelectorExpr{X: &ast.Ident{NamePos: pos, Name: guardName}, Sel: &ast.Ident{NamePos: pos, Name: "Size"}},
				Lparen: pos, Rparen: pos,
				Args: []ast.Expr{arg, &ast.BasicLit{ValuePos: pos, Kind: token.INT, Value: strconv.FormatInt(m, 10)}},
			}
		}
		return true
	})
	return len(most)
}

// importGuard makes the program import what guardSizes and noteStatements put
// into it.
func importGuard(file *ast.File) {
	spec := &ast.ImportSpec{
		Name: &ast.Ident{NamePos: file.Name.End(), Name: guardName},
		Path: &ast.BasicLit{ValuePos: file.Name.End(), Kind: token.STRING, Value: strconv.Quote(guardPath)},
	}
	decl := &ast.GenDecl{TokPos: file.Name.End(), Tok: token.IMPORT, Specs: []ast.Spec{spec}}
	file.Decls = append([]ast.Decl{decl}, file.Decls...)
	file.Imports = append(file.Imports, spec)
}

// guardExports adds to what recipes may call the checks, the tracer's notes
// where there is one, and checked forms of functions that make something large
// from something small. e is left as it is.
func guardExports(e exports, t *tracer) exports {
	repeat := func(size, count int) {
		if count > 0 && size > maxBytes/count {
			panic(fmt.Errorf("repeating %d bytes %d times is more than the %s a recipe may hold", size, count, inMiB(maxBytes)))
		}
	}
	all := maps.Clone(e)
	all[guardPath] = map[string]reflect.Value{"Size": reflect.ValueOf(checkSize)}
	if t != nil {
		all[guardPath]["At"] = reflect.ValueOf(t.note)
	}
	all["strings"], all["bytes"] = maps.Clone(e["strings"]), maps.Clone(e["bytes"])
	all["strings"]["Repeat"] = reflect.ValueOf(func(s string, count int) string {
		repeat(len(s), count)
		return strings.Repeat(s, count)
	})
	all["bytes"]["Repeat"] = reflect.ValueOf(func(b []byte, count int) []byte {
		repeat(len(b), count)
		return bytes.Repeat(b, count)
	})
	return all
}

// checkSize panics where a size is more than most; it takes any integer type.
func checkSize(size any, most int) int {
	v := reflect.ValueOf(size)
	n, fits := 0, true
	switch {
	case v.CanInt():
		n, fits = int(v.Int()), v.Int() <= int64(most)
	case v.CanUint():
		n, fits = int(v.Uint()), v.Uint() <= uint64(most)
	}
	if !fits {
		panic(fmt.Errorf("size %v is more than the %d that fit in the %s a recipe may hold", size, most, inMiB(maxBytes)))
	}
	return n
}

func inMiB(n int64) string { return strconv.FormatInt(n>>20, 10) + " MiB" }

// memoryInUse returns the bytes of the heap and of the goroutines' stacks.
func memoryInUse() (heap, stacks uint64) {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64(), s[1].Value.Uint64()
}
