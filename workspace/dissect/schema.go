package dissect

import (
	"strings"

	"netshare/workspace/trace"
)

// connColumns begin most logs.
const connColumns = "ts:time uid:string id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port "

// schemaOf returns the schema that package zeekio gives a log of Zeek's with
// the given path and columns when it reads it from tab-separated text.
func schemaOf(path, columns string) trace.Schema {
	s := trace.Schema{Format: "zeek-tsv", Props: map[string]string{
		"separator": "\t", "set_separator": ",", "empty_field": "(empty)", "unset_field": "-", "path": path,
	}}
	for _, c := range strings.Fields(columns) {
		name, typ, _ := strings.Cut(c, ":")
		s.Columns = append(s.Columns, column(name, typ))
	}
	return s
}

// column returns the column that a field of one of Zeek's types is held in.
func column(name, typ string) trace.Column {
	c := trace.Column{Name: name, Format: typ}
	base, list := typ, false
	for _, container := range []string{"set[", "vector["} {
		if elem, ok := strings.CutPrefix(typ, container); ok {
			base, list = strings.TrimSuffix(elem, "]"), true
		}
	}
	switch base {
	case "bool":
		c.Type, c.Kind = trace.TypeBool, trace.KindBoolean
	case "count", "int":
		c.Type, c.Kind = trace.TypeInt, trace.KindInteger
	case "port":
		c.Type, c.Kind = trace.TypeInt, trace.KindPort
	case "double", "interval":
		c.Type, c.Kind = trace.TypeReal, trace.KindReal
	case "time":
		c.Type, c.Kind = trace.TypeTime, trace.KindTimestamp
	case "addr":
		c.Type, c.Kind = trace.TypeText, trace.KindAddress
	case "enum":
		c.Type, c.Kind = trace.TypeText, trace.KindCategory
	default:
		c.Type, c.Kind = trace.TypeText, trace.KindText
	}
	switch {
	case list:
		c.Type, c.Kind = c.Type+"[]", trace.KindText
	case name == "proto":
		c.Kind = trace.KindProtocol
	}
	return c
}
