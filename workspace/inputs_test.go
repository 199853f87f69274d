package workspace

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

func TestNaturalOrder(t *testing.T) {
	want := []string{"a-1", "a-2", "a-2b", "a-010", "a-10", "a-11", "b", "conn.09:00", "conn.10:00", "conn.100:00"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, natural)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExpandFindsFiles(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"top.csv", "d/10.csv", "d/9.csv", "d/.hidden.csv", "d/e/x.csv", "d/e/f/y.csv", "d/[1].csv"} {
		path := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("a,b\n1,2\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ word, want string }{
		{"top.csv", "top.csv"},
		{"d", "d/9.csv d/10.csv d/[1].csv"},
		{"d/*.csv", "d/9.csv d/10.csv d/[1].csv"},
		{"d/[1].csv", "d/[1].csv"}, // a file of that name
		{"d/[0-9].csv", "d/9.csv"},
		{"**/*.csv", "d/9.csv d/10.csv d/[1].csv d/e/f/y.csv d/e/x.csv top.csv"},
		{"d/**", "d/9.csv d/10.csv d/[1].csv d/e/f/y.csv d/e/x.csv"},
		{"d/**/y.csv", "d/e/f/y.csv"},
		{"d/*/x.csv", "d/e/x.csv"},
	} {
		ins, _, err := expand([]string{filepath.Join(dir, tc.word)}, nil)
		if err != nil {
			t.Errorf("%s: %v", tc.word, err)
			continue
		}
		var got []string
		for _, in := range ins {
			rel, _ := filepath.Rel(dir, in.path)
			got = append(got, rel)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: got %q, want %s", tc.word, got, tc.want)
		}
	}
	if _, _, err := expand([]string{filepath.Join(dir, "d/[")}, nil); err == nil || !strings.Contains(err.Error(), "syntax error in pattern") {
		t.Errorf("a bad pattern gives %v", err)
	}
}

func TestGroupsOfInputs(t *testing.T) {
	zeek := "#separator \\x09\n#path\tconn\n#fields\tts\tuid\n#types\ttime\tstring\n"
	ins := []input{
		{name: "conn.00.log", format: "zeek-tsv", head: []byte(zeek)},
		{name: "a.csv", format: "csv", head: []byte("x,y\n1,2\n")},
		{name: "b.csv", format: "csv", head: []byte("# made by us\nx,y\n3,4\n")},
		{name: "c.csv", format: "csv", head: []byte("x,z\n3,4\n")},
		{name: "n1.csv", format: "csv", head: []byte("1,2\n")},
		{name: "n2.csv", format: "csv", head: []byte("7,8\n")},
		{name: "e1.jsonl", format: "jsonl", head: []byte(`{"a":1,"b":2}`)},
		{name: "e2.jsonl", format: "jsonl", head: []byte(`{"b":1,"a":2,"c":3}`)},
		{name: "other.jsonl", format: "jsonl", head: []byte(`{"q":1}`)},
		{name: "part-1.parquet", format: "parquet"},
		{name: "part-2.parquet", format: "parquet"},
		{name: "conn.01.json", format: "zeek-json", head: []byte(`{"ts":1,"uid":"C","id.orig_h":"10.0.0.1"}`)},
		{name: "x.pcap", format: "pcap"},
	}
	var got []string
	for _, g := range groupsOf(ins) {
		var names []string
		for _, in := range g.ins {
			names = append(names, in.name)
		}
		got = append(got, strings.Join(names, " "))
	}
	want := []string{
		"conn.00.log conn.01.json", "a.csv b.csv", "c.csv", "n1.csv n2.csv", "e1.jsonl e2.jsonl", "other.jsonl",
		"part-1.parquet part-2.parquet", "x.pcap",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestRecordsFitIntoATable(t *testing.T) {
	column := func(name string, typ trace.Type) trace.Column { return trace.Column{Name: name, Type: typ} }
	a := trace.Schema{Format: "zeek-json", Columns: []trace.Column{column("n", trace.TypeInt), column("s", trace.TypeText), column("l", trace.TypeIntList)}}
	b := trace.Schema{Format: "zeek-json", Columns: []trace.Column{column("s", trace.TypeInt), column("n", trace.TypeReal), column("m", trace.TypeBool)}}
	u := union([]trace.Schema{a, b})
	if got := strings.Join(u.Names(), " "); got != "n s l m" || u.Columns[0].Type != trace.TypeReal || u.Columns[1].Type != trace.TypeText {
		t.Fatalf("union is %v", u.Columns)
	}
	if a.Columns[0].Type != trace.TypeInt {
		t.Error("union changes the schema that it is made of")
	}
	row, why := newAdapter(b, u).adapt(trace.Row{int64(7), 1.5, true})
	if why != "" || !slices.Equal(row[:2], trace.Row{1.5, "7"}) || row[2] != nil || row[3] != true {
		t.Errorf("got %v, %q", row, why)
	}
	if newAdapter(a, a) != nil {
		t.Error("records of the same columns are copied")
	}
	if _, why := newAdapter(b, trace.Schema{Columns: []trace.Column{column("n", trace.TypeInt)}}).adapt(trace.Row{nil, 1.5, nil}); why != `column "n": want BIGINT, got "1.5"` {
		t.Errorf("a fraction in a column of whole numbers: %q", why)
	}
	if err := fits("b.json", b, "raw.a", a); err == nil || !strings.Contains(err.Error(), `b.json has the column "m", which raw.a has not`) {
		t.Errorf("a column too many: %v", err)
	}
}

// blocked is a pipe that nothing comes from.
type blocked chan struct{}

func (b blocked) Read([]byte) (int, error) { <-b; return 0, io.EOF }

func TestStreamEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	pipe := make(blocked)
	defer close(pipe)
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := PlanLoad(ctx, Load{Files: []string{StandardInput}, Stdin: pipe}); err == nil || ctx.Err() == nil {
		t.Errorf("got %v, want the end of the context", err)
	}
}

func TestPlanRemovesItsFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p, err := PlanLoad(context.Background(), Load{Files: []string{StandardInput}, Stdin: strings.NewReader("a,b\n1,2\n")})
	if err != nil {
		t.Fatal(err)
	}
	if files, _ := os.ReadDir(os.TempDir()); len(files) != 1 {
		t.Errorf("%d temporary files, want one", len(files))
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if files, _ := os.ReadDir(os.TempDir()); len(files) != 0 {
		t.Errorf("%d temporary files are left", len(files))
	}
}
