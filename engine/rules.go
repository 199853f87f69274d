package engine

import (
	"context"
	"math"
	"slices"
	"strings"

	"netshare/workspace/rule"
	"netshare/workspace/trace"
)

// rules are what holds in every record: what the recipe declares, and what the
// real trace tells of itself. Records have the metadata fields, then the series
// fields, then the time, if any.
type rules struct {
	Meta, Series int // fields
	Types        []trace.Type
	Key          []bool    // columns that tell sessions apart
	Low, High    []float64 // of the numbers of each column in the real trace
	Rules        []rule.Rule
}

// newRules has the rules that a recipe declares.
func newRules(r *trace.Recipe, types map[string]trace.Type) rules {
	out := rules{Meta: len(r.Metadata), Series: len(r.Series)}
	var names []string
	for _, f := range out.fields(r) {
		names = append(names, f.Name)
		out.Types = append(out.Types, types[f.Name])
		out.Low, out.High = append(out.Low, math.Inf(1)), append(out.High, math.Inf(-1))
		out.Key = append(out.Key, len(out.Key) < out.Meta && slices.Contains(r.KeyNames(), f.Name))
	}
	out.Rules = rule.Compile(r.Rules, names)
	return out
}

func (r *rules) fields(recipe *trace.Recipe) []trace.Field {
	fields := slices.Concat(recipe.Metadata, recipe.Series)
	if recipe.HasTime() {
		fields = append(fields, recipe.Time)
	}
	return fields
}

// ruledRecords is about how many records rules are found in: what holds in all of
// so many is not broken by one of 50,000.
const ruledRecords = 1 << 17

// fitRules finds the rules of the sessions, besides those that are declared.
func fitRules(recipe *trace.Recipe, types map[string]trace.Type, sessions []trace.Session) rules {
	out := newRules(recipe, types)
	var in rule.Records
	for i, f := range out.fields(recipe) {
		list := f.Encoding == trace.EncodeAttributes || f.Encoding == trace.EncodeValues || strings.HasSuffix(string(types[f.Name]), "[]")
		in.Columns = append(in.Columns, rule.Column{Name: f.Name, Kind: f.Kind, Session: i < out.Meta, Key: out.Key[i], Bounded: f.Bounded, List: list})
	}
	records := 0
	for _, s := range sessions {
		records += len(s.Series)
	}
	each := 1 + records/ruledRecords
	for i := 0; i < len(sessions); i += each {
		s := sessions[i]
		for _, rec := range s.Series {
			row := out.join(s.Meta, rec)
			for c, v := range row {
				if x, ok := rule.Number(v); ok {
					out.Low[c], out.High[c] = min(out.Low[c], x), max(out.High[c], x)
				}
			}
			in.Rows = append(in.Rows, row)
			in.Session = append(in.Session, int32(i/each))
		}
	}
	for i := range out.Rules {
		out.Rules[i].Learn(in.Rows)
	}
	out.Rules = append(out.Rules, rule.Find(in)...)
	return out
}

// join is a record with its session's metadata, its time last.
func (r *rules) join(meta, rec trace.Row) trace.Row {
	row := append(make(trace.Row, 0, r.Meta+r.Series+1), meta...)
	row = append(row, rec[1:]...)
	return append(row, rec[0])[:len(r.Types)]
}

// ofMeta reports whether a rule is of metadata alone.
func (r *rules) ofMeta(x *rule.Rule) bool {
	for _, c := range x.When {
		if c.Column >= r.Meta {
			return false
		}
	}
	return slices.Max(x.Columns) < r.Meta
}

// declared gives a private model the rules that its recipe declares, but for
// those that look at the real trace.
func declared(recipe *trace.Recipe, types map[string]trace.Type) func(*Model, error) (*Model, error) {
	return func(m *Model, err error) (*Model, error) {
		if m != nil {
			m.targets.rules = newRules(recipe, types)
			m.targets.rules.Rules = slices.DeleteFunc(m.targets.rules.Rules, func(x rule.Rule) bool {
				return x.Kind == trace.RuleTogether || x.Kind == trace.RuleUnique
			})
		}
		return m, err
	}
}

// keepingSink makes sessions keep rules before they are written.
type keepingSink struct {
	sink    Sink
	keeper  *keeper
	waiting []trace.Session
	records int
}

func (s *keepingSink) Write(ctx context.Context, session trace.Session) error {
	s.waiting = append(s.waiting, session)
	if s.records += len(session.Series); s.records < runRecords {
		return nil
	}
	return s.flush(ctx)
}

func (s *keepingSink) flush(ctx context.Context) error {
	s.keeper.hold(s.waiting)
	s.keeper.distinguish(s.waiting)
	for _, session := range s.waiting {
		if err := s.sink.Write(ctx, session); err != nil {
			return err
		}
	}
	s.waiting, s.records = nil, 0
	return nil
}
