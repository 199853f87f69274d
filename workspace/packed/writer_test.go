package packed_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"netshare/workspace/packed"
)

func TestWriter(t *testing.T) {
	text := strings.Repeat("0123456789 some text\n", 5000)
	for ext, format := range map[string]string{".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd", ".csv": "", "": ""} {
		if got := packed.Extension(ext); got != format {
			t.Errorf("extension %q is %q, want %q", ext, got, format)
		}
		var b bytes.Buffer
		w, err := packed.NewWriter(&b, format)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := packed.NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if r.Format != format || string(got) != text || err != nil {
			t.Errorf("%q: read back %d bytes of %q, %v", format, len(got), r.Format, err)
		}
	}
	if _, err := packed.NewWriter(io.Discard, "lzma"); err == nil {
		t.Error("lzma was written")
	}
}
