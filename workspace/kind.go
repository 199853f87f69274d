package workspace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"netshare/workspace/zeekio"
)

// group is the inputs that become one table.
type group struct {
	key   string // the same of all
	table string // name that the content suggests, "" for none
	keys  map[string]bool
	ins   []input
}

// kinds names the groups for a person.
func kinds(groups []*group) string {
	var parts []string
	for _, g := range groups {
		name := g.table
		if name == "" {
			name = tableName(g.ins[0].name)
		}
		var files []string
		for _, in := range g.ins {
			files = append(files, in.name)
		}
		parts = append(parts, fmt.Sprintf("%s (%s: %s)", name, g.ins[0].format, some(files)))
	}
	return strings.Join(parts, ", ")
}

// some names a few of many files.
func some(files []string) string {
	if len(files) > 2 {
		return fmt.Sprintf("%s and %d more", files[0], len(files)-1)
	}
	return strings.Join(files, ", ")
}

// groupsOf sorts inputs by what tells tables apart, in the order of the first
// of each.
func groupsOf(ins []input) []*group {
	var groups []*group
	byKey := map[string]*group{}
	for _, in := range ins {
		key, table := kindOf(&in)
		var keys map[string]bool
		if in.format == "jsonl" {
			keys = firstKeys(in.head)
			for _, g := range groups {
				if alike(g.keys, keys) {
					key = g.key
				}
			}
			if byKey[key] != nil && byKey[key].keys != nil && !alike(byKey[key].keys, keys) {
				key += " " + in.name
			}
		}
		g := byKey[key]
		if g == nil {
			g = &group{key: key, table: table, keys: keys}
			byKey[key] = g
			groups = append(groups, g)
		}
		g.ins = append(g.ins, in)
	}
	return groups
}

// kindOf returns what tells an input's table from others, and the name that its
// content suggests for it.
func kindOf(in *input) (key, table string) {
	switch in.format {
	case formatPcap, formatRecipe:
		return in.format, ""
	case "zeek-tsv", "zeek-json":
		path := ""
		if r, err := zeekio.NewReader(in.name, bytes.NewReader(in.head)); err == nil {
			path = r.Schema().Props["path"]
		}
		if path == "" {
			path = stem(in.name)
		}
		return "zeek " + path, tableName(path)
	case "csv":
		return "csv " + headerOf(in.head), ""
	}
	return in.format + " " + stem(in.name), ""
}

// stem is a file's name without what numbers or dates its parts.
func stem(file string) string {
	name := tableName(file)
	if short := strings.TrimRight(name, "_0123456789"); len(short) > 1 {
		return short
	}
	return name
}

// suggest names a group's table: a single file's after the file, that of
// several after the Zeek log, the beginning of their names, or their folder.
func suggest(g *group, several bool) string {
	first := g.ins[0]
	if first.made != "" {
		return first.made
	}
	if g.table != "" && (several || len(g.ins) > 1) {
		return g.table
	}
	if len(g.ins) == 1 || !first.found {
		return tableName(first.name)
	}
	prefix := tableName(first.name)
	for _, in := range g.ins {
		name := tableName(in.name)
		for !strings.HasPrefix(name, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	if prefix = strings.TrimRight(prefix, "_0123456789"); len(prefix) > 2 && strings.ToValidUTF8(prefix, "") == prefix {
		return prefix
	}
	if several && g.key == formatPcap {
		return "packets"
	}
	if dir, err := filepath.Abs(first.folder); err == nil && filepath.Base(dir) != string(filepath.Separator) {
		return TableName(filepath.Base(dir))
	}
	return tableName(first.name)
}

// headerOf is what tells the columns of a delimited text: its header, or where
// it has none, how many cells its lines have.
func headerOf(head []byte) string {
	for line := range bytes.Lines(head) {
		text := strings.TrimSpace(string(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))))
		if text == "" || text[0] == '#' {
			continue
		}
		cells := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",\t;|", r) })
		for _, c := range cells {
			if _, err := strconv.ParseFloat(strings.Trim(c, `" `), 64); err == nil {
				return strconv.Itoa(strings.Count(text, ",")) + " commas, no header"
			}
		}
		return text
	}
	return ""
}

// firstKeys returns the keys of the first record of JSON lines.
func firstKeys(head []byte) map[string]bool {
	line, _, _ := bytes.Cut(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))), []byte{'\n'})
	var record map[string]json.RawMessage
	keys := map[string]bool{}
	if json.Unmarshal(line, &record) == nil {
		for k := range record {
			keys[k] = true
		}
	}
	return keys
}

// alike reports whether two records have most of their keys in common.
func alike(a, b map[string]bool) bool {
	both := 0
	for k := range a {
		if b[k] {
			both++
		}
	}
	return 2*both >= max(len(a), len(b)) && both > 0
}
