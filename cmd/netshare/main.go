// Command netshare turns network traces and event logs that can't be shared
// into synthetic ones that can. It holds commands, printers and exit codes;
// what they do is in package workspace.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"netshare/workspace"
	"netshare/workspace/notebook/terminal"
)

// version is the program's, recorded with every run.
const version = "0.1.0"

// Exit codes, as netshare --help lists them.
const (
	exitDone      = 0
	exitFailed    = 1
	exitUsage     = 2
	exitRejects   = 3
	exitInUse     = 11
	exitCancelled = 130
)

// Causes of an end that are no failures of their own.
var errCancelled = errors.New("cancelled")

// usageError is a fault of the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// rejectsError says that more records were rejected than the user allows.
type rejectsError struct{ rejected, limit int64 }

func (e rejectsError) Error() string {
	what := "records were"
	if e.rejected == 1 {
		what = "record was"
	}
	return fmt.Sprintf("%d %s rejected, more than the %d allowed: see netshare.rejects in the workspace", e.rejected, what, e.limit)
}

func main() { os.Exit(run(os.Args[1:])) }

// run is the program without its process: it returns the exit code.
func run(args []string) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		select {
		case <-signals:
			cancel(errCancelled)
			signal.Stop(signals) // a second one ends the process at once
		case <-ctx.Done():
		}
	}()
	root := newRoot()
	root.SetArgs(duckdbArgs(args))
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, terminal.ErrFailed) { // which was told as it happened
		fmt.Fprintln(os.Stderr, "netshare: "+message(ctx, err))
	}
	return exitCode(ctx, err)
}

// duckdbArgs lets -readonly be typed as the DuckDB shell has it.
func duckdbArgs(args []string) []string {
	out := slices.Clone(args)
	if len(out) > 1 && out[0] == "ws" && out[1] == "open" {
		for i, a := range out {
			if a == "-readonly" {
				out[i] = "--readonly"
			}
		}
	}
	return out
}

// message is what the user reads of an error.
func message(ctx context.Context, err error) string {
	if cancelled(ctx, err) {
		return "cancelled: the workspace is sound and holds nothing half done"
	}
	var usage usageError
	if errors.As(err, &usage) {
		return err.Error() + " (see --help)"
	}
	return oneLine(err.Error()) + pageOf(err)
}

// sqlPlace is where DuckDB says that a statement is wrong: the line, and a caret
// under the place.
var sqlPlace = regexp.MustCompile(`\s*\n+LINE (\d+): .*\n( *)\^`)

// oneLine puts what an error says over several lines into one.
func oneLine(s string) string {
	if m := sqlPlace.FindStringSubmatchIndex(s); m != nil {
		line := s[m[2]:m[3]]
		column := m[5] - m[4] - len("LINE "+line+": ") + 1
		s = fmt.Sprintf("%s at line %s, column %d%s", s[:m[0]], line, column, s[m[1]:])
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

func cancelled(ctx context.Context, err error) bool {
	return errors.Is(err, errCancelled) || err != nil && errors.Is(context.Cause(ctx), errCancelled)
}

// exitCode maps an error to the codes that --help lists.
func exitCode(ctx context.Context, err error) int {
	var usage usageError
	var inUse *workspace.InUseError
	var rejects rejectsError
	switch {
	case err == nil:
		return exitDone
	case cancelled(ctx, err):
		return exitCancelled
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &inUse):
		return exitInUse
	case errors.As(err, &rejects):
		return exitRejects
	}
	return exitFailed
}
