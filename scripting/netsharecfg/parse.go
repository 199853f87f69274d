package netsharecfg

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"slices"
	"strings"

	"netshare/scripting"

	"netshare/workspace/trace/near"
)

// builtin are NetShare's parse functions.
var builtin = words("second2micro ip_quad2int modbus_func2code syslog_facility2code syslog_severity2code")

// parsed is the call that parses a field's values, and undoes it on the way out
// where they come out as the file had them. Where the kind of the field knows
// the file's own values, nothing is called. It may replace the expression.
func (b *builder) parsed(n *node, format, encoding string, expr *string) string {
	v := b.want(n, "parse", isText)
	if v == nil {
		return ""
	}
	name := v.text
	if !slices.Contains(builtin, name) {
		if !b.custom(v) {
			return ""
		}
		return ".Parse(" + name + ")" + b.formatted(v)
	}
	if format == "list" {
		b.fault(v, "%s is for single values, not for lists", name)
		return ""
	}
	quoted := (*expr)[strings.IndexByte(*expr, '('):] // of whatever kind
	quoted = quoted[1:strings.IndexAny(quoted, ",)")]
	if b.undo {
		switch name {
		case "ip_quad2int":
			if encoding == "categorical" {
				return ""
			}
			*expr = "trace.IP(" + quoted + ").Encode(trace.EncodeBits)"
		case "modbus_func2code", "syslog_facility2code", "syslog_severity2code":
			if encoding == "bit" || encoding == "float" { // a name is no number
				*expr = "trace.Category(" + quoted + ").Encode(trace.EncodeCategory)"
			}
		}
		return ""
	}
	b.need(name)
	switch {
	case name == "ip_quad2int" && encoding == "bit":
		*expr = "trace.Integer(" + quoted + ").InBits(32)"
	case name == "second2micro" && strings.HasPrefix(*expr, "trace.Category"):
	case name != "second2micro" && name != "ip_quad2int" && strings.HasPrefix(*expr, "trace.IP("):
		*expr = "trace.Integer(" + quoted + ").InBits(32)"
	}
	return ".Parse(" + name + ")"
}

// custom reports whether the user gave a parse function of a name.
func (b *builder) custom(v *node) bool {
	if b.functions != nil && slices.Contains(b.functions.names, v.text) {
		return true
	}
	known := slices.Clone(builtin)
	where := "give the .go file that has it with --recipe"
	if b.functions != nil {
		known = append(known, b.functions.names...)
		where = b.functions.file + " has no such function"
	}
	hint := ""
	if like := near.Word(v.text, known); like != "" {
		hint = fmt.Sprintf("did you mean %q? ", like)
	}
	b.fault(v, "unknown parse function %s: %sNetShare's are %s; of others, %s", v.said(), hint, strings.Join(builtin, ", "), where)
	return false
}

// formatted is the call that undoes a user's function on the way out, where
// that is asked for and there is a function for it.
func (b *builder) formatted(v *node) string {
	if !b.undo {
		return ""
	}
	if back := v.text + "_inverse"; slices.Contains(b.functions.names, back) {
		return ".Format(" + back + ")"
	}
	b.note(v, "values come out as %s makes them: for the way back add a function %s_inverse to %s", v.text, v.text, b.functions.file)
	return ""
}

// functionFile is a .go file with parse functions.
type functionFile struct {
	file  string
	text  string
	names []string // of its functions

	paths []string // that it imports
	brace int      // offset behind the package clause
}

// readFunctions reads a file of parse functions. Only its outline is looked at:
// the recipe that it becomes a part of is checked as all recipes are.
func readFunctions(path string) (*functionFile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
	if err != nil {
		if list, ok := err.(scanner.ErrorList); ok && len(list) > 0 {
			return nil, &scripting.Error{File: path, Line: list[0].Pos.Line, Column: list[0].Pos.Column, Message: list[0].Msg}
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	out := &functionFile{file: path, text: string(text), brace: fset.Position(f.Name.End()).Offset}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				out.names = append(out.names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if v, ok := s.(*ast.ValueSpec); ok {
					for _, name := range v.Names {
						if name.Name == "Recipe" {
							at := fset.Position(name.Pos())
							return nil, &scripting.Error{File: path, Line: at.Line, Column: at.Column, Message: "the file declares a recipe, and the configuration is one: leave it out, or run the file itself"}
						}
					}
				}
			}
		}
	}
	for _, i := range f.Imports {
		out.paths = append(out.paths, strings.Trim(i.Path.Value, `"`))
	}
	return out, nil
}
