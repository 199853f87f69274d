package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// ErrNotWorkspace is what Open's error wraps where the file is no DuckDB
// database, or one that netshare can't hold its tables in.
var ErrNotWorkspace = errors.New("not a workspace")

// ErrNoTable is what errors about a table that isn't there wrap.
var ErrNoTable = errors.New("no such table")

// ErrTableExists is what NewTable's error wraps where the table is there
// already and neither Replace nor Append was asked for.
var ErrTableExists = errors.New("table exists")

// ErrNotFound is what errors about a run, checkpoint or model that isn't there
// wrap.
var ErrNotFound = errors.New("not found")

// InUseError says that another process, or this one, holds the workspace.
type InUseError struct {
	Path string
	PID  int // 0 where DuckDB did not say
}

func (e *InUseError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("%s is in use by %s: close it, or use its notebook", filepath.Base(e.Path), who)
}

// FormatError says that the workspace was written by a newer program.
type FormatError struct {
	Path      string
	Version   int    // the file's format version
	Supported int    // the newest that this program knows; 0 where DuckDB itself is too old
	Program   string // the program version that wrote the format, "" where unknown
}

func (e *FormatError) Error() string {
	by := ""
	if e.Program != "" {
		by = " by netshare " + e.Program
	}
	return fmt.Sprintf("%s was written%s in workspace format %d, and this program knows formats up to %d: use a newer netshare",
		filepath.Base(e.Path), by, e.Version, e.Supported)
}

// ValueError says that a value does not fit its column. The row it was in was
// not appended, and the writer goes on.
type ValueError struct {
	Column string
	Want   string // the column's type
	Value  any
	Reason string // "" where the Go type is the matter
}

func (e *ValueError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("column %q: %v: %s", e.Column, e.Value, e.Reason)
	}
	return fmt.Sprintf("column %q: want a value for %s, got %T (%v)", e.Column, e.Want, e.Value, e.Value)
}

var (
	pidPattern     = regexp.MustCompile(`\(PID (\d+)\)`)
	versionPattern = regexp.MustCompile(`(?i)(newer version of DuckDB|version number \d+|created with a newer)`)
)

// openError turns what DuckDB says when it can't open path into one clear line.
func openError(path string, err error) error {
	msg := message(err)
	name := filepath.Base(path)
	switch {
	case strings.Contains(msg, "Conflicting lock"), strings.Contains(msg, "Could not set lock"):
		e := &InUseError{Path: path}
		if m := pidPattern.FindStringSubmatch(msg); m != nil {
			e.PID, _ = strconv.Atoi(m[1])
		}
		return e
	case strings.Contains(msg, "not a valid DuckDB database file"):
		return fmt.Errorf("%s is %w: it is no DuckDB file: name another file, or one that does not exist yet", name, ErrNotWorkspace)
	case versionPattern.MatchString(msg):
		return fmt.Errorf("%s is %w that this program can read: %s: use a newer netshare", name, ErrNotWorkspace, firstLine(msg))
	}
	return clean(path, err)
}

// clean takes the driver's words off an error and adds advice where DuckDB has
// none. Cancellation comes out as the context's own error.
func clean(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	name, msg := filepath.Base(path), message(err)
	switch {
	case strings.Contains(msg, "No space left on device"), strings.Contains(msg, "failed to offload data block"):
		return fmt.Errorf("%s: the disk is full: free some space and run again", name)
	case strings.Contains(msg, "Out of Memory Error"):
		return fmt.Errorf("%s: DuckDB needs more memory than its limit: %s: raise the memory limit", name, firstLine(strings.TrimPrefix(msg, "Out of Memory Error: ")))
	case strings.Contains(msg, "attached in read-only mode"):
		return fmt.Errorf("%s is open for reading only: open it for writing", name)
	}
	var d *duckdb.Error
	if errors.As(err, &d) {
		return &sqlError{msg: msg, err: err}
	}
	return err
}

// sqlError is DuckDB's own message without what the driver wraps around it.
type sqlError struct {
	msg string
	err error
}

func (e *sqlError) Error() string { return e.msg }
func (e *sqlError) Unwrap() error { return e.err }

// message is what DuckDB said, without the driver's prefixes.
func message(err error) string {
	var d *duckdb.Error
	if errors.As(err, &d) {
		return d.Msg
	}
	return err.Error()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(line)
}
