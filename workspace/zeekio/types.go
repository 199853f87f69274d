package zeekio

import (
	"strconv"
	"strings"

	"netshare/workspace/trace"
)

// zeekType is one of Zeek's types as it is held here.
type zeekType struct {
	name string // as the log names it: "set[string]"
	base string // the scalar type, of a list that of its elements; "string" for what has no type of its own
	list bool
	code base // of base
}

// base is a scalar type by how its values are read.
type base uint8

const (
	baseText base = iota
	baseBool
	baseCount
	baseInt
	basePort
	baseReal
	baseTime
	baseAddr
)

// repeats reports whether values are worth remembering: they are met again, and
// reading them takes longer than finding them.
func (b base) repeats() bool { return b == baseText || b == baseAddr }

func codeOf(name string) base {
	switch name {
	case "bool":
		return baseBool
	case "count":
		return baseCount
	case "int":
		return baseInt
	case "port":
		return basePort
	case "double", "interval":
		return baseReal
	case "time":
		return baseTime
	case "addr":
		return baseAddr
	}
	return baseText
}

// parseType understands a name of a #types line; unknown types are held as text.
func parseType(name string) zeekType {
	if !zeekName(name) {
		name = "string"
	}
	t := zeekType{name: name, base: name}
	for _, container := range []string{"set", "vector", "table"} {
		if e, ok := strings.CutPrefix(name, container+"["); ok && strings.HasSuffix(e, "]") {
			t.base, t.list = strings.TrimSuffix(e, "]"), true
			if strings.ContainsAny(t.base, ",[") { // sets of tuples and lists of lists stay as they are written
				return zeekType{name: name, base: "string"}
			}
		}
	}
	switch t.base {
	case "bool", "count", "int", "port", "double", "interval", "addr", "enum", "string", "any":
	case "time":
		if t.list {
			t.base = "string"
		}
	default:
		t.base = "string"
	}
	t.code = codeOf(t.base)
	return t
}

// hold returns how values of the type are held.
func (t zeekType) hold() trace.Type {
	var h trace.Type
	switch t.base {
	case "bool":
		h = trace.TypeBool
	case "count", "int", "port":
		h = trace.TypeInt
	case "double", "interval":
		h = trace.TypeReal
	case "time":
		h = trace.TypeTime
	default:
		h = trace.TypeText
	}
	if t.list {
		h += "[]"
	}
	return h
}

// kind returns what a field of the type means.
func (t zeekType) kind(field string) trace.Kind {
	switch {
	case t.list:
		return trace.KindText
	case field == "proto" && (t.base == "enum" || t.base == "string"), field == "ip_proto" && t.base == "count":
		return trace.KindProtocol
	}
	switch t.base {
	case "bool":
		return trace.KindBoolean
	case "count", "int":
		return trace.KindInteger
	case "port":
		return trace.KindPort
	case "double", "interval":
		return trace.KindReal
	case "time":
		return trace.KindTimestamp
	case "addr":
		return trace.KindAddress
	case "enum":
		return trace.KindCategory
	}
	return trace.KindText
}

// want names what a value of the type must be, in an error.
func (t zeekType) want() string {
	switch t.base {
	case "bool":
		return "T or F"
	case "count":
		return "a whole number from 0"
	case "int":
		return "a whole number"
	case "port":
		return "a port from 0 to 65535"
	case "double", "interval":
		return "a number"
	case "time":
		return "a time"
	case "addr":
		return "an address"
	}
	return "text"
}

// reason is want's countable form.
func (t zeekType) reason() string {
	switch t.base {
	case "bool":
		return "not a boolean"
	case "count", "int":
		return "not a whole number in range"
	case "port":
		return "not a port"
	case "double", "interval":
		return "not a number"
	case "time":
		return "not a time in range"
	case "addr":
		return "not an address"
	}
	return "not text"
}

// field is a column with what reading and writing it needs.
type field struct {
	name   string
	typ    zeekType
	iso    bool       // a time written as ISO 8601
	digits int        // of its fraction, -1 for as many as needed
	millis bool       // a time written in whole milliseconds
	unit   trace.Unit // of a time that another package's table holds as a number, "" otherwise
	in     []string   // the nested objects that the field stands in
	key    string     // its name within them
}

func newField(name, typ string) field {
	return field{name: name, key: name, typ: parseType(typ), digits: -1}
}

func (f field) column() trace.Column {
	return trace.Column{Name: f.name, Type: f.typ.hold(), Kind: f.typ.kind(f.name), Format: f.format()}
}

func (f field) format() string {
	s := f.typ.name
	switch {
	case f.iso && f.digits >= 0:
		s += ";iso=" + strconv.Itoa(f.digits)
	case f.iso:
		s += ";iso"
	case f.millis:
		s += ";ms"
	}
	if len(f.in) > 0 {
		s += ";in=" + strings.Join(f.in, "/")
	}
	return s
}

// fieldOf is column's way back; columns of other packages get the Zeek type
// that fits them.
func fieldOf(c trace.Column) field {
	parts := strings.Split(c.Format, ";")
	f := newField(c.Name, parts[0])
	address := c.Kind == trace.KindAddress && f.typ.base != "addr"
	if f.typ.hold() != c.Type || !zeekName(parts[0]) || address {
		f = newField(c.Name, typeFor(c))
		if f.typ.code == baseTime && c.Type != trace.TypeTime {
			f.unit = c.Unit
		}
		return f
	}
	for _, p := range parts[1:] {
		k, v, has := strings.Cut(p, "=")
		switch k {
		case "iso":
			f.iso = true
			if n, err := strconv.Atoi(v); has && err == nil && 0 <= n && n <= 9 {
				f.digits = n
			}
		case "ms":
			f.millis = true
		case "in":
			if key, ok := strings.CutPrefix(c.Name, strings.ReplaceAll(v, "/", ".")+"."); ok {
				f.in, f.key = strings.Split(v, "/"), key
			}
		}
	}
	return f
}

// zeekName reports whether a format begins with a type of Zeek's, and so was
// given by this package.
func zeekName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	switch name {
	case "bool", "count", "int", "port", "double", "interval", "time", "addr", "enum", "string", "any", "subnet", "pattern":
		return true
	}
	if strings.Trim(name, letters+"0123456789_:[], ") != "" {
		return false
	}
	for _, prefix := range []string{"set[", "vector[", "table[", "opaque of "} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// typeFor chooses a Zeek type for a column that did not come from a Zeek log.
func typeFor(c trace.Column) string {
	hold := c.Type
	elem, list := hold.Elem()
	if list {
		hold = elem
	}
	t := "string"
	switch {
	case hold == trace.TypeBool:
		t = "bool"
	case c.Kind == trace.KindTimestamp && c.Unit != "" && !list && (hold == trace.TypeInt || hold == trace.TypeReal):
		t = "time"
	case hold == trace.TypeInt && c.Kind == trace.KindPort:
		t = "port"
	case hold == trace.TypeInt:
		t = "int"
	case hold == trace.TypeReal:
		t = "double"
	case hold == trace.TypeTime:
		t = "time"
	case c.Kind == trace.KindAddress:
		t = "addr"
	case c.Kind == trace.KindProtocol, c.Kind == trace.KindCategory:
		t = "enum"
	}
	if list {
		return "vector[" + t + "]"
	}
	return t
}
