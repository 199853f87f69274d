// Package codec turns the fields of a recipe into what a model learns, and
// back. It owns what is learnt from the data before any network is: which
// values are frequent enough to be repeated, ranges, quantiles, the number of
// decimals, and the templates of free text; all of it is saved with the model.
// It knows no network: a coded sample is a list of heads, each a class or a
// number in [0, 1].
package codec

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// Head is one learnt output: a category of Classes classes, or a number in
// [0, 1] where Classes is 0.
type Head struct {
	Classes int
	// Vectors are those by which the networks learn the classes, [Classes][size]
	// of numbers in [0, 1]; nil for one column a class.
	Vectors [][]float32
	// Symmetric says that the networks learn the number x as 2x-1, in [-1, 1].
	Symmetric bool
}

// Width is the number of tensor columns of the head: one per class, those of a
// vector, or one.
func (h Head) Width() int {
	if h.Vectors != nil {
		return len(h.Vectors[0])
	}
	return max(h.Classes, 1)
}

// Expand writes the code of the head as its tensor columns, of which out begins.
func (h Head) Expand(code float32, out []float32) {
	switch {
	case h.Vectors != nil:
		copy(out, h.Vectors[int(code)])
	case h.Classes > 0:
		clear(out[:h.Classes])
		out[int(code)] = 1
	case h.Symmetric:
		out[0] = 2*code - 1
	default:
		out[0] = code
	}
}

// Compact is the way back of Expand: the class of the nearest vector, or of the
// greatest column.
func (h Head) Compact(in []float32) float32 {
	switch {
	case h.Vectors != nil:
		return float32(nearest(h.Vectors, in))
	case h.Classes > 0:
		best := 0
		for j, v := range in[:h.Classes] {
			if v > in[best] {
				best = j
			}
		}
		return float32(best)
	case h.Symmetric:
		return (in[0] + 1) / 2
	}
	return in[0]
}

// Sample is a coded training sample: one value per head, a class index or a
// number. A session longer than Options.MaxRecords becomes several samples.
type Sample struct {
	Meta    []float32 // [len(MetaHeads)]
	Series  []float32 // [Records * len(SeriesHeads)]
	Records int       // 1 to MaxRecords
	First   bool      // the first piece of its session
}

// Options are the settings of a codec.
type Options struct {
	// MaxRecords is the longest sample; longer sessions are learnt in pieces.
	// Records, default 16, source: measured, an iteration is five times as cheap
	// as with whole sessions of 124 records.
	MaxRecords int
	// MinSeen is how many sessions (or records, for a series field) must hold
	// an address, a port or a text for it to be repeated in synthetic data.
	// Values seen less often are replaced by others of their kind. Default 5.
	MinSeen int
	// MaxClasses bounds the classes of one metadata head. Default 1024.
	MaxClasses int
	// MaxSeriesClasses bounds the classes of one series head, which every
	// record of a sample has. Default 128.
	MaxSeriesClasses int
}

// DefaultOptions returns the options chosen by measurement.
func DefaultOptions() Options {
	return Options{MaxRecords: 16, MinSeen: 5, MaxClasses: 1024, MaxSeriesClasses: 128}
}

// Validate reports all faults of the options, joined.
func (o Options) Validate() error {
	var errs []error
	if o.MaxRecords < 1 {
		errs = append(errs, fmt.Errorf("max records is %d: want at least 1", o.MaxRecords))
	}
	if o.MinSeen < 1 {
		errs = append(errs, fmt.Errorf("min seen is %d: want at least 1", o.MinSeen))
	}
	if o.MaxClasses < 2 || o.MaxSeriesClasses < 2 {
		errs = append(errs, fmt.Errorf("max classes is %d, and %d of series: want at least 2", o.MaxClasses, o.MaxSeriesClasses))
	}
	return errors.Join(errs...)
}

// Codec codes the sessions of one recipe. Its exported fields are what was
// learnt, for saving; treat them as read-only.
type Codec struct {
	Options Options
	Meta    []Block // metadata fields, then start time and length
	Series  []Block // interarrival time, then series fields
	Clock   *Clock  // nil without a time column
	Rules   []Rule  // what is missing where
	Columns int     // metadata fields
	Fields  int     // series fields
	Firsts  []int   // series fields whose first value of each session is coded with its metadata, behind its fields
}

// Ready makes the codec ready to decode on several threads at once: what is
// looked up is built at the first look otherwise.
func (c *Codec) Ready() {
	for _, blocks := range [][]Block{c.Meta, c.Series} {
		for i := range blocks {
			b := &blocks[i]
			if b.Joint != nil {
				b.Joint.own(nil)
			}
			for j := range b.Members {
				if of := b.Members[j].Classes; of != nil {
					of.class("")
					for k := range of.Prefixes {
						of.Prefixes[k].prefix()
					}
				}
			}
		}
	}
}

func headsOf(blocks []Block) []Head {
	var hs []Head
	for i := range blocks {
		hs = append(hs, blocks[i].heads()...)
	}
	return hs
}

// MetaHeads returns the heads of a sample's metadata.
func (c *Codec) MetaHeads() []Head { return headsOf(c.Meta) }

// SeriesHeads returns the heads of one record.
func (c *Codec) SeriesHeads() []Head { return headsOf(c.Series) }

// Encode returns the coded samples of a session: one, or one for each
// MaxRecords records begun, the last of which overlaps the one before.
func (c *Codec) Encode(s trace.Session) []Sample {
	s.Meta = c.own(s.Meta, s.Series)
	width := len(c.SeriesHeads())
	var times []float64
	if c.Clock != nil {
		times = c.Clock.Times(s.Series)
	}
	var samples []Sample
	n := min(c.Options.MaxRecords, len(s.Series))
	for next := 0; next < len(s.Series); next += n {
		from := min(next, len(s.Series)-n) // the last piece is as long as the others
		m := Sample{Records: n, First: from == 0, Series: make([]float32, n*width)}
		m.Meta = c.encodeMeta(s, times, from)
		for i := range n {
			c.encodeRecord(s, times, from+i, m.Series[i*width:(i+1)*width])
		}
		samples = append(samples, m)
	}
	return samples
}

func (c *Codec) encodeMeta(s trace.Session, times []float64, from int) []float32 {
	out := make([]float32, len(c.MetaHeads()))
	at := 0
	for i := range c.Meta {
		b := &c.Meta[i]
		values := make([]any, len(b.Members))
		for j, m := range b.Members {
			switch m.Field {
			case fieldStart:
				values[j] = times[0]
			case fieldLength:
				values[j] = int64(len(s.Series))
			case fieldPiece:
				values[j] = from == 0
			default:
				values[j] = s.Meta[m.Field]
			}
		}
		b.encode(values, out[at:])
		at += b.width()
	}
	return out
}

func (c *Codec) encodeRecord(s trace.Session, times []float64, i int, out []float32) {
	at := 0
	for k := range c.Series {
		b := &c.Series[k]
		values := make([]any, len(b.Members))
		for j, m := range b.Members {
			if m.Field != fieldGap {
				values[j] = m.coded(s, i)
			} else if i == 0 {
				values[j] = nil // the first record of a session has no gap before it
			} else {
				values[j] = max(0, times[i]-times[i-1])
			}
		}
		b.encode(values, out[at:])
		at += b.width()
	}
}

// Candidate is a generated session's metadata, decoded.
type Candidate struct {
	Meta    trace.Row // one value per metadata field, then one for each of Firsts
	Start   float64   // on the codec's clock
	Records int       // length of the session

	// Room is the time that there is for the session, in ticks; 0 for the real
	// trace's. Shift is where its clock begins on the codec's.
	Room, Shift float64
}

// DecodeMeta decodes one row of metadata codes. Values that the code leaves
// open, such as a rare port, are drawn with r. Where a rule gives a field another
// value than the code says, the code becomes that of the value.
func (c *Codec) DecodeMeta(code []float32, r *rand.Rand) Candidate {
	cand := Candidate{Meta: make(trace.Row, c.Columns+len(c.Firsts)), Records: 1}
	at := 0
	var some room
	for i := range c.Meta {
		b := &c.Meta[i]
		values := some.values(b)
		b.decode(code[at:], values, r)
		at += b.width()
		for j, m := range b.Members {
			switch m.Field {
			case fieldStart:
				cand.Start, _ = number(values[j])
			case fieldLength:
				cand.Records = values[j].(int)
			case fieldPiece:
			default:
				cand.Meta[m.Field] = values[j]
			}
		}
	}
	c.recode(cand.Meta, code, c.apply(false, cand.Meta, cand.Meta, r))
	return cand
}

// recode codes the blocks of the metadata fields that were changed again.
func (c *Codec) recode(meta trace.Row, code []float32, changed []int) {
	at := 0
	for i := range c.Meta {
		b := &c.Meta[i]
		if slices.ContainsFunc(b.Members, func(m Member) bool { return slices.Contains(changed, m.Field) }) {
			values := make([]any, len(b.Members))
			for j, m := range b.Members {
				values[j] = meta[m.Field]
			}
			b.encode(values, code[at:])
		}
		at += b.width()
	}
}

// Decode returns the session of a candidate and its records' codes,
// [n * len(SeriesHeads)].
func (c *Codec) Decode(cand Candidate, code []float32, r *rand.Rand) trace.Session {
	return trace.Session{Meta: cand.Meta[:c.Columns:c.Columns], Series: c.decodeSeries(cand, code, r)}
}

// decodeSeries decodes the records' codes, [n * len(SeriesHeads)], of a
// session and appends them to dst: time first, where there is a clock, then a
// value per series field.
func (c *Codec) decodeSeries(cand Candidate, code []float32, r *rand.Rand) []trace.Row {
	width := len(c.SeriesHeads())
	n := len(code) / max(width, 1)
	if width == 0 {
		n = cand.Records
	}
	rows := make([]trace.Row, n)
	gaps := make([]float64, n)
	var some room
	for i := range rows {
		rec := make(trace.Row, c.Fields+1)
		at := i * width
		for k := range c.Series {
			b := &c.Series[k]
			values := some.values(b)
			b.decode(code[at:], values, r)
			at += b.width()
			for j, m := range b.Members {
				switch {
				case m.Field == fieldGap:
					gaps[i], _ = number(values[j])
				case m.Change != nil && i > 0:
					rec[m.Field+1] = m.Change.from(rows[i-1][m.Field+1], values[j])
				case values[j] == (same{}) || m.Same > c.Columns && i == 0:
					rec[m.Field+1] = cand.Meta[m.Same-1]
				default:
					rec[m.Field+1] = values[j]
				}
			}
		}
		c.apply(true, cand.Meta, rec, r)
		rows[i] = rec
	}
	if c.Clock != nil {
		room := cand.Room
		if room == 0 {
			room = c.Clock.Last
		}
		c.Clock.stamp(rows, cand.Start, gaps, room, cand.Shift)
	}
	return rows
}

// room is where the values of one block after another are decoded to.
type room []any

// values returns room for a block's values, each missing.
func (r *room) values(b *Block) []any {
	if len(*r) < len(b.Members) {
		*r = make([]any, len(b.Members))
	}
	vs := (*r)[:len(b.Members)]
	clear(vs)
	return vs
}

// SetPiece marks a row of metadata codes as that of a session's first piece,
// or of a later one; it does nothing where no session is cut in pieces.
func (c *Codec) SetPiece(code []float32, first bool) {
	at := 0
	for i := range c.Meta {
		b := &c.Meta[i]
		if b.Members[0].Field == fieldPiece {
			code[at] = float32(b.Members[0].Classes.class(first))
		}
		at += b.width()
	}
}

// SampleRecords returns the number of records of the sample whose length's head
// has a code: its session's length, at most MaxRecords.
func (c *Codec) SampleRecords(code float32, r *rand.Rand) int {
	for i := range c.Meta {
		if l := c.Meta[i].Length; l != nil {
			return min(l.draw(int(code), r), c.Options.MaxRecords)
		}
	}
	return 1
}

// Longest returns the number of records of the longest sample.
func (c *Codec) Longest() int {
	for i := range c.Meta {
		if l := c.Meta[i].Length; l != nil {
			return min(int(l.Ranges[len(l.Ranges)-1].Max), c.Options.MaxRecords)
		}
	}
	return 1
}

// Duration returns the time from the first to the last record of a session's
// series codes, in ticks of the clock; 0 without one.
func (c *Codec) Duration(code []float32, r *rand.Rand) float64 {
	width := len(c.SeriesHeads())
	at := 0
	for k := range c.Series {
		b := &c.Series[k]
		for j, m := range b.Members {
			if m.Field != fieldGap {
				continue
			}
			var sum float64
			values := make([]any, len(b.Members))
			for i := width + at; i < len(code); i += width {
				b.decode(code[i:], values, r)
				gap, _ := number(values[j])
				sum += gap
			}
			return sum
		}
		at += b.width()
	}
	return 0
}

// Span returns the time from the trace's first to its last record, in ticks.
func (c *Codec) Span() float64 {
	if c.Clock == nil {
		return 0
	}
	return c.Clock.Last
}

// LengthHead returns the metadata head that codes the session's length; its
// classes are in the order of the lengths.
func (c *Codec) LengthHead() int {
	at := 0
	for i := range c.Meta {
		if c.Meta[i].Length != nil {
			return at
		}
		at += c.Meta[i].width()
	}
	return -1
}

// LengthOf returns the number of records, in the middle, of sessions of a class
// of the length's head.
func (c *Codec) LengthOf(class int) float64 {
	for i := range c.Meta {
		if l := c.Meta[i].Length; l != nil {
			return float64(l.Ranges[class].Min+l.Ranges[class].Max) / 2
		}
	}
	return 1
}

// Begins reports whether a row of metadata codes is that of a session's first
// piece.
func (c *Codec) Begins(code []float32) bool {
	at := 0
	for i := range c.Meta {
		b := &c.Meta[i]
		if b.Members[0].Field == fieldPiece {
			return int(code[at]) == b.Members[0].Classes.class(true)
		}
		at += b.width()
	}
	return true
}
