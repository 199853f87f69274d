package notebook

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"netshare/workspace/trace/near"
)

// Kind is what a cell of a document is.
type Kind string

// The kinds of cells. Prose is Markdown, the others are fenced code whose info
// string is the kind and nothing else.
const (
	KindProse    Kind = "prose"
	KindSQL      Kind = "sql"
	KindGo       Kind = "go"
	KindPlot     Kind = "plot"
	KindLoad     Kind = "load"
	KindSplit    Kind = "split"
	KindTrain    Kind = "train"
	KindGenerate Kind = "generate"
	KindReport   Kind = "report"
	KindAudit    Kind = "audit"
	KindExport   Kind = "export"
	KindPublish  Kind = "publish"
)

// Kinds returns the kinds of cells that run, in the order in which a notebook
// mostly has them.
func Kinds() []Kind {
	return []Kind{KindLoad, KindSQL, KindPlot, KindGo, KindSplit, KindTrain, KindGenerate, KindReport, KindAudit, KindExport, KindPublish}
}

// Document is a notebook: a Markdown file of prose and fenced cells, with a
// header between lines of ---. It holds no outputs. Bytes gives back what
// ParseDocument was given, byte for byte, but for what was changed since.
//
// A Document is for one goroutine at a time.
type Document struct {
	Name      string  // of the file, for messages and for paths that cells name
	Title     string  // of the header, "" for none
	Workspace string  // of the header as it stands there: a path beside the document
	Cells     []*Cell // in order; change them by the document's methods

	header  string // with the blank lines after it
	newline string
}

// Cell is a run of prose or a fenced cell of a document.
type Cell struct {
	// ID names the cell as long as the document is open, whatever becomes of
	// its text. It is not kept in the file: it is made from the kind and the
	// text that the cell has when it is first seen, and Identify finds it again.
	ID   string
	Kind Kind
	Text string // the lines between the fences, or the prose, without a newline at the end
	Line int    // of the first line of Text in the file, from 1

	// Position is the cell's among the document's, from 0.
	Position int

	core  string // as the file has it
	after string // blank lines that follow
}

// Runs reports whether the cell is one that runs, and no prose.
func (c *Cell) Runs() bool { return c.Kind != KindProse }

// ReadDocument reads a notebook file.
func ReadDocument(path string) (*Document, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseDocument(path, src)
}

// Dir is the folder that files named in cells are relative to: the document's.
func (d *Document) Dir() string { return filepath.Dir(d.Name) }

// WorkspacePath is the workspace that the header names, as a path from the
// current folder; "" where it names none.
func (d *Document) WorkspacePath() string {
	if d.Workspace == "" || filepath.IsAbs(d.Workspace) {
		return d.Workspace
	}
	return filepath.Join(d.Dir(), filepath.FromSlash(d.Workspace))
}

// ParseDocument reads a notebook; name stands for the file in messages, which
// begin with name:line. Fenced code whose info string is no kind of cell is
// prose, so that "```sql example" is shown and not run.
func ParseDocument(name string, src []byte) (*Document, error) {
	d := &Document{Name: name, newline: "\n"}
	lines := slices.Collect(strings.Lines(strings.TrimPrefix(string(src), "\uFEFF")))
	mark := string(src[:len(src)-len(strings.TrimPrefix(string(src), "\uFEFF"))])
	if len(lines) > 0 && strings.HasSuffix(lines[0], "\r\n") {
		d.newline = "\r\n"
	}
	at, err := d.readHeader(lines)
	if err != nil {
		return nil, err
	}
	d.header = mark + strings.Join(lines[:at], "")
	for at < len(lines) {
		begin := at
		c := &Cell{Kind: KindProse, Line: begin + 1}
		if f, ok := openingFence(lines[at]); ok && f.kind != "" {
			end := closingFence(lines, at+1, f)
			if end < 0 {
				return nil, fmt.Errorf("%s:%d: the %s cell that begins here has no end: add a line %s", name, at+1, f.kind, f.mark)
			}
			c.Kind, c.Line = f.kind, begin+2
			c.Text = bodyText(lines[begin+1 : end])
			at = end + 1
		} else {
			at = proseEnd(lines, at)
			last := at
			for last > begin && strings.TrimSpace(lines[last-1]) == "" {
				last--
			}
			at = last
			c.Text = bodyText(lines[begin:at])
		}
		c.core = strings.Join(lines[begin:at], "")
		for at < len(lines) && strings.TrimSpace(lines[at]) == "" {
			c.after += lines[at]
			at++
		}
		c.ID, c.Position = d.freshID(c.Kind, c.Text), len(d.Cells)
		d.Cells = append(d.Cells, c)
	}
	return d, nil
}

// NewDocument returns an empty notebook of a workspace, whose path is written
// relative to the document's where that can be.
func NewDocument(name, workspace, title string) *Document {
	if abs, err := filepath.Abs(workspace); err == nil {
		if dir, err := filepath.Abs(filepath.Dir(name)); err == nil {
			if rel, err := filepath.Rel(dir, abs); err == nil {
				workspace = filepath.ToSlash(rel)
			}
		}
	}
	return &Document{
		Name: name, Title: title, Workspace: workspace, newline: "\n",
		header: fmt.Sprintf("---\nworkspace: %s\ntitle: %s\n---\n\n", workspace, title),
	}
}

// readHeader reads the header and the blank lines after it, and returns the
// index of the first line that follows.
func (d *Document) readHeader(lines []string) (int, error) {
	at := 0
	if len(lines) > 0 && strings.TrimRight(lines[0], " \t\r\n") == "---" {
		for at = 1; ; at++ {
			if at == len(lines) {
				return 0, fmt.Errorf("%s:1: the header that begins here has no end: add a line ---", d.Name)
			}
			line := strings.TrimSpace(lines[at])
			if line == "---" {
				at++
				break
			}
			if line == "" || line[0] == '#' {
				continue
			}
			key, value, ok := strings.Cut(line, ":")
			if !ok {
				return 0, fmt.Errorf("%s:%d: %q is no line of a header: want name: value, such as workspace: lab.duckdb", d.Name, at+1, line)
			}
			value = strings.TrimSpace(value)
			if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
				value = value[1 : n-1]
			}
			switch strings.ToLower(strings.TrimSpace(key)) { // other tools' keys stand as they are
			case "workspace":
				d.Workspace = value
			case "title":
				d.Title = value
			}
		}
	}
	for at < len(lines) && strings.TrimSpace(lines[at]) == "" {
		at++
	}
	return at, nil
}

// fence is the line that opens fenced code.
type fence struct {
	mark string // its backticks or tildes
	kind Kind   // "" where the code is no cell
	info string // what stands behind the mark
}

// openingFence reads a line as CommonMark reads the opening of fenced code.
func openingFence(line string) (fence, bool) {
	text := strings.TrimRight(line, "\r\n")
	indent := len(text) - len(strings.TrimLeft(text, " "))
	text = text[indent:]
	if indent > 3 || text == "" || text[0] != '`' && text[0] != '~' {
		return fence{}, false
	}
	n := len(text) - len(strings.TrimLeft(text, text[:1]))
	info := strings.TrimSpace(text[n:])
	if n < 3 || text[0] == '`' && strings.Contains(info, "`") {
		return fence{}, false
	}
	f := fence{mark: text[:n], info: info}
	if slices.Contains(Kinds(), Kind(info)) {
		f.kind = Kind(info)
	}
	return f, true
}

// closingFence finds the line that closes f, -1 where there is none.
func closingFence(lines []string, from int, f fence) int {
	for i := from; i < len(lines); i++ {
		text := strings.TrimRight(lines[i], " \t\r\n")
		indent := len(text) - len(strings.TrimLeft(text, " "))
		text = text[indent:]
		if indent <= 3 && len(text) >= len(f.mark) && strings.Trim(text, f.mark[:1]) == "" {
			return i
		}
	}
	return -1
}

// proseEnd finds the line at which prose ends: that of a cell, or the end.
// Fenced code that is no cell is part of the prose whatever is in it.
func proseEnd(lines []string, at int) int {
	for at < len(lines) {
		f, ok := openingFence(lines[at])
		switch {
		case ok && f.kind != "":
			return at
		case ok:
			if end := closingFence(lines, at+1, f); end >= 0 {
				at = end
			} else {
				return len(lines)
			}
		}
		at++
	}
	return at
}

// Doubts are what may not be meant as it stands, a line each with its place:
// fenced code that is no cell, but whose kind is nearly one.
func (d *Document) Doubts() []string {
	var doubts []string
	for _, c := range d.Cells {
		if c.Runs() {
			continue
		}
		lines := strings.Split(c.Text, "\n")
		for at := 0; at < len(lines); at++ {
			f, ok := openingFence(lines[at])
			if !ok {
				continue
			}
			for _, k := range Kinds() {
				if n := near.Distance(string(k), f.info); n == 0 || n == 1 && len(f.info) > 3 {
					doubts = append(doubts, fmt.Sprintf("%s:%d: %q is no kind of cell, and is not run: did you mean %s?", d.Name, c.Line+at, f.info, k))
					break
				}
			}
			if end := closingFence(lines, at+1, f); end >= 0 {
				at = end
			}
		}
	}
	return doubts
}

// bodyText joins lines without their last newline.
func bodyText(lines []string) string {
	text := strings.ReplaceAll(strings.Join(lines, ""), "\r\n", "\n")
	return strings.TrimSuffix(text, "\n")
}

// Bytes is the document as a file.
func (d *Document) Bytes() []byte {
	var b strings.Builder
	b.WriteString(d.header)
	for _, c := range d.Cells {
		b.WriteString(c.core + c.after)
	}
	return []byte(b.String())
}
