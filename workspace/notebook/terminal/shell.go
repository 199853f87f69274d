package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// ErrFailed is what Run returns where statements of a script failed; what
// failed was written to the error output as it happened.
var ErrFailed = errors.New("statements failed")

// Shell is the terminal notebook. Set Engine and what else is wanted, then call
// Run. It is for one goroutine.
type Shell struct {
	Engine Engine // runs the statements
	Name   string // of the workspace, for the prompt

	// History is the file that keeps what was typed from one run to the next,
	// "" for none; HistoryFile names the usual one. It is made with its folder
	// where it is absent, and readable by its owner only.
	History string

	Style render.Style // of results; the zero value means DefaultStyle
	Bail  bool         // end a script at its first error
	Timer bool         // tell how long each statement took
	Echo  bool         // write each statement before it is run

	// Lab is the workspace for the commands that are not SQL, nil for none.
	Lab *Lab
	// Script is what is run before in, and Quit ends Run after it: of a command
	// line's -c and -f.
	Script []Source
	Quit   bool

	// Now is the clock of Timer, nil for time.Now.
	Now func() time.Time

	out, errOut io.Writer
	interactive bool // commands and errors are a person's at a terminal
	terminal    bool // out is a terminal
	once        bool // sink is for one result
	sink        *os.File
	failed      int
	depth       int // of files being read
	quit        bool
	lab         *lab
	drawn       typed        // what stands at the prompt
	below       atomic.Int64 // rows that the live line takes

	progress    sync.Mutex // of what follows
	progressed  time.Time  // when progress was last shown
	progressing bool       // the line of progress stands there
}

// Source is a text to be run, or a file.
type Source struct {
	Text string
	File string // "" for Text
}

// Run reads statements and commands from in and answers them, until the end of
// in, .quit or the end of ctx.
//
// Where in and out are the process's own standard input and output and both a
// terminal, a person is asked at a prompt, with a history and completion;
// Ctrl-C then stops the statement that runs, or forgets the line that is being
// typed, and Ctrl-D ends Run. The caller must not end ctx at an interrupt then
// (see Interactive). Otherwise in is a script: a statement that fails is told
// of on errOut with its line, and the script goes on unless Bail is set; Run
// returns ErrFailed at its end if any failed.
func (s *Shell) Run(ctx context.Context, in io.Reader, out, errOut io.Writer) error {
	s.out, s.errOut = out, errOut
	s.failed, s.quit = 0, false
	if s.Style.Mode == "" {
		s.Style = render.DefaultStyle()
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.terminal = isTerminal(out)
	s.interactive = Interactive(in, out)
	s.lab = newLab(s.Lab)
	var err error
	if len(s.Script) > 0 {
		asked := s.interactive
		s.interactive = false
		err = s.sources(ctx)
		s.interactive = asked
	}
	switch {
	case err != nil || s.quit || s.Quit:
	case s.interactive:
		err = s.converse(ctx)
	default:
		err = s.script(ctx, in, "stdin")
	}
	err = errors.Join(err, s.closeSink(), s.lab.close())
	if err == nil && s.failed > 0 && (!s.interactive || s.Quit) {
		return ErrFailed
	}
	return err
}

// Interactive reports whether Run would ask a person at a prompt. Then Ctrl-C
// is the shell's business: don't let it end Run's context.
func Interactive(in io.Reader, out io.Writer) bool {
	return in == io.Reader(os.Stdin) && out == io.Writer(os.Stdout) && isTerminal(in) && isTerminal(out)
}

// isTerminal reports whether a reader or writer is a file that is a terminal.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// sources runs the texts and files of Script.
func (s *Shell) sources(ctx context.Context) error {
	for _, src := range s.Script {
		if s.quit {
			return nil
		}
		if src.File == "" {
			if err := s.script(ctx, strings.NewReader(src.Text), "-c"); err != nil {
				return err
			}
			continue
		}
		f, err := os.Open(src.File)
		if err != nil {
			return err
		}
		err = errors.Join(s.script(ctx, f, src.File), f.Close())
		if err != nil {
			return err
		}
	}
	return nil
}

// statement runs one statement and writes its result.
func (s *Shell) statement(ctx context.Context, sql string) (err error) {
	if s.Echo {
		fmt.Fprintln(s.out, render.HarmlessLines(sql)+";")
	}
	if s.lab != nil && s.lab.doc != nil {
		return s.runCell(ctx, notebook.KindSQL, sql+";")
	}
	started := s.Now()
	if s.interactive {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt)
		defer stop()
	}
	result, err := s.Engine.Query(ctx, sql)
	if err == nil {
		err = s.show(result, sql)
		err = errors.Join(err, result.Close())
	}
	if err != nil && ctx.Err() != nil {
		return errStopped
	}
	if s.Timer && err == nil {
		fmt.Fprintf(s.errOut, "run time: %.3f s\n", s.Now().Sub(started).Seconds())
	}
	return err
}

var errStopped = errors.New("interrupted")

// show writes a result to where results go at the moment.
func (s *Shell) show(result render.Result, sql string) error {
	first, err := result.Next()
	if err != nil && err != io.EOF {
		return err
	}
	if notebook.IsStatus(result.Columns()) && (err == io.EOF || !s.interactive && notebook.IsChange(sql)) {
		return nil
	}
	out, style := s.out, s.Style
	style.Exact = !s.terminal
	if s.terminal {
		style.Width = terminalWidth(s.out)
	}
	if s.sink != nil {
		out, style.Width, style.Exact = s.sink, 0, true
	}
	_, err = render.Write(out, &peeked{Result: result, row: first, ended: err == io.EOF}, style)
	if s.once {
		err = errors.Join(err, s.closeSink())
	}
	return err
}

// peeked is a result whose first row was read already.
type peeked struct {
	render.Result
	row   []any
	ended bool
}

func (p *peeked) Next() ([]any, error) {
	if p.ended {
		return nil, io.EOF
	}
	if row := p.row; row != nil {
		p.row = nil
		return row, nil
	}
	return p.Result.Next()
}

// terminalWidth is how wide a terminal is, 0 where it doesn't say.
func terminalWidth(out io.Writer) int {
	width, _ := terminalSize(out)
	return width
}

// terminalSize is how many columns and rows a terminal has, 0 where it doesn't
// say.
func terminalSize(out io.Writer) (width, height int) {
	f, ok := out.(*os.File)
	if !ok {
		return 0, 0
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// closeSink ends the file that results go to, if any.
func (s *Shell) closeSink() error {
	if s.sink == nil {
		return nil
	}
	err := s.sink.Close()
	s.sink, s.once = nil, false
	return err
}

// complain tells of an error; where is its place in a script, "" at a prompt.
func (s *Shell) complain(where string, err error) {
	s.failed++
	lines := strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")
	for i, l := range lines { // the database's messages show the place with a caret on a line of its own
		lines[i] = render.Harmless(strings.ReplaceAll(l, "\t", " "))
	}
	if where != "" {
		where += ": "
	}
	fmt.Fprintf(s.errOut, "%s%s\n", where, strings.Join(lines, "\n"))
}

// complete returns what may come next in a line that ends at the cursor.
func (s *Shell) complete(ctx context.Context, text string) []Completion {
	if strings.HasPrefix(text, ".") && !strings.Contains(text, "\n") {
		return s.completeCommand(ctx, text)
	}
	// Only the statement at the cursor matters.
	var sp notebook.Splitter
	sp.Feed(text)
	rest := sp.Pending()
	if strings.TrimSpace(rest) == "" {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	all, err := s.Engine.Complete(ctx, rest)
	if err != nil {
		return nil // no completion is no fault
	}
	before := len(text) - len(rest)
	all = slices.Clone(all)
	for i := range all {
		all[i].Start = min(max(0, all[i].Start)+before, len(text))
	}
	return all
}
