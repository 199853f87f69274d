package codec

import (
	"slices"

	"netshare/workspace/trace"
)

// grouping decides which classed fields share a head.
type grouping struct {
	fields []member
}

type member struct {
	block   Block
	port    bool    // a protocol or port: of the five-tuple's head
	classes []int32 // of each row
}

func (g *grouping) add(field trace.Field, b Block, values []any) {
	m := member{block: b, port: field.Kind == trace.KindPort || field.Kind == trace.KindProtocol}
	m.classes = make([]int32, len(values))
	for i, v := range values {
		m.classes[i] = int32(b.Classes[0].class(v))
	}
	g.fields = append(g.fields, m)
}

// blocks returns the blocks of all fields added. Protocol and ports go
// together first; then a category joins the group that it adds fewest
// combinations to, as long as those are at most half again as many as the
// group had (or few): a code and its name, a function and its direction.
// Measured on a UGR16 sample, the joint head of protocol and ports alone
// lowers the mean divergence by .10.
func (g *grouping) blocks(limit int) []Block {
	var groups [][]member
	var ports, rest []member
	for _, m := range g.fields {
		if m.port {
			ports = append(ports, m)
		} else {
			rest = append(rest, m)
		}
	}
	for len(ports) > 0 { // as many together as the limit allows
		n := len(ports)
		for n > 1 && combine(ports[:n], limit) == nil {
			n--
		}
		groups = append(groups, ports[:n])
		ports = ports[n:]
	}
	slices.SortStableFunc(rest, func(a, b member) int { return b.size() - a.size() })
	for _, m := range rest {
		best, least := -1, 0
		for i, members := range groups {
			before := combine(members, limit)
			if before == nil {
				continue
			}
			allowed := min(limit, max(few, before.size()*3/2, m.size()*3/2))
			if j := combine(append(slices.Clone(members), m), allowed); j != nil {
				if best < 0 || j.size() < least {
					best, least = i, j.size()
				}
			}
		}
		if best >= 0 {
			groups[best] = append(slices.Clone(groups[best]), m)
		} else {
			groups = append(groups, []member{m})
		}
	}
	blocks := make([]Block, len(groups))
	for i, members := range groups {
		for _, m := range members {
			blocks[i].Fields = append(blocks[i].Fields, m.block.Fields...)
			blocks[i].Classes = append(blocks[i].Classes, m.block.Classes...)
		}
		if len(members) > 1 {
			blocks[i].Joint = combine(members, limit)
		}
	}
	return blocks
}

// few combinations are always worth one head.
const few = 24

func (m *member) size() int { return m.block.Classes[0].size() }

func combine(members []member, limit int) *Joint {
	classes := make([][]int32, len(members))
	for i, m := range members {
		classes[i] = m.classes
	}
	return fitJoint(classes, limit)
}
