package workspace

import (
	"fmt"
	"strings"

	"netshare/workspace/trace"
)

// numbering writes records with the number of their session as a last column,
// counted from 1 in the order in which the sessions begin.
type numbering struct {
	to   trace.Writer
	key  []int // columns that tell sessions apart; none where each record is one
	ids  map[string]int64
	rows int64
	row  trace.Row
}

// numbering adds the column of the sessions' numbers to the file's where the
// recipe of a synthetic trace asks for it; nil where it does not, or the format
// has a set of columns of its own.
func (x *export) numbering() *numbering {
	if x.real || x.recipe == nil || x.recipe.FlowID == "" || x.schema.Format != "csv" && x.schema.Format != "jsonl" {
		return nil
	}
	n := &numbering{ids: map[string]int64{}}
	for _, name := range x.recipe.KeyNames() {
		if i := x.schema.Index(name); i >= 0 {
			n.key = append(n.key, i)
		}
	}
	x.schema.Columns = append(x.schema.Columns[:len(x.schema.Columns):len(x.schema.Columns)],
		trace.Column{Name: x.recipe.FlowID, Type: trace.TypeInt, Kind: trace.KindInteger})
	return n
}

// Write implements trace.Writer.
func (n *numbering) Write(row trace.Row) error {
	n.rows++
	id := n.rows
	if n.key != nil {
		var key strings.Builder
		for _, i := range n.key {
			fmt.Fprintf(&key, "%v\x00", row[i])
		}
		var ok bool
		if id, ok = n.ids[key.String()]; !ok {
			id = int64(len(n.ids)) + 1
			n.ids[key.String()] = id
		}
	}
	n.row = append(append(n.row[:0], row...), id)
	return n.to.Write(n.row)
}

// Close implements trace.Writer.
func (n *numbering) Close() error { return n.to.Close() }
