package codec

import (
	"fmt"
	"slices"

	"netshare/workspace/trace"
)

// Alike says why what networks learnt of another codec means nothing in this one:
// the first column that is coded otherwise, and what to do; nil where all are
// coded alike. Numbers may have other ranges, since they are learnt by place.
func (c *Codec) Alike(other *Codec, r *trace.Recipe) error {
	for _, part := range []struct {
		mine, its []Block
		fields    []trace.Field
		derived   map[int]string
	}{
		{c.Meta, other.Meta, r.Metadata, map[int]string{fieldStart: "the start of sessions", fieldLength: "the length of sessions", fieldPiece: "pieces of long sessions"}},
		{c.Series, other.Series, r.Series, map[int]string{fieldGap: "the time between records"}},
	} {
		name := func(b *Block) string {
			if at := b.Members[0].Field; at < 0 {
				return part.derived[at]
			} else if at < len(part.fields) {
				return fmt.Sprintf("column %q", part.fields[at].Name)
			}
			return "a column"
		}
		for i := range part.mine {
			b := &part.mine[i]
			if i >= len(part.its) {
				return fmt.Errorf("%s is coded here, and not there: learn the same columns, or without pretraining", name(b))
			}
			if why := b.unlike(&part.its[i]); why != "" {
				return fmt.Errorf("%s is coded otherwise there (%s): learn both traces by one recipe with choices and ranges declared, or without pretraining", name(b), why)
			}
		}
		if n := len(part.mine); n < len(part.its) {
			return fmt.Errorf("%s is coded there, and not here: learn the same columns, or without pretraining", name(&part.its[n]))
		}
	}
	return nil
}

// unlike says what differs between blocks, "" for nothing that matters.
func (b *Block) unlike(o *Block) string {
	if len(b.Members) != len(o.Members) {
		return fmt.Sprintf("with %d other columns, here with %d", len(o.Members)-1, len(b.Members)-1)
	}
	if x, y := len(b.heads()), len(o.heads()); x != y || (b.Bits == nil) != (o.Bits == nil) || (b.Words == nil) != (o.Words == nil) {
		return "by another encoding"
	}
	if b.Length != nil && o.Length != nil && !slices.Equal(b.Length.Ranges, o.Length.Ranges) {
		return fmt.Sprintf("in %d classes, here in %d", len(o.Length.Ranges), len(b.Length.Ranges))
	}
	for i := range b.Members {
		x, y := &b.Members[i], &o.Members[i]
		switch {
		case x.Field != y.Field || (x.Classes == nil) != (y.Classes == nil) || (x.Number == nil) != (y.Number == nil):
			return "by another encoding, or as another column"
		case x.Classes != nil:
			if why := x.Classes.unlike(y.Classes); why != "" {
				return why
			}
		case x.Number != nil:
			if x.Number.Missing != y.Number.Missing || x.Number.Log != y.Number.Log || x.Number.Symmetric != y.Number.Symmetric || !slices.Equal(x.Number.Masses, y.Number.Masses) {
				return fmt.Sprintf("with %d frequent numbers, here with %d, or not of the same ones or scale", len(y.Number.Masses), len(x.Number.Masses))
			}
		}
	}
	if b.Joint != nil && o.Joint != nil && !slices.EqualFunc(b.Joint.Tuples, o.Joint.Tuples, slices.Equal) {
		return fmt.Sprintf("%d combinations with other columns, here %d, or not the same", len(o.Joint.Tuples), len(b.Joint.Tuples))
	}
	return ""
}

func (c *Classes) unlike(o *Classes) string {
	what := func(name string, mine, its []string) string {
		for _, v := range mine {
			if !slices.Contains(its, v) {
				return fmt.Sprintf("%d %s there, %d here, of which %q is not there", len(its), name, len(mine), v)
			}
		}
		if !slices.Equal(mine, its) {
			return fmt.Sprintf("%d %s there, %d here, or in another order", len(its), name, len(mine))
		}
		return ""
	}
	if why := what("values", c.Kept, o.Kept); why != "" {
		return why
	}
	prefixes := func(c *Classes) (out []string) {
		for _, p := range c.Prefixes {
			out = append(out, p.CIDR)
		}
		return out
	}
	if why := what("networks", prefixes(c), prefixes(o)); why != "" {
		return why
	}
	if c.Missing != o.Missing || c.size() != o.size() || !slices.Equal(c.Ranges, o.Ranges) {
		return fmt.Sprintf("%d classes there, %d here, or not the same", o.size(), c.size())
	}
	return ""
}
