package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reeflective/readline"

	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// HistoryFile returns the usual place of the notebook's history: netshare/history
// in the user's folder for configuration. It is one for all workspaces and not
// beside them, since what was typed may quote the real trace, and a workspace's
// folder may be shared.
func HistoryFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "netshare", "history"), nil
}

// converse asks a person at the terminal until they leave.
func (s *Shell) converse(ctx context.Context) error {
	// An interrupt while no statement runs must not end the program. At the
	// prompt Ctrl-C is a key, and no signal.
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, os.Interrupt)
	defer signal.Stop(ignored)

	if os.Getenv("TERM") == "dumb" {
		return s.script(ctx, &plainPrompt{s}, "stdin")
	}
	rl, err := s.newReadline(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Statements end with a semicolon; .help lists the commands, Ctrl-D leaves.\n")
	for !s.quit && ctx.Err() == nil {
		s.tellJobs()
		s.drawn = typed{prompt: s.drawn.prompt}
		s.below.Store(0)
		stop := s.watchJobs(func(line string) {
			s.below.Store(int64(strings.Count(line, "\n") + min(1, len(line))))
			switch line {
			case "":
				rl.Hint.ClearTransient()
			default:
				rl.Hint.SetTransient(line)
			}
		})
		text, err := rl.Readline()
		stop()
		rl.Hint.ClearTransient()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			_, col := s.drawn.place(len(s.drawn.line), terminalWidth(s.out))
			fmt.Fprintf(s.out, "\x1b[A\x1b[%dG^C\r\n", col+1) // behind what is forgotten
			continue
		case errors.Is(err, io.EOF):
			if s.leave() {
				return nil
			}
			continue
		case err != nil:
			return fmt.Errorf("the terminal can't be read: %w", err)
		}
		s.answer(ctx, text)
	}
	return context.Cause(ctx)
}

// plainPrompt reads what is typed at a terminal that has lines and nothing else.
type plainPrompt struct{ s *Shell }

// Read prompts, and reads a line or what there is of it.
func (p *plainPrompt) Read(b []byte) (int, error) {
	p.s.tellJobs()
	fmt.Fprint(p.s.out, p.s.prompt())
	return os.Stdin.Read(b)
}

// prompt is what stands before what is typed.
func (s *Shell) prompt() string {
	if s.Name == "" {
		return "> "
	}
	return render.Harmless(s.Name) + "> "
}

// answer runs what was typed.
func (s *Shell) answer(ctx context.Context, text string) {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, ".") {
		s.try(ctx, "", func() error { return s.command(ctx, trimmed) })
		return
	}
	if code, ok := goCell(text); ok {
		s.try(ctx, "", func() error { return s.runCell(ctx, notebook.KindGo, code) })
		return
	}
	for _, st := range notebook.Split(text) {
		failed := s.failed
		s.try(ctx, "", func() error { return s.statement(ctx, st.Text) })
		if s.failed > failed {
			return // what follows was meant to come after
		}
	}
}

// newReadline sets the keyboard up.
func (s *Shell) newReadline(ctx context.Context) (*readline.Shell, error) {
	rl := readline.NewShell()
	prompt := s.prompt()
	rl.Prompt.Primary(func() string { return prompt })
	// The library reads the keyboard itself while it asks a terminal where its
	// cursor is, and forgets what is typed meanwhile: it is not to ask. What it
	// would know by that, whether there is room below, it need not know where
	// room is made before anything is drawn, which is when it has a line coloured.
	if err := rl.Config.Set("cursor-position-probe", false); err != nil {
		return nil, err
	}
	s.drawn.prompt = render.Width(prompt)
	rl.SyntaxHighlighter = func(line []rune) string {
		now := typed{s.drawn.prompt, slices.Clone(line), min(rl.Cursor().Pos(), len(line))}
		s.makeRoom(s.drawn, now)
		s.drawn = now
		return string(line)
	}
	rl.AcceptMultiline = func(line []rune) bool { return complete(string(line)) }
	rl.Completer = func(line []rune, cursor int) readline.Completions {
		return s.offer(ctx, string(line[:min(cursor, len(line))]))
	}
	if s.History != "" {
		if err := keepHistory(rl, s.History); err != nil {
			fmt.Fprintf(s.errOut, "there is no history this time: %v\n", err)
		}
	}
	return rl, nil
}

// typed is a line as it stands on the screen.
type typed struct {
	prompt int // how wide it is
	line   []rune
	cursor int // its place in line
}

// place is where the first n runes end on a screen: the row, 1 for that of the
// prompt, and the column, from 0.
func (t typed) place(n, width int) (row, col int) {
	row, col = 1, t.prompt
	for _, r := range t.line[:min(n, len(t.line))] {
		if r == '\n' { // lines stand below each other
			row, col = row+1, t.prompt
		} else if col += render.Width(string(r)); width > 0 && col >= width {
			row, col = row+1, 0
		}
	}
	return row, col
}

// makeRoom scrolls the screen where fewer rows are below the cursor than what is
// to be drawn takes, and brings the cursor back to the row of the text where it
// was. Where there is room nothing is to be seen of it.
func (s *Shell) makeRoom(was, now typed) {
	width, height := terminalSize(s.out)
	if height < 4 {
		return
	}
	// Below the last row the library expects one more.
	end, _ := now.place(len(now.line), width)
	at, _ := was.place(was.cursor, width)
	rows := min(max(1, end-at+int(s.below.Load())+1), height-2)
	fmt.Fprintf(s.out, "%s\x1b[%dA", strings.Repeat("\n", rows), rows)
}

// The lines between which Go stands.
const (
	goBegin = "go"
	goEnd   = "end"
)

// goCell takes the Go out of lines that begin with go and end with end.
func goCell(text string) (string, bool) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if n := len(lines); n > 1 && strings.TrimSpace(lines[0]) == goBegin && strings.TrimSpace(lines[n-1]) == goEnd {
		return strings.Join(lines[1:n-1], "\n"), true
	}
	return "", false
}

// complete reports whether what was typed can be run: a command, nothing, Go
// with its end, or statements that all end with a semicolon.
func complete(text string) bool {
	if strings.HasPrefix(strings.TrimSpace(text), ".") {
		return true
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(text), "\n"); strings.TrimSpace(first) == goBegin {
		_, whole := goCell(text)
		return whole
	}
	var sp notebook.Splitter
	sp.Feed(text + "\n")
	return !sp.Open()
}

// offer turns completions into readline's, which replace the whole word before
// the cursor, back to the last blank.
func (s *Shell) offer(ctx context.Context, text string) readline.Completions {
	word := strings.LastIndexAny(text, " \t\n") + 1
	for _, b := range []byte(text[word:]) {
		if b >= 0x80 { // readline counts the word in bytes and removes it in characters
			return readline.Completions{}
		}
	}
	var values []readline.Completion
	for _, c := range s.complete(ctx, text) {
		if c.Start < word || c.Start > len(text) {
			continue // more than a word: can't be shown as one
		}
		label := strings.TrimRight(c.Text, " ")
		value := text[word:c.Start] + label
		if strings.HasPrefix(label, ".") && takesArguments(label[1:]) {
			value += " "
		}
		values = append(values, readline.Completion{Value: value, Display: render.Harmless(label)})
	}
	offered := readline.CompleteRaw(s.fitting(values, text)).NoSort()
	offered.PREFIX = text[word:]
	return offered
}

// fitting cuts a list of completions to what there is room for below a text: a
// longer one would scroll it away.
func (s *Shell) fitting(values []readline.Completion, text string) []readline.Completion {
	width, height := terminalSize(s.out)
	if height == 0 {
		return values
	}
	widest := 1
	for _, v := range values {
		widest = max(widest, render.Width(v.Display)+2)
	}
	used, _ := typed{line: []rune(text)}.place(len(text), width)
	rows := max(2, height-5-used-int(s.below.Load()))
	return values[:min(len(values), max(1, width/widest)*rows)]
}

// keepHistory reads the history of earlier runs, and has this one's added.
func keepHistory(rl *readline.Shell, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	rl.History.AddFromFile("history", path)
	return nil
}
