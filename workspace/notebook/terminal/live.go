package terminal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// liveEvery is how often the line of what runs in the background is written
// anew.
const liveEvery = 500 * time.Millisecond

// tellJobs tells of jobs that have ended since it was last called, and shows
// what they gave.
func (s *Shell) tellJobs() {
	if s.lab == nil {
		return
	}
	for _, job := range s.lab.Jobs.List() {
		st := job.Status()
		if st.State == notebook.JobRunning || s.lab.told[st.ID] {
			continue
		}
		s.lab.told[st.ID] = true
		took := st.Finished.Sub(st.Started).Round(100 * time.Millisecond)
		switch st.State {
		case notebook.JobFailed:
			fmt.Fprintf(s.errOut, "job %d (%s) failed: %s\n", st.ID, render.Harmless(st.Name), render.Harmless(plainError(st.Error)))
		case notebook.JobStopped:
			fmt.Fprintf(s.out, "job %d (%s) was stopped after %s\n", st.ID, render.Harmless(st.Name), took)
			var stopped *notebook.StoppedTraining
			if _, err := job.Wait(context.Background()); errors.As(err, &stopped) { // it has ended
				fmt.Fprintln(s.out, render.Harmless(stopped.Error()))
			}
		default:
			fmt.Fprintf(s.out, "job %d (%s) is done after %s\n", st.ID, render.Harmless(st.Name), took)
			out, _ := job.Wait(context.Background()) // it has ended well
			for _, p := range out.Parts {
				if p.Text == "" && p.Table == nil {
					continue
				}
				if err := s.showPart(p); err != nil {
					s.complain("", err)
				}
			}
		}
	}
}

// plainError is a cell's error without the place that it has not.
func plainError(text string) string {
	return strings.TrimPrefix(text, "terminal:1: ")
}

// liveLine is what runs in the background and what has just ended, a line for
// each job; "" for nothing.
func (s *Shell) liveLine(width int) string {
	var lines []string
	for _, job := range s.lab.Jobs.List() {
		st := job.Status()
		switch {
		case st.State == notebook.JobRunning:
			lines = append(lines, render.Clip(fmt.Sprintf("job %d  %s", st.ID, progressLine(st.Progress)), width))
		case !s.lab.told[st.ID]:
			lines = append(lines, render.Clip(fmt.Sprintf("job %d (%s) is %s: Enter shows what it gave", st.ID, render.Harmless(st.Name), st.State), width))
		}
	}
	return strings.Join(lines, "\n")
}

// watchJobs shows the live line below what is being typed, until the function
// that it returns is called.
func (s *Shell) watchJobs(show func(string)) (stop func()) {
	if s.lab == nil {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(liveEvery)
		defer tick.Stop()
		last := ""
		for {
			if line := s.liveLine(max(20, terminalWidth(s.out)-1)); line != last {
				show(line)
				last = line
			}
			select {
			case <-end:
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// leave reports whether the shell may end: a person is told once that a job
// runs.
func (s *Shell) leave() bool {
	if s.lab == nil || !s.interactive || s.lab.warned {
		return true
	}
	for _, job := range s.lab.Jobs.List() {
		if st := job.Status(); st.State == notebook.JobRunning {
			fmt.Fprintf(s.errOut, "job %d (%s) is running: leave again to stop it; what a training learnt is kept as a checkpoint\n", st.ID, render.Harmless(st.Name))
			s.lab.warned = true
			return false
		}
	}
	return true
}
