package codec

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"netshare/workspace/trace"
)

// Fit learns the codec of a recipe from the sessions that range yields. Types
// gives the type of each field's column by name. seed settles the made-up
// values. It fails where there is no session, or a field can't be coded.
func Fit(recipe *trace.Recipe, types map[string]trace.Type, sessions []trace.Session, opts Options, seed uint64) (*Codec, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if len(sessions) == 0 {
		return nil, fmt.Errorf("trace %q has no session to learn from", recipe.Name)
	}
	f := fitter{
		opts: opts, types: types, sessions: sessions,
		rand: rand.New(rand.NewPCG(seed, 0x636f646563)),
		c:    &Codec{Options: opts, Columns: len(recipe.Metadata), Fields: len(recipe.Series)},
	}
	if recipe.HasTime() {
		if err := f.fitTime(recipe.Time); err != nil {
			return nil, err
		}
	}
	meta, err := f.fitFields(recipe.Metadata, f.metaColumn, opts.MaxClasses)
	if err != nil {
		return nil, err
	}
	series, err := f.fitFields(recipe.Series, f.seriesColumn, opts.MaxSeriesClasses)
	if err != nil {
		return nil, err
	}
	f.c.Meta = append(meta, f.c.Meta...)
	f.c.Series = series
	if f.gap != nil {
		f.c.Series = append(f.c.Series, one(*f.gap))
	}
	f.fitLength()
	f.fitRules(recipe)
	f.fitRecurrences()
	return f.c, nil
}

type fitter struct {
	opts     Options
	types    map[string]trace.Type
	sessions []trace.Session
	rand     *rand.Rand
	c        *Codec

	gap *Member // time between records, where any session has two
}

func (f *fitter) metaColumn(i int) []any {
	col := make([]any, len(f.sessions))
	for k, s := range f.sessions {
		col[k] = s.Meta[i]
	}
	return col
}

func (f *fitter) seriesColumn(i int) []any {
	var col []any
	for _, s := range f.sessions {
		for _, rec := range s.Series {
			col = append(col, rec[i+1])
		}
	}
	return col
}

// fitTime learns the clock, the sessions' start times and, where any session
// has two records, the gaps between records.
func (f *fitter) fitTime(field trace.Field) error {
	var times, starts, gaps []any
	for _, s := range f.sessions {
		for _, rec := range s.Series {
			times = append(times, rec[0])
		}
	}
	t, ok := f.types[field.Name]
	if !ok {
		return fmt.Errorf("time field %q is no column of the trace", field.Name)
	}
	if t == trace.TypeText {
		return fmt.Errorf("time field %q holds text: load it as a timestamp or a number", field.Name)
	}
	f.c.Clock = fitClock(t, times)
	several := false
	for _, s := range f.sessions {
		ts := f.c.Clock.Times(s.Series)
		starts = append(starts, ts[0])
		gaps = append(gaps, nil)
		for i := 1; i < len(ts); i++ {
			several = true
			gaps = append(gaps, max(0, ts[i]-ts[i-1]))
		}
	}
	f.c.Meta = append(f.c.Meta, Block{Members: []Member{{Field: fieldStart, Number: fitNumber(trace.TypeReal, trace.EncodeAuto, starts, false, 0, 0)}}})
	if several {
		f.gap = &Member{Field: fieldGap, Number: fitNumber(trace.TypeReal, trace.EncodeAuto, gaps, false, 0, 0)}
	}
	return nil
}

// fitLength learns the classes of session lengths and, where sessions are
// longer than a sample, of pieces.
func (f *fitter) fitLength() {
	lengths := make([]int, len(f.sessions))
	longest := 0
	for i, s := range f.sessions {
		lengths[i] = len(s.Series)
		longest = max(longest, lengths[i])
	}
	f.c.Meta = append(f.c.Meta, Block{Members: []Member{{Field: fieldLength}}, Length: fitLength(lengths, f.opts.MaxRecords)})
	if longest > f.opts.MaxRecords {
		piece := &Classes{Kind: trace.KindBoolean, Type: trace.TypeBool, Kept: []string{"true", "false"}}
		f.c.Meta = append(f.c.Meta, Block{Members: []Member{{Field: fieldPiece, Classes: piece}}})
	}
}

// fitFields learns the blocks of a list of fields, those of fields that go
// together first.
func (f *fitter) fitFields(fields []trace.Field, column func(int) []any, limit int) ([]Block, error) {
	g := grouping{limit: limit, minSeen: f.opts.MinSeen}
	var alone []Block
	for i, field := range fields {
		t, ok := f.types[field.Name]
		if !ok {
			return nil, fmt.Errorf("field %q is no column of the trace", field.Name)
		}
		values := column(i)
		b, err := f.fitField(field, t, values, limit)
		if err != nil {
			return nil, err
		}
		b.Members[0].Field = i
		if m := b.Members[0]; b.Bits == nil && m.size() > 0 {
			g.add(field.Kind, m, values)
		} else {
			alone = append(alone, b)
		}
	}
	return append(g.blocks(), alone...), nil
}

func (f *fitter) fitField(field trace.Field, t trace.Type, values []any, limit int) (Block, error) {
	enc := field.Encoding
	switch field.Kind {
	case trace.KindInteger, trace.KindReal, trace.KindTimestamp:
		if enc == trace.EncodeAuto {
			enc = trace.EncodeQuantile
		}
	}
	if _, list := t.Elem(); list && (enc == trace.EncodeQuantile || enc == trace.EncodeMinMax || enc == trace.EncodeLog || enc == trace.EncodeBits) {
		return Block{}, fmt.Errorf("field %q: a list can't have encoding %s", field.Name, enc)
	}
	switch enc {
	case trace.EncodeMinMax, trace.EncodeLog, trace.EncodeQuantile:
		return one(Member{Number: fitNumber(t, enc, values, field.Bounded, float64(field.Min), float64(field.Max))}), nil
	case trace.EncodeBits:
		if codable(field, values) {
			return fitBits(field, t, values)
		}
		field.Encoding = trace.EncodeAuto
		return f.fitField(field, t, values, limit)
	case trace.EncodeAuto, trace.EncodeCategory, trace.EncodeVocabulary:
		p := Policy{MinSeen: f.opts.MinSeen, MaxClasses: limit}
		switch field.Kind {
		case trace.KindCategory, trace.KindProtocol, trace.KindBoolean:
			p.KeepAll = true
		}
		if enc == trace.EncodeCategory || field.IsPublic {
			p.KeepAll = true
		}
		return one(Member{Classes: fitClasses(field.Kind, t, values, field.Choices, p, f.rand)}), nil
	}
	return Block{}, fmt.Errorf("field %q: unknown encoding %q", field.Name, enc)
}

func one(m Member) Block { return Block{Members: []Member{m}} }

// codable reports whether bits can code all values: there is none for a missing
// value or an IPv6 address.
func codable(field trace.Field, values []any) bool {
	for _, v := range values {
		if s, text := v.(string); v == nil || text && field.Kind == trace.KindAddress && strings.Contains(s, ":") {
			return false
		}
	}
	return true
}

func fitBits(field trace.Field, t trace.Type, values []any) (Block, error) {
	b := &Bits{Type: t, Address: field.Kind == trace.KindAddress, N: 32}
	if field.Kind == trace.KindPort {
		b.N = 16
	}
	if field.Bits > 0 && !b.Address {
		b.N = field.Bits
	}
	for _, v := range values {
		s, isText := v.(string)
		switch {
		case b.Address && (!isText || strings.Contains(s, ":")):
			return Block{}, fmt.Errorf("field %q: encoding bit is for IPv4 addresses, not %v", field.Name, v)
		case !b.Address:
			x, ok := number(v)
			if !ok || x < 0 || x != float64(uint64(x)) {
				return Block{}, fmt.Errorf("field %q: encoding bit is for whole numbers, not %v", field.Name, v)
			}
			for b.N < 64 && x >= float64(uint64(1)<<b.N) {
				if field.Bits > 0 {
					return Block{}, fmt.Errorf("field %q: %v has more than the %d bits that it is to be learnt by", field.Name, v, field.Bits)
				}
				b.N++
			}
		}
	}
	block := one(Member{})
	block.Bits = b
	return block, nil
}
