//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// screen is netshare under a pseudo-terminal, and what a person sees of it.
type screen struct {
	t    *testing.T
	tty  *os.File
	cmd  *exec.Cmd
	term vt10x.Terminal
	mu   sync.Mutex
	last time.Time // when something was last written
	done chan error

	asked bool // the terminal was asked where its cursor is
}

const (
	screenWidth  = 84
	screenHeight = 26
)

// onScreen starts netshare in a folder, under a terminal that answers where its
// cursor is.
func onScreen(t *testing.T, dir string, args ...string) *screen {
	t.Helper()
	return onTerminal(t, "xterm-256color", dir, args...)
}

// onTerminal is onScreen with a terminal of another kind.
func onTerminal(t *testing.T, kind, dir string, args ...string) *screen {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, done: make(chan error, 1)}
	s.cmd = &exec.Cmd{Path: exe, Args: append([]string{"netshare"}, args...), Dir: dir}
	home := filepath.Join(dir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	s.cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "TERM="+kind, "NO_COLOR=1", "INPUTRC=/dev/null")
	if s.tty, err = pty.StartWithSize(s.cmd, &pty.Winsize{Rows: screenHeight, Cols: screenWidth}); err != nil {
		t.Skipf("there is no pseudo-terminal here: %v", err)
	}
	s.term = vt10x.New(vt10x.WithSize(screenWidth, screenHeight), vt10x.WithWriter(s.tty))
	go func() {
		buf := make([]byte, 4096)
		kept := 0 // bytes of a character that was read in part
		for {
			n, err := s.tty.Read(buf[kept:])
			if n > 0 {
				n, kept = n+kept, 0
				for i := max(0, n-utf8.UTFMax); i < n; i++ {
					if utf8.RuneStart(buf[i]) && !utf8.FullRune(buf[i:n]) {
						kept = n - i
						break
					}
				}
				s.mu.Lock()
				s.asked = s.asked || bytes.Contains(buf[:n-kept], []byte("\x1b[6n"))
				s.term.Write(buf[:n-kept]) //nolint:errcheck // it never fails
				s.last = time.Now()
				s.mu.Unlock()
				copy(buf, buf[n-kept:n])
			}
			if err != nil {
				break
			}
		}
		s.done <- s.cmd.Wait()
	}()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.tty.Close()
	})
	return s
}

// text is what stands on the screen, without blanks at the ends of lines and
// empty lines at the end.
func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for y := range screenHeight {
		var b strings.Builder
		for x := range screenWidth {
			c := s.term.Cell(x, y).Char
			if c == 0 {
				c = ' '
			}
			b.WriteRune(c)
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// until waits for something to stand on the screen.
func (s *screen) until(pattern string) {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if re.MatchString(s.text()) {
			s.settle()
			return
		}
	}
	s.t.Fatalf("%q never came on the screen:\n%s", pattern, s.text())
}

// settle waits until nothing more is written.
func (s *screen) settle() {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		quiet := time.Since(s.last) > 150*time.Millisecond
		s.mu.Unlock()
		if quiet {
			return
		}
	}
}

// keys types, all at once and when nothing is being drawn, so that the screen is
// the same each time.
func (s *screen) keys(text string) {
	s.t.Helper()
	s.settle()
	if _, err := io.WriteString(s.tty, text); err != nil {
		s.t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	s.settle()
}

// want compares the screen with a golden one.
func (s *screen) want(name string) {
	s.t.Helper()
	s.settle()
	got := regexp.MustCompile(`run time: [0-9.]+ s`).ReplaceAllString(s.text(), "run time: T s")
	path := filepath.Join("testdata", "screen", name)
	if os.Getenv("NETSHARE_UPDATE") != "" {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(got), 0o666)); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if got != string(want) {
		s.t.Errorf("screen %s is\n%s\nwant\n%s", name, got, want)
	}
}

// clear begins with an empty screen.
func (s *screen) clear() {
	s.keys("\x0c")
	s.settle()
}

// ends waits for the program's end.
func (s *screen) ends() {
	s.t.Helper()
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Errorf("netshare ended with %v:\n%s", err, s.text())
		}
	case <-time.After(20 * time.Second):
		s.t.Fatalf("netshare did not end:\n%s", s.text())
	}
}

func TestTerminalScreens(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "flows.csv"), []byte(flowsCSV(300)), 0o666); err != nil {
		t.Fatal(err)
	}
	s := onScreen(t, dir, "ws", "open", "lab.duckdb")
	s.until(`lab>\s*$`)

	// A file is named with Tab; its name may be shortened.
	s.keys(".lo fl\t")
	s.until(`\.lo flows\.csv`)
	s.keys(" flows\r")
	s.until(`raw.flows: 300 records`)
	s.clear()
	s.keys("select proto, count(*) as flows\rfrom raw.flows group by all order by all;\r")
	s.until("195")
	s.want("select")

	// Keywords, tables and commands are completed.
	s.clear()
	s.keys(".prof\t")
	s.until(`\.profile`)
	s.keys("flow\t\r")
	s.until("raw.flows: 300 rows")
	s.want("profile")
	s.clear()
	s.keys("sel\t")
	s.until("lab> select")
	s.keys("\x15") // Ctrl-U

	// Ctrl-C at the prompt forgets the line, and stops a query but not the program.
	s.keys("select 1 +\x03")
	s.until(`\^C`)
	s.clear()
	s.keys("select count(*) from range(100000000000) a;\r")
	time.Sleep(300 * time.Millisecond)
	s.keys("\x03")
	s.until("interrupted")
	s.keys("select 'still here' as t;\r")
	s.until("still here")
	s.want("interrupt")

	// Ctrl-R finds what was typed.
	s.clear()
	s.keys("\x12proto, count")
	s.until("select proto, count")
	s.keys("\r")
	s.settle()
	s.keys("\r")
	s.until("195")

	// Go keeps its variables.
	s.clear()
	s.keys("go\rx := 6\rx * 7\rend\r")
	s.until("42")
	s.keys("go\rx\rend\r")
	s.until("end\n6\n")
	s.want("go")

	// Charts.
	s.clear()
	s.keys(".plot bar of proto in raw.flows\r")
	s.until("records, by proto")
	s.want("bar")
	s.clear()
	s.keys(".plot histogram of bytes in raw.flows\r")
	s.until("bytes +1,889")
	s.want("histogram")
	s.clear()
	s.keys(".plot cdf of bytes in raw.flows, raw.flows\r")
	s.until("up: share")
	s.want("cdf")

	// An error at the prompt has no place in a file.
	s.clear()
	s.keys(".train flows epoch 3\r.nosuch\r.h\r")
	s.until("could be")
	s.want("errors")
	s.keys(".quit\r")
	s.ends()

	// History is there the next time.
	s = onScreen(t, dir, "ws", "open", "lab.duckdb", "--readonly")
	s.until(`lab>\s*$`)
	s.keys("\x1b[A\x1b[A\x1b[A")
	s.until(`lab> \.nosuch|lab> \.train flows epoch 3`)
	s.keys("\x03")
	s.keys("\x04")
	s.ends()
}

func TestTerminalTraining(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "flows.csv"), []byte(flowsCSV(300)), 0o666); err != nil {
		t.Fatal(err)
	}
	s := onScreen(t, dir, "ws", "open", "lab.duckdb")
	s.until(`lab>\s*$`)
	s.keys(".load flows.csv\r")
	s.until("raw.flows: 300 records")
	s.clear()
	s.keys(".train flows epochs 100000\r")
	s.until(`job 1: train flows epochs 100000`)
	s.until(`job 1  learning .*epoch [0-9]+ of 100000`)
	// The prompt is free meanwhile.
	s.keys("select 6 * 7 as answer;\r")
	s.until("│ +42 │")
	s.keys(".jobs\r")
	s.until(`│ train flows epochs 1000.*│ running │`)
	s.keys(".quit\r")
	s.until("job 1 .* is running: leave again to stop it")
	s.keys(".stop\r")
	s.until("job 1 .* was stopped")
	s.clear()
	s.keys(".train flows epochs 2\r")
	s.until("job 2 .* is done: Enter shows what it gave")
	s.keys("\r")
	s.until("learnt raw.flows: 2 epochs")
	s.keys(".quit\r")
	s.ends()
}

// TestTerminalTypeAhead holds that no key is lost, however fast it comes and
// whatever is drawn meanwhile, and that lines at the bottom of the screen stand
// where they belong.
func TestTerminalTypeAhead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "flows.csv"), []byte(flowsCSV(300)), 0o666); err != nil {
		t.Fatal(err)
	}
	s := onScreen(t, dir, "ws", "open", "lab.duckdb")
	s.until(`lab>\s*$`)
	s.keys(".load flows.csv\r")
	s.until("raw.flows: 300 records")
	s.keys(".train flows epochs 100000\r")
	s.until(`job 1  learning`) // a line that is drawn anew all the time
	for i := range 12 {
		text := fmt.Sprintf("select %d as n%d,\r%d as m%d;\r", i, i, 2*i, i)
		for _, c := range []byte(text) {
			if _, err := s.tty.Write([]byte{c}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(c%7) * time.Millisecond)
		}
	}
	s.until(`m11`)
	s.until(`│ +11 │ +22 │`)
	text := s.text()
	if !regexp.MustCompile(`(?m)^lab> select 11 as n11,\n +22 as m11;?$`).MatchString(text) {
		t.Errorf("a statement of two lines at the bottom is\n%s", text)
	}
	s.keys(".stop\r")
	s.until("was stopped")
	s.keys(".quit\r")
	s.ends()
	history, err := os.ReadFile(filepath.Join(dir, "home", "netshare", "history"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		if !strings.Contains(string(history), fmt.Sprintf(`select %d as n%d,\n%d as m%d;`, i, i, 2*i, i)) {
			t.Errorf("statement %d did not come as it was typed", i)
		}
	}
	if s.asked {
		t.Error("the terminal was asked where its cursor is, which loses keys")
	}
}

// TestTerminalHabits goes through the commands of the shell as people of
// DuckDB's know them, and through those of the workspace.
func TestTerminalHabits(t *testing.T) {
	dir := t.TempDir()
	recipe, err := os.ReadFile("../../examples/netflow/recipe.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"flows.csv": flowsCSV(300), "r.go": string(recipe), "two.sql": "select 'read' as r;\nselect nosuch;\nselect 'on' as r;\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s := onScreen(t, dir, "ws", "open", "lab.duckdb")
	s.until(`lab>\s*$`)
	s.keys(".load flows.csv\r")
	s.until("raw.flows: 300 records")
	s.clear()
	s.keys(".maxrows 6\r.sess flows\r")
	s.until("6 shown")
	s.want("sessions")
	s.clear()
	s.keys(".notebook day.md\r")
	s.until("day.md: 0 cells")
	s.keys("select 40 + 2 as answer;\r")
	s.until("│ +42 │")
	s.keys(".notebook\r")
	s.until("fresh")
	s.want("notebook")
	book := filepath.Join(dir, "day.md") // written by an editor meanwhile
	if err := os.WriteFile(book, []byte("# Mine\n\n```sql\nselect 5 as five;\n```\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	s.keys("select 7 as seven;\r")
	s.until("│ +7 │")
	if text, err := os.ReadFile(book); err != nil || string(text) != "# Mine\n\n```sql\nselect 5 as five;\n```\n\n```sql\nselect 7 as seven;\n```\n" {
		t.Errorf("a notebook that an editor changed is %q, %v", text, err)
	}
	s.keys(".notebook off\r")
	s.clear()
	for _, step := range []struct{ keys, want string }{
		{".mode csv\rselect 1 as a, NULL as b;\r", `a,b\n1,\n`},
		{".nullvalue none\rselect 1 as a, NULL as b;\r", `a,b\n1,none\n`},
		{".mode json\rselect 1 as a;\r", `\[\{"a":1\}\]`},
		{".mode jsonlines\rselect 2 as a;\r", `\n\{"a":2\}\n`},
		{".mode line\rselect 3 as a;\r", `\na = 3\n`},
		{".mode list\rselect 4 as a, 5 as b;\r", `\na\|b\n4\|5\n`},
		{".mode markdown\rselect 6 as a;\r", `\| a \|\n\|---:\|\n\| 6 \|`},
		{".mode tabs\rselect 7 as a, 8 as b;\r", `\na +b\n7 +8\n`},
		{".mode trash\rselect 9999 as a;\r.mode box\rselect 10 as a;\r", `┌────┐\n│ a  │\n├────┤\n│ 10 │`},
		{".mode duck\r", `"duck" is no output mode: want one of duckbox`},
		{".mode duckbox\r.once out.csv\rselect 77 as once;\r.shell cat out.csv\r", `\n│ +77 │\n`},
		{".read two.sql\r", `two.sql:2: Binder Error[^$]*│ on +│`},
		{".sc flows\r", `CREATE TABLE raw.flows\(`},
		{".tables fl%\r", `│ raw +│ flows`},
		{".timer on\rselect 11 as t;\r", `run time: [0-9.]+ s`},
		{".timer off\r.echo on\rselect 12 as echoed;\r", `\nselect 12 as echoed;\n`},
		{".echo off\r.shell echo from the system\r", `\nfrom the system\n`},
		{".ui\r", `http://127\.0\.0\.1:[0-9]+/`},
		{".recipe r.go\r", `recipe netflow of [0-9]+ fields`},
		{".train flows memory 1GB set batch_sise=10\r", `set: .*batch_size`},
		{".publish out nosuch\r", `nosuch`},
		{".split flows by session\r", `raw.flows_holdout: [0-9]+ records held out`},
	} {
		s.keys("\x0c")
		for k := range strings.SplitAfterSeq(step.keys, "\r") {
			s.keys(k)
		}
		s.until(step.want)
	}
	s.keys(".quit\r")
	s.ends()
}

// TestTerminalDumb holds that a terminal without a cursor is asked line by line,
// and told nothing that it does not understand.
func TestTerminalDumb(t *testing.T) {
	s := onTerminal(t, "dumb", t.TempDir(), "ws", "open", "lab.duckdb")
	s.until(`lab>\s*$`)
	s.keys("select 6 * 7\ras answer;\r")
	s.until(`│ +42 │`)
	s.keys("select count(*) from range(100000000000) a, range(10) b;\r")
	time.Sleep(300 * time.Millisecond)
	s.keys("\x03")
	s.until("interrupted")
	s.keys(".nosuch\r")
	s.until("there is no command .nosuch")
	s.keys(".quit\r")
	s.ends()
}
