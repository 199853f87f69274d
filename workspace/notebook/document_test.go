package notebook

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// branch is a notebook as the manual has it.
const branch = "---\nworkspace: lab.duckdb\ntitle: \"DNS at the branch office\"\nauthor: me\n---\n# What is in it\n\n" +
	"```load\ncaptures/branch.pcap as branch\n```\n\n" +
	"Shown, not run:\n\n```sql example\nselect 1;\n```\nand\n~~~\n```sql\n~~~\n\n" +
	"```sql\nselect 1;\n\nselect 2;\n```\n```plot\ncdf of a in raw.branch\n```\nthe end"

func parse(t *testing.T, text string) *Document {
	t.Helper()
	d, err := ParseDocument("lab.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParseDocument(t *testing.T) {
	d := parse(t, branch)
	if d.Title != "DNS at the branch office" || d.Workspace != "lab.duckdb" {
		t.Errorf("title %q, workspace %q", d.Title, d.Workspace)
	}
	want := []struct {
		kind Kind
		line int
		text string
	}{
		{KindProse, 6, "# What is in it"},
		{KindLoad, 9, "captures/branch.pcap as branch"},
		{KindProse, 12, "Shown, not run:\n\n```sql example\nselect 1;\n```\nand\n~~~\n```sql\n~~~"},
		{KindSQL, 23, "select 1;\n\nselect 2;"},
		{KindPlot, 28, "cdf of a in raw.branch"},
		{KindProse, 30, "the end"},
	}
	if len(d.Cells) != len(want) {
		t.Fatalf("%d cells, want %d", len(d.Cells), len(want))
	}
	for i, c := range d.Cells {
		if w := want[i]; c.Kind != w.kind || c.Line != w.line || c.Text != w.text {
			t.Errorf("cell %d is %s at line %d: %q, want %s at %d: %q", i, c.Kind, c.Line, c.Text, w.kind, w.line, w.text)
		}
	}
}

func TestDocumentBytes(t *testing.T) {
	for _, text := range []string{
		branch, "", "\n\n", "no header", "```sql\n```", "```sql\nselect 1\n```", "---\n---\n", "\uFEFF---\ntitle: x\n---\n\n\ntext  \n\n\n",
		strings.ReplaceAll(branch, "\n", "\r\n"), "````sql\n```\n````\n\n  ```go\n1\n  ```\n", "a\n```bash\nnever closed\n```sql\n",
	} {
		if got := parse(t, text).Bytes(); string(got) != text {
			t.Errorf("%q came back as %q", text, got)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(branch))
	f.Add([]byte("---\r\n---\r\n```sql\r\n```"))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := ParseDocument("x.md", src)
		if err != nil {
			return
		}
		if !bytes.Equal(d.Bytes(), src) {
			t.Fatalf("%q came back as %q", src, d.Bytes())
		}
		ids := map[string]bool{}
		for _, c := range d.Cells {
			if ids[c.ID] {
				t.Fatalf("two cells are %s", c.ID)
			}
			ids[c.ID] = true
		}
	})
}

func TestParseDocumentErrors(t *testing.T) {
	for text, want := range map[string]string{
		"---\ntitle: x\n":              "lab.md:1: the header that begins here has no end: add a line ---",
		"---\ntitle\n---\n":            `lab.md:2: "title" is no line of a header: want name: value, such as workspace: lab.duckdb`,
		"text\n\n```sql\nselect 1;\n":  "lab.md:3: the sql cell that begins here has no end: add a line ```",
		"````sql\n```\n":               "lab.md:1: the sql cell that begins here has no end: add a line ````",
		"~~~load\n```\nx\n```sql\n```": "lab.md:1: the load cell that begins here has no end: add a line ~~~",
	} {
		if _, err := ParseDocument("lab.md", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q gave %v, want %s", text, err, want)
		}
	}
}

func TestDocumentChanges(t *testing.T) {
	d := parse(t, branch)
	sql := d.Cells[3].ID
	if err := d.SetText(sql, "select '```';\n"); err != nil {
		t.Fatal(err)
	}
	if got := string(d.Bytes()); !strings.Contains(got, "\n````sql\nselect '```';\n````\n```plot\n") {
		t.Errorf("a fence within a cell: %s", got)
	}
	if d.Cells[4].Line != 26 {
		t.Errorf("the cell after it is at line %d, want 26", d.Cells[4].Line)
	}
	if err := d.SetText(sql, "select 1;\n\nselect 2;"); err != nil {
		t.Fatal(err)
	}
	if string(d.Bytes()) != branch {
		t.Errorf("changed back: %q", d.Bytes())
	}
	c, err := d.Insert(len(d.Cells), KindSQL, "select 3;")
	if err != nil {
		t.Fatal(err)
	}
	if want := branch + "\n\n```sql\nselect 3;\n```\n"; string(d.Bytes()) != want {
		t.Errorf("inserted: %q", d.Bytes())
	}
	if err := d.Move(c.ID, 0); err != nil {
		t.Fatal(err)
	}
	again := parse(t, string(d.Bytes()))
	if len(again.Cells) != 7 || again.Cells[0].Text != "select 3;" || again.Cells[0].Line != d.Cells[0].Line {
		t.Errorf("moved: %q", d.Bytes())
	}
	if err := d.Delete(c.ID); err != nil {
		t.Fatal(err)
	}
	if want := branch + "\n\n"; string(d.Bytes()) != want {
		t.Errorf("deleted: %q, want %q", d.Bytes(), want)
	}
	if err := d.Delete(c.ID); err == nil {
		t.Error("a cell was deleted twice")
	}
	if _, err := d.Insert(0, "slq", ""); err == nil {
		t.Error("a cell of no kind was inserted")
	}
}

func TestIdentify(t *testing.T) {
	cells := func(texts ...string) *Document {
		var b strings.Builder
		for _, s := range texts {
			b.WriteString("```sql\n" + s + "\n```\n\n")
		}
		return parse(t, b.String())
	}
	before := cells("a", "b", "c", "a")
	known := before.Identities()
	for _, tt := range []struct {
		name  string
		texts []string
		want  []int // index in known, -1 for a new cell
	}{
		{"the same", []string{"a", "b", "c", "a"}, []int{0, 1, 2, 3}},
		{"one changed", []string{"a", "B", "c", "a"}, []int{0, 1, 2, 3}},
		{"one inserted", []string{"a", "new", "b", "c", "a"}, []int{0, -1, 1, 2, 3}},
		{"one gone", []string{"a", "c", "a"}, []int{0, 2, 3}},
		{"moved", []string{"c", "a", "b", "a"}, []int{2, 0, 1, 3}},
	} {
		d := cells(tt.texts...)
		d.Identify(known)
		var got []int
		for _, c := range d.Cells {
			got = append(got, slices.IndexFunc(known, func(k Identity) bool { return k.ID == c.ID }))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDocumentSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lab.md")
	d := NewDocument(path, filepath.Join(filepath.Dir(path), "sub", "lab.duckdb"), "Lab")
	if _, err := d.Insert(0, KindSQL, "select 1;"); err != nil {
		t.Fatal(err)
	}
	if err := d.Save(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := "---\nworkspace: sub/lab.duckdb\ntitle: Lab\n---\n\n```sql\nselect 1;\n```\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	again, err := ReadDocument(path)
	if err != nil || again.WorkspacePath() != filepath.Join(filepath.Dir(path), "sub", "lab.duckdb") {
		t.Errorf("%v, %v", again, err)
	}
}

func TestDoubts(t *testing.T) {
	d, err := ParseDocument("lab.md", []byte("text\n\n```trian\nx\n```\n\n```sql\nselect 1;\n```\n\n```text\n```trian\n```\n\n```SQL\nselect 2;\n```\n\n```sh\nls\n```\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`lab.md:3: "trian" is no kind of cell, and is not run: did you mean train?`,
		`lab.md:15: "SQL" is no kind of cell, and is not run: did you mean sql?`,
	}
	if got := d.Doubts(); !slices.Equal(got, want) {
		t.Errorf("doubts are %q, want %q", got, want)
	}
}
