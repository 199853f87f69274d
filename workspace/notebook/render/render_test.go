package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// table is a result held in memory.
type table struct {
	names, types []string
	rows         [][]any
	err          error // after the rows, nil for their end
	closed       *bool
	next         int
}

func (r *table) Columns() []string { return r.names }
func (r *table) Types() []string   { return r.types }

func (r *table) Next() ([]any, error) {
	if r.next < len(r.rows) {
		r.next++
		return r.rows[r.next-1], nil
	}
	if r.err != nil {
		return nil, r.err
	}
	return nil, io.EOF
}

func (r *table) Close() error {
	if r.closed != nil {
		*r.closed = true
	}
	return nil
}

// odd is a table of all kinds of values, and of texts that mean harm.
func odd() *table {
	at := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	return &table{
		names: []string{"id", "text", "real", "time", "list", "more", "flag", "a|b \x1b[2J"},
		types: []string{"BIGINT", "VARCHAR", "DOUBLE", "TIMESTAMP_NS", "VARCHAR[]", "STRUCT(\"K\" INTEGER)", "BOOLEAN", "DECIMAL(9,2)"},
		rows: [][]any{
			{int64(1), "plain", 1.0, at, []any{"a", "b, c", nil}, map[string]any{"b": int64(2), "a": "x"}, true, json.Number("1.50")},
			{int64(-20), "日本語のテキスト", 0.1, at.Add(500 * time.Millisecond), []any{}, nil, false, json.Number("-0.01")},
			{nil, nil, nil, nil, nil, nil, nil, nil},
			{int64(math.MaxInt64), "", math.Inf(-1), at.Add(1), []any{1.5, int64(2)}, map[string]any{}, true, nil},
			{int64(5), "\x1b[31mred\a\r\n\tnext | \"q\", \\ \u202eorder \u009b1m", math.NaN(), at, []any{""}, nil, nil, json.Number("0.00")},
			{int64(6), "e\u0301 👩‍👩‍👧 \xff", 1e300, at, []any{[]any{int64(1)}, []any{}}, nil, nil, nil},
		},
	}
}

// many is a table of n rows.
func many(n int) *table {
	t := &table{names: []string{"n", "square"}, types: []string{"BIGINT", "BIGINT"}}
	for i := range n {
		t.rows = append(t.rows, []any{int64(i), int64(i * i)})
	}
	return t
}

// broad is a table of n columns.
func broad(n int) *table {
	t := &table{rows: [][]any{nil}}
	for i := range n {
		t.names, t.types = append(t.names, fmt.Sprintf("column%d", i)), append(t.types, "VARCHAR")
		t.rows[0] = append(t.rows[0], strings.Repeat("v", i*5))
	}
	return t
}

// golden compares with a file kept beside the tests.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("NETSHARE_UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (NETSHARE_UPDATE=1 rewrites it); got:\n%s", path, got)
	}
}

func render(t *testing.T, r Result, style Style) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Write(&b, r, style); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRenderGolden(t *testing.T) {
	for _, mode := range Modes() {
		style := DefaultStyle()
		style.Mode, style.Exact = mode, false
		golden(t, "odd."+string(mode), render(t, odd(), style))
	}
	box := DefaultStyle()
	for _, tt := range []struct {
		name           string
		r              *table
		width, maxRows int
	}{
		{"narrow", odd(), 80, 40},
		{"narrower", odd(), 30, 40},
		{"tiny", odd(), 3, 40},
		{"broad", broad(12), 80, 40},
		{"rows41", many(41), 0, 40},
		{"rows60", many(60), 0, 40},
		{"rows12345", many(12345), 0, 6},
		{"rows9odd", many(9), 0, 5},
		{"maxrows1", many(3), 0, 1},
		{"empty", many(0), 80, 40},
	} {
		box.Width, box.MaxRows = tt.width, tt.maxRows
		golden(t, "box_"+tt.name, render(t, tt.r, box))
	}
}

// TestRenderWidth checks that a duckbox is as wide as asked for at most, and
// all its lines equally wide.
func TestRenderWidth(t *testing.T) {
	style := DefaultStyle()
	for style.Width = 24; style.Width < 200; style.Width++ {
		for _, r := range []*table{odd(), many(100), broad(12)} {
			first := 0
			for line := range strings.Lines(string(render(t, r, style))) {
				w := Width(strings.TrimSuffix(line, "\n"))
				if first == 0 {
					first = w
				}
				if w != first || w > style.Width {
					t.Fatalf("width %d: a line of %d cells below one of %d:\n%s", style.Width, w, first, line)
				}
			}
		}
	}
}

func TestRenderHarmless(t *testing.T) {
	for _, mode := range Modes() {
		style := DefaultStyle()
		style.Mode, style.Exact = mode, false
		for _, r := range string(render(t, odd(), style)) {
			if r != '\n' && r != '\t' && r != '\ufffd' && dangerous(r) {
				t.Errorf("mode %s writes %U to a terminal", mode, r)
			}
		}
	}
}

func TestRenderCSVReadsBack(t *testing.T) {
	style := DefaultStyle()
	style.Mode = ModeCSV
	records, err := csv.NewReader(bytes.NewReader(render(t, odd(), style))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := records[5][1], strings.ReplaceAll(odd().rows[4][1].(string), "\r\n", "\n"); got != want {
		t.Errorf("got %q, want %q", got, want) // encoding/csv reads \r\n as \n
	}
	if got := string(render(t, odd(), style)); !strings.Contains(got, `9223372036854775807,"",-inf`) {
		t.Errorf("an empty text is not told from a missing one:\n%s", got)
	}
}

func TestRenderJSONReadsBack(t *testing.T) {
	style := DefaultStyle()
	style.Mode = ModeJSON
	var rows []map[string]any
	if err := json.Unmarshal(render(t, odd(), style), &rows); err != nil {
		t.Fatal(err)
	}
	if got, want := rows[4]["text"], odd().rows[4][1]; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	style.Mode = ModeJSONLines
	lines := bytes.Split(bytes.TrimSpace(render(t, odd(), style)), []byte("\n"))
	if len(lines) != len(rows) {
		t.Errorf("%d lines, want %d", len(lines), len(rows))
	}
	if got := render(t, many(0), Style{Mode: ModeJSON}); string(got) != "[]\n" {
		t.Errorf("no rows: %q", got)
	}
}

func TestRenderBreaksOff(t *testing.T) {
	broken := errors.New("disk is gone")
	for _, mode := range Modes() {
		r := many(2)
		r.err = broken
		style := DefaultStyle()
		style.Mode = mode
		var b bytes.Buffer
		rows, err := Write(&b, r, style)
		if !errors.Is(err, broken) || rows != 2 {
			t.Errorf("mode %s: %d rows, error %v, want 2 and %v", mode, rows, err, broken)
		}
	}
}

func TestRenderNull(t *testing.T) {
	null := "-"
	for mode, want := range map[Mode]string{ModeCSV: "x,y\n-,\"-\"\n", ModeTabs: "x\ty\n-\t-\n", ModeLine: "x = -\ny = -\n", ModeJSONLines: "{\"x\":null,\"y\":\"-\"}\n"} {
		r := &table{names: []string{"x", "y"}, types: []string{"VARCHAR", "VARCHAR"}, rows: [][]any{{nil, "-"}}}
		if got := string(render(t, r, Style{Mode: mode, Null: &null, Headers: true})); got != want {
			t.Errorf("mode %s: %q, want %q", mode, got, want)
		}
	}
}

func TestValueText(t *testing.T) {
	zone := time.FixedZone("", 3600)
	huge, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	for _, tt := range []struct {
		v    any
		typ  string
		want string
	}{
		{1.0, "DOUBLE", "1.0"},
		{float32(0.1), "FLOAT", "0.1"},
		{1e15, "DOUBLE", "1e+15"},
		{-1e-7, "DOUBLE", "-1e-07"},
		{math.Copysign(0, -1), "DOUBLE", "-0.0"},
		{math.Inf(1), "DOUBLE", "inf"},
		{huge, "HUGEINT", "170141183460469231731687303715884105727"},
		{uint8(7), "UTINYINT", "7"},
		{[]byte("a\x00\\"), "BLOB", `a\x00\x5C`},
		{time.Date(2025, 1, 2, 3, 4, 5, 60, zone), "TIMESTAMPTZ", "2025-01-02 02:04:05.00000006+00"},
		{time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), "DATE", "2025-01-02"},
		{[]any{"it's", "NULL", nil, " "}, "VARCHAR[]", "['it''s', 'NULL', NULL, ' ']"},
	} {
		if got := ValueText(tt.v, tt.typ, "NULL"); got != tt.want {
			t.Errorf("valueText(%v, %s) = %q, want %q", tt.v, tt.typ, got, tt.want)
		}
	}
}

func TestParseMode(t *testing.T) {
	for name, want := range map[string]Mode{"CSV": ModeCSV, "tsv": ModeTabs, "ndjson": ModeJSONLines, "duckbox": ModeDuckbox} {
		if got, err := ParseMode(name); err != nil || got != want {
			t.Errorf("ParseMode(%q) = %q, %v", name, got, err)
		}
	}
	if _, err := ParseMode("xml"); err == nil || !strings.Contains(err.Error(), "duckbox") {
		t.Errorf("error %v names no mode", err)
	}
}

func ExampleWrite() {
	result := &table{
		names: []string{"dstport", "flows"}, types: []string{"BIGINT", "BIGINT"},
		rows: [][]any{{int64(443), int64(1204)}, {int64(53), int64(911)}},
	}
	if _, err := Write(os.Stdout, result, DefaultStyle()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ┌─────────┬───────┐
	// │ dstport │ flows │
	// │  int64  │ int64 │
	// ├─────────┼───────┤
	// │     443 │  1204 │
	// │      53 │   911 │
	// └─────────┴───────┘
}
