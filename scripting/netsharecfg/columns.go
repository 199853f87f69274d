package netsharecfg

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The normalisations of numbers.
var normalisations = []string{"ZERO_ONE", "MINUSONE_ONE"}

// declare adds a field, whose name must be new.
func (b *builder) declare(at *node, name, expr string, series bool) {
	if !b.fresh(at, name) {
		return
	}
	c := column{name, expr}
	if series {
		b.series = append(b.series, c)
	} else {
		b.metadata = append(b.metadata, c)
	}
}

// fresh tells of a column that is declared already.
func (b *builder) fresh(at *node, name string) bool {
	if before := b.seen[name]; before != nil {
		b.fault(at, "column %q is declared twice, first as %s: remove one", name, before.path)
		return false
	}
	b.seen[name] = at
	return true
}

// required returns a text that must be there, "" where it is not.
func (b *builder) required(n *node, key string) string {
	v := b.want(n, key, isText)
	switch {
	case v == nil && b.member(n, key) == nil:
		b.fault(n, "it has no %s: add one", key)
	case v != nil && strings.TrimSpace(v.text) == "":
		b.fault(v, "it is empty: name a column")
	case v != nil:
		return v.text
	}
	return ""
}

// timestamp reads the time of the first generation.
func (b *builder) timestamp(n *node) {
	if n == nil {
		return
	}
	b.known(n, timeKeys)
	name := b.required(n, "column")
	b.timeNorm(n)
	if b.text(n, "encoding", "interarrival", "raw") == "raw" {
		b.note(n.get("encoding"), "times are learnt as the session's start and the gaps between its records")
	}
	unit := ""
	if b.packets {
		unit = "Microsecond"
	}
	b.setTime(n, name, unit)
}

// timeNorm reads how NetShare scales times.
func (b *builder) timeNorm(n *node) {
	if b.text(n, "normalization", normalisations...) != "" {
		b.note(n.get("normalization"), "the gaps between records are learnt as they are distributed, whatever their range")
	}
}

// setTime declares the time, read by a layout where there is one, unless it is
// not to be generated.
func (b *builder) setTime(n *node, name, unit string) {
	if name == "" {
		return
	}
	if b.time != nil {
		b.fault(n, "the time is declared twice: remove one")
		return
	}
	layout := ""
	if v := b.want(n, "time_format", isText); v != nil {
		var err error
		if layout, err = layoutOf(v.text); err != nil {
			b.fault(v, "%v", err)
		}
	}
	if !b.fresh(n, name) {
		return
	}
	if !b.boolean(n, "generation", true) {
		b.drop = append(b.drop, name)
		return
	}
	expr := fmt.Sprintf("trace.Timestamp(%q, %q)", name, layout)
	if unit != "" && layout == "" {
		expr = fmt.Sprintf("trace.Epoch(%q, trace.%s)", name, unit)
	}
	b.time = &column{name, expr}
}

// column reads an entry of metadata or timeseries of the first generation.
func (b *builder) column(n *node, series bool) {
	if n.kind != isObject {
		b.fault(n, "want an object with column, type and encoding, got %s", n.said())
		return
	}
	b.known(n, columnKeys)
	if b.member(n, "columns") != nil {
		b.columns(n, series)
		return
	}
	from := b.required(n, "column")
	name := from
	if v := b.want(n, "name", isText); v != nil && v.text != "" {
		name = v.text
	}
	typ := b.typeOf(n)
	encoding, ok := b.encodingOf(n)
	if from == "" || typ == "" || !ok {
		return
	}
	expr := b.expression(n, name, typ, encoding)
	if expr == "" {
		return
	}
	expr += b.regex(n, typ)
	if name != from {
		expr += fmt.Sprintf(".Of(%q)", from)
	}
	if b.boolean(n, "abnormal", false) {
		expr += ".Mend()"
	}
	if b.wide {
		b.declare(n, name, expr+".RejectMissing()", false)
		if series { // a list in one column
			b.sequences = append(b.sequences, sequence{name, []string{name}, n})
		}
		return
	}
	b.declare(n, name, expr, series)
}

// columns reads a series of which each record has a column of its own.
func (b *builder) columns(n *node, series bool) {
	v := b.want(n, "columns", isList)
	if v == nil {
		return
	}
	switch {
	case !b.wide:
		b.fault(v, "it is for rows that hold many events each: say default %s, or column", defaultWide)
		return
	case !series:
		b.fault(v, "metadata have one column: say column, or move it to timeseries")
		return
	case b.member(n, "column") != nil:
		b.fault(v, "column is there too: name the one or the other")
		return
	case len(v.items) == 0:
		b.fault(v, "the list is empty: name the columns of the events in their order")
		return
	}
	names := b.texts(n, "columns")
	typ := b.typeOf(n)
	encoding, ok := b.encodingOf(n)
	if typ == "" || !ok || len(names) != len(v.items) {
		return
	}
	name, to := b.names(n, names)
	for i := range to {
		expr := b.expression(n, to[i], typ, encoding)
		if expr == "" {
			return
		}
		expr += b.regex(n, typ)
		if to[i] != names[i] {
			expr += fmt.Sprintf(".Of(%q)", names[i])
		}
		b.declare(v.items[i], to[i], expr+".RejectMissing()", false)
	}
	b.sequences = append(b.sequences, sequence{name, to, n})
}

// names are what a series of several columns is called, and its columns on the
// way out: name is the one or the list of the others.
func (b *builder) names(n *node, columns []string) (series string, to []string) {
	series = fmt.Sprintf("events %d", len(b.sequences)+1)
	v := b.member(n, "name")
	switch {
	case v == nil:
	case v.kind == isList && len(v.items) != len(columns):
		b.fault(v, "want a name for each of the %d columns, got %d", len(columns), len(v.items))
	case v.kind == isList:
		if to := b.texts(n, "name"); len(to) == len(columns) {
			return series, to
		}
	case v.kind != isText:
		b.fault(v, "want a text, or a list with a name for each column, got %s", v.said())
	case v.text != "":
		series = v.text
	}
	return series, columns
}

// typeOf reads a column's type.
func (b *builder) typeOf(n *node) string {
	v := b.want(n, "type", isText)
	allowed := b.types
	if allowed == nil {
		allowed = []string{"ip_string", "integer", "float", "string"}
	}
	switch {
	case v == nil && b.member(n, "type") == nil:
		b.fault(n, "it has no type: add one of %s", strings.Join(allowed, ", "))
	case v == nil:
	case !slices.Contains(allowed, v.text) || !slices.Contains([]string{"ip_string", "integer", "float", "string"}, v.text):
		b.choose(v, allowed)
	default:
		return v.text
	}
	return ""
}

// encodingOf reads a column's encoding, "" where it has none; false for one
// that it can't have.
func (b *builder) encodingOf(n *node) (string, bool) {
	v := b.want(n, "encoding", isText)
	if v == nil {
		return "", b.member(n, "encoding") == nil
	}
	allowed := b.codings
	if allowed == nil {
		allowed = []string{"categorical", "bit", "word2vec_port", "word2vec_proto", "list_attributes", "list_values"}
	}
	word := func(s string) bool { return strings.HasPrefix(s, "word2vec_") }
	if !slices.Contains(allowed, v.text) && !(word(v.text) && slices.ContainsFunc(allowed, word)) {
		b.choose(v, allowed)
		return "", false
	}
	return v.text, true
}

// expression makes the field of a column of the first generation, "" where
// that is a fault.
func (b *builder) expression(n *node, name, typ, encoding string) string {
	quoted := strconv.Quote(name)
	if encoding != "bit" && b.member(n, "n_bits") != nil {
		b.fault(n.get("n_bits"), "it is for encoding bit: leave it out")
	}
	if encoding != "categorical" && b.member(n, "choices") != nil {
		b.fault(n.get("choices"), "they are for encoding categorical: leave them out")
	}
	if strings.HasPrefix(encoding, "list_") {
		return b.listExpression(n, quoted, encoding)
	}
	if typ == "float" {
		if encoding != "" && encoding != "float" {
			b.fault(n.get("encoding"), "a float is a number and has normalization: say type string or integer, or leave the encoding out")
			return ""
		}
		return b.numberExpression(n, quoted, false)
	}
	for _, key := range []string{"min_x", "max_x", "normalization", "log1p_norm"} {
		if v := b.member(n, key); v != nil {
			b.fault(v, "it is for type float: leave it out, or say that")
		}
	}
	switch {
	case b.wide && (encoding == "" || encoding == "categorical"), encoding == "categorical":
		return categoryExpression(quoted, b.choices(n)...)
	case encoding == "bit":
		return b.bitExpression(n, quoted, typ)
	case strings.HasPrefix(encoding, "word2vec_"):
		return b.wordExpression(quoted, strings.TrimPrefix(encoding, "word2vec_"), typ == "string")
	case encoding == "" && typ == "ip_string":
		return "trace.IP(" + quoted + ")"
	}
	b.fault(n, "type %s needs an encoding: add categorical, bit or word2vec_port", typ)
	return ""
}

// choices reads the values that are allowed, as Go has them.
func (b *builder) choices(n *node) []string {
	var out []string
	for _, c := range b.texts(n, "choices") {
		if slices.Contains(out, strconv.Quote(c)) {
			b.fault(n.get("choices"), "%q is there twice", c)
		}
		out = append(out, strconv.Quote(c))
	}
	if v := b.member(n, "choices"); v != nil && v.kind == isList && len(v.items) == 0 {
		b.fault(v, "the list is empty: name the values, or leave it out")
	}
	return out
}

// wordExpression is a column that is embedded by word2vec, under a name that
// columns of the same words share. Texts are words whatever that is, but for
// protocols, which have names.
func (b *builder) wordExpression(quoted, kind string, text bool) string {
	expr := fmt.Sprintf("trace.Embedded(%s, %d)", quoted, b.vector)
	switch {
	case kind == "port" && !text:
		expr = fmt.Sprintf("trace.Port(%s).Embed(%d)", quoted, b.vector)
	case kind == "proto":
		expr = fmt.Sprintf("trace.Protocol(%s).Embed(%d)", quoted, b.vector)
	}
	if b.vectors != "" {
		expr += fmt.Sprintf(".Pretrained(%q)", b.vectors)
	}
	return expr
}

// categoryExpression is a column of names, all of which are repeated; choices
// are those allowed, as Go has them.
func categoryExpression(quoted string, choices ...string) string {
	return "trace.Category(" + strings.Join(append([]string{quoted}, choices...), ", ") + ").Encode(trace.EncodeCategory)"
}

// bits reads how many bits a number is learnt by.
func (b *builder) bits(n *node) int {
	v := b.want(n, "n_bits", isNumber)
	if v == nil {
		return 32
	}
	bits := b.wholeOf(v, 1, 32)
	if bits > 64 {
		b.fault(v, "want 1 to 64 bits, got %d", bits)
	}
	return bits
}

// bitExpression is a column of numbers learnt bit by bit. Thirty-two of them
// are an address, which a file may have as text or as a number.
func (b *builder) bitExpression(n *node, quoted, typ string) string {
	if b.member(n, "n_bits") == nil && typ == "integer" {
		b.fault(n, "encoding bit needs n_bits: add how many bits the numbers have, 32 for IPv4 addresses")
		return ""
	}
	bits := b.bits(n)
	if b.boolean(n, "categorical_mapping", false) {
		return categoryExpression(quoted)
	}
	switch {
	case typ == "string":
		b.fault(n.get("encoding"), "bit is for type integer: a string is categorical")
		return ""
	case typ == "ip_string" || bits == 32:
		return "trace.IP(" + quoted + ").Encode(trace.EncodeBits)"
	}
	return fmt.Sprintf("trace.Integer(%s).InBits(%d)", quoted, bits)
}

// numberExpression is a column of numbers. Those of the second generation are
// log1p unless they say otherwise.
func (b *builder) numberExpression(n *node, quoted string, log bool) string {
	norm := b.text(n, "normalization", normalisations...)
	if norm == "" {
		norm = b.norm
	}
	code := map[string]string{"ZERO_ONE": "EncodeMinMax", "MINUSONE_ONE": "EncodeSymmetric", "": "EncodeMinMax"}[norm]
	if b.boolean(n, "log1p_norm", log) {
		code = "EncodeLog"
	}
	expr := "trace.Real(" + quoted + ").Encode(trace." + code + ")"
	low, high := b.want(n, "min_x", isNumber), b.want(n, "max_x", isNumber)
	if low == nil && high == nil {
		return expr
	}
	bounds := []string{"math.Inf(-1)", "math.Inf(1)"}
	if low != nil {
		bounds[0] = low.text
	}
	if high != nil {
		bounds[1] = high.text
	}
	if low == nil || high == nil {
		b.import_("math")
	} else if low.number() >= high.number() {
		b.fault(high, "max_x %s is not above min_x %s", high.text, low.text)
	}
	return expr + ".Clamp(" + strings.Join(bounds, ", ") + ")"
}

// regex is the call that takes a part of the column's text.
func (b *builder) regex(n *node, typ string) string {
	v := b.want(n, "regex", isText)
	if v == nil {
		return ""
	}
	re, err := regexp.Compile(v.text)
	switch {
	case err != nil:
		b.fault(v, "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	case re.NumSubexp() == 0:
		b.fault(v, "it has no group: put what is wanted of the text in parentheses")
	}
	b.need("extract")
	if typ == "float" {
		b.need("extractNumber")
		return fmt.Sprintf(".Parse(func(s string) (float64, error) { return extractNumber(%q, s) })", v.text)
	}
	return fmt.Sprintf(".Parse(func(s string) (string, error) { return extract(%q, s) })", v.text)
}

// need has a helper come with the recipe.
func (b *builder) need(helper string) {
	if slices.Contains(b.needed, helper) {
		return
	}
	b.needed = append(b.needed, helper)
	for _, p := range helpers[helper].imports {
		b.import_(p)
	}
}

// import_ has a package imported.
func (b *builder) import_(path string) {
	if !slices.Contains(b.imports, path) {
		b.imports = append(b.imports, path)
	}
}
