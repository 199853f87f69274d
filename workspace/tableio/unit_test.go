package tableio

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

func TestDetect(t *testing.T) {
	for _, c := range []struct{ head, name, want string }{
		{"a,b\n1,2\n", "x", formatCSV},
		{"a\tb\n1\t2\n", "x.log", formatCSV},
		{"a;b\n1,5;2\n", "x", formatCSV},
		{"\xff\xfea\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00", "x", formatCSV},
		{"\xef\xbb\xbf{\"a\":1}\n", "x", formatJSONL},
		{"PAR1....", "x.csv", formatParquet},
		{"one\ntwo\n", "list.csv", formatCSV},
		{"one\ntwo\n", "list", ""},
		{"", "x.csv", ""},
		{"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00", "x.csv", ""},
	} {
		got, ok := Detect([]byte(c.head), c.name)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%.20q is %q %v, want %q", c.head, got, ok, c.want)
		}
	}
}

func TestSniff(t *testing.T) {
	for text, want := range map[string]dialect{
		"ts,user\n1,a\n":                     {delim: ',', header: true, names: []string{"ts", "user"}, width: 2},
		"1|2|x\n3|4|y\n":                     {delim: '|', width: 3},
		"a b c\n1 2 3\n":                     {delim: ' ', header: true, names: []string{"a", "b", "c"}, width: 3},
		"# note\n\nts;v\n1;0,5\n2;1,5\n":     {delim: ';', header: true, names: []string{"ts", "v"}, width: 2},
		"\"ts\",\"msg\"\n1,\"a,b\nc\"\n":     {delim: ',', header: true, headerQuoted: true, names: []string{"ts", "msg"}, width: 2},
		"alice,login\nbob,login\nc,logout\n": {delim: ',', width: 2},
		"10.0.0.1,x\n10.0.0.2,y\n":           {delim: ',', width: 2},
		"word\n":                             {delim: ',', header: true, names: []string{"word"}, width: 1},
	} {
		got := sniff([]byte(text), true)
		if got.top = ""; !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

// column makes a file of one column beside a counter, loads it, and returns the
// column, its first value, and whether it comes back as it was.
func column(t *testing.T, name string, values ...string) (trace.Column, any, []trace.Reject) {
	t.Helper()
	text := "n," + name + "\n"
	for i, v := range values {
		text += fmt.Sprint(i) + "," + v + "\n"
	}
	l, err := loadText(t, "x.csv", text)
	if err != nil {
		t.Fatalf("%s %q: %v", name, values, err)
	}
	if out := string(written(t, l)); len(l.rejects) == 0 && out != text {
		t.Errorf("%s %q: written\n%s", name, values, out)
	}
	var first any
	if len(l.rows) > 0 {
		first = l.rows[0][1]
	}
	return l.schema.Columns[1], first, l.rejects
}

func TestTypes(t *testing.T) {
	many := func(v string, odd ...string) []string {
		out := make([]string, 0, 40)
		for range 40 {
			out = append(out, v)
		}
		return append(out, odd...)
	}
	for _, c := range []struct {
		name    string
		values  []string
		typ     trace.Type
		kind    trace.Kind
		unit    trace.Unit
		format  string
		first   any
		rejects int
	}{
		{"x", []string{"1", "-2", ""}, trace.TypeInt, trace.KindInteger, "", "", int64(1), 0},
		{"x", []string{"007", "8"}, trace.TypeText, trace.KindText, "", "", "007", 0},
		{"x", []string{"+5", "8"}, trace.TypeText, trace.KindText, "", "", "+5", 0},
		{"x", []string{"9223372036854775807", "1"}, trace.TypeInt, trace.KindInteger, "", "", int64(9223372036854775807), 0},
		{"x", []string{"18446744073709551615", "1"}, trace.TypeText, trace.KindInteger, "", "", "18446744073709551615", 0},
		{"x", []string{"0.50", "1.25"}, trace.TypeReal, trace.KindReal, "", "fixed:2", 0.5, 0},
		{"x", []string{"305.63599999999997", "300.0", "1e-05"}, trace.TypeReal, trace.KindReal, "", "repr", 305.63599999999997, 0},
		{"x", []string{"0.5", "3", "0.1234567890123"}, trace.TypeReal, trace.KindReal, "", "", 0.5, 0},
		{"x", []string{"-", "1", "2"}, trace.TypeInt, trace.KindInteger, "", "null=-", nil, 0},
		{"x", []string{"NA", "1.5", "NA"}, trace.TypeReal, trace.KindReal, "", "null=NA", nil, 0},
		{"x", []string{"-", "a", "?"}, trace.TypeText, trace.KindText, "", "", "-", 0},
		{"x", []string{"  <->", "   ->"}, trace.TypeText, trace.KindText, "", "", "  <->", 0},
		{"x", []string{"True", "False", ""}, trace.TypeBool, trace.KindBoolean, "", "True/False", true, 0},
		{"x", []string{"yes", "no"}, trace.TypeText, trace.KindText, "", "", "yes", 0},
		{"x", many("5", "five"), trace.TypeInt, trace.KindInteger, "", "", int64(5), 1},
		{"x", []string{"5", "6", "seven"}, trace.TypeText, trace.KindText, "", "", "5", 0},
		{"x", []string{`"5"`, `"6"`}, trace.TypeInt, trace.KindInteger, "", "quoted", int64(5), 0},
		{"srcip", []string{"1730436467", "719036359"}, trace.TypeText, trace.KindAddress, "", "ipv4-integer", "103.36.93.115", 0},
		{"count", []string{"1730436467", "719036359"}, trace.TypeInt, trace.KindInteger, "", "", int64(1730436467), 0},
		{"x", []string{"10.0.0.1", "fe80::1%eth0", "::1"}, trace.TypeText, trace.KindAddress, "", "", "10.0.0.1", 0},
		{"Sport", []string{"80", "443"}, trace.TypeInt, trace.KindPort, "", "", int64(80), 0},
		{"Sport", []string{"80", "0x0303", "N10451"}, trace.TypeText, trace.KindPort, "", "", "80", 0},
		{"report", []string{"80", "443"}, trace.TypeInt, trace.KindInteger, "", "", int64(80), 0},
		{"proto", []string{"tcp", "UDP", "arp"}, trace.TypeText, trace.KindProtocol, "", "", "tcp", 0},
		{"proto", []string{"6", "17"}, trace.TypeInt, trace.KindProtocol, "", "", int64(6), 0},
		{"x", []string{"tcp", "udp"}, trace.TypeText, trace.KindProtocol, "", "", "tcp", 0},
		{"ts", []string{"1458298072364000.0", "1458298073000000.0"}, trace.TypeReal, trace.KindTimestamp, trace.Microsecond, "fixed:1", 1458298072364000.0, 0},
		{"time", []string{"1", "28"}, trace.TypeInt, trace.KindTimestamp, trace.Second, "", int64(1), 0},
		{"time", []string{"1700000000123", "1700000000999"}, trace.TypeInt, trace.KindTimestamp, trace.Millisecond, "", int64(1700000000123), 0},
		{"first_ts", []string{"1520628556.520001000", "1520628575.635626001"}, trace.TypeTime, trace.KindTimestamp, "", "epoch:9", time.Unix(1520628556, 520001000).UTC(), 0},
		{"x", []string{"2019/04/04 16:23:00.325010", "2019/04/04 16:23:01.000000"}, trace.TypeTime, trace.KindTimestamp, "", "time:2006/01/02 15:04:05.000000", time.Date(2019, 4, 4, 16, 23, 0, 325010000, time.UTC), 0},
		{"x", []string{"Dec 10 06:55:46", "Dec 11 06:55:46"}, trace.TypeTime, trace.KindTimestamp, "", "time:Jan 02 15:04:05", time.Date(1972, 12, 10, 6, 55, 46, 0, time.UTC), 0},
		{"x", []string{"2011-10-11 13:45:40.276000+02:00", "2011-11-24 15:36:51.302000+01:00", "2011-11-24 15:36:51+01:00"}, trace.TypeTime, trace.KindTimestamp, "", "time:2006-01-02 15:04:05.000000Z07:00;fraction=none0;zone=Europe/Berlin", time.Date(2011, 10, 11, 11, 45, 40, 276000000, time.UTC), 0},
		{"x", []string{"2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00.25Z"}, trace.TypeTime, trace.KindTimestamp, "", "time:2006-01-02T15:04:05.00Z07:00;fraction=trim", time.Date(2020, 1, 1, 0, 0, 0, 500000000, time.UTC), 0},
		{"x", []string{"2020-01-01T00:00:00+05:30", "2020-01-02T00:00:00+05:30"}, trace.TypeTime, trace.KindTimestamp, "", "time:2006-01-02T15:04:05Z07:00;zone=+05:30", time.Date(2019, 12, 31, 18, 30, 0, 0, time.UTC), 0},
		{"x", []string{"13/02/2020 10:00:00", "01/02/2020 10:00:00"}, trace.TypeTime, trace.KindTimestamp, "", "time:02/01/2006 15:04:05", time.Date(2020, 2, 13, 10, 0, 0, 0, time.UTC), 0},
		{"x", []string{"", ""}, trace.TypeText, trace.KindText, "", "", nil, 0},
		{"pkts", []string{"1", "-2", "3"}, trace.TypeInt, trace.KindInteger, "", "", int64(1), 1},
	} {
		col, first, rejects := column(t, c.name, c.values...)
		want := trace.Column{Name: c.name, Type: c.typ, Kind: c.kind, Unit: c.unit, Format: c.format}
		if v, ok := first.(time.Time); ok {
			first = v.UTC()
		}
		if col != want || !reflect.DeepEqual(first, c.first) || len(rejects) != c.rejects {
			t.Errorf("%s %.80q:\n%+v %v %v, want\n%+v %v", c.name, c.values, col, first, rejects, want, c.first)
		}
	}
}

func TestDialectsComeBack(t *testing.T) {
	for _, text := range []string{
		"a,b\r\n1,x\r\n2,y\r\n",
		"a,b\n1,x\n2,y",
		"\xef\xbb\xbfa,b\n1,x\n2,y\n",
		"1;x\n2;y\n",
		"\"a\",\"b\"\n1,\"x\"\n2,\"y\"\n",
		"a,b\n1,\"x,1\"\n2,\"say \"\"hi\"\"\"\n",
		"a\n1\n\n3\n",
		"a,A\n1,2\n3,4\n",
		"a,b\n1,\"line\nbreak\"\n2,y\n",
		"a,b\n1,Jos\xe9\n",
		"a,b\n1,=SUM(A1)\n2,+x\n3,@y\n",
		"a,b,c\n,,\n1,2,x\n",
	} {
		l, err := loadText(t, "x.csv", text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if out := string(written(t, l)); out != text && text != "a\n1\n\n3\n" {
			t.Errorf("%q is written %q (%v)", text, out, l.schema.Props)
		}
	}
}

// TestDirect holds that the database reads a file itself just as it reads what
// this package hands it.
func TestDirect(t *testing.T) {
	db := database(t)
	paths, _ := filepath.Glob(filepath.Join(shared(t), "*/*.csv"))
	more, _ := filepath.Glob(filepath.Join(shared(t), "flow-ctu-binetflow/*"))
	n := 0
	stop := func() error { return nil }
	for _, path := range append(paths, more...) {
		c, err := surveyCSV(path, stop)
		if err != nil {
			continue
		}
		if _, _, ok := c.directQuery(); !ok {
			continue
		}
		n++
		if _, ok, err := c.direct(context.Background(), db, "direct"); err != nil || !ok {
			t.Errorf("%s: %v %v", path, ok, err)
			continue
		}
		var handed bytes.Buffer
		if err := c.hand(&handed, stop, func(trace.Reject) {}); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "handed.csv")
		if err := os.WriteFile(file, handed.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := create(context.Background(), db, "handed", "SELECT * FROM "+readCSV(file, c.schema(), ',', "\\n", false, false, c.longest)); err != nil {
			t.Fatal(err)
		}
		var differ int
		if err := db.QueryRow("SELECT count(*) FROM (SELECT * FROM (SELECT row_number() OVER () n, * FROM direct) EXCEPT SELECT * FROM (SELECT row_number() OVER () n, * FROM handed))").Scan(&differ); err != nil || differ > 0 {
			t.Errorf("%s: %d rows differ, %v", path, differ, err)
		}
		_, _ = db.Exec("DROP TABLE direct; DROP TABLE handed")
	}
	if n < 10 {
		t.Errorf("only %d files were read directly", n)
	}
}

// TestNoFields refuses records that have nothing in them.
func TestNoFields(t *testing.T) {
	for _, text := range []string{"{}\n{}\n", "{\"a\":1,\"a\":2}\n{}\n"} {
		if _, err := loadText(t, "x.jsonl", text); !errors.Is(err, ErrNoRows) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestJSONL(t *testing.T) {
	const text = `{"time":"2020-01-02T03:04:05.678Z","id":1,"code":"007","host":"10.0.0.1","ok":true,"tags":["a","b"],"f":0.5}
{"time":"2020-01-02T03:04:06.000Z","id":2,"code":"","ok":false,"mixed":"5","f":1.5}
{"time":"2020-01-02T03:04:07.500Z","id":3,"code":"x<y","mixed":5,"f":2.25}
`
	l, err := loadText(t, "x.jsonl", text+"[1]\nnope\n{\"id\":4,\"id\":5}\n{\"id\":\n")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, j := range l.rejects {
		lines = append(lines, fmt.Sprint(j.Line, " ", j.Reason))
	}
	if got := fmt.Sprint(lines); got != "[4 not a JSON object 5 not a JSON object 6 duplicate key 7 not valid JSON]" {
		t.Errorf("rejects %s", got)
	}
	if out := string(written(t, l)); out != text {
		t.Errorf("written\n%s", out)
	}
	if c, _ := l.schema.Column("code"); c.Type != trace.TypeText {
		t.Errorf("a string of digits became %v", c)
	}
}

func TestParquet(t *testing.T) {
	db, dir := database(t), t.TempDir()
	path := filepath.Join(dir, "it's.parquet")
	query := "SELECT 80::USMALLINT AS srcport, 0.5::FLOAT AS f, TIMESTAMP '2020-01-01 00:00:00.25' AS ts, ['a','b'] AS tags, {'x': 1} AS s, '10.0.0.1' AS srcip"
	if err := ExportParquet(context.Background(), db, query, path); err != nil {
		t.Fatal(err)
	}
	l, err := load(db, path)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, c := range l.schema.Columns {
		types = append(types, string(c.Type)+" "+string(c.Kind))
	}
	if got := strings.Join(types, ", "); got != "BIGINT port, DOUBLE real, TIMESTAMP_NS timestamp, VARCHAR[] text, VARCHAR text, VARCHAR address" {
		t.Error(got)
	}
	if l.rows[0][0] != int64(80) || l.rows[0][5] != "10.0.0.1" {
		t.Error(l.rows[0])
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "empty file",
		"  \n\n":                   "empty file",
		"a,b\n":                    "no rows",
		"a,b\n1,\"x\n2,y\n":        ":2: quote is never closed",
		"a,b,a\n1,2,3\n":           `"a" twice`,
		"\x1f\x8b\x08":             "gzip",
		"\x00\x01\x02\x03\x00\x00": "binary",
	} {
		_, err := loadText(t, "x.csv", text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.csv") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := load(database(t), filepath.Join(t.TempDir(), "none.csv")); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
}

// TestLongValue loads a value beyond the database's own bound of a line.
func TestLongValue(t *testing.T) {
	long := strings.Repeat("x,", 3<<20)
	l, err := loadText(t, "x.csv", "a,b\n1,\""+long+"\"\n2,y\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(l.rows) != 2 || l.rows[0][1] != long {
		t.Errorf("%d rows", len(l.rows))
	}
}

// TestQuotesBesideNumbers holds that what quotes stand beside does not change
// what a column is taken for: the reader uses its memory of a record again.
func TestQuotesBesideNumbers(t *testing.T) {
	text := "layers,sport\n"
	for i := range 500 {
		port := ""
		if i%3 == 0 {
			port = fmt.Sprint(1024+i*97, ".0")
		}
		text += fmt.Sprintf("\"Ethernet,IP,%s\",%s\n", strings.Repeat("UDP", i%3), port)
	}
	l, err := loadText(t, "x.csv", text)
	if err != nil {
		t.Fatal(err)
	}
	if c := l.schema.Columns[1]; c.Type != trace.TypeReal || c.Kind != trace.KindPort {
		t.Errorf("%+v", c)
	}
}

// TestExistingTable holds that a table that is there already survives.
func TestExistingTable(t *testing.T) {
	db := database(t)
	if _, err := db.Exec("CREATE TABLE t AS SELECT 42 AS x"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(context.Background(), db, path, Quote("t"), nil, nil); err == nil {
		t.Error("loaded over a table")
	}
	var x int
	if err := db.QueryRow("SELECT x FROM t").Scan(&x); err != nil || x != 42 {
		t.Errorf("%d %v", x, err)
	}
}

func TestLineNumbers(t *testing.T) {
	l, err := loadText(t, "x.csv", "ts,msg,port\n1,\"two\nlines\",80\n2,b\n3,\"c\r\nd\ne\",81\n4,f,70000\n5,g,82\n")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, j := range l.rejects {
		got = append(got, fmt.Sprint(j.Line, " ", j.Offset, " ", j.Reason, ": ", j.Detail))
	}
	want := `[4 29 wrong number of fields: want 3, got 2 8 47 not a port: field "port": want a port from 0 to 65535, got "70000"]`
	if fmt.Sprint(got) != want || len(l.rows) != 3 {
		t.Errorf("%s, %d rows, want %s", got, len(l.rows), want)
	}
}

func ExampleLoad() {
	f, _ := os.CreateTemp("", "flows*.csv")
	defer os.Remove(f.Name())
	fmt.Fprint(f, "srcip,dstport,ts\n10.0.0.1,443,1700000000.25\n10.0.0.2,http,1700000001.50\n")
	f.Close()

	db, _ := sql.Open("duckdb", "")
	defer db.Close()
	schema, n, err := Load(context.Background(), db, f.Name(), Quote("flows"), nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n, "rows")
	for _, c := range schema.Columns {
		fmt.Printf("%s: %s, held as %s\n", c.Name, c.Kind, c.Type)
	}
	// Output:
	// 2 rows
	// srcip: address, held as VARCHAR
	// dstport: port, held as VARCHAR
	// ts: timestamp, held as DOUBLE
}

// FuzzSniff sniffs, types and hands on any text: what is handed on must have
// as many fields in each record as the table has columns.
func FuzzSniff(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "\"a\";\"b\"\r\n1;\"x\ny\"\r\n", "ts\tip\n1700000000\t10.0.0.1\n", "a,b\n\"", "a\n\n", "# c\na,b\n1,2",
		"00000000", "\xff\xfea\x00,\x00", "x,y\n2020-01-01 00:00:00.5,NA\n-,1e5\n", "a,,A\n1,2,3\n", "a b\nc d e\n\x00 1\n",
	} {
		f.Add([]byte(s))
	}
	stop := func() error { return nil }
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1 && data[0] == 0x1f {
			return
		}
		Detect(data, "x.csv")
		path := filepath.Join(dir, "fuzz.csv")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := surveyCSV(path, stop)
		if err != nil {
			return
		}
		var out bytes.Buffer
		rejects := int64(0)
		if err := c.hand(&out, stop, func(trace.Reject) { rejects++ }); err != nil {
			t.Fatal(err)
		}
		r := newRecords(newReader(out.Bytes()), dialect{delim: ','})
		for r.next() == nil {
			if want := max(len(c.plans), 2); len(r.fields) != want {
				t.Fatalf("%q has %d fields, want %d", r.raw, len(r.fields), want)
			}
		}
		for _, p := range c.plans {
			if got := formOf(p.form.String()); got.String() != p.form.String() {
				t.Fatalf("format %q reads %q", p.form, got)
			}
		}
	})
}

// TestHeaderOfDates holds that days may name columns of other values.
func TestHeaderOfDates(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{"page,2015-07-01,2015-07-02\na,1,2\nb,3,\n", true},
		{"a,2015-07-01,2015-07-02\nb,2015-07-03,2015-07-04\n", false},
		{"page,2015-07-01\n", false},
	} {
		if got := sniff([]byte(c.text), true).header; got != c.want {
			t.Errorf("%q: header %v, want %v", c.text, got, c.want)
		}
	}
}
