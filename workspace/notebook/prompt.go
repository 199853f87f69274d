package notebook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/reeflective/readline"
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
		text, err := rl.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case errors.Is(err, io.EOF):
			return nil
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
	for _, st := range Split(text) {
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
		prompt = harmless(s.Name) + prompt
	}
	rl.Prompt.Primary(func() string { return prompt })
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

// complete reports whether what was typed can be run: a command, nothing, or
// statements that all end with a semicolon.
func complete(text string) bool {
	if strings.HasPrefix(strings.TrimSpace(text), ".") {
		return true
	}
	var sp splitter
	sp.feed(text + "\n")
	return !sp.open()
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
		values = append(values, readline.Completion{Value: text[word:c.Start] + label, Display: harmless(label)})
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
