package marginal

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"netshare/engine/privacy"
	"netshare/workspace/trace"
)

var testRecipe = trace.Recipe{
	Name: "flows",
	Time: trace.Epoch("ts", trace.Second),
	Metadata: []trace.Field{
		trace.IP("src"), trace.IP("dst"), trace.Port("dport"), trace.Protocol("proto"), trace.Text("host"), trace.Port("sport"),
	},
	Key:    []string{"src", "dst", "sport", "dport", "proto"},
	Series: []trace.Field{trace.Integer("bytes"), trace.Real("rtt"), trace.Category("flag", "S", "A", "F"), trace.Boolean("ok")},
}

var testTypes = map[string]trace.Type{
	"ts": trace.TypeReal, "src": trace.TypeText, "dst": trace.TypeText, "dport": trace.TypeInt, "sport": trace.TypeInt, "proto": trace.TypeText, "host": trace.TypeText,
	"bytes": trace.TypeInt, "rtt": trace.TypeReal, "flag": trace.TypeText, "ok": trace.TypeBool,
}

// testSessions makes flows of three sorts: DNS of one small record, web of
// several large ones, and a few with texts of their own.
func testSessions(n int, seed uint64) []trace.Session { return testHosts(n, 5, seed) }

// testHosts makes them of so many source hosts.
func testHosts(n, hosts int, seed uint64) []trace.Session {
	r := rand.New(rand.NewPCG(seed, 1))
	host := func() string { h := r.IntN(hosts); return fmt.Sprintf("10.0.%d.%d", h/200, 1+h%200) }
	var out []trace.Session
	for i := range n {
		s := trace.Session{Meta: trace.Row{host(), "8.8.8.8", int64(53), "udp", nil, 32768 + r.Int64N(28000)}}
		t := 1.7e9 + 3600*r.Float64()
		records := 1
		size := func() int64 { return 60 + r.Int64N(40) }
		if i%2 == 0 {
			s.Meta = trace.Row{host(), fmt.Sprintf("93.184.%d.%d", r.IntN(4), 1+r.IntN(250)), int64(443), "tcp", "web.example.com", 32768 + r.Int64N(28000)}
			records = 2 + r.IntN(6)
			size = func() int64 { return 1500 }
		}
		if i%50 == 7 {
			s.Meta[1], s.Meta[4] = fmt.Sprintf("77.%d.%d.9", r.IntN(200), r.IntN(200)), fmt.Sprintf("secretmark%04d.example", i)
		}
		for k := range records {
			flag := "A"
			if k == 0 {
				flag = "S"
			}
			s.Series = append(s.Series, trace.Row{t, size(), .01 * r.ExpFloat64(), flag, k%2 == 0})
			t += .1 + r.Float64()
		}
		out = append(out, s)
	}
	return out
}

func fit(t *testing.T, sessions []trace.Session, o Options) *Model {
	t.Helper()
	m, err := Fit(context.Background(), &testRecipe, testTypes, sessions, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func made(t *testing.T, m *Model, n int) []trace.Session {
	t.Helper()
	var out []trace.Session
	err := m.Generate(context.Background(), n, rand.New(rand.NewPCG(1, 2)), func(s trace.Session) error {
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func options(epsilon float64, unit Unit) Options {
	o := DefaultOptions()
	o.Budget, o.Unit = privacy.Budget{Epsilon: epsilon, Delta: 1e-5}, unit
	return o
}

// share is how many sessions meet a condition.
func share(ss []trace.Session, f func(trace.Session) bool) float64 {
	n := 0
	for _, s := range ss {
		n += boolInt(f(s))
	}
	return float64(n) / float64(len(ss))
}

func TestWhatGoesTogetherIsLearnt(t *testing.T) {
	m := fit(t, testSessions(4000, 1), options(4, Session))
	got := made(t, m, 3000)
	if d := m.Sessions - 4000; math.Abs(d) > 200 {
		t.Errorf("%g sessions counted, want about 4000", m.Sessions)
	}
	dns := func(s trace.Session) bool { return s.Meta[3] == "udp" }
	for _, c := range []struct {
		name      string
		want, off float64
		f         func(trace.Session) bool
	}{
		{"half are DNS", .5, .05, dns},
		{"DNS is udp to port 53", 0, .05, func(s trace.Session) bool { return dns(s) != (s.Meta[2] == int64(53)) }},
		{"DNS is of one record", 0, .06, func(s trace.Session) bool { return dns(s) != (len(s.Series) == 1) }},
		{"DNS goes to 8.8.8.8", 0, .07, func(s trace.Session) bool { return dns(s) != (s.Meta[1] == "8.8.8.8") }},
		{"web has 1500 bytes", 0, .06, func(s trace.Session) bool { return dns(s) != (s.Series[0][1].(int64) < 200) }},
		{"web names its host", .48, .06, func(s trace.Session) bool { return s.Meta[4] == "web.example.com" }},
		{"SYN comes first", .5, .5, func(s trace.Session) bool { return s.Series[0][3] == "S" }},
		{"starts are in the hour", 1, .02, func(s trace.Session) bool {
			x := s.Series[0][0].(float64)
			return x > 1.7e9-400 && x < 1.7e9+4000
		}},
		{"web goes to its prefix", .48, .06, func(s trace.Session) bool { d, _ := s.Meta[1].(string); return strings.HasPrefix(d, "93.184.") }},
	} {
		if p := share(got, c.f); math.Abs(p-c.want) > c.off {
			t.Errorf("%s: %.3f, want %.3f ± %.3f", c.name, p, c.want, c.off)
		}
	}
	last := 0.0
	seen := map[string]bool{}
	for _, s := range got {
		if x := s.Series[0][0].(float64); x < last {
			t.Fatal("sessions are not in the order of their starts")
		} else {
			last = x
		}
		for i := 1; i < len(s.Series); i++ {
			if s.Series[i][0].(float64) < s.Series[i-1][0].(float64) {
				t.Fatal("records go back in time")
			}
		}
		seen[fmt.Sprint(s.Meta[:4], s.Meta[5])] = true
	}
	if len(seen) < len(got)/10 {
		t.Errorf("%d keys in %d sessions", len(seen), len(got))
	}
	// the baseline knows the columns, and nothing of what goes together
	o := options(4, Session)
	o.ColumnsOnly = true
	alone := made(t, fit(t, testSessions(4000, 1), o), 3000)
	if p := share(alone, func(s trace.Session) bool { return dns(s) != (s.Meta[2] == int64(53)) }); p < .35 {
		t.Errorf("columns on their own have %.3f of protocol and port apart, want about .5", p)
	}
}

// A text or an address that one session has is in no model, whatever else it
// learns.
func TestNothingOfOneSessionIsNamed(t *testing.T) {
	sessions := testHosts(3000, 1000, 2)
	for _, unit := range Units() {
		o := options(8, unit)
		o.HostCap = 3
		m := fit(t, sessions, o)
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(m); err != nil {
			t.Fatal(err)
		}
		if mark := regexp.MustCompile(`secretmark|77\.\d+\.\d+\.9`).Find(b.Bytes()); mark != nil {
			t.Errorf("unit %s: the model holds %q", unit, mark)
		}
		if unit == Session && !bytes.Contains(b.Bytes(), []byte("web.example.com")) {
			t.Error("the model does not hold what half of the sessions have")
		}
	}
}

func TestTheStatementIsWhatWasSpent(t *testing.T) {
	for _, unit := range Units() {
		for _, epsilon := range []float64{1, 8} {
			o := options(epsilon, unit)
			o.HostCap = 1
			m := fit(t, testHosts(2500, 2000, 3), o)
			s := m.Statement
			if s.Epsilon > epsilon || s.Epsilon < .85*epsilon {
				t.Errorf("unit %s: %g of epsilon %g is spent", unit, s.Epsilon, epsilon)
			}
			again, _ := s.Ledger().Epsilon(s.Delta)
			if again != s.Epsilon {
				t.Errorf("the mechanisms come to %g, the statement says %g", again, s.Epsilon)
			}
			sum := 0.0
			names := map[string]bool{}
			for _, x := range s.Mechanisms {
				sum += x.Epsilon
				names[x.Name] = true
			}
			if math.Abs(sum-s.Epsilon) > 1e-9 {
				t.Errorf("the shares come to %g, want %g", sum, s.Epsilon)
			}
			for _, want := range []string{"sessions", "column proto: texts", "column dst: addresses and prefixes", "session starts: histogram"} {
				if !names[want] {
					t.Errorf("no mechanism %q", want)
				}
			}
			if len(s.Outside) == 0 || s.Unit != string(unit) || s.Means == "" {
				t.Errorf("the statement is incomplete: %+v", s)
			}
		}
	}
}

// One session changes each count by its weight at most: the sensitivity that
// noise is drawn for.
func TestASessionCountsOnce(t *testing.T) {
	m := fit(t, testSessions(2000, 4), options(8, Session))
	f := &fitter{look: &look{options: DefaultOptions()}, model: m, recipe: &testRecipe}
	long := testSessions(2, 5)[0]
	for len(long.Series) < 700 {
		long.Series = append(long.Series, long.Series...)
	}
	bounded, err := f.bounded([]trace.Session{long})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(bounded[0].Series); n != DefaultOptions().MaxRecords {
		t.Errorf("%d records are looked at, want %d", n, DefaultOptions().MaxRecords)
	}
	for _, s := range append(bounded, testSessions(20, 6)...) {
		one := []trace.Session{s}
		table, err := f.table(context.Background(), one)
		if err != nil {
			t.Fatal(err)
		}
		for i := range m.Attributes {
			sum := int64(0)
			for _, v := range f.values(&m.Attributes[i], one) {
				sum += v.weight
			}
			if sum > weight || sum < weight/2 {
				t.Errorf("%s: a session of %d records counts %d of %d", m.Attributes[i].Def.Name, len(s.Series), sum, weight)
			}
			for j := range i {
				sum := int64(0)
				for _, x := range table.joint(m.Attributes, i, j) {
					sum += x
				}
				if sum > weight {
					t.Errorf("a pair counts %d of %d", sum, weight)
				}
			}
		}
	}
}

func TestHostsAreCapped(t *testing.T) {
	sessions := testSessions(1000, 7)
	o := options(4, Host)
	o.HostCap = 30
	f := &fitter{look: &look{noise: privacy.NewNoise(), options: o}, recipe: &testRecipe}
	kept, err := f.bounded(sessions)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[any]int{}
	for _, s := range kept {
		counts[s.Meta[0]]++
	}
	if len(counts) != 5 {
		t.Errorf("%d hosts are left of 5", len(counts))
	}
	for host, n := range counts {
		if n != 30 {
			t.Errorf("%v has %d sessions, want 30", host, n)
		}
	}
	if o.sensitivity() != 30 {
		t.Errorf("the sensitivity is %g, want 30", o.sensitivity())
	}
	keyless := trace.Recipe{Key: []string{}, Metadata: []trace.Field{trace.Integer("n")}}
	_, err = Fit(context.Background(), &keyless, map[string]trace.Type{"n": trace.TypeInt}, []trace.Session{{Meta: trace.Row{int64(1)}, Series: []trace.Row{{nil}}}}, o)
	if err == nil || !strings.Contains(err.Error(), "no address") {
		t.Errorf("hosts of a trace without addresses: %v", err)
	}
}

func TestAModelIsItsBytes(t *testing.T) {
	m := fit(t, testSessions(1500, 8), options(8, Session))
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(m); err != nil {
		t.Fatal(err)
	}
	var again Model
	if err := gob.NewDecoder(&b).Decode(&again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(made(t, m, 200), made(t, &again, 200)) {
		t.Error("a restored model makes other sessions")
	}
	if reflect.DeepEqual(made(t, m, 200), made(t, fit(t, testSessions(1500, 8), options(8, Session)), 200)) {
		t.Error("the noise repeats")
	}
}

func TestTracesOfAllSorts(t *testing.T) {
	one := []trace.Session{{Meta: trace.Row{int64(1)}, Series: []trace.Row{{nil}}}}
	keyless := trace.Recipe{Key: []string{}, Metadata: []trace.Field{trace.Integer("n")}}
	types := map[string]trace.Type{"n": trace.TypeInt}
	if _, err := Fit(context.Background(), &keyless, types, one, options(.5, Session)); err == nil || !strings.Contains(err.Error(), "so few sessions") {
		t.Errorf("one session at epsilon .5: %v", err)
	}
	var many []trace.Session
	for i := range 800 {
		v := any(int64(i % 7 * 1000))
		if i%3 == 0 {
			v = nil
		}
		many = append(many, trace.Session{Meta: trace.Row{v}, Series: []trace.Row{{nil}}})
	}
	m, err := Fit(context.Background(), &keyless, types, many, options(8, Session))
	if err != nil {
		t.Fatal(err)
	}
	got := made(t, m, 900)
	if p := share(got, func(s trace.Session) bool { return s.Meta[0] == nil }); math.Abs(p-1./3) > .08 {
		t.Errorf("%.3f are missing, want a third", p)
	}
	if p := share(got, func(s trace.Session) bool { return s.Meta[0] == int64(0) }); math.Abs(p-.095) > .06 {
		t.Errorf("%.3f are nought, want .095", p)
	}
	if _, err := Fit(context.Background(), &keyless, nil, many, options(8, Session)); err == nil {
		t.Error("a field without a column is learnt")
	}
	timed := testRecipe
	texts := map[string]trace.Type{"ts": trace.TypeText}
	if _, err := Fit(context.Background(), &timed, texts, many, options(8, Session)); err == nil || !strings.Contains(err.Error(), "holds text") {
		t.Errorf("a time of text: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Fit(ctx, &keyless, types, many, options(8, Session)); err == nil {
		t.Error("a cancelled fit ends well")
	}
}

func TestOptions(t *testing.T) {
	if err := DefaultOptions().Validate(); err != nil {
		t.Error(err)
	}
	for _, change := range []func(*Options){
		func(o *Options) { o.Epsilon = 0 },
		func(o *Options) { o.Delta = 2 },
		func(o *Options) { o.Unit = "packet" },
		func(o *Options) { o.HostCap = 0 },
		func(o *Options) { o.MaxRecords = 1 << 20 },
	} {
		o := DefaultOptions()
		if change(&o); o.Validate() == nil {
			t.Errorf("%+v is valid", o)
		}
	}
}

func FuzzGrid(f *testing.F) {
	for _, x := range []float64{0, 1, 53, -7, 1e-12, .5, 4095, 4096, 1e18, 1e300, -1e300, 65535} {
		f.Add(x)
	}
	grids := []grid{{}, {Whole: true}, {Ports: true}, {Whole: true, Low: 1, High: 512}, {High: 100}}
	f.Fuzz(func(t *testing.T, x float64) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Skip()
		}
		for _, g := range grids {
			cell, part := g.find(x)
			if cell < 0 || int(cell) >= g.cells() || part < 0 || part >= g.parts(cell) {
				t.Fatalf("%+v: %g is in cell %d, part %d", g, x, cell, part)
			}
			if !g.allows(cell) {
				t.Fatalf("%+v: %g is in cell %d, which holds none", g, x, cell)
			}
			if b := g.block(cell, part); part < g.from(cell, b) || part >= g.from(cell, b+1) {
				t.Fatalf("%+v: part %d of cell %d is not in block %d", g, part, cell, b)
			}
			y := g.draw(cell, part, 1, .5)
			if c, p := g.find(y); c != cell || p != part {
				t.Fatalf("%+v: %g becomes %g, in cell %d part %d instead of %d part %d", g, x, y, c, p, cell, part)
			}
		}
	})
}
