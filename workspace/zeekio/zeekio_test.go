package zeekio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"netshare/workspace/trace"
)

// shared returns the folder of real traces, or skips.
func shared(t testing.TB) string {
	dir := os.Getenv("NETSHARE_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real traces: set NETSHARE_DATA (%v)", err)
	}
	return dir
}

type loaded struct {
	schema  trace.Schema
	rows    []trace.Row
	rejects []trace.Reject
}

func readAll(r *Reader) (loaded, error) {
	out := loaded{schema: r.Schema()}
	err := r.Read(context.Background(), func(row trace.Row) error {
		out.rows = append(out.rows, append(trace.Row(nil), row...))
		return nil
	}, func(j trace.Reject) { out.rejects = append(out.rejects, j) })
	return out, err
}

func mustOpen(t testing.TB, path string) loaded {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out, err := readAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func fromText(t testing.TB, text string) loaded {
	t.Helper()
	r, err := NewReader("test.log", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := readAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func written(t testing.TB, l loaded) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, l.schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range l.rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func zeekLogs(t testing.TB) []string {
	var paths []string
	for _, glob := range []string{"zeek-*/*.log*", "zeek-*/*/*.log", "zeek-*/*/*.json", "pcap-*/baseline/*.log"} {
		p, err := filepath.Glob(filepath.Join(shared(t), glob))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p...)
	}
	if len(paths) < 40 {
		t.Fatalf("only %d logs", len(paths))
	}
	return paths
}

// TestRoundTrip reads each real log, writes it and reads what was written.
func TestRoundTrip(t *testing.T) {
	for _, path := range zeekLogs(t) {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			one, err := readAll(r)
			if err != nil && !strings.Contains(path, "corrupt") {
				t.Fatal(err)
			}
			if strings.Contains(path, "corrupt") && (err == nil || !strings.Contains(err.Error(), "gzip")) {
				t.Fatalf("damaged gzip: %v", err)
			}
			for i, j := range one.rejects {
				if !strings.Contains(path, "baseline") && i < 5 {
					t.Errorf("%s", j)
				}
			}
			text := written(t, one)
			two := fromText(t, string(text))
			if strings.Contains(path, "baseline") || len(one.rows) == 0 {
				return
			}
			if !reflect.DeepEqual(one.schema.Columns, two.schema.Columns) {
				t.Errorf("columns\n%v\nthen\n%v", one.schema.Columns, two.schema.Columns)
			}
			if !reflect.DeepEqual(one.schema.Props, two.schema.Props) {
				t.Errorf("properties\n%v\nthen\n%v", one.schema.Props, two.schema.Props)
			}
			if len(one.rows) != len(two.rows) {
				t.Fatalf("%d records, then %d (%v)", len(one.rows), len(two.rows), two.rejects[:1])
			}
			for i := range one.rows {
				if !reflect.DeepEqual(one.rows[i], two.rows[i]) {
					t.Fatalf("record %d\n%v\nthen\n%v", i, one.rows[i], two.rows[i])
				}
			}
			if one.schema.Format == formatJSON {
				sameJSON(t, path, text)
			} else if strings.HasSuffix(path, ".log") {
				sameTSV(t, path, text)
			}
		})
	}
}

// sameJSON compares a written log with its original as JSON, key by key and in
// the order of keys, but for _write_ts.
func sameJSON(t *testing.T, path string, text []byte) {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, b := bytes.Split(bytes.TrimSpace(raw), []byte("\n")), bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if len(a) != len(b) {
		t.Fatalf("%d lines, then %d", len(a), len(b))
	}
	exact := 0
	for i := range a {
		var x, y map[string]any
		if json.Unmarshal(a[i], &x) != nil || json.Unmarshal(b[i], &y) != nil {
			t.Fatalf("line %d: %s", i+1, b[i])
		}
		delete(x, "_write_ts")
		delete(y, "_write_ts")
		for k, v := range x { // a time is held to the nanosecond
			f, isNumber := v.(float64)
			if g, ok := y[k].(float64); k == "ts" && isNumber && ok && math.Abs(f-g) < 1e-9 {
				x[k] = g
			}
		}
		if !reflect.DeepEqual(x, y) {
			t.Fatalf("line %d:\n%s\nthen\n%s", i+1, a[i], b[i])
		}
		if bytes.Equal(bytes.ReplaceAll(a[i], []byte(", "), []byte(",")), b[i]) {
			exact++
		}
	}
	t.Logf("%d of %d lines equal to the byte", exact, len(a))
}

// sameTSV compares a written log with its original line by line, from the
// records on; older Zeek versions did not escape backslashes.
func sameTSV(t *testing.T, path string, text []byte) {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records := func(b []byte) (out []string) {
		for _, line := range strings.Split(string(b), "\n") {
			if line != "" && line[0] != '#' || strings.HasPrefix(line, "#fields") || strings.HasPrefix(line, "#types") {
				out = append(out, strings.ReplaceAll(line, `\\`, `\`))
			}
		}
		return out
	}
	a, b := records(raw), records(text)
	if len(a) != len(b) {
		t.Fatalf("%d lines, then %d", len(a), len(b))
	}
	for i := range a {
		// Zeek has its own way beyond 31 bits; that the values are equal was
		// seen before.
		x, y := strings.Split(a[i], "\t"), strings.Split(b[i], "\t")
		for k := range x {
			if strings.Contains(x[k], "e+09") && k < len(y) {
				y[k] = x[k]
			}
		}
		b[i] = strings.Join(y, "\t")
		if a[i] != b[i] {
			t.Fatalf("line %d\n%s\nthen\n%s", i+1, a[i], b[i])
		}
	}
}

// TestPairs holds that a log gives the same table from TSV and from JSON: the
// same columns in the same order with the same values, up to the six digits
// that TSV has of a time span, where a column that JSON lacks is empty in TSV.
func TestPairs(t *testing.T) {
	dir := filepath.Join(shared(t), "zeek-wrccdc-tsv-json")
	tsvs, _ := filepath.Glob(filepath.Join(dir, "tsv", "*.log"))
	if len(tsvs) != 10 {
		t.Fatalf("%d pairs", len(tsvs))
	}
	for _, path := range tsvs {
		name := strings.TrimSuffix(filepath.Base(path), ".log")
		t.Run(name, func(t *testing.T) {
			a, b := mustOpen(t, path), mustOpen(t, filepath.Join(dir, "json", name+".json"))
			if len(a.rows) != len(b.rows) || len(a.rejects)+len(b.rejects) > 0 {
				t.Fatalf("%d and %d records, %v %v", len(a.rows), len(b.rows), a.rejects, b.rejects)
			}
			next := 0
			for i, c := range a.schema.Columns {
				k := b.schema.Index(c.Name)
				if k >= 0 {
					if k != next {
						t.Errorf("column %q is at %d, want %d", c.Name, k, next)
					}
					next++
					d := b.schema.Columns[k]
					d.Format, _, _ = strings.Cut(d.Format, ";")
					if d != c {
						t.Errorf("column %v from TSV, %v from JSON", c, d)
					}
				}
				for n := range a.rows {
					var other any
					if k >= 0 {
						other = b.rows[n][k]
					}
					if !same(a.rows[n][i], other) {
						t.Fatalf("record %d, %s: %#v from TSV, %#v from JSON", n, c.Name, a.rows[n][i], other)
					}
				}
			}
			if next != len(b.schema.Columns) {
				t.Errorf("JSON has %d columns more", len(b.schema.Columns)-next)
			}
		})
	}
}

func same(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && math.Abs(x-y) <= 0.6e-6
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Sub(y).Abs() < time.Microsecond // JSON is rounded by Zeek
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}

// TestHostile reads every malformed log with the outcome that was agreed.
func TestHostile(t *testing.T) {
	dir := filepath.Join(shared(t), "..", "hostile")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no malformed inputs")
	}
	want := map[string]struct {
		rows, rejects int
		line          int64 // of the first reject
		reason        string
	}{
		"zeek-json/150-good.log":             {20, 0, 0, ""},
		"zeek-json/151-missing-keys.log":     {3, 2, 3, "no time"},
		"zeek-json/153-nested.log":           {2, 0, 0, ""},
		"zeek-json/154-bad-lines.log":        {3, 6, 2, "not valid JSON"},
		"zeek-json/156-duplicate-keys.log":   {0, 1, 1, "duplicate key"},
		"zeek-json/157-nan-infinity.log":     {0, 3, 1, "not valid JSON"},
		"zeek-json/159-cut-last-line.log":    {4, 1, 5, "line is cut short"},
		"zeek-json/160-big-numbers.log":      {0, 4, 1, "not a whole number in range"},
		"zeek-json/162-mixed-paths.log":      {2, 1, 2, "record of another log"},
		"zeek-json/163-bom.log":              {2, 0, 0, ""},
		"zeek-json/164-good.log.gz":          {20, 0, 0, ""},
		"zeek-tsv/170-good.log":              {20, 0, 0, ""},
		"zeek-tsv/171-pipe-separator.log":    {5, 0, 0, ""},
		"zeek-tsv/172-comma-separator.log":   {5, 0, 0, ""},
		"zeek-tsv/174-unset-empty.log":       {4, 0, 0, ""},
		"zeek-tsv/175-no-types.log":          {5, 0, 0, ""},
		"zeek-tsv/177-rotated-concat.log":    {3, 1, 18, "later header adds a field"},
		"zeek-tsv/178-no-close.log":          {5, 0, 0, ""},
		"zeek-tsv/180-no-separator-line.log": {3, 0, 0, ""},
		"zeek-tsv/181-escapes.log":           {4, 0, 0, ""},
		"zeek-tsv/183-crlf.log":              {3, 0, 0, ""},
		"zeek-tsv/184-unknown-type.log":      {1, 0, 0, ""},
		"zeek-tsv/186-good.log.gz":           {20, 0, 0, ""},
		"zeek-tsv/187-leading-tab.log":       {3, 0, 0, ""},
		"zeek-tsv/188-iso-times.log":         {1, 2, 10, "no time"},
	}
	raw, err := os.ReadFile(filepath.Join(dir, "EXPECT.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expect []struct{ File, Expect string }
	if err := json.Unmarshal(raw, &expect); err != nil {
		t.Fatal(err)
	}
	for _, e := range expect {
		if !strings.HasPrefix(e.File, "zeek-") {
			continue
		}
		t.Run(e.File, func(t *testing.T) {
			w, ok := want[e.File]
			if !ok {
				t.Fatal("no outcome written down for this file")
			}
			if e.Expect == "accept" && w.rejects > 0 {
				t.Fatal("must be accepted whole")
			}
			got := mustOpen(t, filepath.Join(dir, e.File))
			if len(got.rows) != w.rows || len(got.rejects) != w.rejects {
				t.Fatalf("%d records and %d rejects, want %d and %d: %v", len(got.rows), len(got.rejects), w.rows, w.rejects, got.rejects)
			}
			if w.rejects > 0 && (got.rejects[0].Line != w.line || got.rejects[0].Reason != w.reason) {
				t.Errorf("first reject %v, want line %d %q", got.rejects[0], w.line, w.reason)
			}
			for _, j := range got.rejects {
				if j.Line == 0 || j.Offset < 0 || j.File == "" || j.Reason == "" {
					t.Errorf("reject without its place or reason: %+v", j)
				}
			}
			if w.rows == 0 {
				return
			}
			again := fromText(t, string(written(t, got)))
			if !reflect.DeepEqual(again.rows, got.rows) {
				t.Errorf("%v\nwritten and read is\n%v", got.rows, again.rows)
			}
			head, _ := os.ReadFile(filepath.Join(dir, e.File))
			if f, ok := Detect(head); !strings.HasSuffix(e.File, ".gz") && (!ok || f != got.schema.Format) {
				t.Errorf("detected as %q %v", f, ok)
			}
		})
	}
}

func cell(l loaded, row int, name string) string {
	return fmt.Sprintf("%#v", l.rows[row][l.schema.Index(name)])
}
