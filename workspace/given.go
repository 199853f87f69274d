package workspace

import (
	"fmt"

	"netshare/engine"
)

// Given is what the caller of a recipe's function Run gives it: for netshare
// run, its command line.
type Given struct {
	Inputs   []string // files of the real trace
	Output   string   // file of the synthetic trace, "" where nobody named one
	Report   string   // folder of the report, "" where nobody named one
	Train    engine.Options
	Generate engine.GenerateOptions
	Hooks    engine.Hooks // to show how far training has come

	// Note tells the user something; nil where nobody listens.
	Note func(text string)
}

// Given returns what the program that opened the workspace was asked for.
func (w *Workspace) Given() Given { return w.given }

// Note tells the user of the program a line, as fmt.Sprintf has it.
func (w *Workspace) Note(format string, args ...any) {
	if w.given.Note != nil {
		w.given.Note(fmt.Sprintf(format, args...))
	}
}

// Busy tells whether a verb is at work, and how many have begun. It may be
// called beside any other method.
func (w *Workspace) Busy() (working bool, calls uint64) { return w.working.Load() > 0, w.calls.Load() }

// busy marks a verb at work until the function that it returns is called.
func (w *Workspace) busy() func() {
	w.working.Add(1)
	w.calls.Add(1)
	return func() { w.working.Add(-1) }
}
