package tableio

import (
	"fmt"
	"strings"
	"testing"
)

func TestJSONLayouts(t *testing.T) {
	for _, c := range []struct{ name, text, rejects string }{
		{"lines", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n", ""},
		{"as Python writes", "{\"a\": 1.50, \"b\": \"x\"}\n{\"a\": 2.25, \"b\": \"y\"}\n", ""},
		{"array, one a line", "[\n  {\"a\":1,\"b\":\"x\"},\n  {\"a\":2,\"b\":\"y\"}\n]\n", ""},
		{"array in one line", "[{\"a\": 1, \"b\": [1, 2]},{\"a\": 2, \"b\": [3]}]\n", ""},
		{"explicit null", "{\"a\":1,\"b\":null}\n{\"a\":2,\"b\":\"y\"}\n", ""},
		{"left out", "{\"a\":1}\n{\"a\":2,\"b\":\"y\"}\n", ""},
		{"brackets in text", "[{\"a\":\"],[{\"},\n{\"a\":\"\\\"}\"}\n]\n", ""},
		{"keys of their own order", "{\"z\":1,\"a\":2}\n{\"z\":3,\"a\":4}\n", ""},
	} {
		l, err := loadText(t, "x.json", c.text)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if out := string(written(t, l)); out != c.text || fmt.Sprint(l.rejects) != "[]" || len(l.rows) != 2 {
			t.Errorf("%s: %d rows, %v, written\n%s", c.name, len(l.rows), l.rejects, out)
		}
	}
}

func TestJSONPlaces(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[\n{\"a\":1},\n\n 5,\n{\"a\":\n2}\n,{\"a\":3,}]", "[4 13 not a JSON object 7 26 not valid JSON]"},
		{"{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n{\n \"a\": x\n}\n", "[7 24 not valid JSON]"},
		{"{\"a\":\"x\"}\n{\"a\":\"y\"}\n\n{\"a\":3\n{\"a\":\"\\u0000\"}\n", "[4 21 not valid JSON 5 28 NUL byte]"},
	} {
		l, err := loadText(t, "x.json", c.text)
		if err != nil {
			t.Fatalf("%q: %v", c.text, err)
		}
		var got []string
		for _, j := range l.rejects {
			got = append(got, fmt.Sprint(j.Line, " ", j.Offset, " ", j.Reason))
		}
		if fmt.Sprint(got) != c.want || len(l.rows) != 2 {
			t.Errorf("%q: %s, %d rows, want %s", c.text, got, len(l.rows), c.want)
		}
	}
}

// TestJSONOrder holds that columns are in the order of the file, however many
// blocks it is surveyed in.
func TestJSONOrder(t *testing.T) {
	var sb strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&sb, `{"id":%d,"pad":"%s"`, i, strings.Repeat("x", 40))
		if i == 59_000 {
			sb.WriteString(`,"late":1`)
		}
		if i >= 30_000 {
			fmt.Fprintf(&sb, `,"k%d":1`, (i/10_000)*7%10)
		}
		sb.WriteString(",\"end\":0}\n")
	}
	l, err := loadText(t, "x.jsonl", sb.String())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(l.schema.Names(), " "); got != "id pad late k5 k8 k1 end" || len(l.rows) != 60_000 {
		t.Errorf("%s, %d rows", got, len(l.rows))
	}
}
