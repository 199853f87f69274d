package workspace

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netshare/engine"
	"netshare/workspace/trace"
)

// open makes a workspace in a folder of the test's.
func open(t *testing.T) *Workspace {
	t.Helper()
	ws, err := Open(t.Context(), filepath.Join(t.TempDir(), "w.duckdb"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return ws
}

// file writes a file of the test's.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// table returns a query's result as text.
func table(t *testing.T, ws *Workspace, sql string) string {
	t.Helper()
	r, err := ws.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b strings.Builder
	for row, err := range r.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range row {
			if i > 0 {
				b.WriteByte(' ')
			}
			fmt.Fprint(&b, v)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const oddCSV = `when,host,peer,bytes,secs,code,start,end,junk
07/03/2024 10:00:01,a,167772161,10,1.5,x,5,7,1
07/03/2024 10:00:02,a,167772162,-4,-,y,5,9,1
07/03/2024 10:00:03,b,167772163,,2.5,?,6,9,2
07/03/2024 10:00:04,b,167772164,12,nan,x,6,6,9
07/03/2024 10:00:05,b,167772165,many,1,x,1,2,1
`

func TestLoadByRecipe(t *testing.T) {
	length := func(r trace.Record) int64 { return r.Int("end") - r.Int("start") }
	recipe := &trace.Recipe{
		Name:     "odd",
		Time:     trace.Timestamp("when", "02/01/2006 15:04:05"),
		Metadata: []trace.Field{trace.Text("host"), trace.IP("peer")},
		Series: []trace.Field{
			trace.Integer("bytes").Mend(),
			trace.Real("secs").NA("-", "nan").FillMissing(9),
			trace.Category("code").NA("?").RejectMissing(),
			trace.Integer("length").Derive(length, "start", "end"),
			trace.Real("twice").Derive(func(r trace.Record) (float64, error) {
				if r.Int("length") == 0 {
					return 0, errors.New("nothing in it")
				}
				return 2 * r.Real("length"), nil
			}, "length"),
		},
		Derived: []trace.Field{trace.Category("big").Derive(func(r trace.Record) string { return fmt.Sprint(r.Int("bytes") > 5) }, "bytes")},
		Drop:    []string{"junk"},
		Filter:  trace.Where(func(r trace.Record) bool { return r.Int("junk") != 2 || r.Text("code") == "?" }, "junk", "code"),
	}
	ws := open(t)
	l, err := ws.Load(t.Context(), Load{Table: "odd", Files: []string{file(t, "odd.csv", oddCSV)}, Recipe: recipe})
	if err != nil {
		t.Fatal(err)
	}
	want := "2024-03-07 10:00:01 a 10.0.0.1 10 1.5 x 2 4 true\n2024-03-07 10:00:02 a 10.0.0.2 0 9 y 4 8 false\n"
	got := table(t, ws, "select strftime(\"when\", '%Y-%m-%d %H:%M:%S'), host, peer, bytes, secs, code, length, twice, big from raw.odd")
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var why []string
	for _, e := range l.Examples {
		why = append(why, fmt.Sprint(e.Line, " ", e.Detail))
	}
	if l.Rejected != 3 {
		t.Errorf("%d rejected: %q", l.Rejected, why)
	}
}

const accessLog = `10.0.0.1 - [07/Mar/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 512
garbage
10.0.0.2 - [07/Mar/2024:10:00:01 +0000] "GET /a HTTP/1.1" 404 -
10.0.0.2 - [07/Mar/2024:10:00:02 +0000] "PUT /a HTTP/1.1" teapot 9
`

func accessRecipe() *trace.Recipe {
	return &trace.Recipe{
		Name:     "access",
		Time:     trace.Timestamp("time", "02/Jan/2006:15:04:05 -0700"),
		Metadata: []trace.Field{trace.IP("client")},
		Series:   []trace.Field{trace.Category("method"), trace.Integer("status"), trace.Integer("size").NA("-")},
		Columns:  []string{"client", "time", "method", "status", "size"},
		Read: func(in *trace.Input, emit func(trace.Row) error) error {
			for line, ok := in.Line(); ok; line, ok = in.Line() {
				f := strings.Fields(line)
				if len(f) != 9 {
					in.Reject("no access line", line)
					continue
				}
				var size any = f[8]
				if size == "-" {
					size = nil
				}
				if err := emit(trace.Row{f[0], strings.Trim(f[2]+" "+f[3], "[]"), strings.Trim(f[4], `"`), f[7], size}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func TestReadByRecipe(t *testing.T) {
	ws := open(t)
	l, err := ws.Load(t.Context(), Load{Table: "access", Files: []string{file(t, "access.log", accessLog)}, Recipe: accessRecipe()})
	if err != nil {
		t.Fatal(err)
	}
	want := "10.0.0.1 GET 200 512\n10.0.0.2 GET 404 <nil>\n"
	if got := table(t, ws, "select client, method, status, size from raw.access"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var lines []int64
	for _, e := range l.Examples {
		lines = append(lines, e.Line)
	}
	if l.Rejected != 2 || fmt.Sprint(lines) != "[2 4]" {
		t.Errorf("rejected %d: %v", l.Rejected, l.Examples)
	}
}

// TestWriteByRecipe holds that what a recipe reads it writes again.
func TestWriteByRecipe(t *testing.T) {
	ws := open(t)
	recipe := accessRecipe()
	recipe.Write = func(r trace.Record) string {
		size := "-"
		if !r.Missing("size") {
			size = r.Text("size")
		}
		return fmt.Sprintf(`%s - [%s] "%s / HTTP/1.1" %d %s`, r.Text("client"), r.Time("time").Format("02/Jan/2006:15:04:05 -0700"), r.Text("method"), r.Int("status"), size)
	}
	if _, err := ws.Load(t.Context(), Load{Table: "access", Files: []string{file(t, "access.log", accessLog)}, Recipe: recipe}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "out.log")
	if _, err := ws.Export(t.Context(), "raw.access", path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	want := strings.Join([]string{strings.Split(accessLog, "\n")[0], strings.Replace(strings.Split(accessLog, "\n")[2], "/a", "/", 1), ""}, "\n")
	if err != nil || string(got) != want {
		t.Errorf("got\n%swant\n%s%v", got, want, err)
	}
}

// TestLists holds that lists are learnt as what is in them, and come back as
// lists that the file could have.
func TestLists(t *testing.T) {
	var b strings.Builder
	b.WriteString("ts,host,layers,answer\n")
	for i := range 240 {
		layers := []string{"eth:ip:tcp", "eth:ip:udp:dns", "eth:arp"}[i%3]
		answer := []string{"", fmt.Sprintf("type=1;ttl=%d", 60*(1+i%4)), ""}[i%3]
		fmt.Fprintf(&b, "%d,h%d,%s,%s\n", 1700000000+i, i%8, layers, answer)
	}
	recipe := &trace.Recipe{
		Name: "lists", Time: trace.Epoch("ts", trace.Second),
		Metadata: []trace.Field{trace.Text("host")},
		Series: []trace.Field{
			trace.Attributes("layers", ":"),
			trace.Values("answer", ";", "=", trace.Category("type"), trace.Integer("ttl").Encode(trace.EncodeSymmetric)),
		},
		Derived: []trace.Field{trace.Integer("length").Derive(func(r trace.Record) int64 { return int64(len(r.Text("layers"))) }, "layers")},
	}
	ws := open(t)
	ctx := t.Context()
	if _, err := ws.Load(ctx, Load{Table: "lists", Files: []string{file(t, "lists.csv", b.String())}, Recipe: recipe}); err != nil {
		t.Fatal(err)
	}
	opts := engine.DefaultOptions()
	opts.Epochs = 2
	m, err := ws.Train(ctx, "lists", opts, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ws.Generate(ctx, m.ID, Generate{Table: "lists", Options: engine.DefaultGenerateOptions()}); err != nil {
		t.Fatal(err)
	}
	bad := table(t, ws, "select layers, answer, length from synth.lists where not regexp_full_match(layers, '(eth|ip|arp|tcp|udp|dns)(:(ip|arp|tcp|udp|dns))*') or not regexp_full_match(answer, '(type=1)?;?(ttl=[0-9]+)?') or length <> len(layers)")
	if bad != "" {
		t.Errorf("generated lists:\n%s", bad)
	}
	if got := table(t, ws, "select count(*) > 50 from synth.lists where layers like '%ip:%'"); got != "true\n" {
		t.Errorf("layers in their order: %s", table(t, ws, "select layers, count(*) from synth.lists group by all"))
	}
}

func TestRecipeFaults(t *testing.T) {
	csv := file(t, "odd.csv", oddCSV)
	base := func() *trace.Recipe {
		return &trace.Recipe{Metadata: []trace.Field{trace.Text("host")}}
	}
	cases := []struct {
		change func(*trace.Recipe)
		want   string
	}{
		{func(r *trace.Recipe) { r.Drop = []string{"nope"} }, `dropped column "nope" is no column`},
		{func(r *trace.Recipe) { r.Filter = trace.Where(func(trace.Record) bool { return true }, "nope") }, `the filter's column "nope" is no column`},
		{func(r *trace.Recipe) {
			r.Filter = trace.Where(func(r trace.Record) bool { return r.Bool("code") }, "host")
		}, `no column "code"`},
		{func(r *trace.Recipe) {
			r.Series = []trace.Field{trace.Integer("n").Derive(func(trace.Record) int64 { return 1 }, "nope")}
		}, `field "n" is computed from "nope"`},
		{func(r *trace.Recipe) {
			r.Series = []trace.Field{trace.Real("x").Derive(func() int64 { return 1 }, "bytes")}
		}, `derive function is of type func() int64`},
		{func(r *trace.Recipe) { r.Series = []trace.Field{trace.Integer("bytes").FillMissing("none")} }, `the value for missing ones: want a whole number`},
		{func(r *trace.Recipe) { r.Series = []trace.Field{trace.Attributes("code", "")} }, `say what parts its elements`},
		{func(r *trace.Recipe) { r.Time = trace.Timestamp("code", "") }, `say how it is written`},
		{func(r *trace.Recipe) { r.Read = func(*trace.Input, func(trace.Row) error) error { panic("oh") } }, `Read panics: oh`},
		{func(r *trace.Recipe) {
			r.Read = func(_ *trace.Input, emit func(trace.Row) error) error { return emit(trace.Row{1, 2}) }
		}, `Read emits 2 values: want 1`},
	}
	ws := open(t)
	for _, c := range cases {
		r := base()
		c.change(r)
		_, err := ws.Load(context.Background(), Load{Table: "t", Files: []string{csv}, Recipe: r})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if n := table(t, ws, "select count(*) from netshare.traces"); n != "0\n" {
		t.Errorf("%s tables were left behind", n)
	}
}

func TestConvert(t *testing.T) {
	at := time.Date(2024, 3, 7, 10, 0, 0, 0, time.UTC)
	cases := []struct {
		field trace.Field
		typ   trace.Type
		in    any
		want  any // error for a reject
	}{
		{trace.Integer("f"), trace.TypeText, "12", int64(12)},
		{trace.Integer("f"), trace.TypeText, "1e3", int64(1000)},
		{trace.Integer("f"), trace.TypeText, "1.5", errReject},
		{trace.Integer("f"), trace.TypeReal, 1.5, errReject},
		{trace.Integer("f"), trace.TypeReal, 2.0, 2.0},
		{trace.Real("f"), trace.TypeText, " 2.5 ", 2.5},
		{trace.Real("f"), trace.TypeText, "x", errReject},
		{trace.IP("f"), trace.TypeText, "::1", "::1"},
		{trace.IP("f"), trace.TypeText, "here", errReject},
		{trace.IP("f"), trace.TypeInt, int64(1062731419), "63.87.254.155"},
		{trace.IP("f"), trace.TypeInt, int64(1) << 33, errReject},
		{trace.Port("f"), trace.TypeInt, int64(65536), errReject},
		{trace.Timestamp("f", time.DateTime), trace.TypeText, "2024-03-07 10:00:00", at},
		{trace.Timestamp("f", "20060102"), trace.TypeInt, int64(20240307), at.Add(-10 * time.Hour)},
		{trace.Timestamp("f", time.DateTime), trace.TypeText, "yesterday", errReject},
		{trace.Epoch("f", trace.Second), trace.TypeText, "1.5", 1.5},
	}
	for _, c := range cases {
		x, _, err := converterOf(c.field, trace.Column{Name: "f", Type: c.typ})
		if err != nil {
			t.Fatal(err)
		}
		got := c.in
		if x != nil {
			if got, err = x(c.in); err != nil {
				got = errReject
			}
		}
		if got != c.want && !(got == nil && c.want == nil) {
			t.Errorf("%s of %v: got %v, want %v", c.field.Kind, c.in, got, c.want)
		}
	}
	if v := mended(trace.Real("f"), math.NaN(), trace.TypeReal); v != 0.0 {
		t.Errorf("NaN is mended to %v", v)
	}
	if v := mended(trace.Text("f"), nil, trace.TypeText); v != unavailable {
		t.Errorf("a missing text is mended to %v", v)
	}
}

// errReject stands for a value that is refused.
var errReject = errors.New("a reject")

// TestLoadAsNetShare holds what NetShare's configurations need of a load:
// columns by another name, two of one, clamped numbers, abnormal ports, and times
// with fractions of any length.
func TestLoadAsNetShare(t *testing.T) {
	const text = `t,page,ttl,port
2024-03-07 10:00:01.5,a_en,300,-1
2024-03-07 10:00:02.250000,b_de,-3,80
2024-03-07 10:00:03.000001,c_de,,443
`
	last := func(s string) string { return s[len(s)-2:] }
	recipe := &trace.Recipe{
		Time: trace.Timestamp("t", "2006-01-02 15:04:05.000000"),
		Metadata: []trace.Field{
			trace.Category("name").Of("page"), trace.Category("site").Of("page").Parse(last), trace.Port("port").Mend(),
		},
		Series: []trace.Field{trace.Real("ttl").Clamp(0, 255)},
	}
	ws := open(t)
	l, err := ws.Load(t.Context(), Load{Table: "pages", Files: []string{file(t, "pages.csv", text)}, Recipe: recipe})
	if err != nil || l.Rejected != 0 {
		t.Fatal(err, l.Examples)
	}
	want := "01.500000 a_en en 0 255\n02.250000 b_de de 80 0\n03.000001 c_de de 443 <nil>\n"
	if got := table(t, ws, "select strftime(t, '%S.%f'), name, site, port, ttl from raw.pages"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestAbsent holds that a recipe's words for missing values come back.
func TestAbsent(t *testing.T) {
	const text = "t,kind,n,unit\n1,?,5,kg\n2,x,none,-\n3,?,7,m\n4,,none,-\n"
	recipe := &trace.Recipe{
		Time:     trace.Epoch("t", trace.Second),
		Metadata: []trace.Field{trace.Category("kind").NA("?")},
		Series:   []trace.Field{trace.Integer("n").NA("none"), trace.Category("unit").NA("?", "-")},
	}
	ws := open(t)
	path := file(t, "absent.csv", text)
	if _, err := ws.Load(t.Context(), Load{Table: "absent", Files: []string{path}, Recipe: recipe}); err != nil {
		t.Fatal(err)
	}
	if got := table(t, ws, "select count(kind), count(n), count(unit) from raw.absent"); got != "1 2 2\n" {
		t.Errorf("values: %s", got)
	}
	out := filepath.Join(t.TempDir(), "out.csv")
	if _, err := ws.Export(t.Context(), "raw.absent", out); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if want := "t,kind,n,unit\n1,?,5,kg\n2,x,none,?\n3,?,7,m\n4,?,none,?\n"; err != nil || string(got) != want {
		t.Errorf("got\n%s(%v) want\n%s", got, err, want)
	}
}

// TestSequences holds that events which a record holds are learnt as a series,
// and come back as such records.
func TestSequences(t *testing.T) {
	var wide, lists strings.Builder
	wide.WriteString("site,n1,n2,n3,k1,k2,k3\n")
	lists.WriteString("who,what\n")
	for i := range 200 {
		n := i % 5
		fmt.Fprintf(&wide, "s%d,%d,%d,%d,a,%s,c\n", i%3, n, n+10, n+20, []string{"b", ""}[i%2])
		fmt.Fprintf(&lists, "w%d,%s\n", i%3, strings.Join([]string{"in", "look", "look", "pay", "out"}[:1+i%5], "|"))
	}
	category := func(name string) trace.Field { return trace.Category(name).Encode(trace.EncodeCategory) }
	for _, c := range []struct {
		name, text string
		recipe     trace.Recipe
		bad        string // records that can't be
	}{
		{
			"wide", wide.String(),
			trace.Recipe{
				Metadata:  []trace.Field{category("site"), trace.Real("n1"), trace.Real("n2"), trace.Real("n3"), category("k1"), category("k2"), category("k3")},
				Sequences: []trace.Sequence{{Name: "n", Columns: []string{"n1", "n2", "n3"}}, {Name: "k", Columns: []string{"k1", "k2", "k3"}}},
			},
			"n1 is null or n1 > 24 or n3 is null or site not in ('s0', 's1', 's2') or k3 not in ('a', 'b', 'c')",
		},
		{
			"lists", lists.String(),
			trace.Recipe{
				Metadata:  []trace.Field{category("who"), category("what").Separated("|")},
				Sequences: []trace.Sequence{{Name: "what", Columns: []string{"what"}}},
			},
			`not regexp_full_match(what, '(in|look|pay|out)(\|(in|look|pay|out)){0,4}')`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.recipe.Key = []string{}
			ws, ctx := open(t), t.Context()
			l, err := ws.Load(ctx, Load{Table: c.name, Files: []string{file(t, "in.csv", c.text)}, Recipe: &c.recipe})
			if err != nil || l.Sessions != 200 {
				t.Fatal(l.Sessions, err)
			}
			opts := engine.DefaultOptions()
			opts.Epochs = 2
			m, err := ws.Train(ctx, c.name, opts, engine.Hooks{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ws.Generate(ctx, m.ID, Generate{Options: engine.DefaultGenerateOptions()}); err != nil {
				t.Fatal(err)
			}
			if bad := table(t, ws, "select * from synth."+c.name+" where "+c.bad); bad != "" {
				t.Errorf("generated\n%s", bad)
			}
			if n := table(t, ws, "select count(*) from synth."+c.name); n != "200\n" {
				t.Errorf("%s records", n)
			}
		})
	}
}

// TestSessionNumbers holds that a synthetic trace whose recipe asks for it is
// written with its sessions' numbers, and the real one is not.
func TestSessionNumbers(t *testing.T) {
	ws, ctx := open(t), t.Context()
	var b strings.Builder
	b.WriteString("ts,host,bytes\n")
	for i := range 60 {
		fmt.Fprintf(&b, "%d,h%d,%d\n", 1700000000+i, i%7, 100+i)
	}
	recipe := &trace.Recipe{
		Time: trace.Epoch("ts", trace.Second), Metadata: []trace.Field{trace.Category("host")},
		Series: []trace.Field{trace.Integer("bytes")}, FlowID: "flow_id",
	}
	if _, err := ws.Load(ctx, Load{Table: "hosts", Files: []string{file(t, "hosts.csv", b.String())}, Recipe: recipe}); err != nil {
		t.Fatal(err)
	}
	opts := engine.DefaultOptions()
	opts.Epochs = 1
	m, err := ws.Train(ctx, "hosts", opts, engine.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ws.Generate(ctx, m.ID, Generate{Options: engine.DefaultGenerateOptions()}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"synth.hosts": "ts,host,bytes,flow_id", "raw.hosts": "ts,host,bytes"} {
		path := filepath.Join(t.TempDir(), "out.csv")
		if _, err := ws.Export(ctx, name, path); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		head, rows, _ := strings.Cut(string(text), "\n")
		if err != nil || head != want {
			t.Errorf("%s: header %q, want %q (%v)", name, head, want, err)
		}
		host := map[string]string{}
		for line := range strings.Lines(rows) {
			cells := strings.Split(strings.TrimSpace(line), ",")
			if len(cells) != 4 {
				continue
			}
			if h, ok := host[cells[3]]; ok && h != cells[1] {
				t.Errorf("session %s is of %s and %s", cells[3], h, cells[1])
			}
			host[cells[3]] = cells[1]
		}
	}
}

// TestSample holds that as many sessions are learnt as the recipe says, each as
// long as it says, and that others are with another seed.
func TestSample(t *testing.T) {
	ws, ctx := open(t), t.Context()
	var b strings.Builder
	b.WriteString("ts,host,bytes\n")
	for i := range 200 {
		fmt.Fprintf(&b, "%d,h%d,%d\n", 1700000000+i, i%40, i)
	}
	recipe := &trace.Recipe{
		Time: trace.Epoch("ts", trace.Second), Metadata: []trace.Field{trace.Category("host")}, Series: []trace.Field{trace.Integer("bytes")},
		Sample: 15, Cut: 3,
	}
	l, err := ws.Load(ctx, Load{Table: "hosts", Files: []string{file(t, "hosts.csv", b.String())}, Recipe: recipe})
	if err != nil {
		t.Fatal(err)
	}
	taken := func(seed uint64) (hosts string) {
		learning, err := ws.learn(ctx, l.Table, recipe, nil)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for x, err := range (tableSource{db: ws.db, table: l.Table, recipe: recipe, learning: learning, sessions: 40, seed: seed}).Sessions(ctx) {
			if err != nil || len(x.Series) != 3 {
				t.Fatal(err, len(x.Series))
			}
			n++
			hosts += fmt.Sprint(x.Meta[0], " ")
		}
		if n != 15 {
			t.Errorf("%d sessions", n)
		}
		return hosts
	}
	first, again, other := taken(1), taken(1), taken(2)
	if first != again || first == other {
		t.Errorf("seed 1: %s\nagain: %s\nseed 2: %s", first, again, other)
	}
	opts := engine.DefaultOptions()
	opts.Epochs = 1
	if m, err := ws.Train(ctx, "hosts", opts, engine.Hooks{}); err != nil || m.Sessions != 15 || m.Records != 45 {
		t.Errorf("%+v %v", m, err)
	}
}
