package workspace_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"netshare/workspace"
	"netshare/workspace/dissect"
	"netshare/workspace/flow"
	"netshare/workspace/pcapio"
	"netshare/workspace/trace"
	"netshare/workspace/zeekio"
)

// dataFolder is that of the real traces; without it the test is skipped.
func dataFolder(t testing.TB) string {
	t.Helper()
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "shared", "data")
	}
	if _, err := os.Stat(data); err != nil {
		t.Skipf("no shared traces at %s: set NETSHARE_DATA", data)
	}
	return data
}

// captureFiles are the real captures and those of testdata.
func captureFiles(t testing.TB) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{
		filepath.Join("..", "testdata", "*.pcap"), filepath.Join(dataFolder(t), "*", "*.pcap"),
		filepath.Join(dataFolder(t), "*", "*.pcapng"), filepath.Join(dataFolder(t), "*", "*.pcapng.gz"),
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	return found
}

// rolledUp returns the flow records of a capture.
func rolledUp(t *testing.T, r *pcapio.Reader) []trace.Row {
	t.Helper()
	u, err := flow.NewRollup(flow.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	var rows []trace.Row
	emit := func(row trace.Row) error {
		rows = append(rows, slices.Clone(row))
		return nil
	}
	err = r.Packets(t.Context(), func(p *trace.Packet) error { return u.Packet(p, emit) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Flush(emit); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b trace.Row) int {
		if c := a[5].(time.Time).Compare(b[5].(time.Time)); c != 0 {
			return c
		}
		return strings.Compare(fmt.Sprint(a...), fmt.Sprint(b...))
	})
	return rows
}

// asCapture returns flow records as a capture, and what was warned of.
func asCapture(t *testing.T, s trace.Schema, rows []trace.Row) ([]byte, []flow.Warning) {
	t.Helper()
	e, err := flow.NewExpander(s, true)
	if err != nil {
		t.Fatal(err)
	}
	var capture bytes.Buffer
	w, err := pcapio.NewWriter(&capture, e.Schema(), pcapio.WriterOptions{KeepLength: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := e.Row(row, w.Write); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Flush(w.Write); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return capture.Bytes(), e.Warnings()
}

// TestFlowsAgain rolls captures up, writes the records as captures and rolls
// those up: the records are the same but for those that no packets can be.
func TestFlowsAgain(t *testing.T) {
	for _, path := range captureFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			r, err := pcapio.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			first := rolledUp(t, r)
			capture, warnings := asCapture(t, trace.Schema{Columns: flow.Columns()}, first)
			r, err = pcapio.NewReader("again", bytes.NewReader(capture))
			if err != nil {
				t.Fatal(err)
			}
			again := rolledUp(t, r)
			if len(again) != len(first) {
				t.Fatalf("%d records, want %d", len(again), len(first))
			}
			wrong, warned := 0, int64(0)
			for _, w := range warnings {
				warned += w.Count
			}
			for i := range first {
				if !reflect.DeepEqual(again[i], first[i]) {
					wrong++
					t.Logf("record %v, want %v", again[i], first[i])
				}
			}
			if int64(wrong) > warned {
				t.Errorf("%d of %d records differ, %d were warned of: %v", wrong, len(first), warned, warnings)
			}
		})
	}
}

// TestConnAgain writes Zeek's connections as captures, and finds the same
// packets, bytes and states in them.
func TestConnAgain(t *testing.T) {
	for _, path := range []string{
		filepath.Join("..", "testdata", "conn.log"), filepath.Join(dataFolder(t), "zeek-zat-tsv-json", "conn.log"),
		filepath.Join(dataFolder(t), "zeek-slips-mixed-json", "conn.log"),
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			r, err := zeekio.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			s := r.Schema()
			var rows []trace.Row
			err = r.Read(t.Context(), func(row trace.Row) error {
				rows = append(rows, slices.Clone(row))
				return nil
			}, func(trace.Reject) {})
			if err != nil {
				t.Fatal(err)
			}
			ts := s.Index("ts")
			slices.SortStableFunc(rows, func(a, b trace.Row) int { return a[ts].(time.Time).Compare(b[ts].(time.Time)) })
			capture, warnings := asCapture(t, s, rows)
			t.Log(warnings)
			packets, err := pcapio.NewReader("memory", bytes.NewReader(capture))
			if err != nil {
				t.Fatal(err)
			}
			d, err := dissect.New("conn")
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			ds := d.Schema()
			emit := func(row trace.Row) error {
				got[connOf(ds, row)] = countsOf(ds, row)
				return nil
			}
			err = packets.Packets(context.Background(), func(p *trace.Packet) error { return d.Packet(p, emit) }, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Flush(emit); err != nil {
				t.Fatal(err)
			}
			same, all := 0, 0
			for _, row := range rows {
				if v, ok := row[s.Index("orig_pkts")].(int64); !ok || v == 0 {
					continue // its originator is not seen
				}
				all++
				if have, want := got[connOf(s, row)], countsOf(s, row); have == want {
					same++
				} else if all-same < 10 {
					t.Logf("%s: %s, want %s %v", connOf(s, row), have, want, row)
				}
			}
			if same < all*98/100 {
				t.Errorf("%d of %d connections are the same", same, all)
			}
			t.Logf("%d of %d connections are the same", same, all)
		})
	}
}

func connOf(s trace.Schema, row trace.Row) string {
	var b strings.Builder
	for _, name := range []string{"id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "ts"} {
		fmt.Fprint(&b, row[s.Index(name)], " ")
	}
	return b.String()
}

func countsOf(s trace.Schema, row trace.Row) string {
	var b strings.Builder
	for _, name := range []string{"orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes", "conn_state"} {
		fmt.Fprint(&b, row[s.Index(name)], " ")
	}
	return b.String()
}

// TestCapturesAgain loads captures, writes them and loads what was written: the
// tables are the same. What was captured of a frame and Ethernet's padding are
// not written.
func TestCapturesAgain(t *testing.T) {
	dir := t.TempDir()
	ws := open(t, filepath.Join(dir, "lab.duckdb"))
	defer ws.Close()
	for i, path := range captureFiles(t) {
		out := filepath.Join(dir, filepath.Base(strings.TrimSuffix(path, ".gz")))
		first, again := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)
		if _, err := ws.Load(t.Context(), workspace.Load{Files: []string{path}, Table: first}); err != nil {
			t.Fatal(err)
		}
		if _, err := ws.Export(t.Context(), "raw."+first, out); err != nil {
			t.Fatal(err)
		}
		if _, err := ws.Load(t.Context(), workspace.Load{Files: []string{out}, Table: again}); err != nil {
			t.Fatal(err)
		}
		columns := "* exclude (cap_len, frame_len)"
		differ := 0
		for _, pair := range [][2]string{{first, again}, {again, first}} {
			r, err := ws.Query(t.Context(), fmt.Sprintf("select count(*) from (select %s from raw.%s except all select %s from raw.%s)",
				columns, pair[0], columns, pair[1]))
			if err != nil {
				t.Fatal(err)
			}
			row, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			differ += int(row[0].(int64))
			r.Close()
		}
		if differ > 0 {
			t.Errorf("%s: %d rows differ", path, differ)
		}
	}
}
