package marginal

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"netshare/engine/codec"
	"netshare/engine/privacy"
	"netshare/workspace/trace"
)

// Model is a trace as noised counts know it. Its fields are exported for gob;
// they hold nothing that has not been through noise.
type Model struct {
	Sessions   float64 // as counted with noise
	Time       trace.Field
	TimeType   trace.Type
	Metadata   int // fields
	Series     int // fields
	Key        []int
	Attributes []attribute
	Edges      []edge
	Chains     []chain
	Statement  privacy.Statement
}

// fitter is what fitting carries along.
type fitter struct {
	look     *look
	model    *Model
	recipe   *trace.Recipe
	sessions float64 // with noise
	several  float64 // of several records, with noise
	delta    float64 // for each column that names texts
	alone    bool    // columns are learnt on their own
	share    float64 // of the budget, for all that is learnt here
}

// Fit learns a recipe's fields from sessions; types gives the type of each
// column by name. It fails where the options are wrong, the recipe has no
// address for the unit Host, or a time is no time. Sessions are not kept.
func Fit(ctx context.Context, recipe *trace.Recipe, types map[string]trace.Type, sessions []trace.Session, opts Options) (*Model, error) {
	f, sessions, err := begin(recipe, types, sessions, opts)
	if err != nil {
		return nil, err
	}
	if err := f.fit(ctx, sessions); err != nil {
		return nil, err
	}
	f.state()
	return f.model, nil
}

// begin declares what is learnt, and returns the sessions that are looked at.
func begin(recipe *trace.Recipe, types map[string]trace.Type, sessions []trace.Session, opts Options) (*fitter, []trace.Session, error) {
	if err := opts.Validate(); err != nil {
		return nil, nil, err
	}
	f := &fitter{
		look:   &look{noise: privacy.NewNoise(), ledger: &privacy.Ledger{}, options: opts},
		model:  &Model{Time: recipe.Time, Metadata: len(recipe.Metadata), Series: len(recipe.Series)},
		recipe: recipe,
		share:  1,
	}
	for i, field := range recipe.Metadata {
		if slices.Contains(recipe.KeyNames(), field.Name) {
			f.model.Key = append(f.model.Key, i)
		}
	}
	if recipe.HasTime() {
		if f.model.TimeType = types[recipe.Time.Name]; f.model.TimeType == trace.TypeText {
			return nil, nil, fmt.Errorf("time field %q holds text: load it as a timestamp or a number", recipe.Time.Name)
		}
	}
	sessions, err := f.bounded(sessions)
	if err != nil {
		return nil, nil, err
	}
	return f, sessions, f.attributes(types)
}

// fit spends the budget.
func (f *fitter) fit(ctx context.Context, sessions []trace.Session) error {
	o, m := f.look.options, f.model
	names := 0
	for i := range m.Attributes {
		names += boolInt(m.Attributes[i].names())
	}
	budget := o.Budget
	budget.Delta *= 1 - deltaOfNames
	rho := budget.Concentrated() * f.share
	f.delta = o.Delta * deltaOfNames / float64(max(1, names))
	noised, sigma, err := f.look.counts("sessions", rho*countShare, 1, []int64{int64(len(sessions)) * weight})
	if err != nil {
		return err
	}
	f.sessions = max(1, noised[0])
	m.Sessions = f.sessions
	if f.sessions < 3*sigma {
		advice := "ask for a greater epsilon, or use a longer trace"
		if o.Unit == Host {
			advice = fmt.Sprintf("ask for a greater epsilon, fewer than %d sessions of a host, or use a longer trace", o.HostCap)
		}
		return fmt.Errorf("epsilon %.3g says nothing of a trace of so few sessions: noise of %.0f is added to their number: %s", o.Epsilon, sigma, advice)
	}
	// Lengths first: sessions that are all of one record have no gaps, and no way
	// from record to record.
	share := columnShare
	if f.alone = o.ColumnsOnly || !f.pairsWorth(rho); f.alone {
		share += chooseShare + pairShare + chainShare
	}
	columns := rho * share / float64(len(m.Attributes))
	kept := m.Attributes[:0]
	for i := range m.Attributes {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		a := m.Attributes[i]
		if a.Role == ofGap && f.several == 0 {
			continue
		}
		if err := f.fitAttribute(&a, sessions, columns, rho*startShare); err != nil {
			return fmt.Errorf("column %s: %w", a.Def.Name, err)
		}
		a.settleMasses(f.sessions)
		if a.Role == ofLength {
			f.several = longer(&a)
		}
		kept = append(kept, a)
	}
	m.Attributes = kept
	return f.fitTogether(ctx, sessions, rho)
}

// fitTogether learns pairs and transitions.
func (f *fitter) fitTogether(ctx context.Context, sessions []trace.Session, rho float64) error {
	m, o := f.model, f.look.options
	chains := rho * chainShare
	if f.several < chainLeast*f.sessions {
		chains = 0
	}
	pairs := rho*(1-chooseShare) - chains - f.look.spent // what is left
	sigma := multiplier(pairs/float64(max(1, len(m.Attributes)-1))) * o.sensitivity()
	limit := classLimit(f.sessions, sigma)
	for i := range m.Attributes {
		a := &m.Attributes[i]
		if a.group(limit, ownLeast*sigma); f.alone {
			a.Class, a.Count = make([]int32, len(a.Leaves)), 1
		}
		a.index()
	}
	if f.alone {
		return nil
	}
	t, err := f.table(ctx, sessions)
	if err != nil {
		return err
	}
	chosen, err := f.choose(t, rho*chooseShare, sigma)
	if err != nil {
		return err
	}
	if len(chosen) > 0 {
		if err := f.fitPairs(t, chosen, pairs); err != nil {
			return err
		}
	}
	if chains > 0 {
		return f.fitChains(t, chains)
	}
	return nil
}

// pairsWorth reports whether pairs of columns say more than the noise of their
// counts, at so few sessions.
func (f *fitter) pairsWorth(rho float64) bool {
	sigma := multiplier(rho*pairShare/float64(max(1, len(f.model.Attributes)-1))) * f.look.options.sensitivity()
	return noiseOf(leastClasses*leastClasses, sigma) < noiseMost*f.sessions
}

// noiseMost is the share of the sessions from which noise in the coarsest pair
// is too much. Measured, pairs of columns were closer with pairs than with columns
// alone at .015 (UGR'16 flows), as close at .05, and farther off at .055 (350 Zeek
// connections at epsilon 8: .34 against .27) and at .1.
const noiseMost = .045

// noiseOf is the mean total variation, in sessions, that noise makes in counts
// of so many cells.
func noiseOf(cells int, sigma float64) float64 {
	return float64(cells) * sigma * math.Sqrt(2/math.Pi) / 2
}

// ownLeast is what a class of its own must hold, in standard deviations of the
// noise of a pair's counts.
const ownLeast = 2

// chainLeast is the share of sessions of several records from which it is
// learnt how records follow each other.
const chainLeast = .03

// longer is how many sessions have several records, 0 where that may be noise.
func longer(a *attribute) (n float64) {
	for _, l := range a.Leaves {
		if l.Kind == parts {
			if lo, hi := a.Grid.bounds(l.Cell, l.Sub, l.Subs); lo >= 2 || hi > 2 {
				n += l.Mass
			}
		}
	}
	return n
}

// fitAttribute learns one attribute on its own.
func (f *fitter) fitAttribute(a *attribute, sessions []trace.Session, rho, start float64) error {
	values := f.values(a, sessions)
	switch {
	case a.Role == ofStart:
		return f.fitStart(a, values, start)
	case a.Grid != nil:
		whole := a.Grid.Whole
		rho, err := f.fitDecimals(a, values, rho)
		if err != nil {
			return err
		}
		if a.Grid.Whole != whole {
			values = f.values(a, sessions) // in other cells now
		}
		return f.fitGrid(a, values, rho)
	case a.Def.Kind == trace.KindAddress && a.Type == trace.TypeText:
		return f.fitAddresses(a, values, rho)
	}
	return f.fitWords(a, values, publicWords(a.Def), rho, f.sessions)
}

// names reports whether learning the attribute may name texts of the data.
func (a *attribute) names() bool {
	return a.Role == ofField && !a.closed() && (a.Grid == nil || a.Type == trace.TypeText)
}

// mostGap is the longest time between records that is told apart: a year.
const mostGap = 365 * 24 * 3600

// attributes declares what is learnt.
func (f *fitter) attributes(types map[string]trace.Type) error {
	m, r := f.model, f.recipe
	keyless := len(r.KeyNames()) == 0
	if !keyless {
		m.Attributes = append(m.Attributes, attribute{Role: ofLength, Def: trace.Field{Name: "records of a session"}, Grid: &grid{Whole: true, Low: 1, High: float64(f.look.options.MaxRecords)}})
	}
	if r.HasTime() {
		m.Attributes = append(m.Attributes, attribute{Role: ofStart, Def: trace.Field{Name: "session start"}})
		if !keyless {
			m.Attributes = append(m.Attributes, attribute{Role: ofGap, Series: true, Def: trace.Field{Name: "time between records"}, Grid: &grid{High: mostGap}})
		}
	}
	add := func(fields []trace.Field, series bool) error {
		for i, field := range fields {
			t, ok := types[field.Name]
			if !ok {
				return fmt.Errorf("field %q is no column of the trace", field.Name)
			}
			field.ParseFunc, field.FormatFunc, field.DeriveFunc, field.Forward, field.Inverse = nil, nil, nil, nil, nil
			a := attribute{Series: series, Field: i, Def: field, Type: t}
			_, list := t.Elem()
			words := list || t == trace.TypeBool || field.Choices != nil || field.Encoding == trace.EncodeCategory || field.Encoding == trace.EncodeVocabulary
			switch field.Kind {
			case trace.KindPort:
				if !words {
					a.Grid = &grid{Ports: true}
				}
			case trace.KindInteger, trace.KindReal, trace.KindTimestamp:
				if !words {
					a.Since = field.Kind == trace.KindTimestamp && r.HasTime() && t != trace.TypeText
					a.Grid = &grid{Whole: t == trace.TypeInt && !a.Since || field.Kind == trace.KindInteger}
					if field.Bounded && !a.Since && !math.IsInf(float64(field.Min), 0) && !math.IsInf(float64(field.Max), 0) {
						a.Grid.Low, a.Grid.High = float64(field.Min), float64(field.Max)
					}
				}
			}
			m.Attributes = append(m.Attributes, a)
		}
		return nil
	}
	if err := add(r.Metadata, false); err != nil {
		return err
	}
	return add(r.Series, true)
}

// values returns what an attribute is in each session, or each of its records.
func (f *fitter) values(a *attribute, sessions []trace.Session) []weighted {
	var out []weighted
	for i, s := range sessions {
		if !a.Series {
			out = append(out, weighted{int32(i), weight, f.model.value(a, s, 0)})
			continue
		}
		for k := range s.Series {
			out = append(out, weighted{int32(i), weight / int64(len(s.Series)), f.model.value(a, s, k)})
		}
	}
	return out
}

// value returns what an attribute is in a record of a session.
func (m *Model) value(a *attribute, s trace.Session, record int) cellValue {
	at := func(k int) float64 { t, _ := m.seconds(m.Time, m.TimeType, s.Series[k][0]); return t }
	switch a.Role {
	case ofStart:
		return cellValue{kind: interval, number: at(0)}
	case ofLength:
		return a.Grid.value(float64(len(s.Series)))
	case ofGap:
		if record == 0 {
			return cellValue{kind: missing}
		}
		return a.Grid.value(math.Max(0, at(record)-at(record-1)))
	}
	var v any
	if a.Series {
		v = s.Series[record][a.Field+1]
	} else {
		v = s.Meta[a.Field]
	}
	if v == nil {
		return cellValue{kind: missing}
	}
	if a.Grid != nil {
		x, ok := codec.Float(v)
		if a.Since {
			x, ok = m.seconds(a.Def, a.Type, v)
			x -= at(record)
		}
		if ok {
			return a.Grid.value(x)
		}
		if a.Type != trace.TypeText {
			return cellValue{kind: missing}
		}
	}
	text, _ := codec.Text(v)
	return cellValue{kind: word, text: text}
}

// seconds returns a time in seconds.
func (m *Model) seconds(field trace.Field, t trace.Type, v any) (float64, bool) {
	x, ok := codec.Float(v)
	if t == trace.TypeTime {
		if at, is := v.(time.Time); is {
			return float64(at.Unix()) + float64(at.Nanosecond())*1e-9, true
		}
	}
	return x * field.Unit.Seconds(), ok
}

// table codes all records by the attributes' classes.
func (f *fitter) table(ctx context.Context, sessions []trace.Session) (*table, error) {
	as := f.model.Attributes
	t := &table{codes: make([][]int32, len(as))}
	for i, s := range sessions {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for k := range s.Series {
			t.weight, t.first = append(t.weight, weight/int64(len(s.Series))), append(t.first, k == 0)
		}
		for j := range as {
			a := &as[j]
			var c int32
			for k := range s.Series {
				if k == 0 || a.Series {
					c = a.Class[a.leafOf(f.model.value(a, s, k))]
				}
				t.codes[j] = append(t.codes[j], c)
			}
		}
	}
	return t, nil
}

// bounded cuts sessions to the most records that are looked at and, for the
// unit Host, leaves out sessions of a host beyond the cap, drawn at random.
func (f *fitter) bounded(sessions []trace.Session) ([]trace.Session, error) {
	o := f.look.options
	out := make([]trace.Session, len(sessions))
	for i, s := range sessions {
		s.Series = s.Series[:min(len(s.Series), o.MaxRecords)]
		out[i] = s
	}
	if o.Unit != Host {
		return out, nil
	}
	source := HostField(f.recipe)
	if source < 0 {
		return nil, fmt.Errorf("the unit of privacy is the source host, and the session key has no address: choose session or record")
	}
	byHost := map[string][]int{}
	for i, s := range out {
		host, _ := codec.Text(s.Meta[source])
		byHost[host] = append(byHost[host], i)
	}
	var kept []int
	for _, is := range byHost {
		for k := range min(o.HostCap, len(is)) { // a random choice, without replacement
			j := k + int(f.look.noise.Below(uint64(len(is)-k)))
			is[k], is[j] = is[j], is[k]
			kept = append(kept, is[k])
		}
	}
	slices.Sort(kept)
	for i, k := range kept {
		out[i] = out[k]
	}
	return out[:len(kept)], nil
}

// HostField returns the metadata field that is a session's source host: the
// first address, of the key where that has one; -1 without.
func HostField(r *trace.Recipe) int {
	best := -1
	for i, field := range r.Metadata {
		if field.Kind == trace.KindAddress && (best < 0 && len(r.KeyNames()) == 0 || slices.Contains(r.KeyNames(), field.Name)) {
			return i
		}
	}
	return best
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
