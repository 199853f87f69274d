package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"netshare/workspace/notebook"
)

// deepest is how many files may read one another.
const deepest = 16

// script runs statements and commands from a reader; name is the script's, for
// errors. It returns an error only where the script can't go on.
func (s *Shell) script(ctx context.Context, in io.Reader, name string) error {
	lines := bufio.NewReader(in)
	var sp notebook.Splitter
	for n := 1; !s.quit; n++ {
		text, err := lines.ReadString('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: %w", name, err)
		}
		if n == 1 {
			text = strings.TrimPrefix(text, "\uFEFF")
		}
		if !sp.Open() && strings.TrimSpace(text) == goBegin {
			begin := n
			var code strings.Builder
			for {
				line, failed := lines.ReadString('\n')
				n, err = n+1, failed
				sp.Feed("\n")
				if strings.TrimSpace(line) == goEnd || failed != nil {
					break
				}
				code.WriteString(line)
			}
			sp.Feed("\n")
			s.try(ctx, fmt.Sprintf("%s:%d", name, begin), func() error { return s.runCell(ctx, notebook.KindGo, code.String()) })
		} else if !sp.Open() && strings.HasPrefix(text, ".") {
			sp.Feed("\n") // for the count of lines
			s.try(ctx, fmt.Sprintf("%s:%d", name, n), func() error { return s.command(ctx, strings.TrimSpace(text)) })
		} else {
			done := sp.Feed(text)
			if err == io.EOF {
				if rest, ok := sp.Rest(); ok {
					done = append(done, rest)
				}
			}
			for _, st := range done {
				if s.quit || ctx.Err() != nil {
					break
				}
				s.try(ctx, fmt.Sprintf("%s:%d", name, st.Line), func() error { return s.statement(ctx, st.Text) })
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == io.EOF {
			return nil
		}
	}
	return nil
}

// try runs something of a script and tells of its failure.
func (s *Shell) try(ctx context.Context, where string, fn func() error) {
	err := fn()
	if err == nil || ctx.Err() != nil {
		return
	}
	if errors.Is(err, ErrFailed) { // told of already
		s.quit = s.quit || s.Bail
		return
	}
	if s.interactive && s.depth == 0 {
		where = ""
	}
	s.complain(where, err)
	if s.Bail && (!s.interactive || s.depth > 0) {
		s.quit = true
	}
	if errors.Is(err, errStopped) && s.depth > 0 {
		s.quit = true // the interrupt is meant for the whole file
	}
}

// read runs a file as a script.
func (s *Shell) read(ctx context.Context, path string) error {
	if s.depth == deepest {
		return fmt.Errorf("%s: %d files read one another: break the circle", path, deepest)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	s.depth++
	before := s.failed
	err = s.script(ctx, f, path)
	s.depth--
	if s.interactive && s.depth == 0 {
		s.quit = false // ended the file, not the notebook
	}
	if err == nil && s.failed > before {
		return ErrFailed
	}
	return err
}
