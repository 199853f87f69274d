package scripting

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"path"
	"reflect"
)

// typeImporter gives the type checker the packages that the interpreter
// offers, made from the interpreter's own symbols by reflection: a recipe that
// passes the type checker uses nothing that the interpreter lacks, and no Go
// toolchain, source or export data has to be at hand.
type typeImporter struct {
	exports exports
	all     map[string]*types.Package
	ready   map[string]bool // packages whose scope is filled
	named   map[reflect.Type]*types.Named
}

func newTypeImporter(e exports) *typeImporter {
	return &typeImporter{
		exports: e,
		all:     map[string]*types.Package{},
		ready:   map[string]bool{},
		named:   map[reflect.Type]*types.Named{},
	}
}

// Import implements types.Importer.
func (im *typeImporter) Import(importPath string) (*types.Package, error) {
	names, ok := im.exports[importPath]
	if !ok {
		return nil, fmt.Errorf("package %s is not open to recipes", importPath)
	}
	pkg := im.pkg(importPath)
	if im.ready[importPath] {
		return pkg, nil
	}
	im.ready[importPath] = true
	for name, value := range names {
		if name[0] != '_' {
			pkg.Scope().Insert(im.object(pkg, name, value))
		}
	}
	return pkg, nil
}

// pkg returns the package of a path, empty as long as nobody imports it.
func (im *typeImporter) pkg(importPath string) *types.Package {
	p, ok := im.all[importPath]
	if !ok {
		p = types.NewPackage(importPath, path.Base(importPath))
		p.MarkComplete()
		im.all[importPath] = p
	}
	return p
}

// object makes the declaration of a symbol in yaegi's coding: a type is a nil
// pointer to it, a variable is addressable, an untyped constant is a
// constant.Value, everything else a function or a typed constant.
func (im *typeImporter) object(pkg *types.Package, name string, v reflect.Value) types.Object {
	if c, ok := v.Interface().(constant.Value); ok {
		return types.NewConst(token.NoPos, pkg, name, untyped(pkg.Path(), name, c), c)
	}
	switch {
	case v.CanAddr():
		return types.NewVar(token.NoPos, pkg, name, im.typ(v.Type()))
	case v.Kind() == reflect.Pointer && v.IsNil():
		t := im.typ(v.Type().Elem())
		if n, ok := t.(*types.Named); ok && n.Obj().Pkg() == pkg && n.Obj().Name() == name {
			return n.Obj()
		}
		return types.NewTypeName(token.NoPos, pkg, name, t)
	case v.Kind() == reflect.Func:
		return types.NewFunc(token.NoPos, pkg, name, im.signature(nil, v.Type(), 0))
	}
	return types.NewConst(token.NoPos, pkg, name, im.typ(v.Type()), constantOf(v))
}

// untyped gives the type of an untyped constant. Runes come as integers from
// yaegi's tables; package utf8 and unicode have no other large ones.
func untyped(pkg, name string, c constant.Value) types.Type {
	switch c.Kind() {
	case constant.Bool:
		return types.Typ[types.UntypedBool]
	case constant.String:
		return types.Typ[types.UntypedString]
	case constant.Float:
		return types.Typ[types.UntypedFloat]
	case constant.Complex:
		return types.Typ[types.UntypedComplex]
	}
	switch name {
	case "RuneError", "MaxRune", "ReplacementChar", "MaxASCII", "MaxLatin1":
		if pkg == "unicode" || pkg == "unicode/utf8" {
			return types.Typ[types.UntypedRune]
		}
	}
	return types.Typ[types.UntypedInt]
}

func constantOf(v reflect.Value) constant.Value {
	switch {
	case v.Kind() == reflect.Bool:
		return constant.MakeBool(v.Bool())
	case v.Kind() == reflect.String:
		return constant.MakeString(v.String())
	case v.CanInt():
		return constant.MakeInt64(v.Int())
	case v.CanUint():
		return constant.MakeUint64(v.Uint())
	case v.CanFloat():
		return constant.MakeFloat64(v.Float())
	}
	return constant.MakeUnknown()
}

// typ translates a type.
func (im *typeImporter) typ(t reflect.Type) types.Type {
	if t == reflect.TypeFor[error]() {
		return types.Universe.Lookup("error").Type()
	}
	if t.Name() != "" && t.PkgPath() != "" && t.Kind() != reflect.UnsafePointer {
		return im.namedType(t)
	}
	return im.underlying(t)
}

// namedType translates a declared type with its methods. It is entered before
// its parts are, for types that speak of themselves. Methods of embedded types
// count as its own: to a caller there is no difference.
func (im *typeImporter) namedType(t reflect.Type) types.Type {
	if n, ok := im.named[t]; ok {
		return n
	}
	pkg := im.pkg(t.PkgPath())
	n := types.NewNamed(types.NewTypeName(token.NoPos, pkg, t.Name(), nil), nil, nil)
	im.named[t] = n
	n.SetUnderlying(im.underlying(t))
	if t.Kind() == reflect.Interface {
		return n
	}
	pointer := reflect.PointerTo(t)
	for i := range pointer.NumMethod() {
		m := pointer.Method(i)
		var recv types.Type = types.NewPointer(n)
		if _, ok := t.MethodByName(m.Name); ok {
			recv = n
		}
		sig := im.signature(types.NewParam(token.NoPos, pkg, "", recv), m.Type, 1)
		n.AddMethod(types.NewFunc(token.NoPos, pkg, m.Name, sig))
	}
	return n
}

func (im *typeImporter) underlying(t reflect.Type) types.Type {
	switch t.Kind() {
	case reflect.Pointer:
		return types.NewPointer(im.typ(t.Elem()))
	case reflect.Slice:
		return types.NewSlice(im.typ(t.Elem()))
	case reflect.Array:
		return types.NewArray(im.typ(t.Elem()), int64(t.Len()))
	case reflect.Map:
		return types.NewMap(im.typ(t.Key()), im.typ(t.Elem()))
	case reflect.Chan:
		dirs := map[reflect.ChanDir]types.ChanDir{reflect.RecvDir: types.RecvOnly, reflect.SendDir: types.SendOnly}
		return types.NewChan(dirs[t.ChanDir()], im.typ(t.Elem()))
	case reflect.Func:
		return im.signature(nil, t, 0)
	case reflect.Interface:
		var methods []*types.Func
		for i := range t.NumMethod() {
			m := t.Method(i)
			methods = append(methods, types.NewFunc(token.NoPos, im.pkg(m.PkgPath), m.Name, im.signature(nil, m.Type, 0)))
		}
		return types.NewInterfaceType(methods, nil).Complete()
	case reflect.Struct:
		fields := make([]*types.Var, t.NumField())
		tags := make([]string, t.NumField())
		for i := range fields {
			f := t.Field(i)
			fields[i] = types.NewField(token.NoPos, im.pkg(f.PkgPath), f.Name, im.typ(f.Type), f.Anonymous)
			tags[i] = string(f.Tag)
		}
		return types.NewStruct(fields, tags)
	}
	return basic(t.Kind())
}

// signature translates a function's type without its first skip parameters.
func (im *typeImporter) signature(recv *types.Var, t reflect.Type, skip int) *types.Signature {
	var in, out []*types.Var
	for i := skip; i < t.NumIn(); i++ {
		in = append(in, types.NewParam(token.NoPos, nil, "", im.typ(t.In(i))))
	}
	for i := range t.NumOut() {
		out = append(out, types.NewParam(token.NoPos, nil, "", im.typ(t.Out(i))))
	}
	return types.NewSignatureType(recv, nil, nil, types.NewTuple(in...), types.NewTuple(out...), t.IsVariadic())
}

func basic(k reflect.Kind) types.Type {
	for _, t := range types.Typ {
		if t.Info()&types.IsUntyped == 0 && t.Name() == k.String() {
			return t
		}
	}
	if k == reflect.UnsafePointer {
		return types.Typ[types.UnsafePointer]
	}
	return types.Typ[types.Invalid]
}
