package workspace

import (
	"bytes"
	"context"
	"fmt"
	"go/format"
	"strings"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// RecipeSource writes what is learnt of a table of schema raw as the text of a
// recipe file, with what is known of each column as comments.
func (w *Workspace) RecipeSource(ctx context.Context, table string) (string, error) {
	t, err := w.table(ctx, table, store.Raw)
	if err != nil {
		return "", err
	}
	r, err := w.recipeOf(ctx, t)
	if err != nil {
		return "", err
	}
	infos, err := w.Describe(ctx, t.Name.String())
	if err != nil {
		return "", err
	}
	known := map[string]ColumnInfo{}
	for _, c := range infos {
		known[c.Name] = c
	}
	var b bytes.Buffer
	var from []string
	for _, s := range t.Sources {
		from = append(from, s.File)
	}
	fmt.Fprintf(&b, "// Package recipe says what is learnt of %s (%s, %d records).\n", comment(some(from)), t.Schema.Format, t.Rows)
	b.WriteString("package recipe\n\nimport \"netshare/workspace/trace\"\n\n")
	b.WriteString("// Recipe declares the fields. Remove those that the synthetic trace shall not\n// have, change what a column is taken for, and add what the data alone can't say:\n// Range, Parse and Format, Transform, Encode; see netshare recipe --help.\n")
	fmt.Fprintf(&b, "var Recipe = trace.Recipe{\n\tName: %q,\n", r.Name)
	if r.HasTime() {
		fmt.Fprintf(&b, "\n\t// The time orders the records.\n\tTime: %s,\n", fieldSource(r.Time))
	}
	list := func(name, what string, fields []trace.Field) {
		if len(fields) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n\t// %s\n\t%s: []trace.Field{\n", what, name)
		for _, f := range fields {
			fmt.Fprintf(&b, "\t\t%s, // %s\n", fieldSource(f), remark(known[f.Name]))
		}
		b.WriteString("\t},\n")
	}
	list("Metadata", "Metadata is the same in all records of a session.", r.Metadata)
	list("Series", "Series varies from record to record.", r.Series)
	switch {
	case r.Key == nil:
	case len(r.Key) == 0:
		b.WriteString("\n\t// No columns tell sessions apart: each record is one of its own.\n\tKey: []string{},\n")
	default:
		fmt.Fprintf(&b, "\n\t// The key tells sessions apart.\n\tKey: []string{%s},\n", quotedList(r.Key))
	}
	var unused []string
	for _, c := range infos {
		if c.Role == RoleUnused {
			unused = append(unused, c.Name)
		}
	}
	if unused != nil {
		fmt.Fprintf(&b, "\n\t// What the synthetic trace does not have.\n\tDrop: []string{%s},\n", quotedList(unused))
	}
	b.WriteString("}\n")
	text, err := format.Source(b.Bytes())
	return string(text), err
}

// fieldSource is a field as an expression.
func fieldSource(f trace.Field) string {
	var s string
	name := fmt.Sprintf("%q", f.Name)
	switch f.Kind {
	case trace.KindAddress:
		s = "trace.IP(" + name + ")"
	case trace.KindPort:
		s = "trace.Port(" + name + ")"
	case trace.KindProtocol:
		s = "trace.Protocol(" + name + ")"
	case trace.KindCategory:
		s = "trace.Category(" + name
		if f.Choices != nil {
			s += ", " + quotedList(f.Choices)
		}
		s += ")"
	case trace.KindInteger:
		s = "trace.Integer(" + name + ")"
	case trace.KindReal:
		s = "trace.Real(" + name + ")"
	case trace.KindBoolean:
		s = "trace.Boolean(" + name + ")"
	case trace.KindTimestamp:
		units := map[trace.Unit]string{trace.Second: "Second", trace.Millisecond: "Millisecond", trace.Microsecond: "Microsecond", trace.Nanosecond: "Nanosecond"}
		if u := units[f.Unit]; u != "" {
			s = "trace.Epoch(" + name + ", trace." + u + ")"
		} else {
			s = fmt.Sprintf("trace.Timestamp(%s, %q)", name, f.Layout)
		}
	default:
		s = "trace.Text(" + name + ")"
	}
	if f.IsPublic {
		s += ".Public()"
	}
	if f.Bounded {
		s += fmt.Sprintf(".Range(%v, %v)", f.Min, f.Max)
	}
	if f.Encoding != trace.EncodeAuto {
		s += fmt.Sprintf(".Encode(%q)", f.Encoding)
	}
	return s
}

// remark says of a column what a person would ask first.
func remark(c ColumnInfo) string {
	s := fmt.Sprintf("%d different", c.Distinct)
	if c.Missing > 0 {
		s += fmt.Sprintf(", %d missing", c.Missing)
	}
	if len(c.Examples) > 0 {
		s += ": " + strings.Join(c.Examples, ", ")
	}
	return comment(s)
}

// comment is a text that ends no comment and no line.
func comment(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\ufffd' {
			return ' '
		}
		return r
	}, s))
}

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, ", ")
}
