package notebook

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Index finds a cell by its ID, -1 where there is none.
func (d *Document) Index(id string) int {
	return slices.IndexFunc(d.Cells, func(c *Cell) bool { return c.ID == id })
}

// Cell finds a cell by its ID.
func (d *Document) Cell(id string) (*Cell, error) {
	i := d.Index(id)
	if i < 0 {
		return nil, fmt.Errorf("%s: there is no cell %s: it may have been deleted", d.Name, id)
	}
	return d.Cells[i], nil
}

// SetText changes what a cell says; it keeps its ID. Prose with a fenced cell
// in it is several cells once the file is read again.
func (d *Document) SetText(id, text string) error {
	c, err := d.Cell(id)
	if err != nil {
		return err
	}
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == c.Text {
		return nil
	}
	c.Text = text
	c.core = d.write(c.Kind, text)
	d.number()
	return nil
}

// Insert adds a cell before the one at a position, at the end for len(Cells).
func (d *Document) Insert(position int, kind Kind, text string) (*Cell, error) {
	if position < 0 || position > len(d.Cells) {
		return nil, fmt.Errorf("%s: there is no position %d: want 0 to %d", d.Name, position, len(d.Cells))
	}
	if kind != KindProse && !slices.Contains(Kinds(), kind) {
		return nil, fmt.Errorf("%q is no kind of cell: want prose or one of %v", kind, Kinds())
	}
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	c := &Cell{ID: d.freshID(kind, text), Kind: kind, Text: text, core: d.write(kind, text)}
	d.insert(position, c)
	return c, nil
}

// Move puts a cell at another position among the cells.
func (d *Document) Move(id string, position int) error {
	i := d.Index(id)
	if i < 0 || position < 0 || position >= len(d.Cells) {
		return fmt.Errorf("%s: cell %s can't be moved to position %d", d.Name, id, position)
	}
	c := d.Cells[i]
	d.remove(i)
	d.insert(position, c)
	return nil
}

func (d *Document) insert(i int, c *Cell) {
	d.Cells = slices.Insert(d.Cells, i, c)
	d.part(i)
	d.part(i + 1)
	d.number()
}

func (d *Document) remove(i int) {
	d.Cells = slices.Delete(d.Cells, i, i+1)
	d.part(i)
	d.number()
}

// Delete takes a cell out.
func (d *Document) Delete(id string) error {
	i := d.Index(id)
	if i < 0 {
		return fmt.Errorf("%s: there is no cell %s: it may have been deleted", d.Name, id)
	}
	d.remove(i)
	return nil
}

// write writes a cell as the file has it; code that holds a fence gets a
// longer one.
func (d *Document) write(kind Kind, text string) string {
	if text != "" {
		text += "\n"
	}
	if kind != KindProse {
		mark := "```"
		for strings.Contains(text, mark) {
			mark += "`"
		}
		text = mark + string(kind) + "\n" + text + mark + "\n"
	}
	return strings.ReplaceAll(text, "\n", d.newline)
}

// number counts lines and positions anew.
func (d *Document) number() {
	line := 1 + strings.Count(d.header, "\n")
	for i, c := range d.Cells {
		c.Line, c.Position = line, i
		if c.Runs() {
			c.Line++
		}
		line += strings.Count(c.core+c.after, "\n")
	}
}

// part sees to an empty line before the cell at i, which has come to follow
// another.
func (d *Document) part(i int) {
	if i > 0 && i < len(d.Cells) {
		c := d.Cells[i-1]
		if !strings.HasSuffix(c.core, "\n") {
			c.core += d.newline
		}
		if c.after == "" {
			c.after = d.newline
		}
	}
}

// freshID makes an ID of what a cell is when it is first seen.
func (d *Document) freshID(kind Kind, text string) string {
	sum := sha256.Sum256([]byte(string(kind) + "\x00" + text))
	id := hex.EncodeToString(sum[:5])
	for n := 2; d.Index(id) >= 0; n++ {
		id = fmt.Sprintf("%s-%d", hex.EncodeToString(sum[:5]), n)
	}
	return id
}

// Identity is what is known of a cell from another time.
type Identity struct {
	ID   string
	Kind Kind
	Text string
}

// Identify gives cells the IDs that they had when known was taken, in the
// order of the document then: those with the same text first; of what is left,
// a changed cell is the one of its kind that stood in the same place among the
// others.
func (d *Document) Identify(known []Identity) {
	var all []Identity
	for _, k := range known {
		if !slices.ContainsFunc(all, func(a Identity) bool { return a.ID == k.ID }) {
			all = append(all, k)
		}
	}
	ids := make([]string, len(d.Cells))
	was := make([]int, len(d.Cells)) // where a cell stood in known
	taken := make([]bool, len(all))
	for i, c := range d.Cells {
		was[i] = -1
		for k, a := range all {
			if !taken[k] && a.Kind == c.Kind && a.Text == c.Text {
				ids[i], was[i], taken[k] = a.ID, k, true
				break
			}
		}
	}
	before := -1 // the last one found
	for i, c := range d.Cells {
		if was[i] >= 0 {
			before = was[i]
			continue
		}
		for k := before + 1; k < len(all) && !taken[k]; k++ {
			if all[k].Kind == c.Kind {
				ids[i], taken[k], before = all[k].ID, true, k
				break
			}
		}
	}
	for i, c := range d.Cells {
		c.ID = ""
		if ids[i] != "" {
			c.ID = ids[i]
		}
	}
	for _, c := range d.Cells {
		if c.ID == "" {
			c.ID = d.freshID(c.Kind, c.Text)
		}
	}
}

// Identities is what Identify takes.
func (d *Document) Identities() []Identity {
	all := make([]Identity, len(d.Cells))
	for i, c := range d.Cells {
		all[i] = Identity{c.ID, c.Kind, c.Text}
	}
	return all
}

// Save writes the document to its file, which is whole at any time.
func (d *Document) Save() (err error) {
	path := d.Name
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to // the link stays one
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(d.Bytes())
	if err := errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
