package pcapio_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
)

// write returns the capture that a writer makes of rows.
func write(t testing.TB, schema trace.Schema, rows []trace.Row, opts pcapio.WriterOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := pcapio.NewWriter(&out, schema, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read returns what a capture in memory holds.
func read(t testing.TB, capture []byte) reading {
	t.Helper()
	r, err := pcapio.NewReader("memory", bytes.NewReader(capture))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return readAll(r)
}

// captures returns the real captures.
func captures(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"*.pcap", "*.pcapng", "*.pcapng.gz"} {
		paths, err := filepath.Glob(filepath.Join(sharedFolder(t, "data"), "*", pattern))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	if len(found) == 0 {
		t.Skip("no captures among the shared traces")
	}
	return found
}

// TestRoundTrip reads real captures, writes them and reads them again: all
// header fields must be equal. What was captured of a frame, and the padding
// and trailers of Ethernet, are no header fields.
func TestRoundTrip(t *testing.T) {
	for _, path := range captures(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			first := readFile(path)
			if first.err != nil {
				t.Fatal(first.err)
			}
			again := read(t, write(t, first.schema, first.rows, pcapio.WriterOptions{KeepSequence: true}))
			if again.err != nil || again.count > 0 || len(again.rows) != len(first.rows) {
				t.Fatalf("%d rows, want %d; rejects %v, error %v", len(again.rows), len(first.rows), again.rejects, again.err)
			}
			compareRows(t, first, again)
		})
	}
}

func compareRows(t *testing.T, want, got reading) {
	t.Helper()
	wrong := 0
	for i := range want.rows {
		for j, column := range want.schema.Columns {
			if column.Name == "cap_len" || column.Name == "frame_len" {
				continue
			}
			if got.rows[i][j] != want.rows[i][j] {
				if wrong++; wrong < 10 {
					t.Errorf("packet %d: %s is %v, want %v: %v", i+1, column.Name, got.rows[i][j], want.rows[i][j], want.rows[i])
				}
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d values differ", wrong)
	}
}
