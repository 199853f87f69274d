package terminal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"netshare/eval/figure"
	"netshare/workspace/notebook"
	"netshare/workspace/notebook/render"
)

// listJobs lists the jobs, or draws the losses of one.
func listJobs(_ context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	if len(args) == 1 {
		job, err := s.job(args[0])
		if err != nil {
			return err
		}
		return s.showLosses(job)
	}
	page := notebook.NewPage("job BIGINT", "what", "state", "progress", "since")
	for _, job := range l.Jobs.List() {
		st := job.Status()
		progress := st.Progress.Step + " " + st.Progress.Text
		if st.Progress.Share >= 0 {
			progress = fmt.Sprintf("%.0f %%, %s", st.Progress.Share*100, st.Progress.Text)
		}
		if st.State != notebook.JobRunning {
			progress = render.Harmless(st.Error)
		}
		end := st.Finished
		if end.IsZero() {
			end = s.Now()
		}
		page.Add(int64(st.ID), st.Name, string(st.State), progress, end.Sub(st.Started).Round(time.Second).String())
	}
	return s.showPart(notebook.Part{Table: page})
}

// job finds a job by its number as it is typed.
func (s *Shell) job(word string) (*notebook.Job, error) {
	n, err := strconv.Atoi(word)
	if err != nil {
		return nil, fmt.Errorf("%q is no number of a job: see .jobs", word)
	}
	return s.lab.Jobs.Job(n)
}

// showLosses draws a training's losses so far.
func (s *Shell) showLosses(job *notebook.Job) error {
	c := &figure.Chart{Kind: figure.LineChart, XLabel: "epoch", YLabel: "loss", Series: []figure.Curve{{Name: "critic"}, {Name: "generator"}, {Name: "distance"}}}
	for _, e := range job.Epochs() {
		for i, v := range []float64{e.Losses.Critic, e.Losses.Generator, e.Losses.Distance} {
			c.Series[i].X = append(c.Series[i].X, float64(e.Epoch))
			c.Series[i].Y = append(c.Series[i].Y, v)
		}
	}
	st := job.Status()
	fmt.Fprintf(s.out, "job %d, %s: %s  %s\n", st.ID, render.Harmless(st.Name), st.State, progressLine(st.Progress))
	if len(c.Series[0].X) < 2 {
		return nil
	}
	return s.showPart(notebook.Part{Figure: &notebook.Figure{Chart: c}})
}

func stopJob(ctx context.Context, s *Shell, args []string) error {
	l, err := s.needLab()
	if err != nil {
		return err
	}
	var job *notebook.Job
	if len(args) == 1 {
		if job, err = s.job(args[0]); err != nil {
			return err
		}
	} else {
		var running []*notebook.Job
		for _, j := range l.Jobs.List() {
			if j.Status().State == notebook.JobRunning {
				running = append(running, j)
			}
		}
		switch len(running) {
		case 0:
			return errors.New("no job is running")
		case 1:
			job = running[0]
		default:
			return fmt.Errorf("%d jobs are running: say which: .jobs lists them", len(running))
		}
	}
	job.Stop()
	return s.interruptible(ctx, func(ctx context.Context) error {
		_, err := job.Wait(ctx)
		if ctx.Err() != nil {
			return err
		}
		s.tellJobs()
		return nil
	})
}
