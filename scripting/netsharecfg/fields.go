package netsharecfg

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var (
	formats   = words("string float integer list timestamp IP")
	encodings = words("bit word_proto word_port categorical list_attributes list_values float timestamp")
)

// fields reads the columns of the second generation.
func (b *builder) fields(n *node) {
	b.known(n, fieldsKeys)
	for _, part := range fieldsKeys {
		v := b.member(n, part)
		if v == nil {
			continue
		}
		items := v.items
		if v.kind == isObject { // one, not in a list
			items = []*node{v}
		} else if v.kind != isList {
			b.fault(v, "want a list of fields, got %s", v.said())
			continue
		}
		if part == "timestamp" && len(items) > 1 {
			b.fault(items[1], "there is one time: move the field to timeseries, or remove it")
			items = items[:1]
		}
		for _, f := range items {
			b.field(f, part)
		}
	}
}

// field reads one field.
func (b *builder) field(n *node, part string) {
	if n.kind != isObject {
		b.fault(n, "want an object with name, format and encoding, got %s", n.said())
		return
	}
	b.known(n, fieldKeys)
	if b.wide && b.member(n, "columns") != nil && part == "timeseries" {
		b.fault(n.get("columns"), "it is for pre_post_processor.config.timeseries: move the field there")
		return
	}
	name := b.required(n, "name")
	if name == "" {
		return
	}
	out := name // the column's name on the way out
	if v := b.want(n, "to", isText); v != nil && strings.TrimSpace(v.text) == "" {
		b.fault(v, "it is empty: name a column, or leave it out")
	} else if v != nil && !b.undo {
		out = v.text
	}
	format := "string"
	if v := b.want(n, "format", isText); v != nil {
		format = b.text(n, "format", formats...)
	}
	encoding := b.text(n, "encoding", encodings...)
	if b.member(n, "encoding") == nil {
		b.fault(n, "it has no encoding: add one of %s", strings.Join(encodings, ", "))
	}
	if format == "" || encoding == "" {
		return
	}
	if part == "timestamp" {
		b.timeField(n, name, out, format, encoding)
		return
	}
	if !b.fits(n, format, encoding) {
		return
	}
	expr := b.fieldExpression(n, strconv.Quote(out), format, encoding)
	if expr == "" {
		return
	}
	call := b.parsed(n, format, encoding, &expr)
	expr += call
	if out != name {
		expr += fmt.Sprintf(".Of(%q)", name)
	}
	if b.boolean(n, "abnormal", b.mends && format == "integer" && encoding != "float" && encoding != "categorical") {
		expr += ".Mend()"
	}
	series := part == "timeseries"
	if b.wide && series {
		b.declare(n, out, expr, false)
		b.sequences = append(b.sequences, sequence{out, []string{out}, n})
		return
	}
	b.declare(n, out, expr, series)
}

// fits tells of an encoding that a format can't have.
func (b *builder) fits(n *node, format, encoding string) bool {
	allowed := map[string][]string{
		"string":    {"categorical", "bit", "word_port", "word_proto"},
		"integer":   {"bit", "word_port", "word_proto", "categorical", "float"},
		"float":     {"float", "categorical"},
		"IP":        {"bit", "categorical"},
		"list":      {"list_attributes", "list_values"},
		"timestamp": {"timestamp"},
	}[format]
	if b.wide && format == "list" {
		allowed = append(allowed, "categorical", "float")
	}
	if !slices.Contains(allowed, encoding) {
		b.fault(n.get("encoding"), "format %s can't be encoded as %s: choose %s", format, encoding, strings.Join(allowed, ", "))
		return false
	}
	if format == "timestamp" {
		b.fault(n.get("format"), "the one time stands in fields.timestamp: of others say format float, or leave them out")
		return false
	}
	if format == "IP" {
		b.text(n, "type", "IPv4", "IPv6")
	} else if v := b.member(n, "type"); v != nil {
		b.fault(v, "it is for formats IP (IPv4, IPv6) and timestamp (processed, unprocessed): leave it out")
	}
	if v := b.member(n, "time_format"); v != nil {
		b.fault(v, "it is for format timestamp: leave it out")
	}
	if v := b.member(n, "choices"); v != nil && encoding != "categorical" {
		b.fault(v, "they are for encoding categorical: leave them out")
	}
	for _, key := range []string{"names", "delimiter"} {
		if v := b.member(n, key); v != nil && format != "list" {
			b.fault(v, "it is for format list: leave it out")
		}
	}
	return true
}

// fieldExpression makes the field of a format and an encoding.
func (b *builder) fieldExpression(n *node, quoted, format, encoding string) string {
	address := "trace.IP(" + quoted + ")"
	switch encoding {
	case "word_port":
		return b.wordExpression(quoted, "port", format == "string")
	case "word_proto":
		return b.wordExpression(quoted, "proto", format == "string")
	case "categorical":
		expr := categoryExpression(quoted, b.choices(n)...)
		if format == "list" {
			return b.eventsExpression(n, expr)
		}
		return expr
	case "float":
		expr := b.numberExpression(n, quoted, true)
		if format == "list" {
			return b.eventsExpression(n, expr)
		}
		return expr
	case "list_attributes", "list_values":
		return b.listExpression(n, quoted, encoding)
	}
	bits := b.bits(n)
	if b.boolean(n, "categorical_mapping", false) {
		return categoryExpression(quoted)
	}
	if format == "IP" || b.member(n, "parse") != nil && bits == 32 {
		return address + ".Encode(trace.EncodeBits)"
	}
	return fmt.Sprintf("trace.Integer(%s).InBits(%d)", quoted, bits)
}

// eventsExpression is a column of lists whose elements are a session's
// records.
func (b *builder) eventsExpression(n *node, expr string) string {
	if d := b.text(n, "delimiter"); d != "" {
		expr += fmt.Sprintf(".Separated(%q)", d)
	}
	return expr
}

// listExpression is a column of lists.
func (b *builder) listExpression(n *node, quoted, encoding string) string {
	names := b.member(n, "names")
	delimiter := b.text(n, "delimiter")
	if encoding == "list_attributes" {
		args := []string{quoted, strconv.Quote(delimiter)}
		if names != nil {
			for _, s := range b.texts(n, "names") {
				args = append(args, strconv.Quote(s))
			}
		}
		return "trace.Attributes(" + strings.Join(args, ", ") + ")"
	}
	if names == nil || names.kind != isObject || len(names.keys) == 0 {
		b.fault(cmp.Or(names, n), "list_values needs names: an object with the name of each value and its encoding, categorical or float")
		return ""
	}
	if delimiter == "" {
		delimiter = "="
	}
	args := []string{quoted, `""`, strconv.Quote(delimiter)}
	for i, v := range names.items {
		name := strconv.Quote(names.keys[i])
		switch {
		case v.kind != isText:
			b.fault(v, "want an encoding, got %s", v.said())
		case v.text == "categorical" || v.text == "string":
			args = append(args, "trace.Category("+name+")")
		case v.text == "float" || v.text == "integer" || v.text == "bit":
			args = append(args, "trace.Real("+name+").Encode(trace.EncodeLog)")
		case v.text == "word_port" || v.text == "word2vec_port":
			args = append(args, "trace.Port("+name+")")
		case v.text == "word_proto" || v.text == "word2vec_proto":
			args = append(args, "trace.Protocol("+name+")")
		default:
			b.choose(v, []string{"categorical", "float", "bit", "word_port", "word_proto"})
		}
	}
	return "trace.Values(" + strings.Join(args, ", ") + ")"
}

// timeField declares the time.
func (b *builder) timeField(n *node, name, out, format, encoding string) {
	if encoding != "timestamp" || format != "timestamp" && format != "integer" && format != "float" {
		b.fault(n.get("encoding"), "the time has format timestamp and encoding timestamp")
		return
	}
	processed := b.text(n, "type", "processed", "unprocessed")
	layout := b.member(n, "time_format")
	if processed == "processed" && layout != nil {
		b.fault(layout, "a processed time is a number and has no time_format: say unprocessed, or leave it out")
	}
	b.timeNorm(n)
	unit := ""
	switch {
	case b.zeek:
		unit = "Second"
	case b.packets:
		unit = "Microsecond"
	}
	parse := b.want(n, "parse", isText)
	if parse != nil {
		switch {
		case parse.text == "second2micro":
			unit = "Second"
		case !b.custom(parse):
			return
		default:
			unit = ""
		}
	}
	b.setTime(n, out, unit)
	if b.time == nil {
		if out != name && len(b.drop) > 0 {
			b.drop = []string{name}
		}
		return
	}
	switch {
	case parse != nil && unit == "":
		b.time.expr += ".Parse(" + parse.text + ")" + b.formatted(parse)
	case parse != nil && !b.undo:
		b.need("second2micro")
		b.time.expr = fmt.Sprintf("trace.Epoch(%q, trace.Microsecond).Parse(second2micro)", out)
	}
	if out != name {
		b.time.expr += fmt.Sprintf(".Of(%q)", name)
	}
}
