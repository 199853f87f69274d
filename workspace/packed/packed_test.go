package packed_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"netshare/workspace/packed"
)

func TestReader(t *testing.T) {
	text := strings.Repeat("0123456789 some text\n", 5000)
	var gz, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	io.WriteString(g, text)
	g.Close()
	z, err := zstd.NewWriter(&zs)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(z, text)
	z.Close()
	for _, tc := range []struct {
		name, format string
		data         []byte
		want         string
		err          string
		cut          bool
	}{
		{"plain", "", []byte(text), text, "", false},
		{"empty", "", nil, "", "", false},
		{"two bytes", "", []byte("ab"), "ab", "", false},
		{"gzip", "gzip", gz.Bytes(), text, "", false},
		{"zstd", "zstd", zs.Bytes(), text, "", false},
		{"gzip cut", "gzip", gz.Bytes()[:gz.Len()-9], "", "gzip data is cut short", true},
		{"gzip header cut", "gzip", gz.Bytes()[:5], "", "gzip data is cut short", true},
		{"zstd cut", "zstd", zs.Bytes()[:zs.Len()-9], "", "zstd data is cut short", true},
		{"gzip damaged", "gzip", append(bytes.Clone(gz.Bytes()[:20]), bytes.Repeat([]byte{0xff}, 200)...), "", "gzip data is damaged", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := packed.NewReader(bytes.NewReader(tc.data))
			var got []byte
			if err == nil {
				if r.Format != tc.format {
					t.Errorf("format %q, want %q", r.Format, tc.format)
				}
				got, err = io.ReadAll(r)
				r.Close()
			}
			if tc.err == "" {
				if err != nil || string(got) != tc.want {
					t.Errorf("read %d bytes and %v, want %d", len(got), err, len(tc.want))
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.err) || errors.Is(err, packed.ErrCut) != tc.cut {
				t.Errorf("got error %v, want %q", err, tc.err)
			}
		})
	}
}
