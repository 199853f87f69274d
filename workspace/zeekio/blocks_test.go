package zeekio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// pieces reads in pieces of any size.
type pieces struct {
	r    io.Reader
	rand *rand.Rand
}

func (p pieces) Read(b []byte) (int, error) {
	return p.r.Read(b[:1+p.rand.IntN(min(len(b), 70_000))])
}

func readFrom(t testing.TB, r io.Reader) (loaded, error) {
	t.Helper()
	reader, err := NewReader("test.log", r)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(reader)
}

// TestManyBlocks holds that a log of many blocks comes out as it went in, to
// the byte, whatever pieces it is read in, and that JSON makes the same of it.
func TestManyBlocks(t *testing.T) {
	text := connLog(30_000)
	a, err := readFrom(t, pieces{bytes.NewReader(text), rand.New(rand.NewPCG(1, 1))})
	if err != nil || len(a.rejects) > 0 || len(a.rows) != 30_000 {
		t.Fatalf("%d records: %v %v", len(a.rows), err, a.rejects)
	}
	out := written(t, a)
	if out = out[:bytes.LastIndex(out, []byte("#close"))]; !bytes.Equal(out, text) {
		t.Error("TSV is not written as it was read")
	}
	json := asJSON(t, text)
	b, err := readFrom(t, pieces{bytes.NewReader(json), rand.New(rand.NewPCG(1, 1))})
	if err != nil || len(b.rejects) > 0 {
		t.Fatal(err, b.rejects)
	}
	if !bytes.Equal(written(t, b), json) {
		t.Error("JSON is not written as it was read")
	}
	for i := range a.rows {
		for k, c := range b.schema.Columns {
			if want := a.rows[i][a.schema.Index(c.Name)]; !reflect.DeepEqual(b.rows[i][k], want) {
				t.Fatalf("record %d, %s: %v from JSON, %v from TSV", i, c.Name, b.rows[i][k], want)
			}
		}
	}
}

// TestPlaces holds that rejects name their lines and offsets in later blocks,
// and stand in order among the records.
func TestPlaces(t *testing.T) {
	good := "1.5\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.5\t-\n"
	var text strings.Builder
	text.WriteString(sampleTSV)
	offsets := map[int64]int64{}
	for n := int64(9); n < 20_000; n++ {
		if n%777 == 0 {
			offsets[n] = int64(text.Len())
			text.WriteString("bad\n")
		}
		text.WriteString(good)
		if n%777 == 0 {
			n++
		}
	}
	r, err := NewReader("x.log", strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	line := int64(8)
	err = r.Read(context.Background(), func(trace.Row) error { line++; return nil }, func(j trace.Reject) {
		if line++; j.Line != line || offsets[line] != j.Offset || j.Reason != reasonFields {
			t.Errorf("%v at byte %d, want line %d at byte %d", j, j.Offset, line, offsets[line])
		}
		delete(offsets, j.Line)
	})
	if err != nil || len(offsets) > 0 {
		t.Errorf("%v, not told of: %v", err, offsets)
	}
}

// endless is a line that has no end for a long time.
type endless struct{ left int }

func (e *endless) Read(b []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), e.left)
	for i := range b[:n] {
		b[i] = 'x'
	}
	e.left -= n
	return n, nil
}

// TestGiantLine holds that a line of any length costs little memory, and only
// itself.
func TestGiantLine(t *testing.T) {
	const size = 100 << 20
	for name, c := range map[string]struct{ before, line, after string }{
		"TSV":  {sampleTSV + "1.5\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.5\t-\n", "1.5\t", "\n2.5\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.5\t-\n"},
		"JSON": {`{"ts":1.5,"uid":"C"}` + "\n", `{"ts":2.5,"uid":"`, "\n" + `{"ts":2.5,"uid":"C"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			l, err := readFrom(t, io.MultiReader(strings.NewReader(c.before+c.line), &endless{size}, strings.NewReader(c.after)))
			runtime.ReadMemStats(&after)
			if err != nil || len(l.rows) != 2 || len(l.rejects) != 1 {
				t.Fatalf("%v: %d records, %v", err, len(l.rows), l.rejects)
			}
			want := trace.Reject{
				File: "test.log", Line: int64(strings.Count(c.before, "\n")) + 1, Offset: int64(len(c.before)),
				Reason: "line too long", Detail: "more than 4194304 bytes",
			}
			if l.rejects[0] != want {
				t.Errorf("%+v, want %+v", l.rejects[0], want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 60<<20 {
				t.Errorf("%d MB were allocated", used>>20)
			}
		})
	}
}

// TestEnds holds that reading stops where it is told to, and leaves nothing
// running.
func TestEnds(t *testing.T) {
	text := connLog(20_000)
	running := runtime.NumGoroutine()
	stop := errors.New("enough")
	for name, r := range map[string]io.Reader{
		"emit":   bytes.NewReader(text),
		"file":   io.MultiReader(bytes.NewReader(text), iotestError{stop}),
		"cancel": bytes.NewReader(text),
	} {
		reader, err := NewReader("x.log", r)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		n := 0
		err = reader.Read(ctx, func(trace.Row) error {
			if n++; n == 5000 && name == "emit" {
				return stop
			} else if n == 5000 && name == "cancel" {
				cancel(stop)
			}
			return nil
		}, nil)
		cancel(nil)
		if !errors.Is(err, stop) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "file" && n != 20_000 {
			t.Errorf("%d records before the damage", n)
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= running {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), running)
}

type iotestError struct{ err error }

func (e iotestError) Read([]byte) (int, error) { return 0, e.err }

// TestLaterHeaders reads concatenated logs: of other columns, another order,
// other separators, another log.
func TestLaterHeaders(t *testing.T) {
	var text strings.Builder
	text.WriteString("#separator \\x09\n#path\tconn\n#fields\tts\tuid\tn\n#types\ttime\tstring\tcount\n")
	for i := range 20_000 { // more than a block
		fmt.Fprintf(&text, "%d.0\tC%d\t7\n", i, i)
	}
	text.WriteString("#close\t2020\n#separator \\x7c\n#unset_field|?\n#path|conn\n#fields|n|ts|more\n#types|count|time|string\n" +
		"8|20000.0|x\n?|20001.0|y\n" +
		"#separator \\x09\r\n#path\tdns\r\n#fields\tts\tuid\tquery\r\n1.0\tC\tq\r\n" +
		"#separator \\x09\n#path\tconn\n#fields\tts\tuid\n#types\ttime\tstring\n20002.0\t-\n")
	l := fromText(t, text.String())
	if len(l.rows) != 20_003 || len(l.rejects) != 2 {
		t.Fatalf("%d records, %v", len(l.rows), l.rejects)
	}
	for i, row := range l.rows {
		if got := row[0].(time.Time).Unix(); got != int64(i) {
			t.Fatalf("record %d has time %d", i, got)
		}
	}
	for i, want := range []string{"[<nil> 8]", "[<nil> <nil>]", "[<nil> <nil>]"} {
		if got := fmt.Sprint(l.rows[20_000+i][1:]); got != want {
			t.Errorf("record %d has %s, want %s", 20_000+i, got, want)
		}
	}
	if got := l.rejects[0]; got.Line != 20_009 || got.Reason != "later header adds a field" || got.Detail != "values of more are left out" {
		t.Errorf("%+v", got)
	}
	if got := l.rejects[1]; got.Line != 20_016 || got.Reason != reasonForeign {
		t.Errorf("%+v", got)
	}
}

// TestLabels reads the form of the IoT-23 data sets, where labels hang on the
// last field.
func TestLabels(t *testing.T) {
	const header = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\ttunnel_parents   label   detailed-label\n#types\ttime\tstring\tset[string]   string   string\n"
	l := fromText(t, header+"1.0\tC1\t-   Malicious   PartOfAHorizontalPortScan\n2.0\tC2\t(empty)   Benign   -\n3.0\tC3\ta,b\tbenign\t-\n4.0\tC4\t-   Benign\n"+
		"#separator \\x09\n"+header[strings.Index(header, "#path"):]+"5.0\tC5\t-   Benign   -\n")
	if got := strings.Join(l.schema.Names(), " "); got != "ts uid tunnel_parents label detailed-label" {
		t.Fatal(got)
	}
	var got []string
	for i, row := range l.rows {
		got = append(got, fmt.Sprintf("%s %v %v %v", cell(l, i, "tunnel_parents"), row[1], row[3], row[4]))
	}
	want := []string{
		`<nil> C1 Malicious PartOfAHorizontalPortScan`,
		`[]interface {}{} C2 Benign <nil>`,
		`[]interface {}{"a", "b"} C3 benign <nil>`,
		`<nil> C5 Benign <nil>`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	if len(l.rejects) != 1 || l.rejects[0].Detail != "want 5, got 4" {
		t.Errorf("%v", l.rejects)
	}
}

// TestMixedTypes holds that JSON fields that no log is known to have lose
// nothing, whatever their values are.
func TestMixedTypes(t *testing.T) {
	for _, c := range []struct{ values, format, want string }{
		{`1 2.5`, "double", "[1 2.5]"},
		{`1 "a"`, "any", "[1 a]"},
		{`1 "1" "\"1\""`, "any", `[1 "1" "\"1\""]`},
		{`-1 2`, "int", "[-1 2]"},
		{`18446744073709551615 1`, "any", "[18446744073709551615 1]"},
		{`true "x" 1.50`, "any", "[true x 1.50]"},
		{`[1] [2.5]`, "vector[double]", "[[1] [2.5]]"},
		{`[1,"a"] [null]`, "vector[any]", "[[1 a] [<nil>]]"},
		{`[1] 2`, "any", "[[1] 2]"},
		{`null null`, "string", "[<nil> <nil>]"},
		{`"10.0.0.1" "::1"`, "addr", "[10.0.0.1 ::1]"},
	} {
		var text strings.Builder
		for _, v := range strings.Fields(c.values) {
			fmt.Fprintf(&text, `{"ts":1.5,"uid":"C1","odd":%s}`+"\n", v)
		}
		l := fromText(t, text.String())
		col, _ := l.schema.Column("odd")
		var got []any
		for _, row := range l.rows {
			got = append(got, row[l.schema.Index("odd")])
		}
		if len(l.rejects) > 0 || col.Format != c.format || fmt.Sprint(got) != c.want {
			t.Errorf("%s: %s %v, want %s %s (%v)", c.values, col.Format, got, c.format, c.want, l.rejects)
		}
		want := strings.ReplaceAll(text.String(), `,"odd":null`, "")
		if c.format == "double" || c.format == "vector[double]" {
			want = strings.NewReplacer(`odd":1}`, `odd":1.0}`, `odd":[1]`, `odd":[1.0]`).Replace(want)
		}
		if out := string(written(t, l)); out != want {
			t.Errorf("%s: written\n%s", c.values, out)
		}
	}
}

// FuzzValues compares what is parsed by hand with the standard library.
func FuzzValues(f *testing.F) {
	for _, s := range []string{
		"0", "-0", "+5", "007", "9223372036854775807", "-9223372036854775809", "123456789012345678", "65535", "65536",
		"0.1", "-0.0", "123456.654321", "9007199254740993", "999999999999999.", ".5", "1e5", "1e400", "0x1", "1_0", "Inf", "12345678901234.56",
		"10.0.0.1", "010.0.0.1", "1.2.3.256", "1.2.3", "1.2.3.4.5", "::1", "fe80::1%eth0", "0001::2", "256::", "1:2:3:4:5:6:1.2.3.4", "",
		"2018-03-24T17:15:20.865716Z", "2018-02-30T00:00:00Z", "2000-02-29T00:00:00.1234567890Z", "1970-01-01T00:00:00Z", "2018-03-24T24:00:00Z", "2018-03-24T17:15:20.Z", "1970G01-01T00:00:00Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := strconv.ParseInt(s, 10, 64)
		if got, ok := parseInt(s); ok != (err == nil) || ok && got != n {
			t.Errorf("%q: %d %v, want %d %v", s, got, ok, n, err)
		}
		u, err := strconv.ParseUint(s, 10, 16)
		if got, ok := parsePort(s); ok != (err == nil) || ok && uint64(got) != u {
			t.Errorf("port %q: %d %v, want %d %v", s, got, ok, u, err)
		}
		x, err := strconv.ParseFloat(s, 64)
		if got, ok := parseReal(s); ok && (err != nil || strconv.FormatFloat(x, 'b', -1, 64) != strconv.FormatFloat(got, 'b', -1, 64)) ||
			!ok && err == nil && strings.Trim(s, "0123456789.eE+-") == "" {
			t.Errorf("%q: %v %v, want %v %v", s, got, ok, x, err)
		}
		_, err = netip.ParseAddr(s)
		if got := isAddr(s); got != (err == nil) {
			t.Errorf("address %q: %v, want %v", s, got, err)
		}
		when, err := time.Parse(time.RFC3339Nano, s)
		if got, ok := parseISO(s); ok && (err != nil || !got.Equal(when)) {
			t.Errorf("time %q: %v, want %v %v", s, got, when, err)
		}
	})
}
