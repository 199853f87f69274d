// Package trace is netshare's vocabulary: what a trace, its columns, its
// records and its sessions are, and how a recipe declares which of them are
// learnt. It holds no algorithm and imports nothing but the standard library,
// so that every other package, and every recipe, can speak it.
package trace

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Kind is what a column means, whatever it is stored as.
type Kind string

// The kinds of columns.
const (
	KindAddress   Kind = "address"   // an IPv4 or IPv6 address, held as text
	KindPort      Kind = "port"      // a transport port, 0 to 65535; text where the file also has names
	KindProtocol  Kind = "protocol"  // an IP protocol, by IANA name or number
	KindCategory  Kind = "category"  // one of few values, order without meaning
	KindInteger   Kind = "integer"   // a whole number
	KindReal      Kind = "real"      // a number
	KindTimestamp Kind = "timestamp" // a point in time: TypeTime, or a number with a Unit
	KindBoolean   Kind = "boolean"   // true or false
	KindText      Kind = "text"      // free text: names, identifiers, messages, lists
)

// Type is how a column's values are held, by DuckDB's name.
type Type string

// The types of columns. A missing value is nil whatever the type.
const (
	TypeBool     Type = "BOOLEAN"      // bool
	TypeInt      Type = "BIGINT"       // int64
	TypeReal     Type = "DOUBLE"       // float64
	TypeText     Type = "VARCHAR"      // string
	TypeTime     Type = "TIMESTAMP_NS" // time.Time in UTC
	TypeBoolList Type = "BOOLEAN[]"    // []any of bool
	TypeIntList  Type = "BIGINT[]"     // []any of int64
	TypeRealList Type = "DOUBLE[]"     // []any of float64
	TypeTextList Type = "VARCHAR[]"    // []any of string
)

// Elem returns the element type of a list type, and false for any other.
func (t Type) Elem() (Type, bool) {
	e, ok := strings.CutSuffix(string(t), "[]")
	return Type(e), ok
}

// Unit is the unit of a time that the file holds as a number.
type Unit string

// The units of numeric times, counted from 1970 or from the trace's own zero.
const (
	Second      Unit = "s"
	Millisecond Unit = "ms"
	Microsecond Unit = "us"
	Nanosecond  Unit = "ns"
)

// Seconds returns the length of the unit in seconds, 1 for the empty unit.
func (u Unit) Seconds() float64 {
	switch u {
	case Millisecond:
		return 1e-3
	case Microsecond:
		return 1e-6
	case Nanosecond:
		return 1e-9
	}
	return 1
}

// Column is one column of a table.
type Column struct {
	Name string `json:"name"`           // as the file has it
	Type Type   `json:"type"`           // how values are held
	Kind Kind   `json:"kind"`           // what they mean
	Unit Unit   `json:"unit,omitempty"` // of a KindTimestamp held as a number

	// Format says how the file writes the column's values, in the grammar of
	// the package that read it; empty is that package's plain form. The same
	// package needs it to write values back as they were.
	Format string `json:"format,omitempty"`
}

// Schema is the shape of a trace and of the file it came from.
type Schema struct {
	// Format names the file's format: pcap, pcapng, zeek-tsv, zeek-json, csv,
	// jsonl or parquet.
	Format  string   `json:"format"`
	Columns []Column `json:"columns"` // in the file's order

	// Props are what else a writer of Format needs to write the file's like:
	// delimiter, Zeek path, link type. Keys and values are the format's own.
	Props map[string]string `json:"props,omitempty"`
}

// Index returns the position of the named column, or -1.
func (s Schema) Index(name string) int {
	return slices.IndexFunc(s.Columns, func(c Column) bool { return c.Name == name })
}

// Column returns the named column, and false where there is none.
func (s Schema) Column(name string) (Column, bool) {
	if i := s.Index(name); i >= 0 {
		return s.Columns[i], true
	}
	return Column{}, false
}

// Names returns the columns' names in order.
func (s Schema) Names() []string {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	return names
}

// Row is one record: a value for each column of a schema, in its order, of the
// Go type that the column's Type names, or nil.
type Row []any

// Reject is a record, or a part of a file, that could not be read.
type Reject struct {
	File   string // as the user named it
	Line   int64  // line of a text file, packet number of a capture, from 1; 0 where unknown
	Offset int64  // byte offset in the (decompressed) file, -1 where unknown
	Reason string // short and the same for the same cause, so that it can be counted: "IPv4 header cut short"
	Detail string // the value or figure that was wrong, "" where the reason says it all
}

func (r Reject) String() string {
	s := r.File
	if r.Line > 0 {
		s += fmt.Sprintf(":%d", r.Line)
	}
	s += ": " + r.Reason
	if r.Detail != "" {
		s += ": " + r.Detail
	}
	return s
}

// Reader reads the records of one opened file.
type Reader interface {
	// Schema is known from the moment the file is open.
	Schema() Schema

	// Read calls emit for each record in the file's order and reject for each
	// that can't be read, until the end of the file, the first error of emit,
	// or the end of ctx. emit must not keep the row: it is used again.
	Read(ctx context.Context, emit func(Row) error, reject func(Reject)) error

	Close() error
}

// Writer writes records in a file's format.
type Writer interface {
	// Write writes one record of the writer's schema; it does not keep the row.
	Write(Row) error
	// Close writes what is held back and the format's end; the file it was
	// made over stays open.
	Close() error
}

// Session is one training sample: the records of one session key in time order.
type Session struct {
	Meta   Row   // a value for each metadata field of the recipe
	Series []Row // for each record: its time, then a value for each series field
}
