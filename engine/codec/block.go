package codec

import (
	"math/rand/v2"
	"slices"
)

// Block codes one field, or several that share a head. Its heads are a
// category, over the classes of its members or the combinations of them, then
// a number for each member that has one.
type Block struct {
	Members []Member
	Joint   *Joint // of the members' classes; nil for a single member
	Bits    *Bits  // of a single member, in place of all else
	Words   *Words // vectors of a single member's classes; nil for a column each
	Length  *Length
}

// Member is a field of a block. Either Classes or Number is set, unless the
// block is of bits or the length.
type Member struct {
	// Field is a position in Session.Meta (or in a record, less the time), or
	// one of the negative constants below for what the session itself has.
	Field   int
	Classes *Classes
	Number  *Number
	// Same is the metadata field, counted from 1, or behind these the one of
	// Codec.Firsts, whose value has a class of its own among those of a series
	// field; 0 for none.
	Same int
	// Change is there where a number of the series counts on, and is coded as what
	// it changes by from record to record.
	Change *Change
}

// Positions of the derived fields of a session.
const (
	fieldStart  = -1 // the session's first time
	fieldLength = -2 // its length in records
	fieldPiece  = -3 // whether a sample begins its session
	fieldGap    = -1 // time since the record before, in the series
)

// size is the number of classes of the member.
func (m *Member) size() int {
	if m.Number != nil {
		return m.Number.classes()
	}
	return m.Classes.size()
}

func (m *Member) class(v any) int {
	if m.Number != nil {
		return m.Number.class(v)
	}
	return m.Classes.class(v)
}

// numeric reports whether the member has a number beside its class.
func (m *Member) numeric() bool { return m.Number != nil && m.Number.hasNumber() }

// classes is the size of the block's category, 0 where it has none.
func (b *Block) classes() int {
	if b.Joint != nil {
		return b.Joint.size()
	}
	return b.Members[0].size()
}

func (b *Block) heads() []Head {
	switch {
	case b.Bits != nil:
		return b.Bits.heads()
	case b.Length != nil:
		return []Head{{Classes: len(b.Length.Ranges)}}
	}
	var hs []Head
	if n := b.classes(); n > 0 {
		hs = append(hs, Head{Classes: n})
		if b.Words != nil {
			hs[0].Vectors = b.Words.Vectors
		}
	}
	for i := range b.Members {
		if b.Members[i].numeric() {
			hs = append(hs, Head{Symmetric: b.Members[i].Number.Symmetric})
		}
	}
	return hs
}

// width is the number of heads.
func (b *Block) width() int {
	switch {
	case b.Bits != nil:
		return b.Bits.width()
	case b.Length != nil:
		return 1
	}
	n := min(b.classes(), 1)
	for i := range b.Members {
		n += boolInt(b.Members[i].numeric())
	}
	return n
}

// encode writes the codes of the members' values to out.
func (b *Block) encode(values []any, out []float32) {
	switch {
	case b.Bits != nil:
		b.Bits.encode(values[0], out)
		return
	case b.Length != nil:
		out[0] = float32(b.Length.class(values[0].(int64)))
		return
	}
	at := 0
	if b.classes() > 0 {
		out[0], at = float32(b.class(values)), 1
	}
	for i := range b.Members {
		if m := &b.Members[i]; m.numeric() {
			out[at] = m.Number.rankOf(values[i])
			at++
		}
	}
}

// class is the class of the members' values.
func (b *Block) class(values []any) int {
	if b.Joint == nil {
		return b.Members[0].class(values[0])
	}
	cs := make([]int32, len(values))
	for i, v := range values {
		cs[i] = int32(b.Members[i].class(v))
	}
	return b.Joint.class(cs)
}

// decode writes the values that the codes stand for.
func (b *Block) decode(code []float32, values []any, r *rand.Rand) {
	switch {
	case b.Bits != nil:
		values[0] = b.Bits.decode(code)
		return
	case b.Length != nil:
		values[0] = b.Length.draw(int(code[0]), r)
		return
	}
	at := 0
	classes := make([]int32, len(b.Members))
	if b.classes() > 0 {
		at = 1
		classes[0] = int32(code[0])
		if b.Joint != nil {
			b.Joint.draw(int(code[0]), classes, r)
		}
	}
	for i := range b.Members {
		m := &b.Members[i]
		if m.Classes != nil {
			values[i] = m.Classes.draw(int(classes[i]), r)
			continue
		}
		var rank float32
		if m.numeric() {
			rank = code[at]
			at++
		}
		values[i] = m.Number.decode(int(classes[i]), rank)
	}
}

// NumberHead is a head that is a number, and what must hold for it to count.
type NumberHead struct {
	Head  int    // position among the heads
	Other int    // head whose class says whether the number counts, -1 for always
	When  []bool // for each class of Other
}

// Counts reports whether the number counts in a row of codes.
func (h *NumberHead) Counts(code []float32) bool { return h.Other < 0 || h.When[int(code[h.Other])] }

// MetaNumbers and SeriesNumbers return the numbers among the heads.
func (c *Codec) MetaNumbers() []NumberHead { return numbersOf(c.Meta) }

// SeriesNumbers returns the numbers among the heads of a record.
func (c *Codec) SeriesNumbers() []NumberHead { return numbersOf(c.Series) }

func numbersOf(blocks []Block) []NumberHead {
	var out []NumberHead
	at := 0
	for i := range blocks {
		b := &blocks[i]
		if b.Bits == nil && b.Length == nil {
			head := at
			if b.classes() > 0 {
				head++
			}
			for j := range b.Members {
				m := &b.Members[j]
				if !m.numeric() {
					continue
				}
				h := NumberHead{Head: head, Other: -1}
				if n := b.classes(); n > 0 {
					h.Other, h.When = at, make([]bool, n)
					for class := range n {
						h.When[class] = b.Joint == nil && class == m.Number.other() ||
							b.Joint != nil && b.Joint.may(class, j, int32(m.Number.other()))
					}
				}
				out = append(out, h)
				head++
			}
		}
		at += b.width()
	}
	return out
}

// MemberHead is a field that has classes, and what they are in the classes of
// its head.
type MemberHead struct {
	Head int
	Of   []int32 // for each class of the head, the field's; -1 where it may be of several
}

// MetaMembers and SeriesMembers return the fields with classes, but for what
// the session itself has.
func (c *Codec) MetaMembers() []MemberHead { return membersOf(c.Meta) }

// SeriesMembers returns those of a record.
func (c *Codec) SeriesMembers() []MemberHead { return membersOf(c.Series) }

func membersOf(blocks []Block) []MemberHead {
	var out []MemberHead
	at := 0
	for i := range blocks {
		b := &blocks[i]
		if b.Bits == nil && b.Length == nil && b.classes() > 1 {
			for j, m := range b.Members {
				if m.Field < 0 {
					continue
				}
				h := MemberHead{Head: at, Of: identity(b.classes())}
				if b.Joint != nil {
					h.Of = b.Joint.of(j)
				}
				out = append(out, h)
			}
		}
		at += b.width()
	}
	return out
}

// Reread decodes the metadata of a candidate again after its codes were
// changed, but for the fields that tell sessions apart.
func (c *Codec) Reread(cand *Candidate, code []float32, key []int, r *rand.Rand) {
	again := c.DecodeMeta(code, r)
	for i := range cand.Meta {
		if !slices.Contains(key, i) {
			cand.Meta[i] = again.Meta[i]
		}
	}
	c.apply(false, cand.Meta, cand.Meta, r)
}
