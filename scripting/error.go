package scripting

import (
	"fmt"
	"go/token"
)

// Error is a fault of a recipe, at the place in its file where it is best
// mended.
type Error struct {
	File    string // as the user named it
	Line    int    // from 1; 0 where the fault has no place
	Column  int    // in bytes, from 1
	Message string // what is wrong, then what to do

	exact bool // the interpreter itself named the place
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// place is a position in a recipe, ready to be put before a message.
type place struct {
	file         string
	line, column int
}

func (p place) errorf(format string, args ...any) *Error {
	return &Error{File: p.file, Line: p.line, Column: p.column, Message: fmt.Sprintf(format, args...)}
}

// placeOf gives the place of a position of a file set that holds one recipe,
// which goes by the user's name for it and not by the file set's.
func placeOf(file string, fset *token.FileSet, pos token.Pos) place {
	at := fset.PositionFor(pos, false)
	return place{file: file, line: at.Line, column: at.Column}
}
