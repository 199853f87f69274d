package codec

import (
	"fmt"
	"math/rand/v2"
	"slices"

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
	f.fitFirsts(recipe)
	meta, err := f.fitFields(f.c.ownFields(recipe), f.metaColumn, nil, opts.MaxClasses)
	if err != nil {
		return nil, err
	}
	series, err := f.fitFields(recipe.Series, f.seriesColumn, func(i int) int { return f.fitSame(recipe, i) }, opts.MaxSeriesClasses)
	if err != nil {
		return nil, err
	}
	f.c.Meta = append(meta, f.c.Meta...)
	f.c.Series = series
	if f.gap != nil {
		f.c.Series = append(f.c.Series, one(*f.gap))
	}
	f.fitLength()
	if err := f.fitWords(recipe, seed); err != nil {
		return nil, err
	}
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
// together first. Where same is there, it says for each which metadata field it
// is likened to, counted from 1.
func (f *fitter) fitFields(fields []trace.Field, column func(int) []any, same func(int) int, limit int) ([]Block, error) {
	g := grouping{limit: limit, minSeen: f.opts.MinSeen}
	var alone []Block
	for i, field := range fields {
		t, ok := f.types[field.Name]
		if !ok {
			return nil, fmt.Errorf("field %q is no column of the trace", field.Name)
		}
		values, like := column(i), 0
		if same != nil {
			like = same(i)
		}
		if like > 0 {
			field.Choices = append(slices.Clip(field.Choices), sameText)
		}
		b, err := f.fitField(field, t, values, limit)
		if err != nil {
			return nil, err
		}
		b.Members[0].Field = i
		if like > 0 {
			b.Members[0].Same = like
			f.liken(&b.Members[0], values)
		}
		if m := b.Members[0]; b.Bits == nil && b.Words == nil && m.size() > 0 {
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
	if _, list := t.Elem(); list && slices.Contains([]trace.Encoding{trace.EncodeQuantile, trace.EncodeMinMax, trace.EncodeSymmetric, trace.EncodeLog, trace.EncodeBits}, enc) {
		return Block{}, fmt.Errorf("field %q: a list can't have encoding %s", field.Name, enc)
	}
	switch enc {
	case trace.EncodeMinMax, trace.EncodeSymmetric, trace.EncodeLog, trace.EncodeQuantile:
		return one(Member{Number: fitNumber(t, enc, values, field.Bounded, float64(field.Min), float64(field.Max))}), nil
	case trace.EncodeBits:
		bits, ok, err := fitBits(field, t, values)
		if err != nil {
			return Block{}, err
		}
		if !ok {
			field.Encoding = trace.EncodeAuto
			return f.fitField(field, t, values, limit)
		}
		b := one(Member{})
		b.Bits = bits
		return b, nil
	case trace.EncodeAuto, trace.EncodeCategory, trace.EncodeVocabulary, trace.EncodeEmbedding:
		p := Policy{MinSeen: f.opts.MinSeen, MaxClasses: limit}
		switch field.Kind {
		case trace.KindCategory, trace.KindProtocol, trace.KindBoolean:
			p.KeepAll = true
		}
		if enc == trace.EncodeCategory || field.IsPublic {
			p.KeepAll = true
		}
		if enc == trace.EncodeEmbedding {
			p.MaxClasses = f.opts.MaxClasses // they have no head of as many classes
		}
		b := one(Member{Classes: fitClasses(field.Kind, t, values, field.Choices, p, f.rand)})
		if enc == trace.EncodeEmbedding {
			b.Words = &Words{} // until all fields are known
		}
		return b, nil
	}
	return Block{}, fmt.Errorf("field %q: unknown encoding %q", field.Name, enc)
}

func one(m Member) Block { return Block{Members: []Member{m}} }
