package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// echo is an engine that gives back what it was asked; "bad ..." fails.
type echo struct {
	asked  []string
	cancel context.CancelFunc
}

// one is a result of one column.
func one(column string, values ...any) render.Result {
	p := notebook.NewPage(column)
	for _, v := range values {
		p.Add(v)
	}
	return p.Result()
}

func (e *echo) Query(ctx context.Context, sql string) (render.Result, error) {
	e.asked = append(e.asked, sql)
	switch {
	case strings.HasPrefix(sql, "bad"):
		return nil, errors.New("Parser Error: \x1b[31m" + sql)
	case strings.HasPrefix(sql, "insert"):
		return one("Count BIGINT", int64(3)), nil
	case strings.HasPrefix(sql, "SELECT sql"):
		if strings.Contains(sql, "nosuch") {
			return one("sql"), nil
		}
		return one("sql", "CREATE TABLE t(a BIGINT);"), nil
	case strings.HasPrefix(sql, "cancel"):
		e.cancel()
		return nil, ctx.Err()
	}
	return one("sql", sql), nil
}

func (e *echo) Complete(_ context.Context, text string) ([]Completion, error) {
	word := strings.LastIndexAny(text, " .(") + 1
	return []Completion{{Text: text[word:] + "_more ", Start: word}}, nil
}

// script runs a script in mode list without headers.
func script(t *testing.T, s *Shell, text string) (out, errOut string, err error) {
	t.Helper()
	if s.Engine == nil {
		s.Engine = &echo{}
	}
	if s.Style.Mode == "" {
		s.Style = render.Style{Mode: render.ModeList}
	}
	var o, e bytes.Buffer
	err = s.Run(t.Context(), strings.NewReader(text), &o, &e)
	return o.String(), e.String(), err
}

func TestScript(t *testing.T) {
	tests := []struct {
		name, text, out, errOut string
		failed                  bool
	}{
		{"statements", "a;b\n;c", "a\nb\nc\n", "", false},
		{"byte order mark", "\ufeffa;", "a\n", "", false},
		{"goes on after an error", "a;\n\nbad;\nb;", "a\nb\n", "stdin:3: Parser Error: \\x1b[31mbad\n", true},
		{"a change says nothing", "insert 1;a;", "a\n", "", false},
		{"command", ".headers on\na;", "sql\na\n", "", false},
		{"short command", ".hea on\n.mo csv\na;", "sql\na\n", "", false},
		{"ambiguous", ".h on", "", "stdin:1: .h could be .headers or .help: type more of it\n", true},
		{"unknown", "\n.nosuch", "", "stdin:2: there is no command .nosuch: see .help\n", true},
		{"arguments", ".read", "", "stdin:1: .read takes other arguments: .read FILE\n", true},
		{"quote", ".read 'a", "", "stdin:1: .read 'a: the quote ' is not closed\n", true},
		{"a dot within a statement", "a\n.quit\n;b;", "a\n.quit\nb\n", "", false},
		{"quit", "a;\n.quit\nb;", "a\n", "", false},
		{"switch", ".timer maybe", "", "stdin:1: \"maybe\" is no switch: want on or off\n", true},
		{"rows", ".maxrows -1", "", "stdin:1: \"-1\" is no number of rows: want 0 for all, or more\n", true},
		{"mode", ".mode\n.mode line\na;", "list\nsql = a\n", "", false},
		{"null value", ".nullvalue '- -'\na;", "a\n", "", false},
		{"schema", ".schema t\n.schema nosuch", "CREATE TABLE t(a BIGINT);\n", "stdin:2: there is no table nosuch: see .tables\n", true},
		{"help", ".help maxrows", ".maxrows N           rows that mode duckbox shows, 0 for all\n", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, errOut, err := script(t, &Shell{Style: render.Style{Mode: render.ModeList}}, tt.text)
			if out != tt.out || errOut != tt.errOut {
				t.Errorf("out %q, errors %q, want %q and %q", out, errOut, tt.out, tt.errOut)
			}
			if errors.Is(err, ErrFailed) != tt.failed {
				t.Errorf("Run gave %v, failed should be %v", err, tt.failed)
			}
		})
	}
}

func TestScriptBails(t *testing.T) {
	out, _, err := script(t, &Shell{Bail: true}, "a;bad;b;")
	if out != "a\n" || !errors.Is(err, ErrFailed) {
		t.Errorf("out %q, error %v", out, err)
	}
}

func TestScriptCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := &echo{cancel: cancel}
	s := &Shell{Engine: e}
	var out, errOut bytes.Buffer
	err := s.Run(ctx, strings.NewReader("cancel;\nb;"), &out, &errOut)
	if !errors.Is(err, context.Canceled) || len(e.asked) != 1 || errOut.Len() > 0 {
		t.Errorf("error %v, asked %q, told %q", err, e.asked, errOut.String())
	}
}

func TestReadAndOutput(t *testing.T) {
	dir := t.TempDir()
	inner, loop := filepath.Join(dir, "in ner.sql"), filepath.Join(dir, "loop.sql")
	results, once := filepath.Join(dir, "results"), filepath.Join(dir, "once")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(inner, "i;\nbad;\nj;")
	write(loop, ".read "+loop)
	out, errOut, err := script(t, &Shell{}, fmt.Sprintf(
		".read '%s'\n.output %s\na;\nb;\n.output\n.once %s\nc;\nd;\n", inner, results, once))
	if want := "i\nj\nd\n"; out != want {
		t.Errorf("out %q, want %q", out, want)
	}
	if want := inner + ":2: Parser Error"; !strings.HasPrefix(errOut, want) || strings.Count(errOut, "\n") != 1 {
		t.Errorf("errors %q, want one at %q", errOut, want)
	}
	if !errors.Is(err, ErrFailed) {
		t.Errorf("Run gave %v", err)
	}
	for path, want := range map[string]string{results: "a\nb\n", once: "c\n"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v, want %q", path, got, err, want)
		}
	}
	if _, errOut, _ := script(t, &Shell{}, ".read "+loop); !strings.Contains(errOut, "break the circle") {
		t.Errorf("a file that reads itself: %q", errOut)
	}
	if _, errOut, err := script(t, &Shell{}, ".read "+dir+"/nosuch"); !strings.Contains(errOut, "nosuch") || !errors.Is(err, ErrFailed) {
		t.Errorf("a missing file: %q, %v", errOut, err)
	}
}

func TestTimer(t *testing.T) {
	at := time.Unix(0, 0)
	now := func() time.Time { at = at.Add(1500 * time.Millisecond); return at }
	_, errOut, _ := script(t, &Shell{Timer: true, Now: now}, "a;")
	if errOut != "run time: 1.500 s\n" {
		t.Errorf("told %q", errOut)
	}
}

func TestTablesQuotes(t *testing.T) {
	e := &echo{}
	if _, _, err := script(t, &Shell{Engine: e}, `.tables "o'neil%"`); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(e.asked[0], "name ILIKE 'o''neil%'") {
		t.Errorf("asked %s", e.asked[0])
	}
}

func TestShellComplete(t *testing.T) {
	s := &Shell{Engine: &echo{}}
	for _, tt := range []struct {
		text string
		want []Completion
	}{
		{"select 1; sel", []Completion{{"sel_more ", 10}}},
		{"select raw.t", []Completion{{"t_more ", 11}}},
		{"select 1; ", nil},
		{".m", []Completion{{".maxrows", 0}, {".mode", 0}}},
		{".mode js", []Completion{{"json", 6}, {"jsonlines", 6}}},
		{".timer o", []Completion{{"on", 7}, {"off", 7}}},
		{".read x", nil},
	} {
		if got := s.complete(t.Context(), tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("complete(%q) = %v, want %v", tt.text, got, tt.want)
		}
	}
}

func TestAnswerStopsAtError(t *testing.T) {
	e := &echo{}
	var out, errOut bytes.Buffer
	s := &Shell{Engine: e, Style: render.Style{Mode: render.ModeList}, out: &out, errOut: &errOut, Now: time.Now, interactive: true}
	s.answer(t.Context(), "a; bad; b;")
	if len(e.asked) != 2 || !strings.HasPrefix(errOut.String(), "Parser Error") {
		t.Errorf("asked %q, told %q", e.asked, errOut.String())
	}
}

func ExampleShell() {
	s := Shell{Engine: &echo{}, Style: render.Style{Mode: render.ModeCSV, Headers: true}}
	err := s.Run(context.Background(), strings.NewReader("select 'one; two';\n.mode line\nselect 3;"), os.Stdout, os.Stderr)
	fmt.Println(err)
	// Output:
	// sql
	// select 'one; two'
	// sql = select 3
	// <nil>
}

func TestComplete(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "select 1": false, "select 1;": true, "select 1; select": false, ".mode csv": true,
		"select ';": false, "-- only a comment": true, "/* open": false, "select 1; -- done": true, "select $$;": false,
	} {
		if got := complete(text); got != want {
			t.Errorf("complete(%q) = %v, want %v", text, got, want)
		}
	}
}
