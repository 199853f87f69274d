package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netshare/workspace/notebook"
)

// add puts a cell at the end and returns its ID.
func (c *site) add(kind notebook.Kind, text string) string {
	c.t.Helper()
	last := ""
	for _, cell := range c.book().Cells {
		last = cell.ID
	}
	var b answered
	c.post("/api/edit", edit{Op: "insert", ID: last, Kind: kind, Text: text}, &b)
	return b.Cell
}

// TestEdits: the document on disk is what the windows make of it.
func TestEdits(t *testing.T) {
	c := serve(t)
	path := filepath.Join(c.dir, "lab.md")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("opening a page makes a notebook: %v", err)
	}
	one := c.add("sql", "select 1")
	two := c.add("prose", "# Two")
	c.post("/api/edit", edit{Op: "move", ID: two, By: -1}, nil)
	c.post("/api/edit", edit{Op: "text", ID: one, Was: "select 1", Text: "select 11"}, nil)
	var b answered
	c.post("/api/edit", edit{Op: "kind", ID: one, Kind: "plot"}, &b)
	want := "---\nworkspace: lab.duckdb\ntitle: lab\n---\n\n# Two\n\n```plot\nselect 11\n```\n"
	if data, err := os.ReadFile(path); err != nil || strings.TrimRight(string(data), "\n") != strings.TrimRight(want, "\n") {
		t.Errorf("the file is %q, %v; want %q", data, err, want)
	}
	c.post("/api/edit", edit{Op: "delete", ID: b.Cell, Was: "select 11"}, nil)
	if cells := c.book().Cells; len(cells) != 1 || cells[0].Text != "# Two" {
		t.Errorf("what is left is %v", cells)
	}
}

// TestTwoWindows: what one window writes is not overwritten by another that
// doesn't know of it, and other cells are no matter.
func TestTwoWindows(t *testing.T) {
	c := serve(t)
	one, two := c.add("sql", "select 1"), c.add("sql", "select 2")
	c.post("/api/edit", edit{Op: "text", ID: one, Was: "select 1", Text: "select 'first window'"}, nil)
	c.post("/api/edit", edit{Op: "text", ID: two, Was: "select 2", Text: "select 'second window'"}, nil)
	for _, late := range []edit{
		{Op: "text", ID: one, Was: "select 1", Text: "select 'second window'"},
		{Op: "delete", ID: one, Was: "select 1"},
	} {
		body, err := json.Marshal(late)
		if err != nil {
			t.Fatal(err)
		}
		status, text := c.ask("POST", "/api/edit", string(body), nil)
		var answer struct{ Clash clash }
		if err := json.Unmarshal([]byte(text), &answer); err != nil || status != 409 || answer.Clash.Theirs != "select 'first window'" || answer.Clash.ID != one {
			t.Errorf("%s: %d %s", late.Op, status, text)
		}
	}
	cells := c.book().Cells
	if cells[0].Text != "select 'first window'" || cells[1].Text != "select 'second window'" {
		t.Errorf("the cells are %v", cells)
	}
}

// TestOtherEditor: what another program writes into the file counts, and cells
// keep what they showed.
func TestOtherEditor(t *testing.T) {
	c := serve(t)
	id := c.add("sql", "select 41 + 1 as answer")
	if s := c.runs(id); s.Status != "fresh" {
		t.Fatalf("the cell is %+v", s)
	}
	path := filepath.Join(c.dir, "lab.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), "```sql", "By hand.\n\n```sql", 1)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cells := c.book().Cells
	if len(cells) != 2 || cells[0].Text != "By hand." || cells[1].ID != id || len(cells[1].State.Parts) != 1 {
		t.Fatalf("the cells are %+v", cells)
	}
	if got := *cells[1].State.Parts[0].Table.Rows[0][0]; got != "42" {
		t.Errorf("the answer is %s", got)
	}
	if err := os.WriteFile(path, []byte("```sql\nselect 1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, answer := c.ask("GET", "/api/notebook", "", nil); status != 400 || !strings.Contains(answer, "lab.md:1") {
		t.Errorf("a damaged file: %d %s", status, answer)
	}
}

// TestRestart: what cells showed is there again in a new process, and a cell
// whose table has changed is stale.
func TestRestart(t *testing.T) {
	c := serve(t)
	c.sql("create table main.t as select range as i from range(1000)")
	id := c.add("sql", "select count(*) as n from main.t")
	c.runs(id)
	c.end()
	c = serveIn(t, c.dir, Options{})
	cells := c.book().Cells
	if len(cells) != 1 || cells[0].State.Status != "fresh" || *cells[0].State.Parts[0].Table.Rows[0][0] != "1000" {
		t.Fatalf("after a restart: %+v", cells)
	}
	c.sql("insert into main.t values (1)")
	if s := c.book().Cells[0].State; s.Status != "stale" || !strings.Contains(s.Why, "main.t") {
		t.Errorf("the table has changed, and the cell is %s: %s", s.Status, s.Why)
	}
}

// TestPages: large results are read in parts, values keep all digits, and
// counts are right.
func TestPages(t *testing.T) {
	c := serve(t)
	c.sql("create table main.t as select range + 9007199254740993 as i, if(range % 3 = 0, null, 'x') as s from range(300000)")
	id := c.add("sql", "from main.t;")
	s := c.runs(id)
	p := s.Parts[0].Table
	if p.Total != 300000 || len(p.Rows) != notebook.PageRows || *p.Rows[0][0] != "9007199254740993" || p.Rows[0][1] != nil {
		t.Fatalf("the first page: %d rows of %d, %v", len(p.Rows), p.Total, *p.Rows[0][0])
	}
	var far page
	c.post("/api/page", map[string]any{"sql": p.SQL, "offset": 299950, "limit": 100}, &far)
	if len(far.Rows) != 50 || *far.Rows[49][0] != "9007199255040992" {
		t.Errorf("the last page has %d rows", len(far.Rows))
	}
	var n struct{ Rows int64 }
	c.post("/api/count", map[string]any{"sql": "select distinct i % 1000 from main.t"}, &n)
	if n.Rows != 1000 {
		t.Errorf("%d rows, want 1000", n.Rows)
	}
	status, csv := c.ask("POST", "/api/download", `{"sql":"from main.t","format":"csv"}`, nil)
	if lines := strings.Count(csv, "\n"); status != 200 || lines != 300001 || !strings.HasPrefix(csv, "i,s\n9007199254740993,\n9007199254740994,x\n") {
		t.Errorf("as CSV: %d, %d lines, %.60s", status, lines, csv)
	}
	for format, begin := range map[string]string{"json": `[{"i":9007199254740993,"s":null}`, "markdown": "| i | s |", "parquet": "PAR1"} {
		if status, text := c.ask("POST", "/api/download", `{"sql":"from main.t","format":"`+format+`"}`, nil); status != 200 || !strings.HasPrefix(text, begin) {
			t.Errorf("%s: %d %.60s", format, status, text)
		}
	}
}

// TestStop: a query that would take for ever is stopped, and keystrokes are
// answered meanwhile.
func TestStop(t *testing.T) {
	c := serve(t)
	id := c.add("sql", "select count(*) from range(4000000000) a, range(1000) b where hash(a.range + b.range) = 1")
	c.post("/api/run", map[string]string{"id": id}, nil)
	start := time.Now()
	var found []struct{ Text string }
	c.post("/api/complete", map[string]string{"text": "sel"}, &found)
	if len(found) == 0 || !strings.EqualFold(strings.TrimSpace(found[0].Text), "select") {
		t.Errorf("proposals: %v", found)
	}
	c.post("/api/edit", edit{Op: "insert", Kind: "prose", Text: "typed meanwhile"}, nil)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("typing waited %v for a query", took)
	}
	c.post("/api/stop", map[string]string{"id": id}, nil)
	for range 500 {
		if job := c.running.of(id); job.Status().State == notebook.JobStopped {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the query does not stop")
}

// TestDownloads: a result is the same to the byte in each format: integers of all
// digits, missing values, times to the nanosecond, lists and structures.
func TestDownloads(t *testing.T) {
	c := serve(t)
	c.sql(`create table main.t as select * from (values
		(9223372036854775807, 170141183460469231731687303715884105727::hugeint, 0.1::double, 1.10::decimal(9,2), timestamp_ns '2026-03-01 00:00:00.123456789',
			date '2026-03-01', true, 'a,"b"|<c>' || chr(10) || 'd', [1, null, 9007199254740993], {'k': 'v', 'n': null}, 'é'),
		(-1, null, null, null, null, null, null, '', [], null, 'NULL')) x(i, h, f, d, t, day, b, s, l, o, u)`)
	const csv = "i,h,f,d,t,day,b,s,l,o,u\n" +
		`9223372036854775807,170141183460469231731687303715884105727,0.1,1.10,2026-03-01 00:00:00.123456789,2026-03-01,true,"a,""b""|<c>` + "\nd\"" + `,"[1, NULL, 9007199254740993]","{'k': v, 'n': NULL}",é` + "\n" +
		`-1,,,,,,,"",[],,NULL` + "\n"
	status, got := c.ask("POST", "/api/download", `{"sql":"from main.t","format":"csv"}`, nil)
	if status != 200 || got != csv {
		t.Errorf("as CSV: %d\n%s\nwant\n%s", status, got, csv)
	}
	status, got = c.ask("POST", "/api/download", `{"sql":"from main.t","format":"json"}`, nil)
	const json1 = `"i":9223372036854775807,"h":170141183460469231731687303715884105727,"f":0.1,"d":1.10,"t":"2026-03-01 00:00:00.123456789","day":"2026-03-01","b":true`
	var rows []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(got), &rows); err != nil || status != 200 || len(rows) != 2 || !strings.Contains(got, json1) {
		t.Fatalf("as JSON: %d %v\n%s", status, err, got)
	}
	for column, want := range map[string]string{"s": `"a,\"b\"|<c>\nd"`, "l": "[1,null,9007199254740993]", "o": `{"k":"v","n":null}`, "u": `"é"`} {
		if string(rows[0][column]) != want {
			t.Errorf("as JSON, %s is %s, want %s", column, rows[0][column], want)
		}
	}
	for column, want := range map[string]string{"h": "null", "t": "null", "s": `""`, "l": "[]", "o": "null", "u": `"NULL"`} {
		if string(rows[1][column]) != want {
			t.Errorf("as JSON, %s of the second row is %s, want %s", column, rows[1][column], want)
		}
	}
	status, got = c.ask("POST", "/api/download", `{"sql":"from main.t","format":"markdown"}`, nil)
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if status != 200 || len(lines) != 4 || !strings.Contains(lines[2], "9223372036854775807") || !strings.Contains(lines[2], `\|`) {
		t.Errorf("as Markdown: %d\n%s", status, got)
	}
	status, got = c.ask("POST", "/api/download", `{"sql":"from main.t","format":"parquet"}`, nil)
	path := filepath.Join(c.dir, "t.parquet")
	if err := os.WriteFile(path, []byte(got), 0o644); err != nil || status != 200 {
		t.Fatalf("as Parquet: %d, %v", status, err)
	}
	if _, got = c.ask("POST", "/api/download", `{"sql":"select sum(9007199254740993 + range) as s from range(3)","format":"parquet"}`, nil); os.WriteFile(path+"2.parquet", []byte(got), 0o644) != nil || c.number(`select s::BIGINT from '`+path+`2.parquet'`) != 27021597764222982 {
		t.Error("a sum has lost digits in Parquet")
	}
	// As DuckDB reads them again, CSV with what the text leaves open said.
	if typ := c.number(`select count(*) from (describe from '` + path + `') where column_type in ('DOUBLE', 'FLOAT')`); typ != 1 {
		t.Errorf("%d columns are floating-point in Parquet, want 1", typ)
	}
	if n := c.number(`select count(*) from (select * replace (h::varchar as h) from main.t except all select i, h, f, d, t, day, b, s, l, o, u from '` + path + `')`); n != 0 {
		t.Errorf("%d rows are others in Parquet", n)
	}
	csvPath := filepath.Join(c.dir, "t.csv")
	if err := os.WriteFile(csvPath, []byte(csv), 0o644); err != nil {
		t.Fatal(err)
	}
	if n := c.number(`select count(*) from (select i, h, f, d, t, day, b, s, l, u from main.t except all select i, h, f, d, t, day, b, s, l, u from read_csv('` + csvPath + `', header = true, allow_quoted_nulls = false,
		columns = {'i': 'BIGINT', 'h': 'HUGEINT', 'f': 'DOUBLE', 'd': 'DECIMAL(9,2)', 't': 'TIMESTAMP_NS', 'day': 'DATE', 'b': 'BOOLEAN', 's': 'VARCHAR', 'l': 'BIGINT[]', 'o': 'VARCHAR', 'u': 'VARCHAR'}))`); n != 0 {
		t.Errorf("%d rows are others in CSV", n)
	}
}
