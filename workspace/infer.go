package workspace

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// infer declares what of a table is learnt when nobody says so: which column
// is the time, which tell sessions apart, which are constant within a session,
// and what each means.
func (w *Workspace) infer(ctx context.Context, t store.Trace) (*trace.Recipe, error) {
	stats, err := w.db.Profile(ctx, t.Name)
	if err != nil {
		return nil, err
	}
	g := guess{schema: t.Schema, stats: map[string]store.ColumnStats{}, rows: t.Rows}
	for _, s := range stats {
		g.stats[s.Name] = s
	}
	if err := w.oddNumbers(ctx, t, &g); err != nil {
		return nil, err
	}
	g.time = g.timeColumn()
	key := g.fiveTuple()
	if key == nil {
		key = g.entities()
	}
	r := &trace.Recipe{Name: t.Name.Table, Key: key}
	if r.Key == nil {
		r.Key = []string{}
	}
	if g.time != "" {
		c, _ := t.Schema.Column(g.time)
		r.Time = trace.Field{Name: c.Name, Kind: trace.KindTimestamp, Unit: c.Unit}
	}
	var rest []string
	for _, c := range t.Schema.Columns {
		switch {
		case c.Name == g.time:
		case slices.Contains(key, c.Name):
			r.Metadata = append(r.Metadata, g.field(c))
		default:
			rest = append(rest, c.Name)
		}
	}
	constant := map[string]bool{}
	if len(key) == 0 { // each record is a session of its own
		for _, name := range rest {
			constant[name] = true
		}
	} else if constant, err = w.constants(ctx, t, g, key, rest); err != nil {
		return nil, err
	}
	for _, name := range rest {
		c, _ := t.Schema.Column(name)
		if constant[name] {
			r.Metadata = append(r.Metadata, g.field(c))
		} else {
			r.Series = append(r.Series, g.field(c))
		}
	}
	return r, r.Validate()
}

// severalLeast is how many sessions of two records or more it takes to believe
// that a column does not change within a session.
const severalLeast = 10

// constants returns which columns never change within a session. Of
// identifiers, which have a value for each session, a few changes are forgiven:
// a key that was used again.
func (w *Workspace) constants(ctx context.Context, t store.Trace, g guess, key, columns []string) (map[string]bool, error) {
	shares, several, err := w.db.ConstantWithin(ctx, t.Name, key, columns)
	if err != nil {
		return nil, err
	}
	constant := map[string]bool{}
	sessions := int64(-1) // counting them takes long, and few tables need it
	for name, share := range shares {
		if several < severalLeast || share <= .9 {
			continue
		}
		c, _ := t.Schema.Column(name)
		if constant[name] = share == 1; share == 1 || c.Kind != trace.KindText {
			continue
		}
		if sessions < 0 {
			if sessions, err = w.db.CountDistinct(ctx, t.Name, key...); err != nil {
				return nil, err
			}
		}
		constant[name] = float64(g.stats[name].Distinct) > .9*float64(sessions)
	}
	return constant, nil
}

// guess is what inference knows of a table.
type guess struct {
	schema trace.Schema
	stats  map[string]store.ColumnStats
	rows   int64
	time   string
	odd    map[string]bool // columns of text that are numbers but for NaN and infinities
}

// oddNumbers finds the columns of many numbers that are text since some of these
// are NaN or infinities, as a division by a duration of 0 leaves them.
func (w *Workspace) oddNumbers(ctx context.Context, t store.Trace, g *guess) error {
	g.odd = map[string]bool{}
	for _, c := range t.Schema.Columns {
		s := g.stats[c.Name]
		if c.Type != trace.TypeText || c.Kind != trace.KindText || s.Distinct <= fewValues || !slices.ContainsFunc(s.Top, func(v store.ValueCount) bool {
			text, _ := v.Value.(string)
			x, err := strconv.ParseFloat(text, 64)
			return err == nil && (math.IsNaN(x) || math.IsInf(x, 0))
		}) {
			continue
		}
		finite, odd, err := w.db.Numbers(ctx, t.Name, c.Name)
		if err != nil {
			return err
		}
		g.odd[c.Name] = odd > 0 && finite > odd && finite+odd == s.Rows-s.Nulls
	}
	return nil
}

// words returns a column name's words in lower case: "id.orig_h" is id, orig
// and h, "StartTime" start and time.
func words(name string) []string {
	var b strings.Builder
	var last rune
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return strings.FieldsFunc(strings.ToLower(b.String()), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// wholes returns the words and the name without what stands between them, so
// that "src_ip", "SrcIP" and "srcip" are all found as srcip.
func wholes(name string) []string {
	ws := words(name)
	return append(ws, strings.Join(ws, ""))
}

func anyOf(ws []string, list string) bool {
	return slices.ContainsFunc(strings.Fields(list), func(w string) bool { return slices.Contains(ws, w) })
}

// timeColumn returns the column that orders the records, "" where none does.
func (g *guess) timeColumn() string {
	best, bestScore := "", -1.0
	for _, c := range g.schema.Columns {
		s := g.stats[c.Name]
		if c.Kind != trace.KindTimestamp || c.Type == trace.TypeText || s.Rows == s.Nulls {
			continue
		}
		ws := wholes(c.Name)
		score := 0.0
		switch {
		case len(words(c.Name)) == 1 && anyOf(ws, "ts time timestamp datetime"):
			score = 5
		case anyOf(ws, "timestamp starttime firstseen flowstart"):
			score = 4
		case anyOf(ws, "ts time start first begin"):
			score = 3
		case anyOf(ws, "end last deadline planned not expiry until"):
			score = .5
		default:
			score = 1
		}
		score -= 4 * float64(s.Nulls) / float64(max(1, s.Rows))
		if score > bestScore {
			best, bestScore = c.Name, score
		}
	}
	return best
}

const (
	sourceWords = "src source orig originator client sa saddr srcaddr srcip sourceip srcport sport sourceport sp from local"
	destWords   = "dst dest destination resp responder server da daddr dstaddr dstip destip destinationip dstport dport destport destinationport dp to remote"
)

// fiveTuple returns the columns of the five-tuple that the table has, nil where
// it has no address.
func (g *guess) fiveTuple() []string {
	var key []string
	pick := func(kind trace.Kind) {
		var source, dest, other []string
		for _, c := range g.schema.Columns {
			if c.Kind != kind || g.stats[c.Name].Nulls == g.rows {
				continue
			}
			switch ws := wholes(c.Name); {
			case anyOf(ws, "data tunnel nat answer answers email x"): // about another connection
			case anyOf(ws, sourceWords):
				source = append(source, c.Name)
			case anyOf(ws, destWords):
				dest = append(dest, c.Name)
			default:
				other = append(other, c.Name)
			}
		}
		switch {
		case len(source) > 0 || len(dest) > 0:
			if len(source) > 0 {
				key = append(key, source[0])
			}
			if len(dest) > 0 {
				key = append(key, dest[0])
			}
		case len(other) > 0:
			key = append(key, other[:min(2, len(other))]...)
		}
	}
	pick(trace.KindAddress)
	if key == nil {
		return nil
	}
	pick(trace.KindPort)
	for _, c := range g.schema.Columns {
		if c.Kind == trace.KindProtocol {
			return append(key, c.Name)
		}
	}
	return key
}

const (
	caseWords   = "case caseid trace traceid session sessionid journey journeyid transaction transactionid flowid connid"
	entityWords = "user username host hostname computer machine node nodeid instance instanceid device deviceid customer " +
		"customerid client clientid account accountid src dst source dest destination srcip dstip ip mac owner person " +
		"server member agent uid msname msinstanceid userid hostid"
)

// entities returns the columns that tell the sessions of an event log apart:
// that of a case, where there is one, or all that name somebody or something.
// A column that is different in nearly every record, or missing in most, tells
// none apart.
func (g *guess) entities() []string {
	var cases, found []string
	for _, c := range g.schema.Columns {
		s := g.stats[c.Name]
		repeats := s.Distinct > 1 && float64(s.Distinct) <= .7*float64(g.rows)
		named := c.Kind == trace.KindText || c.Kind == trace.KindCategory || c.Kind == trace.KindInteger || c.Kind == trace.KindPort
		_, list := c.Type.Elem()
		if c.Name == g.time || !repeats || !named || list || 2*s.Nulls > g.rows {
			continue
		}
		ws := wholes(c.Name)
		switch {
		case anyOf(ws, "port sport dport srcport dstport"):
			if c.Kind == trace.KindPort {
				found = append(found, c.Name)
			}
		case anyOf(ws, caseWords) && float64(s.Distinct) > .02*float64(g.rows) && s.Nulls == 0:
			cases = append(cases, c.Name)
		case anyOf(ws, entityWords) || strings.HasSuffix(strings.ToLower(c.Name), "id") && c.Kind != trace.KindInteger && s.Distinct > 10:
			found = append(found, c.Name)
		}
	}
	if len(cases) > 0 { // the finest: a case's other columns are constant in it
		slices.SortStableFunc(cases, func(a, b string) int {
			return int(g.stats[b].Distinct - g.stats[a].Distinct)
		})
		return cases[:1]
	}
	return found
}

// codeWords are of numbers that are names for something.
const codeWords = "type class code flag flags tos stos dtos version status level mode stratum method vlan rcode qtype qclass unit opcode severity facility priority label z"

// nameWords are of texts that name or describe somebody or something, however
// few there are.
const nameWords = "password passwd name email mail subject file filename path uri url query cookie fingerprint serial hash md5 sha1 sha256 " +
	"answers helo rcptto mailfrom msg message content description key id ids fuid fuids"

const (
	wordValues = 20  // distinct short texts up to which they are words of a language of their own
	wordLength = 16  // characters of such words, in the mean
	fewValues  = 100 // distinct values up to which a text is a category
	codeValues = 64  // distinct values up to which a number named like a code is one
)

// field declares a column by what it holds.
func (g *guess) field(c trace.Column) trace.Field {
	s := g.stats[c.Name]
	f := trace.Field{Name: c.Name, Kind: c.Kind, Unit: c.Unit}
	filled := s.Rows - s.Nulls
	_, list := c.Type.Elem()
	switch c.Kind {
	case trace.KindText, trace.KindCategory:
		if c.Type == trace.TypeInt { // a code: what is made of its digits is none
			if s.Distinct > fewValues {
				f.Kind = trace.KindInteger
			}
			break
		}
		if g.odd[c.Name] {
			f.Kind = trace.KindReal
			break
		}
		f.Kind = trace.KindText
		ws := wholes(c.Name)
		words := s.Distinct <= wordValues && s.MeanLen <= wordLength && !list && !anyOf(ws, nameWords) && !anyOf(ws, entityWords) && !anyOf(ws, caseWords)
		if s.Distinct <= fewValues && s.Distinct*4 <= filled || s.Distinct <= 2 || words {
			f.Kind = trace.KindCategory
		}
	case trace.KindInteger:
		if list {
			f.Kind = trace.KindText
		} else if s.Distinct <= codeValues && s.Distinct*4 <= filled && anyOf(wholes(c.Name), codeWords) || s.Distinct <= 2 {
			f.Kind = trace.KindCategory
		}
	case trace.KindReal, trace.KindBoolean, trace.KindTimestamp:
		if list {
			f.Kind = trace.KindText
		}
	}
	return f
}
