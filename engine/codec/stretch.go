package codec

import (
	"math/rand/v2"

	"netshare/workspace/trace"
)

// What follows is for sessions that are learnt in stretches, each by networks of
// its own: the chunks of a trace.

// FitLengths learns the classes of lengths anew, of which the sessions' stretches
// have some too.
func (c *Codec) FitLengths(lengths []int) {
	for i := range c.Meta {
		if c.Meta[i].Length != nil {
			c.Meta[i].Length = fitLength(lengths, c.Options.MaxRecords)
		}
	}
}

// metaBlock finds the block of a derived metadata field, and the place of its
// first head.
func (c *Codec) metaBlock(field int) (b *Block, at int) {
	for i := range c.Meta {
		if b = &c.Meta[i]; b.Members[0].Field == field {
			return b, at
		}
		at += b.width()
	}
	return nil, at
}

// RecordsOf draws the number of records that a row of metadata codes stands for.
func (c *Codec) RecordsOf(code []float32, r *rand.Rand) int {
	b, at := c.metaBlock(fieldLength)
	return b.Length.draw(int(code[at]), r)
}

// SetRecords puts a number of records into a row of metadata codes.
func (c *Codec) SetRecords(code []float32, n int) {
	b, at := c.metaBlock(fieldLength)
	code[at] = float32(b.Length.class(int64(n)))
}

// StartOf is the first time that a row of metadata codes stands for, in ticks; 0
// without a clock.
func (c *Codec) StartOf(code []float32, r *rand.Rand) float64 {
	b, at := c.metaBlock(fieldStart)
	if b == nil {
		return 0
	}
	var v [1]any
	b.decode(code[at:], v[:], r)
	t, _ := number(v[0])
	return t
}

// SetStart puts a first time, in ticks, into a row of metadata codes.
func (c *Codec) SetStart(code []float32, ticks float64) {
	if b, at := c.metaBlock(fieldStart); b != nil {
		b.encode([]any{ticks}, code[at:])
	}
}

// SetGap puts the time since the record before, in ticks, into the codes of a
// record.
func (c *Codec) SetGap(code []float32, ticks float64) {
	at := 0
	for i := range c.Series {
		b := &c.Series[i]
		if b.Members[0].Field == fieldGap {
			b.encode([]any{ticks}, code[at:])
		}
		at += b.width()
	}
}

// SetTimes stamps records with times in ticks.
func (c *Codec) SetTimes(records []trace.Row, ticks []float64) {
	for i, r := range records {
		r[0] = c.Clock.value(ticks[i])
	}
}
