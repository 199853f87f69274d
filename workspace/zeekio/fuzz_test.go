package zeekio

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// reread checks what every log's reading holds to, writes it, and reads that.
// It returns false where there is nothing to compare.
func reread(t *testing.T, data []byte) (one, two loaded, ok bool) {
	Detect(data)
	r, err := NewReader("fuzz", bytes.NewReader(data))
	if err != nil {
		return one, two, false
	}
	one, err = readAll(r)
	if err != nil {
		t.Fatal(err) // memory does not fail
	}
	for _, row := range one.rows {
		if len(row) != len(one.schema.Columns) {
			t.Fatalf("%d values for %d columns", len(row), len(one.schema.Columns))
		}
		for i, v := range row {
			if !isOf(v, one.schema.Columns[i].Type) {
				t.Fatalf("%#v in %v", v, one.schema.Columns[i])
			}
		}
	}
	for _, j := range one.rejects {
		if j.Line < 1 || j.Offset < 0 || j.Offset >= int64(len(data)) || j.Reason == "" {
			t.Fatalf("%+v", j)
		}
	}
	if len(one.rows) == 0 || len(one.schema.Columns) == 0 {
		return one, two, false
	}
	text := written(t, one)
	if r, err = NewReader("again", bytes.NewReader(text)); err != nil {
		t.Fatalf("%v in\n%q", err, text)
	}
	if two, err = readAll(r); err != nil || len(two.rejects) > 0 {
		t.Fatalf("%v %v in\n%q", err, two.rejects, text)
	}
	if len(two.rows) != len(one.rows) {
		t.Fatalf("%d records, then %d in\n%q", len(one.rows), len(two.rows), text)
	}
	return one, two, true
}

// isOf reports whether a value is of a column's type.
func isOf(v any, t trace.Type) bool {
	if elem, list := t.Elem(); list && v != nil {
		vs, ok := v.([]any)
		for _, e := range vs {
			ok = ok && isOf(e, elem)
		}
		return ok
	}
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return t == trace.TypeBool
	case int64:
		return t == trace.TypeInt
	case float64:
		return t == trace.TypeReal && !math.IsNaN(v) && !math.IsInf(v, 0)
	case string:
		return t == trace.TypeText
	case time.Time:
		return t == trace.TypeTime && v.Location() == time.UTC
	}
	return false
}

func FuzzTSV(f *testing.F) {
	f.Add([]byte(sampleTSV + "1.5\tC\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t-\ta,\\x2c\n#separator \\x7c\n#fields|ts|x\n1.0|y\n"))
	f.Add([]byte("#fields\ta\tb\n-\t(empty)\n\\x2d\t\\x00\n"))
	f.Add([]byte("\xef\xbb\xbf \t#separator \\x2c\r\n#set_separator,;\r\n#empty_field,(e)\r\n#unset_field,\r\n#path,x\r\n#fields,ts,v\r\n#types,time,vector[interval]\r\n1.0,1;2;\r\n2.0,(e)\r\n"))
	f.Add([]byte("#fields\tts\ttunnel_parents   label\n#types\ttime\tset[string]   string\n1.5\t-   a\n2\t(empty)\tb\n"))
	f.Add([]byte("#fields\ta\tb\n#types\tset[addr]\tbool\n::1,10.0.0.1\tT\n#path\ty\n#fields\tb\ta\nF\t-\n"))
	f.Add([]byte("#unset_field\t-*\tx\n#fields\ts\xaf\tb;c\ttunnel\n#types\t\xff;x\tset[\xac]\tset[a;b]\n-*\t1\t-*\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1 && (data[0] == 0x1f || data[0] == 0x28) { // the decompressors have their own
			return
		}
		one, two, ok := reread(t, data)
		if !ok || one.schema.Format != formatTSV {
			return
		}
		if !reflect.DeepEqual(one.schema.Columns, two.schema.Columns) {
			t.Fatalf("columns %v, then %v", one.schema.Columns, two.schema.Columns)
		}
		for i, row := range one.rows {
			for k, v := range row {
				if !same(v, two.rows[i][k]) {
					t.Fatalf("record %d, %s: %#v, then %#v in\n%q", i, one.schema.Columns[k].Name, v, two.rows[i][k], written(t, one))
				}
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"ts":1.0,"uid":"C1","id":{"orig_h":"::1"},"a":[1,"x",[null]]}` + "\n{\"ts\":2e3,\"uid\":null}\n{"))
	f.Add([]byte("{\"_path\":\"x\",\"_write_ts\":1.5,\"ts\":\"2018-03-24T17:15:20Z\",\"s\":\"\\ud83d\\ude00\\ud83d\"}\n"))
	f.Add([]byte(`{"ts": 1.5, "uid": "C1", "n": -0.5, "b": true}` + "\r\n" + `{"ts": 1.5, "uid": "C1", "n": 007}`))
	f.Add([]byte(`{"ts":1700000000500,"uid":"C\\\"1","x":[],"x":1}` + "\n\n" + `{"uid":"` + "\t\xff" + `"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1 && (data[0] == 0x1f || data[0] == 0x28) {
			return
		}
		for _, line := range bytes.Split(data, []byte("\n")) {
			sameMembers(t, line)
		}
		one, two, ok := reread(t, data)
		if !ok || one.schema.Format != formatJSON {
			return
		}
		for k, c := range one.schema.Columns {
			at := two.schema.Index(c.Name)
			if at < 0 {
				for _, row := range one.rows {
					if row[k] != nil {
						t.Fatalf("column %v is lost in\n%q", c, written(t, one))
					}
				}
				continue
			}
			if two.schema.Columns[at].Type != c.Type { // records that it was for were rejected
				continue
			}
			for i, row := range one.rows {
				if !same(row[k], two.rows[i][at]) {
					t.Fatalf("record %d, %v: %#v, then %#v in\n%q", i, c, row[k], two.rows[i][at], written(t, one))
				}
			}
		}
	})
}

// sameMembers compares the quick way through a line with the careful one.
func sameMembers(t *testing.T, line []byte) {
	var quick, careful flat
	for range 2 { // what is learnt of keys is used the second time
		if !quick.quick(line) {
			return
		}
	}
	careful.members = nil
	c := scanner{s: line}
	c.space()
	if err := careful.object(&c, nil, nil); err != nil {
		t.Fatalf("%q: taken, but %v", line, err)
	}
	if c.space(); c.i < len(line) {
		t.Fatalf("%q: taken, but it goes on", line)
	}
	show := func(f flat) string {
		var b strings.Builder
		for _, m := range f.members {
			fmt.Fprintf(&b, "%q %q %c %q %v %q\n", m.name, m.in, m.val.kind, m.val.raw, m.val.real, m.val.text())
		}
		return b.String()
	}
	if a, b := show(quick), show(careful); a != b {
		t.Fatalf("%q is\n%swant\n%s", line, a, b)
	}
}

// FuzzWriter writes values of every type in both formats, and reads them.
func FuzzWriter(f *testing.F) {
	f.Add("a\tb", "-", int64(5), 0.25, int64(1_700_000_000_123_456_000), true, byte(0))
	f.Add("(empty)", "x,y", int64(-1), -1e18, int64(-1), false, byte(1))
	f.Add("", "\\x09\\", int64(math.MinInt64), 5e-324, int64(math.MaxInt64/2), false, byte(7))
	f.Add("#", "é\x00\u2028", int64(70000), 1e300, int64(1), true, byte(15))
	f.Add("\\x09\\xc3\\xa9", "\\x80", int64(5), 1e-7, int64(1), true, byte(3))
	f.Fuzz(func(t *testing.T, a, b string, n int64, x float64, ns int64, yes bool, how byte) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return
		}
		a, b = canonical([]byte(a)), canonical([]byte(b)) // as a table holds text
		schema := trace.Schema{Format: formatTSV, Props: map[string]string{}, Columns: []trace.Column{
			{Name: "ts", Type: trace.TypeTime, Kind: trace.KindTimestamp},
			{Name: "uid", Type: trace.TypeText, Kind: trace.KindText},
			{Name: "a", Type: trace.TypeText, Kind: trace.KindCategory},
			{Name: "n", Type: trace.TypeInt, Kind: trace.KindInteger},
			{Name: "x", Type: trace.TypeReal, Kind: trace.KindReal},
			{Name: "yes", Type: trace.TypeBool, Kind: trace.KindBoolean},
			{Name: "as", Type: trace.TypeTextList, Kind: trace.KindText, Format: "set[string]"},
			{Name: "xs", Type: trace.TypeRealList, Kind: trace.KindText},
		}}
		if how&1 != 0 {
			schema.Format = formatJSON
		}
		if how&2 != 0 {
			schema.Props["separator"], schema.Props["set_separator"] = ",", ";"
		}
		if how&4 != 0 {
			schema.Props["eol"], schema.Props["unset_field"], schema.Props["empty_field"] = "crlf", "(null)", "-"
		}
		ts := time.Unix(0, ns).UTC()
		one := loaded{schema: schema, rows: []trace.Row{
			{ts, a, b, n, x, yes, []any{a, b}, []any{x, 0.5}},
			{ts, b, a, int64(0), -x, !yes, []any{a}, []any{x}},
			{ts, "C", nil, nil, nil, nil, []any{}, []any{}},
			{ts, "C", a, n, x, nil, []any{b, nil, a}, nil},
		}}
		text := written(t, one)
		two := fromText(t, string(text))
		if len(two.rows) != len(one.rows) || len(two.rejects) > 0 {
			t.Fatalf("%d records, %v in\n%q", len(two.rows), two.rejects, text)
		}
		for k, c := range schema.Columns {
			at := two.schema.Index(c.Name)
			if schema.Format == formatTSV && at != k || at >= 0 && schema.Format == formatTSV && two.schema.Columns[at].Type != c.Type {
				t.Fatalf("column %v is %v in\n%q", c, two.schema.Columns, text)
			}
			for i, row := range one.rows {
				if at >= 0 && two.schema.Columns[at].Type == c.Type && !reflect.DeepEqual(row[k], two.rows[i][at]) {
					t.Fatalf("record %d, %s: %#v, then %#v in\n%q", i, c.Name, row[k], two.rows[i][at], text)
				}
			}
		}
	})
}
