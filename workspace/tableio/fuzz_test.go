package tableio

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"netshare/workspace/trace"
)

// FuzzJSON surveys and hands on any text as JSON lines or an array: what is
// handed on is as many fields in each record as the table has columns, and no
// record is lost.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		"{\"a\":1}\n{\"a\":2,\"b\":\"x\"}\n", "[{\"a\":1},\n {\"a\":null}]", "{\"a\":{\"b\":[1,2]}}\r\n", "{\"a\":1e400}\n{\"a\":-0}\n",
		"{\"a\":\"\\ud800\"}\n", "{\"a\":1,\"a\":2}\n{}", "[", "{\"\":true}\nnull\n", "{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n", "\ufeff{\"a\":[]}",
	} {
		f.Add([]byte(s))
	}
	stop := func() error { return nil }
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1 && data[0] == 0x1f {
			return
		}
		path := filepath.Join(dir, "fuzz.jsonl")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := surveyJSONL(path, stop)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := j.hand(&out, stop, func(trace.Reject) {}); err != nil {
			t.Fatal(err)
		}
		width := max(len(j.schema().Columns), 2)
		r := newRecords(newReader(out.Bytes()), dialect{delim: ','})
		for r.next() == nil {
			if len(r.fields) != width {
				t.Fatalf("%q has %d fields, want %d", r.raw, len(r.fields), width)
			}
		}
	})
}
