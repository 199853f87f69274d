package codec

import (
	"fmt"
	"hash/crc32"
	"strings"

	"netshare/workspace/trace"
)

// Label says what a column of a head stands for, in words that mean the same in
// the codec of another trace: of a class its value, of a class of many the range,
// network or kind that they are of, of a number the column that it is of.
type Label struct {
	Name     string
	Min, Max int64 // of a range; 0 for others
}

// Means reports whether a label of another codec means the same: it has the same
// name, and its range holds the middle of this one's.
func (l Label) Means(o Label) bool {
	middle := l.Min + (l.Max-l.Min)/2
	return o.Name == l.Name && o.Min <= middle && middle <= o.Max
}

// OfField reports whether the column is of a field of the recipe, not of what a
// session has besides.
func (l Label) OfField() bool { return strings.HasPrefix(l.Name, "field") }

// MetaLabels returns the labels of the columns of each of MetaHeads, by the names
// of the recipe's fields.
func (c *Codec) MetaLabels(r *trace.Recipe) [][]Label { return labelsOf(c.Meta, false, c.ownFields(r)) }

// SeriesLabels returns those of SeriesHeads.
func (c *Codec) SeriesLabels(r *trace.Recipe) [][]Label { return labelsOf(c.Series, true, r.Series) }

func labelsOf(blocks []Block, series bool, fields []trace.Field) (out [][]Label) {
	for i := range blocks {
		out = append(out, blocks[i].labels(series, fields)...)
	}
	return out
}

// labels are those of the block's heads.
func (b *Block) labels(series bool, fields []trace.Field) (out [][]Label) {
	var names []string
	for _, m := range b.Members {
		name := fmt.Sprintf("session %v %d", series, m.Field)
		if m.Field >= 0 {
			name = fmt.Sprintf("field %v %q", series, fields[m.Field].Name)
		}
		names = append(names, name)
	}
	of := strings.Join(names, "+")
	switch {
	case b.Length != nil:
		var ls []Label
		for _, g := range b.Length.Ranges {
			ls = append(ls, Label{of, g.Min, g.Max})
		}
		return [][]Label{ls}
	case b.Bits != nil:
		for i, h := range b.Bits.heads() {
			var ls []Label
			for class := range h.Width() {
				ls = append(ls, Label{Name: fmt.Sprintf("%s %s class %d", of, b.Bits.label(i), class)})
			}
			out = append(out, ls)
		}
		return out
	}
	if n := b.classes(); n > 0 {
		ls := make([]Label, n)
		if b.Joint == nil {
			ls = b.Members[0].labels(of)
		} else {
			b.jointly(ls, of)
		}
		if b.Words != nil { // places in vectors, which mean nothing in others
			sum := crc32.ChecksumIEEE(fmt.Append(nil, b.Words.Vectors))
			ls = make([]Label, len(b.Words.Vectors[0]))
			for i := range ls {
				ls[i].Name = fmt.Sprintf("%s vector %08x %d", of, sum, i)
			}
		}
		out = append(out, ls)
	}
	for i := range b.Members {
		if n := b.Members[i].Number; b.Members[i].numeric() {
			out = append(out, []Label{{Name: fmt.Sprintf("%s number log %v symmetric %v quantile %v", names[i], n.Log, n.Symmetric, !n.minmax())}})
		}
	}
	return out
}

// jointly gives combinations the labels of their members together.
func (b *Block) jointly(ls []Label, of string) {
	members := make([][]Label, len(b.Members))
	for i := range b.Members {
		members[i] = b.Members[i].labels("")
	}
	for i := range ls {
		ls[i].Name = of + " rest"
		if i < len(b.Joint.Tuples) {
			ls[i].Name = fmt.Sprintf("%s together", of)
			for k, class := range b.Joint.Tuples[i] {
				ls[i].Name += fmt.Sprintf(" %q", fmt.Sprint(members[k][class]))
			}
		}
	}
}

// labels are those of the member's classes.
func (m *Member) labels(of string) (ls []Label) {
	add := func(format string, a ...any) { ls = append(ls, Label{Name: of + " " + fmt.Sprintf(format, a...)}) }
	if n := m.Number; n != nil {
		for _, x := range n.Masses {
			add("is %v", x+float64(n.Zero))
		}
		if n.hasNumber() {
			add("other")
		}
		for _, s := range n.Odd {
			add("is %s", s)
		}
		if n.Missing {
			add("missing")
		}
		return ls[:min(len(ls), n.classes())]
	}
	c := m.Classes
	for _, v := range c.Kept {
		add("is %q", v)
	}
	for i := range c.Alias {
		add("made up %d", i)
	}
	if c.Missing {
		add("missing")
	}
	for _, p := range c.Prefixes {
		add("network %s %v", p.CIDR, p.V6)
	}
	for _, g := range c.Ranges {
		ls = append(ls, Label{of + " range", g.Min, g.Max})
	}
	if c.Template != nil {
		add("template")
	}
	if c.Others != nil {
		add("others")
	}
	for len(ls) < c.size() {
		add("nothing")
	}
	return ls
}
