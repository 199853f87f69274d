// Package verbs holds what the function Run of an interpreted recipe may call:
// the verbs of package workspace on the workspace that it is given, and the
// options of package engine, as tables that `yaegi extract` generates. Opening
// a workspace is left out: a recipe is given one. The generated files are never
// edited: run `go generate ./scripting/symbols/verbs` after the types that they
// name have changed.
package verbs

import (
	"reflect"

	"netshare/scripting"
)

//go:generate go run github.com/traefik/yaegi/cmd/yaegi extract -name verbs -include ^(Workspace|Load|LoadProgress|Loaded|Generate|Made|Trained|Exported|ExportOptions|Reported|Synth|SynthHooks|Synthesised|Split|Parts|Audit|Audited|AddressPolicy|Publish|Published|PublishedFile|Provenance|TableProvenance|TextPolicy|Leak|LeakError|Result|Table|Model|ColumnInfo|Given|TableName)$ netshare/workspace
//go:generate go run github.com/traefik/yaegi/cmd/yaegi extract -name verbs -include ^(Options|DefaultOptions|GenerateOptions|DefaultGenerateOptions|Hooks|Progress|Generated)$ netshare/engine

// Symbols are the exported names of each package that Run may import. The
// generated files fill it; nobody else writes to it.
var Symbols = map[string]map[string]reflect.Value{}

// Host lends them to recipes.
func Host() scripting.Host { return scripting.Host{Symbols: Symbols} }
