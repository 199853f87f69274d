package codec

// Place is a field in a row of codes: where its code stands, and what it is of.
type Place struct {
	Field    int         // position among the metadata or series fields, or below 0 what the session has itself
	From, To int         // heads of its block, which are of all its members together
	Head     int         // head of the block's category; -1 where it has none
	Of       []int32     // for each class of Head the field's own; -1 where it may be of several
	Number   *NumberHead // of the field; nil where it has none
	// Follows says that the field may have the value of one of the session's, which
	// is a class, whatever the value.
	Follows bool
}

// Start reports whether it is the session's first time.
func (p *Place) Start(series bool) bool { return !series && p.Field == fieldStart }

// Moves reports whether a field may be exchanged between records or sessions:
// all but the length, the gaps, and fields coded as bits.
func (p *Place) Moves(series bool) bool { return p.Field >= 0 || p.Start(series) }

// MetaPlaces returns the fields in a row of metadata codes but those coded as
// bits.
func (c *Codec) MetaPlaces() []Place { return placesOf(c.Meta) }

// SeriesPlaces returns those in a record's codes.
func (c *Codec) SeriesPlaces() []Place { return placesOf(c.Series) }

func placesOf(blocks []Block) []Place {
	var out []Place
	numbers := numbersOf(blocks)
	at := 0
	for i := range blocks {
		b := &blocks[i]
		from, to := at, at+b.width()
		at = to
		if b.Bits != nil {
			continue
		}
		for j := range b.Members {
			m := &b.Members[j]
			p := Place{Field: m.Field, From: from, To: to, Head: -1, Follows: m.Same > 0}
			switch {
			case b.Length != nil:
				p.Head, p.Of = from, identity(len(b.Length.Ranges))
			case b.classes() > 0 && b.Joint == nil:
				p.Head, p.Of = from, identity(b.classes())
			case b.classes() > 0:
				p.Head, p.Of = from, b.Joint.of(j)
			}
			if b.Length == nil && m.numeric() {
				p.Number, numbers = &numbers[0], numbers[1:]
			}
			out = append(out, p)
		}
	}
	return out
}

// NumberOf returns how a field at a place of the metadata, or of the series, is
// read as a number from a row of codes, with false where the row has none. It is
// nil for a field that is no number.
func (c *Codec) NumberOf(p Place, series bool) func(code []float32) (float64, bool) {
	blocks := c.Meta
	if series {
		blocks = c.Series
	}
	at := 0
	for i := range blocks {
		b := &blocks[i]
		if at == p.From && b.Length == nil {
			for j := range b.Members {
				if m := &b.Members[j]; m.Field == p.Field && m.numeric() {
					return func(code []float32) (float64, bool) { return m.Number.float(&p, code) }
				}
			}
		}
		at += b.width()
	}
	return nil
}

// RankOf returns how a value of a field at a place is coded as a number, with
// false for one that is missing or a class of its own. It is nil for a field that
// is no number.
func (c *Codec) RankOf(p Place, series bool) func(v any) (float32, bool) {
	blocks := c.Meta
	if series {
		blocks = c.Series
	}
	m := member(blocks, p.Field)
	if m == nil || !m.numeric() {
		return nil
	}
	return func(v any) (float32, bool) {
		if _, ok := m.Number.of(v); !ok || m.Number.class(v) != m.Number.other() {
			return 0, false
		}
		return m.Number.rankOf(v), true
	}
}

func identity(n int) []int32 {
	of := make([]int32, n)
	for i := range of {
		of[i] = int32(i)
	}
	return of
}

// of returns for each class the class of one field, -1 where it may be of
// several.
func (j *Joint) of(field int) []int32 {
	of := make([]int32, j.size())
	for class := range of {
		of[class] = -1
		if class < len(j.Tuples) {
			of[class] = j.Tuples[class][field]
		}
	}
	return of
}
