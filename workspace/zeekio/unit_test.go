package zeekio

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

const sampleTSV = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n" +
	"#open\t2023-11-14-22-13-20\n" +
	"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\ttunnel_parents\n" +
	"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tinterval\tset[string]\n"

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		head, want string
	}{
		{sampleTSV, formatTSV},
		{"\t#separator \\x09\n", formatTSV},
		{"### a baseline\n#fields\tts\n", formatTSV},
		{"\xef\xbb\xbf{\"ts\":1.5,\"uid\":\"C1\"}\n", formatJSON},
		{`{"_path":"dns","_write_ts":"2018-03-24T17:15:20.8Z","ts"`, formatJSON},
		{`{"ts": 1.0, "id": {"orig_h": "10.0.0.1"}}`, formatJSON},
		{`{"ts":1.5,"value":3}`, ""},
		{`{"uid":"C1","name":"ts"}`, ""},
		{"# a comment\nts,user\n", ""},
		{"ts,uid\n1,C1\n", ""},
		{"", ""},
	} {
		got, ok := Detect([]byte(c.head))
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%.40q is %q %v, want %q", c.head, got, ok, c.want)
		}
	}
}

func TestTimeIsExact(t *testing.T) {
	for text, want := range map[string]string{
		"1424273686.951089":           "1424273686951089000",
		"1424273686.9526":             "1424273686952600000",
		"0":                           "0",
		"0.000000":                    "0",
		"-1418429426.887384":          "-1418429426887384000",
		"-0.25":                       "-250000000",
		"1.0000000005":                "1000000001",
		"1.9999999999":                "2000000000",
		"2.385616957e+09":             "2385616957000000000",
		"1e-3":                        "1000000",
		"2018-03-24T17:15:20.865716Z": "1521911720865716000",
		"":                            "", ".5": "", "5.": "", "1e300": "", "99999999999": "", "XXXXXXXXXX.XXXXXX": "", "0x10": "", "1_0": "", "NaN": "",
	} {
		got := ""
		if v, ok := parseTime(text); ok {
			got = fmt.Sprint(v.UnixNano())
		}
		if got != want {
			t.Errorf("%q is %s ns, want %s", text, got, want)
		}
	}
}

func TestEpochWriting(t *testing.T) {
	for _, c := range []struct {
		ns     int64
		digits int
		want   string
	}{
		{1424273686952600000, -1, "1424273686.9526"},
		{1424273686952600000, 6, "1424273686.952600"},
		{5e9, -1, "5.0"},
		{0, 6, "0.000000"},
		{-250000000, -1, "-0.25"},
		{-1418429426887384000, 6, "-1418429426.887384"},
		{-2e9, 6, "-2.000000"},
		{1, 9, "0.000000001"},
	} {
		if got := string(appendEpoch(nil, time.Unix(0, c.ns).UTC(), c.digits)); got != c.want {
			t.Errorf("%d ns with %d digits: %s, want %s", c.ns, c.digits, got, c.want)
		}
	}
}

func TestEscapes(t *testing.T) {
	for raw, text := range map[string]string{
		`a\x09b`:      "a\tb",
		`\xc3\xa9`:    "é",
		`bad\xZZ`:     `bad\xZZ`,
		`Inc.\\, L=S`: `Inc.\, L=S`,
		`\x00\x00`:    `\x00\x00`,
		"caf\xe9":     `caf\xe9`,
		`\x5cx41`:     `\x41`,
		`plain`:       "plain",
		`trailing\`:   `trailing\`,
		"\\xf0\\x9f?": `\xf0\x9f?`,
	} {
		if got := unescape(raw); got != text {
			t.Errorf("%q reads %q, want %q", raw, got, text)
		}
		back := appendEscaped(nil, text, "\t", ",")
		if got := unescape(string(back)); got != text {
			t.Errorf("%q is written %q, which reads %q", text, back, got)
		}
		if bytes.ContainsAny(back, "\t\n,") {
			t.Errorf("%q is written %q, which a separator cuts", text, back)
		}
	}
}

// TestFourThings holds apart what looks alike: unset, empty, and the text of
// either keyword.
func TestFourThings(t *testing.T) {
	in := sampleTSV +
		"1.5\t-\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t-\t-\n" +
		"2.5\t(empty)\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.5\t(empty)\n" +
		"3.5\t\\x2d\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.5\t\\x2d\n" +
		"4.5\t\\x28empty)\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.5\ta\\x2cb,-,(empty)\n" +
		"5.5\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.5\t\n"
	l := fromText(t, in)
	for i, want := range []string{
		`<nil> []interface {}(nil)`,
		`"" []interface {}{}`,
		`"-" []interface {}{"-"}`,
		`"(empty)" []interface {}{"a,b", interface {}(nil), ""}`,
		`"C" []interface {}{""}`,
	} {
		got := cell(l, i, "uid") + " " + cell(l, i, "tunnel_parents")
		if i == 0 {
			want = "<nil> <nil>"
		}
		if got != want {
			t.Errorf("record %d: %s, want %s", i, got, want)
		}
	}
	const want = "4.500000\t\\x28empty)\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.500000\ta\\x2cb,-,(empty)\n"
	if out := string(written(t, l)); !strings.Contains(out, want) {
		t.Errorf("written\n%s", out)
	}
}

func TestRejects(t *testing.T) {
	const good = "10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.5\t-"
	for _, c := range []struct{ line, reason, detail string }{
		{"1.5\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\tx\t-", "not a number", `field "duration": want a number, got "x"`},
		{"1.5\tC\t10.0.0.1\t70000\t10.0.0.2\t2\ttcp\t0.5\t-", "not a port", `field "id.orig_p": want a port from 0 to 65535, got "70000"`},
		{"1.5\tC\t10.0.0.300\t1\t10.0.0.2\t2\ttcp\t0.5\t-", "not an address", `field "id.orig_h": want an address, got "10.0.0.300"`},
		{"XXX\tC\t" + good, "not a time in range", `field "ts": want a time, got "XXX"`},
		{"-\tC\t" + good, "no time", `field "ts" is not set`},
		{"1.5\tC\t10.0.0.1\t1\t-\t2\ttcp\t0.5\t-", "incomplete connection", `field "id.resp_h" is not set`},
		{"1.5\tC", "wrong number of fields", "want 9, got 2"},
		{"1.5\tC\t" + good + "\t1\t2", "wrong number of fields", "want 9, got 11"},
		{"1.5\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\tNaN\t-", "not a number", `field "duration": want a number, got "NaN"`},
	} {
		l := fromText(t, sampleTSV+c.line+"\n1.5\tC\t"+good+"\n")
		if len(l.rejects) != 1 || len(l.rows) != 1 {
			t.Errorf("%q: %v", c.line, l.rejects)
			continue
		}
		want := trace.Reject{File: "test.log", Line: 9, Offset: int64(len(sampleTSV)), Reason: c.reason, Detail: c.detail}
		if l.rejects[0] != want {
			t.Errorf("%q:\n%+v, want\n%+v", c.line, l.rejects[0], want)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "empty file",
		"ts,uid\n":                        "not a Zeek log",
		"#separator \\x09\n#path\tx\n":    "not a Zeek log",
		"#fields\ta\ta\n":                 `"a" twice`,
		"#fields\ta\tb\n#types\tstring\n": "2 fields",
		"#separator ab\n":                 "one character",
		"\x1f\x8bnot gzip":                "gzip",
	} {
		_, err := NewReader("x.log", strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "x.log") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("directory: %v", err)
	}
}

// TestKeyOrder holds that columns keep to the keys' order in every record,
// wherever an optional key first turns up.
func TestKeyOrder(t *testing.T) {
	l := fromText(t, `{"ts":1.0,"uid":"a","zz":1,"yy":2}
{"ts":2.0,"uid":"a","aa":1,"zz":1}
{"ts":3.0,"uid":"a","bb":true,"yy":1,"cc":[1.5]}
{"ts":4.0,"uid":"a","aa":1,"bb":false,"zz":2}
`)
	if got := strings.Join(l.schema.Names(), " "); got != "ts uid aa bb zz yy cc" {
		t.Errorf("columns %s", got)
	}
	if out := string(written(t, l)); !strings.HasPrefix(out, `{"ts":1.0,"uid":"a","zz":1,"yy":2}`+"\n") {
		t.Errorf("written\n%s", out)
	}
}

func TestJSONForms(t *testing.T) {
	for name, c := range map[string]struct{ in, col, format string }{
		"millis":  {`{"ts":1700000000500,"uid":"C1"}`, "ts", "time;ms"},
		"iso":     {`{"ts":"2018-03-24T17:15:20.865716Z","uid":"C1"}`, "ts", "time;iso=6"},
		"nested":  {`{"ts":1.5,"uid":"C1","id":{"orig_h":"10.0.0.1","orig_p":1,"resp_h":"10.0.0.2","resp_p":2},"x":{"y":{"z":3}}}`, "x.y.z", "count;in=x/y"},
		"lists":   {`{"ts":1.5,"uid":"C1","answers":["a",["b",["c"]],null,7]}`, "answers", "vector[any]"},
		"numbers": {`{"ts":1.5,"uid":"C1","n":-3,"r":2.5e-10,"big":1e20,"s":"\"\\\n\u0001é"}`, "n", "int"},
	} {
		l := fromText(t, c.in+"\n")
		if len(l.rows) != 1 {
			t.Errorf("%s: %v", name, l.rejects)
			continue
		}
		if col, _ := l.schema.Column(c.col); col.Format != c.format {
			t.Errorf("%s: format %q, want %q", name, col.Format, c.format)
		}
		out := string(written(t, l))
		if name != "numbers" && out != c.in+"\n" {
			t.Errorf("%s: written %s", name, out)
		}
		if again := fromText(t, out); fmt.Sprint(again.rows) != fmt.Sprint(l.rows) {
			t.Errorf("%s: %v then %v", name, l.rows, again.rows)
		}
	}
}

// TestAcross writes a TSV log as JSON and back.
func TestAcross(t *testing.T) {
	a := fromText(t, sampleTSV+"1.500000\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t0.500000\ta,b\n")
	j := a
	j.schema.Format = formatJSON
	text := string(written(t, j))
	want := `{"ts":1.5,"uid":"C","id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":2,"proto":"tcp","duration":0.5,"tunnel_parents":["a","b"]}` + "\n"
	if text != want {
		t.Errorf("JSON %s", text)
	}
	b := fromText(t, text)
	b.schema.Format = formatTSV
	b.schema.Props = a.schema.Props
	if got, want := string(written(t, b)), string(written(t, a)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestForeignSchema writes a table that is no Zeek log's as one.
func TestForeignSchema(t *testing.T) {
	schema := trace.Schema{Format: formatTSV, Columns: []trace.Column{
		{Name: "time", Type: trace.TypeTime, Kind: trace.KindTimestamp},
		{Name: "srcip", Type: trace.TypeText, Kind: trace.KindAddress, Format: "ipv4-integer"},
		{Name: "Src\tPort", Type: trace.TypeInt, Kind: trace.KindPort},
		{Name: "Src_Port", Type: trace.TypeReal, Kind: trace.KindReal},
		{Name: "us", Type: trace.TypeInt, Kind: trace.KindTimestamp, Unit: trace.Microsecond},
		{Name: "s", Type: trace.TypeReal, Kind: trace.KindTimestamp, Unit: trace.Second},
		{Name: "proto", Type: trace.TypeText, Kind: trace.KindProtocol},
		{Name: "flags", Type: trace.TypeTextList, Kind: trace.KindText},
		{Name: "a   b", Type: trace.TypeText, Kind: trace.KindText},
	}}
	rows := []trace.Row{
		{time.Unix(1, 500).UTC(), "10.0.0.1", int64(80), 2.0, int64(1741075200123456), 1741075200.123456, "TCP", []any{"SYN", "ACK"}, "x\ty"},
		{time.Unix(2, 0).UTC(), "::1", nil, 2.5, int64(-1), -0.5, nil, []any{}, ""},
	}
	const want = "#fields\ttime\tsrcip\tSrc_Port\tSrc_Port_2\tus\ts\tproto\tflags\ta   b\n" +
		"#types\ttime\taddr\tport\tdouble\ttime\ttime\tenum\tvector[string]\tstring\n" +
		"1.000000500\t10.0.0.1\t80\t2.0\t1741075200.123456\t1741075200.123456\tTCP\tSYN,ACK\tx\\x09y\n" +
		"2.000000\t::1\t-\t2.5\t-0.000001\t-0.500000\t-\t(empty)\t(empty)\n#close\t1970-01-01-00-00-02\n"
	text := string(written(t, loaded{schema: schema, rows: rows}))
	if !strings.HasSuffix(text, want) {
		t.Errorf("%s", text)
	}
	l := fromText(t, text)
	if got := fmt.Sprint(l.rows[1][4], l.rows[1][5]); len(l.rejects) > 0 || got != "1969-12-31 23:59:59.999999 +0000 UTC 1969-12-31 23:59:59.5 +0000 UTC" {
		t.Errorf("%s %v", got, l.rejects)
	}
	schema.Format = formatJSON
	const line = `{"time":1.0000005,"srcip":"10.0.0.1","Src\tPort":80,"Src_Port":2.0,"us":1741075200.123456,"s":1741075200.123456,"proto":"TCP","flags":["SYN","ACK"],"a   b":"x\ty"}` + "\n"
	if text := string(written(t, loaded{schema: schema, rows: rows[:1]})); text != line {
		t.Errorf("%s", text)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := NewReader("x", strings.NewReader(sampleTSV+"1.5\tC\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Read(ctx, nil, nil); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

func ExampleOpen() {
	f, _ := os.CreateTemp("", "conn*.log")
	defer os.Remove(f.Name())
	fmt.Fprint(f, sampleTSV, "1.5\tC1\t10.0.0.1\t40000\t10.0.0.2\t53\tudp\t-\t(empty)\n")
	f.Close()

	r, err := Open(f.Name())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	fmt.Println(r.Schema().Names()[:3])
	_ = r.Read(context.Background(), func(row trace.Row) error {
		fmt.Println(row...)
		return nil
	}, nil)
	// Output:
	// [ts uid id.orig_h]
	// 1970-01-01 00:00:01.5 +0000 UTC C1 10.0.0.1 40000 10.0.0.2 53 udp <nil> []
}
