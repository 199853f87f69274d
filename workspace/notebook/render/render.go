package render

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Mode is a way to write a result down.
type Mode string

// The modes; names as in DuckDB's shell.
const (
	ModeDuckbox   Mode = "duckbox"   // a table for people, with types, cut to the width and to a number of rows
	ModeBox       Mode = "box"       // a table for people, whole
	ModeCSV       Mode = "csv"       // RFC 4180 with a bare newline; a missing value is empty, an empty text ""
	ModeTabs      Mode = "tabs"      // tab-separated; tabs, newlines and backslashes written as \t, \n, \\
	ModeJSON      Mode = "json"      // one array of objects
	ModeJSONLines Mode = "jsonlines" // an object a line
	ModeMarkdown  Mode = "markdown"  // a table
	ModeLine      Mode = "line"      // a value a line
	ModeList      Mode = "list"      // separated by |
	ModeTrash     Mode = "trash"     // nothing; the result is read to its end
)

// Modes returns all modes.
func Modes() []Mode {
	return []Mode{
		ModeDuckbox, ModeBox, ModeCSV, ModeTabs, ModeJSON, ModeJSONLines, ModeMarkdown, ModeLine, ModeList, ModeTrash,
	}
}

// ParseMode returns the mode of a name; tsv, ndjson and table are other names
// of tabs, jsonlines and duckbox.
func ParseMode(name string) (Mode, error) {
	lower := strings.ToLower(name)
	switch lower {
	case "tsv":
		return ModeTabs, nil
	case "ndjson", "jsonl":
		return ModeJSONLines, nil
	case "table":
		return ModeDuckbox, nil
	}
	var names []string
	for _, m := range Modes() {
		if string(m) == lower {
			return m, nil
		}
		names = append(names, string(m))
	}
	return "", fmt.Errorf("%q is no output mode: want one of %s", name, strings.Join(names, ", "))
}

// Style says how Write writes.
type Style struct {
	Mode    Mode
	Width   int  // of duckbox, in character cells; 0 for as wide as needed
	MaxRows int  // that duckbox shows, half from the beginning and half from the end; 0 for all
	Headers bool // whether csv, tabs and list begin with the names

	// Null stands for a missing value, where it is not nil; otherwise NULL in
	// modes for people and nothing in csv, tabs and list. JSON has its own.
	Null *string

	// Exact makes csv, tabs and list write control characters as they are,
	// which a file should have and a terminal should not. The other modes
	// always show them as escapes.
	Exact bool
}

// DefaultStyle returns what the terminal notebook begins with: duckbox of 40
// rows, as wide as needed.
func DefaultStyle() Style {
	return Style{Mode: ModeDuckbox, MaxRows: 40, Headers: true, Exact: true}
}

// null returns what stands for a missing value.
func (s Style) null() string {
	switch {
	case s.Null != nil:
		return *s.Null
	case s.Mode == ModeCSV, s.Mode == ModeTabs, s.Mode == ModeList:
		return ""
	}
	return "NULL"
}

// Write reads a result to its end and writes it; it returns the number of
// rows read. Box holds the whole result in memory, duckbox the rows that it
// shows, the other modes one row. It does not close the result. When the
// result breaks off, what came before is written, and the error returned.
func Write(w io.Writer, r Result, style Style) (rows int64, err error) {
	out := bufio.NewWriter(w)
	defer func() { err = errors.Join(err, out.Flush()) }()
	switch style.Mode {
	case ModeDuckbox, ModeBox, "":
		return renderBox(out, r, style)
	case ModeJSON:
		return renderJSON(out, r)
	}
	types := r.Types()
	write, err := rowWriter(out, r.Columns(), types, style)
	if err != nil {
		return 0, err
	}
	return Each(r, func(n int64, row []any) error { return write(n, row) })
}

// Each calls fn for every row, counted from 0.
func Each(r Result, fn func(n int64, row []any) error) (rows int64, err error) {
	for {
		row, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err == nil {
			err = fn(rows, row)
		}
		if err != nil {
			return rows, err
		}
		rows++
	}
}

// rowWriter writes the head of a mode that needs but one row at a time, and
// returns what writes its rows.
func rowWriter(out *bufio.Writer, names, types []string, style Style) (func(int64, []any) error, error) {
	null := style.null()
	texts := func(row []any) []string {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = ValueText(v, types[i], null)
		}
		return cells
	}
	line := func(cells []string, sep string) error {
		_, err := out.WriteString(strings.Join(cells, sep) + "\n")
		return err
	}
	clean := func(s string) string {
		if style.Exact {
			return s
		}
		return Harmless(s)
	}
	delimited := func(sep string, head func(string) string, cell func(v any, text string) string) (func(int64, []any) error, error) {
		var err error
		if style.Headers {
			cells := make([]string, len(names))
			for i, name := range names {
				cells[i] = head(name)
			}
			err = line(cells, sep)
		}
		return func(_ int64, row []any) error {
			cells := texts(row)
			for i, v := range row {
				cells[i] = cell(v, cells[i])
			}
			return line(cells, sep)
		}, err
	}
	switch style.Mode {
	case ModeCSV:
		quote := func(s string) string { return quoteCSV(clean(s)) }
		return delimited(",", quote, func(v any, text string) string {
			if v == nil {
				return text
			}
			if text == "" || text == null {
				return `"` + text + `"` // not to be taken for a missing value
			}
			return quote(text)
		})
	case ModeTabs:
		escape := func(s string) string { return clean(tabEscapes.Replace(s)) }
		return delimited("\t", escape, func(_ any, text string) string { return escape(text) })
	case ModeList:
		return delimited("|", clean, func(_ any, text string) string { return clean(text) })
	case ModeMarkdown:
		return markdownWriter(out, names, types, texts)
	case ModeLine:
		return lineWriter(out, names, texts), nil
	case ModeJSONLines:
		return func(_ int64, row []any) error {
			_, err := out.Write(append(appendObject(nil, names, types, row), '\n'))
			return err
		}, nil
	case ModeTrash:
		return func(int64, []any) error { return nil }, nil
	}
	return nil, fmt.Errorf("%q is no output mode", style.Mode)
}

var tabEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// quoteCSV quotes a text where RFC 4180 asks for it.
func quoteCSV(s string) string {
	if !strings.ContainsAny(s, ",\"\r\n") && s == strings.TrimSpace(s) {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// markdownWriter writes the head of a Markdown table.
func markdownWriter(out *bufio.Writer, names, types []string, texts func([]any) []string) (func(int64, []any) error, error) {
	line := func(cells []string) error {
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(Harmless(c), "|", `\|`)
		}
		_, err := fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
		return err
	}
	rules := make([]string, len(names))
	for i := range names {
		rules[i] = "---"
		if IsNumeric(types[i]) {
			rules[i] = "---:"
		}
	}
	err := line(slices.Clone(names))
	if err == nil {
		_, err = fmt.Fprintf(out, "|%s|\n", strings.Join(rules, "|"))
	}
	return func(_ int64, row []any) error { return line(texts(row)) }, err
}

// lineWriter writes a value a line, and an empty line between rows.
func lineWriter(out *bufio.Writer, names []string, texts func([]any) []string) func(int64, []any) error {
	width := 0
	for _, name := range names {
		width = max(width, Width(Harmless(name)))
	}
	return func(n int64, row []any) error {
		if n > 0 {
			out.WriteByte('\n') // an error comes again below
		}
		for i, text := range texts(row) {
			name := Harmless(names[i])
			if _, err := fmt.Fprintf(out, "%s%s = %s\n", strings.Repeat(" ", width-Width(name)), name, Harmless(text)); err != nil {
				return err
			}
		}
		return nil
	}
}

// renderJSON writes an array of objects; it is whole even where the result
// breaks off.
func renderJSON(out *bufio.Writer, r Result) (int64, error) {
	names, types := r.Columns(), r.Types()
	out.WriteByte('[') // an error of out comes again with Flush
	rows, err := Each(r, func(n int64, row []any) error {
		if n > 0 {
			out.WriteString(",\n")
		}
		_, err := out.Write(appendObject(nil, names, types, row))
		return err
	})
	out.WriteString("]\n")
	return rows, err
}

// appendObject writes a row as a JSON object. A name that comes twice comes
// twice in the object.
func appendObject(b []byte, names, types []string, row []any) []byte {
	b = append(b, '{')
	for i, v := range row {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONText(b, names[i]), ':')
		b = AppendJSON(b, v, types[i])
	}
	return append(b, '}')
}

// IsNumeric reports whether values of a type line up at the right.
func IsNumeric(typ string) bool {
	base, _, _ := strings.Cut(typ, "(")
	switch base {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
		"FLOAT", "DOUBLE", "DECIMAL", "BIGNUM", "VARINT":
		return true
	}
	return false
}
