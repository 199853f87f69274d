// Package symbols holds what interpreted recipes may call of this module: the
// vocabulary in package trace, as tables that `yaegi extract` generates. The
// generated files are never edited: run `go generate ./scripting/symbols`
// after trace has changed.
package symbols

import "reflect"

//go:generate go run github.com/traefik/yaegi/cmd/yaegi extract -name symbols netshare/workspace/trace

// Symbols are the exported names of each package that a recipe may import, by
// import path and package name joined ("netshare/workspace/trace/trace"). The
// generated files fill it; nobody else writes to it.
var Symbols = map[string]map[string]reflect.Value{}
