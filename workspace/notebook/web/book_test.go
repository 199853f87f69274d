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
