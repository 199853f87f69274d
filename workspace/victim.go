package workspace

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"netshare/eval/attack"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

const (
	sampledSessions = 20000   // of each table, that attacks know
	distinctKept    = 2000000 // identifiers of each kind that are counted, the first
	rarelySeen      = 5       // sessions from which on a value is repeated by intent
	ephemeral       = 32768   // ports from here on are chosen anew for each connection
)

// victim is what attacks look at in the tables of one recipe.
type victim struct {
	recipe      *trace.Recipe
	host        string // column of a session's host, "" for none
	space       *attack.Space
	identifiers []attack.Identifiers
	seed        maphash.Seed

	sources      []int  // positions of the key's addresses in the metadata
	meta, series []bool // fields that both tables have
}

// newVictim settles what is known of sessions: what of them is constant, how
// many records they have and how long they last, and of each field that varies
// the first value and the mean, or the last. Names, addresses and times are left
// out: those are counted as identifiers.
func newVictim(r *trace.Recipe, real, synth Table) *victim {
	v := &victim{recipe: r, host: hostColumn(r), seed: maphash.MakeSeed()}
	var columns []attack.Column
	has := func(f trace.Field) bool { return real.Schema.Index(f.Name) >= 0 && synth.Schema.Index(f.Name) >= 0 }
	for _, f := range r.Metadata {
		v.meta = append(v.meta, has(f))
		if has(f) && known(f) {
			columns = append(columns, attack.Column{Name: f.Name, Numeric: numeric(f)})
		}
	}
	columns = append(columns, attack.Column{Name: "records", Numeric: true}, attack.Column{Name: "duration", Numeric: true})
	for _, f := range r.Series {
		v.series = append(v.series, has(f))
		switch {
		case !has(f) || !known(f):
		case numeric(f):
			columns = append(columns, attack.Column{Name: f.Name + ", first", Numeric: true}, attack.Column{Name: f.Name + ", mean", Numeric: true})
		default:
			columns = append(columns, attack.Column{Name: f.Name + ", first"}, attack.Column{Name: f.Name + ", last"})
		}
	}
	v.space = attack.NewSpace(columns)
	add := func(name, what string) {
		if !slices.ContainsFunc(v.identifiers, func(i attack.Identifiers) bool { return i.Name == name }) {
			v.identifiers = append(v.identifiers, attack.Identifiers{Name: name, What: what})
		}
	}
	for i, f := range slices.Concat(r.Metadata, r.Series) {
		switch {
		case !has(f):
		case f.Kind == trace.KindAddress && !f.IsPublic:
			add("addresses", "addresses")
			add("rare addresses", "addresses of fewer than five sessions")
			add("networks", "networks (/24, of IPv6 /64)")
			if i < len(r.Metadata) && slices.Contains(r.KeyNames(), f.Name) {
				v.sources = append(v.sources, i)
			}
		case f.Kind == trace.KindPort:
			add("rare ports", "ports from 1024 of fewer than five sessions")
		case names(f):
			add("text "+f.Name, "values of "+f.Name)
			add("rare text "+f.Name, "values of "+f.Name+" of fewer than five sessions")
		}
	}
	if len(v.sources) > 1 {
		add("pairs", "pairs of hosts")
		add("keys", "five-tuples")
		if !slices.ContainsFunc(r.Metadata, func(f trace.Field) bool { return f.Kind == trace.KindPort }) {
			v.identifiers[len(v.identifiers)-1].What = "session keys"
		}
	}
	return v
}

func numeric(f trace.Field) bool {
	return f.Kind == trace.KindInteger || f.Kind == trace.KindReal
}

// known reports whether attacks know a field that may be in a session's place
// among others.
func known(f trace.Field) bool { return !names(f) && f.Kind != trace.KindTimestamp }

// identifierSet counts the sessions that have each identifier of a kind.
type identifierSet map[string]int32

func (s identifierSet) add(id string) {
	if _, ok := s[id]; ok || len(s) < distinctKept {
		s[id]++
	}
}

// side reads a table. Addresses go through renamer, where that is not nil.
func (v *victim) side(ctx context.Context, w *Workspace, t Table, renamer func(string) string, rng *rand.Rand) (attack.Side, error) {
	out := attack.Side{Name: t.Name.String(), Records: int(t.Rows), Sample: v.space.NewSample(), Identifiers: map[string][]string{}}
	found := map[string]identifierSet{}
	for _, i := range v.identifiers {
		found[i.Name] = identifierSet{}
	}
	recipe := v.shared(t)
	src := tableSource{db: w.db, table: t, recipe: recipe}
	for s, err := range src.plain(ctx) {
		if err != nil {
			return out, err
		}
		readdress(recipe, s, renamer)
		v.identify(recipe, s, found)
		out.Whole = append(out.Whole, v.digest(recipe, s, true))
		out.Behaviour = append(out.Behaviour, v.digest(recipe, s, false))
		at := out.Sessions
		if out.Sessions++; at >= sampledSessions { // reservoir sampling: each as likely
			if at = rng.IntN(out.Sessions); at >= sampledSessions {
				continue
			}
		}
		values, host := v.features(recipe, s)
		if host == "" && t.Name.Schema == store.Raw {
			host = v.hostOf(recipe, s, t, out.Sessions-1)
		}
		var bad error
		if at < out.Sample.Len() {
			bad = out.Sample.Replace(at, values, host)
		} else {
			bad = out.Sample.Append(values, host)
		}
		if bad != nil {
			return out, fmt.Errorf("%s: %w", t.Name, bad)
		}
	}
	for name, set := range found {
		rare := strings.HasPrefix(name, "rare ")
		for id, n := range set {
			if !rare || n < rarelySeen {
				out.Identifiers[name] = append(out.Identifiers[name], id)
			}
		}
		slices.Sort(out.Identifiers[name])
	}
	return out, nil
}

// shared is the recipe without the fields that one of the tables lacks.
func (v *victim) shared(t Table) *trace.Recipe {
	r := *v.recipe
	keep := func(fs []trace.Field, has []bool) (out []trace.Field) {
		for i, f := range fs {
			if has[i] {
				out = append(out, f)
			}
		}
		return out
	}
	r.Metadata, r.Series = keep(r.Metadata, v.meta), keep(r.Series, v.series)
	var key []string
	for _, k := range v.recipe.KeyNames() {
		if t.Schema.Index(k) >= 0 {
			key = append(key, k)
		}
	}
	if r.Key = key; key == nil {
		r.Key = []string{}
	}
	if r.HasTime() && t.Schema.Index(r.Time.Name) < 0 {
		r.Time = trace.Field{}
	}
	return &r
}

// readdress changes the addresses of a session.
func readdress(r *trace.Recipe, s trace.Session, renamer func(string) string) {
	if renamer == nil {
		return
	}
	change := func(f trace.Field, v *any) {
		if x, ok := (*v).(string); ok && f.Kind == trace.KindAddress && !f.IsPublic {
			*v = renamer(x)
		}
	}
	for i, f := range r.Metadata {
		change(f, &s.Meta[i])
	}
	for i, f := range r.Series {
		for _, rec := range s.Series {
			change(f, &rec[i+1])
		}
	}
}

// identify counts a session's identifiers.
func (v *victim) identify(r *trace.Recipe, s trace.Session, found map[string]identifierSet) {
	var hosts, key []string
	seen := map[string]bool{} // once in a session
	note := func(kind, id string) {
		if set := found[kind]; set != nil && !seen[kind+"\x00"+id] {
			seen[kind+"\x00"+id] = true
			set.add(id)
		}
	}
	one := func(f trace.Field, value any) {
		for _, x := range elements(value) {
			if x == "" || f.Kind != trace.KindPort && !names(f) {
				continue
			}
			switch f.Kind {
			case trace.KindAddress:
				if _, err := netip.ParseAddr(x); err != nil {
					continue
				}
				note("addresses", x)
				note("rare addresses", x)
				note("networks", network(x))
			case trace.KindPort:
				if n, err := strconv.Atoi(x); err == nil && n >= 1024 {
					note("rare ports", x)
				}
			default:
				note("text "+f.Name, x)
				note("rare text "+f.Name, x)
			}
		}
	}
	keys := r.KeyNames()
	for i, f := range r.Metadata {
		one(f, s.Meta[i])
		if !slices.Contains(keys, f.Name) {
			continue
		}
		x := plain(s.Meta[i])
		if f.Kind == trace.KindAddress {
			hosts = append(hosts, x)
		}
		key = append(key, x)
	}
	for i, f := range r.Series {
		if f.Kind == trace.KindPort || names(f) {
			for _, rec := range s.Series {
				one(f, rec[i+1])
			}
		}
	}
	if len(hosts) > 1 {
		note("pairs", strings.Join(hosts, " "))
		note("keys", strings.Join(key, " "))
	}
}

// network is the /24 of an IPv4 address, the /64 of another.
func network(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return s
	}
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return s
	}
	return p.String()
}

// elements are a value as text, of a list its texts one by one.
func elements(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok { // a number in a list names nobody
				out = append(out, s)
			}
		}
		return out
	}
	return []string{plain(v)}
}

// plain is a value as text, "" where it is missing.
func plain(v any) string {
	if v == nil {
		return ""
	}
	return plainText(v)
}

// features are what attacks know of a session, and its host.
func (v *victim) features(r *trace.Recipe, s trace.Session) (values []any, host string) {
	for i, f := range r.Metadata {
		if f.Name == v.host {
			host = plain(s.Meta[i])
		}
		if known(f) {
			values = append(values, feature(f, s.Meta[i]))
		}
	}
	values = append(values, float64(len(s.Series)), lasted(s))
	for i, f := range r.Series {
		if !known(f) {
			continue
		}
		first := feature(f, s.Series[0][i+1])
		if !numeric(f) {
			values = append(values, first, feature(f, s.Series[len(s.Series)-1][i+1]))
			continue
		}
		sum, n := 0., 0.
		for _, rec := range s.Series {
			if x, ok := feature(f, rec[i+1]).(float64); ok {
				sum += x
				n++
			}
		}
		var mean any
		if n > 0 {
			mean = sum / n
		}
		values = append(values, first, mean)
	}
	return values, host
}

// feature is a value as attacks know it: a number, a text, or nil.
func feature(f trace.Field, value any) any {
	switch {
	case value == nil:
		return nil
	case numeric(f):
		if x, ok := numberOf(value); ok && !math.IsNaN(x) {
			return x
		}
		return nil
	case f.Kind == trace.KindPort:
		return service(value)
	}
	return plainText(value)
}

// service is a port, or that it was chosen for the connection.
func service(value any) string {
	s := plainText(value)
	if n, err := strconv.Atoi(s); err == nil && n >= ephemeral {
		return "ephemeral"
	}
	return s
}

// lasted is the time from a session's first record to its last, in the time's
// own unit or in seconds; nil where there is none.
func lasted(s trace.Session) any {
	a, b := s.Series[0][0], s.Series[len(s.Series)-1][0]
	if d, ok := since(a, b); ok {
		return d
	}
	return nil
}

func since(a, b any) (float64, bool) {
	if x, ok := a.(time.Time); ok {
		if y, ok := b.(time.Time); ok {
			return y.Sub(x).Seconds(), true
		}
		return 0, false
	}
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return float64(y - x), true
		}
	}
	x, okX := numberOf(a)
	y, okY := numberOf(b)
	return y - x, okX && okY
}

// digest is a hash of all that a session is, times counted from its first
// record; without names and addresses, and with ports that were chosen for the
// connection alike, where whole is false.
func (v *victim) digest(r *trace.Recipe, s trace.Session, whole bool) uint64 {
	var h maphash.Hash
	h.SetSeed(v.seed)
	put := func(f trace.Field, value any) {
		switch {
		case !whole && names(f):
			return
		case !whole && f.Kind == trace.KindPort && value != nil:
			value = service(value)
		}
		var b [9]byte
		switch x := value.(type) {
		case nil:
			h.WriteByte(0)
			return
		case int64:
			b[0] = 1
			binary.LittleEndian.PutUint64(b[1:], uint64(x))
			h.Write(b[:])
			return
		case float64:
			b[0] = 2
			binary.LittleEndian.PutUint64(b[1:], math.Float64bits(x))
			h.Write(b[:])
			return
		case time.Time:
			d, _ := since(s.Series[0][0], x)
			b[0] = 3
			binary.LittleEndian.PutUint64(b[1:], math.Float64bits(d))
			h.Write(b[:])
			return
		}
		h.WriteByte(4)
		h.WriteString(plainText(value))
		h.WriteByte(0xff)
	}
	for i, f := range r.Metadata {
		put(f, s.Meta[i])
	}
	for _, rec := range s.Series {
		if d, ok := since(s.Series[0][0], rec[0]); ok {
			put(trace.Field{}, d)
		}
		for i, f := range r.Series {
			put(f, rec[i+1])
		}
	}
	return h.Sum64()
}
