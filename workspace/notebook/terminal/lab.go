package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"netshare/workspace"
	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// Lab is the workspace behind a shell's commands that are not SQL.
type Lab struct {
	Workspace *workspace.Workspace
	Jobs      *notebook.Jobs // of the workspace; the shell closes them when it ends

	// UI serves the notebook of a file ("" for the workspace's own) as a page,
	// and returns its address and what ends it; nil where there is none.
	UI func(ctx context.Context, notebook string) (url string, end func(), err error)
}

// lab is what the shell keeps of its Lab.
type lab struct {
	*Lab
	runner *notebook.Runner // of what is typed; keeps nothing

	doc  *notebook.Document // that what is typed becomes part of, nil for none
	file []byte             // as doc was last read or written; nil while there is none
	note *notebook.Runner   // its

	told    map[int]bool // jobs whose end was told
	warned  bool         // that leaving stops a job
	endUI   func()
	address string // of the page that is served
}

// newLab sets up a shell's commands.
func newLab(l *Lab) *lab {
	if l == nil {
		return nil
	}
	r := notebook.NewRunner(l.Workspace, l.Jobs, "terminal")
	r.Transient = true
	return &lab{Lab: l, runner: r, told: map[int]bool{}}
}

// close ends what the shell's commands began; training keeps what it learnt.
func (l *lab) close() error {
	if l == nil {
		return nil
	}
	if l.endUI != nil {
		l.endUI()
	}
	l.Jobs.Close()
	err := l.runner.Close()
	if l.note != nil {
		err = errors.Join(err, l.note.Close())
	}
	return err
}

var errNoLab = errors.New("there is no workspace behind this shell: only SQL can be asked")

// needLab returns the shell's workspace.
func (s *Shell) needLab() (*lab, error) {
	if s.lab == nil {
		return nil, errNoLab
	}
	return s.lab, nil
}

// reread brings the document to what its file says, where something else has
// changed that.
func (l *lab) reread() error {
	data, err := os.ReadFile(l.doc.Name)
	switch {
	case errors.Is(err, os.ErrNotExist): // not written yet
		return nil
	case err != nil || bytes.Equal(data, l.file):
		return err
	}
	d, err := notebook.ParseDocument(l.doc.Name, data)
	if err != nil {
		return err
	}
	d.Identify(l.doc.Identities())
	l.doc, l.file = d, data
	return nil
}

// save writes the document.
func (l *lab) save() error {
	if err := l.doc.Save(); err != nil {
		return err
	}
	l.file = l.doc.Bytes()
	return nil
}

// cellOf makes a cell of what was typed: of the notebook, where one is written.
func (l *lab) cellOf(kind notebook.Kind, text string) (notebook.Cell, *notebook.Runner, error) {
	if l.doc == nil {
		return notebook.Cell{ID: "terminal", Kind: kind, Text: text, Line: 1}, l.runner, nil
	}
	if err := l.reread(); err != nil {
		return notebook.Cell{}, nil, err
	}
	c, err := l.doc.Insert(len(l.doc.Cells), kind, text)
	if err != nil {
		return notebook.Cell{}, nil, err
	}
	return *c, l.note, nil
}

// settle keeps the cell in the notebook's file, or takes it out where it
// failed. A file that was changed while it ran gets it at its end.
func (l *lab) settle(ctx context.Context, c notebook.Cell, err error) error {
	if l.doc == nil || c.ID == "terminal" {
		return err
	}
	if err != nil {
		if l.doc.Index(c.ID) >= 0 {
			return errors.Join(err, l.doc.Delete(c.ID))
		}
		return err
	}
	if now, err := os.ReadFile(l.doc.Name); err == nil && l.doc.Index(c.ID) >= 0 && !bytes.Equal(now, l.file) {
		if err := l.doc.Delete(c.ID); err != nil { // lest another's new cell be taken for it
			return err
		}
	}
	if err := l.reread(); err != nil {
		return fmt.Errorf("what was typed is not added: %w", err)
	}
	if l.doc.Index(c.ID) < 0 {
		if _, err := l.doc.Insert(len(l.doc.Cells), c.Kind, c.Text); err != nil {
			return err
		}
	}
	return errors.Join(l.save(), l.note.Place(context.WithoutCancel(ctx), l.doc))
}

// runCell runs what was typed as a cell, with a line of progress, and shows
// what it gives.
func (s *Shell) runCell(ctx context.Context, kind notebook.Kind, text string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	c, r, err := l.cellOf(kind, text)
	if err != nil {
		return err
	}
	started := s.Now()
	var out notebook.Output
	err = s.interruptible(ctx, func(ctx context.Context) (err error) {
		defer s.endProgress()
		out, err = r.Run(ctx, c, s.showProgress)
		return err
	})
	err = typedError(c, l.settle(ctx, c, err))
	shown := s.showOutput(out)
	if s.Timer && err == nil {
		fmt.Fprintf(s.errOut, "run time: %.3f s\n", s.Now().Sub(started).Seconds())
	}
	return errors.Join(err, shown)
}

// typedError is an error of what was typed just now, which has no place in a
// file.
func typedError(c notebook.Cell, err error) error {
	var fault *notebook.CellError
	if !errors.As(err, &fault) {
		return err
	}
	if fault.Line > c.Line {
		return fmt.Errorf("line %d: %w", fault.Line-c.Line+1, fault.Err)
	}
	return fault.Err
}

// interruptible runs what Ctrl-C may end without ending the shell.
func (s *Shell) interruptible(ctx context.Context, fn func(context.Context) error) error {
	if s.interactive {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt)
		defer stop()
	}
	err := fn(ctx)
	if err != nil && ctx.Err() != nil {
		return errStopped
	}
	return err
}

// showProgress writes how far a cell has come over the last such line.
func (s *Shell) showProgress(p notebook.Progress) {
	now := time.Now()
	s.progress.Lock()
	defer s.progress.Unlock()
	if !s.terminal || now.Sub(s.progressed) < 100*time.Millisecond {
		return
	}
	s.progressed, s.progressing = now, true
	fmt.Fprintf(s.errOut, "\r\x1b[K%s", render.Clip(progressLine(p), max(20, terminalWidth(s.out)-1)))
}

func (s *Shell) endProgress() {
	s.progress.Lock()
	defer s.progress.Unlock()
	if s.progressing {
		fmt.Fprint(s.errOut, "\r\x1b[K")
	}
	s.progressing = false
}

// progressLine is progress in a line.
func progressLine(p notebook.Progress) string {
	line := p.Step
	if p.Share >= 0 {
		const cells = 20
		full := int(p.Share * cells)
		line += fmt.Sprintf(" %s%s %3.0f %%", strings.Repeat("█", min(cells, full)), strings.Repeat("░", max(0, cells-full)), p.Share*100)
	}
	if p.Text != "" {
		line += "  " + render.Harmless(p.Text)
	}
	if p.Left >= time.Second {
		line += fmt.Sprintf(", %s left", p.Left.Round(time.Second))
	}
	return line
}

// showOutput shows what a cell gave where results go.
func (s *Shell) showOutput(out notebook.Output) error {
	for _, p := range out.Parts {
		if err := s.showPart(p); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shell) showPart(p notebook.Part) error {
	out, style := s.target()
	switch {
	case p.Audit != nil:
		return s.showAudit(p.Audit)
	case p.Text != "":
		fmt.Fprintln(out, wrapLines(render.HarmlessLines(strings.TrimRight(p.Text, "\n")), style.Width))
	case p.Table != nil:
		if _, err := render.Write(out, p.Table.Result(), style); err != nil {
			return err
		}
		if n := int64(len(p.Table.Rows)); p.Table.Total > n && style.Mode == render.ModeDuckbox {
			fmt.Fprintf(out, "%s in all\n", render.Noun(p.Table.Total, "row"))
		}
		for _, n := range p.Table.Notes {
			fmt.Fprintln(s.errOut, render.Harmless(n))
		}
	case p.Figure != nil && p.Figure.Chart != nil:
		drawChart(out, p.Figure.Chart, chartStyle{title: p.Figure.Title, width: style.Width, color: s.colored()})
	case p.Report != nil:
		writeReport(out, p.Report)
	}
	return nil
}

// target is where results go at the moment, and how.
func (s *Shell) target() (out interface{ Write([]byte) (int, error) }, style render.Style) {
	style = s.Style
	style.Exact = !s.terminal
	if s.sink != nil {
		style.Width, style.Exact = 0, true
		return s.sink, style
	}
	if s.terminal {
		style.Width = terminalWidth(s.out)
	}
	return s.out, style
}

// colored reports whether charts may have colours.
func (s *Shell) colored() bool {
	return s.terminal && s.sink == nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// writeReport writes the scores of a report.
func writeReport(w interface{ Write([]byte) (int, error) }, r *notebook.Report) {
	fmt.Fprintf(w, "%s against %s: %.1f ± %.1f of 100   (half of the real trace: %.1f)\n\n", r.Synthetic, r.Real, r.Overall.Score, r.Overall.Spread, r.Overall.Baseline)
	for _, p := range r.Properties {
		fmt.Fprintf(w, "%-12s %s %6.1f ±%.1f   (real half %.1f)\n", p.Property, bar(p.Score, 100, 20), p.Score, p.Spread, p.Baseline)
	}
	if len(r.Worst) > 0 {
		fmt.Fprint(w, "\nwhat is off most\n")
	}
	for i, f := range r.Worst {
		fmt.Fprintf(w, "%d. %s (score %.0f)\n", i+1, render.Harmless(f.Words), f.Score)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", render.Harmless(n))
	}
}

// background runs what was typed as a job, if a person is there to look after
// it, and right away in a script.
func (s *Shell) background(ctx context.Context, kind notebook.Kind, text string) error {
	if !s.interactive || s.depth > 0 {
		return s.runCell(ctx, kind, text)
	}
	l, err := s.needLab()
	if err != nil {
		return err
	}
	c, r, err := l.cellOf(kind, text)
	if err != nil {
		return err
	}
	if err := r.CheckCell(c); err != nil {
		return typedError(c, l.settle(ctx, c, err))
	}
	job, err := r.Start(ctx, c)
	if err != nil {
		return l.settle(ctx, c, err)
	}
	if l.doc != nil {
		if err := l.save(); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.out, "job %d: %s\n", job.Status().ID, render.Harmless(job.Status().Name))
	l.warned = false
	return nil
}
