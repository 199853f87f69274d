package netsharecfg

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"netshare/engine"
)

const vocabulary = "netshare/workspace/trace"

// source writes the recipe. A file of functions stands first, as it is, so that
// its lines keep their numbers.
func (b *builder) source() string {
	helped := b.helpers()
	imports := slices.Clone(b.imports)
	slices.Sort(imports)
	imports = append(imports, vocabulary)
	var out strings.Builder
	if f := b.functions; f != nil {
		out.WriteString(f.text[:f.brace])
		for _, p := range imports {
			if !slices.Contains(f.paths, p) {
				fmt.Fprintf(&out, "; import %q", p)
			}
		}
		out.WriteString(f.text[f.brace:])
		out.WriteString("\n")
	} else {
		fmt.Fprintf(&out, "// Package recipe declares what %s, a configuration of NetShare's, says of a\n// trace.\npackage recipe\n\nimport (\n", plainComment(b.file))
		for _, p := range imports {
			if p == vocabulary && len(imports) > 1 {
				out.WriteString("\n")
			}
			fmt.Fprintf(&out, "\t%q\n", p)
		}
		out.WriteString(")\n")
	}
	out.WriteString(b.declaration())
	out.WriteString(helped)
	if b.functions != nil {
		return out.String()
	}
	return formatted(out.String())
}

// formatted is a text as gofmt has it.
func formatted(text string) string {
	neat, err := format.Source([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("the recipe does not parse: %v\n%s", err, text)) // a fault of this package
	}
	return string(neat)
}

// helpers writes the functions that the recipe needs, and notes what they
// import.
func (b *builder) helpers() string {
	for i := 0; i < len(b.needed); i++ {
		for _, n := range helpers[b.needed[i]].needs {
			b.need(n)
		}
	}
	var out strings.Builder
	for _, n := range b.needed {
		if b.functions != nil && slices.Contains(b.functions.names, n) {
			continue // the user's own
		}
		out.WriteString("\n" + helpers[n].text)
	}
	return out.String()
}

// declaration writes the variable Recipe.
func (b *builder) declaration() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n// Recipe declares the fields.\nvar Recipe = trace.Recipe{\n\tName: %q,\n", b.config.Name)
	if b.time != nil {
		fmt.Fprintf(&out, "\tTime: %s,\n", b.time.expr)
	}
	list := func(name string, columns []column) {
		if len(columns) == 0 {
			return
		}
		fmt.Fprintf(&out, "\t%s: []trace.Field{\n", name)
		for _, c := range columns {
			fmt.Fprintf(&out, "\t\t%s,\n", c.expr)
		}
		out.WriteString("\t},\n")
	}
	metadata, series := b.metadata, b.series
	if b.wide { // all columns of a row that is a session
		metadata, series = append(slices.Clone(metadata), series...), nil
	}
	list("Metadata", metadata)
	list("Series", series)
	if b.wide {
		out.WriteString("\tKey: []string{},\n")
	}
	if len(b.sequences) > 0 {
		out.WriteString("\tSequences: []trace.Sequence{\n")
		for _, s := range b.sequences {
			fmt.Fprintf(&out, "\t\t{Name: %q, Columns: []string{%s}},\n", s.name, quotedList(s.columns))
		}
		out.WriteString("\t},\n")
	}
	if len(b.drop) > 0 {
		fmt.Fprintf(&out, "\tDrop: []string{%s},\n", quotedList(b.drop))
	}
	if b.sample > 0 {
		fmt.Fprintf(&out, "\tSample: %d,\n", b.sample)
	}
	if b.cut > 0 {
		fmt.Fprintf(&out, "\tCut: %d,\n", b.cut)
	}
	if b.flowID != "" {
		fmt.Fprintf(&out, "\tFlowID: %q,\n", b.flowID)
	}
	out.WriteString("}\n")
	return out.String()
}

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strconv.Quote(n)
	}
	return strings.Join(quoted, ", ")
}

// plainComment is a text that ends no comment.
func plainComment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// Script is the recipe with a function Run that does the configuration's
// training: what netshare run does with the configuration itself.
func (c *Config) Script() string {
	extra := []string{"context", "netshare/workspace"}
	if c.tries() {
		extra = append(extra, "netshare/engine")
	}
	text := withImports(formatted(c.Text), extra)
	var out strings.Builder
	out.WriteString(text)
	if len(c.Notes) > 0 {
		out.WriteString("\n// Of the configuration there is nothing to act on in:\n//\n")
		for _, n := range c.Notes {
			fmt.Fprintf(&out, "//\t%s\n", plainComment(n))
		}
		out.WriteString("\n")
	}
	out.WriteString("\n// Run learns with the settings of the configuration.\nfunc Run(ctx context.Context, ws *workspace.Workspace) error {\n\tgiven := ws.Given()\n\topts := given.Train\n")
	if c.Epochs > 0 {
		fmt.Fprintf(&out, "\tif opts.Epochs == 0 && opts.Time == 0 {\n\t\topts.Epochs = %d\n\t}\n", c.Epochs)
	} else if c.Iterations > 0 {
		fmt.Fprintf(&out, "\topts.Iterations = %d\n", c.Iterations)
	}
	out.WriteString(c.privateScript())
	for _, s := range c.settings {
		if s.open && c.DP.On() {
			continue
		}
		if len(s.values) == 1 || c.DP.On() {
			for _, path := range s.Paths {
				fmt.Fprintf(&out, "\topts.%s = %s\n", path, literal(s.values[len(s.values)/2]))
			}
		}
	}
	load := fmt.Sprintf("workspace.Load{Table: %q, Files: given.Inputs, Recipe: &Recipe, Replace: %v", c.table(), c.Overwrite)
	if c.Protocol != "" {
		load += fmt.Sprintf(", Protocols: []string{%q}", c.Protocol)
	}
	rest := "Generate: workspace.Generate{Replace: true, Options: given.Generate}, Output: output, Report: given.Report, Hooks: workspace.SynthHooks{Train: given.Hooks}})\n\treturn err\n}\n"
	fmt.Fprintf(&out, "\toutput := given.Output\n\tif output == \"\" {\n\t\toutput = %q\n\t}\n", c.table()+"-synth.csv")
	if !c.tries() {
		fmt.Fprintf(&out, "\t_, err := ws.Synth(ctx, workspace.Synth{Load: %s}, Train: opts, %s", load, rest)
		return formatted(out.String())
	}
	out.WriteString("\tvar try []engine.Options // the one of the greatest fidelity to held-out sessions is learnt once more, of all\n")
	closing := ""
	for i, s := range c.settings {
		if len(s.values) < 2 {
			continue
		}
		var values []string
		for _, v := range s.values {
			values = append(values, literal(v))
		}
		typ := map[bool]string{true: "[]int", false: "[]float64"}[isInt(s.values)]
		if _, ok := s.values[0].(bool); ok {
			typ = "[]bool"
		}
		fmt.Fprintf(&out, "\tfor _, v%d := range %s{%s} {\n", i, typ, strings.Join(values, ", "))
		for _, path := range s.Paths {
			fmt.Fprintf(&out, "\topts.%s = v%d\n", path, i)
		}
		closing += "\t}\n"
	}
	fmt.Fprintf(&out, "\ttry = append(try, opts)\n%s\t_, err := ws.Synth(ctx, workspace.Synth{Load: %s}, Train: try[0], Try: try[1:], %s", closing, load, rest)
	return formatted(out.String())
}

// withImports puts imports among those of a formatted file, in one block.
func withImports(text string, extra []string) string {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", text, parser.ImportsOnly)
	if err != nil {
		panic(err) // it was formatted
	}
	var std, own []string
	seen := map[string]bool{}
	add := func(spec, path string) {
		if seen[spec] {
			return
		}
		seen[spec] = true
		if strings.HasPrefix(path, `"netshare/`) {
			own = append(own, spec)
		} else {
			std = append(std, spec)
		}
	}
	from, to := fset.Position(f.Name.End()).Offset, fset.Position(f.Name.End()).Offset
	for _, d := range f.Decls {
		g := d.(*ast.GenDecl)
		to = fset.Position(g.End()).Offset
		for _, s := range g.Specs {
			i := s.(*ast.ImportSpec)
			spec := i.Path.Value
			if i.Name != nil {
				spec = i.Name.Name + " " + spec
			}
			add(spec, i.Path.Value)
		}
	}
	for _, p := range extra {
		add(strconv.Quote(p), strconv.Quote(p))
	}
	slices.Sort(std)
	slices.Sort(own)
	return text[:from] + "\n\nimport (\n" + strings.Join(std, "\n") + "\n\n" + strings.Join(own, "\n") + "\n)" + text[to:]
}

func isInt(values []any) bool {
	_, ok := values[0].(int)
	return ok
}

// tries reports whether several trainings are asked for.
func (c *Config) tries() bool { return len(c.Options(engine.DefaultOptions())) > 1 }

// table is the name of the trace as a table has it.
func (c *Config) table() string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, c.Name))
}
