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

	"netshare/workspace/trace"
)

// Head is one learnt output: a category of Classes classes, or a number in
// [0, 1] where Classes is 0.
type Head struct{ Classes int }

// Width is the number of tensor columns of the head: one per class, or one.
func (h Head) Width() int { return max(h.Classes, 1) }

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
}

// Block codes one field, or several that share a head. Its heads are a
// category, over the classes of its members or the combinations of them, then
// a number for each member that has one.
type Block struct {
	Members []Member
	Joint   *Joint // of the members' classes; nil for a single member
	Bits    *Bits  // of a single member, in place of all else
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
	}
	for i := range b.Members {
		if b.Members[i].numeric() {
			hs = append(hs, Head{})
		}
	}
	return hs
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
	width := len(c.SeriesHeads())
	var times []float64
	if c.Clock != nil {
		times = c.Clock.times(s.Series)
	}
	var samples []Sample
	n := min(c.Options.MaxRecords, len(s.Series))
	for next := 0; next < len(s.Series); next += n {
		from := min(next, len(s.Series)-n) // the last piece is as long as the others
		m := Sample{Records: n, First: from == 0, Series: make([]float32, n*width)}
		m.Meta = c.encodeMeta(s, times, from)
		for i := range n {
			c.encodeRecord(s.Series[from+i], times, from+i, m.Series[i*width:(i+1)*width])
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
		at += len(b.heads())
	}
	return out
}

func (c *Codec) encodeRecord(rec trace.Row, times []float64, i int, out []float32) {
	at := 0
	for k := range c.Series {
		b := &c.Series[k]
		values := make([]any, len(b.Members))
		for j, m := range b.Members {
			if m.Field != fieldGap {
				values[j] = rec[m.Field+1]
			} else if i == 0 {
				values[j] = nil // the first record of a session has no gap before it
			} else {
				values[j] = times[i] - times[i-1]
			}
		}
		b.encode(values, out[at:])
		at += len(b.heads())
	}
}

// Candidate is a generated session's metadata, decoded.
type Candidate struct {
	Meta    trace.Row // one value per metadata field
	Start   float64   // on the codec's clock
	Records int       // length of the session
}

// DecodeMeta decodes one row of metadata codes. Values that the code leaves
// open, such as a rare port, are drawn with r.
func (c *Codec) DecodeMeta(code []float32, r *rand.Rand) Candidate {
	cand := Candidate{Meta: make(trace.Row, c.Columns), Records: 1}
	at := 0
	for i := range c.Meta {
		b := &c.Meta[i]
		values := make([]any, len(b.Members))
		b.decode(code[at:], values, r)
		at += len(b.heads())
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
	c.apply(false, cand.Meta, cand.Meta, r)
	return cand
}

// DecodeSeries decodes the records' codes, [n * len(SeriesHeads)], of a
// session and appends them to dst: time first, where there is a clock, then a
// value per series field.
func (c *Codec) DecodeSeries(cand Candidate, code []float32, r *rand.Rand) []trace.Row {
	width := len(c.SeriesHeads())
	n := len(code) / max(width, 1)
	if width == 0 {
		n = cand.Records
	}
	rows := make([]trace.Row, n)
	gaps := make([]float64, n)
	for i := range rows {
		rec := make(trace.Row, c.Fields+1)
		at := i * width
		for k := range c.Series {
			b := &c.Series[k]
			values := make([]any, len(b.Members))
			b.decode(code[at:], values, r)
			at += len(b.heads())
			for j, m := range b.Members {
				if m.Field == fieldGap {
					gaps[i], _ = number(values[j])
				} else {
					rec[m.Field+1] = values[j]
				}
			}
		}
		c.apply(true, cand.Meta, rec, r)
		rows[i] = rec
	}
	if c.Clock != nil {
		c.Clock.stamp(rows, cand.Start, gaps)
	}
	return rows
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
		at += len(b.heads())
	}
}

// SampleRecords returns the number of records of the sample that a row of
// metadata codes describes: its session's length, at most MaxRecords.
func (c *Codec) SampleRecords(code []float32, r *rand.Rand) int {
	at := 0
	for i := range c.Meta {
		b := &c.Meta[i]
		if b.Length != nil {
			return min(b.Length.draw(int(code[at]), r), c.Options.MaxRecords)
		}
		at += len(b.heads())
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
		at += len(b.heads())
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
		at += len(b.heads())
	}
	return out
}

// LengthHead returns the metadata head that codes the session's length; its
// classes are in the order of the lengths.
func (c *Codec) LengthHead() int {
	at := 0
	for i := range c.Meta {
		if c.Meta[i].Length != nil {
			return at
		}
		at += len(c.Meta[i].heads())
	}
	return -1
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
		at += len(b.heads())
	}
	return true
}
