package codec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// flows makes sessions of a five-tuple, one to three records each, the first
// ones with an address of their own.
func flows(n int) []trace.Session {
	r := rand.New(rand.NewPCG(1, 1))
	var out []trace.Session
	t := time.Date(2025, 3, 4, 8, 0, 0, 0, time.UTC)
	for i := range n {
		s := trace.Session{Meta: trace.Row{
			fmt.Sprintf("10.0.%d.%d", r.IntN(4), r.IntN(250)), "192.0.2.1",
			int64(49152 + r.IntN(16000)), []any{int64(53), int64(443)}[i%2], []any{"UDP", "TCP"}[i%2],
		}}
		t = t.Add(time.Duration(r.IntN(1000)) * time.Millisecond)
		for k := range 1 + r.IntN(3) {
			var bytes any = int64(40 + r.IntN(1400))
			if r.IntN(10) == 0 {
				bytes = nil
			}
			s.Series = append(s.Series, trace.Row{t.Add(time.Duration(k) * 250 * time.Millisecond), bytes, r.Float64() < .5, float64(r.IntN(1000)) / 100})
		}
		out = append(out, s)
	}
	return out
}

var flowRecipe = trace.Recipe{
	Name: "flows", Time: trace.Timestamp("ts", ""),
	Metadata: []trace.Field{trace.IP("src"), trace.IP("dst"), trace.Port("sport"), trace.Port("dport"), trace.Protocol("proto")},
	Series:   []trace.Field{trace.Integer("bytes"), trace.Boolean("ok"), trace.Real("delay")},
}

var flowTypes = map[string]trace.Type{
	"ts": trace.TypeTime, "src": trace.TypeText, "dst": trace.TypeText, "sport": trace.TypeInt, "dport": trace.TypeInt,
	"proto": trace.TypeText, "bytes": trace.TypeInt, "ok": trace.TypeBool, "delay": trace.TypeReal,
}

func fit(t *testing.T, sessions []trace.Session) *Codec {
	t.Helper()
	c, err := Fit(&flowRecipe, flowTypes, sessions, DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRoundTrip: what a session is coded to decodes to a session of the same
// times and series, the same service, and addresses and ports of their kind.
func TestRoundTrip(t *testing.T) {
	sessions := flows(500)
	c := fit(t, sessions)
	r := rand.New(rand.NewPCG(2, 2))
	for i, s := range sessions {
		samples := c.Encode(s)
		if len(samples) != 1 || samples[0].Records != len(s.Series) {
			t.Fatalf("session %d of %d records became %d samples", i, len(s.Series), len(samples))
		}
		cand := c.DecodeMeta(samples[0].Meta, r)
		if cand.Records != len(s.Series) || !c.Begins(samples[0].Meta) {
			t.Fatalf("session %d: %d records, want %d and the first piece", i, cand.Records, len(s.Series))
		}
		if cand.Meta[1] != s.Meta[1] || cand.Meta[3] != s.Meta[3] || cand.Meta[4] != s.Meta[4] {
			t.Errorf("session %d: %v became %v", i, s.Meta, cand.Meta)
		}
		if a, err := netip.ParseAddr(cand.Meta[0].(string)); err != nil || !strings.HasPrefix(a.String(), "10.0.") {
			t.Errorf("session %d: source %v became %v", i, s.Meta[0], cand.Meta[0])
		}
		if p := cand.Meta[2].(int64); p < 49152 || p > 65535 {
			t.Errorf("session %d: source port %v became %v", i, s.Meta[2], p)
		}
		for k, rec := range c.decodeSeries(cand, samples[0].Series, r) {
			want := s.Series[k]
			if d := rec[0].(time.Time).Sub(want[0].(time.Time)); d.Abs() > 5*time.Second {
				t.Errorf("session %d record %d: time is off by %v", i, k, d)
			}
			if !reflect.DeepEqual(rec[2], want[2]) {
				t.Errorf("session %d record %d: %v became %v", i, k, want, rec)
			}
			for _, f := range []int{1, 3} {
				x, okX := number(rec[f])
				y, okY := number(want[f])
				if okX != okY || math.Abs(x-y) > .02*max(1, math.Abs(y)) {
					t.Errorf("session %d record %d field %d: %v became %v", i, k, f, want[f], rec[f])
				}
			}
		}
	}
}

// TestValuesOfTheSession: a series field that mostly has the value of a metadata
// field has one class for that, whatever the value, and decodes to it; what is
// none of the session's, and what is like it by chance only, stays as it is.
func TestValuesOfTheSession(t *testing.T) {
	recipe := trace.Recipe{
		Name: "cases", Key: []string{},
		Metadata: []trace.Field{trace.Text("place"), trace.Text("owner")},
		Series:   []trace.Field{trace.Text("by"), trace.Text("where")},
	}
	types := map[string]trace.Type{"place": trace.TypeText, "owner": trace.TypeText, "by": trace.TypeText, "where": trace.TypeText}
	r := rand.New(rand.NewPCG(1, 1))
	name := func(of string, n int) string { return fmt.Sprintf("%s%02d", of, r.IntN(n)) }
	var sessions []trace.Session
	for range 400 {
		s := trace.Session{Meta: trace.Row{name("place", 3), name("clerk", 20)}}
		for range 3 {
			by := s.Meta[1].(string)
			if r.IntN(2) == 0 {
				by = name("clerk", 20)
			}
			s.Series = append(s.Series, trace.Row{nil, by, name("place", 3)})
		}
		sessions = append(sessions, s)
	}
	c, err := Fit(&recipe, types, sessions, DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	by, where := member(c.Series, 0), member(c.Series, 1)
	if by.Same != 2 || where.Same != 0 {
		t.Fatalf("fields are likened to %d and %d, want 2 and 0", by.Same, where.Same)
	}
	at := c.SeriesPlaces()[slices.IndexFunc(c.SeriesPlaces(), func(p Place) bool { return p.Field == 0 })]
	own := map[float32]bool{}
	for _, s := range sessions {
		code := c.Encode(s)[0].Series
		other := Candidate{Meta: trace.Row{"place00", "clerk99"}, Records: len(s.Series)}
		back := c.decodeSeries(other, code, r)
		for k, rec := range s.Series {
			want := rec[1]
			if want == s.Meta[1] {
				want = "clerk99"
				own[code[k*len(c.SeriesHeads())+at.Head]] = true
			}
			if back[k][1] != want || back[k][2] != rec[2] {
				t.Fatalf("record %v of %v became %v of %v", rec, s.Meta, back[k], other.Meta)
			}
		}
	}
	if at.Head >= 0 && len(at.Of) == by.size() && len(own) != 1 {
		t.Errorf("the session's own value has %d classes, want 1", len(own))
	}
}

// TestNumbersThatStayAndCountOn: a number that stays in its session, and one that
// counts on, have their first value with the metadata and come back as they were;
// by another first value they stay at, or count from, that. What comes and goes,
// and what changes at random, is coded for itself.
func TestNumbersThatStayAndCountOn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, x := range []struct {
		name   string
		first  func() any
		next   func(any) any
		stays  bool
		counts bool
	}{
		{"ttl", func() any { return r.Int64N(200) }, func(v any) any {
			if r.IntN(20) == 0 {
				return r.Int64N(200)
			}
			return v
		}, true, false},
		{"seq", func() any { return r.Int64N(1 << 31) }, func(v any) any { return v.(int64) + []int64{0, 1448, 500}[r.IntN(3)] }, true, true},
		{"sum", func() any { return float64(r.IntN(1e6)) }, func(v any) any { return math.Round(v.(float64)*10+float64(r.IntN(9))) / 10 }, true, true},
		{"len", func() any { return r.Int64N(1500) }, func(any) any { return r.Int64N(1500) }, false, false},
		{"walk", func() any { return r.Int64N(1 << 31) }, func(v any) any { return v.(int64) + r.Int64N(9) - 4 }, false, false},
		{"gone", func() any { return r.Int64N(1 << 31) }, func(v any) any {
			if n, ok := v.(int64); ok && r.IntN(3) > 0 {
				return n + 1
			}
			return nil
		}, false, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			field, of := trace.Integer(x.name), trace.TypeInt
			if _, real := x.first().(float64); real {
				field, of = trace.Real(x.name), trace.TypeReal
			}
			recipe := trace.Recipe{Name: "packets", Key: []string{}, Metadata: []trace.Field{trace.Text("proto")}, Series: []trace.Field{field}}
			types := map[string]trace.Type{"proto": trace.TypeText, x.name: of}
			var sessions []trace.Session
			for i := range 300 {
				s := trace.Session{Meta: trace.Row{[]string{"tcp", "icmp"}[i%2]}}
				v := x.first()
				for range 5 {
					if i%2 == 1 {
						v = nil
					}
					s.Series = append(s.Series, trace.Row{nil, v})
					if v != nil {
						v = x.next(v)
					}
				}
				sessions = append(sessions, s)
			}
			c, err := Fit(&recipe, types, sessions, DefaultOptions(), 1)
			if err != nil {
				t.Fatal(err)
			}
			m := member(c.Series, 0)
			if stays := len(c.Firsts) > 0 && m.Same > 0; stays != x.stays || (m.Change != nil) != x.counts {
				t.Fatalf("stays or counts on: %v, counts on: %v; want %v and %v", stays, m.Change != nil, x.stays, x.counts)
			}
			near := func(got, want any) bool {
				a, is := number(got)
				b, should := number(want)
				return is == should && math.Abs(a-b) < 1e-6
			}
			for i, s := range sessions {
				code := c.Encode(s)[0]
				cand := c.DecodeMeta(code.Meta, r)
				back := c.Decode(cand, code.Series, r)
				if !reflect.DeepEqual(back.Meta, s.Meta) {
					t.Fatalf("session %d: %v became %v", i, s.Meta, back.Meta)
				}
				for k, rec := range s.Series {
					if !near(back.Series[k][1], rec[1]) {
						t.Fatalf("session %d record %d: %v became %v", i, k, rec[1], back.Series[k][1])
					}
				}
				if !x.stays || s.Series[0][1] == nil {
					continue
				}
				other := sessions[(i+2)%len(sessions)].Series[0][1]
				cand.Meta[1] = other
				for k, rec := range c.Decode(cand, code.Series, r).Series {
					want := other
					if x.counts {
						want = m.Change.from(other, less(s.Series[k][1], s.Series[0][1]))
					} else if s.Series[k][1] != s.Series[0][1] {
						want = s.Series[k][1]
					}
					if !near(rec[1], want) {
						t.Fatalf("session %d record %d: by another first value %v, want %v", i, k, rec[1], want)
					}
				}
			}
		})
	}
}

// TestRareValuesAreNotRepeated: an address seen in fewer sessions than MinSeen
// comes out only by chance.
func TestRareValuesAreNotRepeated(t *testing.T) {
	sessions := flows(400)
	for i := range sessions { // no frequent sources
		sessions[i].Meta[0] = fmt.Sprintf("10.9.%d.%d", i/250, i%250)
	}
	c := fit(t, sessions)
	r := rand.New(rand.NewPCG(3, 3))
	same := 0
	for _, s := range sessions {
		if c.DecodeMeta(c.Encode(s)[0].Meta, r).Meta[0] == s.Meta[0] {
			same++
		}
	}
	if same > 10 {
		t.Errorf("%d of 400 unique addresses came back as they were", same)
	}
}

func TestLongSessionsAreCutInPieces(t *testing.T) {
	sessions := flows(50)
	long := sessions[0]
	start := long.Series[0][0].(time.Time)
	for k := len(long.Series); k < 40; k++ {
		long.Series = append(long.Series, trace.Row{start.Add(time.Duration(k) * 250 * time.Millisecond), int64(k), true, 1.5})
	}
	sessions[0] = long
	c := fit(t, sessions)
	samples := c.Encode(long)
	if len(samples) != 3 || !samples[0].First || samples[1].First || samples[2].First {
		t.Fatalf("40 records became %d samples, the first of which begin a session: %v", len(samples), samples)
	}
	for i, s := range samples {
		if s.Records != 16 {
			t.Errorf("piece %d has %d records, want 16", i, s.Records)
		}
	}
	r := rand.New(rand.NewPCG(4, 4))
	if cand := c.DecodeMeta(samples[1].Meta, r); c.Begins(samples[1].Meta) || cand.Records != 40 {
		t.Errorf("the second piece reads as the first, or as one of %d records", cand.Records)
	}
	code := append([]float32(nil), samples[1].Meta...)
	c.SetPiece(code, true)
	if !reflect.DeepEqual(code, samples[0].Meta) {
		t.Error("the second piece marked as the first differs from the first")
	}
}

// TestRulesHoldWithoutException: a field that one protocol has and the other
// has not comes out so, whatever the codes say.
func TestRulesHoldWithoutException(t *testing.T) {
	sessions := flows(300)
	for i, s := range sessions {
		for _, rec := range s.Series {
			rec[1] = any(int64(7 + i%3))
			if s.Meta[4] == "UDP" {
				rec[1] = nil
			}
		}
	}
	c := fit(t, sessions)
	if len(c.Rules) == 0 {
		t.Fatal("found no rules")
	}
	r := rand.New(rand.NewPCG(8, 8))
	for i, s := range sessions {
		cand := c.DecodeMeta(c.Encode(s)[0].Meta, r)
		other := c.Encode(sessions[(i+1)%len(sessions)])[0] // of the other protocol
		for _, rec := range c.decodeSeries(cand, other.Series, r) {
			if (rec[1] == nil) != (cand.Meta[4] == "UDP") {
				t.Fatalf("%v of a session over %v", rec, cand.Meta[4])
			}
		}
		// A row that the networks might make: the other protocol's port.
		meta := append(trace.Row(nil), cand.Meta...)
		meta[3] = sessions[(i+1)%len(sessions)].Meta[3]
		c.apply(false, meta, meta, r)
		if (meta[3] == int64(53)) != (meta[4] == "UDP") {
			t.Fatalf("port %v over %v", meta[3], meta[4])
		}
	}
}

// TestConflictsAreTheRules: a session is in no conflict where all rules of its
// metadata hold, and in one where one does not.
func TestConflictsAreTheRules(t *testing.T) {
	sessions := flows(300)
	c := fit(t, sessions)
	conflicts := c.Conflicts()
	if len(conflicts) == 0 {
		t.Fatal("no conflicts")
	}
	r := rand.New(rand.NewPCG(9, 9))
	holds := 0
	for range 3000 {
		meta := make(trace.Row, len(sessions[0].Meta))
		for i := range meta {
			if meta[i] = sessions[r.IntN(len(sessions))].Meta[i]; r.IntN(20) == 0 {
				meta[i] = nil
			}
		}
		apart := slices.ContainsFunc(conflicts, func(x Conflict) bool { return x.Apart(x.OfA(meta[x.A]), x.OfB(meta[x.B])) })
		if apart == c.Holds(meta) {
			t.Fatalf("%v is in conflict: %v, and keeps all rules: %v", meta, apart, c.Holds(meta))
		}
		if !apart {
			holds++
		}
	}
	if holds == 0 || holds == 3000 {
		t.Errorf("%d of 3000 sessions keep all rules", holds)
	}
}

func TestNumbers(t *testing.T) {
	for _, tc := range []struct {
		name   string
		typ    trace.Type
		enc    trace.Encoding
		values []any
		within float64 // of the value
	}{
		{"few whole numbers", trace.TypeInt, trace.EncodeQuantile, []any{int64(1), int64(2), int64(2), int64(9), nil}, 0},
		{"one value", trace.TypeInt, trace.EncodeQuantile, []any{int64(7), int64(7)}, 0},
		{"all missing", trace.TypeReal, trace.EncodeQuantile, []any{nil, nil}, 0},
		{"minmax", trace.TypeReal, trace.EncodeMinMax, []any{-1.5, 0.0, 12.25}, 1e-5},
		{"log1p", trace.TypeInt, trace.EncodeLog, []any{int64(0), int64(10), int64(100000)}, 1e-2},
		{"not finite", trace.TypeReal, trace.EncodeQuantile, []any{1.0, math.NaN(), math.Inf(1), 2.0}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := fitNumber(tc.typ, tc.enc, tc.values, false, 0, 0)
			for _, v := range tc.values {
				got := n.decode(n.class(v), n.rankOf(v))
				x, ok := number(v)
				y, okY := number(got)
				if ok != okY || ok && math.Abs(x-y) > tc.within*max(1, math.Abs(x)) {
					t.Errorf("%v became %v", v, got)
				}
			}
		})
	}
}

func TestClockKeepsTheGrid(t *testing.T) {
	at := func(ms int64) any { return time.UnixMilli(1458298072364 + ms).UTC() }
	for _, tc := range []struct {
		name  string
		typ   trace.Type
		times []any
		ticks float64 // of the last
	}{
		{"milliseconds of timestamps", trace.TypeTime, []any{at(0), at(7), at(1001)}, 1001},
		{"microseconds in whole milliseconds", trace.TypeReal, []any{1458298072364000.0, 1458298072371000.0, 1458298073365000.0}, 1001},
		{"seconds with decimals", trace.TypeReal, []any{10.25, 10.5, 11.75}, 150},
		{"whole seconds", trace.TypeInt, []any{int64(1), int64(3), int64(28)}, 27},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := fitClock(tc.typ, tc.times)
			if c.Last != tc.ticks {
				t.Errorf("the trace lasts %v ticks, want %v", c.Last, tc.ticks)
			}
			for _, v := range tc.times {
				if got := c.value(c.ticks(v)); !reflect.DeepEqual(got, v) {
					t.Errorf("%v became %v", v, got)
				}
			}
		})
	}
}

func TestTemplateMakesUpTheLike(t *testing.T) {
	var uids, users, names []string
	r := rand.New(rand.NewPCG(5, 5))
	for range 300 {
		uids = append(uids, "C"+(&Shape{Parts: []Part{{Class: 'z', N: 17}}}).draw(r))
		users = append(users, fmt.Sprintf("C%d$@DOM1", 100+r.IntN(900)))
		names = append(names, fmt.Sprintf("10.%d.%d.9", r.IntN(256), r.IntN(256)))
	}
	for _, tc := range []struct {
		values []string
		ok     func(string) bool
	}{
		{uids, func(s string) bool { return len(s) == 18 && s[0] == 'C' }},
		{users, func(s string) bool {
			return strings.HasPrefix(s, "C") && strings.HasSuffix(s, "$@DOM1") && len(s) == 10
		}},
		{names, func(s string) bool { _, err := netip.ParseAddr(s); return err == nil }},
	} {
		tmpl := fitTemplate(tc.values)
		for range 200 {
			if s := tmpl.draw(r); !tc.ok(s) {
				t.Fatalf("made %q of %q and others", s, tc.values[0])
			}
		}
	}
}

func TestJointKeepsCombinations(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	j, covered := fitJoint([][]int32{{0, 0, 1, 1}, {2, 2, 3, 4}}, nil, 10, 1)
	if j.size() != 3 || covered != 1 {
		t.Fatalf("%d combinations of %v of the rows, want 3 of all", j.size(), covered)
	}
	got := make([]int32, 2)
	for _, want := range [][]int32{{0, 2}, {1, 3}, {1, 4}} {
		if j.draw(j.class(want), got, r); !reflect.DeepEqual(got, want) {
			t.Errorf("%v became %v", want, got)
		}
	}
	// Rare combinations share a class, in which they come as they were seen, or
	// with each field that is to be apart drawn on its own.
	for _, apart := range [][]bool{nil, {true, false}} {
		j, covered = fitJoint([][]int32{{0, 0, 1, 2}, {2, 2, 3, 4}}, apart, 10, 2)
		if j.size() != 2 || covered != .5 {
			t.Fatalf("%d classes hold %v of the rows, want 2, the common one .5", j.size(), covered)
		}
		seen := map[int32]bool{}
		for range 50 {
			j.draw(j.class([]int32{1, 3}), got, r)
			seen[10*got[0]+got[1]] = true
		}
		want := map[bool]int{true: 2, false: 4}[apart == nil]
		if len(seen) != want {
			t.Errorf("the rare ones came out as %d combinations, want %d", len(seen), want)
		}
	}
}

// TestGroupingFindsWhatGoesTogether: a code and its name share a head, a coin
// has its own.
func TestGroupingFindsWhatGoesTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	g := grouping{limit: 100, minSeen: 5}
	columns := make([][]any, 3)
	for range 500 {
		code := r.Int64N(5)
		columns[0] = append(columns[0], code)
		columns[1] = append(columns[1], fmt.Sprintf("name %d", code))
		columns[2] = append(columns[2], r.IntN(2) == 0)
	}
	for i, kind := range []trace.Kind{trace.KindCategory, trace.KindCategory, trace.KindBoolean} {
		typ := []trace.Type{trace.TypeInt, trace.TypeText, trace.TypeBool}[i]
		c := fitClasses(kind, typ, columns[i], nil, Policy{KeepAll: true, MaxClasses: 100}, r)
		g.add(kind, Member{Field: i, Classes: c}, columns[i])
	}
	blocks := g.blocks()
	if len(blocks) != 2 || len(blocks[0].Members) != 2 || blocks[0].Joint.size() != 5 {
		t.Errorf("the fields became %d blocks, the first of %d fields", len(blocks), len(blocks[0].Members))
	}
}

func FuzzText(f *testing.F) {
	f.Add("a.example.org", int64(3))
	f.Add("", int64(-1))
	f.Add("é漢字\x00\xff", int64(0))
	f.Fuzz(func(t *testing.T, s string, n int64) {
		for _, v := range []any{s, n, n%2 == 0} {
			typ := map[bool]trace.Type{true: trace.TypeText}[v == any(s)]
			switch v.(type) {
			case int64:
				typ = trace.TypeInt
			case bool:
				typ = trace.TypeBool
			}
			x, ok := text(v)
			if !ok || parse(x, typ) != v {
				t.Errorf("%#v became %#v", v, parse(x, typ))
			}
		}
		r := rand.New(rand.NewPCG(1, 1))
		fitTemplate([]string{s}).draw(r)
	})
}

// TestCategoryOfTooManyValues: the values that have no class of their own share
// one, and come back as such values, not as the first.
func TestCategoryOfTooManyValues(t *testing.T) {
	recipe := &trace.Recipe{Name: "t", Key: []string{"n"}, Metadata: []trace.Field{trace.Integer("n")}, Series: []trace.Field{trace.Category("item")}}
	types := map[string]trace.Type{"n": trace.TypeInt, "item": trace.TypeText}
	var sessions []trace.Session
	for i := range 3000 {
		sessions = append(sessions, trace.Session{Meta: trace.Row{int64(i % 50)}, Series: []trace.Row{{nil, fmt.Sprint("item-", i)}}})
	}
	c, err := Fit(recipe, types, sessions, DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(2, 2))
	kept, seen := 0, map[any]bool{}
	for _, s := range sessions {
		sample := c.Encode(s)[0]
		v := c.decodeSeries(c.DecodeMeta(sample.Meta, r), sample.Series, r)[0][1]
		if v == s.Series[0][1] {
			kept++
		}
		seen[v] = true
	}
	if most := DefaultOptions().MaxSeriesClasses; kept > most+20 || kept < most/2 || len(seen) < 1000 {
		t.Errorf("%d of 3000 values came back as they were and %d different ones: want the kept ones, at most %d, and about 1,900", kept, len(seen), most)
	}
}
