package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

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

	rl := s.newReadline(ctx)
	fmt.Fprintf(s.out, "Statements end with a semicolon; .help lists the commands, Ctrl-D leaves.\n")
	for !s.quit && ctx.Err() == nil {
		s.tellJobs()
		stop := s.watchJobs(func(line string) bool {
			switch {
			case s.typing(): // readline may lose keys that come while it draws
				return false
			case line == "":
				rl.Hint.ClearTransient()
			default:
				rl.Hint.SetTransient(line)
			}
			return true
		})
		text, err := rl.Readline()
		stop()
		rl.Hint.ClearTransient()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
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
func (s *Shell) newReadline(ctx context.Context) *readline.Shell {
	rl := readline.NewShell()
	prompt := "> "
	if s.Name != "" {
		prompt = render.Harmless(s.Name) + prompt
	}
	rl.Prompt.Primary(func() string { return prompt })
	last := ""
	rl.SyntaxHighlighter = func(line []rune) string {
		text := string(line)
		if text != last {
			last = text
			s.typed.Store(time.Now().UnixNano())
		}
		return text
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
	return rl
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

// typing reports whether a person is at the keyboard right now.
func (s *Shell) typing() bool {
	return time.Since(time.Unix(0, s.typed.Load())) < 1500*time.Millisecond
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
	offered := readline.CompleteRaw(values).NoSort()
	offered.PREFIX = text[word:]
	return offered
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
